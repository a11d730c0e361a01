//! The demo's directory: fictitious organisations and services in the real municipalities of all Québec, drawn from a
//! seed. Names are made of words that no organisation bears together; telephones are 555-01xx, sites `.example`.

use chrono::{NaiveDate, TimeDelta};
use rand::Rng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha20Rng;

use super::facts;
use super::geography::{Draw, Municipality, municipalities};
use super::twenty::{language, schedule};
use super::vocations::{KINDS, Kind, leaf_ages};
use super::{Directory, id_of, origin};
use crate::clock::Time;
use crate::domain::directory::{
    Address, Capacity, Delivery, LocatedIn, Location, LocationDocument, Organization, OrganizationDocument, Phone,
    Placement, Point, Service, ServiceAtLocation, ServiceDocument, ServiceStatus, Visibility,
};
use crate::domain::freshness::Review;
use crate::domain::language::{Lang, Text};
use crate::domain::taxonomy::Taxonomy;

/// Services of one organisation, on average.
const SERVICES_EACH: usize = 4;

const FIRST: [(&str, &str); 36] = [
    ("La Courtepointe", "Patchwork"),
    ("Le Phare", "Lighthouse"),
    ("L’Envol", "Taking Flight"),
    ("La Bourrasque", "Gust"),
    ("Le Cerf-volant", "Kite"),
    ("La Marelle", "Hopscotch"),
    ("Le Tournesol", "Sunflower"),
    ("La Lanterne", "Lantern"),
    ("Le Petit Canot", "Little Canoe"),
    ("La Passerelle", "Footbridge"),
    ("L’Étincelle", "Spark"),
    ("La Ruche", "Beehive"),
    ("Le Grand Pin", "Tall Pine"),
    ("La Rivière", "River"),
    ("Le Colibri", "Hummingbird"),
    ("La Berceuse", "Lullaby"),
    ("Le Trèfle", "Clover"),
    ("L’Accalmie", "Calm"),
    ("La Boussole", "Compass"),
    ("Le Moulin", "Mill"),
    ("La Clairière", "Clearing"),
    ("L’Ancrage", "Anchorage"),
    ("Le Hamac", "Hammock"),
    ("La Galerie", "Porch"),
    ("Le Ricochet", "Skipping Stone"),
    ("La Volière", "Aviary"),
    ("L’Embarcadère", "Landing"),
    ("Le Jardin", "Garden"),
    ("La Ritournelle", "Refrain"),
    ("Le Sentier", "Trail"),
    ("L’Aurore", "Dawn"),
    ("La Mitaine", "Mitten"),
    ("Le Huard", "Loon"),
    ("La Chaloupe", "Rowboat"),
    ("Le Grenier", "Attic"),
    ("L’Escale", "Stopover"),
];
const SECOND: [(&str, &str); 30] = [
    ("aux mille couleurs", "of a Thousand Colours"),
    ("des Quatre-Vents", "of the Four Winds"),
    ("des Bouleaux", "of the Birches"),
    ("du Matin", "of the Morning"),
    ("des Grandes Marées", "of the High Tides"),
    ("de la Belle Étoile", "of the Bright Star"),
    ("du Vieux Quai", "of the Old Wharf"),
    ("des Trois Clochers", "of the Three Steeples"),
    ("de l’Anse", "of the Cove"),
    ("des Pommiers", "of the Apple Trees"),
    ("du Bout du Rang", "of the Road’s End"),
    ("des Deux Rives", "of Both Shores"),
    ("de l’Été", "of Summer"),
    ("des Premières Neiges", "of the First Snows"),
    ("du Coteau", "of the Hillside"),
    ("des Érables rouges", "of the Red Maples"),
    ("de la Grande Ourse", "of the Great Bear"),
    ("du Ruisseau", "of the Brook"),
    ("des Voisins", "of the Neighbours"),
    ("de la Montagne bleue", "of the Blue Mountain"),
    ("des Oiseaux", "of the Birds"),
    ("du Pont couvert", "of the Covered Bridge"),
    ("des Saisons", "of the Seasons"),
    ("de la Batture", "of the Flats"),
    ("des Lilas", "of the Lilacs"),
    ("du Soleil levant", "of the Rising Sun"),
    ("des Petits Pas", "of Small Steps"),
    ("de la Lune", "of the Moon"),
    ("des Chemins", "of the Roads"),
    ("du Grand Large", "of the Open Sea"),
];
const STREETS: [&str; 12] = [
    "rue des Inventions",
    "rue du Conte",
    "avenue de la Fable",
    "chemin du Rêve",
    "rue de la Légende",
    "boulevard de la Fiction",
    "rue des Songes",
    "rang de la Chimère",
    "rue du Mirage",
    "avenue des Nuages",
    "rue du Pourquoi",
    "place du Récit",
];

