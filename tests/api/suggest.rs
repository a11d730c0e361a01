//! Completing what is typed, over HTTP: what is suggested, in which order, what is never told, and what is refused.

use relais::domain::language::Text;
use relais::sample::twenty::{location_id, service_id};
use serde_json::json;

use super::app::{Client, Reply, both};
use super::matching::Town;

fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
fn typed(client: &Client, text: &str, more: &str) -> Reply {
    client.get(&format!("/api/v1/search/suggest?q={}{more}", escaped(text))).expect(200)
}
fn labels(reply: &Reply, kind: &str) -> Vec<String> {
    let results = reply.json["results"].as_array().expect("results");
    let of_kind = results.iter().filter(|one| one["kind"] == kind);
    of_kind.map(|one| one["label"].as_str().expect("a label").to_owned()).collect()
}

both!(typing_suggests_what_is_called_so, |app| {
    let client = app.anonymous();
    let found = typed(&client, "gard", "");
    let kinds: Vec<&str> =
        found.json["results"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"category"), "{}", found.text);
    assert!(labels(&found, "service").contains(&"Places en garderie 0-5 ans".to_owned()), "{}", found.text);
    // The last word is a beginning, the words before it are whole, accents and case do not matter.
    for text in ["ALLAIT", "soutien à l’allait", "Soutien à l’", "soutien a l allait", "allaitement"] {
        let found = typed(&client, text, "");
        assert!(labels(&found, "service").contains(&"Soutien à l’allaitement".to_owned()), "{text}: {}", found.text);
    }
    assert!(labels(&typed(&client, "sout allait", ""), "service").is_empty());
    let english = typed(&client, "breastf", "&lang=en");
    assert!(labels(&english, "service").contains(&"Breastfeeding support".to_owned()), "{}", english.text);
    let service = english.json["results"].as_array().unwrap().iter().find(|one| one["kind"] == "service").unwrap();
    assert_eq!(service["id"], service_id("allaitement").to_string());
    assert!(service["organization"]["name"].is_string());
    // Words of a description only are no name.
    let limit = typed(&client, "de", "&limit=3");
    assert!(limit.json["results"].as_array().unwrap().len() <= 3);
});

both!(places_organizations_and_synonyms_are_suggested, |app| {
    let client = app.anonymous();
    let places = labels(&typed(&client, "longueu", ""), "place");
    assert!(places.iter().any(|label| label.starts_with("Longueuil")), "{places:?}");
    // Of what begins so, the most peopled, and what people call it.
    for (text, place) in [("mont", "Montréal"), ("mtl", "Montréal"), ("limoil", "La Cité-Limoilou")] {
        let places = labels(&typed(&client, text, ""), "place");
        assert!(places.first().is_some_and(|label| label.starts_with(place)), "{text}: {places:?}");
    }
    // What is written for places is no beginning of another word, and a slip of the finger hides none.
    for (text, place) in [("st-j", "Saint-J"), ("ste-", "Sainte-"), ("7-i", "Sept-Îles"), ("longeu", "Longueuil")] {
        let reply = typed(&client, text, "");
        assert!(labels(&reply, "category").is_empty(), "{text}: {}", reply.text);
        let places = labels(&reply, "place");
        assert!(places.first().is_some_and(|label| label.starts_with(place)), "{text}: {}", reply.text);
    }
    // What people say comes after the place whose name is typed; the last word may be one beside what is needed.
    for (text, place) in [("rimousk", "Rimouski"), ("sept-", "Sept-Îles"), ("val d", "Val-d'Or")] {
        let reply = typed(&client, text, "");
        let first = &reply.json["results"][0];
        assert!(first["kind"] == "place" && first["label"] == place, "{text}: {}", reply.text);
    }
    let reply = typed(&client, "garderie long", "");
    assert!(labels(&reply, "place").contains(&"Longueuil".to_owned()), "{}", reply.text);
    assert!(labels(&typed(&client, "garderie lo", ""), "place").is_empty(), "two letters are no place yet");
    // Letter by letter, and as a whole, whatever people say beside it.
    for text in ["avocat she", "avocat sher", "avocat sherbrook", "avocat sherbrooke"] {
        let reply = typed(&client, text, "&lang=fr");
        assert_eq!(labels(&reply, "category"), ["Information et aide juridiques"], "{text}");
        assert_eq!(labels(&reply, "place").first().map(String::as_str), Some("Sherbrooke"), "{text}");
    }
    let reply = typed(&client, "garderie saint-jérôme", "&lang=fr");
    assert!(labels(&reply, "place").contains(&"Saint-Jérôme".to_owned()), "{}", reply.text);
    let offered = labels(&reply, "category");
    assert!(!offered.is_empty() && offered.iter().all(|label| label.contains("arde")), "{}", reply.text);
    // Around the place asked first; the others as elsewhere.
    let near = |text: &str, near: &str| labels(&typed(&client, text, &format!("&near={near}")), "place");
    assert_eq!(near("mont", "Rimouski").first().map(String::as_str), Some("Mont-Joli"));
    assert_eq!(near("mont", "Longueuil").first().map(String::as_str), Some("Montréal"));
    let daycare = typed(&client, "daycare", "&lang=fr");
    assert_eq!(daycare.json["results"][0]["kind"], "category", "{}", daycare.text);
    let record = client.get(&format!("/api/v1/services/{}", service_id("allaitement"))).expect(200);
    let of_record = record.json["organization"]["name"].as_str().expect("a name").to_owned();
    let found = labels(&typed(&client, &of_record, ""), "organization");
    assert_eq!(found, [of_record], "each once");
});

