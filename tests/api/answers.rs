//! The answer of an organisation without an account: a letter, a page, an answer, a code.

use chrono::TimeDelta;
use relais::actions::answers::prepare_link;
use relais::id::Id;
use serde_json::json;

use super::app::{Reply, TestApp, both};
use super::story::{CANARY, code_in, events, family, go, known_sender, letters, link_in, places, revoke, send, status};

/// The childcare centre of the demo has an address and no account.
fn sent_to_the_centre(app: &TestApp) -> (String, String) {
    known_sender(app);
    let story = family(app, &["cpe"]);
    let id = send(app, &story, "garderie").expect(201).id();
    let link = link_in(&letters(app, 1)[0]);
    (id, link)
}

fn answer(app: &TestApp, link: &str, form: &[(&str, &str)]) -> Reply {
    app.anonymous().post_form(&format!("{link}/answer"), form)
}

fn is_kept_by_nobody(page: &Reply) {
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
    assert!(!page.text.contains("<script") && !page.text.contains(" style=") && !page.text.contains(" onclick"));
}

both!(from_the_letter_to_the_name_of_the_family, |app| {
    let (id, link) = sent_to_the_centre(app);
    let letter = &letters(app, 1)[0];
    assert!(letter.contains("To: admission@petites-pousses.example") && letter.contains("Message-ID: <"));
    assert!(letter.contains("Dépannage alimentaire") && letter.contains("Food bank"), "{letter}");
    assert!(!letter.contains(CANARY) && !letter.contains("Longueuil"));

    // Reading changes nothing, however often.
    for _ in 0..3 {
        let page = app.anonymous().get(&link).expect(200);
        is_kept_by_nobody(&page);
        for shown in ["Dépannage alimentaire", "2 ans", "Longueuil", "es", "Disponible en matinée"] {
            assert!(page.text.contains(shown), "{shown} in {}", page.text);
        }
        assert!(!page.text.contains(CANARY) && !page.text.contains("450 555-0142"));
    }
    let english = app.anonymous().in_english().get(&link).expect(200);
    assert!(
        english.text.contains("lang=\"en\"") && english.text.contains("2 years") && english.text.contains("We accept")
    );
    assert_eq!((status(app, &id).as_str(), events(app, &id).len()), ("sent", 2));

    app.anonymous().post_form(&format!("{link}/seen"), &[]).expect(303);
    assert_eq!(status(app, &id), "seen");
    app.anonymous().post_form(&format!("{link}/code"), &[]).expect(409);
    let back = answer(app, &link, &[("answer", "accept"), ("places_available", "4"), ("reason", "")]).expect(303);
    assert_eq!(back.header("location"), Some(format!("{link}?lang=fr").as_str()));
    assert_eq!(status(app, &id), "accepted");
    assert_eq!(places(app, "garderie"), (Some(4), Some(app.clock.now())));
    let last = events(app, &id).pop().expect("an event");
    assert_eq!((&last["actor"], &last["channel"]), (&json!("receiver"), &json!("link")));

    // The link alone shows no name: a forwarded letter is not enough.
    assert!(!app.anonymous().get(&link).expect(200).text.contains(CANARY));
    let identity = format!("{link}/identity");
    app.anonymous().post_form(&identity, &[("code", "000000")]).expect(403);
    app.anonymous().post_form(&format!("{link}/code"), &[]).expect(303);
    let code = code_in(&letters(app, 2)[1]);
    let page = app.anonymous().post_form(&identity, &[("code", &code)]).expect(200);
    is_kept_by_nobody(&page);
    assert!(page.text.contains(CANARY) && page.text.contains("450 555-0142"));
    assert!(!page.text.contains("rue Gardée"), "the family did not agree to share its address");
    app.anonymous().post_form(&identity, &[("code", &code)]).expect(403);
});

both!(full_sets_the_places_to_none_and_saying_it_twice_changes_nothing, |app| {
    let (id, link) = sent_to_the_centre(app);
    answer(app, &link, &[("answer", "full")]).expect(303);
    assert_eq!(places(app, "garderie"), (Some(0), Some(app.clock.now())));
    let first = app.anonymous().get(&link).expect(200).text;
    let told = events(app, &id);
    let last = told.last().expect("an event");
    assert_eq!((&last["to"], &last["reason"]), (&json!("declined"), &json!("capacity_full")));
    answer(app, &link, &[("answer", "full")]).expect(303);
    assert_eq!(app.anonymous().get(&link).expect(200).text, first);
    assert_eq!(events(app, &id), told);
    // Another answer is taken if its move is legal: the same organisation changes its mind.
    answer(app, &link, &[("answer", "wait"), ("waitlisted_on", "2026-06-01"), ("wait_days", "40")]).expect(303);
    assert_eq!(status(app, &id), "waitlisted");
    answer(app, &link, &[("answer", "needs_info")]).expect(409);
    assert_eq!(status(app, &id), "waitlisted");
});

both!(what_is_wrong_with_an_answer_is_said_on_the_page, |app| {
    let (id, link) = sent_to_the_centre(app);
    for (form, status) in [
        (vec![("answer", "wait")], 422),
        (vec![("answer", "decline")], 422),
        (vec![("answer", "perhaps")], 422),
        (vec![("answer", "")], 400),
        (vec![("answer", "accept"), ("places_available", "-1")], 422),
        (vec![("answer", "accept"), ("places_available", "many")], 422),
        (vec![("answer", "wait"), ("waitlisted_on", "hier")], 422),
        (vec![("answer", "capacity")], 400),
    ] {
        let page = answer(app, &link, &form).expect(status);
        assert!(page.text.contains("role=\"alert\""), "{form:?}: {}", page.text);
    }
    assert_eq!(answer(app, &link, &[("answer", "accept"), ("version", "9")]).status, 400);
    assert_eq!((status(app, &id).as_str(), events(app, &id).len()), ("sent", 2));
});

