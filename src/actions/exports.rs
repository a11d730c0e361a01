//! The directory, out of the door: every organisation and service that is not retired, in the order of their ids, a
//! page at a time. What a reader may not see is left out where answers are made (`exchange::hsds`), so an export shows
//! no more than an answer does: a hidden place is its MRC in every format.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::services::{term_of, territory_name};
use super::{Deps, Failure, Outcome, guide};
use crate::domain::directory::{Location, ServiceAggregate, Visibility};
use crate::domain::language::Lang;
use crate::domain::refusal::{Code, Refusal};
use crate::domain::taxonomy::Taxonomy;
use crate::domain::territory::Gazetteer;
use crate::domain::words::words;
use crate::exchange::hsds::{self, Context, Eyes};
use crate::exchange::records_out::{JsonRecords, Records, for_export};
use crate::exchange::tabular_files::{self, Folder};
use crate::exchange::xlsx_out::Book;
use crate::id::Id;
use crate::store::{self, locations, organizations, services};

/// Records of one page of the walk: what an export holds in memory.
const PAGE_ROWS: i64 = 200;

words! {
    /// How the records are written.
    pub enum Format {
        HsdsJson => "hsds-json",
        Ndjson => "ndjson",
        Tabular => "tabular",
        TabularZip => "tabular-zip",
        Xlsx => "xlsx",
        Guide => "guide",
    }
}

/// What is exported. With a territory or a category, only the services that are in them, with their organisations.
#[derive(Debug, Clone)]
pub struct Asked {
    pub format: Format,
    pub eyes: Eyes,
    /// A territory id (`mrc:58`): the services given there, or to its people.
    pub territory: Option<String>,
    pub category: Option<String>,
    /// Of the guide; records have both languages.
    pub language: Lang,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    pub format: &'static str,
    pub organizations: u64,
    pub services: u64,
    /// Services whose organisation is retired or came during the export, or that a guide has no room for.
    pub left_out: u64,
    /// Rows of each table, where there are tables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<String, u64>,
}

/// Writes an export to a path that has nothing yet. What is not whole does not stay: it is made beside the path, and
/// moved there at its end. `progress` hears how many records are written.
///
/// # Errors
/// `AlreadyExists` for a path that is taken, `UnknownTerritory` and `UnknownCategory`; nothing is written then.
pub fn export(deps: &Deps, asked: &Asked, path: &Path, progress: &dyn Fn(u64)) -> Outcome<Report> {
    let selection = Selection::of(deps, asked)?;
    if path.exists() {
        return Err(Refusal::field(Code::AlreadyExists, "output").rule(path.display().to_string()).into());
    }
    let work = Work::new(path)?;
    let report = match asked.format {
        Format::HsdsJson => write_all(deps, asked, &selection, &mut JsonRecords::array(work.file()?), &work, progress),
        Format::Ndjson => write_all(deps, asked, &selection, &mut JsonRecords::lines(work.file()?), &work, progress),
        Format::Tabular => {
            let mut folder = work.folder(&work.beside)?;
            write_all(deps, asked, &selection, &mut folder, &work, progress)
        }
        Format::Xlsx => {
            let mut book = Book::new(&work.beside).map_err(|error| work.failed(error))?;
            write_all(deps, asked, &selection, &mut book, &work, progress)
        }
        Format::Guide => write_guide(deps, asked, &selection, &work),
        Format::TabularZip => {
            let tables = work.beside.with_extension("tables");
            let mut folder = work.folder(&tables)?;
            let report = write_all(deps, asked, &selection, &mut folder, &work, progress);
            let packed = report.and_then(|report| {
                let out = File::create_new(&work.beside).map_err(|error| work.failed(error))?;
                tabular_files::pack(&tables, BufWriter::new(out)).map_err(|error| work.failed(error))?;
                Ok(report)
            });
            std::fs::remove_dir_all(&tables).map_err(|error| work.failed(error))?;
            packed
        }
    };
    work.finish(report)
}

