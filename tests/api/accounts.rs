//! Signing in, staying signed in, being refused.

use chrono::TimeDelta;
use relais::store::accounts;

use super::app::{PASSWORD, both};

const TOKEN: &str = "/api/v1/auth/token";

both!(a_worker_signs_in_and_sees_who_she_is, |app| {
    let me = app.worker().get("/api/v1/me").expect(200);
    assert_eq!(me.json["email"], "worker@demo.relais.example");
    assert_eq!(me.json["memberships"][0]["role"], "worker");
    app.anonymous().get("/api/v1/me").expect_problem(401, "unauthenticated");
});

both!(a_wrong_password_and_an_unknown_address_get_the_same_answer, |app| {
    let ask = |username: &str, password: &str| {
        let form = [("grant_type", "password"), ("username", username), ("password", password)];
        app.anonymous().post_form(TOKEN, &form).expect_problem(400, "invalid_grant")
    };
    let (mut known, mut unknown) = (ask("worker@demo.relais.example", "no"), ask("nobody@demo.relais.example", "no"));
    assert_eq!(known.json["error"], "invalid_grant");
    for reply in [&mut known, &mut unknown] {
        reply.json["request_id"] = serde_json::Value::Null;
    }
    assert_eq!(known.json, unknown.json);
});

both!(ten_wrong_passwords_lock_the_account_for_a_quarter_of_an_hour, |app| {
    let ask = |password: &str| {
        let form = [("grant_type", "password"), ("username", "partner@demo.relais.example"), ("password", password)];
        app.anonymous().post_form(TOKEN, &form).status
    };
    for _ in 0..app.deps.config.limits.sign_in_failures_max {
        assert_eq!(ask("no"), 400);
    }
    assert_eq!(ask(PASSWORD), 400, "locked, even with the right password");
    app.advance(TimeDelta::minutes(app.deps.config.limits.sign_in_lock_minutes + 1));
    assert_eq!(ask(PASSWORD), 200);
});

both!(wrong_passwords_tried_at_once_lock_it_too, |app| {
    let tried = |password: &'static str| {
        let form = [("grant_type", "password"), ("username", "partner@demo.relais.example"), ("password", password)];
        app.anonymous().post_form(TOKEN, &form).status
    };
    let client = app.anonymous();
    std::thread::scope(|scope| {
        for _ in 0..app.deps.config.limits.sign_in_failures_max {
            let client = client.clone();
            scope.spawn(move || {
                let form =
                    [("grant_type", "password"), ("username", "partner@demo.relais.example"), ("password", "no")];
                assert_eq!(client.post_form(TOKEN, &form).status, 400);
            });
        }
    });
    assert_eq!(tried(PASSWORD), 400, "locked, even with the right password");
});

both!(a_token_expires_after_fifteen_minutes, |app| {
    let worker = app.worker();
    app.advance(TimeDelta::minutes(14));
    worker.get("/api/v1/me").expect(200);
    app.advance(TimeDelta::minutes(1));
    let reply = worker.get("/api/v1/me").expect_problem(401, "invalid_token");
    assert_eq!(reply.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
});

both!(a_foreign_or_bent_token_is_refused, |app| {
    let good = {
        let form = [("grant_type", "password"), ("username", "worker@demo.relais.example"), ("password", PASSWORD)];
        app.anonymous().post_form(TOKEN, &form).json["access_token"].as_str().expect("a token").to_owned()
    };
    let parts: Vec<&str> = good.split('.').collect();
    // {"alg":"none","typ":"at+jwt"} and {"alg":"HS256","typ":"at+jwt","kid":"../../etc/passwd"}
    let none = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0";
    let hs256 = "eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCIsImtpZCI6Ii4uLy4uL2V0Yy9wYXNzd2QifQ";
    for bad in [
        format!("{none}.{}.", parts[1]),
        format!("{hs256}.{}.{}", parts[1], parts[2]),
        format!("{}.{}.{}A", parts[0], parts[1], &parts[2][1..]),
        format!("{}.{}", parts[0], parts[1]),
        "x".repeat(5_000),
    ] {
        app.anonymous().header("Authorization", &format!("Bearer {bad}")).get("/api/v1/me").expect(401);
    }
    app.anonymous().header("Authorization", "Basic d29ya2VyOmRlbW8=").get("/api/v1/me").expect(401);
});

both!(a_refresh_token_is_good_once_and_its_return_ends_them_all, |app| {
    let refresh =
        |token: &str| app.anonymous().post_form(TOKEN, &[("grant_type", "refresh_token"), ("refresh_token", token)]);
    let form = [("grant_type", "password"), ("username", "worker@demo.relais.example"), ("password", PASSWORD)];
    let first = app.anonymous().post_form(TOKEN, &form).expect(200).json["refresh_token"].as_str().unwrap().to_owned();
    let second = refresh(&first).expect(200).json["refresh_token"].as_str().unwrap().to_owned();
    refresh(&first).expect(200); // another tab, at the same moment
    app.clock.advance(TimeDelta::seconds(11));
    refresh(&first).expect_problem(400, "invalid_grant");
    refresh(&second).expect_problem(400, "invalid_grant");
    refresh("unknown").expect_problem(400, "invalid_grant");
});

both!(a_role_taken_away_is_gone_at_the_next_request, |app| {
    let worker = app.worker();
    worker.get("/api/v1/me").expect(200);
    let now = app.clock.now();
    let email = "worker@demo.relais.example";
    let account = app.deps.store.read(|conn| accounts::find_by_email(conn, email)).unwrap().unwrap();
    app.deps.store.write(now, |tx| accounts::disable(tx, account.id, now)).unwrap();
    worker.get("/api/v1/me").expect_problem(401, "invalid_token");
});

both!(demo_logins_open_nothing_outside_demo_data, |app| {
    let now = app.clock.now();
    app.deps.store.write(now, |tx| relais::store::changes::set_demo(tx, false)).unwrap();
    let form = [("grant_type", "password"), ("username", "worker@demo.relais.example"), ("password", PASSWORD)];
    app.anonymous().post_form(TOKEN, &form).expect_problem(400, "invalid_grant");
});

both!(a_bad_sign_in_form_says_which_field, |app| {
    let ask = |form: &[(&str, &str)]| app.anonymous().post_form(TOKEN, form);
    ask(&[]).expect_problem(400, "missing_field").naming("grant_type");
    ask(&[("grant_type", "password")]).expect_problem(400, "missing_field").naming("username");
    let unsupported = ask(&[("grant_type", "client_credentials")]).expect_problem(400, "invalid_value");
    assert_eq!(unsupported.json["error"], "unsupported_grant_type");
    let long = "x".repeat(2_000);
    ask(&[("grant_type", "password"), ("username", "a@b"), ("password", &long)]).expect_problem(400, "too_long");
    let json = app.anonymous().post(TOKEN, &serde_json::json!({"grant_type": "password"}));
    json.expect_problem(400, "unsupported_media_type");
});
