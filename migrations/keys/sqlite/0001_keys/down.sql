DROP TABLE family_key;
