//! What an operator may set: a TOML file, then the environment (`RELAIS_…`, and `DATABASE_URL`). A key that relais does
//! not know is refused, so that a misspelt limit is heard of at start and not in production.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

/// Bytes of the text of one search.
pub const SEARCH_TEXT_BYTES_MAX: usize = 2_048;
/// Words of it. All of them are read for the need that they tell; the first twelve words and phrases that count are
/// looked for in what services say.
pub const SEARCH_WORDS_MAX: usize = 100;
/// Corners of the polygon of one search, those of its holes included.
pub const SEARCH_CORNERS_MAX: usize = 1_000;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the embedded database, the index, the keys and the demo's mail live.
    pub data_dir: PathBuf,
    /// `address:port`; port 0 takes a free one.
    pub listen: String,
    /// `postgres://…` or `sqlite:…`. Default: `relais.db` in the data directory.
    #[serde(default)]
    pub database_url: Option<String>,
    /// The store of keys, apart from what they open. Default: `keys.db` in the data directory, or, with PostgreSQL,
    /// the database of the same name with `_keys` after it.
    #[serde(default)]
    pub keys_database_url: Option<String>,
    /// 32 bytes in base64. Default: the file `master.key` in the data directory, made at the first start.
    #[serde(default)]
    pub master_key: Option<SecretString>,
    /// How people reach this server: the beginning of the links in e-mails. Default: `http://` and the address.
    #[serde(default)]
    pub public_url: Option<String>,
    pub log: Log,
    pub mail: Mail,
    pub limits: Limits,
    pub freshness: Freshness,
    pub router: Router,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub format: LogFormat,
    /// A filter of tracing-subscriber: `info`, `relais=debug,info`.
    pub filter: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub from: String,
    /// `smtp://user:password@host:port` or `smtps://…`. Without it, messages are files in the data directory's `mail/`.
    #[serde(default)]
    pub smtp_url: Option<SecretString>,
}

/// Every limit, with its unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    pub request_body_bytes_max: usize,
    pub query_bytes_max: usize,
    pub database_connections_max: u32,
    pub database_connection_wait_ms: u64,
    pub database_lock_wait_ms: u64,
    pub database_statement_ms: u64,
    pub retry_after_s: u64,
    pub access_token_minutes: i64,
    pub refresh_token_days: i64,
    pub sign_in_failures_max: i64,
    pub sign_in_lock_minutes: i64,
    pub shutdown_s: u64,
    /// How long a search waits for the change it was told to include.
    pub search_min_change_wait_ms: u64,
    /// Days after which a referral that nobody answered expires.
    pub referral_expiry_days: i64,
}

/// How records are kept true.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Freshness {
    /// Months between two confirmations of a service that has no rhythm of its own: 1, 3, 6 or 12. A service takes it
    /// when it is written or confirmed.
    pub months_default: u32,
    /// Whether a service that is far overdue leaves the search.
    pub hide: bool,
    /// How far overdue that is, in days after the day on which it was due.
    pub hide_overdue_days: i64,
    /// Whether organisations are written to when their services fall due.
    pub remind: bool,
    /// How long a link to an organisation's records works, in days.
    pub link_days: i64,
    /// Letters about records to one address in 24 hours, whoever asks for them.
    pub address_letters_per_day_max: i64,
    /// Days between two letters that the program sends to an organisation by itself.
    pub letter_pause_days: i64,
    /// Organisations written to in one round of the jobs (about a second).
    pub organizations_per_round_max: i64,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            months_default: 6,
            hide: true,
            hide_overdue_days: 365,
            remind: true,
            link_days: 30,
            address_letters_per_day_max: 5,
            letter_pause_days: 7,
            organizations_per_round_max: 20,
        }
    }
}

