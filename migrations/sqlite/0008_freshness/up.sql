-- How often a service is confirmed, when its organisation is asked, and the links by which it answers without an account.

-- Months between two confirmations; none: the rhythm of the configuration at the moment of writing.
ALTER TABLE service ADD COLUMN review_months integer CHECK (review_months IN (1, 3, 6, 12));
ALTER TABLE service ADD COLUMN review_due_at text NOT NULL DEFAULT '9999-12-31T00:00:00.000000Z';
-- When its organisation is written to about it next; none: nobody is written to until it is confirmed.
ALTER TABLE service ADD COLUMN remind_at text;
-- What its record says of itself, 0 to 90 (domain/quality.rs); none until it is written again.
ALTER TABLE service ADD COLUMN content_score integer CHECK (content_score BETWEEN 0 AND 100);
-- Who said each of the three numbers of the room, and when.
ALTER TABLE service ADD COLUMN capacity_words text CHECK (capacity_words IS NULL OR json_valid(capacity_words));
UPDATE service SET review_due_at = strftime('%Y-%m-%dT%H:%M:%S.000000Z', coalesce(verified_at, created_at), '+6 months');
UPDATE service SET remind_at = review_due_at;
CREATE INDEX service_by_review ON service (review_due_at, id);
CREATE INDEX service_to_remind ON service (remind_at, id) WHERE remind_at IS NOT NULL;
CREATE INDEX service_poor ON service (content_score, id) WHERE content_score < 50;

-- One row for each letter to an organisation about its records: what bounds their number.
CREATE TABLE record_letter (
    id text PRIMARY KEY NOT NULL,
    organization_id text NOT NULL REFERENCES organization (id),
    -- SHA-256 of the address in small letters: enough to count, not to write to.
    address_hash text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('record_due', 'record_asked')),
    created_at text NOT NULL
) STRICT;
CREATE INDEX record_letter_by_organization ON record_letter (organization_id, created_at);
CREATE INDEX record_letter_by_address ON record_letter (address_hash, created_at);

CREATE TABLE record_link (
    id text PRIMARY KEY NOT NULL,
    token_hash text NOT NULL UNIQUE,
    organization_id text NOT NULL REFERENCES organization (id),
    -- The link ends when the organisation gets another address.
    address_hash text NOT NULL,
    expires_at text NOT NULL,
    created_at text NOT NULL
) STRICT;
CREATE INDEX record_link_by_end ON record_link (expires_at, id);
