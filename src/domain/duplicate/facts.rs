//! What of a service is compared with another: taken from its record once, folded and in one form. What is hidden of a
//! place is not taken: neither a score nor a key can tell where it is.

use std::collections::BTreeSet;

use super::cities;
use super::names::{Name, bare_words, kinds_in};
use super::repair::{acronym_beside, other_names, without_other_names};
use crate::domain::directory::{Address, Location, Phone, Placement, Point, ServiceAggregate, Visibility};
use crate::domain::fold::fold;
use crate::id::Id;

/// Items of one list that are compared; a longer list is cut.
pub const ITEMS_MAX: usize = 8;

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    pub names: Vec<Name>,
    /// What its name and its description say it also is or was called.
    pub other_names: Vec<Name>,
    pub organization: Option<Name>,
    pub organization_id: Option<Id>,
    pub phones: Vec<Number>,
    pub places: Vec<Place>,
    pub pages: Vec<Page>,
    /// Lower case, whole.
    pub emails: Vec<String>,
    pub categories: BTreeSet<String>,
    /// Months, both ends included; `None` where nothing is said at all.
    pub ages: Option<(u32, u32)>,
    pub languages: BTreeSet<String>,
    /// Days of the week on which it is given: `MO`.
    pub days: BTreeSet<String>,
    pub description: BTreeSet<String>,
    /// The kinds of service that its description speaks of.
    pub kinds: BTreeSet<String>,
}

/// A telephone number in national form: ten digits, without the 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    pub national: String,
    pub extension: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct Place {
    pub civic: Option<String>,
    /// Folded, without its type and articles: `saint denis`.
    pub street: String,
    pub unit: Option<String>,
    /// Six characters, upper case.
    pub postal_code: Option<String>,
    /// Everything that the municipality may be called, folded; empty where none is said.
    pub cities: BTreeSet<String>,
    /// Only where the source gave it.
    pub point: Option<Point>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Without `www.`.
    pub host: String,
    /// Without slashes at either end; empty for the first page.
    pub path: String,
    /// A host where many organisations have pages: it says nothing by itself.
    pub is_shared: bool,
}

const SHARED_HOSTS: [&str; 28] = [
    "facebook.com",
    "fb.com",
    "fb.me",
    "m.facebook.com",
    "instagram.com",
    "twitter.com",
    "x.com",
    "linkedin.com",
    "youtube.com",
    "google.com",
    "sites.google.com",
    "quebec.ca",
    "gouv.qc.ca",
    "canada.ca",
    "centraide.org",
    "centraide-mtl.org",
    "211qc.ca",
    "wixsite.com",
    "wordpress.com",
    "weebly.com",
    "blogspot.com",
    "linktr.ee",
    "eventbrite.ca",
    "canadon.org",
    "canadahelps.org",
    "santemontreal.qc.ca",
    "santemonteregie.qc.ca",
    "jedonneenligne.org",
];

const SHARED_MAIL: [&str; 18] = [
    "gmail.com",
    "hotmail.com",
    "hotmail.ca",
    "outlook.com",
    "live.ca",
    "live.com",
    "yahoo.ca",
    "yahoo.com",
    "yahoo.fr",
    "videotron.ca",
    "videotron.qc.ca",
    "sympatico.ca",
    "bellnet.ca",
    "bell.net",
    "icloud.com",
    "cgocable.ca",
    "globetrotter.net",
    "ssss.gouv.qc.ca",
];

impl Facts {
    pub fn of(aggregate: &ServiceAggregate) -> Self {
        let (service, organization) = (&aggregate.service, &aggregate.organization);
        let document = &service.document;
        let (name, alternate) = (&service.name, &document.alternate_name);
        let spellings = [&name.fr, &name.en, &alternate.fr, &alternate.en];
        let spellings: Vec<&str> = spellings.into_iter().flatten().map(String::as_str).collect();
        let names = spellings.iter().filter_map(|text| Name::read(without_other_names(text))).collect();
        let description = document.description.get(crate::domain::language::Lang::Fr);
        let others = spellings.iter().flat_map(|text| other_names(text)).chain(other_names(description));
        let acronyms = spellings.iter().filter_map(|text| acronym_beside(text)).map(str::to_owned);
        let organization_name = [&organization.name.fr, &organization.name.en].into_iter().flatten().next();
        let own = !document.phones.is_empty();
        let phones = if own { &document.phones } else { &organization.document.phones };
        let page = document.url.as_deref().or(organization.document.website.as_deref());
        let email = document.email.as_deref().or(organization.document.email.as_deref());
        let mut facts = Self {
            names,
            other_names: others.chain(acronyms).filter_map(|text| Name::read(&text)).take(ITEMS_MAX).collect(),
            organization: organization_name.and_then(|text| Name::read(text)),
            organization_id: Some(organization.id),
            phones: phones_of(phones),
            places: aggregate.locations.iter().flat_map(places_of).take(ITEMS_MAX).collect(),
            pages: page.and_then(Page::read).into_iter().collect(),
            emails: email.map(|text| text.trim().to_lowercase()).into_iter().collect(),
            categories: service.categories.iter().cloned().collect(),
            ages: None,
            languages: BTreeSet::new(),
            days: BTreeSet::new(),
            description: bare_words(description).into_iter().collect(),
            kinds: kinds_in(description),
        };
        let (minimum, maximum) = (document.minimum_age_months, document.maximum_age_months);
        if minimum.is_some() || maximum.is_some() {
            facts.ages = Some((minimum.unwrap_or(0), maximum.unwrap_or(u32::MAX)));
        }
        facts.languages = document.languages.iter().filter_map(language_of).collect();
        let hours = document.schedules.iter().filter_map(|hours| hours.byday.as_deref());
        facts.days = hours.flat_map(|days| days.split(',')).map(|day| day.trim().to_owned()).collect();
        facts
    }

