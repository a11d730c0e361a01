//! Matching a family over HTTP: a small town that each story writes, far from the twenty services, and what a family
//! there is told.

use relais::domain::directory::{
    Capacity, Delivery, Language, LocatedIn, Location, LocationDocument, Organization, Origin, Placement, Point,
    Service, ServiceAtLocation, ServiceDocument, Visibility,
};
use relais::domain::language::Text;
use relais::id::Id;
use relais::sample::twenty::{location_id, organization_id, service_id};
use relais::store::{locations, organizations, services};
use serde_json::{Value, json};

use super::app::{Client, Reply, TestApp, both};
use super::families::logs;

/// The middle of the town, in Abitibi.
pub const HOME: (f64, f64) = (48.2400, -79.0200);

fn org(key: &str) -> Id {
    Id::from_words(&["town", "organization", key])
}
pub fn place(key: &str) -> Id {
    Id::from_words(&["town", "location", key])
}
pub fn svc(key: &str) -> Id {
    Id::from_words(&["town", "service", key])
}

/// Builds a town: organisations by name, places a number of hundredths of a degree away, services there.
#[derive(Default)]
pub struct Town {
    organizations: Vec<Organization>,
    locations: Vec<Location>,
    services: Vec<Service>,
}

impl Town {
    pub fn place(mut self, key: &str, north: f64, east: f64) -> Self {
        self.locations.push(Location {
            id: place(key),
            origin: Origin::local(place(key)),
            organization_id: None,
            name: Text::fr(key),
            point: Point::new(HOME.0 + north * 0.01, HOME.1 + east * 0.01),
            placement: Placement::Exact,
            visibility: Visibility::Public,
            territories: LocatedIn { mrc: Some("mrc:86".to_owned()), ..LocatedIn::default() },
            document: LocationDocument::default(),
            version: 1,
            retired_at: None,
            replaced_by: None,
        });
        self
    }

    pub fn of_place(mut self, adjust: impl FnOnce(&mut Location)) -> Self {
        adjust(self.locations.last_mut().unwrap());
        self
    }

    pub fn service(mut self, key: &str, organization: &str, at: &[&str], category: &str) -> Self {
        if !self.organizations.iter().any(|one| one.id == org(organization)) {
            self.organizations.push(Organization {
                id: org(organization),
                origin: Origin::local(org(organization)),
                name: Text::fr(organization),
                referral_address: None,
                enrolled_on: None,
                document: Default::default(),
                version: 1,
                updated_at: relais::clock::Time::from_micros(0),
                retired_at: None,
                replaced_by: None,
            });
        }
        let id = svc(key);
        self.services.push(Service {
            id,
            origin: Origin::local(id),
            organization_id: org(organization),
            status: relais::domain::directory::ServiceStatus::Active,
            name: Text::fr(key),
            categories: vec![category.to_owned()],
            served: vec![],
            at_locations: at.iter().map(|at| ServiceAtLocation::plain(id, place(at))).collect(),
            capacity: Capacity::default(),
            verified_at: None,
            review: Default::default(),
            document: ServiceDocument::default(),
            version: 1,
            updated_at: relais::clock::Time::from_micros(0),
            retired_at: None,
            replaced_by: None,
        });
        self
    }

    pub fn that(mut self, adjust: impl FnOnce(&mut Service)) -> Self {
        adjust(self.services.last_mut().unwrap());
        self
    }

    /// Writes the town; gives the number of the change that a match must know of.
    pub fn write(self, app: &TestApp) -> i64 {
        let written = app.deps.store.write(app.deps.clock.now(), |tx| {
            organizations::insert_many(tx, &self.organizations)?;
            locations::insert_many(tx, &self.locations)?;
            services::insert_many(tx, &self.services, "test")
        });
        written.unwrap().change
    }
}

fn asked(change: i64, needs: Value) -> Value {
    json!({"lat": HOME.0, "lon": HOME.1, "needs": needs, "min_change": change})
}

