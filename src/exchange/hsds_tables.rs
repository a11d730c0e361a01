//! The tables of HSDS 3.2, as its published data package defines them, and how a nested record is spread over them:
//! one reading of both directions, so that what goes out as tables comes in as the same record.

use std::sync::LazyLock;

use serde::Deserialize;

/// The published definition, unmodified.
pub const DATAPACKAGE: &str = include_str!("../../profile/hsds/datapackage.json");

/// The column of the packages of relais with the members that no column of a table holds, as one JSON object.
pub const OTHER_MEMBERS: &str = "other_members";
/// The column of the packages of relais that says which table an attribute or a change is of.
pub const OF_TABLE: &str = "of_table";

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Column {
    pub name: String,
    /// `string`, `number`, `date`, `time`, `datetime`, `object`, `array` ...
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub format: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Reference {
    #[serde(rename = "fields")]
    pub column: String,
    pub reference: Target,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Target {
    #[serde(rename = "resource")]
    pub table: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Schema {
    fields: Vec<Column>,
    #[serde(default, rename = "foreignKeys")]
    references: Vec<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
struct Resource {
    name: String,
    path: String,
    schema: Schema,
}

#[derive(Debug, Deserialize)]
struct Package {
    resources: Vec<Resource>,
}

/// One table of the standard.
#[derive(Debug, Clone)]
pub struct Definition {
    pub name: &'static str,
    /// `services.csv`.
    pub file: String,
    /// The columns of the standard, in its order.
    pub columns: Vec<Column>,
    pub references: Vec<Reference>,
}

/// A list of a record, kept in a table of its own: its rows name the record in `link`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListMember {
    pub of: &'static str,
    pub member: &'static str,
    pub table: &'static str,
    pub link: &'static str,
}

/// An object of a record, kept in a table of its own: the record names its row in `link`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OneMember {
    pub of: &'static str,
    pub member: &'static str,
    pub table: &'static str,
    pub link: &'static str,
}

macro_rules! lists {
    ($($of:ident . $member:ident => $table:ident ( $link:ident ),)*) => {
        &[$(ListMember { of: stringify!($of), member: stringify!($member), table: stringify!($table),
            link: stringify!($link) },)*]
    };
}

/// The lists of every table but `attributes` and `metadata`, which all have.
pub const LISTS: &[ListMember] = lists![
    organization.additional_websites => url(organization_id),
    organization.funding => funding(organization_id),
    organization.contacts => contact(organization_id),
    organization.phones => phone(organization_id),
    organization.locations => location(organization_id),
    organization.programs => program(organization_id),
    organization.organization_identifiers => organization_identifier(organization_id),
    service.additional_urls => url(service_id),
    service.phones => phone(service_id),
    service.schedules => schedule(service_id),
    service.service_areas => service_area(service_id),
    service.service_at_locations => service_at_location(service_id),
    service.languages => language(service_id),
    service.funding => funding(service_id),
    service.cost_options => cost_option(service_id),
    service.required_documents => required_document(service_id),
    service.contacts => contact(service_id),
    service.capacities => service_capacity(service_id),
    service_at_location.service_areas => service_area(service_at_location_id),
    service_at_location.contacts => contact(service_at_location_id),
    service_at_location.phones => phone(service_at_location_id),
    service_at_location.schedules => schedule(service_at_location_id),
    location.languages => language(location_id),
    location.addresses => address(location_id),
    location.contacts => contact(location_id),
    location.accessibility => accessibility(location_id),
    location.phones => phone(location_id),
    location.schedules => schedule(location_id),
    phone.languages => language(phone_id),
    contact.phones => phone(contact_id),
];

/// `attributes` and `metadata`: rows of any table name their record there.
pub const LISTS_OF_ALL: [(&str, &str, &str); 2] =
    [("attributes", "attribute", "link_id"), ("metadata", "metadata", "resource_id")];

pub const ONES: [OneMember; 5] = [
    OneMember { of: "service", member: "program", table: "program", link: "program_id" },
    OneMember { of: "service_at_location", member: "location", table: "location", link: "location_id" },
    OneMember { of: "attribute", member: "taxonomy_term", table: "taxonomy_term", link: "taxonomy_term_id" },
    OneMember { of: "service_capacity", member: "unit", table: "unit", link: "unit_id" },
    OneMember { of: "taxonomy_term", member: "taxonomy_detail", table: "taxonomy", link: "taxonomy_id" },
];

/// The tables of the standard, in its order.
pub static TABLES: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    // A published constant: the test below reads it, so that it is never empty in a build that passes.
    let Ok(package) = serde_json::from_str::<Package>(DATAPACKAGE) else { return Vec::new() };
    let tables = package.resources.into_iter().filter_map(|resource| {
        let name = NAMES.into_iter().find(|name| *name == resource.name)?;
        let mut columns = resource.schema.fields;
        if !columns.iter().any(|column| column.name == "id") {
            columns.insert(0, Column { name: "id".to_owned(), kind: "string".to_owned(), format: None });
        }
        Some(Definition { name, file: resource.path, columns, references: resource.schema.references })
    });
    tables.collect()
});

