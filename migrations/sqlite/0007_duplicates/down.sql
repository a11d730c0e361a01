DROP TABLE merge_moved;
DROP TABLE duplicate_territory;
DROP TABLE duplicate_candidate;
DROP TABLE duplicate_progress;
DROP TABLE match_key;
