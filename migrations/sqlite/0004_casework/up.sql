-- The casework: families without a name, what was observed, what they asked for, what they agreed to, where they were
-- referred and what came of it. What names a family is in `identity` alone, sealed.
CREATE TABLE family (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    organization_id text NOT NULL REFERENCES organization (id),
    worker_account_id text REFERENCES account (id),
    municipality_id text,
    mrc_id text,
    region_id text,
    setting text NOT NULL CHECK (setting IN ('urban', 'rural', 'unknown')),
    contact_origin text CHECK (contact_origin IN (
        'social_media', 'park', 'community_activity', 'partner', 'door_to_door', 'word_of_mouth', 'other')),
    first_contact_on text NOT NULL,
    language text,
    -- An H3 cell of resolution 5 (about 250 square kilometres): nothing finer is kept in clear.
    coarse_cell text,
    version integer NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    updated_at text NOT NULL
) STRICT;
CREATE INDEX family_by_organization ON family (organization_id, created_at, id);
CREATE INDEX family_by_region ON family (network_id, region_id, first_contact_on);

CREATE TABLE child (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    family_id text NOT NULL REFERENCES family (id) ON DELETE CASCADE,
    -- Months, 'YYYY-MM': born, or due and not yet born.
    born_in text CHECK (length(born_in) = 7),
    due_in text CHECK (length(due_in) = 7),
    created_at text NOT NULL,
    CHECK ((born_in IS NULL) <> (due_in IS NULL))
) STRICT;
CREATE INDEX child_by_family ON child (family_id, id);

-- Dated and appended, never changed: what was true in a month stays true of that month.
CREATE TABLE observation (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    family_id text NOT NULL REFERENCES family (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('isolated', 'family_type', 'father_figure', 'vulnerability')),
    value text NOT NULL,
    -- False: this vulnerability has ended.
    present integer NOT NULL,
    observed_on text NOT NULL,
    account_id text REFERENCES account (id),
    created_at text NOT NULL,
    CHECK (kind NOT IN ('isolated', 'father_figure') OR value IN ('true', 'false')),
    CHECK (kind <> 'family_type' OR value IN ('single_parent', 'two_parent', 'blended', 'shared_custody', 'other')),
    CHECK (kind <> 'vulnerability' OR value IN (
        'economic', 'weak_support_network', 'immigration', 'domestic_violence', 'other')),
    CHECK (kind = 'vulnerability' OR present = 1)
) STRICT;
CREATE INDEX observation_by_family ON observation (family_id, kind, observed_on, id);

CREATE TABLE identity (
    family_id text PRIMARY KEY NOT NULL REFERENCES family (id) ON DELETE CASCADE,
    network_id text NOT NULL,
    sealed text NOT NULL,
    key_version integer NOT NULL,
    updated_at text NOT NULL
) STRICT;

-- One row for each reading of an identity. It outlives the family.
CREATE TABLE identity_read (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    at text NOT NULL,
    family_id text NOT NULL,
    account_id text,
    organization_id text,
    referral_link_id text,
    action text NOT NULL CHECK (action IN ('read', 'list', 'search', 'export', 'preview')),
    purpose text NOT NULL
) STRICT;
CREATE INDEX identity_read_by_family ON identity_read (family_id, at, id);
CREATE INDEX identity_read_by_account ON identity_read (account_id, at, id);

CREATE TABLE need (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    -- None: recorded from an empty search, for a family without a file.
    family_id text REFERENCES family (id) ON DELETE CASCADE,
    organization_id text NOT NULL REFERENCES organization (id),
    account_id text REFERENCES account (id),
    category text NOT NULL,
    municipality_id text,
    mrc_id text,
    region_id text,
    status text NOT NULL CHECK (status IN ('open', 'met', 'partly_met', 'unmet', 'no_longer_needed')),
    unmet_reason text CHECK (unmet_reason IN (
        'no_service', 'waitlist', 'full', 'not_eligible', 'too_far', 'cost', 'hours', 'language',
        'no_reply', 'family_choice', 'lost', 'unknown')),
    -- What a stopped referral suggests; the worker corrects it.
    proposed_reason text CHECK (proposed_reason IN (
        'no_service', 'waitlist', 'full', 'not_eligible', 'too_far', 'cost', 'hours', 'language',
        'no_reply', 'family_choice', 'lost', 'unknown')),
    recorded_on text NOT NULL,
    status_on text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CHECK (status <> 'unmet' OR unmet_reason IS NOT NULL),
    CHECK (unmet_reason IS NULL OR status IN ('unmet', 'partly_met'))
) STRICT;
CREATE INDEX need_by_family ON need (family_id, id);
CREATE INDEX need_by_organization ON need (organization_id, created_at, id);
CREATE INDEX need_by_region ON need (network_id, region_id, recorded_on);

