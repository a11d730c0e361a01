-- Services that are written twice: keys under which they meet, pairs that a curator decides on, and what a merge moved.

CREATE TABLE match_key (
    service_id text NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('phone', 'host', 'email', 'address', 'name', 'token')),
    key text NOT NULL,
    PRIMARY KEY (kind, key, service_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX match_key_by_service ON match_key (service_id);

-- How far the change log was followed: up to the change n, and of the change after it up to one service.
CREATE TABLE duplicate_progress (
    id integer PRIMARY KEY NOT NULL CHECK (id = 1),
    n integer NOT NULL,
    after_id text
) STRICT;
INSERT INTO duplicate_progress (id, n) VALUES (1, 0);

CREATE TABLE duplicate_candidate (
    id text PRIMARY KEY NOT NULL,
    low_id text NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    high_id text NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    -- Thousandths.
    score integer NOT NULL CHECK (score BETWEEN 0 AND 1000),
    reasons text NOT NULL CHECK (json_valid(reasons)),
    status text NOT NULL CHECK (status IN ('open', 'dismissed', 'merged')),
    decided_by text REFERENCES account (id),
    decided_at text,
    decision_reason text,
    kept_id text REFERENCES service (id),
    -- What undoes a merge: both records as they were.
    undo text CHECK (undo IS NULL OR json_valid(undo)),
    created_at text NOT NULL,
    UNIQUE (low_id, high_id),
    CHECK (low_id < high_id),
    CHECK ((status = 'open') = (decided_at IS NULL)),
    CHECK ((status = 'merged') = (undo IS NOT NULL))
) STRICT;
CREATE INDEX duplicate_candidate_by_score ON duplicate_candidate (status, score DESC, id);
CREATE INDEX duplicate_candidate_by_high ON duplicate_candidate (high_id);

-- Where the services of a pair are: no finer than the MRC for a hidden place.
CREATE TABLE duplicate_territory (
    territory_id text NOT NULL,
    candidate_id text NOT NULL REFERENCES duplicate_candidate (id) ON DELETE CASCADE,
    PRIMARY KEY (territory_id, candidate_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX duplicate_territory_by_candidate ON duplicate_territory (candidate_id);

-- What pointed to the record that left, and now points to the one that stayed.
CREATE TABLE merge_moved (
    candidate_id text NOT NULL REFERENCES duplicate_candidate (id) ON DELETE CASCADE,
    subject text NOT NULL,
    record_id text NOT NULL,
    PRIMARY KEY (candidate_id, subject, record_id)
) STRICT, WITHOUT ROWID;
