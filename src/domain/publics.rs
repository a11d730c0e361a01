//! Whom a service is for, when it is not for everybody: a closed list in both languages. The words follow those of
//! data·inclusion where it has one, and add what families here are told apart by.

use super::language::Lang;
use super::words::words;

words! {
    /// People that a service accepts alone (`public_exclusive`) or first (`public_preferred`).
    pub enum Public {
        Families => "families",
        SingleParents => "single-parents",
        Fathers => "fathers",
        Pregnancy => "pregnancy",
        EarlyChildhood => "early-childhood",
        SchoolAge => "school-age",
        Youth => "youth",
        YoungAdults => "young-adults",
        Seniors => "seniors",
        Women => "women",
        Men => "men",
        Lgbtq => "lgbtq",
        Newcomers => "newcomers",
        Indigenous => "indigenous",
        Disability => "disability",
        Caregivers => "caregivers",
        LowIncome => "low-income",
        Unemployed => "unemployed",
        Students => "students",
        Homelessness => "homelessness",
        ViolenceSurvivors => "violence-survivors",
        JusticeInvolved => "justice-involved",
        Addiction => "addiction",
    }
}

impl Public {
    pub fn label(self, lang: Lang) -> &'static str {
        let (fr, en) = match self {
            Self::Families => ("Familles", "Families"),
            Self::SingleParents => ("Familles monoparentales", "Single-parent families"),
            Self::Fathers => ("Pères", "Fathers"),
            Self::Pregnancy => ("Personnes enceintes et nouveaux parents", "Pregnant people and new parents"),
            Self::EarlyChildhood => ("Enfants de 0 à 5 ans", "Children aged 0 to 5"),
            Self::SchoolAge => ("Enfants de 6 à 12 ans", "Children aged 6 to 12"),
            Self::Youth => ("Jeunes de 12 à 17 ans", "Youth aged 12 to 17"),
            Self::YoungAdults => ("Jeunes adultes", "Young adults"),
            Self::Seniors => ("Personnes aînées", "Seniors"),
            Self::Women => ("Femmes", "Women"),
            Self::Men => ("Hommes", "Men"),
            Self::Lgbtq => ("Personnes LGBTQ+", "LGBTQ+ people"),
            Self::Newcomers => ("Personnes immigrantes ou réfugiées", "Newcomers and refugees"),
            Self::Indigenous => ("Premières Nations, Inuit et Métis", "First Nations, Inuit and Métis"),
            Self::Disability => ("Personnes handicapées", "People with disabilities"),
            Self::Caregivers => ("Personnes proches aidantes", "Caregivers"),
            Self::LowIncome => ("Personnes à faible revenu", "People with low income"),
            Self::Unemployed => ("Personnes en recherche d'emploi", "Job seekers"),
            Self::Students => ("Étudiantes et étudiants", "Students"),
            Self::Homelessness => ("Personnes en situation d'itinérance", "People experiencing homelessness"),
            Self::ViolenceSurvivors => ("Personnes victimes de violence", "Survivors of violence"),
            Self::JusticeInvolved => ("Personnes judiciarisées", "People involved with the justice system"),
            Self::Addiction => ("Personnes vivant une dépendance", "People living with an addiction"),
        };
        match lang {
            Lang::Fr => fr,
            Lang::En => en,
        }
    }
}