both!(a_link_that_does_not_answer_is_one_and_the_same_page, |app| {
    let (id, link) = sent_to_the_centre(app);
    let unknown = app.anonymous().get("/r/AAAAAAAAAAAAAAAAAAAAAA").expect(404);
    is_kept_by_nobody(&unknown);
    let long = app.anonymous().get(&format!("/r/{}", "A".repeat(500))).expect(404);
    go(app, &app.worker(), &id, &json!({ "to": "withdrawn" })).expect(200);
    let over = app.anonymous().get(&link).expect(404);
    assert!(unknown.text == long.text && unknown.text == over.text);
    let late = answer(app, &link, &[("answer", "accept")]).expect(404);
    assert_eq!(late.text, unknown.text);
    let seen = app.anonymous().post_form(&format!("{link}/seen"), &[]).expect(404);
    assert_eq!(seen.text, unknown.text);
    assert_eq!(status(app, &id), "withdrawn");
});

both!(reminders_carry_fresh_links_and_a_link_outlives_expiry_by_thirty_days, |app| {
    let (id, first) = sent_to_the_centre(app);
    app.advance(TimeDelta::days(3));
    let reminded = letters(app, 2);
    assert_ne!(link_in(&reminded[1]), first);
    app.anonymous().get(&first).expect(200);
    app.advance(TimeDelta::days(4));
    let second = link_in(&letters(app, 3)[2]);
    app.advance(TimeDelta::days(14));
    app.run_jobs();
    assert_eq!(status(app, &id), "expired");
    app.anonymous().get(&second).expect(200);
    app.advance(TimeDelta::days(30));
    answer(app, &second, &[("answer", "needs_info"), ("note", "Êtes-vous toujours preneurs ?")]).expect(303);
    assert_eq!(status(app, &id), "needs_info");
    assert_eq!(letters(app, 3).len(), 3, "nobody is reminded of what has expired");
});

both!(an_expired_link_ends, |app| {
    let (id, link) = sent_to_the_centre(app);
    app.advance(TimeDelta::days(21));
    app.run_jobs();
    assert_eq!(status(app, &id), "expired");
    app.advance(TimeDelta::days(30) + TimeDelta::seconds(1));
    app.anonymous().get(&link).expect(404);
    answer(app, &link, &[("answer", "accept")]).expect(404);
    assert_eq!(status(app, &id), "expired");
});

both!(consent_is_looked_at_again_when_the_letter_leaves, |app| {
    known_sender(app);
    let story = family(app, &["cpe"]);
    let id: Id = send(app, &story, "garderie").expect(201).id().parse().expect("an id");
    letters(app, 1);
    let now = app.clock.now();
    assert!(prepare_link(&app.deps, id, now).expect("the store answers").is_some());
    revoke(app, story.consent_ids[0]);
    assert!(prepare_link(&app.deps, id, now).expect("the store answers").is_none());
    app.advance(TimeDelta::days(3));
    assert_eq!(letters(app, 1).len(), 1, "no reminder leaves without consent");
});

both!(filled_elsewhere_takes_places_only, |app| {
    let (id, link) = sent_to_the_centre(app);
    go(app, &app.worker(), &id, &json!({ "to": "superseded" })).expect(200);
    let page = app.anonymous().get(&link).expect(200);
    assert!(page.text.contains("Comblée ailleurs") && !page.text.contains("Longueuil"));
    answer(app, &link, &[("answer", "accept")]).expect(409);
    answer(app, &link, &[("answer", "capacity"), ("places_available", "9")]).expect(303);
    assert_eq!(places(app, "garderie").0, Some(9));
    assert_eq!((status(app, &id).as_str(), events(app, &id).len()), ("superseded", 3));
});

both!(a_code_lasts_fifteen_minutes_and_few_tries, |app| {
    let (_, link) = sent_to_the_centre(app);
    answer(app, &link, &[("answer", "accept")]).expect(303);
    let identity = format!("{link}/identity");
    let open = |code: &str| app.anonymous().post_form(&identity, &[("code", code)]);
    app.anonymous().post_form(&format!("{link}/code"), &[]).expect(303);
    app.anonymous().post_form(&format!("{link}/code"), &[]).expect(303);
    let late = code_in(&letters(app, 2)[1]);
    app.advance(TimeDelta::minutes(15));
    open(&late).expect(403);
    app.anonymous().post_form(&format!("{link}/code"), &[]).expect(303);
    let code = code_in(&letters(app, 3)[2]);
    let wrong = if code == "123456" { "654321" } else { "123456" };
    for _ in 0..9 {
        assert!(!open(wrong).expect(403).text.contains(CANARY));
    }
    // Ten wrong ones in a row, the late one among them: the right one opens nothing any more.
    assert!(!open(&code).expect(403).text.contains(CANARY));
});

both!(an_organisation_without_an_address_or_an_account_cannot_be_written_to, |app| {
    known_sender(app);
    let story = family(app, &["perinatal"]);
    send(app, &story, "allaitement").expect_problem(422, "referral_address_missing").naming("service_id");
});
