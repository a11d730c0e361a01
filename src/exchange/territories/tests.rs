use proptest::prelude::*;

use super::*;
use crate::domain::fold::fold_place;

fn ids(text: &str) -> Vec<String> {
    quebec().geocode(text, 20).into_iter().map(|found| found.territory_id).collect()
}
fn first(text: &str) -> String {
    ids(text).into_iter().next().unwrap_or_default()
}

#[test]
fn the_set_of_quebec_is_whole() {
    let gazetteer = quebec();
    let count = |level: Level| gazetteer.list(level, None).count();
    assert_eq!((count(Level::Region), count(Level::Mrc), count(Level::Municipality)), (17, 104, 1_285));
    assert_eq!((count(Level::Borough), count(Level::District)), (25, 32));
    assert_eq!((count(Level::Place), count(Level::PostalArea)), (1_664 + 541 + 11, 421));
    let municipalities = || gazetteer.list(Level::Municipality, None);
    assert_eq!(municipalities().filter(|one| one.point.is_none()).count(), 9);
    assert_eq!(municipalities().filter(|one| one.rural == Some(false)).count(), 126);
    assert_eq!(municipalities().filter_map(|one| one.population).sum::<u32>(), 9_056_044);
    assert_eq!(gazetteer.list(Level::Mrc, Some("region:16")).count(), 13);
    for one in gazetteer.all() {
        let parent_known = one.parent.as_deref().is_none_or(|parent| gazetteer.get(parent).is_some());
        assert!(parent_known, "{} has no parent {:?}", one.id, one.parent);
        assert!(one.level == Level::Region || one.level == Level::PostalArea || one.parent.is_some(), "{}", one.id);
        assert!(!fold_place(&one.name).is_empty());
    }
}

#[test]
fn a_changed_file_changes_the_edition() {
    let files = [REGIONS, MRC, BOROUGHS, LINKED_CITIES, DISTRICTS, MUNICIPALITIES, PLACES, POSTAL_AREAS];
    let bytes: usize = files.iter().map(|text| text.len()).sum();
    assert_eq!((QUEBEC_EDITION, bytes), ("2026-11-28", 2_039_448), "give the new set an edition of its own");
}

#[test]
fn the_mrc_of_a_municipality_is_the_mrc_of_its_point() {
    let gazetteer = quebec();
    let mut agree = 0;
    let mut disagree = Vec::new();
    for one in gazetteer.list(Level::Municipality, None) {
        let Some(point) = one.point else { continue };
        let located = gazetteer.locate(point);
        match located.mrc == gazetteer.ancestor_of_level(&one.id, Level::Mrc) {
            true => agree += 1,
            false => disagree.push((one.id.clone(), located.mrc)),
        }
        assert_eq!(located.region, gazetteer.ancestor_of_level(&one.id, Level::Region), "{}", one.id);
    }
    // Picard's point lies over the border of its MRC, in the source itself.
    assert_eq!(disagree, [("municipality:14902".to_owned(), Some("mrc:13".to_owned()))]);
    assert_eq!(agree, 1_275);
}

#[test]
fn a_point_gives_its_region_mrc_and_borough() {
    let at = |lat, lon| quebec().locate(Point::new(lat, lon).unwrap());
    let longueuil = at(45.531, -73.518);
    assert_eq!(longueuil.mrc.as_deref(), Some("mrc:58"));
    assert_eq!(longueuil.region.as_deref(), Some("region:16"));
    assert_eq!(longueuil.municipality.unwrap().id, "municipality:58227");
    let north = at(45.5957, -73.6353);
    assert_eq!(north.borough.as_deref(), Some("borough:REM16"));
    assert_eq!(north.municipality.unwrap().id, "municipality:66023");
    assert_eq!(north.districts, ["district:mtl-12"]);
    let westmount = at(45.4849, -73.5971);
    assert_eq!(westmount.borough, None);
    assert_eq!(westmount.municipality.unwrap().id, "municipality:66032");
    assert_eq!(at(46.8139, -71.2080).borough.as_deref(), Some("borough:QC1"));
    assert_eq!(at(43.6532, -79.3832), crate::domain::territory::Located::default(), "Toronto");
    assert_eq!(at(0.0, 0.0).municipality, None);
}

