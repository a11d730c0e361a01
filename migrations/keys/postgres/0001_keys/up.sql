-- One row for each family that ever had a key. A destroyed key leaves its row behind, so that it is never made again.
CREATE TABLE family_key (
    family_id uuid PRIMARY KEY NOT NULL,
    key_version integer NOT NULL CHECK (key_version > 0),
    wrapped_by_version integer,
    wrapped text,
    created_at timestamptz NOT NULL,
    destroyed_at timestamptz,
    CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)),
    CHECK ((wrapped IS NULL) = (wrapped_by_version IS NULL))
);
CREATE INDEX family_key_destroyed ON family_key (destroyed_at) WHERE destroyed_at IS NOT NULL;
