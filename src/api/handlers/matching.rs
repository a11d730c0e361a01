//! Matching a family: its needs against the directory, and the fewest visits that meet them.

use actix_web::HttpResponse;
use actix_web::web::Data;

use super::families::private;
use crate::actions::matching;
use crate::api::App;
use crate::api::extract::{Body, MaybeCaller};
use crate::api::problem::Answer;
use crate::api::wire::matching::{MatchBody, MatchView};
use crate::domain::viewer::Viewer;

pub async fn matching(app: Data<App>, caller: MaybeCaller, body: Body<MatchBody>) -> Answer {
    let asked = body.0.parse(caller.lang)?;
    let lang = asked.lang;
    let viewer = caller.account.map(Viewer::Account);
    let matched = app.act(move |deps| matching::matching(deps, viewer.as_ref(), asked)).await?;
    Ok(private(HttpResponse::Ok()).json(MatchView::new(matched, lang)))
}