#[test]
fn every_borough_and_district_has_a_point_inside_its_own_outline() {
    for level in [Level::Borough, Level::District] {
        for one in quebec().list(level, None) {
            let located = quebec().locate(one.point.unwrap());
            let inside = located.borough.iter().chain(&located.districts).any(|id| *id == one.id);
            assert!(inside, "{} {:?}", one.name, one.point);
        }
    }
    let verdun = quebec().get("borough:REM12").unwrap();
    assert_eq!(verdun.point, quebec().get("place:66-verdun").unwrap().point, "where people live");
}

#[test]
fn names_are_found_however_they_are_typed() {
    assert_eq!(first("quebec"), "municipality:23027");
    assert_eq!(first("Québec"), "municipality:23027");
    assert_eq!(first("st-jerome"), "municipality:75017");
    assert_eq!(first("SAINT JÉRÔME"), "municipality:75017");
    assert_eq!(first("ste-therese"), "municipality:73010");
    assert_eq!(first("montreal-nord"), "borough:REM16");
    assert_eq!(first("Montérégie"), "region:16");
    assert_eq!(first("val d or"), "municipality:89008");
    assert_eq!(first("hochelaga"), "district:mtl-09");
    assert_eq!(first("notre-dame-de-grace"), "district:mtl-05");
    assert_eq!(first("ndg"), "place:postal-h4a");
    assert_eq!(first("sainte-rose"), "place:postal-h7l", "of Laval, where most say so");
    assert_eq!(first("ste dorothee"), "place:postal-h7x");
    assert_eq!(first("vieux montreal"), "district:mtl-29");
    assert_eq!(first("old montreal"), "place:postal-h2y-en");
    assert_eq!(first("123, rue Saint-Charles Ouest, Longueuil"), "municipality:58227");
    let longueuil = quebec().geocode("Longueuil", 20);
    let said_twice =
        |found: &&crate::domain::territory::Match| found.label == "Longueuil" && found.level == Level::Place;
    assert_eq!(longueuil.iter().find(said_twice), None, "the place is the municipality");
    for nothing in ["", "  ", "zzzzz", "xq", "\u{0}", "(((", ",,,"] {
        assert_eq!(ids(nothing), Vec::<String>::new(), "{nothing:?}");
    }
}

#[test]
fn homonyms_are_all_shown_with_their_mrc() {
    let labels =
        |text: &str| -> Vec<String> { quebec().geocode(text, 50).into_iter().map(|found| found.label).collect() };
    let lambert = labels("saint-lambert");
    assert!(lambert.contains(&"Saint-Lambert (Longueuil)".to_owned()), "{lambert:?}");
    assert!(lambert.contains(&"Saint-Lambert (Abitibi-Ouest)".to_owned()), "{lambert:?}");
    assert_eq!(lambert[0], "Saint-Lambert (Longueuil)", "the larger first");
    for text in ["sainte-anne", "st-antoine", "Saint-Augustin", "L'Ange-Gardien", "Stanstead", "Saint-Donat"] {
        let found = labels(text);
        assert!(found.len() > 1, "{text}: {found:?}");
        let unique: HashSet<&String> = found.iter().collect();
        assert_eq!(unique.len(), found.len(), "{text}: {found:?}");
    }
    assert_eq!(first("Saint-Lambert (Abitibi-Ouest)"), "municipality:87120");
    assert_eq!(first("Saint-Lambert, Longueuil"), "municipality:58012");
}

#[test]
fn the_label_of_a_municipality_leads_back_to_it() {
    let gazetteer = quebec();
    let mut checked = 0;
    for one in gazetteer.list(Level::Municipality, None).filter(|one| one.point.is_some()) {
        let found = gazetteer.geocode(&one.name, 200).into_iter().find(|found| found.territory_id == one.id);
        let found = found.unwrap_or_else(|| panic!("{} is not found by its name", one.id));
        assert_eq!(first(&found.label), one.id, "{}", found.label);
        checked += 1;
    }
    assert_eq!(checked, 1_276);
}

