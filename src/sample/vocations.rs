//! What kinds of organisations there are, and the needs that each answers (codes of `index/taxonomy/`).

pub struct Kind {
    pub name: (&'static str, &'static str),
    pub leaves: &'static [&'static str],
    /// Its address is hidden: a shelter.
    pub hidden: bool,
    /// It has no place: a telephone line.
    pub remote: bool,
}

const fn kind(fr: &'static str, en: &'static str, leaves: &'static [&'static str]) -> Kind {
    Kind { name: (fr, en), leaves, hidden: false, remote: false }
}

/// The first is the family house, which employs the workers of the network.
pub const KINDS: [Kind; 19] = [
    kind(
        "Maison de la famille",
        "Family House",
        &[
            "parenting/family-centre",
            "childcare/drop-in",
            "parenting/workshop",
            "material-aid/baby-supplies",
            "parenting/fathers",
            "social-isolation/activities",
            "respite/family-respite",
        ],
    ),
    kind(
        "Comptoir alimentaire",
        "Food Counter",
        &[
            "food/food-bank",
            "food/community-kitchen",
            "food/community-grocery",
            "food/community-meal",
            "food/meal-delivery",
        ],
    ),
    kind(
        "CPE",
        "Childcare Centre",
        &["childcare/daycare", "child-development/stimulation", "childcare/place-application"],
    ),
    kind(
        "Entraide",
        "Mutual Aid",
        &[
            "material-aid/clothing",
            "material-aid/furniture",
            "income/emergency-money",
            "income/tax-clinic",
            "material-aid/school-supplies",
        ],
    ),
    kind(
        "Carrefour",
        "Crossroads",
        &[
            "social-isolation/activities",
            "food/community-meal",
            "income/budget",
            "material-aid/internet-device",
            "social-isolation/volunteering",
        ],
    ),
    kind(
        "Ressource périnatale",
        "Perinatal Resource",
        &[
            "perinatal/postnatal-support",
            "perinatal/breastfeeding",
            "perinatal/pregnancy-follow-up",
            "perinatal/bereavement",
        ],
    ),
    kind(
        "Transport collectif",
        "Community Transport",
        &["transport/accompanied-ride", "transport/transit-fare", "transport/adapted", "transport/car"],
    ),
    Kind {
        hidden: true,
        ..kind(
            "Maison d’hébergement",
            "Shelter",
            &["safety-violence/shelter", "safety-violence/domestic-violence", "housing/emergency-shelter"],
        )
    },
    kind(
        "Clinique communautaire",
        "Community Clinic",
        &[
            "health/primary-care",
            "health/vaccination",
            "health/dental-vision",
            "health/sexual-health",
            "mental-health/counselling",
        ],
    ),
    kind(
        "Comité logement",
        "Housing Committee",
        &[
            "housing/tenant-rights",
            "housing/rent-help",
            "housing/social-housing",
            "housing/home-adaptation",
            "housing/transitional-housing",
        ],
    ),
    kind(
        "Centre d’emploi",
        "Employment Centre",
        &["employment/job-search", "employment/training", "education/adult-education", "employment/worker-rights"],
    ),
    kind(
        "Accueil des nouveaux arrivants",
        "Newcomer Welcome",
        &["immigration/settlement", "immigration/french-class", "immigration/interpreter", "immigration/status"],
    ),
    kind(
        "Centre de stimulation",
        "Early Learning Centre",
        &[
            "child-development/screening",
            "child-development/speech-therapy",
            "child-development/school-readiness",
            "child-development/stimulation",
        ],
    ),
    kind(
        "Clinique juridique",
        "Legal Clinic",
        &["legal/legal-aid", "legal/youth-protection", "legal/paperwork", "parenting/separation"],
    ),
    kind(
        "Association pour personnes handicapées",
        "Disability Association",
        &[
            "disability/child-disability",
            "respite/special-needs-respite",
            "disability/daily-support",
            "disability/equipment-benefits",
            "respite/caregiver-support",
        ],
    ),
    kind(
        "Maison de jeunes et d’entraide scolaire",
        "Youth and Homework House",
        &["education/homework-help", "childcare/school-age", "education/literacy"],
    ),
    kind(
        "Centre d’entraide en santé mentale",
        "Mental Health Peer Centre",
        &[
            "mental-health/peer-group",
            "mental-health/crisis",
            "mental-health/counselling",
            "addiction/support-group",
            "addiction/treatment",
        ],
    ),
    kind(
        "Centre de femmes",
        "Women’s Centre",
        &[
            "safety-violence/domestic-violence",
            "safety-violence/sexual-assault",
            "social-isolation/friendly-visits",
            "income/benefits",
            "safety-violence/change-violent-behaviour",
        ],
    ),
    Kind {
        remote: true,
        ..kind(
            "Ligne d’écoute",
            "Helpline",
            &[
                "mental-health/crisis",
                "parenting/workshop",
                "addiction/support-group",
                "safety-violence/domestic-violence",
            ],
        )
    },
];

/// The ages in months that a need is about, both ends included.
pub fn leaf_ages(leaf: &str) -> Option<(u32, u32)> {
    match leaf {
        "childcare/daycare" | "childcare/place-application" => Some((0, 59)),
        "childcare/drop-in" => Some((3, 71)),
        "childcare/school-age" => Some((60, 155)),
        "child-development/school-readiness" => Some((36, 71)),
        "perinatal/breastfeeding" => Some((0, 24)),
        "perinatal/postnatal-support" | "perinatal/pregnancy-follow-up" => Some((0, 12)),
        "material-aid/baby-supplies" => Some((0, 35)),
        "education/homework-help" | "material-aid/school-supplies" => Some((60, 215)),
        _ if leaf.starts_with("child-development/") => Some((0, 83)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::taxonomy::Taxonomy;

    #[test]
    fn every_code_is_known_and_every_field_is_answered() {
        let taxonomy = Taxonomy::embedded();
        let mut fields: HashSet<&str> = HashSet::new();
        for leaf in KINDS.iter().flat_map(|kind| kind.leaves) {
            assert!(taxonomy.get(leaf).is_some(), "{leaf}");
            fields.extend(leaf.split('/').next());
        }
        assert_eq!(fields.len(), taxonomy.top_levels().count());
    }
}
