//! What distances are, in a sentence.

use crate::domain::language::Lang;
use crate::domain::road::DistanceBy;

pub fn sentence(by: DistanceBy, lang: Lang) -> &'static str {
    match (by, lang) {
        (DistanceBy::Road, Lang::Fr) => {
            "Distances par la route là où elle est connue, depuis un point arrondi à environ un kilomètre."
        }
        (DistanceBy::Road, Lang::En) => {
            "Distances by road where one is known, from a point rounded to about a kilometre."
        }
        (DistanceBy::StraightLine, Lang::Fr) => "Distances en ligne droite.",
        (DistanceBy::StraightLine, Lang::En) => "Distances along a straight line.",
    }
}
