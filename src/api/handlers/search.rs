//! Searching the directory, by query string or by JSON document; distances by road come after, where there is a router.

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::actions::{road, search};
use crate::api::App;
use crate::api::extract::{Body, MaybeCaller, Query};
use crate::api::problem::Answer;
use crate::api::wire::search::{SearchBody, SearchView};
use crate::domain::viewer::Viewer;

pub async fn by_query(app: Data<App>, caller: MaybeCaller, query: Query<SearchBody>) -> Answer {
    answer(app, caller, query.0).await
}

pub async fn by_document(app: Data<App>, caller: MaybeCaller, body: Body<SearchBody>) -> Answer {
    answer(app, caller, body.0).await
}

async fn answer(app: Data<App>, caller: MaybeCaller, body: SearchBody) -> Answer {
    let asked = body.parse(caller.lang)?;
    let lang = asked.lang;
    let viewer = caller.account.map(Viewer::Account);
    // Who waits for a change waits on a thread of its own.
    let found = if asked.min_change.is_some() {
        app.act(move |deps| search::search(deps, viewer.as_ref(), asked)).await?
    } else {
        app.act_at_once(|deps| search::search(deps, viewer.as_ref(), asked))?
    };
    // Another machine is asked on a thread that may wait, and only where there is one to ask.
    let found = if road::is_worth_asking(&app.deps, &found) {
        app.act(move |deps| Ok(road::measured(deps, found))).await?
    } else {
        found
    };
    Ok(HttpResponse::Ok().json(SearchView::new(found, lang)))
}