/// The guide is made for print, of what everybody may read, whatever the audience.
fn write_guide(deps: &Deps, asked: &Asked, selection: &Selection, work: &Work) -> Outcome<Report> {
    let mut taken: Vec<ServiceAggregate> = Vec::new();
    let mut report = Report { format: asked.format.as_str(), ..Report::default() };
    each_service(deps, |mut one| {
        let is_listed = selection.has(&one, deps.gazetteer(), Eyes::Public) && guide::is_printed(&one);
        if is_listed && taken.len() >= guide::SERVICES_MAX {
            report.left_out += 1;
        } else if is_listed {
            leave_out_retired(&mut one);
            taken.push(one);
        }
        Ok(())
    })?;
    let organizations: HashSet<Id> = taken.iter().map(|one| one.organization.id).collect();
    (report.services, report.organizations) = (taken.len() as u64, organizations.len() as u64);
    let of =
        guide::Asked { territory: asked.territory.clone(), category: asked.category.clone(), language: asked.language };
    let page = guide::assemble(deps, &of, &taken, report.left_out > 0);
    let html = page.html(Some(crate::text::guide::STYLE));
    let html = html.map_err(|error| work.failed(io::Error::other(error.to_string())))?;
    let mut file = work.file()?;
    file.write_all(html.as_bytes()).and_then(|()| file.flush()).map_err(|error| work.failed(error))?;
    Ok(report)
}

/// The place where an export is made before it is moved to its own.
struct Work {
    path: PathBuf,
    beside: PathBuf,
}

impl Work {
    fn new(path: &Path) -> Outcome<Self> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = name.ok_or_else(|| Refusal::field(Code::InvalidValue, "output").rule("a file or folder name"))?;
        let beside = path.with_file_name(format!(".{name}.partial"));
        let work = Self { path: path.to_owned(), beside };
        // What an export that was cut short left.
        work.clear().map_err(|error| work.failed(error))?;
        Ok(work)
    }
    fn failed(&self, error: io::Error) -> Failure {
        Failure::File(self.path.clone(), error)
    }
    fn file(&self) -> Outcome<BufWriter<File>> {
        File::create_new(&self.beside).map(BufWriter::new).map_err(|error| self.failed(error))
    }
    fn folder(&self, folder: &Path) -> Outcome<Folder> {
        std::fs::create_dir(folder).and_then(|()| Folder::new(folder)).map_err(|error| self.failed(error))
    }
    fn clear(&self) -> io::Result<()> {
        for path in [self.beside.clone(), self.beside.with_extension("tables")] {
            match std::fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => std::fs::remove_dir_all(&path)?,
                Ok(_) => std::fs::remove_file(&path)?,
                Err(_) => {}
            }
        }
        Ok(())
    }
    fn finish(&self, report: Outcome<Report>) -> Outcome<Report> {
        match report {
            Ok(report) => {
                std::fs::rename(&self.beside, &self.path).map_err(|error| self.failed(error))?;
                Ok(report)
            }
            Err(failure) => {
                self.clear().map_err(|error| self.failed(error))?;
                Err(failure)
            }
        }
    }
}

fn write_all(
    deps: &Deps,
    asked: &Asked,
    selection: &Selection,
    out: &mut dyn Records,
    work: &Work,
    progress: &dyn Fn(u64),
) -> Outcome<Report> {
    let gazetteer = deps.gazetteer();
    let territory = |id: &str| territory_name(gazetteer, id);
    let context = Context { eyes: asked.eyes, territory: &territory, category: &term_of };
    let mut report = Report { format: asked.format.as_str(), ..Report::default() };
    let wanted = selection.organizations(deps, gazetteer, asked.eyes)?;
    let mut written: HashSet<Id> = HashSet::new();
    let mut last = None;
    loop {
        let (page, mut places) = deps.store.read(|conn| {
            let page = organizations::list_after(conn, last, PAGE_ROWS)?;
            let ids: Vec<Id> = page.iter().map(|one| one.id).collect();
            // A part of the directory shows the places of its services, not all that their organisations have.
            let places = match wanted {
                None => locations::list_of_organizations(conn, &ids)?,
                Some(_) => Default::default(),
            };
            Ok::<_, store::Error>((page, places))
        })?;
        let Some(end) = page.last() else { break };
        last = Some(end.id);
        for one in page.iter().filter(|one| wanted.as_ref().is_none_or(|wanted| wanted.contains(&one.id))) {
            let places = places.remove(&one.id).unwrap_or_default();
            let record = for_export(hsds::organization(one, &places, context));
            out.organization(&record).map_err(|error| work.failed(error))?;
            written.insert(one.id);
            report.organizations += 1;
        }
        progress(report.organizations);
    }
    each_service(deps, |mut one| {
        if !selection.has(&one, gazetteer, asked.eyes) {
            return Ok(());
        }
        if !written.contains(&one.service.organization_id) {
            report.left_out += 1;
            return Ok(());
        }
        leave_out_retired(&mut one);
        let record = for_export(hsds::service(&one, &[], context));
        out.service(&record).map_err(|error| work.failed(error))?;
        report.services += 1;
        progress(report.organizations + report.services);
        Ok(())
    })?;
    report.rows = out.finish().map_err(|error| work.failed(error))?;
    Ok(report)
}

