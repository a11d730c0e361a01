DROP TABLE provenance;
DROP TABLE source_record;
DROP TABLE source;