fn with(mut body: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

fn matched(client: &Client, body: &Value) -> Reply {
    client.post("/api/v1/match", body).expect(200)
}

/// The services of each visit, by name.
pub fn visits(reply: &Reply) -> Vec<Vec<String>> {
    let names = |visit: &Value| names(&visit["services"]);
    reply.json["plan"]["visits"].as_array().unwrap().iter().map(names).collect()
}

fn names(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

fn choices(reply: &Reply, need: usize) -> Vec<String> {
    names(&reply.json["needs"][need]["choices"])
}

fn codes(choice: &Value, list: &str) -> Vec<String> {
    choice[list].as_array().unwrap().iter().map(|note| note["code"].as_str().unwrap().to_owned()).collect()
}

both!(the_fewest_visits_win_over_nearer_ones, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .place("tout près", 0.0, 0.5)
        .place("plus loin", 8.0, 8.0)
        .service("panier", "A", &["ici"], "food/food-bank")
        .service("vêtements", "B", &["tout près"], "material-aid/clothing")
        .service("panier du centre", "C", &["plus loin"], "food/food-bank")
        .service("vêtements du centre", "C", &["plus loin"], "material-aid/clothing")
        .write(app);
    let reply =
        matched(&app.anonymous(), &asked(change, json!([{"category": "food"}, {"category": "material-aid/clothing"}])));
    assert_eq!(visits(&reply), [["panier du centre", "vêtements du centre"]]);
    assert_eq!(choices(&reply, 0), ["panier", "panier du centre"], "the nearest is told first all the same");
    assert_eq!(reply.json["uncovered"], json!([]));
    // Each organisation is a visit of its own, even behind the same door.
    let other = Town::default()
        .service("repas", "D", &["ici"], "food/community-meal")
        .service("impôts", "E", &["ici"], "income/tax-clinic")
        .write(app);
    let body = asked(other, json!([{"category": "food/community-meal"}, {"category": "income/tax-clinic"}]));
    assert_eq!(visits(&matched(&app.anonymous(), &body)).len(), 2);
});

both!(what_spares_a_visit_is_seen_beyond_the_best_of_each_need, |app| {
    let near = (0..120).fold(Town::default().place("ici", 0.5, 0.0), |town, n| {
        let category = if n % 2 == 0 { "food/food-bank" } else { "material-aid/clothing" };
        town.service(&format!("proche {n}"), &format!("organisme {n}"), &["ici"], category)
    });
    let change = near
        .place("plus loin", 8.0, 8.0)
        .service("panier du centre", "C", &["plus loin"], "food/food-bank")
        .service("vêtements du centre", "C", &["plus loin"], "material-aid/clothing")
        .write(app);
    let needs = json!([{"category": "food"}, {"category": "material-aid/clothing"}]);
    let reply = matched(&app.anonymous(), &asked(change, needs));
    assert_eq!(visits(&reply), [["panier du centre", "vêtements du centre"]], "{}", reply.text);
    let told = &reply.json["needs"][0];
    assert_eq!((&told["looked_at"], &told["is_complete"]), (&json!(51), &json!(false)), "not each of the sixty");
});

both!(of_services_that_do_not_suit_no_more_than_three_hundred_are_looked_at, |app| {
    let change = (0..340)
        .fold(Town::default().place("ici", 0.5, 0.0), |town, n| {
            let of_all = town.service(&format!("panier {n}"), "A", &["ici"], "food/food-bank");
            of_all.that(|one| one.document.cost_options = vec![json!({"amount": 20})])
        })
        .write(app);
    let body = with(asked(change, json!([{"category": "food"}])), json!({"free_only": true}));
    let told = matched(&app.anonymous(), &body).json["needs"][0].clone();
    assert_eq!((&told["looked_at"], &told["is_complete"], &told["choices"]), (&json!(300), &json!(false), &json!([])));
    assert_eq!(told["unsuited"][0]["services"], 300);
});

both!(the_tour_is_the_shortest_and_open, |app| {
    let change = Town::default()
        .place("est", 0.0, 1.0)
        .place("ouest", 0.0, -2.0)
        .place("loin à l'est", 0.0, 4.0)
        .service("un", "A", &["est"], "food/food-bank")
        .service("deux", "B", &["ouest"], "material-aid/clothing")
        .service("trois", "C", &["loin à l'est"], "income/tax-clinic")
        .write(app);
    let needs = json!([{"category": "food"}, {"category": "material-aid"}, {"category": "income"}]);
    let reply = matched(&app.anonymous(), &asked(change, needs));
    assert_eq!(visits(&reply), [["deux"], ["un"], ["trois"]]);
    let point = |east: f64| Point::new(HOME.0, HOME.1 + east * 0.01).unwrap();
    let legs = [(0.0, -2.0), (-2.0, 1.0), (1.0, 4.0)].map(|(from, to)| point(from).distance_km(point(to)));
    let told: Vec<f64> = reply.json["plan"]["visits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|visit| visit["leg_km"].as_f64().unwrap())
        .collect();
    assert!(told.iter().zip(legs).all(|(told, leg)| (told - leg).abs() < 1e-5), "{told:?} {legs:?}");
    assert!((reply.json["plan"]["tour_km"].as_f64().unwrap() - legs.iter().sum::<f64>()).abs() < 1e-5);
});

both!(a_person_pins_and_drops_and_asks_again, |app| {
    let change = Town::default()
        .place("ici", 0.2, 0.0)
        .place("là", 0.0, 3.0)
        .place("au loin", 60.0, 60.0)
        .service("panier", "A", &["ici"], "food/food-bank")
        .service("épicerie", "B", &["là"], "food/community-grocery")
        .service("banque", "C", &["au loin"], "food/food-bank")
        .write(app);
    let body = asked(change, json!([{"category": "food"}]));
    let client = app.anonymous();
    assert_eq!(visits(&matched(&client, &body)), [["panier"]]);
    let pinned = matched(&client, &with(body.clone(), json!({"pinned": [svc("épicerie"), svc("épicerie")]})));
    assert_eq!(visits(&pinned), [["épicerie"]]);
    assert_eq!(pinned.json["pinned"], json!([{"service_id": svc("épicerie"), "known": true, "in_plan": true}]));
    let dropped = matched(&client, &with(body.clone(), json!({"dropped": [svc("panier")]})));
    assert_eq!(
        (visits(&dropped), choices(&dropped, 0)),
        (vec![vec!["épicerie".to_owned()]], vec!["épicerie".to_owned()])
    );
    assert!(!dropped.text.contains(&svc("panier").to_string()));
    // Beyond how far the family goes, and too dear: it was pinned, so it is used, and why not is told.
    let far = matched(&client, &with(body.clone(), json!({"pinned": [svc("banque")], "languages": ["es"]})));
    assert_eq!(visits(&far), [["banque"]]);
    let nobody = Id::from_words(&["nobody"]);
    let other_need = with(body, json!({"pinned": [service_id("garderie"), nobody]}));
    let reply = matched(&client, &other_need);
    assert_eq!(visits(&reply), [["panier"]]);
    let told = |id: Id, known: bool| json!({"service_id": id, "known": known, "in_plan": false});
    assert_eq!(reply.json["pinned"], json!([told(service_id("garderie"), true), told(nobody, false)]));
});

both!(what_comes_or_is_given_from_afar_needs_no_visit, |app| {
    let change = Town::default()
        .place("ici", 0.2, 0.0)
        .service("relevailles", "A", &["ici"], "perinatal/postnatal-support")
        .that(|one| {
            one.document.delivery = vec![Delivery::AtHome];
            one.served = vec!["mrc:86".to_owned()];
        })
        .service("ailleurs", "B", &["ici"], "transport/accompanied-ride")
        .that(|one| {
            one.document.delivery = vec![Delivery::AtHome];
            one.served = vec!["mrc:58".to_owned()];
        })
        .write(app);
    let needs = json!([
        {"category": "mental-health/crisis"}, {"category": "perinatal/postnatal-support"}, {"category": "transport"},
    ]);
    let reply = matched(&app.anonymous(), &asked(change, needs));
    assert_eq!(reply.json["plan"]["visits"], json!([]), "{}", reply.text);
    assert_eq!(names(&reply.json["plan"]["without_visit"]), ["Écoute téléphonique aux parents", "relevailles"]);
    let ways: Vec<&Value> =
        reply.json["plan"]["without_visit"].as_array().unwrap().iter().map(|one| &one["way"]).collect();
    assert_eq!(ways, ["remote", "at_home"]);
    assert_eq!(reply.json["plan"]["tour_km"], 0.0);
    assert_eq!(reply.json["uncovered"][0]["need"], 2, "it would come, and does not come here");
});

both!(what_needs_somebody_there_is_not_spared_a_visit_by_a_distant_line, |app| {
    let remote = |one: &mut Service| one.document.delivery = vec![Delivery::Remote];
    let change = Town::default()
        .place("ici", 0.2, 0.0)
        .service("panier", "A", &["ici"], "food/food-bank")
        .service("panier à distance", "B", &[], "food/food-bank")
        .that(remote)
        .service("impôts à distance", "B", &[], "income/tax-clinic")
        .that(remote)
        .service("impôts", "A", &["ici"], "income/tax-clinic")
        .write(app);
    let body = asked(change, json!([{"category": "food"}, {"category": "income/tax-clinic"}]));
    let reply = matched(&app.anonymous(), &body);
    assert_eq!(visits(&reply)[0][0], "panier", "{}", reply.text);
    assert_eq!(
        (visits(&reply).len(), choices(&reply, 0)),
        (1, vec!["panier".to_owned(), "panier à distance".to_owned()])
    );
    let distant = &reply.json["needs"][0]["choices"][1];
    assert_eq!((&distant["fit"], codes(distant, "why_not")[0].as_str()), (&json!("doubtful"), "unlikely_from_afar"));
    // Where nothing else is, it is told all the same.
    let alone = matched(&app.anonymous(), &with(body, json!({"dropped": [svc("panier")]})));
    assert_eq!(names(&alone.json["plan"]["without_visit"])[0], "panier à distance");
});

both!(each_child_is_matched_by_its_own_age, |app| {
    let ages = |from: u32, to: u32| {
        move |one: &mut Service| {
            one.document.minimum_age_months = Some(from);
            one.document.maximum_age_months = Some(to);
        }
    };
    let change = Town::default()
        .place("ici", 0.2, 0.0)
        .service("pouponnière", "A", &["ici"], "childcare/daycare")
        .that(ages(0, 17))
        .service("garderie", "A", &["ici"], "childcare/daycare")
        .that(ages(18, 59))
        .service("sans âge", "A", &["ici"], "childcare/daycare")
        .service("ados", "A", &["ici"], "social-isolation/activities")
        .that(ages(144, 215))
        .service("adultes", "A", &["ici"], "social-isolation/activities")
        .that(ages(216, 1200))
        .write(app);
    // 18 months in June 2026, 17 months, and not born yet.
    let children = json!([{"born_in": "2024-12"}, {"born_in": "2025-01"}, {"due_in": "2026-09"}]);
    let need = |child: usize| json!({"category": "childcare/daycare", "child": child});
    let body = asked(change, json!([need(0), need(1), need(2), {"category": "social-isolation"}]));
    let reply = matched(&app.anonymous(), &with(body, json!({"children": children})));
    assert_eq!(choices(&reply, 0), ["garderie", "sans âge"]);
    assert_eq!(choices(&reply, 1), ["pouponnière", "sans âge"]);
    assert_eq!(choices(&reply, 2), ["pouponnière", "sans âge"], "unborn is of age 0");
    let unsaid = &reply.json["needs"][0]["choices"][1];
    assert_eq!(
        (&unsaid["fit"], codes(unsaid, "unknown").contains(&"age_unknown".to_owned())),
        (&json!("may_fit"), true)
    );
    assert_eq!(
        choices(&reply, 3),
        ["adultes"],
        "a need of the family: its adults, not teenagers that it does not have"
    );
    let told: Value = reply.json["needs"][3]["unsuited"].clone();
    assert_eq!((&told[0]["code"], &told[0]["services"]), (&json!("other_age"), &json!(1)));
});

both!(what_nothing_meets_is_recorded_as_an_unmet_need, |app| {
    let change = Town::default().place("ici", 0.2, 0.0).service("panier", "A", &["ici"], "food/food-bank").write(app);
    let needs = json!([{"category": "food"}, {"category": "childcare/daycare"}, {"q": "friperie"}]);
    let reply = matched(&app.worker(), &asked(change, needs.clone()));
    assert_eq!(
        (reply.json["uncovered"][0]["need"].as_i64(), reply.json["uncovered"][1]["need"].as_i64()),
        (Some(1), Some(2))
    );
    let record = &reply.json["uncovered"][0]["record"];
    assert_eq!(record, &json!({"category": "childcare/daycare", "mrc_id": "mrc:86"}), "an MRC is sure of a point");
    let of_words = &reply.json["uncovered"][1]["record"];
    assert_eq!(of_words["category"], "material-aid/clothing", "the category of what the words find elsewhere");
    for body in [record, of_words] {
        let recorded = app.worker().post("/api/v1/needs", body).expect(201);
        assert_eq!((&recorded.json["status"], &recorded.json["unmet_reason"]), (&json!("unmet"), &json!("no_service")));
        assert_eq!((&recorded.json["family_id"], &recorded.json["mrc_id"]), (&Value::Null, &json!("mrc:86")));
    }
    let named = json!({"near": "Rouyn-Noranda", "needs": [{"category": "childcare/daycare"}]});
    let reply = matched(&app.worker(), &named);
    let body = &reply.json["uncovered"][0]["record"];
    assert!(body["municipality_id"].as_str().is_some_and(|id| id.starts_with("municipality:86")), "{}", reply.text);
    app.worker().post("/api/v1/needs", body).expect(201);
});

both!(a_need_told_in_words_is_met_by_what_they_surely_mean, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("vestiaire", "A", &["ici"], "material-aid/clothing")
        .service("fonds", "B", &[], "income/emergency-money")
        .that(|one| one.document.delivery = vec![Delivery::Remote])
        .write(app);
    let reply = matched(&app.anonymous(), &asked(change, json!([{"q": "manteaux d'hiver pour les enfants"}])));
    assert_eq!(visits(&reply), [["vestiaire"]], "what helps too, without a visit, does not stand in: {}", reply.text);
    let why = reply.json["needs"][0]["choices"][0]["why"].as_array().expect("reasons");
    let of_words = why.iter().find(|note| note["code"] == "words").expect("the words are a reason");
    assert_eq!(of_words["value"], "Vêtements", "what the words mean");
    let named = matched(&app.anonymous(), &asked(change, json!([{"q": "Vestiaire, vêtements"}])));
    let said: Vec<&Value> = named.json["needs"][0]["choices"][0]["why"].as_array().unwrap().iter().collect();
    assert!(said.iter().any(|note| note["text"] == "Trouvé par : Vestiaire."), "as it was typed: {said:?}");
    assert_eq!(reply.json["plan"]["without_visit"], json!([]));
    let dropped = with(asked(change, json!([{"q": "manteaux d'hiver"}])), json!({"dropped": [svc("vestiaire")]}));
    let reply = matched(&app.anonymous(), &dropped);
    assert_eq!(reply.json["uncovered"][0]["record"]["category"], "material-aid/clothing", "{}", reply.text);
});

both!(a_need_told_in_words_is_not_met_by_who_only_mentions_them, |app| {
    let remote = |one: &mut Service| one.document.delivery = vec![Delivery::Remote];
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("Formulaires", "A", &[], "legal/paperwork")
        .that(|one| one.document.description = Text::fr("Pour la garderie, le logement ou le piano."))
        .that(remote)
        .service("Inscriptions", "B", &["ici"], "childcare/place-application")
        .write(app);
    let reply = matched(&app.worker(), &asked(change, json!([{"q": "garderie"}])));
    assert_eq!(choices(&reply, 0), ["Inscriptions", "Formulaires"], "{}", reply.text);
    let [near, beside] = [0, 1].map(|at| &reply.json["needs"][0]["choices"][at]);
    assert_eq!((&near["fit"], codes(near, "unknown").contains(&"other_need".to_owned())), (&json!("may_fit"), true));
    assert_eq!(
        (&beside["fit"], codes(beside, "why_not").contains(&"other_need".to_owned())),
        (&json!("doubtful"), true)
    );
    assert_eq!((visits(&reply), &reply.json["uncovered"]), (vec![vec!["Inscriptions".to_owned()]], &json!([])));
    // What helps beside is told, never planned: the need is uncovered, and recorded as what its words mean.
    let alone = with(asked(change, json!([{"q": "garderie"}])), json!({"dropped": [svc("Inscriptions")]}));
    let reply = matched(&app.worker(), &alone);
    assert_eq!(choices(&reply, 0), ["Formulaires"]);
    assert_eq!((visits(&reply).len(), &reply.json["plan"]["without_visit"]), (0, &json!([])), "{}", reply.text);
    assert_eq!(reply.json["uncovered"][0]["record"]["category"], "childcare/daycare");
    // Of words that mean no need for sure, what mentions them is all there is to go by.
    let reply = matched(&app.worker(), &asked(change, json!([{"q": "piano"}])));
    let mention = &reply.json["plan"]["without_visit"][0];
    assert_eq!((&mention["name"], &mention["fit"]), (&json!("Formulaires"), &json!("may_fit")), "{}", reply.text);
    assert!(codes(mention, "unknown").contains(&"only_mentioned".to_owned()), "{}", reply.text);
});

both!(who_is_named_after_the_words_of_a_need_may_meet_it, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("Les couches du quartier", "A", &["ici"], "parenting/workshop")
        .write(app);
    let reply = matched(&app.anonymous(), &asked(change, json!([{"q": "couches"}])));
    let named = &reply.json["plan"]["visits"][0]["services"][0];
    assert_eq!(
        (&named["name"], &named["fit"]),
        (&json!("Les couches du quartier"), &json!("may_fit")),
        "{}",
        reply.text
    );
    assert_eq!(reply.json["uncovered"], json!([]));
});