both!(a_category_that_is_called_so_comes_before_what_its_synonyms_are, |app| {
    for (text, label) in [("épicerie", "Épicerie communautaire"), ("répit", "Répit")] {
        let reply = typed(&app.anonymous(), text, "&lang=fr");
        assert_eq!(labels(&reply, "category").first().map(String::as_str), Some(label), "{}", reply.text);
    }
});

both!(a_category_called_so_in_the_language_shown_comes_before_one_of_the_other, |app| {
    // "Hébergement de transition" is "Transitional housing".
    for (lang, label) in [("fr", "Transport"), ("en", "Transitional housing")] {
        let reply = typed(&app.anonymous(), "trans", &format!("&lang={lang}"));
        assert_eq!(labels(&reply, "category").first().map(String::as_str), Some(label), "{}", reply.text);
    }
    // Written with its accent, it is not "Repas".
    let written = labels(&typed(&app.anonymous(), "rép", "&lang=fr"), "category");
    assert!(written.first().is_some_and(|label| label.starts_with("Rép")), "{written:?}");
});

both!(a_category_that_only_holds_the_word_comes_last, |app| {
    let found = typed(&app.anonymous(), "alimentaire", "&limit=20");
    let kinds: Vec<&str> =
        found.json["results"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(labels(&found, "category").contains(&"Dépannage alimentaire".to_owned()), "{}", found.text);
    assert_eq!(kinds.last(), Some(&"category"), "{kinds:?}");
    assert!(kinds.contains(&"service"), "{kinds:?}");
});

both!(what_is_misspelt_is_corrected, |app| {
    // Whole, begun, before the last word, and both.
    for text in ["alaitement", "allaitmen", "soutein à l’allait", "soutein allaitmen"] {
        let found = typed(&app.anonymous(), text, "");
        assert!(labels(&found, "service").contains(&"Soutien à l’allaitement".to_owned()), "{text}: {}", found.text);
    }
    // What is called as it is typed comes alone.
    let begun = labels(&typed(&app.anonymous(), "soutien", ""), "service");
    assert_eq!(labels(&typed(&app.anonymous(), "souti", ""), "service"), begun);
    for (text, place) in [("longeuil", "Longueuil"), ("sherbroke", "Sherbrooke")] {
        let places = labels(&typed(&app.anonymous(), text, ""), "place");
        assert!(places.first().is_some_and(|label| label.starts_with(place)), "{text}: {places:?}");
    }
    assert_eq!(typed(&app.anonymous(), "xyzzyxyzzy", "").json, json!({ "results": [] }));
    for short in ["", "g", "é", "%", "' \" *"] {
        assert_eq!(typed(&app.anonymous(), short, "").json, json!({ "results": [] }), "{short}");
    }
});

both!(what_nothing_is_called_is_offered_as_the_category_it_tells_of, |app| {
    let client = app.anonymous();
    for (text, lang, label) in [
        ("manteau", "fr", "Vêtements"),
        ("vêtements enf", "fr", "Vêtements"),
        ("poussette", "fr", "Articles pour bébé"),
        ("le frigo est vide", "fr", "Dépannage alimentaire"),
        ("fod bank", "en", "Food bank"),
        ("banqe alimentaire", "fr", "Dépannage alimentaire"),
        // A word is said for something before it begins another: not "violence", nor "littératie", nor "prisonnier".
        ("viol", "fr", "Agression sexuelle"),
        ("lit", "fr", "Meubles et électroménagers"),
        ("prison", "fr", "Hébergement de transition"),
        // What may be said for several needs alike is none of them surely, and no misspelling ("home").
        ("peur", "fr", "Violence conjugale ou familiale"),
        ("homme", "fr", "Groupe d’entraide"),
    ] {
        let found = typed(&client, text, &format!("&lang={lang}"));
        assert_eq!(found.json["results"][0]["label"], label, "{text}: {}", found.text);
    }
    // A word that is only begun is each of those that people say most.
    for (text, lang, label) in
        [("lunet", "fr", "Soins dentaires et vue"), ("winter coa", "en", "Clothing"), ("homew", "en", "Homework help")]
    {
        let offered = labels(&typed(&client, text, &format!("&lang={lang}")), "category");
        assert!(offered.contains(&label.to_owned()), "{text}: {offered:?}");
    }
    // Not those that are said far less often, nor the beginning of a word where another was begun after it, nor another
    // word that is written nearly as what is begun.
    for (text, lang, label) in
        [("bouf", "fr", "Santé sexuelle"), ("tax c", "en", "Transport"), ("divor", "fr", "Vêtements")]
    {
        let reply = typed(&client, text, &format!("&lang={lang}"));
        let offered = labels(&reply, "category");
        assert!(!offered.is_empty() && !offered.contains(&label.to_owned()), "{text}: {}", reply.text);
    }
    // A word that any text has is not the beginning of a name.
    let found = typed(&client, "mon chum", "");
    assert!(labels(&found, "service").is_empty() && labels(&found, "organization").is_empty(), "{}", found.text);
    // What people say but tells of no need in particular is neither corrected nor taken for one.
    for text in ["demain", "chose"] {
        assert_eq!(typed(&client, text, "").json, json!({ "results": [] }), "{text}");
    }
    // What holds the first words is still there when a word that many have comes after them.
    let found = typed(&client, "allaitement enf", "");
    assert!(labels(&found, "service").contains(&"Soutien à l’allaitement".to_owned()), "{}", found.text);
});

both!(services_of_one_name_are_no_choice, |app| {
    let mut town = Town::default().place("ici", 0.0, 0.0);
    for key in ["un", "deux", "trois"] {
        town = town.service(key, key, &["ici"], "housing/rent-help").that(|one| one.name = Text::fr("Zigzag au loyer"));
    }
    town = town.service("Carlingue", "un", &["ici"], "transport/car");
    let change = town.write(app);
    app.anonymous().get(&format!("/api/v1/search?min_change={change}")).expect(200);
    // A word after which another was typed is whole.
    for (text, is_called_so) in [("carl", true), ("car", true), ("car seat", false)] {
        let found = labels(&typed(&app.anonymous(), text, "&limit=20"), "service");
        assert_eq!(found.contains(&"Carlingue".to_owned()), is_called_so, "{text}: {found:?}");
    }
    let found = labels(&typed(&app.anonymous(), "zigz", ""), "service");
    assert_eq!(found, ["Zigzag au loyer"; 2], "{found:?}");
});

both!(what_is_nearer_comes_first_and_no_hidden_place_is_told, |app| {
    let client = app.anonymous();
    let found = typed(&client, "fam", "&near=Longueuil&limit=20");
    assert!(labels(&found, "service").len() > 2, "{}", found.text);
    assert!(!found.text.contains("distance"));
    let first = |near: &str| labels(&typed(&client, "fr", &format!("&near={near}")), "service").into_iter().next();
    assert_eq!(first("Saguenay").as_deref(), Some("Friperie du Fjord"));
    assert_eq!(first("Longueuil").as_deref(), Some("Français entre parents"));
    let shelter = service_id("abri").to_string();
    for client in [app.anonymous(), app.worker()] {
        let reply = typed(&client, "hébergement pour fem", "&lat=45.5241&lon=-73.4921");
        assert!(reply.text.contains(&shelter), "its name is no secret: {}", reply.text);
        for secret in ["45.5241", "73.4921", "Secrète", &location_id("eclaircie").to_string()] {
            assert!(!reply.text.contains(secret), "{secret}");
        }
        let secret = typed(&client, "secrète", "");
        assert!(labels(&secret, "service").is_empty() && labels(&secret, "organization").is_empty(), "{}", secret.text);
    }
    let from = |point: &str| typed(&client, "fem", &format!("&limit=20&{point}")).text;
    assert_eq!(from("lat=45.5241&lon=-73.4921"), from("lat=45.5242&lon=-73.4922"));
});

both!(what_is_typed_is_bounded, |app| {
    let client = app.anonymous();
    let refused = |query: &str, code: &str, field: &str| {
        let reply = client.get(&format!("/api/v1/search/suggest?{query}"));
        assert!((400..500).contains(&reply.status), "{query}: {}", reply.text);
        assert_eq!((reply.json["code"].as_str(), reply.json["field"].as_str()), (Some(code), Some(field)), "{query}");
        reply
    };
    let long = refused(&format!("q={}", "a".repeat(101)), "too_long", "q");
    assert!(long.text.contains("100"), "{}", long.text);
    client.get(&format!("/api/v1/search/suggest?q={}", "a".repeat(100))).expect(200);
    refused("", "missing_field", "q");
    refused("q=ga&limit=0", "out_of_range", "limit");
    refused("q=ga&limit=21", "out_of_range", "limit");
    refused("q=ga&lat=45", "missing_field", "lon");
    refused("q=ga&lat=91&lon=0", "out_of_range", "lat");
    refused("q=ga&near=Zzyzx", "place_not_found", "near");
});

both!(a_last_word_of_one_or_two_letters_completes_what_it_can_and_hides_nothing, |app| {
    let client = app.anonymous();
    // Before the last word has told anything, what holds the words before it is still there.
    for text in [
        "allaitement",
        "allaitement p",
        "allaitement pa",
        "allaitement à",
        "allaitement l’",
        "soutien a",
        "soutien à l a",
    ] {
        let found = typed(&client, text, "");
        assert!(labels(&found, "service").contains(&"Soutien à l’allaitement".to_owned()), "{text}: {}", found.text);
    }
    for text in ["banque", "banque a", "banque al", "banque à", "banque x", "banque d'a", "banque q"] {
        let found = typed(&client, text, "");
        assert!(labels(&found, "category").contains(&"Dépannage alimentaire".to_owned()), "{text}: {}", found.text);
    }
    // What begins so comes alone, where there is some.
    let begun = labels(&typed(&client, "places e", ""), "service");
    assert_eq!(begun, ["Places en garderie 0-5 ans"]);
    // Three letters that nothing begins with say that something else is meant.
    let other = typed(&client, "allaitement xyz", "");
    assert!(labels(&other, "service").is_empty(), "{}", other.text);
    assert_eq!(typed(&client, "xyzzy a", "").json, json!({ "results": [] }));
});
