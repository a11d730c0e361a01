-- Taxonomies that records bring with them, which services and organisations carry which of their terms, and what
-- lists are filtered by besides.

CREATE TABLE taxonomy (
    id uuid PRIMARY KEY NOT NULL,
    name text NOT NULL,
    folded_name text COLLATE "C" NOT NULL,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE taxonomy_term (
    id uuid PRIMARY KEY NOT NULL,
    taxonomy_id uuid,
    parent_id uuid,
    name text NOT NULL,
    folded_name text COLLATE "C" NOT NULL,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX taxonomy_term_by_taxonomy ON taxonomy_term (taxonomy_id, id);
CREATE INDEX taxonomy_term_by_parent ON taxonomy_term (parent_id, id);

CREATE TABLE service_term (
    service_id uuid NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    term_id uuid NOT NULL,
    PRIMARY KEY (service_id, term_id)
);
CREATE INDEX service_term_by_term ON service_term (term_id, service_id);

CREATE TABLE organization_term (
    organization_id uuid NOT NULL REFERENCES organization (id) ON DELETE CASCADE,
    term_id uuid NOT NULL,
    PRIMARY KEY (organization_id, term_id)
);
CREATE INDEX organization_term_by_term ON organization_term (term_id, organization_id);

-- Ages in months, and one mask a day: bit n is the half-hour that begins n half-hours after midnight, bit 48 says that
-- the day is named at all. A service that says none of it has no row.
CREATE TABLE service_filter (
    service_id uuid PRIMARY KEY NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    minimum_age_months integer,
    maximum_age_months integer,
    open_mo bigint NOT NULL,
    open_tu bigint NOT NULL,
    open_we bigint NOT NULL,
    open_th bigint NOT NULL,
    open_fr bigint NOT NULL,
    open_sa bigint NOT NULL,
    open_su bigint NOT NULL
);

CREATE INDEX location_by_point ON location (latitude, longitude);
