-- Territories: those shipped with the program, and those that a network imports over them.

CREATE TABLE territory (
    id text PRIMARY KEY NOT NULL,
    level text NOT NULL
        CHECK (level IN ('region', 'mrc', 'municipality', 'borough', 'district', 'place', 'postal_area')),
    code text NOT NULL,
    name text NOT NULL,
    folded_name text NOT NULL,
    designation text,
    parent_id text REFERENCES territory (id),
    latitude real CHECK (latitude BETWEEN -90 AND 90),
    longitude real CHECK (longitude BETWEEN -180 AND 180),
    point_is_own integer NOT NULL CHECK (point_is_own IN (0, 1)),
    population integer CHECK (population >= 0),
    rural integer CHECK (rural IN (0, 1)),
    source text NOT NULL CHECK (source IN ('quebec', 'import')),
    -- GeoJSON; only of imported territories, the others are in the program.
    geometry text CHECK (json_valid(geometry)),
    UNIQUE (level, code),
    CHECK ((latitude IS NULL) = (longitude IS NULL)),
    CHECK (parent_id <> id)
) STRICT;
CREATE INDEX territory_by_name ON territory (folded_name, id);
CREATE INDEX territory_by_level ON territory (level, folded_name, id);
CREATE INDEX territory_by_parent ON territory (parent_id, level, folded_name, id);
CREATE INDEX territory_by_source ON territory (source, id);

-- Which edition of the shipped territories was taken over.
CREATE TABLE territory_edition (
    id integer PRIMARY KEY NOT NULL CHECK (id = 1),
    edition text NOT NULL
) STRICT;