both!(who_is_only_named_after_a_need_comes_after_who_meets_it_though_full, |app| {
    let full = |one: &mut Service| one.capacity.places_available = Some(0);
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("Transport adapté", "A", &["ici"], "transport/adapted")
        .service("Accompagnement", "B", &["ici"], "transport/accompanied-ride")
        .that(full)
        .write(app);
    let body = asked(change, json!([{"q": "transport"}]));
    let reply = matched(&app.anonymous(), &body);
    assert_eq!(visits(&reply), [["Accompagnement"]], "{}", reply.text);
    assert_eq!(choices(&reply, 0), ["Accompagnement", "Transport adapté"]);
    let reply = matched(&app.anonymous(), &with(body, json!({"dropped": [svc("Accompagnement")]})));
    assert_eq!(visits(&reply), [["Transport adapté"]], "it may help where nothing else is: {}", reply.text);
});

both!(another_need_of_the_same_kind_stands_in_only_where_nothing_answers, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("Demande de place", "A", &[], "legal/paperwork")
        .that(|one| one.categories.push("childcare/place-application".to_owned()))
        .that(|one| one.document.delivery = vec![Delivery::AtHome])
        .service("Les Coccinelles", "B", &["ici"], "childcare/daycare")
        .write(app);
    let body = asked(change, json!([{"q": "garderie"}]));
    let reply = matched(&app.anonymous(), &body);
    assert_eq!(visits(&reply), [["Les Coccinelles"]], "a visit is not spared by what answers less: {}", reply.text);
    let reply = matched(&app.anonymous(), &with(body, json!({"dropped": [svc("Les Coccinelles")]})));
    let near = &reply.json["plan"]["without_visit"][0];
    assert_eq!((&near["name"], &near["fit"]), (&json!("Demande de place"), &json!("may_fit")), "{}", reply.text);
    let notes = near["unknown"].as_array().expect("what is not known");
    let stands_in = notes.iter().find(|note| note["code"] == "other_need").expect("it is told");
    assert_eq!(stands_in["value"], "childcare/place-application", "by which it stands in: {}", reply.text);
});

both!(what_hardly_helps_who_has_a_need_does_not_stand_in_for_it, |app| {
    let change =
        Town::default().place("ici", 0.5, 0.0).service("Droits", "A", &["ici"], "housing/tenant-rights").write(app);
    let reply = matched(&app.anonymous(), &asked(change, json!([{"q": "HLM"}])));
    let told = reply.json["needs"][0]["choices"].as_array().expect("choices").iter();
    let rights = told.clone().find(|choice| choice["name"] == "Droits").expect("it is told");
    assert_eq!(rights["fit"], "doubtful", "rights of tenants are no home: {}", reply.text);
    assert!(!visits(&reply).concat().contains(&"Droits".to_owned()), "{}", reply.text);
});

both!(what_only_may_suit_spares_no_visit_to_what_does, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("par téléphone", "A", &[], "legal/legal-aid")
        .that(|one| one.document.delivery = vec![Delivery::Remote])
        .service("sur place", "B", &["ici"], "legal/legal-aid")
        .that(|one| one.document.fees_description = Text::fr("Gratuit"))
        .write(app);
    let body = with(asked(change, json!([{"category": "legal/legal-aid"}])), json!({"free_only": true}));
    let reply = matched(&app.anonymous(), &body);
    assert_eq!(visits(&reply), [["sur place"]], "nobody said that the telephone is free: {}", reply.text);
    let reply = matched(&app.anonymous(), &with(body.clone(), json!({"dropped": [svc("sur place")]})));
    assert_eq!(reply.json["plan"]["without_visit"][0]["name"], "par téléphone", "it may be: {}", reply.text);
    let reply = matched(&app.anonymous(), &with(body, json!({"pinned": [svc("par téléphone")]})));
    assert_eq!(reply.json["plan"]["without_visit"][0]["name"], "par téléphone", "somebody wants it: {}", reply.text);
});

both!(words_that_hardly_tell_of_a_need_are_met_by_what_they_most_likely_mean, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("Écoute", "A", &[], "safety-violence/domestic-violence")
        .that(|one| one.document.delivery = vec![Delivery::Remote])
        .service("Comptoir", "B", &["ici"], "material-aid/clothing")
        .write(app);
    let body = asked(change, json!([{"q": "j'ai peur"}]));
    let reply = matched(&app.anonymous(), &body);
    let planned = &reply.json["plan"]["without_visit"][0];
    assert_eq!(planned["fit"], "may_fit", "{}", reply.text);
    assert!(codes(planned, "unknown").contains(&"other_need".to_owned()), "{}", reply.text);
    assert!(choices(&reply, 0).contains(&"Écoute".to_owned()) && !choices(&reply, 0).contains(&"Comptoir".to_owned()));
    let all = reply.json["needs"][0]["choices"].as_array().expect("choices");
    let ids: Vec<&Value> = all.iter().map(|choice| &choice["service_id"]).collect();
    let reply = matched(&app.anonymous(), &with(body, json!({"dropped": ids})));
    assert_eq!(reply.json["uncovered"][0]["record"]["category"], "safety-violence/domestic-violence", "{}", reply.text);
});