#[test]
fn a_rural_postal_area_decides_no_mrc_and_an_urban_one_does() {
    for rural in quebec().list(Level::PostalArea, None).filter(|one| one.code.as_bytes()[1] == b'0') {
        let found = quebec().geocode(&rural.code, 5);
        assert_eq!(found.len(), 1, "{}", rural.code);
        assert_eq!(found[0].territories.ids().count(), 0, "{}", rural.code);
        assert!(found[0].point.is_some() && rural.parent.is_none());
    }
    for typed in ["J4K 2T1", "j4k2t1", "J4K", "j4k-2t1", "825 rue St-Laurent O, Longueuil QC J4K 2T1"] {
        let found = quebec().geocode(typed, 5);
        assert_eq!(found.len(), 1, "{typed}");
        assert_eq!(found[0].territory_id, "postal_area:J4K");
        assert_eq!(found[0].territories.mrc.as_deref(), Some("mrc:58"));
        assert_eq!(found[0].territories.municipality, None);
    }
    assert_eq!(ids("Z9Z 9Z9"), Vec::<String>::new());
}

#[test]
fn a_name_and_what_it_is_in_are_told_apart_without_a_comma() {
    for (typed, id) in [
        ("Griffintown Montréal", "place:postal-h3c"),
        ("montreal griffintown", "place:postal-h3c"),
        ("Saint-Lambert Longueuil", "municipality:58012"),
        ("st lambert longueuil", "municipality:58012"),
        ("Longueuil QC", "municipality:58227"),
        ("Longueuil Québec", "municipality:58227"),
    ] {
        assert_eq!(ids(typed).first().map(String::as_str), Some(id), "{typed}");
    }
    for typed in ["Griffintown Sherbrooke", "Longueuil Ontario", "Québec Québec Laval", &"a ".repeat(100)] {
        assert_eq!(ids(typed), Vec::<String>::new(), "{typed}");
    }
    assert_eq!(ids("Limoilou Québec").first(), ids("Limoilou, Québec").first());
}

#[test]
fn what_stands_beside_a_name_must_hold() {
    for (typed, id) in [
        ("Montréal, Griffintown", "place:postal-h3c"),
        ("Longueuil, Montérégie, Québec, Canada", "municipality:58227"),
        ("Québec, Québec", "municipality:23027"),
        ("Maison de la famille, 12 rue Laval, Longueuil", "municipality:58227"),
        ("Longueuil, app. 3", "municipality:58227"),
        ("rue Saint-Denis, Montréal", "municipality:66023"),
        ("123, boul. St-Laurent, Montréal", "municipality:66023"),
        ("Gaspé, Gaspésie", "municipality:03005"),
        ("Windsor, Val-Saint-François", "municipality:42088"),
        ("Windsor, Qué.", "municipality:42088"),
        ("Beloeil, MRC de la Vallée-du-Richelieu", "municipality:57040"),
        ("Verdun, H4G 1A1", "postal_area:H4G"),
    ] {
        assert_eq!(first(typed), id, "{typed}");
    }
    for (typed, meant) in [
        ("Windsor, Ontario", "Windsor (Le Val-Saint-François)"),
        ("Limoilou, Montréal", "La Cité-Limoilou (Québec)"),
        ("Laval, France", "Laval"),
        ("Hull, Ottawa", "Hull (Gatineau)"),
        ("Québec, France", "Québec"),
        ("Toronto, Québec", "Québec"),
        ("Vancouver, Victoria", "Victoriaville (Arthabaska)"),
        ("Limoilou à Montréal", "Montréal"),
        ("je reste à Laval mais je travaille à Montréal", "Montréal"),
        ("je ne suis plus à Montréal", "Montréal"),
        ("Haut-Québec", "Québec"),
        ("Saint-Denis, Montréal", "Montréal"),
        ("Laval, H4G", "Laval"),
        ("K1N 5X1, Gatineau", "Gatineau"),
        ("longeuil", "Longueuil"),
        ("à verdum", "Verdun"),
    ] {
        assert_eq!(ids(typed), Vec::<String>::new(), "{typed}");
        let near = quebec().names_near(typed, 3);
        assert!(near.iter().any(|name| name == meant), "{typed}: {near:?}");
        assert!(near.iter().all(|name| !ids(name).is_empty()), "{near:?}");
    }
}

#[test]
fn a_text_that_is_typed_to_its_end_is_no_beginning() {
    for typed in ["Paris", "Victoria", "St", "sainte", "here", "au lac", "de la", "en ville", "au village"] {
        assert!(!ids(typed).is_empty(), "{typed} may become something");
        assert_eq!(quebec().geocode_whole(typed, 5).len(), 0, "{typed}");
        assert!(!quebec().names_near(typed, 3).is_empty(), "{typed}");
    }
    for typed in ["Limoilou", "Griffintown Montréal", "St-Jean", "Rosemont", "J4K", "ville de Laval", "Saint-Lambert"]
    {
        assert_eq!(quebec().geocode_whole(typed, 1), quebec().geocode(typed, 1), "{typed}");
    }
}

