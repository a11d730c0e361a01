-- Where the directory comes from: its sources, what each of them lists, and who said a field when it is not the source
-- of the whole record.

CREATE TABLE source (
    name text PRIMARY KEY NOT NULL,
    kind text NOT NULL CHECK (kind IN ('file', 'feed')),
    url text,
    language text,
    -- The higher wins where two sources disagree; what a person says here wins over all.
    priority integer NOT NULL CHECK (priority BETWEEN -100 AND 100),
    started_at text NOT NULL,
    -- The last run that reached its end.
    finished_at text,
    -- A feed is asked for what changed after this moment.
    modified_after text,
    -- Where a run of a feed that was cut short goes on.
    resume_page integer CHECK (resume_page > 0),
    taken integer NOT NULL,
    changed integer NOT NULL,
    unchanged integer NOT NULL,
    refused integer NOT NULL,
    missing integer NOT NULL
) STRICT;

CREATE TABLE source_record (
    source text NOT NULL,
    subject text NOT NULL CHECK (subject IN ('organization', 'service')),
    source_key text NOT NULL,
    -- What the source describes: after a merge of duplicates, the record that stayed.
    record_id text NOT NULL,
    content_hash text NOT NULL,
    -- When the source last said something new of it.
    said_at text NOT NULL,
    -- Since when the source no longer lists it.
    missing_since text,
    PRIMARY KEY (source, subject, source_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_record_by_record ON source_record (record_id);
CREATE INDEX source_record_missing ON source_record (source, record_id, source_key) WHERE missing_since IS NOT NULL;

-- One row for a field that another than the record's own source said.
CREATE TABLE provenance (
    record_id text NOT NULL,
    field text NOT NULL,
    subject text NOT NULL CHECK (subject IN ('organization', 'service', 'location')),
    source text NOT NULL,
    said_at text NOT NULL,
    PRIMARY KEY (record_id, field)
) STRICT, WITHOUT ROWID;

INSERT INTO source_record (source, subject, source_key, record_id, content_hash, said_at)
SELECT source, 'service', source_key, id, content_hash, updated_at FROM service WHERE source <> 'relais';
INSERT INTO source_record (source, subject, source_key, record_id, content_hash, said_at)
SELECT source, 'organization', source_key, id, content_hash, updated_at FROM organization WHERE source <> 'relais';
INSERT INTO source (name, kind, priority, started_at, taken, changed, unchanged, refused, missing)
SELECT source, 'file', 0, max(said_at), 0, 0, 0, 0, 0 FROM source_record GROUP BY source;