const NAMES: [&str; 25] = [
    "organization",
    "program",
    "service",
    "attribute",
    "service_at_location",
    "location",
    "phone",
    "contact",
    "address",
    "schedule",
    "funding",
    "service_area",
    "required_document",
    "language",
    "accessibility",
    "taxonomy_term",
    "metadata",
    "meta_table_description",
    "cost_option",
    "organization_identifier",
    "taxonomy",
    "service_capacity",
    "unit",
    "url",
    "link_type",
];

pub fn definition(name: &str) -> Option<&'static Definition> {
    TABLES.iter().find(|table| table.name == name)
}

/// The lists of a record of this table, in the order of the standard's definition.
pub fn lists_of(table: &str) -> impl Iterator<Item = ListMember> + use<'_> {
    let own = LISTS.iter().copied().filter(move |list| list.of == table);
    let of = NAMES.into_iter().find(|name| *name == table).unwrap_or("");
    let all = LISTS_OF_ALL.into_iter().filter(move |(_, child, _)| *child != table);
    own.chain(all.map(move |(member, table, link)| ListMember { of, member, table, link }))
}

pub fn ones_of(table: &str) -> impl Iterator<Item = OneMember> + use<'_> {
    ONES.into_iter().filter(move |one| one.of == table)
}

/// The columns of a table in which its rows name the record that has them in a list.
pub fn links_of(table: &str) -> impl Iterator<Item = &'static str> + use<'_> {
    let own = LISTS.iter().filter(move |list| list.table == table).map(|list| list.link);
    own.chain(LISTS_OF_ALL.into_iter().filter(move |(_, child, _)| *child == table).map(|(_, _, link)| link))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_published_schemas_have_the_same_lists_and_objects() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("profile/hsds");
        let mut found = 0;
        for table in TABLES.iter().filter(|table| table.name != "meta_table_description") {
            let text = std::fs::read_to_string(folder.join(format!("{}.json", table.name))).unwrap();
            let schema: Value = serde_json::from_str(&text).unwrap();
            for (member, property) in schema["properties"].as_object().unwrap() {
                let of = |value: &Value| value["$ref"].as_str().map(|file| file.trim_end_matches(".json").to_owned());
                if let Some(child) = of(&property["items"]) {
                    assert!(
                        lists_of(table.name).any(|list| list.member == member && list.table == child)
                            || (table.name == "metadata"),
                        "{}.{member}",
                        table.name
                    );
                    found += 1;
                } else if let Some(child) = of(property).filter(|_| member != "organization") {
                    assert!(ones_of(table.name).any(|one| one.member == member && one.table == child));
                    found += 1;
                }
            }
        }
        assert!(found > 70, "{found}");
    }

    #[test]
    fn every_link_is_a_column_of_its_table() {
        assert_eq!(TABLES.len(), 24);
        let has = |table: &str, column: &str| {
            definition(table).is_some_and(|table| table.columns.iter().any(|known| known.name == column))
        };
        for list in LISTS {
            assert!(has(list.table, list.link), "{list:?}");
        }
        for one in ONES {
            assert!(has(one.of, one.link), "{one:?}");
        }
    }
}