both!(the_likeliest_of_what_words_may_mean_comes_before_the_next_that_spares_a_visit, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("Lunettes", "A", &["ici"], "health/dental-vision")
        .service("Écoute", "B", &[], "mental-health/counselling")
        .that(|one| one.document.delivery = vec![Delivery::Remote])
        .service("Panier", "C", &["ici"], "food/food-bank")
        .that(|one| one.document.description = Text::fr("Pour mon fils et ma fille, une louche de soupe."))
        .write(app);
    let body = asked(change, json!([{"q": "mon fils louche"}]));
    let reply = matched(&app.anonymous(), &body);
    assert_eq!(visits(&reply), [["Lunettes"]], "{}", reply.text);
    // Who only writes the words somewhere is about something else.
    let told = choices(&reply, 0);
    let place_of = |name: &str| told.iter().position(|told| told == name).unwrap();
    assert!(place_of("Lunettes") < place_of("Écoute") && place_of("Écoute") < place_of("Panier"), "{told:?}");
    let mention = &reply.json["needs"][0]["choices"][place_of("Panier")];
    assert!(codes(mention, "unknown").contains(&"only_mentioned".to_owned()), "{}", reply.text);
    let reply = matched(&app.anonymous(), &with(body, json!({"dropped": [svc("Lunettes")]})));
    assert_eq!(reply.json["plan"]["without_visit"][0]["name"], "Écoute", "it is better than nothing: {}", reply.text);
});

both!(two_needs_in_one_text_are_told_apart, |app| {
    let change =
        Town::default().place("ici", 0.5, 0.0).service("Comptoir", "A", &["ici"], "material-aid/clothing").write(app);
    let also = |needs: Value| matched(&app.anonymous(), &asked(change, needs)).json["needs"][0]["also_meant"].clone();
    let both = also(json!([{"q": "bottes d'hiver et un psychologue"}]));
    assert!(both.as_array().is_some_and(|codes| codes.len() == 1), "the one that was not matched: {both}");
    let beside = also(json!([{"category": "material-aid", "q": "bottes d'hiver, psychologue"}]));
    assert_eq!(beside, json!(["mental-health/counselling"]));
    for one in ["bottes d'hiver", "bottes et manteaux", "bonjour, bottes d'hiver svp"] {
        assert_eq!(also(json!([{"q": one}])), json!([]), "{one}");
    }
});

both!(a_text_of_several_needs_is_matched_by_the_first_unless_they_are_one, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("Couches", "A", &["ici"], "material-aid/baby-supplies")
        .service("Transport adapté", "B", &["ici"], "transport/adapted")
        .service("Répit", "C", &["ici"], "respite/special-needs-respite")
        .service("Soutien", "D", &["ici"], "disability/child-disability")
        .service("Secours", "E", &["ici"], "income/emergency-money")
        .service("Places", "F", &["ici"], "childcare/place-application")
        .service("Poupons", "G", &["ici"], "childcare/daycare")
        .service("Aide", "H", &["ici"], "safety-violence/domestic-violence")
        .that(|one| one.categories.push("mental-health/crisis".to_owned()))
        .write(app);
    let respite = json!(["disability/child-disability", "respite/family-respite"]);
    for (text, name, also) in [
        ("couches et transport", "Couches", json!(["transport/accompanied-ride"])),
        ("couches ou transport", "Couches", json!(["transport/accompanied-ride"])),
        ("mon fils est autiste et je cherche un répit", "Répit", respite.clone()),
        ("mon fils est handicapé et j'ai besoin de répit", "Répit", respite),
        ("garderie, emploi, transport", "Poupons", json!(["employment/job-search", "transport/accompanied-ride"])),
        ("pus d'argent", "Secours", json!([])),
        // What is not needed is no need; what comes after "only" is all.
        ("pas besoin de transport, besoin de couches", "Couches", json!([])),
        ("I don't need a ride, I need diapers", "Couches", json!([])),
        ("pas de garderie, juste des couches", "Couches", json!([])),
        ("des couches pour deux mois et demi", "Couches", json!([])),
        ("besoin de couches pas besoin de transport", "Couches", json!([])),
        ("pas besoin de transport besoin de couches", "Couches", json!([])),
        ("je cherche des couches pas un transport", "Couches", json!([])),
        ("inutile de m'envoyer un taxi je veux des couches", "Couches", json!([])),
        ("pas besoin de garderie je veux des couches", "Couches", json!([])),
        ("j'ai déjà une garderie, besoin de couches", "Couches", json!([])),
        ("I need diapers I dont need transport", "Couches", json!([])),
        // Nor is what is there already, or was seen to.
        ("mon transport est payé mais j'ai pus de couches", "Couches", json!([])),
        ("merci pour le transport j'ai besoin de couches", "Couches", json!([])),
        ("thanks for the ride, I need diapers", "Couches", json!([])),
        ("mon chum qui est payé le jeudi me bat, besoin de couches", "Aide", json!(["material-aid/baby-supplies"])),
        ("je suis mal payé au travail, besoin de couches", "Couches", json!(["employment/worker-rights"])),
        ("pas de garderie, juste couches transport", "Couches", json!(["transport/accompanied-ride"])),
        ("les couches, c'est fait. reste le transport", "Transport adapté", json!([])),
        ("le transport est pas payé, besoin de couches", "Couches", json!(["transport/adapted"])),
        ("oubliez la garderie, trouvez-moi des couches", "Couches", json!([])),
        ("on a déjà du transport, il reste les couches", "Couches", json!([])),
        // Nor is what is refused beside what is wanted, unless it is violence.
        ("je veux pas de transport, je veux des couches", "Couches", json!([])),
        ("je veux pas de transport je veux des couches", "Couches", json!([])),
        ("je veux pas de transport, des couches", "Couches", json!([])),
        ("je veux pas de transport", "Transport adapté", json!([])),
        ("c'est pas une garderie que je cherche, c'est des couches", "Couches", json!([])),
        ("it's not a ride I need, it's diapers", "Couches", json!([])),
        ("pas un transport, des couches", "Couches", json!([])),
        ("des couches, pas du transport", "Couches", json!([])),
        ("des couches plutôt que du transport", "Couches", json!([])),
        ("diapers instead of a ride", "Couches", json!([])),
        ("je veux plus que mon mari me frappe, je veux des couches", "Aide", json!(["material-aid/baby-supplies"])),
        // Nor because something else is all that is wanted; it is told even where no help is wanted for it.
        ("mon mari me frappe, juste des couches", "Aide", json!(["material-aid/baby-supplies"])),
        ("il me frappe. only diapers please", "Aide", json!(["material-aid/baby-supplies"])),
        ("oubliez que mon mari me frappe, des couches", "Couches", json!(["safety-violence/domestic-violence"])),
        (
            "pas besoin d'aide même si mon mari me frappe, des couches",
            "Couches",
            json!(["safety-violence/domestic-violence"]),
        ),
        ("transport non, couches oui", "Couches", json!([])),
        ("le transport ça va, c'est les couches", "Couches", json!([])),
        ("besoin de couches, ça va?", "Couches", json!([])),
        ("besoin de couches ok, du transport aussi", "Couches", json!(["transport/accompanied-ride"])),
        ("besoin de couches, ma fille a pas un lit", "Couches", json!(["material-aid/furniture"])),
        ("c'est pas du transport qu'il lui faut c'est des couches", "Couches", json!([])),
        ("il veut pas de garderie, il veut des couches", "Couches", json!([])),
        ("je cherche des couches, pas un sou", "Couches", json!(["income/emergency-money"])),
        ("plutôt des couches que du transport", "Couches", json!([])),
        ("rather diapers than a ride", "Couches", json!([])),
        ("ni transport ni garderie, des couches", "Couches", json!([])),
        ("ni couches ni argent, besoin d'aide", "Couches", json!(["income/emergency-money"])),
        ("pas besoin de transport ni de garderie, des couches", "Couches", json!([])),
        ("pas un transport, pas une garderie, des couches", "Couches", json!([])),
        ("le problème c'est pas le transport c'est les couches", "Couches", json!([])),
        ("pas intéressée par une garderie préfère des couches", "Couches", json!([])),
        (
            "ni transport ni garderie, besoin de couches",
            "Couches",
            json!(["transport/accompanied-ride", "childcare/daycare"]),
        ),
        ("ni couches ni transport, un bébé", "Couches", json!(["transport/accompanied-ride"])),
        ("je peux pas travailler sans garderie", "Poupons", json!([])),
        ("j'ai besoin que de couches", "Couches", json!([])),
        ("diapers, a ride needed", "Transport adapté", json!(["material-aid/baby-supplies"])),
        ("Marie-Ève cherche des couches", "Couches", json!([])),
        ("je veux mourir, je cherche des couches", "Aide", json!(["material-aid/baby-supplies"])),
        ("he broke my arm and I need diapers", "Aide", json!(["material-aid/baby-supplies"])),
        ("not a shelter, I need diapers", "Couches", json!(["safety-violence/shelter"])),
        ("he is not violent, we need diapers", "Couches", json!(["safety-violence/change-violent-behaviour"])),
        ("pas une couche, besoin d'aide", "Couches", json!([])),
        ("my dad has dementia, I need a break", "Répit", json!(["respite/family-respite"])),
        ("no daycare needed, diapers", "Couches", json!([])),
        ("j'ai ni couches ni transport", "Couches", json!(["transport/accompanied-ride"])),
        ("pas de couches pas de job", "Couches", json!(["employment/job-search"])),
        ("enfant autiste sans répit", "Répit", json!([])),
        ("je suis pas en danger, des couches", "Couches", json!(["safety-violence/shelter"])),
        // What is missing is asked for, what is there is told.
        ("j'ai une garderie, mais pas de couches", "Couches", json!(["childcare/daycare"])),
        ("I have daycare but no diapers", "Couches", json!(["childcare/daycare"])),
        ("à part les couches on a tout", "Couches", json!([])),
        (
            "on m'a trouvé un répit, là ça prend un soutien pour mon fils autiste",
            "Soutien",
            json!(["respite/special-needs-respite"]),
        ),
        ("on m'a trouvé une garderie, là ça prend des couches", "Couches", json!(["childcare/place-application"])),
        ("on vient d'arriver, je voudrais des couches", "Couches", json!(["immigration/settlement"])),
        // What is asked for comes before what is told of who asks; violence and crises do not wait.
        ("on vient d'arriver, besoin de couches", "Couches", json!(["immigration/settlement"])),
        ("I just moved here, no family, need daycare", "Poupons", json!(["immigration/settlement"])),
        ("mon mari me bat, besoin de couches", "Aide", json!(["material-aid/baby-supplies"])),
        (
            "on a plus une cenne. besoin de couches, de transport",
            "Couches",
            json!(["income/emergency-money", "transport/accompanied-ride"]),
        ),
        // Nothing stands between them, or "with" does.
        ("couches emploi transport", "Couches", json!(["employment/job-search", "transport/accompanied-ride"])),
        ("couches transport", "Couches", json!(["transport/accompanied-ride"])),
        ("transport dentiste", "Transport adapté", json!(["health/dental-vision"])),
        ("garderie avec transport", "Poupons", json!(["transport/accompanied-ride"])),
        ("garderie avec orthophoniste", "Poupons", json!(["child-development/speech-therapy"])),
        ("couches avec livraison", "Couches", json!([])),
        ("je cherche des couches ensuite un emploi", "Couches", json!(["employment/job-search"])),
        ("couches lait transport", "Couches", json!(["transport/accompanied-ride"])),
    ] {
        let reply = matched(&app.anonymous(), &asked(change, json!([{"q": text}])));
        assert_eq!(choices(&reply, 0).first().map(String::as_str), Some(name), "{text}: {}", reply.text);
        assert_eq!(reply.json["needs"][0]["also_meant"], also, "{text}");
    }
    // Danger is told, however much else is.
    let many = "couches, transport, garderie, emploi, dentiste, meubles, manteau, avocat, orthophoniste, cours de français, \
                mon mari me bat";
    let reply =
        matched(&app.anonymous(), &asked(change, json!([{"q": many, "category": "material-aid/baby-supplies"}])));
    let told = reply.json["needs"][0]["also_meant"].as_array().unwrap();
    assert!(told.contains(&json!("safety-violence/domestic-violence")), "{told:?}");
    assert_eq!(told.len(), 7, "eight with that which is matched: {told:?}");
    // Only the words of the part that is matched are looked for.
    let reply = matched(&app.anonymous(), &asked(change, json!([{"q": "garderie, emploi, transport"}])));
    assert!(!choices(&reply, 0).contains(&"Transport adapté".to_owned()), "{}", reply.text);
});

