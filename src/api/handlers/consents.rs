//! Consents: taken, shown, taken back.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::families::{private, versioned};
use crate::actions::consents;
use crate::api::App;
use crate::api::extract::{Body, Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::consents::{ConsentBody, ConsentListView, ConsentView, ConsentsQuery, RevokedView};

pub async fn create(app: Data<App>, caller: Caller, body: Body<ConsentBody>) -> Answer {
    let new = body.0.parse();
    let row = app.act(move |deps| consents::create(deps, &caller.viewer(), &new)).await?;
    Ok(versioned(HttpResponse::Created(), row.version).json(ConsentView::new(&row)))
}

pub async fn list(app: Data<App>, caller: Caller, query: Query<ConsentsQuery>) -> Answer {
    let rows = app.act(move |deps| consents::list(deps, &caller.viewer(), query.0.family_id)).await?;
    Ok(private(HttpResponse::Ok()).json(ConsentListView::new(&rows)))
}

pub async fn revoke(app: Data<App>, caller: Caller, id: PathId) -> Answer {
    let revoked = app.act(move |deps| consents::revoke(deps, &caller.viewer(), id.0)).await?;
    Ok(versioned(HttpResponse::Ok(), revoked.row.version).json(RevokedView::new(&revoked)))
}
