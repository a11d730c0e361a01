//! Twenty fictitious services of eleven organisations, written by hand: small enough to reason about in a test, and
//! with one of each case that matters (a hidden shelter, a line without a place, a service that is full, an
//! organisation without an account, a territory served that is not where the place is).

use chrono::NaiveDate;

use super::accounts::{DemoAccount, of_each_role};
use super::{Directory, id_of, origin};
use crate::clock::Time;
use crate::domain::directory::{
    Address, Capacity, Delivery, Language, LocatedIn, Location, LocationDocument, Organization, OrganizationDocument,
    Phone, Placement, Point, Schedule, Service, ServiceAtLocation, ServiceDocument, ServiceStatus, Visibility,
};
use crate::domain::freshness::Review;
use crate::domain::language::Text;
use crate::id::Id;

/// Key, French name, English name (empty: the same), referral address, whether it employs enrolled workers.
type OrganizationSpec = (&'static str, &'static str, &'static str, Option<&'static str>, bool);

const ORGANIZATIONS: [OrganizationSpec; 11] = [
    ("network", "Réseau relais (démonstration)", "Relais network (demonstration)", None, false),
    ("famille", "Maison de la famille des Trois-Érables", "Three Maples Family House", None, true),
    ("comptoir", "Comptoir alimentaire du Grand-Pont", "Great Bridge Food Counter", None, false),
    (
        "cpe",
        "CPE Les Petites Pousses",
        "Little Sprouts Childcare Centre",
        Some("admission@petites-pousses.example"),
        false,
    ),
    (
        "transport",
        "Transport d’entraide Champlain-Sud",
        "Champlain South Rides",
        Some("rides@champlain-sud.example"),
        false,
    ),
    ("abri", "Maison L’Éclaircie", "Clearing House", Some("accueil@eclaircie.example"), false),
    ("carrefour", "Carrefour des familles du Faubourg", "Faubourg Family Crossroads", None, true),
    ("perinatal", "Ressource périnatale La Cigogne", "The Stork Perinatal Resource", None, false),
    ("limoilou", "Entraide Basse-Ville", "Lower Town Mutual Aid", Some("info@entraide-basse-ville.example"), false),
    ("saguenay", "Le Fil du Fjord", "The Fjord Thread", Some("bonjour@fil-du-fjord.example"), true),
    ("ligne", "Ligne Parents Nuit et Jour", "Parents Line Night and Day", None, false),
];

struct Place {
    key: &'static str,
    organization: &'static str,
    address: &'static str,
    city: &'static str,
    postal_code: &'static str,
    lat: f64,
    lon: f64,
    region: &'static str,
    mrc: &'static str,
    municipality: &'static str,
    visibility: Visibility,
}

