//! The need taxonomy, for all.

use actix_web::HttpResponse;

use crate::api::extract::Query;
use crate::api::problem::Answer;
use crate::api::wire::taxonomy_terms::{TermsQuery, TermsView};
use crate::domain::taxonomy::Taxonomy;

pub async fn list(query: Query<TermsQuery>) -> Answer {
    let asked = query.0.parse()?;
    Ok(HttpResponse::Ok().json(TermsView::new(Taxonomy::embedded(), &asked)))
}
