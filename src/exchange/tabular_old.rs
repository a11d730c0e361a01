//! What earlier versions of HSDS (1.0 to 2.0, and Open Referral UK 1.0) called their tables and columns, and what
//! became of them.

use serde_json::{Map, Value, json};

use super::tabular_cells::{DAYS, days_of};

/// Tables that no longer exist: their rows become members of the record that they name.
pub const ELIGIBILITY: &str = "eligibility";
pub const SERVICE_TAXONOMY: &str = "service_taxonomy";
pub const HOLIDAY: &str = "holiday_schedule";
pub const PAYMENT: &str = "payment_accepted";
/// Tables about tables.
pub const META: &str = "meta_table_description";

/// The table that a file is, from its name without `.csv` and from its columns; `None` for a file that is none.
pub fn table_of(stem: &str, columns: &[String]) -> Option<&'static str> {
    let has = |name: &str| columns.iter().any(|column| column == name);
    Some(match stem {
        "organization" | "organizations" => "organization",
        "program" | "programs" => "program",
        "service" | "services" => "service",
        "location" | "locations" => "location",
        "service_at_location" | "service_at_locations" | "services_at_location" | "services_at_locations" => {
            "service_at_location"
        }
        "phone" | "phones" => "phone",
        "contact" | "contacts" => "contact",
        "address" | "addresses" | "physical_address" | "physical_addresses" | "postal_address" | "postal_addresses" => {
            "address"
        }
        "schedule" | "schedules" | "regular_schedule" | "regular_schedules" => "schedule",
        "holiday_schedule" | "holiday_schedules" => HOLIDAY,
        "funding" | "fundings" => "funding",
        "eligibility" | "eligibilities" => ELIGIBILITY,
        "service_area" | "service_areas" => "service_area",
        "required_document" | "required_documents" => "required_document",
        "payment_accepted" | "payments_accepted" => PAYMENT,
        "language" | "languages" => "language",
        "accessibility" | "accessibility_for_disabilities" => "accessibility",
        "service_taxonomy" | "service_taxonomies" | "services_taxonomy" | "service_attribute"
        | "service_attributes" => SERVICE_TAXONOMY,
        "attribute" | "attributes" | "other_attribute" | "other_attributes" | "link_taxonomy" => "attribute",
        "taxonomy" | "taxonomies" if has("parent_id") || has("vocabulary") || has("parent_name") => "taxonomy_term",
        "taxonomy" | "taxonomies" => "taxonomy",
        "taxonomy_term" | "taxonomy_terms" => "taxonomy_term",
        "metadata" => "metadata",
        "meta_table_description" | "meta_table_descriptions" | "meta" | "table_descriptions" => META,
        "cost_option" | "cost_options" => "cost_option",
        "organization_identifier" | "organization_identifiers" => "organization_identifier",
        "service_capacity" | "service_capacities" => "service_capacity",
        "unit" | "units" => "unit",
        "url" | "urls" => "url",
        _ => return None,
    })
}

/// The name that a column has today.
pub fn column_of<'a>(table: &str, column: &'a str) -> &'a str {
    match (table, column) {
        ("organization", "url") => "website",
        ("accessibility", "accessibility") => "description",
        ("language", "language") => "name",
        ("taxonomy_term", "vocabulary") => "taxonomy",
        ("attribute" | SERVICE_TAXONOMY, "taxonomy_id") => "taxonomy_term_id",
        ("schedule", "start_date") => "valid_from",
        ("schedule", "end_date") => "valid_to",
        _ => column,
    }
}

/// What kind of address a file of them holds, when its rows do not say.
pub fn address_type_of(stem: &str) -> Option<&'static str> {
    match stem {
        "physical_address" | "physical_addresses" => Some("physical"),
        "postal_address" | "postal_addresses" => Some("postal"),
        _ => None,
    }
}

/// Lists that only earlier versions have: of which table, the member, the table of its rows and their link.
pub const OLD_LISTS: [(&str, &str, &str, &str); 5] = [
    ("organization", "addresses", "address", "organization_id"),
    ("service", "holiday_schedules", HOLIDAY, "service_id"),
    ("location", "holiday_schedules", HOLIDAY, "location_id"),
    ("service_at_location", "holiday_schedules", HOLIDAY, "service_at_location_id"),
    ("service", "payments_accepted", PAYMENT, "service_id"),
];

