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

// -- families
