//! The profile of HSDS that relais speaks: the schemas of the standard as they are, the patches of relais over them
//! (RFC 7386), and what the two give together. Built into the program; a test compiles them again.

/// A published schema: its file name and its text.
pub type File = (&'static str, &'static str);

macro_rules! files {
    ($($name:literal => $path:literal,)*) => {
        &[$(($name, include_str!(concat!("../../profile/", $path))),)*]
    };
}

/// HSDS 3.2, unmodified.
pub const STANDARD: &[File] = files! {
    "accessibility.json" => "hsds/accessibility.json",
    "address.json" => "hsds/address.json",
    "attribute.json" => "hsds/attribute.json",
    "contact.json" => "hsds/contact.json",
    "cost_option.json" => "hsds/cost_option.json",
    "funding.json" => "hsds/funding.json",
    "language.json" => "hsds/language.json",
    "location.json" => "hsds/location.json",
    "metadata.json" => "hsds/metadata.json",
    "organization.json" => "hsds/organization.json",
    "organization_identifier.json" => "hsds/organization_identifier.json",
    "phone.json" => "hsds/phone.json",
    "program.json" => "hsds/program.json",
    "required_document.json" => "hsds/required_document.json",
    "schedule.json" => "hsds/schedule.json",
    "service.json" => "hsds/service.json",
    "service_area.json" => "hsds/service_area.json",
    "service_at_location.json" => "hsds/service_at_location.json",
    "service_capacity.json" => "hsds/service_capacity.json",
    "taxonomy.json" => "hsds/taxonomy.json",
    "taxonomy_term.json" => "hsds/taxonomy_term.json",
    "unit.json" => "hsds/unit.json",
    "url.json" => "hsds/url.json",
};

/// What relais adds, as JSON Merge Patches over the schemas of the same names.
pub const PATCHES: &[File] = files! {
    "contact.json" => "relais/patches/contact.json",
    "location.json" => "relais/patches/location.json",
    "organization.json" => "relais/patches/organization.json",
    "phone.json" => "relais/patches/phone.json",
    "schedule.json" => "relais/patches/schedule.json",
    "service.json" => "relais/patches/service.json",
    "service_area.json" => "relais/patches/service_area.json",
    "service_at_location.json" => "relais/patches/service_at_location.json",
    "taxonomy_term.json" => "relais/patches/taxonomy_term.json",
};

/// The standard with the patches applied.
pub const COMPILED: &[File] = files! {
    "accessibility.json" => "relais/compiled/accessibility.json",
    "address.json" => "relais/compiled/address.json",
    "attribute.json" => "relais/compiled/attribute.json",
    "contact.json" => "relais/compiled/contact.json",
    "cost_option.json" => "relais/compiled/cost_option.json",
    "funding.json" => "relais/compiled/funding.json",
    "language.json" => "relais/compiled/language.json",
    "location.json" => "relais/compiled/location.json",
    "metadata.json" => "relais/compiled/metadata.json",
    "organization.json" => "relais/compiled/organization.json",
    "organization_identifier.json" => "relais/compiled/organization_identifier.json",
    "phone.json" => "relais/compiled/phone.json",
    "program.json" => "relais/compiled/program.json",
    "required_document.json" => "relais/compiled/required_document.json",
    "schedule.json" => "relais/compiled/schedule.json",
    "service.json" => "relais/compiled/service.json",
    "service_area.json" => "relais/compiled/service_area.json",
    "service_at_location.json" => "relais/compiled/service_at_location.json",
    "service_capacity.json" => "relais/compiled/service_capacity.json",
    "taxonomy.json" => "relais/compiled/taxonomy.json",
    "taxonomy_term.json" => "relais/compiled/taxonomy_term.json",
    "unit.json" => "relais/compiled/unit.json",
    "url.json" => "relais/compiled/url.json",
};

/// The text of a schema by its file name.
pub fn find(files: &[File], name: &str) -> Option<&'static str> {
    files.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}
