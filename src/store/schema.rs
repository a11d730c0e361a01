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

// -- families
