//! The printed guide over HTTP: who may read it, what it says, and what it never says.

use super::app::both;

both!(a_guide_of_a_territory_is_open_to_everybody_and_says_no_more_than_they_may_read, |app| {
    let client = app.anonymous();
    let reply = client.get("/api/v1/guide?territory=region:16&language=fr").expect(200);
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(reply.header("content-language"), Some("fr"));
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe-inline"), "{policy}");
    assert!(!reply.text.contains("<style") && !reply.text.contains("<script"), "nothing that the policy refuses");
    for word in ["Guide des services", "Sommaire", "Téléphone", "Vérifié"] {
        assert!(reply.text.contains(word), "{word}: {}", reply.text);
    }
    let english = client.clone().in_english().get("/api/v1/guide?territory=region:16").expect(200);
    assert!(english.text.contains("<html lang=\"en\">") && english.text.contains("Telephone"));
    let food = client.get("/api/v1/guide?territory=region:16&category=food&language=fr").expect(200);
    assert!(food.text.matches("<article").count() < reply.text.matches("<article").count());
    let hidden = relais::sample::twenty::directory(relais::clock::Time::from_micros(0)).locations;
    let hidden: Vec<_> = hidden
        .iter()
        .filter(|place| place.visibility == relais::domain::directory::Visibility::RegionOnly)
        .flat_map(|place| place.document.addresses.iter().filter_map(|address| address.address_1.clone()))
        .collect();
    assert!(!hidden.is_empty());
    for reply in [&reply, &english, &app.worker().get("/api/v1/guide?territory=region:06").expect(200)] {
        for address in &hidden {
            assert!(!reply.text.contains(address), "{address}");
        }
    }
    assert!(client.get("/guide.css").expect(200).text.contains("@page"));
});

both!(a_guide_that_cannot_be_is_refused_by_its_field, |app| {
    let client = app.anonymous();
    client.get("/api/v1/guide").expect_problem(400, "missing_field").naming("territory");
    client.get("/api/v1/guide?territory=mrc:nowhere").expect_problem(422, "unknown_territory").naming("territory");
    let path = "/api/v1/guide?territory=mrc:58&category=moon";
    client.get(path).expect_problem(422, "unknown_category").naming("category");
    client.get("/api/v1/guide?territory=mrc:58&page=2").expect_problem(400, "unknown_field");
    let empty = client.get("/api/v1/guide?territory=region:10&category=legal&language=en").expect(200);
    assert!(empty.text.contains("No service to print here."), "{}", empty.text);
});
