//! Every route, on one page. `openapi.yaml` has each of them, and each of its paths is here (`tests/contract.rs`).

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Route};

use super::handlers::{
    accounts, answers, capacities, claims, consents, duplicates, edits, error_reports, families, follow_ups, freshness,
    guide, health, history, hsds, locations, matching, merges, needs, organizations, profile, records, referrals,
    reports, saved_lists, saved_searches, search, services, sources, suggest, taxonomy_terms, territories,
};
use super::problem::Problem;
use crate::domain::refusal::{Code, Refusal};

/// A method, a path template as `openapi.yaml` writes it, and the handler behind it.
pub struct RouteEntry {
    pub method: Method,
    pub path: &'static str,
    route: fn() -> Route,
}

macro_rules! routes {
    ($($method:ident $path:literal => $handler:path;)*) => {
        pub fn table() -> Vec<RouteEntry> {
            vec![$(RouteEntry { method: Method::$method, path: $path, route: || web::route().to($handler) },)*]
        }
    };
}

routes! {
    GET "/livez" => health::live;
    GET "/readyz" => health::ready;
    GET "/metrics" => health::metrics;
    POST "/api/v1/auth/token" => accounts::token;
    GET "/api/v1/me" => accounts::me;
    // -- territories
    GET "/api/v1/taxonomy_terms" => taxonomy_terms::list;
    GET "/api/v1/territories" => territories::list;
    GET "/api/v1/territories/locate" => territories::locate;
    GET "/api/v1/territories/{id}" => territories::get;
    GET "/api/v1/geocode" => territories::geocode;

    // -- directory
    GET "/openapi.yaml" => services::contract;
    GET "/api/v1/" => hsds::about;
    GET "/api/v1/guide" => guide::page;
    GET "/guide.css" => guide::style;
    GET "/api/v1/services" => services::list;
    POST "/api/v1/services" => services::create;
    GET "/api/v1/services/{id}" => services::get;
    PATCH "/api/v1/services/{id}" => services::change;
    GET "/api/v1/services/{id}/duplicates" => duplicates::of_service;
    GET "/api/v1/duplicates" => duplicates::list;
    POST "/api/v1/duplicates/{id}/dismissal" => duplicates::dismiss;
    POST "/api/v1/duplicates/{id}/merge" => merges::merge;
    POST "/api/v1/duplicates/{id}/separation" => merges::separate;
    GET "/api/v1/services/{id}/history" => history::of_service;
    POST "/api/v1/services/{id}/reversals" => services::undo;
    POST "/api/v1/services/{id}/retirement" => services::retire;
    POST "/api/v1/services/{id}/restoration" => services::restore;
    GET "/api/v1/organizations" => organizations::list;
    POST "/api/v1/organizations" => organizations::create;
    GET "/api/v1/organizations/{id}" => organizations::get;
    PATCH "/api/v1/organizations/{id}" => organizations::change;
    GET "/api/v1/organizations/{id}/history" => history::of_organization;
    POST "/api/v1/organizations/{id}/reversals" => organizations::undo;
    POST "/api/v1/organizations/{id}/retirement" => organizations::retire;
    POST "/api/v1/organizations/{id}/restoration" => organizations::restore;
    GET "/api/v1/locations" => locations::list;
    POST "/api/v1/locations" => locations::create;
    GET "/api/v1/locations/{id}" => locations::get;
    PATCH "/api/v1/locations/{id}" => locations::change;
    GET "/api/v1/locations/{id}/history" => history::of_location;
    POST "/api/v1/locations/{id}/reversals" => locations::undo;
    POST "/api/v1/locations/{id}/retirement" => locations::retire;
    POST "/api/v1/locations/{id}/restoration" => locations::restore;
    POST "/api/v1/edits" => edits::create;
    GET "/api/v1/edits" => edits::list;
    POST "/api/v1/edits/{id}/decision" => edits::decide;
    POST "/api/v1/services/{id}/reports" => error_reports::create;
    GET "/api/v1/error_reports" => error_reports::list;
    POST "/api/v1/error_reports/{id}/resolution" => error_reports::resolve;
    POST "/api/v1/organizations/{id}/claims" => claims::create;
    GET "/api/v1/claims" => claims::list;
    POST "/api/v1/claims/{id}/decision" => claims::decide;
    GET "/api/v1/services/{id}/capacities" => capacities::list;
    POST "/api/v1/services/{id}/capacities" => capacities::say;
    GET "/api/v1/freshness" => freshness::list;
    POST "/api/v1/organizations/{id}/record_links" => freshness::ask;
    GET "/d/{token}" => records::show;
    POST "/d/{token}/confirm" => records::confirm;
    POST "/d/{token}/capacity" => records::capacity;
    POST "/d/{token}/closure" => records::closure;
    POST "/d/{token}/correction" => records::correction;
    GET "/api/v1/services/{id}/provenance" => sources::provenance;
    GET "/api/v1/sources" => sources::list;
    GET "/api/v1/sources/{name}/missing" => sources::missing;

    // -- HSDS 3.2
    GET "/hsds" => hsds::about;
    GET "/hsds/" => hsds::about;
    GET "/hsds/services" => hsds::services;
    POST "/hsds/services" => hsds::services;
    GET "/hsds/services/{id}" => hsds::service;
    GET "/hsds/organizations" => hsds::organizations;
    POST "/hsds/organizations" => hsds::organizations;
    GET "/hsds/organizations/{id}" => hsds::organization;
    GET "/hsds/service_at_locations" => hsds::service_at_locations;
    POST "/hsds/service_at_locations" => hsds::service_at_locations;
    GET "/hsds/service_at_locations/{id}" => hsds::service_at_location;
    GET "/hsds/taxonomies" => hsds::taxonomies;
    POST "/hsds/taxonomies" => hsds::taxonomies;
    GET "/hsds/taxonomies/{id}" => hsds::taxonomy;
    GET "/hsds/taxonomy_terms" => hsds::taxonomy_terms;
    POST "/hsds/taxonomy_terms" => hsds::taxonomy_terms;
    GET "/hsds/taxonomy_terms/{id}" => hsds::taxonomy_term;
    GET "/profile/" => profile::page;
    GET "/profile/{file}" => profile::compiled;
    GET "/profile/patches/{file}" => profile::patch;
    GET "/profile/hsds/{file}" => profile::standard;

    // -- search
    GET "/api/v1/search" => search::by_query;
    GET "/api/v1/search/suggest" => suggest::list;
    POST "/api/v1/search" => search::by_document;
    POST "/api/v1/match" => matching::matching;
    POST "/api/v1/saved_lists" => saved_lists::create;
    GET "/api/v1/saved_lists" => saved_lists::list;
    GET "/api/v1/saved_lists/{id}" => saved_lists::get;
    PATCH "/api/v1/saved_lists/{id}" => saved_lists::change;
    DELETE "/api/v1/saved_lists/{id}" => saved_lists::delete;
    GET "/api/v1/saved_lists/{id}/print" => saved_lists::print;
    POST "/api/v1/saved_lists/{id}/letters" => saved_lists::send;
    POST "/api/v1/saved_searches" => saved_searches::create;
    GET "/api/v1/saved_searches" => saved_searches::list;
    GET "/api/v1/saved_searches/{id}" => saved_searches::get;
    PATCH "/api/v1/saved_searches/{id}" => saved_searches::change;
    DELETE "/api/v1/saved_searches/{id}" => saved_searches::delete;

    // -- families
    POST "/api/v1/families" => families::create;
    GET "/api/v1/families" => families::list;
    GET "/api/v1/families/{id}" => families::get;
    PATCH "/api/v1/families/{id}" => families::patch;
    POST "/api/v1/families/{id}/observations" => families::observe;
    PUT "/api/v1/families/{id}/identity" => families::put_identity;
    GET "/api/v1/families/{id}/identity" => families::identity;
    POST "/api/v1/needs" => needs::create;
    GET "/api/v1/needs" => needs::list;
    GET "/api/v1/needs/{id}" => needs::get;
    POST "/api/v1/needs/{id}/outcomes" => needs::say;
    POST "/api/v1/consents" => consents::create;
    GET "/api/v1/consents" => consents::list;
    POST "/api/v1/consents/{id}/revocation" => consents::revoke;
    GET "/api/v1/follow_ups" => follow_ups::list;
    POST "/api/v1/follow_ups/{id}/completion" => follow_ups::complete;

    // -- referrals
    POST "/api/v1/referrals" => referrals::create;
    GET "/api/v1/referrals" => referrals::list;
    GET "/api/v1/referrals/{id}" => referrals::open;
    POST "/api/v1/referrals/{id}/transitions" => referrals::transition;
    GET "/api/v1/referrals/{id}/identity" => referrals::identity;
    GET "/r.css" => answers::style;
    GET "/r/{token}" => answers::show;
    POST "/r/{token}/seen" => answers::mark_seen;
    POST "/r/{token}/answer" => answers::answer;
    POST "/r/{token}/code" => answers::send_code;
    POST "/r/{token}/identity" => answers::identity;

    // -- reports
    GET "/api/v1/reports/portrait" => reports::portrait;
    GET "/api/v1/reports/unmet-needs" => reports::unmet_needs;
    GET "/api/v1/reports/demand" => reports::demand;

}

