CREATE TABLE organization (
    id uuid PRIMARY KEY NOT NULL,
    network_id uuid NOT NULL,
    name_fr text,
    name_en text,
    folded_name text COLLATE "C" NOT NULL,
    referral_address text,
    enrolled_on date,
    source text COLLATE "C" NOT NULL,
    source_key text COLLATE "C" NOT NULL,
    content_hash text NOT NULL,
    document jsonb NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (source, source_key),
    CHECK (name_fr IS NOT NULL OR name_en IS NOT NULL)
);
CREATE INDEX organization_by_name ON organization (folded_name, id);

CREATE TABLE account (
    id uuid PRIMARY KEY NOT NULL,
    network_id uuid NOT NULL,
    email text COLLATE "C" NOT NULL UNIQUE,
    display_name text NOT NULL,
    lang text NOT NULL CHECK (lang IN ('fr', 'en')),
    password_hash text,
    failed_attempts bigint NOT NULL DEFAULT 0,
    locked_until timestamptz,
    is_demo boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    disabled_at timestamptz
);

CREATE TABLE membership (
    account_id uuid NOT NULL REFERENCES account (id),
    organization_id uuid NOT NULL REFERENCES organization (id),
    role text NOT NULL CHECK (role IN ('worker', 'partner', 'curator', 'table', 'admin')),
    PRIMARY KEY (account_id, organization_id, role)
);
CREATE INDEX membership_by_organization ON membership (organization_id, role);

CREATE TABLE refresh_token (
    id uuid PRIMARY KEY NOT NULL,
    family_id uuid NOT NULL,
    account_id uuid NOT NULL REFERENCES account (id),
    token_hash text COLLATE "C" NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    replaced_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX refresh_token_by_family ON refresh_token (family_id);
CREATE INDEX refresh_token_by_account ON refresh_token (account_id);

-- One row: the number of the last change, which database this is, and whether its data are the demo's.
CREATE TABLE change_head (
    id integer PRIMARY KEY CHECK (id = 1),
    n bigint NOT NULL,
    epoch uuid NOT NULL,
    is_demo boolean NOT NULL DEFAULT false
);

CREATE TABLE changes (
    n bigint PRIMARY KEY,
    subject text NOT NULL CHECK (subject IN ('organization', 'service', 'location', 'taxonomy_term', 'territory')),
    subject_id uuid NOT NULL,
    at timestamptz NOT NULL
);

CREATE TABLE outbox (
    id uuid PRIMARY KEY NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    failed_at timestamptz
);
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE delivered_at IS NULL AND failed_at IS NULL;

CREATE TABLE idempotency (
    account_id uuid NOT NULL REFERENCES account (id),
    key_hash text COLLATE "C" NOT NULL,
    request_hash text NOT NULL,
    status integer,
    answer jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, key_hash)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
