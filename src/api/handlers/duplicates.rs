//! Services that are written twice: what a curator looks at and decides.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::families::private;
use crate::actions::duplicates;
use crate::api::App;
use crate::api::extract::{Body, Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::duplicates::{DismissalBody, PairView, PairsQuery, PairsView};

pub async fn list(app: Data<App>, caller: Caller, query: Query<PairsQuery>) -> Answer {
    let (asked, lang) = (query.0.parse(None)?, caller.lang);
    let pairs = app.act(move |deps| duplicates::list(deps, &caller.account, &asked)).await?;
    Ok(private(HttpResponse::Ok()).json(PairsView::new(&pairs, lang)))
}

pub async fn of_service(app: Data<App>, caller: Caller, id: PathId, query: Query<PairsQuery>) -> Answer {
    let (asked, lang) = (query.0.parse(Some(id.0))?, caller.lang);
    let pairs = app.act(move |deps| duplicates::list(deps, &caller.account, &asked)).await?;
    Ok(private(HttpResponse::Ok()).json(PairsView::new(&pairs, lang)))
}

pub async fn dismiss(app: Data<App>, caller: Caller, id: PathId, body: Body<DismissalBody>) -> Answer {
    let lang = caller.lang;
    let pair = app.act(move |deps| duplicates::dismiss(deps, &caller.account, id.0, &body.0.reason)).await?;
    Ok(private(HttpResponse::Ok()).json(PairView::new(&pair, lang)))
}