#[test]
fn words_around_a_name_are_left_out() {
    for (typed, id) in [
        ("Quebec City", "municipality:23027"),
        ("centre-ville Québec", "municipality:23027"),
        ("downtown Longueuil", "municipality:58227"),
        ("à Longueuil", "municipality:58227"),
        ("près de Verdun", "borough:REM12"),
        ("dans La Tuque", "municipality:90012"),
        ("Montréal Québec Canada", "municipality:66023"),
        ("ville de Laval", "municipality:65005"),
        ("à la ville de Laval", "municipality:65005"),
        ("arrondissement de Ville-Marie", "borough:REM19"),
        ("MRC de Roussillon", "mrc:67"),
        ("région de la Montérégie", "region:16"),
        ("aux Îles-de-la-Madeleine", "municipality:01023"),
        ("sur la Côte-Nord", "region:09"),
        ("pas loin de Gatineau", "municipality:81017"),
        ("rue Saint-Denis Montréal", "municipality:66023"),
        ("boul. Taschereau Brossard", "municipality:58007"),
        ("Montréal H3C", "postal_area:H3C"),
        ("Verdun Montréal QC H4G", "postal_area:H4G"),
        ("H4G 1A1 Verdun", "postal_area:H4G"),
        ("Verdun Montréal QC", "borough:REM12"),
        ("123 rue Saint-Denis Montréal", "municipality:66023"),
        ("12 Main Street Saint-Lambert (Longueuil)", "municipality:58012"),
        ("je reste à Brossard", "municipality:58007"),
        ("J'habite dans le quartier Griffintown", "place:postal-h3c"),
        ("I live in Laval", "municipality:65005"),
        ("aux Îles", "municipality:01023"),
        ("je vis aux Éboulements", "municipality:16048"),
        ("je reste à Venise-en-Québec", "municipality:56005"),
        ("je reste à Tête-à-la-Baleine", "place:982-tete-a-la-baleine"),
        ("à côté de chez ma mère à Laval", "municipality:65005"),
        ("12 rue Saint-Denis à Longueuil", "municipality:58227"),
        ("rue Sherbrooke, Montréal", "municipality:66023"),
        ("4e avenue Limoilou", "borough:QC1"),
        ("Laval svp", "municipality:65005"),
        ("j'habite Brossard", "municipality:58007"),
        ("I'm from Sherbrooke", "municipality:43027"),
        ("je vis à Trois-Rivières depuis 3 ans", "municipality:37067"),
        ("je reste à Laval avec ma mère", "municipality:65005"),
        ("I live in Laval with my two kids", "municipality:65005"),
        ("à côté de Saint-Jérôme", "municipality:75017"),
        ("dans le coin de Rimouski", "municipality:10043"),
        ("au bout de la Gaspésie", "region:11"),
        ("Gatineau secteur Hull", "place:81-hull"),
        ("laval quebec", "municipality:65005"),
        ("Bonaventure Québec", "municipality:05045"),
        ("Limoilou Québec", "borough:QC1"),
        ("le Plateau", "borough:REM21"),
    ] {
        assert_eq!(first(typed), id, "{typed}");
    }
    for typed in [
        "je reste à Laval avec ma mère à Montréal",
        "I live in Laval but I work in Montreal",
        "Paris, France",
        "12 rue Laval",
        "12 rue de Laval",
        "rue de Laval",
        "dans",
        "à",
        "near the",
        "qc",
    ] {
        assert_eq!(first(typed), "", "{typed}");
    }
}

