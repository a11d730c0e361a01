//! A guide of services made for print: its words in French and English, and its shape. It is told what to print.

use askama::Template;

use crate::domain::language::Lang;

pub const STYLE: &str = include_str!("../../templates/guide.css");

/// Every text of the guide, once in each language.
pub struct Words {
    pub title: &'static str,
    pub contents: &'static str,
    pub address: &'static str,
    pub phone: &'static str,
    pub email: &'static str,
    pub web: &'static str,
    pub hours: &'static str,
    pub languages: &'static str,
    pub cost: &'static str,
    pub who: &'static str,
    pub ages: &'static str,
    pub apply: &'static str,
    pub transit: &'static str,
    pub closed_until: &'static str,
    pub verified: &'static str,
    pub never_verified: &'static str,
    pub elsewhere: &'static str,
    pub nothing: &'static str,
    pub cut: &'static str,
    pub chosen: &'static str,
    pub gone: &'static str,
    pub hidden: &'static str,
    pub years: &'static str,
    pub footer: &'static str,
}

pub fn words(lang: Lang) -> &'static Words {
    match lang {
        Lang::Fr => &FRENCH,
        Lang::En => &ENGLISH,
    }
}

const FRENCH: Words = Words {
    title: "Guide des services",
    contents: "Sommaire",
    address: "Adresse",
    phone: "Téléphone",
    email: "Courriel",
    web: "Site web",
    hours: "Heures",
    languages: "Langues",
    cost: "Coût",
    who: "Pour qui",
    ages: "Âge",
    apply: "Comment faire une demande",
    transit: "Sans voiture",
    closed_until: "Fermé jusqu'au",
    verified: "Vérifié le",
    never_verified: "Pas encore vérifié",
    elsewhere: "Autres services",
    nothing: "Aucun service à imprimer ici.",
    cut: "Ce guide ne contient pas tous les services : choisissez une catégorie ou un territoire plus petit.",
    chosen: "Services choisis",
    gone: "Des services de cette liste ne sont plus offerts : ils n'y sont pas imprimés.",
    hidden: "adresse donnée par téléphone",
    years: "ans",
    footer: "Appelez avant de vous déplacer : les heures et les coûts changent.",
};

const ENGLISH: Words = Words {
    title: "Guide to services",
    contents: "Contents",
    address: "Address",
    phone: "Telephone",
    email: "Email",
    web: "Web site",
    hours: "Hours",
    languages: "Languages",
    cost: "Cost",
    who: "For whom",
    ages: "Age",
    apply: "How to apply",
    transit: "Without a car",
    closed_until: "Closed until",
    verified: "Verified on",
    never_verified: "Not verified yet",
    elsewhere: "Other services",
    nothing: "No service to print here.",
    cut: "This guide does not hold every service: choose a category or a smaller territory.",
    chosen: "Services chosen",
    gone: "Some services of this list are no longer offered: they are not printed.",
    hidden: "address given by telephone",
    years: "years",
    footer: "Call before you go: hours and costs change.",
};

/// The days of a schedule (`MO,TU`), as they are printed.
pub fn days(lang: Lang, byday: &str) -> String {
    let name = |day: &str| {
        let (fr, en) = match day.trim().get(day.trim().len().saturating_sub(2)..).unwrap_or("") {
            "MO" => ("lundi", "Monday"),
            "TU" => ("mardi", "Tuesday"),
            "WE" => ("mercredi", "Wednesday"),
            "TH" => ("jeudi", "Thursday"),
            "FR" => ("vendredi", "Friday"),
            "SA" => ("samedi", "Saturday"),
            "SU" => ("dimanche", "Sunday"),
            _ => return day.to_owned(),
        };
        match lang {
            Lang::Fr => fr.to_owned(),
            Lang::En => en.to_owned(),
        }
    };
    byday.split(',').map(name).collect::<Vec<_>>().join(", ")
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guide {
    pub lang: Lang,
    /// The territory and the category that were asked, in words.
    pub of: Vec<String>,
    pub sections: Vec<Section>,
    /// Something to know of the whole.
    pub notice: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub anchor: String,
    pub name: String,
    pub listings: Vec<Listing>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listing {
    pub name: String,
    pub organization: String,
    pub anchor: String,
    pub alert: String,
    pub description: String,
    pub facts: Vec<Fact>,
    pub verified: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

#[derive(Template)]
#[template(path = "guide.html")]
struct Page<'a> {
    lang: Lang,
    words: &'static Words,
    guide: &'a Guide,
    style: Option<&'a str>,
}

impl Guide {
    /// The guide as HTML: with its style sheet in it, for a file, or beside it at `/guide.css`, for a browser.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn html(&self, style: Option<&str>) -> Result<String, askama::Error> {
        Page { lang: self.lang, words: words(self.lang), guide: self, style }.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_words_and_what_a_source_says_runs_nowhere() {
        assert_eq!(days(Lang::Fr, "MO,-1FR"), "lundi, vendredi");
        assert_eq!(days(Lang::En, "SU"), "Sunday");
        let listing = Listing {
            name: "<script>alert(1)</script>".to_owned(),
            organization: String::new(),
            anchor: "s1".to_owned(),
            alert: String::new(),
            description: String::new(),
            facts: Vec::new(),
            verified: String::new(),
        };
        let section = Section { anchor: "c1".to_owned(), name: "A & B".to_owned(), listings: vec![listing] };
        let guide = Guide { lang: Lang::Fr, of: Vec::new(), sections: vec![section], notice: None };
        let html = guide.html(None).unwrap();
        assert!(!html.contains("<script>") && html.contains("&#60;script&#62;"), "{html}");
        assert!(html.contains("/guide.css") && !html.contains("<style>"));
    }
}
