//! Territories, where a point is, and where a name is. Open to all: nothing here is about a person.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use crate::actions::territories;
use crate::api::App;
use crate::api::extract::Query;
use crate::api::problem::Answer;
use crate::api::wire::territories::{
    GeocodeQuery, ListQuery, LocateQuery, LocatedView, MatchesView, PageView, TerritoryView, id_of,
};
use crate::domain::refusal::{Code, Refusal};

pub async fn list(app: Data<App>, query: Query<ListQuery>) -> Answer {
    let asked = query.0.parse()?;
    let page = app.act(move |deps| territories::list(deps, &asked)).await?;
    Ok(HttpResponse::Ok().json(PageView::from(page)))
}

pub async fn get(app: Data<App>, id: Path<String>) -> Answer {
    let id = id_of(id.into_inner()).ok_or_else(|| Refusal::new(Code::NotFound))?;
    let known = app.act(move |deps| territories::get(deps, &id)).await?;
    Ok(HttpResponse::Ok().json(TerritoryView::from(known)))
}

pub async fn locate(app: Data<App>, query: Query<LocateQuery>) -> Answer {
    let point = query.0.parse()?;
    let view = app.act(move |deps| Ok(LocatedView::new(territories::locate(deps, point), deps.gazetteer()))).await?;
    Ok(HttpResponse::Ok().json(view))
}

pub async fn geocode(app: Data<App>, query: Query<GeocodeQuery>) -> Answer {
    let (text, limit) = query.0.parse()?;
    let matches = app.act(move |deps| Ok(territories::geocode(deps, &text, limit))).await?;
    Ok(HttpResponse::Ok().json(MatchesView::new(matches)))
}