const fn place(
    key: &'static str,
    organization: &'static str,
    address: &'static str,
    city: &'static str,
    postal_code: &'static str,
    point: (f64, f64),
    within: [&'static str; 3],
) -> Place {
    let [region, mrc, municipality] = within;
    let visibility = Visibility::Public;
    Place {
        key,
        organization,
        address,
        city,
        postal_code,
        lat: point.0,
        lon: point.1,
        region,
        mrc,
        municipality,
        visibility,
    }
}

const LONGUEUIL: [&str; 3] = ["region:16", "mrc:58", "municipality:58227"];
const BROSSARD: [&str; 3] = ["region:16", "mrc:58", "municipality:58007"];
const MONTREAL: [&str; 3] = ["region:06", "mrc:66", "municipality:66023"];
const QUEBEC: [&str; 3] = ["region:03", "mrc:23", "municipality:23027"];
const SAGUENAY: [&str; 3] = ["region:02", "mrc:941", "municipality:94068"];

/// Only the first three characters of a postal code: the rest would name a street that exists.
const PLACES: [Place; 9] = [
    place("erables", "famille", "100, rue Inventée", "Longueuil", "J4K", (45.5312, -73.5135), LONGUEUIL),
    place("grand-pont", "comptoir", "22, rue du Grand-Pont", "Longueuil", "J4H", (45.5369, -73.5061), LONGUEUIL),
    place("pousses", "cpe", "7, rue des Pousses", "Longueuil", "J4L", (45.5264, -73.4694), LONGUEUIL),
    place("champlain", "transport", "1500, boulevard Imaginaire", "Brossard", "J4W", (45.4668, -73.4649), BROSSARD),
    Place {
        visibility: Visibility::RegionOnly,
        ..place("eclaircie", "abri", "3, rue Secrète", "Longueuil", "J4J", (45.5241, -73.4921), LONGUEUIL)
    },
    place("faubourg", "carrefour", "800, rue du Faubourg", "Montréal", "H2L", (45.5193, -73.5583), MONTREAL),
    place("cigogne", "perinatal", "45, avenue de la Cigogne", "Québec", "G1L", (46.8317, -71.2243), QUEBEC),
    place("basse-ville", "limoilou", "210, 3e Rue Fictive", "Québec", "G1L", (46.8263, -71.2231), QUEBEC),
    place("fjord", "saguenay", "12, rue du Fjord", "Saguenay", "G7H", (48.4281, -71.0585), SAGUENAY),
];

/// One service, told in a few words. `places`: keys of [`PLACES`]; `hours`: weekdays, opening, closing.
struct Spec {
    key: &'static str,
    organization: &'static str,
    name: (&'static str, &'static str),
    description: (&'static str, &'static str),
    categories: &'static [&'static str],
    served: &'static [&'static str],
    places: &'static [&'static str],
    hours: &'static [(&'static str, &'static str, &'static str)],
    /// In months, both ends included.
    ages: Option<(u32, u32)>,
    /// Places available, people waiting, days of wait.
    room: (Option<i32>, Option<i32>, Option<i32>),
    delivery: Delivery,
    languages: &'static [&'static str],
}

const WEEK: &[(&str, &str, &str)] = &[("MO,TU,WE,TH,FR", "09:00", "16:30")];
const FULL_WEEK: &[(&str, &str, &str)] = &[("MO,TU,WE,TH,FR", "07:00", "18:00")];
const ALWAYS: &[(&str, &str, &str)] = &[("MO,TU,WE,TH,FR,SA,SU", "00:00", "00:00")];

const BLANK: Spec = Spec {
    key: "",
    organization: "",
    name: ("", ""),
    description: ("", ""),
    categories: &[],
    served: &[],
    places: &[],
    hours: WEEK,
    ages: None,
    room: (None, None, None),
    delivery: Delivery::InPerson,
    languages: &["fr"],
};