type Hours = &'static [(&'static str, &'static str, &'static str)];
const HOURS: [Hours; 9] = [
    &[("MO,TU,WE,TH,FR", "08:30", "16:30")],
    &[("MO,TU,WE,TH", "09:00", "12:00"), ("MO,TU,WE,TH", "13:00", "16:00")],
    &[("MO,TU,WE,TH,FR", "09:00", "17:00"), ("WE", "18:00", "21:00")],
    &[("TU,TH", "13:00", "16:00")],
    &[("TU,WE,TH", "10:00", "15:30"), ("SA", "09:30", "12:30")],
    &[("MO,WE,FR", "09:00", "15:00")],
    &[("WE,TH", "11:00", "19:00")],
    &[("MO,TU,WE,TH,FR", "07:00", "18:00")],
    &[("SA,SU", "10:00", "16:00")],
];
const ALWAYS: Hours = &[("MO,TU,WE,TH,FR,SA,SU", "00:00", "00:00")];

const HOW: [(&str, &str); 6] = [
    ("Sans rendez-vous, aux heures d’ouverture.", "No appointment, during opening hours."),
    ("Téléphonez pour prendre rendez-vous.", "Phone for an appointment."),
    ("Inscription par téléphone ou sur place.", "Register by phone or on site."),
    ("Un premier contact se fait par courriel ou par téléphone.", "First contact by e-mail or phone."),
    ("Laissez un message; on rappelle en deux jours ouvrables.", "Leave a message; we call back in two working days."),
    ("Venez avec une pièce d’identité et une preuve d’adresse.", "Bring identification and proof of address."),
];
const FOR_WHOM: [(&str, &str); 6] = [
    ("Pour toutes les familles du territoire.", "For all families of the territory."),
    ("Pour les familles à faible revenu.", "For low-income families."),
    ("Pour les parents d’enfants de 0 à 5 ans.", "For parents of children aged 0 to 5."),
    ("Ouvert à tous, sans condition de statut.", "Open to all, whatever the status."),
    ("Pour les familles qui vivent de l’isolement.", "For families living in isolation."),
    ("Pour les parents, les grands-parents et les proches.", "For parents, grandparents and relatives."),
];
const EXTRA: [(&str, &str); 8] = [
    ("Une halte-garderie est offerte pendant l’activité.", "Drop-in childcare is offered during the activity."),
    ("Le personnel peut se déplacer à domicile.", "Staff can come to the home."),
    ("Collation fournie.", "Snack provided."),
    ("Accès de plain-pied et table à langer.", "Step-free access and changing table."),
    ("Petit groupe de huit personnes au plus.", "Small group of eight people at most."),
    ("Places limitées; une liste d’attente est tenue.", "Limited places; a waiting list is kept."),
    ("Accueil chaleureux et confidentiel.", "Warm and confidential welcome."),
    ("", ""),
];
const FEES: [(&str, &str); 4] = [
    ("Gratuit.", "Free."),
    ("Contribution volontaire.", "Voluntary contribution."),
    ("Carte de membre à 5 $ par année.", "Membership card, $5 a year."),
    ("Tarif selon le revenu.", "Price by income."),
];