both!(a_need_around_a_birth_is_not_held_against_older_children, |app| {
    let of_babies = |one: &mut Service| {
        (one.document.minimum_age_months, one.document.maximum_age_months) = (Some(0), Some(24));
    };
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("Suivi de grossesse", "A", &["ici"], "perinatal/pregnancy-follow-up")
        .that(of_babies)
        .service("Éveil", "B", &["ici"], "child-development/stimulation")
        .that(of_babies)
        .write(app);
    let children = json!({"children": [{"born_in": "2018-01"}]});
    let first = |need: Value| {
        choices(&matched(&app.anonymous(), &with(asked(change, json!([need])), children.clone())), 0).first().cloned()
    };
    assert_eq!(first(json!({"q": "je suis enceinte"})).as_deref(), Some("Suivi de grossesse"));
    assert_eq!(first(json!({"category": "perinatal"})).as_deref(), Some("Suivi de grossesse"));
    assert_eq!(first(json!({"category": "child-development"})), None);
    assert_eq!(first(json!({"category": "perinatal", "child": 0})), None, "it is for the child that is told");
});

both!(what_is_known_to_suit_next_door_comes_before_what_only_may, |app| {
    let free = |one: &mut Service| one.document.fees_description = Text::fr("Gratuit");
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .place("à deux pas", 2.0, 0.0)
        .place("plus loin", 6.0, 0.0)
        .service("peut-être gratuit", "A", &["ici"], "material-aid/clothing")
        .service("panier", "A", &["ici"], "food/food-bank")
        .that(free)
        .service("gratuit à deux pas", "B", &["à deux pas"], "material-aid/clothing")
        .that(free)
        .service("gratuit plus loin", "C", &["plus loin"], "material-aid/clothing")
        .that(free)
        .write(app);
    let planned = |needs: Value, dropped: &[&str]| {
        let ids: Vec<Id> = dropped.iter().map(|key| svc(key)).collect();
        let more = json!({"free_only": true, "dropped": ids});
        visits(&matched(&app.anonymous(), &with(asked(change, needs), more)))
    };
    let clothing = json!([{"category": "material-aid/clothing"}]);
    assert_eq!(planned(clothing.clone(), &[]), [["gratuit à deux pas"]]);
    assert_eq!(planned(clothing.clone(), &["gratuit à deux pas"]), [["peut-être gratuit"]], "not as near");
    let both = json!([{"category": "material-aid/clothing"}, {"category": "food/food-bank"}]);
    assert_eq!(planned(both, &[]), [["peut-être gratuit", "panier"]], "another need leads there");
});

both!(what_answers_far_away_does_not_shut_out_what_stands_in_beside_the_family, |app| {
    let [far, farther] = ["camp à vingt kilomètres", "camp à trente kilomètres"];
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .place(far, 20.0, 0.0)
        .place(farther, 30.0, 0.0)
        .service("loisirs", "A", &["ici"], "social-isolation/activities")
        .service(far, "B", &[far], "childcare/school-age")
        .service(farther, "C", &[farther], "childcare/school-age")
        .write(app);
    let without = |dropped: &[&str]| {
        let ids: Vec<relais::id::Id> = dropped.iter().map(|key| svc(key)).collect();
        matched(&app.anonymous(), &with(asked(change, json!([{"q": "camp de jour"}])), json!({"dropped": ids})))
    };
    assert_eq!(visits(&without(&[])), [[far]]);
    let reply = without(&[far]);
    assert_eq!(choices(&reply, 0), [farther, "loisirs"], "what answers is told first");
    assert_eq!(visits(&reply), [["loisirs"]], "{}", reply.text);
    assert_eq!(visits(&without(&[far, "loisirs"])), [[farther]]);
});

both!(what_is_no_help_from_afar_is_no_stand_in_from_afar, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("Loisirs et camps de jour", "A", &[], "social-isolation/activities")
        .that(|one| one.document.delivery = vec![Delivery::Remote])
        .write(app);
    let reply = matched(&app.anonymous(), &asked(change, json!([{"q": "camp de jour"}])));
    let distant = &reply.json["needs"][0]["choices"][0];
    assert_eq!(distant["fit"], "doubtful", "{}", reply.text);
    assert!(codes(distant, "why_not").contains(&"unlikely_from_afar".to_owned()), "{}", reply.text);
});

