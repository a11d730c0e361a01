//! A rule said no. A refusal has a stable code and, where one is to blame, the field; it knows nothing of HTTP.
//! Its sentences live in `text`, its status in `api/problem.rs`; both match on [`Code`] without `_`.

/// Declares the codes once: the variant and the stable word that programs read.
macro_rules! codes {
    ($($variant:ident => $word:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($variant,)* }
        impl Code {
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];
            pub fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $word,)* }
            }
        }
    };
}

codes! {
    InvalidJson => "invalid_json",
    UnknownField => "unknown_field",
    WrongType => "wrong_type",
    MissingField => "missing_field",
    InvalidValue => "invalid_value",
    OutOfRange => "out_of_range",
    TooLong => "too_long",
    TooMany => "too_many",
    OverLimit => "over_limit",
    InvalidDate => "invalid_date",
    InvalidMonth => "invalid_month",
    InvalidCursor => "invalid_cursor",
    InvalidHeader => "invalid_header",
    UnknownCategory => "unknown_category",
    UnknownTerritory => "unknown_territory",
    UnknownReference => "unknown_reference",
    PlaceNotFound => "place_not_found",
    SaysNothing => "says_nothing",
    NotFound => "not_found",
    Retired => "retired",
    StillInUse => "still_in_use",
    ChangedSince => "changed_since",
    MethodNotAllowed => "method_not_allowed",
    UnsupportedMediaType => "unsupported_media_type",
    PayloadTooLarge => "payload_too_large",
    InvalidGrant => "invalid_grant",
    InvalidToken => "invalid_token",
    Unauthenticated => "unauthenticated",
    Forbidden => "forbidden",
    VersionRequired => "version_required",
    StaleVersion => "stale_version",
    IdempotencyKeyInvalid => "idempotency_key_invalid",
    IdempotencyKeyReused => "idempotency_key_reused",
    IllegalTransition => "illegal_transition",
    NotYourMove => "not_your_move",
    ReasonRequired => "reason_required",
    ReasonNotAllowed => "reason_not_allowed",
    DateRequired => "date_required",
    ConsentRequired => "consent_required",
    ConsentEnded => "consent_ended",
    AlreadyClosed => "already_closed",
    LinkEnded => "link_ended",
    CodeIncorrect => "code_incorrect",
    SensitiveNumber => "sensitive_number",
    ReferralAddressMissing => "referral_address_missing",
    AlreadyExists => "already_exists",
    TooManyRequests => "too_many_requests",
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: Code,
    /// The member at fault, as a dotted path of the request ("children.0.born_in"), or the query parameter's name.
    pub field: Option<String>,
    /// The rule in machine words: a bound, a list of allowed words ("1..=100", "fr, en").
    pub rule: Option<String>,
    /// What was perhaps meant, the likeliest first.
    pub meant: Vec<String>,
}

impl Refusal {
    pub fn new(code: Code) -> Self {
        Self { code, field: None, rule: None, meant: vec![] }
    }
    pub fn field(code: Code, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..Self::new(code) }
    }
    /// More than a named limit lets through: the rule names it and its figure.
    pub fn over(field: impl Into<String>, limit: &str, max: usize) -> Self {
        Self::field(Code::OverLimit, field).rule(format!("{limit} = {max}"))
    }
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }
    #[must_use]
    pub fn meant(mut self, meant: Vec<String>) -> Self {
        self.meant = meant;
        self
    }
}

/// A record that is written at its own address names its members without `organization.` or `location.` before them.
pub fn without_prefix(mut refusal: Refusal, prefix: &str) -> Refusal {
    if let Some(bare) = refusal.field.as_deref().and_then(|field| field.strip_prefix(prefix)) {
        refusal.field = Some(bare.to_owned());
    }
    refusal
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code.as_str())?;
        if let Some(field) = &self.field {
            write!(f, " ({field})")?;
        }
        if let Some(rule) = &self.rule {
            write!(f, ": {rule}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