const SERVICES: [Spec; 20] = [
    Spec {
        key: "panier",
        organization: "comptoir",
        name: ("Dépannage alimentaire", "Food bank"),
        description: (
            "Panier de denrées remis le mardi et le jeudi aux familles qui manquent de nourriture.",
            "Food basket given on Tuesdays and Thursdays to families short of food.",
        ),
        categories: &["food/food-bank"],
        served: &["municipality:58227"],
        places: &["grand-pont"],
        hours: &[("TU,TH", "13:00", "16:00")],
        room: (Some(12), None, None),
        ..BLANK
    },
    Spec {
        key: "cuisine",
        organization: "comptoir",
        name: ("Cuisine collective des parents", "Parents’ community kitchen"),
        description: (
            "On planifie, on cuisine ensemble et chacun rapporte ses plats. Halte-garderie sur place.",
            "Plan and cook together, take the meals home. Drop-in childcare on site.",
        ),
        categories: &["food/community-kitchen", "social-isolation/activities"],
        served: &["mrc:58"],
        places: &["grand-pont"],
        hours: &[("WE", "09:30", "14:00")],
        room: (Some(4), None, None),
        ..BLANK
    },
    Spec {
        key: "epicerie",
        organization: "comptoir",
        name: ("Épicerie solidaire", "Solidarity grocery"),
        description: (
            "Épicerie à bas prix ouverte à tous, tarif selon le revenu.",
            "Low-cost grocery open to all, prices by income.",
        ),
        categories: &["food/community-grocery"],
        served: &["mrc:58"],
        places: &["grand-pont", "champlain"],
        hours: &[("FR,SA", "10:00", "17:00")],
        ..BLANK
    },
    Spec {
        key: "garderie",
        organization: "cpe",
        name: ("Places en garderie 0-5 ans", "Daycare places 0-5"),
        description: (
            "Centre de la petite enfance à contribution réduite, poupons acceptés.",
            "Reduced-contribution early childhood centre, infants welcome.",
        ),
        categories: &["childcare/daycare"],
        served: &["mrc:58"],
        places: &["pousses"],
        hours: FULL_WEEK,
        ages: Some((0, 59)),
        room: (Some(0), Some(64), Some(210)),
        languages: &["fr", "en"],
        ..BLANK
    },
    Spec {
        key: "halte",
        organization: "famille",
        name: ("Halte-garderie des Érables", "Maples drop-in childcare"),
        description: (
            "Quelques heures de répit pour les parents, sur réservation la veille.",
            "A few hours of respite for parents, booked the day before.",
        ),
        categories: &["childcare/drop-in", "respite/family-respite"],
        served: &["municipality:58227"],
        places: &["erables"],
        hours: &[("MO,WE,FR", "08:30", "16:00")],
        ages: Some((3, 71)),
        room: (Some(3), None, None),
        ..BLANK
    },
    Spec {
        key: "maison",
        organization: "famille",
        name: ("Milieu de vie familial", "Family drop-in centre"),
        description: (
            "Un lieu pour jouer, jaser et rencontrer d’autres parents, sans inscription.",
            "A place to play, talk and meet other parents, no registration.",
        ),
        categories: &["parenting/family-centre", "social-isolation/activities"],
        served: &["mrc:58"],
        places: &["erables"],
        ages: Some((0, 215)),
        languages: &["fr", "en", "es"],
        ..BLANK
    },
    Spec {
        key: "peres",
        organization: "famille",
        name: ("Samedis des pères", "Fathers’ Saturdays"),
        description: (
            "Activités entre pères et enfants un samedi sur deux.",
            "Activities for fathers and children every other Saturday.",
        ),
        categories: &["parenting/fathers"],
        served: &["mrc:58"],
        places: &["erables"],
        hours: &[("SA", "09:00", "12:00")],
        ages: Some((0, 143)),
        room: (Some(8), None, None),
        ..BLANK
    },
    Spec {
        key: "bebe",
        organization: "famille",
        name: ("Comptoir du bébé", "Baby counter"),
        description: (
            "Couches, vêtements et lits de bébé donnés ou prêtés.",
            "Diapers, clothes and cribs given or lent.",
        ),
        categories: &["material-aid/baby-supplies", "material-aid/clothing"],
        served: &["mrc:58"],
        places: &["erables"],
        hours: &[("TU", "13:00", "19:00")],
        ages: Some((0, 35)),
        ..BLANK
    },
    Spec {
        key: "navette",
        organization: "transport",
        name: ("Transport-accompagnement des familles", "Accompanied rides for families"),
        description: (
            "Bénévoles qui conduisent parents et enfants à un rendez-vous, sièges d’auto fournis.",
            "Volunteers drive parents and children to appointments, car seats provided.",
        ),
        categories: &["transport/accompanied-ride"],
        served: &["mrc:58", "mrc:59", "mrc:57"],
        places: &["champlain"],
        room: (Some(2), Some(5), Some(9)),
        delivery: Delivery::AtHome,
        ..BLANK
    },
    Spec {
        key: "billets",
        organization: "transport",
        name: ("Billets d’autobus solidaires", "Solidarity bus tickets"),
        description: ("Titres de transport pour un rendez-vous.", "Transit tickets for an appointment."),
        categories: &["transport/transit-fare"],
        served: &["mrc:58"],
        places: &["champlain"],
        ..BLANK
    },
    Spec {
        key: "abri",
        organization: "abri",
        name: ("Hébergement pour femmes et enfants", "Shelter for women and children"),
        description: (
            "Hébergement sécuritaire et confidentiel, accueil jour et nuit par téléphone.",
            "Safe and confidential shelter, admission day and night by phone.",
        ),
        categories: &["safety-violence/shelter", "housing/emergency-shelter"],
        served: &["region:16"],
        places: &["eclaircie"],
        hours: ALWAYS,
        room: (Some(1), None, None),
        languages: &["fr", "en"],
        ..BLANK
    },
    Spec {
        key: "ecoute",
        organization: "ligne",
        name: ("Écoute téléphonique aux parents", "Telephone support for parents"),
        description: (
            "Une personne intervenante répond à toute heure, par téléphone ou clavardage.",
            "A counsellor answers at any hour, by phone or chat.",
        ),
        categories: &["mental-health/crisis", "parenting/workshop"],
        hours: ALWAYS,
        delivery: Delivery::Remote,
        languages: &["fr", "en", "ar"],
        ..BLANK
    },
    Spec {
        key: "repas",
        organization: "carrefour",
        name: ("Repas du midi en famille", "Family lunch"),
        description: (
            "Repas chaud à petit prix servi chaque midi de semaine.",
            "Hot low-cost meal served every weekday at noon.",
        ),
        categories: &["food/community-meal"],
        served: &["municipality:66023"],
        places: &["faubourg"],
        hours: &[("MO,TU,WE,TH,FR", "11:30", "13:30")],
        ..BLANK
    },
    Spec {
        key: "francais",
        organization: "carrefour",
        name: ("Français entre parents", "French among parents"),
        description: (
            "Cours de français pour nouveaux arrivants avec garde d’enfants.",
            "French classes for newcomers with childcare.",
        ),
        categories: &["immigration/french-class", "immigration/settlement"],
        served: &["mrc:66"],
        places: &["faubourg"],
        room: (Some(0), Some(18), Some(45)),
        languages: &["fr", "en", "es", "ar"],
        ..BLANK
    },
    Spec {
        key: "bail",
        organization: "carrefour",
        name: ("Droits des locataires", "Tenants’ rights"),
        description: (
            "Aide à lire un bail, répondre à un avis d’éviction ou à une hausse de loyer.",
            "Help with a lease, an eviction notice or a rent increase.",
        ),
        categories: &["housing/tenant-rights", "housing/rent-help"],
        served: &["mrc:66"],
        places: &["faubourg"],
        languages: &["fr", "en"],
        ..BLANK
    },
    Spec {
        key: "allaitement",
        organization: "perinatal",
        name: ("Soutien à l’allaitement", "Breastfeeding support"),
        description: (
            "Marraines d’allaitement à domicile ou au téléphone, prêt de tire-lait.",
            "Breastfeeding mentors at home or by phone, breast pumps lent.",
        ),
        categories: &["perinatal/breastfeeding"],
        served: &["region:03"],
        places: &["cigogne"],
        ages: Some((0, 24)),
        delivery: Delivery::AtHome,
        ..BLANK
    },
    Spec {
        key: "relevailles",
        organization: "perinatal",
        name: ("Relevailles à la maison", "Postnatal home help"),
        description: (
            "Une accompagnante aide à la maison dans les semaines qui suivent la naissance.",
            "A helper comes home in the weeks after a birth.",
        ),
        categories: &["perinatal/postnatal-support"],
        served: &["mrc:23", "mrc:22"],
        places: &["cigogne"],
        ages: Some((0, 12)),
        room: (Some(1), Some(3), Some(14)),
        delivery: Delivery::AtHome,
        languages: &["fr", "en"],
        ..BLANK
    },
    Spec {
        key: "impots",
        organization: "limoilou",
        name: ("Clinique d’impôts gratuite", "Free tax clinic"),
        description: (
            "Déclarations de revenus faites par des bénévoles, toute l’année.",
            "Tax returns prepared by volunteers, all year long.",
        ),
        categories: &["income/tax-clinic", "income/benefits"],
        served: &["municipality:23027"],
        places: &["basse-ville"],
        ..BLANK
    },
    Spec {
        key: "friperie",
        organization: "saguenay",
        name: ("Friperie du Fjord", "Fjord thrift shop"),
        description: (
            "Vêtements et meubles usagés à très petit prix.",
            "Second-hand clothes and furniture at very low prices.",
        ),
        categories: &["material-aid/clothing", "material-aid/furniture"],
        served: &["region:02"],
        places: &["fjord"],
        hours: &[("TH,FR", "10:00", "20:00"), ("SA", "10:00", "16:00")],
        ..BLANK
    },
    Spec {
        key: "repit",
        organization: "saguenay",
        name: ("Répit du samedi, enfants à besoins particuliers", "Saturday respite, special-needs children"),
        description: (
            "Une journée de répit pour les familles d’un enfant handicapé.",
            "A day of respite for families of a child with a disability.",
        ),
        categories: &["respite/special-needs-respite", "disability/child-disability"],
        served: &["municipality:94068"],
        places: &["fjord"],
        hours: &[("SA", "09:00", "17:00")],
        ages: Some((24, 215)),
        room: (Some(0), Some(11), Some(120)),
        ..BLANK
    },
];