both!(near_a_region_what_comes_from_afar_and_what_is_hidden_in_it_are_found, |app| {
    let change = Town::default()
        .place("cachée", 0.5, 0.0)
        .of_place(|one| {
            one.visibility = Visibility::RegionOnly;
            one.territories.region = Some("region:08".to_owned());
        })
        .place("loin", -300.0, 0.0)
        .service("Ligne", "A", &[], "mental-health/crisis")
        .that(|one| one.document.delivery = vec![Delivery::Remote])
        .service("Maison", "B", &["cachée"], "safety-violence/shelter")
        .service("Relevailles", "C", &["loin"], "perinatal/postnatal-support")
        .that(|one| one.document.delivery = vec![Delivery::AtHome])
        .write(app);
    let needs = json!([{"category": "mental-health/crisis"}, {"category": "safety-violence/shelter"}]);
    let body = json!({"near": "Abitibi-Témiscamingue", "needs": needs, "min_change": change});
    let reply = matched(&app.anonymous(), &body);
    assert!(choices(&reply, 0).contains(&"Ligne".to_owned()), "{}", reply.text);
    assert_eq!(choices(&reply, 1), ["Maison"]);
    // Who would come from three hundred kilometres, and says not whom it serves, is no sure help.
    let far = json!([{"category": "perinatal/postnatal-support"}]);
    let reply = matched(&app.anonymous(), &asked(change, far));
    let coming = &reply.json["needs"][0]["choices"][0];
    assert_eq!((&coming["name"], &coming["fit"]), (&json!("Relevailles"), &json!("doubtful")), "{}", reply.text);
    assert!(codes(coming, "why_not").contains(&"comes_from_far".to_owned()), "{}", reply.text);
});

both!(what_needs_somebody_there_is_judged_by_what_answers_the_words, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("atelier", "A", &[], "material-aid/baby-supplies")
        .that(|one| one.categories.push("parenting/workshop".to_owned()))
        .that(|one| one.document.delivery = vec![Delivery::Remote])
        .write(app);
    let reply = matched(&app.anonymous(), &asked(change, json!([{"q": "couches pour bébé"}])));
    let distant = &reply.json["needs"][0]["choices"][0];
    assert_eq!((&distant["fit"], codes(distant, "why_not")[0].as_str()), (&json!("doubtful"), "unlikely_from_afar"));
});

both!(words_beside_a_category_choose_and_take_nothing_away, |app| {
    let change = Town::default()
        .place("ici", 0.5, 0.0)
        .service("panier", "A", &["ici"], "food/food-bank")
        .service("panier halal", "B", &["ici"], "food/food-bank")
        .write(app);
    for (words, expected) in [("halal", ["panier halal", "panier"]), ("help 123 xyzzy", ["panier", "panier halal"])] {
        let reply = matched(&app.anonymous(), &asked(change, json!([{"category": "food", "q": words}])));
        let mut told = choices(&reply, 0);
        if words != "halal" {
            told.sort();
        }
        assert_eq!(told, expected, "{words}: {}", reply.text);
        assert_eq!(reply.json["uncovered"], json!([]), "{words}");
    }
});

both!(words_are_read_more_widely_where_nothing_is_what_they_surely_mean, |app| {
    let now = app.deps.clock.now();
    let change =
        Town::default().place("ici", 0.5, 0.0).service("fonds", "B", &["ici"], "income/emergency-money").write(app);
    let reply = matched(&app.anonymous(), &asked(change, json!([{"q": "manteaux d'hiver pour les enfants"}])));
    assert_eq!(choices(&reply, 0), ["fonds"], "{}", reply.text);
    // As where what they mean is there, and cannot be used or is far away.
    let town = Town::default()
        .place("à côté", 1.0, 0.0)
        .place("loin", 30.0, 0.0)
        .service("comptoir plein", "C", &["à côté"], "material-aid/clothing")
        .that(|one| {
            one.capacity = Capacity { places_available: Some(0), observed_at: Some(now), ..Capacity::default() };
        })
        .service("comptoir au loin", "D", &["loin"], "material-aid/clothing");
    let change = town.write(app);
    for (dropped, names) in
        [("comptoir au loin", ["comptoir plein", "fonds"]), ("comptoir plein", ["comptoir au loin", "fonds"])]
    {
        let body = asked(change, json!([{"q": "manteaux d'hiver pour les enfants"}]));
        let reply = matched(&app.anonymous(), &with(body, json!({"dropped": [svc(dropped)]})));
        assert_eq!(choices(&reply, 0), names, "{}", reply.text);
    }
});

/// One service of each kind for a condition: known to be so, known not to be, and of which nobody said.
fn three(condition: &str, yes: impl FnOnce(&mut Service), no: impl FnOnce(&mut Service)) -> Town {
    let key = |answer: &str| format!("{condition} {answer}");
    Town::default()
        .place("ici", 2.0, 0.0)
        .service(&key("non"), "A", &["ici"], "food/food-bank")
        .that(no)
        .service(&key("inconnu"), "B", &["ici"], "food/food-bank")
        .service(&key("oui"), "C", &["ici"], "food/food-bank")
        .that(yes)
}

fn is_told_apart(app: &TestApp, town: Town, condition: &str, more: Value, [yes, no, unknown]: [&str; 3]) {
    let change = town.write(app);
    let reply = matched(&app.anonymous(), &with(asked(change, json!([{"category": "food"}])), more));
    assert_eq!(choices(&reply, 0), [format!("{condition} oui"), format!("{condition} inconnu")], "{}", reply.text);
    let [first, second] = [0, 1].map(|at| reply.json["needs"][0]["choices"][at].clone());
    assert!(codes(&first, "why").contains(&yes.to_owned()), "{first}");
    assert_eq!((&first["fit"], &second["fit"]), (&json!("fits"), &json!("may_fit")));
    assert!(codes(&second, "unknown").contains(&unknown.to_owned()), "{second}");
    let unsuited = &reply.json["needs"][0]["unsuited"];
    assert_eq!((&unsuited[0]["code"], &unsuited[0]["services"]), (&json!(no), &json!(1)));
    // Nothing but a pin brings back what does not suit, and then why not is told.
    let pinned = format!("{condition} non");
    let body = with(asked(change, json!([{"category": "food"}])), json!({"pinned": [svc(&pinned)]}));
    assert_eq!(visits(&matched(&app.anonymous(), &body)), [[pinned]]);
}

both!(a_language_is_spoken_not_spoken_or_not_said, |app| {
    let speaks = |code: &str| vec![Language { code: Some(code.to_owned()), ..Language::default() }];
    let (es, fr) = (speaks("es"), speaks("fr"));
    let town = three("langue", |one| one.document.languages = es, |one| one.document.languages = fr);
    let causes = ["language", "other_language", "language_unknown"];
    is_told_apart(app, town, "langue", json!({"languages": ["es", "UK"]}), causes);
});

both!(a_fee_is_none_some_or_not_said, |app| {
    let costs = |amount: Value| vec![json!({"amount": amount})];
    let (nothing, five) = (costs(json!(0)), costs(json!("5,00")));
    let town = three("coût", |one| one.document.cost_options = nothing, |one| one.document.cost_options = five);
    is_told_apart(app, town, "coût", json!({"free_only": true}), ["free", "not_free", "fee_unknown"]);
});

both!(the_hours_are_met_missed_or_not_said, |app| {
    let hours = |day: &str| {
        vec![
            serde_json::from_value(json!({"freq": "WEEKLY", "byday": day, "opens_at": "13:00", "closes_at": "16:00"}))
                .unwrap(),
        ]
    };
    let (tuesday, friday) = (hours("TU"), hours("FR"));
    let town = three("heures", |one| one.document.schedules = tuesday, |one| one.document.schedules = friday);
    let free = json!({"available": [
        {"weekday": "TU", "from": "15:30", "to": "18:00"}, {"at": "2026-06-20T10:00:00-04:00"},
    ]});
    is_told_apart(app, town, "heures", free, ["open_when_free", "closed_when_free", "hours_unknown"]);
});

both!(access_by_wheelchair_and_without_a_car_is_of_the_place, |app| {
    let says = |text: &'static str| {
        move |place: &mut Location| {
            place.document.other.insert("accessibility".to_owned(), json!([{"description": text}]));
        }
    };
    let change = Town::default()
        .place("rampe", 3.0, 0.0)
        .of_place(says("Accessible en fauteuil roulant."))
        .of_place(|place| place.document.transportation = Text::fr("Autobus 4"))
        .place("marches", 0.1, 0.0)
        .of_place(says("Non accessible en fauteuil roulant : deux marches."))
        .service("panier", "A", &["marches", "rampe"], "food/food-bank")
        .write(app);
    let body = with(asked(change, json!([{"category": "food"}])), json!({"wheelchair": true, "no_car": true}));
    let reply = matched(&app.anonymous(), &body);
    let choice = &reply.json["needs"][0]["choices"][0];
    assert_eq!((&choice["location"]["id"], &choice["fit"]), (&json!(place("rampe")), &json!("fits")), "{}", reply.text);
    assert!(["wheelchair", "without_car"].iter().all(|code| codes(choice, "why").contains(&(*code).to_owned())));
    assert_eq!(reply.json["plan"]["visits"][0]["location"]["id"], json!(place("rampe")));
    let walking = with(asked(change, json!([{"category": "food"}])), json!({"no_car": true}));
    let near = matched(&app.anonymous(), &walking);
    assert_eq!(near.json["needs"][0]["choices"][0]["location"]["id"], json!(place("marches")));
});