fn each_service(deps: &Deps, mut each: impl FnMut(ServiceAggregate) -> Outcome<()>) -> Outcome<()> {
    let mut last = None;
    loop {
        let page = deps.store.read(|conn| services::page_after(conn, last, PAGE_ROWS))?;
        let Some(end) = page.last() else { return Ok(()) };
        last = Some(end.service.id);
        for one in page {
            each(one)?;
        }
    }
}

/// A place that left the directory is no place where a service is given.
pub(super) fn leave_out_retired(one: &mut ServiceAggregate) {
    one.locations.retain(|place| place.retired_at.is_none());
    let there: HashSet<Id> = one.locations.iter().map(|place| place.id).collect();
    one.service.at_locations.retain(|link| there.contains(&link.location_id));
}

/// The part of the directory that is asked.
pub(super) struct Selection {
    /// The territory, and those that it is in.
    territory: Option<(String, Vec<String>)>,
    categories: Option<HashSet<String>>,
}

impl Selection {
    pub(super) fn of(deps: &Deps, asked: &Asked) -> Result<Self, Refusal> {
        let territory = match &asked.territory {
            Some(id) => {
                let gazetteer = deps.gazetteer();
                let known = gazetteer.get(id).is_some();
                let unknown = || Refusal::field(Code::UnknownTerritory, "territory").rule(id.clone());
                known.then(|| (id.clone(), gazetteer.ancestors(id))).map(Some).ok_or_else(unknown)?
            }
            None => None,
        };
        let categories = match &asked.category {
            Some(code) => {
                let taxonomy = Taxonomy::embedded();
                let unknown = || Refusal::field(Code::UnknownCategory, "category").rule(code.clone());
                taxonomy.get(code).ok_or_else(unknown)?;
                let under = taxonomy.leaves_under(code).map(|leaf| leaf.code.clone());
                Some(under.chain([code.clone()]).collect())
            }
            None => None,
        };
        Ok(Self { territory, categories })
    }

    /// The organisations of the services asked; `None` for all.
    fn organizations(&self, deps: &Deps, gazetteer: &Gazetteer, eyes: Eyes) -> Outcome<Option<HashSet<Id>>> {
        if self.territory.is_none() && self.categories.is_none() {
            return Ok(None);
        }
        let mut wanted = HashSet::new();
        each_service(deps, |one| {
            if self.has(&one, gazetteer, eyes) {
                wanted.insert(one.service.organization_id);
            }
            Ok(())
        })?;
        Ok(Some(wanted))
    }

    pub(super) fn has(&self, one: &ServiceAggregate, gazetteer: &Gazetteer, eyes: Eyes) -> bool {
        let has_category = |codes: &HashSet<String>| one.service.categories.iter().any(|code| codes.contains(code));
        if !self.categories.as_ref().is_none_or(has_category) {
            return false;
        }
        let Some((id, above)) = &self.territory else { return true };
        let serves =
            |served: &String| served == id || above.contains(served) || gazetteer.ancestors(served).contains(id);
        one.locations.iter().any(|place| is_within(place, id, eyes)) || one.service.served.iter().any(serves)
    }
}

/// Whether a place is in a territory, as far as these eyes may know: asking town by town must not find a hidden place.
fn is_within(place: &Location, id: &str, eyes: Eyes) -> bool {
    let is_shown = match place.visibility {
        Visibility::Public => true,
        Visibility::Professional => eyes >= Eyes::Professional,
        Visibility::RegionOnly => eyes == Eyes::Program,
    };
    let within = &place.territories;
    match is_shown {
        true => within.ids().any(|known| known == id),
        false => [&within.region, &within.mrc].into_iter().flatten().any(|known| known == id),
    }
}
