//! Signing in (OAuth 2, RFC 6749: password and refresh grants) and who is signed in.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA};
use actix_web::web::Data;

use crate::actions::accounts;
use crate::api::App;
use crate::api::extract::{Caller, Form};
use crate::api::problem::{Answer, Problem};
use crate::api::wire::accounts::{ProfileView, TokenForm, TokenRequest, TokenView};

pub async fn token(app: Data<App>, form: Result<Form<TokenForm>, Problem>) -> Answer {
    let answer = async {
        let Form(form) = form?;
        match TokenRequest::parse(form)? {
            TokenRequest::Password { username, password } => {
                app.act(move |deps| accounts::sign_in(deps, &username, &password)).await
            }
            TokenRequest::Refresh { refresh_token } => {
                app.act(move |deps| accounts::refresh(deps, &refresh_token)).await
            }
        }
    };
    let grant = answer.await.map_err(Problem::for_token_endpoint)?;
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"))
        .json(TokenView::new(&grant)))
}

pub async fn me(app: Data<App>, caller: Caller) -> Answer {
    let lang = caller.lang;
    let profile = app.act(move |deps| accounts::profile(deps, &caller.account)).await?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(ProfileView::new(&profile, lang)))
}