both!(what_is_full_is_used_only_where_nothing_else_is, |app| {
    let now = app.deps.clock.now();
    let full = |one: &mut Service| {
        one.capacity = Capacity { places_available: Some(0), observed_at: Some(now), ..Capacity::default() };
    };
    let change = Town::default()
        .place("ici", 0.2, 0.0)
        .place("là", 0.0, 5.0)
        .service("complet", "A", &["ici"], "childcare/daycare")
        .that(full)
        .service("libre", "B", &["là"], "childcare/daycare")
        .that(|one| one.verified_at = Some(now.plus(chrono::TimeDelta::days(-430))))
        .write(app);
    let body = asked(change, json!([{"category": "childcare"}]));
    let reply = matched(&app.anonymous(), &body);
    assert_eq!(
        (visits(&reply), choices(&reply, 0)),
        (vec![vec!["libre".to_owned()]], vec!["libre".to_owned(), "complet".to_owned()])
    );
    let second = &reply.json["needs"][0]["choices"][1];
    let note = second["why_not"].as_array().unwrap().iter().find(|note| note["code"] == "full").unwrap();
    assert_eq!((&second["fit"], &note["text"]), (&json!("doubtful"), &json!("Complet, dit le 2026-06-15.")));
    let english = matched(&app.anonymous().in_english(), &with(body.clone(), json!({"dropped": [svc("libre")]})));
    assert_eq!(visits(&english), [["complet"]]);
    assert!(english.text.contains("Full, as said on 2026-06-15."));
    assert!(reply.text.contains("Fiche vérifiée il y a 14 mois."), "{}", reply.text);
});

both!(a_hidden_place_is_a_visit_of_which_nothing_is_told, |app| {
    let body = json!({"near": "Longueuil", "needs": [{"category": "safety-violence/shelter"}, {"category": "food"}]});
    for client in [app.anonymous(), app.worker()] {
        let reply = matched(&client, &body);
        let visits = reply.json["plan"]["visits"].as_array().unwrap();
        let shelter =
            visits.iter().find(|visit| visit["organization"]["id"] == json!(organization_id("abri"))).unwrap();
        assert_eq!((&shelter["location"], &shelter["leg_km"]), (&Value::Null, &Value::Null));
        assert_eq!(visits.len(), 2);
        for secret in ["45.5241", "73.4921", "Secrète", &location_id("eclaircie").to_string()] {
            assert!(!reply.text.contains(secret), "{secret}");
        }
        // No circle says where it is.
        for radius_km in [0.1, 1.0, 50.0] {
            let near =
                json!({"lat": 45.5241, "lon": -73.4921, "radius_km": radius_km, "needs": [{"category": "housing"}]});
            let away = json!({"lat": 45.56, "lon": -73.40, "radius_km": radius_km, "needs": [{"category": "housing"}]});
            let [near, away] = [near, away].map(|body| choices(&matched(&client, &body), 0));
            let shelter = "Hébergement pour femmes et enfants".to_owned();
            assert_eq!((near.contains(&shelter), away.contains(&shelter)), (true, true));
        }
    }
});

both!(a_place_for_professionals_is_told_to_who_is_signed_in, |app| {
    let change = Town::default()
        .place("bureau", 1.0, 0.0)
        .of_place(|place| place.visibility = Visibility::Professional)
        .service("panier", "A", &["bureau"], "food/food-bank")
        .write(app);
    let body = asked(change, json!([{"category": "food"}]));
    let public = matched(&app.anonymous(), &body);
    assert_eq!(visits(&public), [["panier"]], "it lies in the family's MRC");
    assert_eq!(public.json["plan"]["visits"][0]["location"], Value::Null);
    assert!(!public.text.contains(&place("bureau").to_string()));
    let signed_in = matched(&app.worker(), &body);
    assert_eq!(signed_in.json["plan"]["visits"][0]["location"]["id"], json!(place("bureau")));
});

both!(eight_needs_are_planned_and_nine_refused, |app| {
    let tops = ["food", "housing", "material-aid", "childcare", "transport", "disability", "health", "income", "legal"];
    let mut town = Town::default();
    for (at, top) in tops.iter().enumerate() {
        town = town.place(top, 1.0 + at as f64, (at % 3) as f64).service(top, top, &[top], top);
    }
    let change = town.write(app);
    let needs = |count: usize| -> Value { tops.iter().take(count).map(|top| json!({"category": top})).collect() };
    let reply = matched(&app.anonymous(), &asked(change, needs(8)));
    assert_eq!((visits(&reply).len(), &reply.json["uncovered"]), (8, &json!([])));
    let refused = app.anonymous().post("/api/v1/match", &asked(change, needs(9)));
    let refused = refused.expect_problem(422, "too_many").naming("needs");
    assert_eq!(refused.json["rule"], "<= 8");
});

both!(words_that_tell_of_no_need_are_met_by_nothing_that_they_do_not_name, |app| {
    let town = Town::default().place("ici", 0.0, 0.0).service("Crise", "ligne", &["ici"], "mental-health/crisis");
    let town = town.service("Nuit", "ligne", &["ici"], "housing/emergency-shelter");
    let change = town.service("Halte", "ligne", &["ici"], "childcare/drop-in").write(app);
    let needs = json!([{"q": "demain"}, {"q": "je veux mourir"}]);
    let reply = matched(&app.anonymous(), &asked(change, needs));
    assert_eq!(choices(&reply, 0), Vec::<String>::new(), "{}", reply.text);
    assert!(choices(&reply, 1).contains(&"Crise".to_owned()), "{}", reply.text);
    assert_eq!(reply.json["uncovered"][0], json!({"need": 0, "record": null}), "{}", reply.text);
    let searched =
        |text: &str| app.anonymous().get(&format!("/api/v1/search?q={text}&min_change={change}")).expect(200).json;
    assert!(searched("je+veux+mourir").to_string().contains("\"Crise\""));
    let greetings = "bonjour, ça va, merci beaucoup, hello, bonne soirée, bon matin, merci bcp, comment allez-vous, \
                     salut comment tu vas, s'il vous plaît, how are you";
    for greeting in greetings.split(", ") {
        let typed: String = url::form_urlencoded::byte_serialize(greeting.as_bytes()).collect();
        assert_eq!(searched(&typed)["total"]["value"], 0, "{greeting}");
    }
});

