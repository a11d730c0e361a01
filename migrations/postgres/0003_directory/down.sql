DROP TABLE capacity;
DROP TABLE service_at_location;
DROP TABLE service_territory;
DROP TABLE service_category;
DROP TABLE service;
DROP TABLE location;
