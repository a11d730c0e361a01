CREATE TABLE organization (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    name_fr text,
    name_en text,
    folded_name text NOT NULL,
    referral_address text,
    enrolled_on text,
    source text NOT NULL,
    source_key text NOT NULL,
    content_hash text NOT NULL,
    document text NOT NULL CHECK (json_valid(document)),
    version integer NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (source, source_key),
    CHECK (name_fr IS NOT NULL OR name_en IS NOT NULL)
) STRICT;
CREATE INDEX organization_by_name ON organization (folded_name, id);

CREATE TABLE account (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    email text NOT NULL UNIQUE,
    display_name text NOT NULL,
    lang text NOT NULL CHECK (lang IN ('fr', 'en')),
    password_hash text,
    failed_attempts integer NOT NULL DEFAULT 0,
    locked_until text,
    is_demo integer NOT NULL DEFAULT 0,
    created_at text NOT NULL,
    disabled_at text
) STRICT;

CREATE TABLE membership (
    account_id text NOT NULL REFERENCES account (id),
    organization_id text NOT NULL REFERENCES organization (id),
    role text NOT NULL CHECK (role IN ('worker', 'partner', 'curator', 'table', 'admin')),
    PRIMARY KEY (account_id, organization_id, role)
) STRICT;
CREATE INDEX membership_by_organization ON membership (organization_id, role);

CREATE TABLE refresh_token (
    id text PRIMARY KEY NOT NULL,
    family_id text NOT NULL,
    account_id text NOT NULL REFERENCES account (id),
    token_hash text NOT NULL UNIQUE,
    created_at text NOT NULL,
    expires_at text NOT NULL,
    replaced_at text,
    revoked_at text
) STRICT;
CREATE INDEX refresh_token_by_family ON refresh_token (family_id);
CREATE INDEX refresh_token_by_account ON refresh_token (account_id);

-- One row: the number of the last change, which database this is, and whether its data are the demo's.
CREATE TABLE change_head (
    id integer PRIMARY KEY CHECK (id = 1),
    n integer NOT NULL,
    epoch text NOT NULL,
    is_demo integer NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE changes (
    n integer PRIMARY KEY,
    subject text NOT NULL CHECK (subject IN ('organization', 'service', 'location', 'taxonomy_term', 'territory')),
    subject_id text NOT NULL,
    at text NOT NULL
) STRICT;

CREATE TABLE outbox (
    id text PRIMARY KEY NOT NULL,
    kind text NOT NULL,
    subject_id text NOT NULL,
    payload text NOT NULL CHECK (json_valid(payload)),
    created_at text NOT NULL,
    due_at text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    delivered_at text,
    failed_at text
) STRICT;
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE delivered_at IS NULL AND failed_at IS NULL;

CREATE TABLE idempotency (
    account_id text NOT NULL REFERENCES account (id),
    key_hash text NOT NULL,
    request_hash text NOT NULL,
    status integer,
    answer text CHECK (answer IS NULL OR json_valid(answer)),
    created_at text NOT NULL,
    PRIMARY KEY (account_id, key_hash)
) STRICT;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
