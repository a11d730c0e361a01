//! What a reader of JSON or of a form says went wrong, in the words of the contract: `integer`, `string`, `UUID`,
//! `YYYY-MM-DD`. Such a reader speaks of types of this program, which mean nothing to whoever sent the text.

/// Where nothing better is known of what should have been there.
const AS_IN_THE_CONTRACT: &str = "as in openapi.yaml";
const RULE_CHARACTERS_MAX: usize = 400;

/// The rule that a value broke, from the message of the library that read it.
pub fn rule_of(message: &str) -> String {
    let message = without_position(message);
    match message
        .rsplit_once(", expected ")
        .or_else(|| message.split_once("expected ").filter(|(first, _)| first.is_empty()))
    {
        Some((_, expected)) if expected.contains('`') => quoted(expected),
        Some((found, expected)) if found.starts_with("invalid value") => {
            bounds(expected).map_or_else(|| type_word(expected), str::to_owned)
        }
        Some((_, expected)) => type_word(expected),
        None if message.starts_with("provided string was not") => quoted(message),
        None => said_otherwise(message).to_owned(),
    }
}

/// A message without the place in the text at its end.
pub fn without_position(message: &str) -> &str {
    let Some((said, position)) = message.rsplit_once(" at line ") else { return message };
    let is_position = position.split_once(" column ").is_some_and(|(line, column)| {
        [line, column].iter().all(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
    });
    if is_position { said } else { message }
}

/// The words between backticks, as a list.
fn quoted(text: &str) -> String {
    let words = text.split('`').skip(1).step_by(2).collect::<Vec<_>>().join(", ");
    words.chars().take(RULE_CHARACTERS_MAX).collect()
}

/// Of JSON Schema, as the contract has them.
fn type_word(expected: &str) -> String {
    let word = match expected {
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" | "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "integer",
        "f32" | "f64" => "number",
        "a boolean" => "boolean",
        "a string" | "a borrowed string" | "a character" | "string or map" | "variant identifier" => "string",
        "a map" | "map" => "object",
        "a sequence" | "sequence" => "array",
        "unit" | "null" => "null",
        "a formatted UUID string" => "UUID",
        "a formatted date string" => "YYYY-MM-DD",
        "an RFC 3339 formatted date and time string" => "RFC 3339",
        // What this program says of its own types.
        "boolean, string" => "boolean, string",
        "string, integer, array" => "string, integer, array",
        other if other.starts_with("struct ") => "object",
        other if other.starts_with("enum ") => "string",
        other if other.starts_with("an array ") || other.starts_with("a tuple ") => "array",
        _ => AS_IN_THE_CONTRACT,
    };
    word.to_owned()
}

/// What a whole number may be.
fn bounds(expected: &str) -> Option<&'static str> {
    Some(match expected {
        "u8" => "0..=255",
        "u16" => "0..=65535",
        "u32" => "0..=4294967295",
        "u64" | "usize" => ">= 0",
        "i8" => "-128..=127",
        "i16" => "-32768..=32767",
        "i32" => "-2147483648..=2147483647",
        _ => return None,
    })
}

/// Messages that name no type.
fn said_otherwise(message: &str) -> &'static str {
    const OF_INTEGERS: [&str; 4] =
        ["invalid digit", "cannot parse integer", "number too large to fit", "number too small to fit"];
    const OF_NUMBERS: [&str; 2] = ["invalid float", "cannot parse float"];
    const OF_DATES: [&str; 6] = [
        "input is out of range",
        "no possible date and time",
        "input is not enough for unique date",
        "input contains invalid characters",
        "premature end of input",
        "trailing input",
    ];
    let is_of = |beginnings: &[&str]| beginnings.iter().any(|beginning| message.starts_with(beginning));
    if is_of(&OF_INTEGERS) {
        "integer"
    } else if is_of(&OF_NUMBERS) {
        "number"
    } else if is_of(&["UUID parsing failed"]) {
        "UUID"
    } else if is_of(&OF_DATES) {
        "YYYY-MM-DD"
    } else {
        AS_IN_THE_CONTRACT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_said_in_the_words_of_the_contract() {
        for (message, rule) in [
            ("invalid type: string \"ten\", expected u32 at line 1 column 12", "integer"),
            ("invalid type: string \", expected u32 at line 1 column 2\", expected f64", "number"),
            ("invalid type: sequence, expected struct PolygonBody", "object"),
            ("invalid length 0, expected struct PolygonBody with 2 elements", "object"),
            ("invalid type: integer `3`, expected a formatted UUID string", "UUID"),
            ("invalid value: integer `-1`, expected u32", "0..=4294967295"),
            ("unknown variant `x`, expected `a` or `b`", "a, b"),
            ("unknown field `expected `, expected one of `q`, `lang`", "q, lang"),
            ("provided string was not `true` or `false`", "true, false"),
            ("invalid digit found in string", "integer"),
            ("premature end of input", "YYYY-MM-DD"),
            ("expected boolean, string", "boolean, string"),
            ("something that no library says: struct Secret", AS_IN_THE_CONTRACT),
        ] {
            assert_eq!(rule_of(message), rule, "{message}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_message_makes_it_panic(message: String) {
            let _ = rule_of(&message);
        }
    }
}