#[test]
fn what_people_call_a_place_is_that_place() {
    let called = include_str!("../../../index/territories/called.csv").lines().skip(1);
    for (name, id) in called.map(|line| line.split_once(',').unwrap()) {
        assert_eq!(first(name), id, "{name}");
    }
    for typed in ["Rive-Sud", "hoch", "Kativik", "Québec"] {
        let found = quebec().geocode(typed, 20);
        let ids: std::collections::HashSet<&str> = found.iter().map(|one| one.territory_id.as_str()).collect();
        assert_eq!(ids.len(), found.len(), "{typed}: each place once");
    }
    assert_eq!(first("Saint-Roch, Québec"), "borough:QC1");
    assert_eq!(first("Saint-Roch, Rouyn-Noranda"), "place:86-saint-roch");
    assert_eq!(first("je reste sur la Rive-Sud"), "mrc:58");
    assert_eq!(first("dans les Cantons-de-l'Est"), "region:05");
    // A borough may be called by words that only begin other names; a hamlet that is called so is not meant by them.
    let whole = |typed: &str| quebec().geocode_whole(typed, 1).first().map(|one| one.territory_id.clone());
    assert_eq!(whole("Le Sud-Ouest").as_deref(), Some("borough:REM20"));
    assert_eq!(whole("l'Ouest-de-l'Île").as_deref(), Some("municipality:66097"));
    assert_eq!((whole("le village"), whole("le sud")), (None, None));
    assert_eq!(whole("La Baie").as_deref(), Some("place:941-la-baie"), "a quarter of a city is no hamlet");
    // What a place is in may be said as people call it.
    for (typed, id) in [
        ("St-Henri, Mtl", "district:mtl-23"),
        ("Saint-Michel Mtl", "district:mtl-31"),
        ("Mile End, Mtl", "place:12626156"),
        ("Bagotville", "place:941-la-baie"),
    ] {
        assert_eq!(whole(typed).as_deref(), Some(id), "{typed}");
    }
    assert_eq!(whole("Saint-Henri, MRDL"), None);
    assert_eq!(whole("Limoilou, Mtl"), None, "it is of another city");
}

#[test]
fn a_municipality_without_a_point_has_no_distance() {
    let nowhere = quebec().list(Level::Municipality, None).find(|one| one.code == "99904").unwrap();
    assert_eq!(nowhere.point, None);
    let found = quebec().geocode("Baie-d'Hudson", 1);
    assert_eq!(found[0].point, None);
    assert!(quebec().point_of("Baie-d'Hudson").is_none());
    assert_eq!(found[0].territories.region.as_deref(), Some("region:10"));
}

#[test]
fn an_address_city_gives_one_municipality_or_none() {
    let id = |name: &str, hint: Option<&str>| quebec().municipality(name, hint).map(|one| one.id.as_str());
    assert_eq!(id("Longueuil", None), Some("municipality:58227"));
    assert_eq!(id("VILLE DE QUEBEC", None), Some("municipality:23027"));
    assert_eq!(id("St-Lambert", None), None);
    assert_eq!(id("St-Lambert", Some("mrc:58")), Some("municipality:58012"));
    assert_eq!(id("St-Lambert", Some("Abitibi-Ouest")), Some("municipality:87120"));
    assert_eq!(id("St-Lambert", Some("region:16")), Some("municipality:58012"));
    assert_eq!(id("Atlantide", None), None);
}

const SQUARE: &str = r#"{"type":"FeatureCollection","features":[
    {"type":"Feature","properties":{"code":"A","name":"Alpha","level":"region","parent":null},
     "geometry":{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,2],[0,0]]]}},
    {"type":"Feature","properties":{"code":7,"name":"Bêta","level":"mrc","parent":"region:A","population":12},
     "geometry":{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,1],[0,0]]]]}},
    {"type":"Feature","properties":{"code":"b","name":"Gamma","level":"municipality","parent":"mrc:7","rural":true},
     "geometry":{"type":"Point","coordinates":[0.5,0.5,12]}}]}"#;

#[test]
fn any_geojson_is_read() {
    let shapes = read_geojson(SQUARE.as_bytes()).unwrap();
    let gazetteer = Gazetteer::new(shapes);
    let located = gazetteer.locate(Point::new(0.5, 0.6).unwrap());
    assert_eq!(located.mrc.as_deref(), Some("mrc:7"));
    assert_eq!(located.region.as_deref(), Some("region:A"));
    let nearest = located.municipality.unwrap();
    assert_eq!(nearest.id, "municipality:b");
    assert!((nearest.distance_km.unwrap() - 11.12).abs() < 0.01);
    assert_eq!(gazetteer.locate(Point::new(1.5, 1.5).unwrap()).region.as_deref(), Some("region:A"));
    assert_eq!(gazetteer.ancestors("municipality:b"), ["municipality:b", "mrc:7", "region:A"]);
}

