//! What a text that is being typed may become: categories, places, organisations and services, in one list. Open to
//! everybody, counted nowhere.

use super::search::{Place, locate};
use super::{Deps, Outcome};
use crate::domain::directory::Point;
use crate::domain::fold::fold_place;
use crate::domain::language::Lang;
use crate::domain::taxonomy::Taxonomy;
use crate::domain::territory::{Gazetteer, Level, Match};
use crate::domain::viewer::Viewer;
use crate::id::Id;
use crate::search::{Audience, Suggested, SuggestedService, Typing};

/// Letters and digits that are typed before a place is suggested.
const LETTERS_MIN: usize = 2;
/// Letters of a last word before it is taken for a place's: "aide de" is no village.
const LAST_LETTERS_MIN: usize = 3;
/// Places that are looked at for those around the place asked, and how far that goes, in kilometres.
const PLACES_ORDERED_MAX: usize = 100;
const AROUND_KM: f64 = 100.0;
/// Of one list, a kind takes one place in four before the others have had theirs; services take what is left.
const SHARE_OF_KIND: usize = 4;
/// With which a name to be gone on with begins, written out.
const SAINTS: [&str; 4] = ["saint", "sainte", "saints", "saintes"];

/// What somebody has typed so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Typed {
    pub text: String,
    pub lang: Lang,
    pub place: Option<Place>,
    pub limit: usize,
}

/// One thing that may be meant, with its label in the language asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Suggestion {
    Category { code: String, label: String },
    Place { id: String, level: Level, label: String },
    Organization { id: Id, label: String },
    Service { id: Id, label: String, organization_id: Id, organization_name: String },
}

/// The list: categories that are called so or told of, then places, organisations, services, and categories that only
/// hold the words. No kind crowds out the others. What is told of comes after a place whose name is being typed.
pub fn suggest(deps: &Deps, viewer: Option<&Viewer>, typed: &Typed) -> Outcome<Vec<Suggestion>> {
    let near = typed.place.as_ref().map(|place| locate(deps.gazetteer(), place)).transpose()?;
    let freshness = deps.freshness_rules();
    let is_signed_in = viewer.is_some_and(|viewer| viewer.account().is_some());
    let typing = Typing {
        text: typed.text.clone(),
        lang: typed.lang,
        point: near.and_then(|near| near.origin.point),
        audience: if is_signed_in { Audience::Professional } else { Audience::Public },
        hide_overdue_days: freshness.hides.then_some(freshness.hide_overdue_days),
        now: deps.clock.now(),
        limit: typed.limit,
    };
    let index = deps.index()?;
    let mut suggested = index.suggest(&typing)?;
    let places = places(deps.gazetteer(), &typing, &suggested);
    if let Some(before) = before_a_whole_place(&typed.text, &places) {
        // "Saint-Jérôme" is not what is needed, though many who say it ask for a ride.
        let of_need = index.suggest(&Typing { text: before.to_owned(), ..typing })?;
        suggested.categories = of_need.categories;
        suggested.categories_holding = of_need.categories_holding;
        suggested.categories_told = of_need.categories_told;
    }
    if begins_with_a_saint(&typed.text) && !places.is_empty() {
        suggested =
            Suggested { organizations: suggested.organizations, services: suggested.services, ..Suggested::default() };
    }
    Ok(one_list(suggested, places, typed))
}

/// Those that begin as the text does; else as its last word, where that is a place's whole name or nothing is called by
/// it; else those that it may be misspelt for, where that may be.
fn places(gazetteer: &Gazetteer, typed: &Typing, suggested: &Suggested) -> Vec<Match> {
    let letters = |text: &str| text.chars().filter(|letter| letter.is_alphanumeric()).count();
    if letters(&typed.text) < LETTERS_MIN {
        return vec![];
    }
    let begun = |text: &str| {
        let mut places = gazetteer.geocode(text, PLACES_ORDERED_MAX);
        if let Some(near) = typed.point {
            put_near_first(&mut places, near);
        }
        places.truncate(typed.limit);
        places
    };
    let places = begun(&typed.text);
    if !places.is_empty() {
        return places;
    }
    let last = typed.text.split_whitespace().next_back().filter(|last| *last != typed.text.trim());
    let of_last = last.filter(|last| letters(last) >= LAST_LETTERS_MIN).map(begun).unwrap_or_default();
    if suggested.is_without_the_last || before_a_whole_place(&typed.text, &of_last).is_some() {
        return of_last;
    }
    if suggested.is_corrected || suggested.is_empty() {
        let meant = gazetteer.names_near(&typed.text, typed.limit);
        return meant.iter().filter_map(|name| gazetteer.geocode(name, 1).into_iter().next()).collect();
    }
    vec![]
}

