//! One `table!` a table, for both databases. Names are those of `migrations/`.

use diesel::{allow_tables_to_appear_in_same_query, joinable, table};

table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    organization (id) {
        id -> Guid,
        network_id -> Guid,
        name_fr -> Nullable<Text>,
        name_en -> Nullable<Text>,
        folded_name -> Text,
        referral_address -> Nullable<Text>,
        enrolled_on -> Nullable<Date>,
        source -> Text,
        source_key -> Text,
        content_hash -> Text,
        document -> Document,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        retired_at -> Nullable<Instant>,
        replaced_by -> Nullable<Guid>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    account (id) {
        id -> Guid,
        network_id -> Guid,
        email -> Text,
        display_name -> Text,
        lang -> Text,
        password_hash -> Nullable<Text>,
        failed_attempts -> BigInt,
        locked_until -> Nullable<Instant>,
        is_demo -> Bool,
        created_at -> Instant,
        disabled_at -> Nullable<Instant>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    membership (account_id, organization_id, role) {
        account_id -> Guid,
        organization_id -> Guid,
        role -> Text,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    refresh_token (id) {
        id -> Guid,
        family_id -> Guid,
        account_id -> Guid,
        token_hash -> Text,
        created_at -> Instant,
        expires_at -> Instant,
        replaced_at -> Nullable<Instant>,
        revoked_at -> Nullable<Instant>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    change_head (id) {
        id -> Integer,
        n -> BigInt,
        epoch -> Guid,
        is_demo -> Bool,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    changes (n) {
        n -> BigInt,
        subject -> Text,
        subject_id -> Guid,
        at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    outbox (id) {
        id -> Guid,
        kind -> Text,
        subject_id -> Guid,
        payload -> Document,
        created_at -> Instant,
        due_at -> Instant,
        attempts -> Integer,
        delivered_at -> Nullable<Instant>,
        failed_at -> Nullable<Instant>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    idempotency (account_id, key_hash) {
        account_id -> Guid,
        key_hash -> Text,
        request_hash -> Text,
        status -> Nullable<Integer>,
        answer -> Nullable<Document>,
        created_at -> Instant,
    }
}
joinable!(membership -> account (account_id));
joinable!(membership -> organization (organization_id));
joinable!(refresh_token -> account (account_id));
allow_tables_to_appear_in_same_query!(organization, account, membership, refresh_token);

// -- territories
table! {
    use diesel::sql_types::*;
    use crate::store::types::Document;
    territory (id) {
        id -> Text,
        level -> Text,
        code -> Text,
        name -> Text,
        folded_name -> Text,
        designation -> Nullable<Text>,
        parent_id -> Nullable<Text>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        point_is_own -> Bool,
        population -> Nullable<BigInt>,
        rural -> Nullable<Bool>,
        source -> Text,
        geometry -> Nullable<Document>,
    }
}
table! {
    use diesel::sql_types::*;
    territory_edition (id) {
        id -> Integer,
        edition -> Text,
    }
}

// -- directory
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    location (id) {
        id -> Guid,
        organization_id -> Nullable<Guid>,
        name_fr -> Nullable<Text>,
        name_en -> Nullable<Text>,
        latitude -> Nullable<Double>,
        longitude -> Nullable<Double>,
        placement -> Text,
        visibility -> Text,
        region_id -> Nullable<Text>,
        mrc_id -> Nullable<Text>,
        municipality_id -> Nullable<Text>,
        borough_id -> Nullable<Text>,
        source -> Text,
        source_key -> Text,
        content_hash -> Text,
        document -> Document,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        retired_at -> Nullable<Instant>,
        replaced_by -> Nullable<Guid>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    service (id) {
        id -> Guid,
        organization_id -> Guid,
        status -> Text,
        name_fr -> Nullable<Text>,
        name_en -> Nullable<Text>,
        folded_name -> Text,
        source -> Text,
        source_key -> Text,
        content_hash -> Text,
        verified_at -> Nullable<Instant>,
        places_available -> Nullable<Integer>,
        waiting_list_length -> Nullable<Integer>,
        wait_days -> Nullable<Integer>,
        capacity_observed_at -> Nullable<Instant>,
        document -> Document,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        review_months -> Nullable<Integer>,
        review_due_at -> Instant,
        remind_at -> Nullable<Instant>,
        content_score -> Nullable<Integer>,
        capacity_words -> Nullable<Document>,
        retired_at -> Nullable<Instant>,
        replaced_by -> Nullable<Guid>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    service_category (service_id, code) {
        service_id -> Guid,
        code -> Text,
        position -> Integer,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    service_territory (service_id, territory_id) {
        service_id -> Guid,
        territory_id -> Text,
        position -> Integer,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid};
    service_at_location (id) {
        id -> Guid,
        service_id -> Guid,
        location_id -> Guid,
        position -> Integer,
        document -> Document,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    capacity (number) {
        number -> BigInt,
        service_id -> Guid,
        places_available -> Nullable<Integer>,
        waiting_list_length -> Nullable<Integer>,
        wait_days -> Nullable<Integer>,
        observed_at -> Instant,
        source -> Text,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Instant;
    source (name) {
        name -> Text,
        kind -> Text,
        url -> Nullable<Text>,
        language -> Nullable<Text>,
        priority -> Integer,
        started_at -> Instant,
        finished_at -> Nullable<Instant>,
        modified_after -> Nullable<Instant>,
        resume_page -> Nullable<BigInt>,
        taken -> BigInt,
        changed -> BigInt,
        unchanged -> BigInt,
        refused -> BigInt,
        missing -> BigInt,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    source_record (source, subject, source_key) {
        source -> Text,
        subject -> Text,
        source_key -> Text,
        record_id -> Guid,
        content_hash -> Text,
        said_at -> Instant,
        missing_since -> Nullable<Instant>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    provenance (record_id, field) {
        record_id -> Guid,
        field -> Text,
        subject -> Text,
        source -> Text,
        said_at -> Instant,
    }
}
// -- freshness
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    record_letter (id) {
        id -> Guid,
        organization_id -> Guid,
        address_hash -> Text,
        kind -> Text,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    record_link (id) {
        id -> Guid,
        token_hash -> Text,
        organization_id -> Guid,
        address_hash -> Text,
        expires_at -> Instant,
        created_at -> Instant,
    }
}
joinable!(service -> organization (organization_id));
joinable!(location -> organization (organization_id));
joinable!(service_category -> service (service_id));
joinable!(service_territory -> service (service_id));
joinable!(service_at_location -> service (service_id));
joinable!(service_at_location -> location (location_id));
joinable!(capacity -> service (service_id));
allow_tables_to_appear_in_same_query!(service, organization, service_category, service_territory);
allow_tables_to_appear_in_same_query!(service, location, service_at_location, capacity);
allow_tables_to_appear_in_same_query!(organization, location);

// -- history
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    metadata (id) {
        id -> Guid,
        subject -> Text,
        subject_id -> Guid,
        at -> Instant,
        action -> Text,
        change_set -> Guid,
        field_name -> Text,
        previous_value -> Nullable<Document>,
        replacement_value -> Nullable<Document>,
        updated_by -> Text,
        account_id -> Nullable<Guid>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    curator_territory (account_id, territory_id) {
        account_id -> Guid,
        territory_id -> Text,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    edit_proposal (id) {
        id -> Guid,
        subject -> Text,
        subject_id -> Guid,
        organization_id -> Nullable<Guid>,
        patch -> Document,
        base -> Document,
        base_version -> BigInt,
        account_id -> Nullable<Guid>,
        link -> Nullable<Text>,
        comment -> Text,
        status -> Text,
        decided_by -> Nullable<Guid>,
        decided_at -> Nullable<Instant>,
        reason -> Nullable<Text>,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    error_report (id) {
        id -> Guid,
        service_id -> Guid,
        organization_id -> Guid,
        reason -> Text,
        comment -> Text,
        account_id -> Nullable<Guid>,
        status -> Text,
        resolved_by -> Nullable<Guid>,
        resolved_at -> Nullable<Instant>,
        resolution_reason -> Nullable<Text>,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    claim (id) {
        id -> Guid,
        organization_id -> Guid,
        account_id -> Guid,
        comment -> Text,
        status -> Text,
        decided_by -> Nullable<Guid>,
        decided_at -> Nullable<Instant>,
        reason -> Nullable<Text>,
        created_at -> Instant,
    }
}

// -- taxonomies
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    taxonomy (id) {
        id -> Guid,
        name -> Text,
        folded_name -> Text,
        document -> Document,
        updated_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    taxonomy_term (id) {
        id -> Guid,
        taxonomy_id -> Nullable<Guid>,
        parent_id -> Nullable<Guid>,
        name -> Text,
        folded_name -> Text,
        document -> Document,
        updated_at -> Instant,
    }
}
table! {
    use crate::store::types::Guid;
    service_term (service_id, term_id) {
        service_id -> Guid,
        term_id -> Guid,
    }
}
table! {
    use crate::store::types::Guid;
    organization_term (organization_id, term_id) {
        organization_id -> Guid,
        term_id -> Guid,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    service_filter (service_id) {
        service_id -> Guid,
        minimum_age_months -> Nullable<Integer>,
        maximum_age_months -> Nullable<Integer>,
        open_mo -> BigInt,
        open_tu -> BigInt,
        open_we -> BigInt,
        open_th -> BigInt,
        open_fr -> BigInt,
        open_sa -> BigInt,
        open_su -> BigInt,
    }
}
allow_tables_to_appear_in_same_query!(service, service_term, taxonomy_term);
allow_tables_to_appear_in_same_query!(organization, organization_term);

// -- duplicates
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    match_key (kind, key, service_id) {
        service_id -> Guid,
        kind -> Text,
        key -> Text,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    duplicate_progress (id) {
        id -> Integer,
        n -> BigInt,
        after_id -> Nullable<Guid>,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    duplicate_candidate (id) {
        id -> Guid,
        low_id -> Guid,
        high_id -> Guid,
        score -> Integer,
        reasons -> Document,
        status -> Text,
        decided_by -> Nullable<Guid>,
        decided_at -> Nullable<Instant>,
        decision_reason -> Nullable<Text>,
        kept_id -> Nullable<Guid>,
        undo -> Nullable<Document>,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    duplicate_territory (territory_id, candidate_id) {
        territory_id -> Text,
        candidate_id -> Guid,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::Guid;
    merge_moved (candidate_id, subject, record_id) {
        candidate_id -> Guid,
        subject -> Text,
        record_id -> Text,
    }
}
joinable!(duplicate_territory -> duplicate_candidate (candidate_id));
allow_tables_to_appear_in_same_query!(duplicate_candidate, duplicate_territory);

// -- families
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    family (id) {
        id -> Guid,
        network_id -> Guid,
        organization_id -> Guid,
        worker_account_id -> Nullable<Guid>,
        municipality_id -> Nullable<Text>,
        mrc_id -> Nullable<Text>,
        region_id -> Nullable<Text>,
        setting -> Text,
        contact_origin -> Nullable<Text>,
        first_contact_on -> Date,
        language -> Nullable<Text>,
        coarse_cell -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    child (id) {
        id -> Guid,
        network_id -> Guid,
        family_id -> Guid,
        born_in -> Nullable<Text>,
        due_in -> Nullable<Text>,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    observation (id) {
        id -> Guid,
        network_id -> Guid,
        family_id -> Guid,
        kind -> Text,
        value -> Text,
        present -> Bool,
        observed_on -> Date,
        account_id -> Nullable<Guid>,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    identity (family_id) {
        family_id -> Guid,
        network_id -> Guid,
        sealed -> Text,
        key_version -> Integer,
        updated_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    identity_read (id) {
        id -> Guid,
        network_id -> Guid,
        at -> Instant,
        family_id -> Guid,
        account_id -> Nullable<Guid>,
        organization_id -> Nullable<Guid>,
        referral_link_id -> Nullable<Guid>,
        action -> Text,
        purpose -> Text,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    need (id) {
        id -> Guid,
        network_id -> Guid,
        family_id -> Nullable<Guid>,
        organization_id -> Guid,
        account_id -> Nullable<Guid>,
        category -> Text,
        municipality_id -> Nullable<Text>,
        mrc_id -> Nullable<Text>,
        region_id -> Nullable<Text>,
        status -> Text,
        unmet_reason -> Nullable<Text>,
        proposed_reason -> Nullable<Text>,
        recorded_on -> Date,
        status_on -> Date,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    need_outcome (id) {
        id -> Guid,
        network_id -> Guid,
        need_id -> Guid,
        voice -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        referral_id -> Nullable<Guid>,
        account_id -> Nullable<Guid>,
        organization_id -> Nullable<Guid>,
        at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    consent (id) {
        id -> Guid,
        network_id -> Guid,
        family_id -> Guid,
        organization_id -> Guid,
        purpose -> Text,
        fields -> Document,
        language -> Text,
        given_by -> Text,
        method -> Text,
        witnessed -> Bool,
        taken_by_account_id -> Guid,
        starts_on -> Date,
        ends_on -> Date,
        text_version -> Text,
        revoked_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    referral (id) {
        id -> Guid,
        network_id -> Guid,
        need_id -> Guid,
        family_id -> Nullable<Guid>,
        sender_organization_id -> Guid,
        sender_account_id -> Guid,
        receiver_organization_id -> Guid,
        service_id -> Nullable<Guid>,
        shares_identity -> Bool,
        consent_id -> Nullable<Guid>,
        parent_id -> Nullable<Guid>,
        status -> Text,
        status_changed_at -> Instant,
        reason -> Nullable<Text>,
        reason_detail -> Nullable<Text>,
        urgent -> Bool,
        message -> Nullable<Text>,
        waitlisted_on -> Nullable<Date>,
        scheduled_for -> Nullable<Instant>,
        sent_at -> Nullable<Instant>,
        first_answer_at -> Nullable<Instant>,
        accepted_at -> Nullable<Instant>,
        first_service_at -> Nullable<Instant>,
        closed_at -> Nullable<Instant>,
        due_at -> Nullable<Instant>,
        supersede_proposed -> Bool,
        reminders_sent -> Integer,
        category -> Text,
        region_id -> Nullable<Text>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    referral_event (id) {
        id -> Guid,
        network_id -> Guid,
        referral_id -> Guid,
        at -> Instant,
        actor -> Text,
        channel -> Text,
        account_id -> Nullable<Guid>,
        organization_id -> Nullable<Guid>,
        informant_function -> Nullable<Text>,
        from_status -> Nullable<Text>,
        to_status -> Text,
        reason -> Nullable<Text>,
        reason_detail -> Nullable<Text>,
        note -> Nullable<Text>,
        version -> BigInt,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    referral_link (id) {
        id -> Guid,
        network_id -> Guid,
        token_hash -> Text,
        referral_id -> Guid,
        organization_id -> Guid,
        expires_at -> Instant,
        code_hash -> Nullable<Text>,
        code_expires_at -> Nullable<Instant>,
        code_attempts -> Integer,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    follow_up (id) {
        id -> Guid,
        network_id -> Guid,
        need_id -> Guid,
        family_id -> Nullable<Guid>,
        organization_id -> Guid,
        assignee_account_id -> Nullable<Guid>,
        status -> Text,
        due_on -> Date,
        done_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    activity (id) {
        id -> Guid,
        network_id -> Guid,
        organization_id -> Guid,
        account_id -> Nullable<Guid>,
        family_id -> Nullable<Guid>,
        kind -> Text,
        happened_on -> Date,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    saved_list (id) {
        id -> Guid,
        account_id -> Guid,
        name -> Text,
        service_ids -> Document,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Guid, Instant};
    saved_list_letter (id) {
        id -> Guid,
        list_id -> Guid,
        account_id -> Guid,
        address_hash -> Text,
        sealed_address -> Nullable<Text>,
        wrapped_key -> Nullable<Text>,
        wrapped_by -> Integer,
        lang -> Text,
        created_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    use crate::store::types::{Document, Guid, Instant};
    saved_search (id) {
        id -> Guid,
        account_id -> Guid,
        name -> Text,
        asked -> Document,
        known_ids -> Document,
        alert_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}
table! {
    use diesel::sql_types::*;
    demand (day, territory_id, category, words) {
        day -> Date,
        territory_id -> Text,
        category -> Text,
        words -> Text,
        searches -> Integer,
        zeros -> Integer,
    }
}
joinable!(child -> family (family_id));
joinable!(observation -> family (family_id));
joinable!(identity -> family (family_id));
joinable!(need -> family (family_id));
joinable!(need_outcome -> need (need_id));
joinable!(consent -> family (family_id));
joinable!(referral -> need (need_id));
joinable!(referral -> family (family_id));
joinable!(referral_event -> referral (referral_id));
joinable!(referral_link -> referral (referral_id));
joinable!(follow_up -> need (need_id));
joinable!(follow_up -> family (family_id));
joinable!(activity -> family (family_id));
allow_tables_to_appear_in_same_query!(
    family,
    child,
    observation,
    identity,
    identity_read,
    need,
    need_outcome,
    consent,
    referral,
    referral_event,
    referral_link,
    follow_up,
    activity,
);
allow_tables_to_appear_in_same_query!(organization, family);
allow_tables_to_appear_in_same_query!(organization, need);
allow_tables_to_appear_in_same_query!(organization, consent);
allow_tables_to_appear_in_same_query!(organization, referral);
allow_tables_to_appear_in_same_query!(organization, referral_event);
allow_tables_to_appear_in_same_query!(organization, follow_up);
allow_tables_to_appear_in_same_query!(organization, activity);
