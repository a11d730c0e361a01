//! The portrait and the unmet needs over HTTP: who may ask, for what, and that the figures come from rows.

use diesel::RunQueryDsl;
use relais::clock::Time;
use relais::domain::family::{Fact, Factor, Origin, Setting};
use relais::domain::need::{NeedStatus, UnmetReason};
use relais::id::Id;
use relais::sample::id_of;
use relais::sample::twenty::organization_id;
use relais::store::conn::Conn;
use relais::store::families::{self, ChildRow, FamilyRow, ObservationRow};
use relais::store::needs::{self, NeedRow};
use relais::store::{DEFAULT_NETWORK, Error, Tx};
use serde_json::{Value, json};

use super::app::{TestApp, both};

const PORTRAIT: &str = "/api/v1/reports/portrait";
const UNMET: &str = "/api/v1/reports/unmet-needs";

fn family_id(number: usize) -> Id {
    id_of("family", &format!("f{number}"))
}

/// One family of a region with one child, what was seen of it, and two needs.
fn family(tx: &mut Tx<'_>, number: usize, region: &str) -> Result<(), Error> {
    let (id, day) = (family_id(number), "2026-03-10".parse().expect("a day"));
    let now = Time::parse_rfc3339("2026-03-10T15:00:00Z").expect("an instant");
    families::insert(
        tx,
        &[FamilyRow {
            id,
            network_id: DEFAULT_NETWORK,
            organization_id: organization_id("famille"),
            worker_account_id: None,
            municipality_id: None,
            mrc_id: None,
            region_id: Some(region.to_owned()),
            setting: Setting::Urban,
            contact_origin: Some(if number.is_multiple_of(2) { Origin::Park } else { Origin::Partner }),
            first_contact_on: day,
            language: None,
            coarse_cell: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }],
    )?;
    families::insert_children(
        tx,
        &[ChildRow {
            id: id_of("child", &number.to_string()),
            network_id: DEFAULT_NETWORK,
            family_id: id,
            born_in: Some(if number.is_multiple_of(3) { "2015-01" } else { "2024-01" }.to_owned()),
            due_in: None,
            created_at: now,
        }],
    )?;
    let facts = [
        Fact::Isolated(number.is_multiple_of(2)),
        Fact::Vulnerability { factor: Factor::Economic, present: number.is_multiple_of(2) },
    ];
    for fact in facts {
        families::insert_observations(
            tx,
            &[ObservationRow {
                id: id_of("observation", &format!("{number} {}", fact.kind().as_str())),
                network_id: DEFAULT_NETWORK,
                family_id: id,
                kind: fact.kind(),
                value: fact.value().to_owned(),
                present: fact.present(),
                observed_on: day,
                account_id: None,
                created_at: now,
            }],
        )?;
    }
    for (category, place) in [("food/food-bank", 0), ("transport/accompanied-ride", 1)] {
        let met = (number + place).is_multiple_of(2);
        needs::insert(
            tx,
            &[NeedRow {
                id: id_of("need", &format!("{number} {category}")),
                network_id: DEFAULT_NETWORK,
                family_id: Some(id),
                organization_id: organization_id("famille"),
                account_id: None,
                category: category.to_owned(),
                municipality_id: None,
                mrc_id: None,
                region_id: Some(region.to_owned()),
                status: if met { NeedStatus::Met } else { NeedStatus::Unmet },
                unmet_reason: (!met).then_some(if number.is_multiple_of(3) {
                    UnmetReason::Full
                } else {
                    UnmetReason::TooFar
                }),
                proposed_reason: None,
                recorded_on: day,
                status_on: day,
                version: 1,
                created_at: now,
                updated_at: now,
            }],
        )?;
    }
    Ok(())
}

/// Forty families in Montérégie, thirty in Montréal, three in Laval.
fn fill(app: &TestApp) {
    let written = app.deps.store.write(app.deps.clock.now(), |tx| {
        for number in 0..73 {
            family(
                tx,
                number,
                if number < 40 {
                    "region:16"
                } else if number < 70 {
                    "region:06"
                } else {
                    "region:13"
                },
            )?;
        }
        Ok::<_, Error>(())
    });
    written.expect("the families are written");
}

fn figure<'a>(report: &'a Value, code: &str) -> &'a Value {
    let figures = report["figures"].as_array().expect("figures");
    figures.iter().find(|one| one["code"] == code).unwrap_or_else(|| panic!("{code}"))
}

fn line<'a>(report: &'a Value, region: &str, category: &str) -> &'a Value {
    let lines = report["lines"].as_array().expect("lines");
    lines.iter().find(|one| one["region"] == region && one["category"] == category).expect("a line")
}

both!(the_portrait_is_computed_from_rows_and_a_deleted_family_changes_it, |app| {
    fill(app);
    let report = app.table().get(PORTRAIT).expect(200).json;
    assert_eq!(report["report"]["parameters"], json!({"from": "2025-03", "to": "2026-05", "region": "network"}));
    assert_eq!(figure(&report, "families_accompanied")["value"], 73);
    let isolated = figure(&report, "isolated_families");
    assert_eq!((&isolated["value"], &isolated["denominator"]["count"]), (&json!(37), &json!(73)));
    assert_eq!(isolated["unknown"], 0);
    assert_eq!(figure(&report, "need_categories_mean")["value"], json!({"hidden": true}), "all have two");
    assert_eq!(figure(&report, "single_parent_families")["unknown"], 73, "nobody looked");
    let again = app.table().get(PORTRAIT).expect(200).json;
    assert_eq!(again["report"]["hash"], report["report"]["hash"]);
    assert_eq!(again["report"]["id"], report["report"]["id"]);

    let gone = family_id(0);
    delete_family(app, gone);
    let after = app.table().get(PORTRAIT).expect(200).json;
    assert_eq!(figure(&after, "families_accompanied")["value"], 72);
    assert_eq!(figure(&after, "isolated_families")["value"], 36);
    assert_ne!(after["report"]["hash"], report["report"]["hash"]);
});

