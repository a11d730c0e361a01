-- Records that leave the directory stay in the database: retired, perhaps replaced by another.
ALTER TABLE organization ADD COLUMN retired_at text;
ALTER TABLE organization ADD COLUMN replaced_by text REFERENCES organization (id);
ALTER TABLE location ADD COLUMN retired_at text;
ALTER TABLE location ADD COLUMN replaced_by text REFERENCES location (id);
ALTER TABLE service ADD COLUMN retired_at text;
ALTER TABLE service ADD COLUMN replaced_by text REFERENCES service (id);
CREATE INDEX organization_replaced ON organization (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX location_replaced ON location (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX service_replaced ON service (replaced_by) WHERE replaced_by IS NOT NULL;

-- What changed, when and by whom: one row for each HSDS member that changed; appended and never changed. The moments of
-- the change sets of one record are all different and grow. What is written of a hidden place is not in it.
CREATE TABLE metadata (
    id text PRIMARY KEY NOT NULL,
    subject text NOT NULL CHECK (subject IN ('organization', 'service', 'location')),
    subject_id text NOT NULL,
    at text NOT NULL,
    action text NOT NULL CHECK (action IN ('create', 'update', 'retire', 'restore', 'merge', 'undo')),
    -- What was written together, of one record or of several.
    change_set text NOT NULL,
    field_name text NOT NULL,
    previous_value text CHECK (previous_value IS NULL OR json_valid(previous_value)),
    replacement_value text CHECK (replacement_value IS NULL OR json_valid(replacement_value)),
    -- A role or a source, never a person: the person is the account.
    updated_by text NOT NULL,
    account_id text REFERENCES account (id)
) STRICT;
CREATE INDEX metadata_by_subject ON metadata (subject, subject_id, at DESC, id DESC);
CREATE INDEX metadata_by_change_set ON metadata (change_set, id);

-- Where a curator may write. A curator without a row may write in the whole network.
CREATE TABLE curator_territory (
    account_id text NOT NULL REFERENCES account (id),
    territory_id text NOT NULL REFERENCES territory (id),
    PRIMARY KEY (account_id, territory_id)
) STRICT;

-- Changes that somebody who may not write asks for.
CREATE TABLE edit_proposal (
    id text PRIMARY KEY NOT NULL,
    subject text NOT NULL CHECK (subject IN ('organization', 'service', 'location')),
    subject_id text NOT NULL,
    -- The organisation of the record: its members see the proposal.
    organization_id text REFERENCES organization (id),
    patch text NOT NULL CHECK (json_valid(patch)),
    -- The members that the patch touches, as they were when it was proposed.
    base text NOT NULL CHECK (json_valid(base)),
    base_version integer NOT NULL,
    -- Who proposes: an account, a link (by what it is about), or neither.
    account_id text REFERENCES account (id),
    link text,
    comment text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'accepted', 'refused', 'superseded')),
    decided_by text REFERENCES account (id),
    decided_at text,
    reason text,
    created_at text NOT NULL
) STRICT;
CREATE INDEX edit_proposal_by_status ON edit_proposal (status, id);
CREATE INDEX edit_proposal_by_organization ON edit_proposal (organization_id, status, id);
CREATE INDEX edit_proposal_by_subject ON edit_proposal (subject, subject_id, status, created_at);

-- "This is wrong", said by anybody of a service.
CREATE TABLE error_report (
    id text PRIMARY KEY NOT NULL,
    service_id text NOT NULL REFERENCES service (id),
    organization_id text NOT NULL REFERENCES organization (id),
    reason text NOT NULL CHECK (reason IN ('wrong_phone', 'wrong_address', 'wrong_hours', 'closed_for_good', 'moved',
        'not_eligible_as_said', 'full', 'other')),
    comment text NOT NULL,
    account_id text REFERENCES account (id),
    status text NOT NULL CHECK (status IN ('open', 'fixed', 'not_an_error')),
    resolved_by text REFERENCES account (id),
    resolved_at text,
    resolution_reason text,
    created_at text NOT NULL
) STRICT;
CREATE INDEX error_report_by_service ON error_report (service_id, created_at);
CREATE INDEX error_report_by_status ON error_report (status, id);
CREATE INDEX error_report_by_organization ON error_report (organization_id, status, id);

-- "This organisation is ours": a curator decides.
CREATE TABLE claim (
    id text PRIMARY KEY NOT NULL,
    organization_id text NOT NULL REFERENCES organization (id),
    account_id text NOT NULL REFERENCES account (id),
    comment text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'accepted', 'refused')),
    decided_by text REFERENCES account (id),
    decided_at text,
    reason text,
    created_at text NOT NULL
) STRICT;
CREATE UNIQUE INDEX claim_pending ON claim (organization_id, account_id) WHERE status = 'pending';
CREATE INDEX claim_by_status ON claim (status, id);
CREATE INDEX claim_by_account ON claim (account_id, id);