/// The id of one of the organisations, by its key (`comptoir`).
pub fn organization_id(key: &str) -> Id {
    id_of("organization", key)
}
/// The id of one of the services, by its key (`panier`).
pub fn service_id(key: &str) -> Id {
    id_of("service", key)
}
/// The id of one of the places, by its key (`grand-pont`).
pub fn location_id(key: &str) -> Id {
    id_of("location", key)
}

/// The worker is of the family house, the partner of the food counter; the three others are of the network.
pub fn accounts() -> Vec<DemoAccount> {
    of_each_role(organization_id("famille"), organization_id("comptoir"), organization_id("network"))
}

pub fn directory(now: Time) -> Directory {
    Directory {
        organizations: ORGANIZATIONS.iter().enumerate().map(|(index, spec)| organization(index, spec, now)).collect(),
        locations: PLACES.iter().map(location).collect(),
        services: SERVICES.iter().enumerate().map(|(index, spec)| service(index, spec, now)).collect(),
    }
}

fn phone(number: usize) -> Phone {
    Phone { number: format!("+1-450-555-{:04}", 100 + number % 100), ..Phone::default() }
}

fn organization(index: usize, spec: &OrganizationSpec, now: Time) -> Organization {
    let &(key, name_fr, name_en, address, enrolled) = spec;
    Organization {
        id: organization_id(key),
        origin: origin(key),
        name: Text::new(name_fr, name_en),
        referral_address: address.map(str::to_owned),
        enrolled_on: enrolled.then(|| NaiveDate::from_ymd_opt(2024, 1, 1)).flatten(),
        document: OrganizationDocument {
            description: Text::new("Organisme fictif de démonstration.", "Fictitious demonstration organisation."),
            email: Some(format!("info@{key}.example")),
            website: Some(format!("https://{key}.example")),
            phones: vec![phone(index)],
            ..OrganizationDocument::default()
        },
        version: 1,
        updated_at: now,
        retired_at: None,
        replaced_by: None,
    }
}