fn delete_family(app: &TestApp, id: Id) {
    let statement = diesel::sql_query(format!("DELETE FROM family WHERE id = '{id}'"));
    let deleted = app.deps.store.write(app.deps.clock.now(), |tx| {
        let deleted = match &mut **tx {
            Conn::Postgres(c) => statement.clone().execute(c),
            Conn::Sqlite(c) => statement.clone().execute(c),
        };
        deleted.map_err(Error::from)
    });
    assert_eq!(deleted.expect("the family is deleted").value, 1);
}

both!(three_families_of_a_region_are_hidden_and_cannot_be_found_by_subtraction, |app| {
    fill(app);
    let accompanied = |region: &str| {
        let report = app.table().get(&format!("{PORTRAIT}?region={region}")).expect(200).json;
        figure(&report, "families_accompanied")["value"].clone()
    };
    let hidden = json!({"hidden": true});
    assert_eq!(accompanied("region:13"), hidden);
    assert_eq!(accompanied("network"), 73);
    let others = [accompanied("region:16"), accompanied("region:06")];
    assert_eq!(others.iter().filter(|value| **value == hidden).count(), 1, "a second one is hidden with it");
    let small = app.admin().get(&format!("{PORTRAIT}?region=region:13")).expect(200).json;
    assert_eq!(figure(&small, "isolated_families")["value"], hidden);
    assert_eq!(figure(&small, "children")["value"], hidden);
});

both!(unmet_needs_count_a_family_once_at_each_level, |app| {
    fill(app);
    let report = app.worker().get(UNMET).expect(200).json;
    let all = line(&report, "network", "all");
    assert_eq!((&all["recorded"], &all["families"]), (&json!(146), &json!(73)));
    let food = line(&report, "network", "food");
    assert_eq!((&food["recorded"], &food["unmet"], &food["met"]), (&json!(73), &json!(36), &json!(37)));
    assert_eq!(line(&report, "region:13", "food")["recorded"], json!({"hidden": true}));
    delete_family(app, family_id(1));
    let after = app.worker().get(UNMET).expect(200).json;
    assert_eq!(line(&after, "network", "all")["recorded"], 144);
});

both!(spreadsheets_come_in_two_languages, |app| {
    fill(app);
    let french = app.table().get(&format!("{PORTRAIT}?format=csv")).expect(200);
    assert!(french.header("content-type").unwrap_or("").starts_with("text/csv"));
    assert!(french.text.starts_with("code,indicateur,milieu,"), "{}", french.text);
    assert!(french.text.contains("Familles accompagnées"));
    let english = app.table().in_english().header("Accept", "text/csv").get(UNMET).expect(200);
    assert!(english.text.starts_with("region,region name,category,"), "{}", english.text);
    assert!(english.text.contains("region:13,Laval,food,Food,hidden"), "{}", english.text);
    let asked = app.table().header("Accept", "text/csv").get(&format!("{PORTRAIT}?format=json")).expect(200);
    assert!(asked.json.is_object(), "the parameter decides");
});

both!(only_workers_tables_and_administrators_read_reports, |app| {
    for path in [PORTRAIT, UNMET] {
        app.anonymous().get(path).expect_problem(401, "unauthenticated");
        app.partner().get(path).expect_problem(403, "forbidden");
        app.curator().get(path).expect_problem(403, "forbidden");
        for client in [app.worker(), app.table(), app.admin()] {
            client.get(path).expect(200);
        }
    }
});

both!(a_bad_question_names_its_field_and_rule, |app| {
    let table = app.admin();
    let asks = |query: &str, code: &str, status: u16, field: &str| {
        table.get(&format!("{PORTRAIT}?{query}")).expect_problem(status, code).naming(field);
    };
    asks("from=2026-13", "invalid_month", 422, "from");
    asks("to=2026", "invalid_month", 422, "to");
    asks("from=2026-03&to=2026-02", "out_of_range", 422, "from");
    asks("from=2020-01&to=2026-01", "out_of_range", 422, "from");
    asks("to=2026-07", "out_of_range", 422, "to");
    asks("region=region:18", "unknown_territory", 422, "region");
    asks("region=mrc:58", "unknown_territory", 422, "region");
    asks("region=", "unknown_territory", 422, "region");
    asks("organization=1", "unknown_field", 400, "organization");
    table.get(&format!("{UNMET}?format=xml")).expect_problem(422, "invalid_value").naming("format");
    table.get(&format!("{UNMET}?region=region:16")).expect_problem(400, "unknown_field").naming("region");
    let report = table.get(&format!("{PORTRAIT}?from=2026-06&to=2026-06")).expect(200).json;
    assert_eq!(report["report"]["parameters"]["to"], "2026-06", "the month under way, by name");
});

both!(a_table_has_one_period_so_that_periods_cannot_be_subtracted, |app| {
    let table = app.table();
    table.get(&format!("{PORTRAIT}?from=2025-03&to=2026-05")).expect(200);
    for path in [PORTRAIT, UNMET] {
        table.get(&format!("{path}?from=2025-04")).expect_problem(422, "out_of_range").naming("from");
        table.get(&format!("{path}?to=2026-06")).expect_problem(422, "out_of_range").naming("to");
        table.get(&format!("{path}?to=2026-04")).expect_problem(422, "out_of_range").naming("to");
    }
});
