-- Where the directory comes from: its sources, what each of them lists, and who said a field when it is not the source
-- of the whole record.

CREATE TABLE source (
    name text COLLATE "C" PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('file', 'feed')),
    url text,
    language text,
    -- The higher wins where two sources disagree; what a person says here wins over all.
    priority integer NOT NULL CHECK (priority BETWEEN -100 AND 100),
    started_at timestamptz NOT NULL,
    -- The last run that reached its end.
    finished_at timestamptz,
    -- A feed is asked for what changed after this moment.
    modified_after timestamptz,
    -- Where a run of a feed that was cut short goes on.
    resume_page bigint CHECK (resume_page > 0),
    taken bigint NOT NULL,
    changed bigint NOT NULL,
    unchanged bigint NOT NULL,
    refused bigint NOT NULL,
    missing bigint NOT NULL
);

CREATE TABLE source_record (
    source text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL CHECK (subject IN ('organization', 'service')),
    source_key text COLLATE "C" NOT NULL,
    -- What the source describes: after a merge of duplicates, the record that stayed.
    record_id uuid NOT NULL,
    content_hash text NOT NULL,
    -- When the source last said something new of it.
    said_at timestamptz NOT NULL,
    -- Since when the source no longer lists it.
    missing_since timestamptz,
    PRIMARY KEY (source, subject, source_key)
);
CREATE INDEX source_record_by_record ON source_record (record_id);
CREATE INDEX source_record_missing ON source_record (source, record_id, source_key) WHERE missing_since IS NOT NULL;

-- One row for a field that another than the record's own source said.
CREATE TABLE provenance (
    record_id uuid NOT NULL,
    field text COLLATE "C" NOT NULL,
    subject text NOT NULL CHECK (subject IN ('organization', 'service', 'location')),
    source text COLLATE "C" NOT NULL,
    said_at timestamptz NOT NULL,
    PRIMARY KEY (record_id, field)
);

INSERT INTO source_record (source, subject, source_key, record_id, content_hash, said_at)
SELECT source, 'service', source_key, id, content_hash, updated_at FROM service WHERE source <> 'relais';
INSERT INTO source_record (source, subject, source_key, record_id, content_hash, said_at)
SELECT source, 'organization', source_key, id, content_hash, updated_at FROM organization WHERE source <> 'relais';
INSERT INTO source (name, kind, priority, started_at, taken, changed, unchanged, refused, missing)
SELECT source, 'file', 0, max(said_at), 0, 0, 0, 0, 0 FROM source_record GROUP BY source;
