-- The directory: services, the places where they are given, and the room that they said they had.

CREATE TABLE location (
    id text PRIMARY KEY NOT NULL,
    organization_id text REFERENCES organization (id),
    name_fr text,
    name_en text,
    latitude real CHECK (latitude BETWEEN -90 AND 90),
    longitude real CHECK (longitude BETWEEN -180 AND 180),
    placement text NOT NULL CHECK (placement IN ('exact', 'postal_area', 'municipality', 'none')),
    visibility text NOT NULL CHECK (visibility IN ('public', 'professional', 'region_only')),
    region_id text REFERENCES territory (id),
    mrc_id text REFERENCES territory (id),
    municipality_id text REFERENCES territory (id),
    borough_id text REFERENCES territory (id),
    source text NOT NULL,
    source_key text NOT NULL,
    content_hash text NOT NULL,
    document text NOT NULL CHECK (json_valid(document)),
    version integer NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (source, source_key),
    CHECK ((latitude IS NULL) = (longitude IS NULL)),
    CHECK ((latitude IS NULL) = (placement = 'none'))
) STRICT;
CREATE INDEX location_by_organization ON location (organization_id, id);

CREATE TABLE service (
    id text PRIMARY KEY NOT NULL,
    organization_id text NOT NULL REFERENCES organization (id),
    status text NOT NULL CHECK (status IN ('active', 'inactive', 'defunct', 'temporarily closed')),
    name_fr text,
    name_en text,
    folded_name text NOT NULL,
    source text NOT NULL,
    source_key text NOT NULL,
    content_hash text NOT NULL,
    verified_at text,
    places_available integer CHECK (places_available >= 0),
    waiting_list_length integer CHECK (waiting_list_length >= 0),
    wait_days integer CHECK (wait_days >= 0),
    capacity_observed_at text,
    document text NOT NULL CHECK (json_valid(document)),
    version integer NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    updated_at text NOT NULL,
    UNIQUE (source, source_key),
    CHECK (name_fr IS NOT NULL OR name_en IS NOT NULL)
) STRICT;
CREATE INDEX service_by_organization ON service (organization_id, id);
CREATE INDEX service_by_name ON service (folded_name, id);
CREATE INDEX service_by_update ON service (updated_at, id);

CREATE TABLE service_category (
    service_id text NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    code text NOT NULL,
    position integer NOT NULL,
    PRIMARY KEY (service_id, code)
) STRICT;
CREATE INDEX service_category_by_code ON service_category (code, service_id);

CREATE TABLE service_territory (
    service_id text NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    territory_id text NOT NULL REFERENCES territory (id),
    position integer NOT NULL,
    PRIMARY KEY (service_id, territory_id)
) STRICT;
CREATE INDEX service_territory_by_territory ON service_territory (territory_id, service_id);

CREATE TABLE service_at_location (
    id text PRIMARY KEY NOT NULL,
    service_id text NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    location_id text NOT NULL REFERENCES location (id),
    position integer NOT NULL,
    document text NOT NULL CHECK (json_valid(document)),
    UNIQUE (service_id, position)
) STRICT;
CREATE INDEX service_at_location_by_location ON service_at_location (location_id, service_id);

-- What was said of the room at a service, appended and never changed; the last word is also on the service.
CREATE TABLE capacity (
    number integer PRIMARY KEY,
    service_id text NOT NULL REFERENCES service (id) ON DELETE CASCADE,
    places_available integer CHECK (places_available >= 0),
    waiting_list_length integer CHECK (waiting_list_length >= 0),
    wait_days integer CHECK (wait_days >= 0),
    observed_at text NOT NULL,
    source text NOT NULL
) STRICT;
CREATE INDEX capacity_by_service ON capacity (service_id, observed_at);