/// The columns in which a row of a table of an earlier version may name its record, besides those of today.
pub fn old_links_of(table: &str) -> &'static [&'static str] {
    match table {
        "address" => &["organization_id"],
        HOLIDAY => &["service_id", "location_id", "service_at_location_id"],
        ELIGIBILITY | SERVICE_TAXONOMY | PAYMENT => &["service_id"],
        _ => &[],
    }
}

/// One row a day becomes one schedule a week: rows of equal hours are one, with all their days (RFC 5545 `byday`). Rows
/// said twice are said once; a day without hours is closed, and is left out.
pub fn merge_weekdays(rows: Vec<Map<String, Value>>) -> Vec<Value> {
    let mut merged: Vec<(Map<String, Value>, Vec<usize>, bool)> = Vec::new();
    for mut row in rows {
        let Some(days) = row.get("weekday").and_then(Value::as_str).and_then(days_of) else {
            merged.push((row, Vec::new(), false));
            continue;
        };
        row.remove("weekday");
        let mut hours = row.clone();
        hours.remove("id");
        match merged.iter_mut().find(|(known, _, by_day)| *by_day && same_but_id(known, &hours)) {
            Some((known, all, _)) => {
                // An id of one of the days is no id of the week.
                known.remove("id");
                all.extend(days);
            }
            None => merged.push((row, days, true)),
        }
    }
    let week = |(mut row, mut days, by_day): (Map<String, Value>, Vec<usize>, bool)| {
        if by_day {
            days.sort_unstable();
            days.dedup();
            let words: Vec<&str> = days.iter().filter_map(|day| DAYS.get(*day).copied()).collect();
            row.insert("freq".to_owned(), json!("WEEKLY"));
            row.insert("byday".to_owned(), json!(words.join(",")));
        }
        Value::Object(row)
    };
    merged.into_iter().map(week).collect()
}

fn same_but_id(known: &Map<String, Value>, hours: &Map<String, Value>) -> bool {
    let others = known.iter().filter(|(name, _)| *name != "id");
    known.len() - usize::from(known.contains_key("id")) == hours.len()
        && others.into_iter().all(|(name, value)| hours.get(name) == Some(value))
}

/// Who may come, in the service itself: the rows' texts one to a line, and ages where a row gives them.
pub fn add_eligibility(service: &mut Map<String, Value>, rows: &[Map<String, Value>]) {
    let said = service.get("eligibility_description").and_then(Value::as_str).unwrap_or("");
    let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
    for row in rows {
        let text = ["eligibility", "description", "name"].iter().find_map(|name| row.get(*name)?.as_str());
        if let Some(text) = text.filter(|text| !text.is_empty())
            && !lines.iter().any(|line| line == text)
        {
            lines.push(text.to_owned());
        }
        for name in ["minimum_age", "maximum_age"] {
            if let Some(age) = row.get(name) {
                let age = age.as_str().and_then(|text| text.trim().parse().ok()).map_or(age.clone(), Value::Number);
                service.entry(name).or_insert(age);
            }
        }
    }
    if !lines.is_empty() {
        service.insert("eligibility_description".to_owned(), json!(lines.join("\n")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(weekday: &str, opens: &str) -> Map<String, Value> {
        let value = json!({"id": weekday, "weekday": weekday, "opens_at": opens, "closes_at": "17:00"});
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn days_of_equal_hours_are_one_schedule() {
        let rows = vec![day("Tuesday", "09:00"), day("Monday", "09:00"), day("Friday", "10:00"), day("lundi", "09:00")];
        let merged = merge_weekdays(rows);
        let expected = [
            json!({"opens_at": "09:00", "closes_at": "17:00", "freq": "WEEKLY", "byday": "MO,TU"}),
            json!({"id": "Friday", "opens_at": "10:00", "closes_at": "17:00", "freq": "WEEKLY", "byday": "FR"}),
        ];
        assert_eq!(merged, expected);
    }

    #[test]
    fn eligibility_goes_into_the_service_with_its_ages() {
        let mut service = Map::new();
        let row = |value: Value| value.as_object().cloned().unwrap();
        let rows =
            [row(json!({"eligibility": "Familles", "minimum_age": "2"})), row(json!({"eligibility": "Familles"}))];
        add_eligibility(&mut service, &rows);
        assert_eq!(Value::Object(service), json!({"minimum_age": 2, "eligibility_description": "Familles"}));
    }
}