-- Every voice is kept: the organisation's, the family's, the worker's.
CREATE TABLE need_outcome (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    need_id text NOT NULL REFERENCES need (id) ON DELETE CASCADE,
    voice text NOT NULL CHECK (voice IN ('organization', 'family', 'worker')),
    status text NOT NULL CHECK (status IN ('met', 'partly_met', 'unmet', 'no_longer_needed')),
    reason text CHECK (reason IN (
        'no_service', 'waitlist', 'full', 'not_eligible', 'too_far', 'cost', 'hours', 'language',
        'no_reply', 'family_choice', 'lost', 'unknown')),
    referral_id text,
    account_id text REFERENCES account (id),
    organization_id text REFERENCES organization (id),
    at text NOT NULL
) STRICT;
CREATE INDEX need_outcome_by_need ON need_outcome (need_id, at, id);

CREATE TABLE consent (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    family_id text NOT NULL REFERENCES family (id) ON DELETE CASCADE,
    -- Who may receive.
    organization_id text NOT NULL REFERENCES organization (id),
    purpose text NOT NULL CHECK (purpose IN ('referral', 'follow_up', 'coordination')),
    fields text NOT NULL CHECK (json_valid(fields)),
    language text NOT NULL,
    given_by text NOT NULL CHECK (given_by IN ('parent', 'guardian', 'youth')),
    method text NOT NULL CHECK (method IN ('written', 'oral')),
    witnessed integer NOT NULL,
    taken_by_account_id text NOT NULL REFERENCES account (id),
    starts_on text NOT NULL,
    ends_on text NOT NULL,
    text_version text NOT NULL,
    revoked_at text,
    version integer NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    CHECK (method = 'written' OR witnessed = 1),
    CHECK (ends_on >= starts_on)
) STRICT;
CREATE INDEX consent_by_family ON consent (family_id, created_at, id);

