//! What people write in the cells of a table: hours of every kind, days by name, addresses of the web without a scheme,
//! and text with HTML in it.

/// `9:00am`, `9h30`, `21:00`, `0900`, `9 AM` as `HH:MM`; `None` for what is no time of day.
pub fn time_of_day(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase().replace('.', "");
    let (bare, half) = match lower.strip_suffix('m').and_then(|bare| bare.chars().last().map(|last| (bare, last))) {
        Some((bare, letter @ ('a' | 'p'))) => (bare.trim_end_matches(letter).trim(), Some(letter)),
        _ => (lower.as_str(), None),
    };
    match bare {
        "noon" | "midi" => return Some("12:00".to_owned()),
        "midnight" | "minuit" => return Some("00:00".to_owned()),
        _ => {}
    }
    // HSDS times may carry an offset; the hours are local all the same.
    let bare = bare.split(['z', '+']).next()?.split_once('-').map_or(bare.split(['z', '+']).next()?, |(time, _)| time);
    let parts: Vec<&str> = bare.split([':', 'h']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let number = |part: &str| {
        let is_number = !part.is_empty() && part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<u32>().ok()).flatten()
    };
    let (hours, minutes) = match parts.as_slice() {
        [one] if one.len() == 4 && one.is_ascii() => (number(&one[..2])?, number(&one[2..])?),
        [one] if half.is_some() || bare.contains('h') => (number(one)?, 0),
        [hours, minutes] => (number(hours)?, number(minutes)?),
        [hours, minutes, seconds] if number(seconds)? < 60 => (number(hours)?, number(minutes)?),
        _ => return None,
    };
    let hours = match half {
        Some(_) if !(1..=12).contains(&hours) => return None,
        Some('p') => hours % 12 + 12,
        Some(_) => hours % 12,
        None => hours,
    };
    let is_day = hours < 24 && minutes < 60 || (hours, minutes) == (24, 0);
    is_day.then(|| format!("{hours:02}:{minutes:02}"))
}

pub const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// The day that a name means, as its place in [`DAYS`]: `Monday`, `lundi`, `Lun.`, `MO`, or `1` for Monday.
pub fn day_of(text: &str) -> Option<usize> {
    let lower = text.trim().trim_end_matches('.').to_lowercase();
    if let Ok(number) = lower.parse::<usize>() {
        return (1..=7).contains(&number).then(|| number - 1);
    }
    const NAMES: [[&str; 3]; 7] = [
        ["monday", "lundi", "mo"],
        ["tuesday", "mardi", "tu"],
        ["wednesday", "mercredi", "we"],
        ["thursday", "jeudi", "th"],
        ["friday", "vendredi", "fr"],
        ["saturday", "samedi", "sa"],
        ["sunday", "dimanche", "su"],
    ];
    let is_said = |names: &[&str; 3]| {
        names.contains(&lower.as_str()) || lower.len() >= 3 && names[..2].iter().any(|name| name.starts_with(&lower))
    };
    NAMES.iter().position(is_said)
}

/// The days that a cell means: one, or several with commas, semicolons or blanks between them.
pub fn days_of(text: &str) -> Option<Vec<usize>> {
    let words = text.split([',', ';', '/', ' ']).filter(|word| !word.trim().is_empty());
    let mut days = words.map(day_of).collect::<Option<Vec<usize>>>()?;
    days.sort_unstable();
    days.dedup();
    (!days.is_empty()).then_some(days)
}

/// An address of the web: one without a scheme is meant as `http`.
pub fn web_address(text: &str) -> String {
    let text = text.trim();
    let has_scheme = text.contains("://") || text.starts_with("mailto:");
    let looks_like_one = text.contains('.') && !text.contains(char::is_whitespace) && !text.contains('@');
    if has_scheme || !looks_like_one { text.to_owned() } else { format!("http://{text}") }
}

/// The elements that people paste into a directory; a `<` before anything else is a sign of the text.
const ELEMENTS: [&str; 38] = [
    "a",
    "abbr",
    "b",
    "blockquote",
    "body",
    "br",
    "center",
    "code",
    "div",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "html",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "script",
    "small",
    "span",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
    "ul",
];
/// Elements that begin and end a line.
const BLOCKS: [&str; 17] = [
    "blockquote",
    "body",
    "center",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "ol",
    "p",
    "pre",
    "table",
    "tr",
    "ul",
];
/// Named characters; the others are written by number, or left as they are.
const ENTITIES: [(&str, &str); 33] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("eacute", "é"),
    ("egrave", "è"),
    ("ecirc", "ê"),
    ("euml", "ë"),
    ("agrave", "à"),
    ("acirc", "â"),
    ("ccedil", "ç"),
    ("icirc", "î"),
    ("iuml", "ï"),
    ("ocirc", "ô"),
    ("ugrave", "ù"),
    ("ucirc", "û"),
    ("Eacute", "É"),
    ("Egrave", "È"),
    ("Agrave", "À"),
    ("Ccedil", "Ç"),
    ("oelig", "œ"),
    ("rsquo", "’"),
    ("lsquo", "‘"),
    ("rdquo", "”"),
    ("ldquo", "“"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("bull", "•"),
];

