//! Parameters of the reports, and their figures as JSON and as lines of a table. A hidden figure is `{"hidden": true}`
//! and carries no value.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::actions::reports::{ALL_SEARCHES, Asked, DemandLine, DemandReport, Head, PortraitReport, UnmetReport};
use crate::domain::demand::GroupedBy;
use crate::domain::language::Lang;
use crate::domain::month::{MONTH_RULE, Month};
use crate::domain::need::UnmetReason;
use crate::domain::portrait::{Figure, Quantity};
use crate::domain::refusal::{Code, Refusal};
use crate::domain::small_cells::Shown;
use crate::domain::taxonomy::Taxonomy;
use crate::domain::unmet::{Line, OUTCOMES};
use crate::text::reports::{hidden, label};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortraitParams {
    from: Option<String>,
    to: Option<String>,
    region: Option<String>,
    format: Option<Format>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnmetParams {
    from: Option<String>,
    to: Option<String>,
    format: Option<Format>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemandParams {
    from: Option<String>,
    to: Option<String>,
    region: Option<String>,
    by: Option<GroupedBy>,
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Json,
    Csv,
}

fn month_of(text: Option<String>, field: &str) -> Result<Option<Month>, Refusal> {
    let parse =
        |text: String| Month::parse(&text).ok_or_else(|| Refusal::field(Code::InvalidMonth, field).rule(MONTH_RULE));
    text.map(parse).transpose()
}

impl PortraitParams {
    pub fn parse(self) -> Result<(Asked, Option<Format>), Refusal> {
        let region = self.region.filter(|region| region != "network");
        let asked = Asked { from: month_of(self.from, "from")?, to: month_of(self.to, "to")?, region };
        Ok((asked, self.format))
    }
}

impl UnmetParams {
    pub fn parse(self) -> Result<(Asked, Option<Format>), Refusal> {
        let asked = Asked { from: month_of(self.from, "from")?, to: month_of(self.to, "to")?, region: None };
        Ok((asked, self.format))
    }
}

impl DemandParams {
    pub fn parse(self) -> Result<(Asked, GroupedBy, Option<Format>), Refusal> {
        let region = self.region.filter(|region| region != "network");
        let asked = Asked { from: month_of(self.from, "from")?, to: month_of(self.to, "to")?, region };
        Ok((asked, self.by.unwrap_or(GroupedBy::Category), self.format))
    }
}

fn head_view(head: &Head, kind: &str, lang: Lang) -> Value {
    json!({
        "id": head.id,
        "kind": kind,
        "hash": head.hash,
        "data_at": head.data_at.to_rfc3339(),
        "parameters": {
            "from": head.period.from(),
            "to": head.period.to(),
            "region": head.territory,
        },
        "territory_name": label(&head.territory, lang),
    })
}

fn cell(shown: Shown<Value>) -> Value {
    match shown {
        Shown::Value(value) => value,
        Shown::Hidden => json!({"hidden": true}),
    }
}

fn count(shown: Shown<u64>) -> Value {
    cell(match shown {
        Shown::Value(value) => Shown::Value(json!(value)),
        Shown::Hidden => Shown::Hidden,
    })
}

fn share(shown: Shown<f64>) -> Value {
    cell(match shown {
        Shown::Value(value) => Shown::Value(json!(value)),
        Shown::Hidden => Shown::Hidden,
    })
}

fn quantity(shown: Shown<Quantity>) -> Value {
    match shown {
        Shown::Value(Quantity::Count(value)) => json!(value),
        Shown::Value(Quantity::Measure(value)) => json!(value),
        Shown::Hidden => cell(Shown::Hidden),
    }
}

pub fn portrait_view(report: &PortraitReport, lang: Lang) -> Value {
    let figures: Vec<Value> = report.figures.iter().map(|figure| figure_view(figure, lang)).collect();
    json!({"report": head_view(&report.head, "portrait", lang), "figures": figures})
}

fn figure_view(figure: &Figure, lang: Lang) -> Value {
    json!({
        "code": figure.code,
        "label": label(figure.code, lang),
        "area": figure.area,
        "word": figure.word,
        "word_label": figure.word.map(|word| label(word, lang)),
        "value": quantity(figure.value),
        "denominator": {
            "of": figure.denominator.of,
            "label": label(figure.denominator.of, lang),
            "count": count(figure.denominator.count),
        },
        "unknown": count(figure.unknown),
        "share": figure.share.map(share),
    })
}

/// A figure as a spreadsheet shows it.
fn text(value: &Value, lang: Lang) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(_) => hidden(lang).to_owned(),
        other => other.to_string(),
    }
}