CREATE TABLE referral (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    need_id text NOT NULL REFERENCES need (id) ON DELETE CASCADE,
    family_id text REFERENCES family (id) ON DELETE CASCADE,
    sender_organization_id text NOT NULL REFERENCES organization (id),
    sender_account_id text NOT NULL REFERENCES account (id),
    receiver_organization_id text NOT NULL REFERENCES organization (id),
    service_id text REFERENCES service (id),
    -- False: the family goes by itself; nothing is sent to the receiver.
    shares_identity integer NOT NULL,
    consent_id text REFERENCES consent (id),
    -- The referral that was redirected into this one.
    parent_id text REFERENCES referral (id) ON DELETE SET NULL,
    status text NOT NULL CHECK (status IN (
        'draft', 'held', 'sent', 'seen', 'needs_info', 'accepted', 'waitlisted', 'scheduled', 'in_service',
        'completed', 'declined', 'redirected', 'not_completed', 'withdrawn', 'expired', 'superseded',
        'entered_in_error')),
    status_changed_at text NOT NULL,
    reason text CHECK (reason IN (
        'capacity_full', 'waitlist_closed', 'wait_too_long', 'not_eligible', 'out_of_area',
        'missing_documents', 'incomplete_referral', 'duplicate', 'already_served', 'no_funds',
        'service_suspended', 'wrong_service', 'assessment_first', 'language', 'conflict', 'other',
        'unreachable', 'no_show', 'cancelled_by_service', 'service_never_started', 'no_sender_reply',
        'family_declined', 'unavailable', 'transport', 'other_barrier', 'found_elsewhere', 'moved',
        'consent_withdrawn', 'safety')),
    reason_detail text CHECK (reason_detail IN (
        'age', 'family', 'income', 'immigration_status', 'other_criterion', 'excused', 'not_excused',
        'childcare', 'hours', 'cost', 'language', 'digital')),
    urgent integer NOT NULL,
    message text,
    waitlisted_on text,
    scheduled_for text,
    sent_at text,
    first_answer_at text,
    accepted_at text,
    first_service_at text,
    closed_at text,
    due_at text,
    supersede_proposed integer NOT NULL,
    reminders_sent integer NOT NULL,
    category text NOT NULL,
    region_id text,
    version integer NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CHECK (shares_identity = 0 OR consent_id IS NOT NULL
        OR status IN ('draft', 'withdrawn', 'entered_in_error')),
    CHECK (shares_identity = 0 OR family_id IS NOT NULL),
    CHECK (status <> 'waitlisted' OR waitlisted_on IS NOT NULL),
    CHECK (status NOT IN ('declined', 'not_completed') OR reason IS NOT NULL)
) STRICT;
CREATE INDEX referral_inbox ON referral (receiver_organization_id, status, updated_at, id);
CREATE INDEX referral_sent ON referral (sender_organization_id, status, updated_at, id);
CREATE INDEX referral_inbox_latest ON referral (receiver_organization_id, updated_at, id);
CREATE INDEX referral_sent_latest ON referral (sender_organization_id, updated_at, id);
CREATE INDEX referral_by_family ON referral (family_id, id);
CREATE INDEX referral_by_need ON referral (need_id, id);
CREATE INDEX referral_by_consent ON referral (consent_id, id);
CREATE INDEX referral_by_parent ON referral (parent_id);
CREATE INDEX referral_due ON referral (due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX referral_by_sending ON referral (network_id, sent_at);

-- One row for each change of a referral. Appended, never changed.
CREATE TABLE referral_event (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    referral_id text NOT NULL REFERENCES referral (id) ON DELETE CASCADE,
    at text NOT NULL,
    actor text NOT NULL CHECK (actor IN ('sender', 'receiver', 'on_behalf', 'curator', 'system', 'family')),
    channel text NOT NULL CHECK (channel IN ('web', 'link', 'message', 'on_behalf', 'system')),
    account_id text REFERENCES account (id),
    organization_id text REFERENCES organization (id),
    -- On behalf of the receiver: the function of the one who said so, never a name.
    informant_function text,
    from_status text CHECK (from_status IN (
        'draft', 'held', 'sent', 'seen', 'needs_info', 'accepted', 'waitlisted', 'scheduled', 'in_service',
        'completed', 'declined', 'redirected', 'not_completed', 'withdrawn', 'expired', 'superseded',
        'entered_in_error')),
    to_status text NOT NULL CHECK (to_status IN (
        'draft', 'held', 'sent', 'seen', 'needs_info', 'accepted', 'waitlisted', 'scheduled', 'in_service',
        'completed', 'declined', 'redirected', 'not_completed', 'withdrawn', 'expired', 'superseded',
        'entered_in_error')),
    reason text CHECK (reason IN (
        'capacity_full', 'waitlist_closed', 'wait_too_long', 'not_eligible', 'out_of_area',
        'missing_documents', 'incomplete_referral', 'duplicate', 'already_served', 'no_funds',
        'service_suspended', 'wrong_service', 'assessment_first', 'language', 'conflict', 'other',
        'unreachable', 'no_show', 'cancelled_by_service', 'service_never_started', 'no_sender_reply',
        'family_declined', 'unavailable', 'transport', 'other_barrier', 'found_elsewhere', 'moved',
        'consent_withdrawn', 'safety')),
    reason_detail text CHECK (reason_detail IN (
        'age', 'family', 'income', 'immigration_status', 'other_criterion', 'excused', 'not_excused',
        'childcare', 'hours', 'cost', 'language', 'digital')),
    note text,
    -- The version of the referral that this event made.
    version integer NOT NULL CHECK (version > 0),
    UNIQUE (referral_id, version)
) STRICT;
CREATE INDEX referral_event_by_referral ON referral_event (referral_id, at, id);

CREATE TABLE referral_link (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    token_hash text NOT NULL UNIQUE,
    referral_id text NOT NULL REFERENCES referral (id) ON DELETE CASCADE,
    organization_id text NOT NULL REFERENCES organization (id),
    expires_at text NOT NULL,
    code_hash text,
    code_expires_at text,
    code_attempts integer NOT NULL,
    created_at text NOT NULL
) STRICT;
CREATE INDEX referral_link_by_referral ON referral_link (referral_id, id);

CREATE TABLE follow_up (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    need_id text NOT NULL REFERENCES need (id) ON DELETE CASCADE,
    family_id text REFERENCES family (id) ON DELETE CASCADE,
    organization_id text NOT NULL REFERENCES organization (id),
    assignee_account_id text REFERENCES account (id),
    status text NOT NULL CHECK (status IN ('due', 'done', 'missed', 'cancelled')),
    due_on text NOT NULL,
    done_at text,
    version integer NOT NULL CHECK (version > 0),
    created_at text NOT NULL,
    updated_at text NOT NULL,
    CHECK ((status = 'done') = (done_at IS NOT NULL))
) STRICT;
CREATE INDEX follow_up_by_organization ON follow_up (organization_id, status, due_on, id);
-- One open follow-up a need.
CREATE UNIQUE INDEX follow_up_due_of_need ON follow_up (need_id) WHERE status = 'due';
CREATE INDEX follow_up_by_need ON follow_up (need_id);

CREATE TABLE activity (
    id text PRIMARY KEY NOT NULL,
    network_id text NOT NULL,
    organization_id text NOT NULL REFERENCES organization (id),
    account_id text REFERENCES account (id),
    family_id text REFERENCES family (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('outreach', 'accompaniment', 'networking', 'coordination')),
    happened_on text NOT NULL,
    created_at text NOT NULL
) STRICT;
CREATE INDEX activity_by_organization ON activity (organization_id, happened_on);
CREATE INDEX activity_by_family ON activity (family_id, happened_on);
