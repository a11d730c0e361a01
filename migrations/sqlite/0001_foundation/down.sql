DROP TABLE idempotency;
DROP TABLE outbox;
DROP TABLE changes;
DROP TABLE change_head;
DROP TABLE refresh_token;
DROP TABLE membership;
DROP TABLE account;
DROP TABLE organization;