/// What a text says before its last word, where that is all that the first place is called.
fn before_a_whole_place<'a>(text: &'a str, places: &[Match]) -> Option<&'a str> {
    let (before, last) = text.trim().rsplit_once(char::is_whitespace)?;
    places.first().filter(|place| fold_place(&place.label) == fold_place(last)).map(|_| before)
}

/// Who is somewhere means a place around it; of those elsewhere the most peopled first, as they come.
fn put_near_first(places: &mut [Match], near: Point) {
    let is_around = |place: &Match| place.point.is_some_and(|point| point.distance_km(near) <= AROUND_KM);
    places.sort_by_key(|place| !is_around(place));
}

/// `St-J` and `Ste-` are written for places, whatever else begins so.
fn begins_with_a_saint(text: &str) -> bool {
    let first = text.trim_start().split_once(|letter: char| !letter.is_alphabetic()).map(|(first, _)| first);
    first.is_some_and(|first| SAINTS.contains(&fold_place(first).as_str()))
}

fn one_list(suggested: Suggested, places: Vec<Match>, typed: &Typed) -> Vec<Suggestion> {
    let lang = typed.lang;
    let categories = |codes: Vec<String>| codes.into_iter().map(|code| category(code, lang)).collect();
    let organization = |(id, name): (Id, crate::domain::language::Text)| Suggestion::Organization {
        id,
        label: name.get(lang).to_owned(),
    };
    let typed_so_far = fold_place(&typed.text);
    let a_place_is_typed = places.first().is_some_and(|place| fold_place(&place.label).starts_with(&typed_so_far));
    let (told_first, told_after) = match a_place_is_typed {
        true => (vec![], suggested.categories_told),
        false => (suggested.categories_told, vec![]),
    };
    let kinds: [Vec<Suggestion>; 6] = [
        categories([suggested.categories, told_first].concat()),
        places.into_iter().map(place).collect(),
        categories(told_after),
        suggested.organizations.into_iter().map(organization).collect(),
        suggested.services.into_iter().map(|found| service(found, lang)).collect(),
        categories(suggested.categories_holding),
    ];
    let taken = shares(&kinds.each_ref().map(Vec::len), typed.limit);
    kinds.into_iter().zip(taken).flat_map(|(kind, taken)| kind.into_iter().take(taken)).collect()
}

/// How many of each kind are shown: first one in four for each but the last, then what is left, services first.
fn shares(there_are: &[usize; 6], limit: usize) -> [usize; 6] {
    let share = limit.div_ceil(SHARE_OF_KIND);
    let mut taken = [0; 6];
    let mut left = limit;
    let [categories, places, told, organizations, services, holding] = [0, 1, 2, 3, 4, 5];
    let in_turn = [
        (categories, share),
        (places, share),
        (told, share),
        (organizations, share),
        (services, limit),
        (organizations, limit),
        (categories, limit),
        (places, limit),
        (told, limit),
        (holding, limit),
    ];
    for (kind, most) in in_turn {
        let more = there_are[kind].saturating_sub(taken[kind]).min(most).min(left);
        taken[kind] += more;
        left -= more;
    }
    taken
}

fn category(code: String, lang: Lang) -> Suggestion {
    let label = Taxonomy::embedded().label(&code, lang).to_owned();
    Suggestion::Category { code, label }
}

fn place(found: Match) -> Suggestion {
    Suggestion::Place { id: found.territory_id, level: found.level, label: found.label }
}

fn service(found: SuggestedService, lang: Lang) -> Suggestion {
    Suggestion::Service {
        id: found.id,
        label: found.name.get(lang).to_owned(),
        organization_id: found.organization_id,
        organization_name: found.organization_name.get(lang).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_kind_crowds_out_the_others() {
        assert_eq!(shares(&[9, 9, 0, 9, 9, 9], 8), [2, 2, 0, 2, 2, 0]);
        assert_eq!(shares(&[9, 0, 0, 1, 9, 9], 8), [2, 0, 0, 1, 5, 0]);
        assert_eq!(shares(&[3, 9, 0, 1, 0, 2], 8), [3, 4, 0, 1, 0, 0]);
        assert_eq!(shares(&[0, 1, 3, 0, 2, 2], 8), [0, 1, 3, 0, 2, 2]);
        assert_eq!(shares(&[0, 0, 0, 0, 2, 9], 8), [0, 0, 0, 0, 2, 6]);
        assert_eq!(shares(&[9, 9, 9, 9, 9, 9], 1), [1, 0, 0, 0, 0, 0]);
        assert_eq!(shares(&[0, 0, 0, 0, 0, 0], 8), [0; 6]);
    }
}
