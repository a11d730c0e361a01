//! The language of an answer: French first, English when the request prefers it (Accept-Language, RFC 9110).

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};

use crate::domain::language::Lang;

pub fn lang_of(headers: &HeaderMap) -> Lang {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut best = (Lang::Fr, 0.0_f32);
    for range in accepted.split(',').take(32) {
        let mut parts = range.split(';');
        let tag = parts.next().unwrap_or("").trim();
        let primary = tag.split('-').next().unwrap_or("").to_ascii_lowercase();
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(Ok(1.0), str::parse).unwrap_or(0.0);
        if let Some(lang) = Lang::parse(&primary)
            && weight > best.1
        {
            best = (lang, weight);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderMap, HeaderValue};

    use super::*;

    #[test]
    fn french_comes_first_and_english_when_preferred() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_static(value));
            lang_of(&headers)
        };
        assert_eq!(lang_of(&HeaderMap::new()), Lang::Fr);
        assert_eq!(of("en-CA,en;q=0.9"), Lang::En);
        assert_eq!(of("en;q=0.5, fr-CA;q=0.8"), Lang::Fr);
        assert_eq!(of("de"), Lang::Fr);
        assert_eq!(of("en;q=0, de"), Lang::Fr);
    }
}
