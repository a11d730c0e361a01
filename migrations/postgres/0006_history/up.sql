-- Records that leave the directory stay in the database: retired, perhaps replaced by another.
ALTER TABLE organization ADD COLUMN retired_at timestamptz;
ALTER TABLE organization ADD COLUMN replaced_by uuid REFERENCES organization (id);
ALTER TABLE location ADD COLUMN retired_at timestamptz;
ALTER TABLE location ADD COLUMN replaced_by uuid REFERENCES location (id);
ALTER TABLE service ADD COLUMN retired_at timestamptz;
ALTER TABLE service ADD COLUMN replaced_by uuid REFERENCES service (id);
CREATE INDEX organization_replaced ON organization (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX location_replaced ON location (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX service_replaced ON service (replaced_by) WHERE replaced_by IS NOT NULL;

-- What changed, when and by whom: one row for each HSDS member that changed; appended and never changed. The moments of
-- the change sets of one record are all different and grow. What is written of a hidden place is not in it.
CREATE TABLE metadata (
    id uuid PRIMARY KEY NOT NULL,
    subject text COLLATE "C" NOT NULL CHECK (subject IN ('organization', 'service', 'location')),
    subject_id uuid NOT NULL,
    at timestamptz NOT NULL,
    action text NOT NULL CHECK (action IN ('create', 'update', 'retire', 'restore', 'merge', 'undo')),
    -- What was written together, of one record or of several.
    change_set uuid NOT NULL,
    field_name text NOT NULL,
    previous_value jsonb,
    replacement_value jsonb,
    -- A role or a source, never a person: the person is the account.
    updated_by text NOT NULL,
    account_id uuid REFERENCES account (id)
);
CREATE INDEX metadata_by_subject ON metadata (subject, subject_id, at DESC, id DESC);
CREATE INDEX metadata_by_change_set ON metadata (change_set, id);

-- Where a curator may write. A curator without a row may write in the whole network.
CREATE TABLE curator_territory (
    account_id uuid NOT NULL REFERENCES account (id),
    territory_id text COLLATE "C" NOT NULL REFERENCES territory (id),
    PRIMARY KEY (account_id, territory_id)
);

-- Changes that somebody who may not write asks for.
CREATE TABLE edit_proposal (
    id uuid PRIMARY KEY NOT NULL,
    subject text COLLATE "C" NOT NULL CHECK (subject IN ('organization', 'service', 'location')),
    subject_id uuid NOT NULL,
    -- The organisation of the record: its members see the proposal.
    organization_id uuid REFERENCES organization (id),
    patch jsonb NOT NULL,
    -- The members that the patch touches, as they were when it was proposed.
    base jsonb NOT NULL,
    base_version bigint NOT NULL,
    -- Who proposes: an account, a link (by what it is about), or neither.
    account_id uuid REFERENCES account (id),
    link text,
    comment text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'accepted', 'refused', 'superseded')),
    decided_by uuid REFERENCES account (id),
    decided_at timestamptz,
    reason text,
    created_at timestamptz NOT NULL
);
CREATE INDEX edit_proposal_by_status ON edit_proposal (status, id);
CREATE INDEX edit_proposal_by_organization ON edit_proposal (organization_id, status, id);
CREATE INDEX edit_proposal_by_subject ON edit_proposal (subject, subject_id, status, created_at);

-- "This is wrong", said by anybody of a service.
CREATE TABLE error_report (
    id uuid PRIMARY KEY NOT NULL,
    service_id uuid NOT NULL REFERENCES service (id),
    organization_id uuid NOT NULL REFERENCES organization (id),
    reason text NOT NULL CHECK (reason IN ('wrong_phone', 'wrong_address', 'wrong_hours', 'closed_for_good', 'moved',
        'not_eligible_as_said', 'full', 'other')),
    comment text NOT NULL,
    account_id uuid REFERENCES account (id),
    status text NOT NULL CHECK (status IN ('open', 'fixed', 'not_an_error')),
    resolved_by uuid REFERENCES account (id),
    resolved_at timestamptz,
    resolution_reason text,
    created_at timestamptz NOT NULL
);
CREATE INDEX error_report_by_service ON error_report (service_id, created_at);
CREATE INDEX error_report_by_status ON error_report (status, id);
CREATE INDEX error_report_by_organization ON error_report (organization_id, status, id);

-- "This organisation is ours": a curator decides.
CREATE TABLE claim (
    id uuid PRIMARY KEY NOT NULL,
    organization_id uuid NOT NULL REFERENCES organization (id),
    account_id uuid NOT NULL REFERENCES account (id),
    comment text NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'accepted', 'refused')),
    decided_by uuid REFERENCES account (id),
    decided_at timestamptz,
    reason text,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX claim_pending ON claim (organization_id, account_id) WHERE status = 'pending';
CREATE INDEX claim_by_status ON claim (status, id);
CREATE INDEX claim_by_account ON claim (account_id, id);