/// One resource a path, so that another method gets 405 with `Allow`, and an unknown path a problem document. HEAD is
/// answered wherever GET is, by the same handler: the server sends the headers and leaves the body out.
pub fn configure(config: &mut ServiceConfig) {
    let mut entries = table();
    // The router tries one path after the other: those without parameters, which cost it next to nothing, come first.
    // They may not be hidden by one with parameters either.
    entries.sort_by_key(|entry| entry.path.contains('{'));
    while let Some(path) = entries.first().map(|entry| entry.path) {
        let (here, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|entry| entry.path == path);
        entries = others;
        let mut resource = web::resource(path);
        let mut methods: Vec<String> = Vec::new();
        for entry in here {
            methods.push(entry.method.to_string());
            if entry.method == Method::GET {
                methods.push(Method::HEAD.to_string());
                resource = resource.route((entry.route)().method(Method::HEAD));
            }
            resource = resource.route((entry.route)().method(entry.method));
        }
        let allow: &'static str = Box::leak(methods.join(", ").into_boxed_str());
        resource = resource.default_service(
            web::route().to(move || async move { Err::<HttpResponse, Problem>(Problem::method_not_allowed(allow)) }),
        );
        config.service(resource);
    }
    config.default_service(web::route().to(nothing_here));
}

async fn nothing_here(_: HttpRequest) -> Result<HttpResponse, Problem> {
    Err(Refusal::new(Code::NotFound).into())
}