    /// The words of the streets where it is given: a name may say where it is.
    pub fn streets(&self) -> impl Iterator<Item = String> + '_ {
        self.places.iter().flat_map(|place| bare_words(&place.street))
    }

    /// The kinds of service that its names and its description say.
    pub fn all_kinds(&self) -> BTreeSet<String> {
        self.names.iter().flat_map(Name::kinds).chain(self.kinds.iter().cloned()).collect()
    }

    /// The words of the municipalities where it is given.
    pub fn cities(&self) -> BTreeSet<String> {
        let cities = self.places.iter().flat_map(|place| &place.cities);
        cities.flat_map(|name| bare_words(name)).collect()
    }
}

fn language_of(said: &crate::domain::directory::Language) -> Option<String> {
    said.code.clone().or_else(|| {
        let name = fold(said.name.as_deref()?);
        Some(match name.as_str() {
            "francais" | "french" => "fr".to_owned(),
            "anglais" | "english" => "en".to_owned(),
            "espagnol" | "spanish" => "es".to_owned(),
            other => other.to_owned(),
        })
    })
}

fn phones_of(phones: &[Phone]) -> Vec<Number> {
    let mut numbers = Vec::new();
    for phone in phones {
        let mut read = Number::read_all(&phone.number);
        if let [only] = read.as_mut_slice()
            && let Some(extension) = phone.other.get("extension").filter(|extension| !extension.is_null())
        {
            only.extension = Some(extension.as_str().map_or_else(|| extension.to_string(), str::to_owned));
        }
        numbers.extend(read);
    }
    numbers.truncate(ITEMS_MAX);
    numbers
}

impl Number {
    /// The numbers of a text, ten digits in any dress, each with its extension perhaps; a short number (811) belongs to
    /// nobody and is left out.
    pub fn read_all(text: &str) -> Vec<Self> {
        let mut numbers: Vec<Self> = Vec::new();
        for part in text.split(['/', ';', ',', '|', '\n']).flat_map(|part| part.split(" ou ")) {
            let mut digits = String::new();
            let mut extension = String::new();
            // "001 450 …": the way out of a country, and the country.
            let part = part.trim_start().trim_start_matches("00");
            for letter in part.chars().filter(char::is_ascii_digit) {
                let full = digits.len() == if digits.starts_with('1') { 11 } else { 10 };
                if full { extension.push(letter) } else { digits.push(letter) }
            }
            let national = digits.strip_prefix('1').filter(|_| digits.len() == 11).unwrap_or(&digits).to_owned();
            let extension = Some(extension).filter(|extension| !extension.is_empty());
            if national.len() == 10 {
                numbers.push(Self { national, extension });
            } else if let Some(last) = numbers.last_mut()
                && last.extension.is_none()
                && !national.is_empty()
            {
                // What follows a comma: ", poste 224".
                last.extension = Some(national);
            }
        }
        numbers
    }
}

impl Page {
    pub fn read(text: &str) -> Option<Self> {
        let whole = if text.contains("://") { text.trim().to_owned() } else { format!("https://{}", text.trim()) };
        let url = url::Url::parse(&whole).ok()?;
        let host = url.host_str()?.to_lowercase();
        let host = host.strip_prefix("www.").unwrap_or(&host).to_owned();
        let path = url.path().trim_matches('/').to_lowercase();
        let path = match path.as_str() {
            "index.html" | "index.php" | "fr" | "accueil" | "home" | "en" => String::new(),
            _ => path,
        };
        let is_shared = SHARED_HOSTS.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")));
        Some(Self { host, path, is_shared })
    }
}

/// The host of an address of mail, unless many unknown to each other have theirs there.
pub fn mail_host(email: &str) -> Option<&str> {
    let (_, host) = email.rsplit_once('@')?;
    (!SHARED_MAIL.contains(&host)).then_some(host)
}

fn places_of(location: &Location) -> Vec<Place> {
    // A hidden place is compared with nothing.
    if location.visibility == Visibility::RegionOnly {
        return Vec::new();
    }
    let point = location.point.filter(|_| location.placement == Placement::Exact);
    let mut places: Vec<Place> =
        location.document.addresses.iter().take(ITEMS_MAX).map(|address| Place::read(address, point)).collect();
    if places.is_empty() && point.is_some() {
        places.push(Place { point, ..Place::default() });
    }
    places
}

