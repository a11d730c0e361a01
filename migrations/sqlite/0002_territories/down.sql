DROP TABLE territory_edition;
DROP TABLE territory;