/// What the generator makes, and where each service is, for the history.
pub struct Drawn {
    pub directory: Directory,
    /// Municipality of each organisation, in the order of the organisations.
    pub places: Vec<usize>,
}

pub fn draw(services: usize, carriers: usize, enrolled_on: NaiveDate, rng: &mut ChaCha20Rng, now: Time) -> Drawn {
    let count = services.div_ceil(SERVICES_EACH).max(carriers);
    let everywhere = Draw::everywhere();
    let mut drawn = Drawn { directory: Directory::default(), places: Vec::with_capacity(count) };
    let region_first = first_of_regions();
    for index in 0..count {
        // The first organisations make sure that no region is empty.
        let place = region_first.get(index).copied().unwrap_or_else(|| everywhere.draw(rng));
        let kind = if index < carriers { &KINDS[0] } else { &KINDS[(index - carriers) % KINDS.len()] };
        let enrolled = (index < carriers).then_some(enrolled_on);
        let here = Here { index, kind, municipality: &municipalities()[place], now };
        let organization = here.organization(enrolled, rng);
        let mut locations = vec![here.location(0, rng)];
        if rng.gen_bool(0.15) {
            locations.push(here.location(1, rng));
        }
        let left = services.saturating_sub(drawn.directory.services.len());
        let organizations_left = count - index;
        let here_count = if organizations_left == 1 { left } else { left.div_ceil(organizations_left).min(left) };
        for number in 0..here_count {
            drawn.directory.services.push(here.service(number, &locations, rng));
        }
        drawn.directory.organizations.push(organization);
        drawn.directory.locations.append(&mut locations);
        drawn.places.push(place);
    }
    drawn
}

/// The most populous municipality of each region.
fn first_of_regions() -> Vec<usize> {
    let all = municipalities();
    let mut first: Vec<usize> = Vec::new();
    for (place, one) in all.iter().enumerate() {
        match first.iter_mut().find(|other| all[**other].region == one.region) {
            Some(other) if all[*other].population < one.population => *other = place,
            Some(_) => {}
            None => first.push(place),
        }
    }
    first
}

struct Here<'a> {
    index: usize,
    kind: &'static Kind,
    municipality: &'a Municipality,
    now: Time,
}

fn pick<T: Copy>(of: &[T], rng: &mut ChaCha20Rng) -> T {
    of[rng.gen_range(0..of.len())]
}

fn pair((fr, en): (&str, &str)) -> Text {
    Text::new(fr, en)
}

fn phone(rng: &mut ChaCha20Rng) -> Phone {
    let area = pick(&["418", "450", "514", "581", "819", "873"], rng);
    Phone { number: format!("+1-{area}-555-01{:02}", rng.gen_range(0..100)), ..Phone::default() }
}

