DROP INDEX location_by_point;
DROP TABLE service_filter;
DROP TABLE organization_term;
DROP TABLE service_term;
DROP TABLE taxonomy_term;
DROP TABLE taxonomy;