/// Text as it reads: paragraphs and items of lists become lines, the rest of the HTML goes. Text without HTML is given
/// back as it came.
pub fn plain_text(text: &str) -> String {
    if !text.contains('<') && !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((name, is_end, length)) = tag_at(rest) {
            found = true;
            rest = &rest[length..];
            if matches!(name.as_str(), "script" | "style") && !is_end {
                rest = rest.find("</").map_or("", |end| &rest[end..]);
            }
            write_break(&mut out, &name, is_end);
        } else if let Some((character, length)) = entity_at(rest) {
            found = true;
            out.push_str(&character);
            rest = &rest[length..];
        } else {
            let sign = rest.chars().next().map_or(0, char::len_utf8);
            out.push_str(&rest[..sign]);
            rest = &rest[sign..];
        }
    }
    out.push_str(rest);
    if found { tidy_lines(&out) } else { text.to_owned() }
}

fn write_break(out: &mut String, name: &str, is_end: bool) {
    match name {
        "li" if !is_end => out.push_str("\n- "),
        "br" => out.push('\n'),
        "td" | "th" if is_end => out.push(' '),
        block if BLOCKS.contains(&block) => out.push('\n'),
        _ => {}
    }
}

/// The element that begins here, whether it ends one, and its length in bytes.
fn tag_at(text: &str) -> Option<(String, bool, usize)> {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.find("-->").map(|end| ("comment".to_owned(), true, end + 7));
    }
    let inner = text.strip_prefix('<')?;
    let (inner, is_end) = inner.strip_prefix('/').map_or((inner, false), |inner| (inner, true));
    let name: String = inner.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    if !ELEMENTS.contains(&name.as_str()) {
        return None;
    }
    let end = end_of_tag(text)?;
    Some((name, is_end, end + 1))
}

/// The `>` of a tag, past those within its quoted attributes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (None, '>') => return Some(at),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    // A quote that nobody closed: the first `>` is the end after all.
    text.find('>')
}

fn entity_at(text: &str) -> Option<(String, usize)> {
    let end = text.find(';').filter(|end| *end <= 10)?;
    let name = text.get(1..end)?;
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            let letter = char::from_u32(code).filter(|letter| *letter != '\0')?;
            if letter == '\u{a0}' { " ".to_owned() } else { letter.to_string() }
        }
        None => ENTITIES.iter().find(|(known, _)| *known == name)?.1.to_owned(),
    };
    Some((character, end + 1))
}

/// One blank at most between words, one line at most between paragraphs.
fn tidy_lines(text: &str) -> String {
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    let kept: Vec<String> = lines.filter(|line| !line.is_empty() && line != "-").collect();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_as_people_write_them_are_times_of_day() {
        let cases = [
            ("9:00am", "09:00"),
            ("9h30", "09:30"),
            ("21:00", "21:00"),
            ("9h", "09:00"),
            ("12:00 AM", "00:00"),
            ("12pm", "12:00"),
            ("5:30 p.m.", "17:30"),
            ("0900", "09:00"),
            ("09:00:00", "09:00"),
            ("24:00", "24:00"),
            ("09:00:00Z", "09:00"),
            ("09:00-05:00", "09:00"),
            ("midi", "12:00"),
        ];
        for (text, expected) in cases {
            assert_eq!(time_of_day(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "closed", "25:00", "9:60", "13pm", "9", "neuf heures", "é9:0"] {
            assert_eq!(time_of_day(text), None, "{text}");
        }
    }

    #[test]
    fn days_by_name_are_days_in_two_languages() {
        let cases =
            [("Monday", 0), ("lundi", 0), ("Mar.", 1), ("mer", 2), ("Thu", 3), ("FR", 4), ("samedi", 5), ("7", 6)];
        for (text, expected) in cases {
            assert_eq!(day_of(text), Some(expected), "{text}");
        }
        assert_eq!(days_of("Monday, Tuesday"), Some(vec![0, 1]));
        for text in ["", "m", "someday", "8", "0"] {
            assert_eq!(days_of(text), None, "{text}");
        }
    }

    #[test]
    fn html_becomes_lines_and_signs_stay_signs() {
        let html = "<p>Aide &amp; soutien&nbsp;:</p><ul><li>Lait</li><li>Couches <b>0-2&nbsp;ans</b></li></ul>";
        assert_eq!(plain_text(html), "Aide & soutien :\n- Lait\n- Couches 0-2 ans");
        assert_eq!(plain_text("Un<br/>deux<script>alert('<p>')</script> trois"), "Un\ndeux trois");
        assert_eq!(plain_text("<a href=\"x>y\" title='z'>Site</a> &#233;t&#xE9;"), "Site été");
        for text in ["moins de < 5 ans", "R&B ; rien", "a <5 b> c", "ligne 1\n\n  ligne 2", "&inconnu;", "<"] {
            assert_eq!(plain_text(text), text);
        }
    }

    #[test]
    fn an_address_of_the_web_gets_its_scheme() {
        assert_eq!(web_address("www.exemple.example"), "http://www.exemple.example");
        assert_eq!(web_address("https://exemple.example"), "https://exemple.example");
        assert_eq!(web_address("aucun"), "aucun");
    }
}
