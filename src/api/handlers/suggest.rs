//! What a text that is being typed may become.

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::actions::suggest;
use crate::api::App;
use crate::api::extract::{MaybeCaller, Query};
use crate::api::problem::Answer;
use crate::api::wire::suggest::{SuggestQuery, SuggestionsView};
use crate::domain::viewer::Viewer;

pub async fn list(app: Data<App>, caller: MaybeCaller, query: Query<SuggestQuery>) -> Answer {
    let typed = query.0.parse(caller.lang)?;
    let viewer = caller.account.map(Viewer::Account);
    let found = app.act_at_once(|deps| suggest::suggest(deps, viewer.as_ref(), &typed))?;
    Ok(HttpResponse::Ok().json(SuggestionsView::new(found)))
}
