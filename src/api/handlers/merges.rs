//! Merging two services into one, and undoing it.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::families::private;
use crate::actions::duplicates::Pair;
use crate::actions::merges;
use crate::api::App;
use crate::api::extract::{Body, Caller, PathId};
use crate::api::problem::Answer;
use crate::api::wire::duplicates::PairView;
use crate::api::wire::merges::MergeBody;
use crate::domain::language::Lang;
use crate::store::Written;

pub async fn merge(app: Data<App>, caller: Caller, id: PathId, body: Body<MergeBody>) -> Answer {
    let (asked, lang) = (body.0.parse()?, caller.lang);
    let written = app.act(move |deps| merges::merge(deps, &caller.account, id.0, &asked)).await?;
    Ok(answer(&written, lang))
}

pub async fn separate(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    let lang = caller.lang;
    let written = app.act(move |deps| merges::separate(deps, &caller.account, id.0)).await?;
    Ok(answer(&written, lang))
}

fn answer(written: &Written<Pair>, lang: Lang) -> HttpResponse {
    let mut response = private(HttpResponse::Ok());
    response.insert_header(("Relais-Change", written.change.to_string()));
    response.json(PairView::new(&written.value, lang))
}
