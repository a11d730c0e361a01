-- What people search for near a place: counts of a day, without anybody's identity. No account, no time, no point.

CREATE TABLE demand (
    -- The day in Québec.
    day text NOT NULL,
    -- The municipality; where none is known for sure the MRC, else the region, else 'unknown'. Never anything finer.
    territory_id text NOT NULL,
    -- The category asked, empty where none was.
    category text NOT NULL,
    -- Folded words that several services of the directory use, in the order of the alphabet: others may be names.
    words text NOT NULL,
    searches integer NOT NULL CHECK (searches > 0),
    -- Searches that found nothing.
    zeros integer NOT NULL CHECK (zeros BETWEEN 0 AND searches),
    PRIMARY KEY (day, territory_id, category, words)
) STRICT, WITHOUT ROWID;