#[test]
fn an_import_lies_over_what_is_shipped() {
    let over = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"58227",
        "name":"Longueuil","level":"municipality","parent":"mrc:58"},"geometry":{"type":"Polygon",
        "coordinates":[[[-73.6,45.4],[-73.3,45.4],[-73.3,45.6],[-73.6,45.6],[-73.6,45.4]]]}}]}"#;
    let mut shapes = read_quebec().unwrap();
    shapes.extend(read_geojson(over.as_bytes()).unwrap());
    let gazetteer = Gazetteer::new(shapes);
    let longueuil = gazetteer.get("municipality:58227").unwrap();
    assert_eq!(longueuil.point, quebec().get("municipality:58227").unwrap().point);
    assert_eq!(longueuil.designation.as_deref(), Some("Ville"));
    let saint_lambert = gazetteer.locate(Point::new(45.5, -73.5).unwrap());
    assert_eq!(saint_lambert.municipality.unwrap().id, "municipality:58227");
    assert_eq!(gazetteer.len(), quebec().len());
}

#[test]
fn a_broken_feature_is_named() {
    let refused = |from: &str, to: &str| {
        let text = SQUARE.replacen(from, to, 1);
        assert_ne!(text, SQUARE, "{from}");
        let error = read_geojson(text.as_bytes()).unwrap_err();
        (error.feature, error.refusal.code, error.refusal.field.unwrap_or_default())
    };
    let second = |code: Code, field: &str| (Some(2), code, field.to_owned());
    assert_eq!(refused("\"mrc\"", "\"county\""), second(Code::InvalidValue, "properties.level"));
    assert_eq!(refused("\"Bêta\"", "null"), second(Code::MissingField, "properties.name"));
    assert_eq!(refused("\"Bêta\"", "3"), second(Code::WrongType, "properties.name"));
    assert_eq!(refused(":7,", ":7.5,"), second(Code::WrongType, "properties.code"));
    assert_eq!(refused(":7,", ":\"a b\","), second(Code::InvalidValue, "properties.code"));
    assert_eq!(refused(":12}", ":-1}"), second(Code::InvalidValue, "properties.population"));
    assert_eq!(refused("MultiPolygon", "LineString"), second(Code::InvalidValue, "geometry.type"));
    assert_eq!(refused("[1,1]", "[1,91]"), second(Code::OutOfRange, "geometry.coordinates"));
    assert_eq!(refused("[0,1],[0,0]]]]", "[0,1]]]]"), second(Code::InvalidValue, "geometry.coordinates"));
    assert_eq!(refused("[1,1]", "[1]"), second(Code::WrongType, "geometry.coordinates"));
    assert_eq!(refused("[1,1]", "[1e400,1]").1, Code::InvalidJson);
    let twice =
        refused("\"code\":7,\"name\":\"Bêta\",\"level\":\"mrc\"", "\"code\":\"A\",\"name\":\"B\",\"level\":\"region\"");
    assert_eq!(twice, second(Code::AlreadyExists, "properties.code"));
    assert_eq!(read_geojson(b"{").unwrap_err().refusal.code, Code::InvalidJson);
    assert_eq!(read_geojson(b"[]").unwrap_err().refusal.code, Code::InvalidValue);
    assert_eq!(read_geojson(b"\xff\xfe").unwrap_err().refusal.code, Code::InvalidJson);
}

#[test]
fn an_outline_is_written_and_read_back() {
    let shapes = read_geojson(BOROUGHS.as_bytes()).unwrap();
    for shape in shapes {
        let outline = shape.geometry.unwrap();
        assert_eq!(read_outline(&write_geometry(&outline)).unwrap().unwrap(), outline);
    }
}

proptest! {
    #[test]
    fn every_point_has_one_answer_and_region_and_mrc_agree(lat in 44.5f64..63.0, lon in -80.0f64..-56.0) {
        let point = Point::new(lat, lon).unwrap();
        let located = quebec().locate(point);
        if let Some(mrc) = &located.mrc {
            prop_assert_eq!(quebec().ancestor_of_level(mrc, Level::Region), located.region.clone());
            prop_assert!(located.region.is_some());
        } else {
            prop_assert_eq!(located.municipality, None);
        }
    }

    #[test]
    fn any_text_may_be_typed(text in any::<String>(), limit in 0usize..30) {
        prop_assert!(quebec().geocode(&text, limit).len() <= limit);
    }
}
