//! The words of the reports as people read them.

use crate::domain::language::Lang;

/// A code of a figure, its group, an area or a word of a list: code, French, English.
const LABELS: [(&str, &str, &str); 64] = [
    ("families_accompanied", "Familles accompagnées", "Families accompanied"),
    ("isolated_families", "Familles isolées", "Isolated families"),
    (
        "isolated_families_with_child_under_five",
        "Familles isolées avec un enfant de moins de cinq ans",
        "Isolated families with a child under five",
    ),
    ("families_with_children", "Familles avec enfants", "Families with children"),
    ("children", "Enfants rejoints", "Children reached"),
    (
        "children_five_or_less",
        "Enfants de cinq ans ou moins (à naître compris)",
        "Children five or less (unborn included)",
    ),
    ("referrals", "Références", "Referrals"),
    ("families_with_referral", "Familles référées", "Families with a referral"),
    (
        "receiving_organizations_median",
        "Médiane d’organismes receveurs distincts par famille",
        "Median distinct receiving organisations a family",
    ),
    (
        "families_with_receiving_organization",
        "Familles référées à un organisme",
        "Families with a receiving organisation",
    ),
    ("receiving_organizations", "Organismes receveurs", "Receiving organisations"),
    (
        "need_categories_mean",
        "Moyenne de catégories de besoins distinctes par famille",
        "Mean distinct need categories a family",
    ),
    ("families_with_need", "Familles avec un besoin", "Families with a need"),
    ("single_parent_families", "Familles monoparentales", "Single-parent families"),
    ("families_with_father_figure", "Familles avec une figure paternelle", "Families with a father figure"),
    ("vulnerability", "Facteur de vulnérabilité", "Vulnerability factor"),
    ("origin_of_contact", "Origine du contact", "Origin of contact"),
    ("activities", "Activités", "Activities"),
    ("organizations_reporting", "Organismes porteurs qui rapportent", "Carrying organisations reporting"),
    ("organizations_enrolled", "Organismes porteurs inscrits", "Carrying organisations enrolled"),
    ("urban", "Urbain", "Urban"),
    ("rural", "Rural", "Rural"),
    ("unknown", "Inconnu", "Unknown"),
    ("network", "Réseau", "Network"),
    ("all", "Toutes", "All"),
    ("no_category", "Aucune catégorie demandée", "No category asked"),
    ("all_searches", "Toutes les recherches", "All searches"),
    ("economic", "Économique", "Economic"),
    ("weak_support_network", "Faible réseau de soutien", "Weak support network"),
    ("immigration", "Immigration", "Immigration"),
    ("domestic_violence", "Violence conjugale", "Domestic violence"),
    ("social_media", "Réseaux sociaux", "Social media"),
    ("park", "Parc", "Park"),
    ("community_activity", "Activité communautaire", "Community activity"),
    ("partner", "Partenaire", "Partner"),
    ("door_to_door", "Porte-à-porte", "Door to door"),
    ("word_of_mouth", "Bouche à oreille", "Word of mouth"),
    ("other", "Autre", "Other"),
    ("outreach", "Démarchage", "Outreach"),
    ("accompaniment", "Accompagnement", "Accompaniment"),
    ("networking", "Réseautage", "Networking"),
    ("coordination", "Coordination", "Coordination"),
    ("region:01", "Bas-Saint-Laurent", "Bas-Saint-Laurent"),
    ("region:02", "Saguenay–Lac-Saint-Jean", "Saguenay–Lac-Saint-Jean"),
    ("region:03", "Capitale-Nationale", "Capitale-Nationale"),
    ("region:04", "Mauricie", "Mauricie"),
    ("region:05", "Estrie", "Estrie"),
    ("region:06", "Montréal", "Montréal"),
    ("region:07", "Outaouais", "Outaouais"),
    ("region:08", "Abitibi-Témiscamingue", "Abitibi-Témiscamingue"),
    ("region:09", "Côte-Nord", "Côte-Nord"),
    ("region:10", "Nord-du-Québec", "Nord-du-Québec"),
    ("region:11", "Gaspésie–Îles-de-la-Madeleine", "Gaspésie–Îles-de-la-Madeleine"),
    ("region:12", "Chaudière-Appalaches", "Chaudière-Appalaches"),
    ("region:13", "Laval", "Laval"),
    ("region:14", "Lanaudière", "Lanaudière"),
    ("region:15", "Laurentides", "Laurentides"),
    ("region:16", "Montérégie", "Montérégie"),
    ("region:17", "Centre-du-Québec", "Centre-du-Québec"),
    ("met", "Comblés", "Met"),
    ("partly_met", "Comblés en partie", "Partly met"),
    ("unmet", "Non comblés", "Unmet"),
    ("open", "Ouverts", "Open"),
    ("no_longer_needed", "N’est plus nécessaire", "No longer needed"),
];

