-- Taxonomies that records bring with them, which services and organisations carry which of their terms, and what
-- lists are filtered by besides.

CREATE TABLE taxonomy (
    id text PRIMARY KEY NOT NULL,
    name text NOT NULL,
    folded_name text NOT NULL,
    document text NOT NULL CHECK (json_valid(document)),
    updated_at text NOT NULL
) STRICT;

CREATE TABLE taxonomy_term (
    id text PRIMARY KEY NOT NULL,
    taxonomy_id text,
    parent_id text,
    name text NOT NULL,
    folded_name text NOT NULL,
    document text NOT NULL CHECK (json_valid(document)),
    updated_at text NOT NULL
) STRICT;
CREATE INDEX taxonomy_term_by_taxonomy ON taxonomy_term (taxonomy_id, id);
CREATE INDEX taxonomy_term_by_parent ON taxonomy_term (parent_id, id);

CREATE TABLE service_term (
    service_id text NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    term_id text NOT NULL,
    PRIMARY KEY (service_id, term_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX service_term_by_term ON service_term (term_id, service_id);

CREATE TABLE organization_term (
    organization_id text NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    term_id text NOT NULL,
    PRIMARY KEY (organization_id, term_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX organization_term_by_term ON organization_term (term_id, organization_id);

-- Ages in months, and one mask a day: bit n is the half-hour that begins n half-hours after midnight, bit 48 says that
-- the day is named at all. A service that says none of it has no row.
CREATE TABLE service_filter (
    service_id text PRIMARY KEY NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    minimum_age_months integer,
    maximum_age_months integer,
    open_mo integer NOT NULL,
    open_tu integer NOT NULL,
    open_we integer NOT NULL,
    open_th integer NOT NULL,
    open_fr integer NOT NULL,
    open_sa integer NOT NULL,
    open_su integer NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX location_by_point ON location (latitude, longitude);
