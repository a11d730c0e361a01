-- Searches that an account keeps for itself, and what they found when they were last looked at.

CREATE TABLE saved_search (
    id text PRIMARY KEY NOT NULL,
    account_id text NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name text NOT NULL,
    -- What is asked, as the search takes it; a place by its name, never a point.
    asked text NOT NULL CHECK (json_valid(asked)),
    -- Ids of services, as of the last look.
    known_ids text NOT NULL CHECK (json_valid(known_ids)),
    -- When its owner hears of what is new next; none: never.
    alert_at text,
    version integer NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    updated_at text NOT NULL
) STRICT;
CREATE INDEX saved_search_by_account ON saved_search (account_id, id);
CREATE INDEX saved_search_by_alert ON saved_search (alert_at, id) WHERE alert_at IS NOT NULL;
