//! Languages by their names.

use crate::domain::language::Lang;

/// Names of languages that families here speak most; another is told as its record names it, or by its code.
const LANGUAGES: [(&str, &str, &str); 14] = [
    ("fr", "français", "French"),
    ("en", "anglais", "English"),
    ("es", "espagnol", "Spanish"),
    ("ar", "arabe", "Arabic"),
    ("ht", "créole haïtien", "Haitian Creole"),
    ("uk", "ukrainien", "Ukrainian"),
    ("zh", "chinois", "Chinese"),
    ("pt", "portugais", "Portuguese"),
    ("ru", "russe", "Russian"),
    ("fa", "persan", "Persian"),
    ("ps", "pachto", "Pashto"),
    ("vi", "vietnamien", "Vietnamese"),
    ("iu", "inuktitut", "Inuktitut"),
    ("cr", "cri", "Cree"),
];

/// The name of a language, of its code in ISO 639; `None` where this program has none.
pub fn language_name(code: &str, lang: Lang) -> Option<&'static str> {
    let known = LANGUAGES.iter().find(|(known, ..)| *known == code);
    known.map(|(_, fr, en)| if lang == Lang::Fr { *fr } else { *en })
}
