//! Where the directory comes from.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use super::families::private;
use crate::actions::sources;
use crate::api::App;
use crate::api::extract::{Caller, PathId, Query};
use crate::api::problem::Answer;
use crate::api::wire::sources::{MissingQuery, MissingView, ProvenanceView, SourcesView};

pub async fn provenance(app: Data<App>, _caller: Caller, id: PathId) -> Answer {
    let whence = app.act(move |deps| sources::provenance(deps, id.0)).await?;
    Ok(private(HttpResponse::Ok()).json(ProvenanceView::new(&whence)))
}

pub async fn list(app: Data<App>, caller: Caller) -> Answer {
    let rows = app.act(move |deps| sources::list(deps, &caller.account)).await?;
    Ok(private(HttpResponse::Ok()).json(SourcesView::new(&rows)))
}

pub async fn missing(app: Data<App>, caller: Caller, name: Path<String>, query: Query<MissingQuery>) -> Answer {
    let after = query.0.after;
    let (rows, next) = app.act(move |deps| sources::missing(deps, &caller.account, &name, after)).await?;
    Ok(private(HttpResponse::Ok()).json(MissingView::new(&rows, next)))
}