impl Place {
    pub fn read(address: &Address, point: Option<Point>) -> Self {
        let mut place = Self { point, ..Self::default() };
        place.read_street(address.address_1.as_deref().unwrap_or(""));
        if place.unit.is_none() {
            let second = address.other.get("address_2").and_then(serde_json::Value::as_str);
            place.unit = second.and_then(|text| fold(text).split(' ').next_back().map(str::to_owned));
            place.unit = place.unit.filter(|unit| unit.chars().any(|letter| letter.is_ascii_digit()));
        }
        let postal: String =
            address.postal_code.as_deref().unwrap_or("").chars().filter(char::is_ascii_alphanumeric).collect();
        place.postal_code = (postal.len() == 6).then(|| postal.to_uppercase());
        place.cities = cities::names_of(address.city.as_deref().unwrap_or(""));
        place
    }

    /// Whether two addresses are surely one door: number, street and town agree, and no unit tells them apart.
    pub fn is_same_door(&self, other: &Self) -> bool {
        let units_differ = self.unit.is_some() && other.unit.is_some() && self.unit != other.unit;
        let postal = self.postal_code.is_some() && self.postal_code == other.postal_code;
        self.civic.is_some()
            && self.civic == other.civic
            && !self.street.is_empty()
            && super::names::word_likeness(&self.street, &other.street) > 0.0
            && (postal || cities::may_be_one(&self.cities, &other.cities))
            && !units_differ
    }

    fn read_street(&mut self, text: &str) {
        let folded = fold(text);
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        // A box at the post office and a rural route are no building.
        if words.first().is_some_and(|word| matches!(*word, "rr" | "cp" | "po" | "casier" | "case")) {
            return;
        }
        let is_number = |at: usize| words.get(at).is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        let mut at = 0;
        // "201-15, rue X": the unit comes first (Canada Post); "15-201" of a range reads the same.
        let bare = text.trim_start();
        let joined = bare.chars().skip_while(char::is_ascii_digit).find(|letter| !letter.is_whitespace());
        if is_number(0) && is_number(1) && matches!(joined, Some('-' | '–')) {
            self.unit = words.first().map(|word| (*word).to_owned());
            at = 1;
        }
        let mut street: Vec<&str> = Vec::new();
        while let Some(word) = words.get(at) {
            let next = words.get(at + 1).copied();
            at += 1;
            if is_unit_marker(word) {
                self.unit = next.map(str::to_owned);
                at += 1;
            } else if self.civic.is_none() && street.is_empty() && word.starts_with(|c: char| c.is_ascii_digit()) {
                if is_ordinal(word) { street.push(word) } else { self.civic = Some((*word).to_owned()) }
            } else if street.is_empty() && self.unit.is_none() && word.len() == 1 && self.civic.is_some() {
                // The letter of "12 A, rue X".
                self.unit = Some((*word).to_owned());
            } else if !is_left_out(word, next.is_none() || next.is_some_and(is_direction)) {
                street.push(word);
            }
        }
        let spelt: Vec<String> = street.into_iter().map(spelt_out).collect();
        self.street = spelt.join(" ");
    }
}

fn is_unit_marker(word: &str) -> bool {
    let markers = "app appt apt appartement suite bureau local unite unit office room porte etage bur salle piece";
    markers.split(' ').any(|marker| marker == word)
}

fn is_ordinal(word: &str) -> bool {
    let letters: String = word.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    matches!(letters.as_str(), "e" | "er" | "re" | "ere" | "eme" | "ieme" | "st" | "nd" | "rd" | "th")
}

fn is_direction(word: &str) -> bool {
    matches!(word, "e" | "o" | "n" | "s" | "w" | "est" | "ouest" | "nord" | "sud" | "east" | "west" | "north" | "south")
}

fn is_left_out(word: &str, is_last: bool) -> bool {
    // "St" at the end is a street, elsewhere a saint.
    if word == "st" {
        return is_last;
    }
    let types = "rue r avenue av ave boulevard boul blvd bd boulv chemin ch chem road rd route rte rang rg place pl \
        montee mtee cote street str drive dr lane croissant crois terrasse tsse allee autoroute aut promenade prom \
        impasse cours square carre court crt de du des la le les l d of the";
    types.split_ascii_whitespace().any(|kind| kind == word)
}

fn spelt_out(word: &str) -> String {
    match word {
        "st" => "saint".to_owned(),
        "ste" => "sainte".to_owned(),
        "e" | "east" => "est".to_owned(),
        "o" | "w" | "west" => "ouest".to_owned(),
        "n" | "north" => "nord".to_owned(),
        "s" | "south" => "sud".to_owned(),
        word if is_ordinal(word) => word.chars().filter(char::is_ascii_digit).collect(),
        "mgr" => "monseigneur".to_owned(),
        "gen" => "general".to_owned(),
        "dr" => "docteur".to_owned(),
        "main" => "principale".to_owned(),
        "church" => "eglise".to_owned(),
        other => other.to_owned(),
    }
}