impl Freshness {
    fn bounds(&self) -> [(&'static str, i128, RangeInclusive<i128>); 5] {
        [
            ("hide_overdue_days", self.hide_overdue_days.into(), 31..=3_650),
            ("link_days", self.link_days.into(), 1..=365),
            ("address_letters_per_day_max", self.address_letters_per_day_max.into(), 1..=1_000),
            ("letter_pause_days", self.letter_pause_days.into(), 1..=365),
            ("organizations_per_round_max", self.organizations_per_round_max.into(), 1..=1_000),
        ]
    }

    fn validate(&self) -> Result<(), String> {
        if ![1, 3, 6, 12].contains(&self.months_default) {
            return Err(format!("freshness.months_default = {}: 1, 3, 6, 12", self.months_default));
        }
        match self.bounds().into_iter().find(|(_, value, range)| !range.contains(value)) {
            Some((key, value, range)) => Err(format!("freshness.{key} = {value}: {}..={}", range.start(), range.end())),
            None => Ok(()),
        }
    }
}

/// Who is asked for distances by road. Nobody, unless an address is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Router {
    /// `http://…` or `https://…`: what comes before `/table/v1/` (OSRM) or `/sources_to_targets` (Valhalla). A query,
    /// such as a key, is sent along: so the address is a secret.
    #[serde(default)]
    pub url: Option<SecretString>,
    pub kind: RouterKind,
    /// `driving`, or another name that the router knows.
    pub profile: String,
    /// How long one answer may take before straight lines stand in for it.
    pub timeout_ms: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RouterKind {
    Osrm,
    Valhalla,
}

impl Router {
    /// The address, where one is given and may be asked. The error says what it has to be, and never what it is.
    pub fn address(&self) -> Result<Option<url::Url>, String> {
        let Some(text) = &self.url else { return Ok(None) };
        let refused =
            || "router.url (RELAIS_ROUTER__URL): http://… | https://…, without a user or a fragment".to_owned();
        let url = url::Url::parse(text.expose_secret()).map_err(|_| refused())?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        let has_more = !url.username().is_empty() || url.password().is_some() || url.fragment().is_some();
        if is_web && !has_more { Ok(Some(url)) } else { Err(refused()) }
    }

    fn validate(&self) -> Result<(), String> {
        let is_name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
        if !(1..=50).contains(&self.profile.len()) || !self.profile.chars().all(is_name) {
            return Err("router.profile (RELAIS_ROUTER__PROFILE): 1..=50 of a-z, A-Z, 0-9, _ and -".to_owned());
        }
        if !ROUTER_WAIT_MS.contains(&self.timeout_ms) {
            let (value, min, max) = (self.timeout_ms, ROUTER_WAIT_MS.start(), ROUTER_WAIT_MS.end());
            return Err(format!("router.timeout_ms (RELAIS_ROUTER__TIMEOUT_MS) = {value}: {min}..={max}"));
        }
        self.address().map(|_| ())
    }
}

#[derive(Serialize)]
struct DefaultRouter {
    kind: RouterKind,
    profile: &'static str,
    timeout_ms: u64,
}

#[derive(Serialize)]
struct Defaults {
    data_dir: &'static str,
    listen: &'static str,
    log: Log,
    mail: DefaultMail,
    limits: Limits,
    freshness: Freshness,
    router: DefaultRouter,
}
#[derive(Serialize)]
struct DefaultMail {
    from: &'static str,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_body_bytes_max: 1_048_576,
            query_bytes_max: 8_192,
            database_connections_max: 8,
            database_connection_wait_ms: 5_000,
            database_lock_wait_ms: 10_000,
            database_statement_ms: 60_000,
            retry_after_s: 2,
            access_token_minutes: 15,
            refresh_token_days: 30,
            sign_in_failures_max: 10,
            sign_in_lock_minutes: 15,
            shutdown_s: 20,
            search_min_change_wait_ms: 5_000,
            referral_expiry_days: 21,
        }
    }
}

const WAIT_MS: RangeInclusive<i128> = 1..=3_600_000;
/// Somebody waits for the page meanwhile.
const ROUTER_WAIT_MS: RangeInclusive<u64> = 10..=10_000;