fn location(spec: &Place) -> Location {
    Location {
        id: location_id(spec.key),
        origin: origin(spec.key),
        organization_id: Some(organization_id(spec.organization)),
        name: Text::fr(spec.address),
        point: Point::new(spec.lat, spec.lon),
        placement: Placement::Exact,
        visibility: spec.visibility,
        territories: LocatedIn {
            region: Some(spec.region.to_owned()),
            mrc: Some(spec.mrc.to_owned()),
            municipality: Some(spec.municipality.to_owned()),
            borough: None,
        },
        document: LocationDocument {
            addresses: vec![Address {
                address_1: Some(spec.address.to_owned()),
                city: Some(spec.city.to_owned()),
                postal_code: Some(spec.postal_code.to_owned()),
                ..Address::default()
            }],
            timezone: Some("America/Toronto".to_owned()),
            ..LocationDocument::default()
        },
        version: 1,
        retired_at: None,
        replaced_by: None,
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

fn service(index: usize, spec: &Spec, now: Time) -> Service {
    let id = service_id(spec.key);
    let (places_available, waiting_list_length, wait_days) = spec.room;
    let is_said = places_available.is_some() || waiting_list_length.is_some() || wait_days.is_some();
    Service {
        id,
        origin: origin(spec.key),
        organization_id: organization_id(spec.organization),
        status: ServiceStatus::Active,
        name: Text::new(spec.name.0, spec.name.1),
        categories: owned(spec.categories),
        served: owned(spec.served),
        at_locations: spec.places.iter().map(|key| ServiceAtLocation::plain(id, location_id(key))).collect(),
        capacity: Capacity {
            places_available,
            waiting_list_length,
            wait_days,
            observed_at: is_said.then_some(now),
            ..Capacity::default()
        },
        verified_at: Some(now),
        review: Review::default(),
        document: document(index, spec),
        version: 1,
        updated_at: now,
        retired_at: None,
        replaced_by: None,
    }
}

fn document(index: usize, spec: &Spec) -> ServiceDocument {
    ServiceDocument {
        description: Text::new(spec.description.0, spec.description.1),
        application_process: Text::new("Appeler ou se présenter.", "Call or come in."),
        fees_description: Text::new("Gratuit ou à petit prix.", "Free or low cost."),
        minimum_age_months: spec.ages.map(|ages| ages.0),
        maximum_age_months: spec.ages.map(|ages| ages.1),
        phones: vec![phone(20 + index)],
        schedules: spec.hours.iter().map(schedule).collect(),
        languages: spec.languages.iter().map(|&code| language(code)).collect(),
        delivery: vec![spec.delivery],
        ..ServiceDocument::default()
    }
}

pub(super) fn schedule(&(byday, opens_at, closes_at): &(&str, &str, &str)) -> Schedule {
    Schedule {
        freq: Some("WEEKLY".to_owned()),
        byday: Some(byday.to_owned()),
        opens_at: Some(opens_at.to_owned()),
        closes_at: Some(closes_at.to_owned()),
        ..Schedule::default()
    }
}

pub(super) fn language(code: &str) -> Language {
    Language { code: Some(code.to_owned()), ..Language::default() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn twenty_services_that_hang_together() {
        let directory = directory(Time::from_micros(0));
        assert_eq!(directory.services.len(), 20);
        let organizations: HashSet<Id> = directory.organizations.iter().map(|one| one.id).collect();
        let locations: HashSet<Id> = directory.locations.iter().map(|one| one.id).collect();
        assert!(
            directory.locations.iter().all(|one| one.organization_id.is_some_and(|id| organizations.contains(&id)))
        );
        for service in &directory.services {
            assert!(organizations.contains(&service.organization_id), "{}", service.origin.key);
            assert!(service.at_locations.iter().all(|link| locations.contains(&link.location_id)));
            assert!(!service.categories.is_empty());
        }
        let ids: HashSet<Id> = directory.services.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), 20);
    }
}