both!(bad_questions_are_refused_by_field_and_rule, |app| {
    let food = json!([{"category": "food"}]);
    let base = json!({"near": "Longueuil", "needs": food});
    let ids = |count: usize| -> Vec<Id> { (0..count).map(|n| Id::from_words(&["n", &n.to_string()])).collect() };
    let free = |body: Value| json!({"available": [body]});
    let cases = [
        (json!({"needs": []}), 400, "missing_field", "needs"),
        (json!({"needs": [{}]}), 400, "missing_field", "needs.0.category"),
        (json!({"needs": [{"q": "  "}]}), 400, "missing_field", "needs.0.category"),
        (json!({"needs": [{"q": "..."}]}), 422, "says_nothing", "needs.0.q"),
        (json!({"needs": [{"q": "food"}, {"q": "Bonjour, svp"}]}), 422, "says_nothing", "needs.1.q"),
        (json!({"needs": [{"q": "merci beaucoup"}]}), 422, "says_nothing", "needs.0.q"),
        (json!({"needs": [{"q": "besoin d'aide"}]}), 422, "says_nothing", "needs.0.q"),
        (json!({"needs": [{"q": "1 2 3"}]}), 422, "says_nothing", "needs.0.q"),
        (json!({"needs": [{"q": "le la de"}]}), 422, "says_nothing", "needs.0.q"),
        (json!({"needs": [{"category": "food"}, {"q": "\u{1f34e}"}]}), 422, "says_nothing", "needs.1.q"),
        (json!({"needs": [{"q": "a"}]}), 422, "says_nothing", "needs.0.q"),
        (json!({"needs": null}), 400, "wrong_type", "needs"),
        (json!({"needs": [{"category": "yachts"}]}), 422, "unknown_category", "needs.0.category"),
        (json!({"needs": [{"category": "x".repeat(101)}]}), 422, "too_long", "needs.0.category"),
        (json!({"needs": [{"q": "x".repeat(2_049)}]}), 400, "over_limit", "needs.0.q"),
        (json!({"needs": [{"category": "food", "child": 0}]}), 422, "out_of_range", "needs.0.child"),
        (json!({"needs": [{"category": "food", "price": 0}]}), 400, "unknown_field", "needs.0.price"),
        (json!({"needs": "food"}), 400, "wrong_type", "needs"),
        (json!({"near": null}), 400, "wrong_type", "near"),
        (json!({"lat": null, "lon": null}), 400, "wrong_type", "lat"),
        (json!({"needs": [{"category": null, "q": "food"}]}), 400, "wrong_type", "needs.0.category"),
        (json!({"needs": [{"q": "food\u{7}"}]}), 422, "invalid_value", "needs.0.q"),
        (free(json!({"weekday": null})), 400, "wrong_type", "available.0.weekday"),
        (json!({"near": "Zzyzx"}), 422, "place_not_found", "near"),
        (json!({"near": "x".repeat(201)}), 422, "too_long", "near"),
        (json!({"lat": 45.5, "lon": -73.5}), 422, "invalid_value", "near"),
        (json!({"lat": "NaN", "lon": 0}), 400, "wrong_type", "lat"),
        (json!({"radius_km": 0}), 422, "out_of_range", "radius_km"),
        (json!({"radius_km": 20_000}), 422, "out_of_range", "radius_km"),
        (json!({"children": [{"born_in": "2023-13"}]}), 422, "invalid_month", "children.0.born_in"),
        (json!({"children": [{"born_in": "1969-12"}]}), 422, "invalid_month", "children.0.born_in"),
        (json!({"children": [{"born_in": "2026-07"}]}), 422, "out_of_range", "children.0.born_in"),
        (json!({"children": [{"due_in": "2028-01"}]}), 422, "out_of_range", "children.0.due_in"),
        (json!({"children": [{}]}), 400, "missing_field", "children.0.born_in"),
        (json!({"children": vec![json!({"born_in": "2023-01"}); 21]}), 422, "too_many", "children"),
        (
            json!({"children": [{"born_in": "2023-01"}], "needs": [{"category": "food", "child": 1}]}),
            422,
            "out_of_range",
            "needs.0.child",
        ),
        (json!({"languages": ["fr", "français"]}), 422, "invalid_value", "languages.1"),
        (json!({"languages": vec!["fr"; 5]}), 422, "too_many", "languages"),
        (free(json!({"weekday": "TU", "from": "18:00", "to": "17:00"})), 422, "out_of_range", "available.0.to"),
        (free(json!({"weekday": "Mardi", "from": "1:00", "to": "17:00"})), 422, "invalid_value", "available.0.weekday"),
        (free(json!({"weekday": "TU", "from": "25:00", "to": "26:00"})), 422, "invalid_value", "available.0.from"),
        (free(json!({"weekday": "TU", "from": "10:00"})), 400, "missing_field", "available.0.to"),
        (free(json!({})), 400, "missing_field", "available.0.weekday"),
        (free(json!({"at": "tomorrow"})), 422, "invalid_date", "available.0.at"),
        (free(json!({"at": "2026-06-20T10:00:00Z", "to": "17:00"})), 422, "invalid_value", "available.0.at"),
        (json!({"available": vec![json!({"at": "2026-06-20T10:00:00Z"}); 29]}), 422, "too_many", "available"),
        (json!({"pinned": ids(9)}), 422, "too_many", "pinned"),
        (json!({"pinned": ids(10_000)}), 422, "too_many", "pinned"),
        (json!({"dropped": ids(201)}), 422, "too_many", "dropped"),
        (json!({"pinned": ids(2), "dropped": ids(1)}), 422, "invalid_value", "pinned.0"),
        (json!({"pinned": ["x"]}), 400, "wrong_type", "pinned.0"),
        (json!({"limit": 0}), 422, "out_of_range", "limit"),
        (json!({"limit": 21}), 422, "out_of_range", "limit"),
        (json!({"min_change": i64::MAX}), 422, "out_of_range", "min_change"),
        (json!({"lang": "de"}), 422, "invalid_value", "lang"),
        (json!({"name": "Tremblay"}), 400, "unknown_field", "name"),
    ];
    let of_a_place = [
        (json!({"needs": food}), 400, "missing_field", "near"),
        (json!({"needs": food, "lat": 45.5}), 400, "missing_field", "lon"),
        (json!({"needs": food, "lat": 90.0001, "lon": 0}), 422, "out_of_range", "lat"),
    ];
    let all = cases.into_iter().map(|(more, status, code, field)| (with(base.clone(), more), status, code, field));
    for (body, status, code, field) in all.chain(of_a_place) {
        let reply = app.anonymous().post("/api/v1/match", &body);
        let told = (reply.status, reply.json["code"].as_str(), reply.json["field"].as_str());
        assert_eq!(
            told,
            (status, Some(code), Some(field)),
            "{}: {}",
            body.to_string().chars().take(300).collect::<String>(),
            reply.text
        );
        assert!(reply.json["rule"].as_str().is_some_and(|rule| !rule.is_empty()), "no rule: {}", reply.text);
    }
    let client = app.anonymous();
    let plain = client.post("/api/v1/match", &base).expect(200);
    let beside = with(base.clone(), json!({"needs": [{"category": "food", "q": "de la ..."}]}));
    assert_eq!(
        client.post("/api/v1/match", &beside).expect(200).json,
        plain.json,
        "words that say nothing are left out"
    );
    client.post("/api/v1/match", &json!({"near": "Longueuil"})).expect_problem(400, "missing_field").naming("needs");
    let huge = client.post_bytes("/api/v1/match", "application/json", b"{\"lat\": 1e400, \"lon\": 0, \"needs\": []}");
    assert!((400..500).contains(&huge.status), "{}", huge.text);
    let not_so_encoded = client.clone().header("Content-Encoding", "gzip").post("/api/v1/match", &base);
    let not_so_encoded = not_so_encoded.expect_problem(400, "invalid_json").naming("body");
    assert!(not_so_encoded.json["rule"].as_str().is_some_and(|rule| rule.contains("Content-Encoding")));
    client
        .post_bytes("/api/v1/match", "application/json", b"{\"needs\": [")
        .expect_problem(400, "invalid_json")
        .naming("body");
    client
        .post_bytes("/api/v1/match", "text/plain", b"{}")
        .expect_problem(415, "unsupported_media_type")
        .naming("Content-Type");
    client.get("/api/v1/match").expect_problem(405, "method_not_allowed");
});

both!(more_pins_than_can_be_planned_exactly_are_refused, |app| {
    let mut town = Town::default().place("ici", 0.2, 0.0);
    for at in 0..8 {
        town = town.service(&format!("panier {at}"), &format!("organisme {at}"), &["ici"], "food/food-bank");
    }
    let tops = ["housing", "material-aid", "childcare"];
    for top in tops {
        town = town.service(top, top, &["ici"], top);
    }
    let change = town.write(app);
    let pins = |count: usize| -> Vec<Id> { (0..count).map(|at| svc(&format!("panier {at}"))).collect() };
    let needs: Value = std::iter::once("food").chain(tops).map(|category| json!({"category": category})).collect();
    let body = |count: usize| with(asked(change, needs.clone()), json!({"pinned": pins(count)}));
    assert_eq!(visits(&matched(&app.anonymous(), &body(7))).len(), 10, "all seven are used");
    app.anonymous().post("/api/v1/match", &body(8)).expect_problem(422, "too_many").naming("pinned");
});

/// What a family asks is in no log line, no metric and no file.
#[test]
fn nothing_of_the_family_is_kept_or_logged() {
    logs::listen();
    let app = TestApp::start(relais::store::Backend::Sqlite).expect("SQLite is built in");
    let head = app.deps.store.read(relais::store::changes::head).unwrap().n;
    // A point, a month and words that no other test has.
    let body = json!({
        "lat": 45.531_298_7, "lon": -73.518_123_4,
        "needs": [{"q": "zwieback famille", "category": "food"}, {"category": "childcare", "child": 0}],
        "children": [{"born_in": "2011-03"}], "languages": ["ty"],
    });
    matched(&app.worker(), &body);
    app.anonymous()
        .post("/api/v1/match", &with(body.clone(), json!({"children": [{"born_in": "2011-13"}]})))
        .expect(422);
    app.anonymous().post("/api/v1/match", &with(body, json!({"zwieback": 1}))).expect(400);
    assert_eq!(app.deps.store.read(relais::store::changes::head).unwrap().n, head, "nothing was written");
    assert_eq!(app.worker().get("/api/v1/needs").expect(200).json["results"], json!([]));
    let metrics = app.anonymous().get("/metrics").expect(200).text;
    let written = logs::so_far();
    assert!(written.contains("/api/v1/match"), "the route is logged");
    for secret in ["45.5312987", "73.5181234", "2011-03", "2011-13", "zwieback"] {
        assert!(!written.contains(secret) && !metrics.contains(secret), "{secret}");
    }
    let mut folders = vec![app.dir.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(8).any(|window| window == b"zwieback"), "{}", path.display());
        }
    }
}