impl Limits {
    /// Every limit by its key, its value, and the bounds within which the program works.
    fn bounds(&self) -> [(&'static str, i128, RangeInclusive<i128>); 14] {
        [
            ("request_body_bytes_max", self.request_body_bytes_max as i128, 1_024..=104_857_600),
            ("query_bytes_max", self.query_bytes_max as i128, 256..=1_048_576),
            ("database_connections_max", self.database_connections_max.into(), 1..=1_000),
            ("database_connection_wait_ms", self.database_connection_wait_ms.into(), WAIT_MS),
            ("database_lock_wait_ms", self.database_lock_wait_ms.into(), WAIT_MS),
            ("database_statement_ms", self.database_statement_ms.into(), WAIT_MS),
            ("retry_after_s", self.retry_after_s.into(), 1..=3_600),
            ("access_token_minutes", self.access_token_minutes.into(), 1..=1_440),
            ("refresh_token_days", self.refresh_token_days.into(), 1..=3_650),
            ("sign_in_failures_max", self.sign_in_failures_max.into(), 1..=1_000),
            ("sign_in_lock_minutes", self.sign_in_lock_minutes.into(), 1..=1_440),
            ("shutdown_s", self.shutdown_s.into(), 0..=3_600),
            ("search_min_change_wait_ms", self.search_min_change_wait_ms.into(), WAIT_MS),
            ("referral_expiry_days", self.referral_expiry_days.into(), 1..=365),
        ]
    }
}

/// Whether a text is an absolute URL of one of the schemes.
fn is_url(text: &str, schemes: [&str; 2]) -> bool {
    url::Url::parse(text).is_ok_and(|url| schemes.contains(&url.scheme()) && url.has_host())
}

impl Config {
    /// Defaults, then the file, then the environment. The error names the key.
    pub fn load(file: Option<&Path>) -> Result<Self, Box<figment::Error>> {
        let defaults = Defaults {
            data_dir: "data",
            listen: "127.0.0.1:8080",
            log: Log { format: LogFormat::Text, filter: "info".to_owned() },
            mail: DefaultMail { from: "relais <ne-pas-repondre@relais.example>" },
            limits: Limits::default(),
            freshness: Freshness::default(),
            router: DefaultRouter { kind: RouterKind::Osrm, profile: "driving", timeout_ms: 1_000 },
        };
        let mut figment = Figment::from(Serialized::defaults(defaults));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        // RELAIS_CONFIG names the file and RELAIS_PASSWORD a new account's password: they are not settings.
        // RELAIS_LIMITS__RETRY_AFTER_S=5 sets limits.retry_after_s; DATABASE_URL is what every platform sets.
        let config: Self = figment
            .merge(Env::raw().only(&["DATABASE_URL"]))
            .merge(Env::prefixed("RELAIS_").ignore(&["config", "password", "soak"]).split("__"))
            .extract()
            .map_err(Box::new)?;
        config.validate().map_err(|message| Box::new(figment::Error::from(message)))?;
        Ok(config)
    }

    /// Values of the right type that could not work are heard of at start too. The message names the key and what it
    /// may be; it never repeats a secret.
    fn validate(&self) -> Result<(), String> {
        for (key, value, range) in self.limits.bounds() {
            if !range.contains(&value) {
                return Err(format!("limits.{key} = {value}: {}..={}", range.start(), range.end()));
            }
        }
        self.freshness.validate()?;
        self.router.validate()?;
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&self.log.filter) {
            return Err(format!("log.filter = {:?}: {error}", self.log.filter));
        }
        let port = self.listen.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
        if !matches!(port, Some(Ok(_))) {
            return Err(format!("listen = {:?}: address:port", self.listen));
        }
        if let Some(url) = self.public_url.as_deref().filter(|url| !is_url(url, ["http", "https"])) {
            return Err(format!("public_url = {url:?}: http://… | https://…"));
        }
        if self.mail.smtp_url.as_ref().is_some_and(|url| !is_url(url.expose_secret(), ["smtp", "smtps"])) {
            return Err("mail.smtp_url: smtp://… | smtps://…".to_owned());
        }
        Ok(())
    }

    pub fn database_url(&self) -> String {
        let default = || format!("sqlite:{}", self.data_dir.join("relais.db").display());
        self.database_url.clone().unwrap_or_else(default)
    }

    /// The keys' own database: beside the embedded one, or a second database of the same PostgreSQL server.
    pub fn keys_database_url(&self) -> String {
        if let Some(url) = &self.keys_database_url {
            return url.clone();
        }
        let main = self.database_url();
        match url::Url::parse(&main) {
            Ok(mut url) if main.starts_with("postgres") => {
                let path = format!("{}_keys", url.path());
                url.set_path(&path);
                url.to_string()
            }
            _ => format!("sqlite:{}", self.data_dir.join("keys.db").display()),
        }
    }

    pub fn index_dir(&self) -> PathBuf {
        self.data_dir.join("index")
    }

    pub fn mail_dir(&self) -> PathBuf {
        self.data_dir.join("mail")
    }
}