/// The label of a code; the code itself where it has none.
pub fn label(code: &str, lang: Lang) -> &str {
    let found = LABELS.iter().find(|(one, ..)| *one == code);
    found.map_or(code, |(_, fr, en)| pick(lang, fr, en))
}

fn pick<'a>(lang: Lang, fr: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Fr => fr,
        Lang::En => en,
    }
}

/// What a spreadsheet shows where a figure is hidden.
pub fn hidden(lang: Lang) -> &'static str {
    pick(lang, "masqué", "hidden")
}

pub fn portrait_headings(lang: Lang) -> Vec<String> {
    let fr = [
        "code",
        "indicateur",
        "milieu",
        "détail",
        "valeur",
        "dénominateur",
        "nombre au dénominateur",
        "inconnus",
        "part",
    ];
    let en = ["code", "figure", "area", "detail", "value", "denominator", "denominator count", "unknown", "share"];
    headings(lang, &fr, &en)
}

pub fn unmet_headings(lang: Lang) -> Vec<String> {
    let fr = [
        "région",
        "nom de la région",
        "catégorie",
        "nom de la catégorie",
        "besoins notés",
        "familles distinctes",
        "comblés",
        "comblés en partie",
        "non comblés",
        "ouverts",
        "n’est plus nécessaire",
        "familles avec un besoin non comblé",
    ];
    let en = [
        "region",
        "region name",
        "category",
        "category name",
        "needs recorded",
        "distinct families",
        "met",
        "partly met",
        "unmet",
        "open",
        "no longer needed",
        "families with an unmet need",
    ];
    headings(lang, &fr, &en)
}

pub fn demand_headings(lang: Lang) -> Vec<String> {
    let fr = ["clé", "nom", "recherches", "sans résultat", "part sans résultat"];
    let en = ["key", "name", "searches", "without a result", "share without a result"];
    headings(lang, &fr, &en)
}

pub fn reason_heading(reason: &str, lang: Lang) -> String {
    format!("{}: {reason}", pick(lang, "raison", "reason"))
}

fn headings(lang: Lang, fr: &[&str], en: &[&str]) -> Vec<String> {
    let words = match lang {
        Lang::Fr => fr,
        Lang::En => en,
    };
    words.iter().map(|&word| word.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_report_has_two_labels() {
        use crate::domain::family::{ActivityKind, Factor, Origin};
        let words = Origin::ALL.iter().map(|one| one.as_str()).chain(Factor::ALL.iter().map(|one| one.as_str()));
        for word in words.chain(ActivityKind::ALL.iter().map(|one| one.as_str())) {
            assert!(LABELS.iter().any(|(code, ..)| *code == word), "{word}");
        }
        assert!(LABELS.iter().all(|(_, fr, en)| !fr.is_empty() && !en.is_empty()));
        assert_eq!(portrait_headings(Lang::Fr).len(), portrait_headings(Lang::En).len());
        assert_eq!(unmet_headings(Lang::Fr).len(), unmet_headings(Lang::En).len());
        assert_eq!(demand_headings(Lang::Fr).len(), demand_headings(Lang::En).len());
    }
}