impl Here<'_> {
    fn key(&self) -> String {
        format!("o{:05}", self.index)
    }
    /// What texts say of where it is: of a shelter whose address nobody may know, its MRC and nothing finer.
    fn told_place(&self) -> &str {
        if self.kind.hidden { &self.municipality.mrc_name } else { &self.municipality.name }
    }
    /// The pair of words is used up before it comes again with the name of the place.
    fn name(&self) -> Text {
        let turn = self.index / (FIRST.len() * SECOND.len());
        let mixed = self.index.wrapping_mul(577);
        let (first, second) = (FIRST[mixed % FIRST.len()], SECOND[mixed / FIRST.len() % SECOND.len()]);
        let suffix = if turn == 0 { String::new() } else { format!(" ({} {turn})", self.told_place()) };
        Text::new(
            &format!("{} {} {}{suffix}", self.kind.name.0, first.0, second.0),
            &format!("{} {} {}{suffix}", first.1, second.1, self.kind.name.1),
        )
    }

    fn organization(&self, enrolled_on: Option<NaiveDate>, rng: &mut ChaCha20Rng) -> Organization {
        let key = self.key();
        let place = self.told_place();
        Organization {
            id: id_of("organization", &key),
            origin: origin(&key),
            name: self.name(),
            // Most partners answer without an account.
            referral_address: rng.gen_bool(0.8).then(|| format!("references@{key}.example")),
            enrolled_on,
            document: OrganizationDocument {
                description: Text::new(
                    &format!("Organisme fictif établi à {place}."),
                    &format!("Fictitious organisation based in {place}."),
                ),
                email: Some(format!("info@{key}.example")),
                website: Some(format!("https://{key}.example")),
                phones: vec![phone(rng)],
                ..OrganizationDocument::default()
            },
            version: 1,
            updated_at: self.now,
            retired_at: None,
            replaced_by: None,
        }
    }

    fn location(&self, number: usize, rng: &mut ChaCha20Rng) -> Location {
        let key = format!("{}-l{number}", self.key());
        let one = self.municipality;
        let spread = if one.urban { 0.012 } else { 0.004 };
        let (lat, lon) =
            (one.point.lat + rng.gen_range(-spread..spread), one.point.lon + rng.gen_range(-spread..spread));
        let hidden = self.kind.hidden && number == 0;
        let address = format!("{}, {}", rng.gen_range(1..2_000), pick(&STREETS, rng));
        Location {
            id: id_of("location", &key),
            origin: origin(&key),
            organization_id: Some(id_of("organization", &self.key())),
            name: Text::fr(&format!("{address} ({})", one.name)),
            point: Point::new(lat, lon),
            placement: Placement::Exact,
            visibility: if hidden { Visibility::RegionOnly } else { Visibility::Public },
            territories: LocatedIn {
                region: Some(one.region.clone()),
                mrc: Some(one.mrc.clone()),
                municipality: Some(one.id.clone()),
                borough: None,
            },
            document: facts::of_location(id_of("location", &key), one.urban, {
                let city = Some(one.name.clone());
                let postal_code = Some(one.postal_area.clone());
                LocationDocument {
                    addresses: vec![Address { address_1: Some(address), city, postal_code, ..Address::default() }],
                    timezone: Some("America/Toronto".to_owned()),
                    ..LocationDocument::default()
                }
            }),
            version: 1,
            retired_at: None,
            replaced_by: None,
        }
    }

    fn service(&self, number: usize, locations: &[Location], rng: &mut ChaCha20Rng) -> Service {
        let key = format!("{}-s{number}", self.key());
        let id = id_of("service", &key);
        let leaf = self.kind.leaves[number % self.kind.leaves.len()];
        let mut categories = vec![leaf.to_owned()];
        let second = pick(self.kind.leaves, rng);
        if second != leaf && rng.gen_bool(0.25) {
            categories.push(second.to_owned());
        }
        let remote = self.kind.remote || rng.gen_bool(0.02);
        let here = if remote { &[][..] } else { locations };
        let capacity = self.capacity(leaf, rng);
        let days_ago = rng.gen_range(1..500);
        Service {
            id,
            origin: origin(&key),
            organization_id: id_of("organization", &self.key()),
            status: if rng.gen_bool(0.02) { ServiceStatus::TemporarilyClosed } else { ServiceStatus::Active },
            name: self.service_name(leaf, number, rng),
            categories,
            served: self.served(remote, rng),
            at_locations: here.iter().map(|place| ServiceAtLocation::plain(id, place.id)).collect(),
            capacity,
            verified_at: Some(self.now.plus(-TimeDelta::days(days_ago))),
            review: Review::default(),
            document: facts::of_service(id, leaf, self.document(leaf, remote, rng)),
            version: 1,
            updated_at: self.now,
            retired_at: None,
            replaced_by: None,
        }
    }

    fn service_name(&self, leaf: &str, number: usize, rng: &mut ChaCha20Rng) -> Text {
        let taxonomy = Taxonomy::embedded();
        let (fr, en) = (taxonomy.label(leaf, Lang::Fr), taxonomy.label(leaf, Lang::En));
        let place = self.told_place();
        match (rng.gen_range(0..5), number) {
            (0, _) => Text::new(&format!("{fr} – {place}"), &format!("{en} – {place}")),
            (1, _) => Text::new(&format!("{fr} pour les familles"), &format!("{en} for families")),
            (2, _) => Text::new(&format!("{fr} de proximité"), &format!("Neighbourhood {}", lower_first(en))),
            _ => Text::new(fr, en),
        }
    }

    fn served(&self, remote: bool, rng: &mut ChaCha20Rng) -> Vec<String> {
        let one = self.municipality;
        let id = match rng.gen_range(0..100) {
            _ if remote => return Vec::new(),
            0..=34 => &one.id,
            35..=84 => &one.mrc,
            85..=94 => &one.region,
            _ => return Vec::new(),
        };
        vec![id.clone()]
    }

    /// Where the pilot found gaps there is less room, and longer waits.
    fn capacity(&self, leaf: &str, rng: &mut ChaCha20Rng) -> Capacity {
        if !rng.gen_bool(0.6) {
            return Capacity::default();
        }
        let tight = ["childcare/", "housing/", "transport/", "child-development/", "mental-health/counselling"];
        let full = rng.gen_bool(if tight.iter().any(|prefix| leaf.starts_with(prefix)) { 0.7 } else { 0.2 });
        let observed_at = Some(self.now.plus(-TimeDelta::days(rng.gen_range(1..90))));
        if full {
            let waiting_list_length = Some(rng.gen_range(3..90));
            let wait_days = Some(rng.gen_range(14..400));
            let places_available = Some(0);
            return Capacity { places_available, waiting_list_length, wait_days, observed_at, ..Capacity::default() };
        }
        Capacity { places_available: Some(rng.gen_range(1..15)), observed_at, ..Capacity::default() }
    }

    fn document(&self, leaf: &str, remote: bool, rng: &mut ChaCha20Rng) -> ServiceDocument {
        let definition = Taxonomy::embedded().get(leaf).map(|term| term.definition.clone()).unwrap_or_default();
        let (whom, extra) = (pick(&FOR_WHOM, rng), pick(&EXTRA, rng));
        let place = self.told_place();
        let describe = |lang, whom: &str, where_: &str, extra: &str| {
            format!("{} {where_} {whom} {extra}", definition.get(lang)).trim_end().to_owned()
        };
        let fr = describe(Lang::Fr, whom.0, &format!("Service offert à {place}."), extra.0);
        let en = describe(Lang::En, whom.1, &format!("Offered in {place}."), extra.1);
        let ages = leaf_ages(leaf);
        let mut languages = vec!["fr"];
        if rng.gen_bool(0.45) {
            languages.push("en");
        }
        if rng.gen_bool(0.12) {
            languages.push(["es", "ar", "uk", "zh", "ht"].choose(rng).copied().unwrap_or("es"));
        }
        let hours = if self.kind.remote || self.kind.hidden { ALWAYS } else { pick(&HOURS, rng) };
        let home = rng.gen_bool(0.08) || leaf.starts_with("transport/");
        ServiceDocument {
            description: Text::new(&fr, &en),
            application_process: pair(pick(&HOW, rng)),
            referral_process: Text::new("Envoyer une référence par relais.", "Send a referral through relais."),
            eligibility_description: pair(whom),
            fees_description: pair(pick(&FEES, rng)),
            minimum_age_months: ages.map(|ages| ages.0),
            maximum_age_months: ages.map(|ages| ages.1),
            phones: vec![phone(rng)],
            schedules: hours.iter().map(schedule).collect(),
            languages: languages.into_iter().map(language).collect(),
            delivery: vec![match (remote, home) {
                (true, _) => Delivery::Remote,
                (false, true) => Delivery::AtHome,
                (false, false) => Delivery::InPerson,
            }],
            ..ServiceDocument::default()
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
