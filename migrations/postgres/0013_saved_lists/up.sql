-- Lists of services that an account keeps for itself, to print or to send.

CREATE TABLE saved_list (
    id uuid PRIMARY KEY NOT NULL,
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name text NOT NULL,
    -- Ids of services, in the order of their reader.
    service_ids jsonb NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX saved_list_by_account ON saved_list (account_id, id);

-- One row for each letter with a list: what bounds their number. Where it goes is sealed, and gone when it has left.
CREATE TABLE saved_list_letter (
    id uuid PRIMARY KEY NOT NULL,
    list_id uuid NOT NULL,
    account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    -- SHA-256 of the address in small letters: enough to count, not to write to.
    address_hash text NOT NULL,
    sealed_address text,
    wrapped_key text,
    wrapped_by integer NOT NULL,
    lang text NOT NULL CHECK (lang IN ('fr', 'en')),
    created_at timestamptz NOT NULL
);
CREATE INDEX saved_list_letter_by_account ON saved_list_letter (account_id, created_at);
CREATE INDEX saved_list_letter_by_address ON saved_list_letter (address_hash, created_at);
CREATE INDEX saved_list_letter_by_age ON saved_list_letter (created_at);