pub fn portrait_lines(report: &PortraitReport, lang: Lang) -> Vec<Vec<String>> {
    let line = |figure: &Figure| {
        vec![
            figure.code.to_owned(),
            label(figure.code, lang).to_owned(),
            figure.area.map_or("", |area| label(area, lang)).to_owned(),
            figure.word.map_or("", |word| label(word, lang)).to_owned(),
            text(&quantity(figure.value), lang),
            label(figure.denominator.of, lang).to_owned(),
            text(&count(figure.denominator.count), lang),
            text(&count(figure.unknown), lang),
            figure.share.map_or_else(String::new, |shown| text(&share(shown), lang)),
        ]
    };
    report.figures.iter().map(line).collect()
}

fn category_label(code: &str, lang: Lang) -> &str {
    if code == "all" { label(code, lang) } else { Taxonomy::embedded().label(code, lang) }
}

pub fn unmet_view(report: &UnmetReport, lang: Lang) -> Value {
    let mut lines = Vec::with_capacity(report.rows.len() * report.columns.len());
    for (row, region) in report.rows.iter().enumerate() {
        for (column, category) in report.columns.iter().enumerate() {
            let mut view = line_view(report.unmet.line(row, column));
            view.insert("region".to_owned(), json!(region));
            view.insert("region_name".to_owned(), json!(label(region, lang)));
            view.insert("category".to_owned(), json!(category));
            view.insert("category_name".to_owned(), json!(category_label(category, lang)));
            lines.push(Value::Object(view));
        }
    }
    json!({"report": head_view(&report.head, "unmet_needs", lang), "lines": lines})
}

fn line_view(line: &Line) -> Map<String, Value> {
    let mut view = Map::new();
    view.insert("recorded".to_owned(), count(line.recorded));
    view.insert("families".to_owned(), count(line.families));
    for (word, shown) in OUTCOMES.iter().zip(line.outcomes) {
        view.insert((*word).to_owned(), count(shown));
    }
    view.insert("families_unmet".to_owned(), count(line.families_unmet));
    let reasons = UnmetReason::ALL.iter().zip(line.reasons);
    let reasons: Map<String, Value> =
        reasons.map(|(reason, shown)| (reason.as_str().to_owned(), count(shown))).collect();
    view.insert("reasons".to_owned(), Value::Object(reasons));
    view
}

pub fn unmet_lines(report: &UnmetReport, lang: Lang) -> Vec<Vec<String>> {
    let mut lines = Vec::with_capacity(report.rows.len() * report.columns.len());
    for (row, region) in report.rows.iter().enumerate() {
        for (column, category) in report.columns.iter().enumerate() {
            let figures = report.unmet.line(row, column);
            let mut line =
                [region, label(region, lang), category, category_label(category, lang)].map(str::to_owned).to_vec();
            let counts = [figures.recorded, figures.families].into_iter().chain(figures.outcomes);
            let counts = counts.chain([figures.families_unmet]).chain(figures.reasons);
            line.extend(counts.map(|shown| text(&count(shown), lang)));
            lines.push(line);
        }
    }
    lines
}

pub fn demand_view(report: &DemandReport, lang: Lang) -> Value {
    let line = |line: &DemandLine| {
        json!({
            "key": line.key,
            "name": demand_name(line, report.by, lang),
            "searches": count(line.figures.searches),
            "zeros": count(line.figures.zeros),
            "zero_share": line.figures.zero_share.map(share),
        })
    };
    let lines: Vec<Value> = report.lines.iter().map(line).collect();
    let mut head = head_view(&report.head, "demand", lang);
    head["parameters"]["by"] = json!(report.by);
    json!({"report": head, "lines": lines})
}

/// A territory by its own name, a word as it is, a code by its label.
fn demand_name(line: &DemandLine, by: GroupedBy, lang: Lang) -> &str {
    match (&line.name, by) {
        (Some(name), _) => name,
        (None, GroupedBy::Category) if Taxonomy::embedded().is_known(&line.key) => category_label(&line.key, lang),
        (None, GroupedBy::Words) if line.key != ALL_SEARCHES => &line.key,
        (None, _) => label(&line.key, lang),
    }
}

pub fn demand_lines(report: &DemandReport, lang: Lang) -> Vec<Vec<String>> {
    let line = |line: &DemandLine| {
        let figures = &line.figures;
        vec![
            line.key.clone(),
            demand_name(line, report.by, lang).to_owned(),
            text(&count(figures.searches), lang),
            text(&count(figures.zeros), lang),
            figures.zero_share.map_or_else(String::new, |shown| text(&share(shown), lang)),
        ]
    };
    report.lines.iter().map(line).collect()
}
