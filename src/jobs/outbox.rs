//! Delivers what the outbox holds. A row is leased before it is sent and marked after, so that it leaves at least once;
//! a repeat carries the same Message-ID. Texts are written here, when they leave, and kept nowhere.

use chrono::TimeDelta;
use secrecy::ExposeSecret;

use super::mail::{self, Mailer};
use crate::actions::{self, Deps, Failure, answers, saved_lists as lists, saved_searches as searches};
use crate::clock::Time;
use crate::domain::freshness;
use crate::domain::language::{Lang, Text};
use crate::domain::referral::{CODE_MINUTES, Letter};
use crate::domain::taxonomy::Taxonomy;
use crate::domain::{saved_list, saved_search};
use crate::store::{self, Tx, outbox, saved_lists};
use crate::text::{answers as texts, records, saved_lists as list_texts, saved_searches as search_texts};

/// Messages of one run.
const MESSAGES_MAX: i64 = 50;
/// Whoever took a row and did not say what became of it loses it after this long, in minutes.
const LEASE_MINUTES: i64 = 5;
/// Tries before a message is given up; they are further and further apart, up to a day.
const ATTEMPTS_MAX: i32 = 12;

/// Sends what is due. Gives how many messages left.
pub fn run(deps: &Deps, mailer: &Mailer, now: Time) -> Result<usize, Failure> {
    let leased_until = now.plus(TimeDelta::minutes(LEASE_MINUTES));
    let claimed = deps.store.write(now, |tx| outbox::claim_due(tx, now, leased_until, MESSAGES_MAX))?;
    let mut sent = 0;
    for row in claimed.value {
        let outcome = deliver(deps, mailer, &row, now);
        let written = deps.store.write(now, |tx| match &outcome {
            Ok(_) => outbox::mark_delivered(tx, row.id, now).and_then(|()| forget_address(tx, &row)),
            Err(Undelivered::Never) => give_up(tx, &row, now),
            Err(Undelivered::Later) if row.attempts + 1 >= ATTEMPTS_MAX => give_up(tx, &row, now),
            Err(Undelivered::Later) => outbox::try_again_at(tx, row.id, now.plus(pause(row.attempts))),
        });
        written?;
        sent += usize::from(matches!(outcome, Ok(true)));
    }
    Ok(sent)
}

fn give_up(tx: &mut Tx<'_>, row: &outbox::OutboxRow, now: Time) -> Result<(), store::Error> {
    outbox::mark_failed(tx, row.id, now)?;
    forget_address(tx, row)
}

/// Where a list was sent is kept only until it has left.
fn forget_address(tx: &mut Tx<'_>, row: &outbox::OutboxRow) -> Result<(), store::Error> {
    if row.kind == saved_list::LETTER { saved_lists::forget_address(tx, row.subject_id) } else { Ok(()) }
}

enum Undelivered {
    Later,
    Never,
}

impl From<Failure> for Undelivered {
    fn from(failure: Failure) -> Self {
        tracing::warn!(error = %failure, "a message could not be written");
        Self::Later
    }
}

/// One minute, two, four … up to a day.
fn pause(attempts: i32) -> TimeDelta {
    let minutes = 1i64 << attempts.clamp(0, 10);
    TimeDelta::minutes(minutes.min(24 * 60))
}

/// Sends one message, or finds that it is not wanted any more (false).
fn deliver(deps: &Deps, mailer: &Mailer, row: &outbox::OutboxRow, now: Time) -> Result<bool, Undelivered> {
    if let Some(kind) = freshness::Letter::parse(&row.kind) {
        return deliver_record_letter(deps, mailer, row, kind, now);
    }
    if row.kind == saved_list::LETTER {
        let Some(outgoing) = lists::prepare_letter(deps, row.subject_id)? else { return Ok(false) };
        let text = list_texts::mail(outgoing.lang, &outgoing.listings);
        return post(mailer, row, &outgoing.address, &text, now);
    }
    if row.kind == saved_search::LETTER {
        let Some(outgoing) = searches::prepare_letter(deps, row.subject_id, &row.payload.0)? else { return Ok(false) };
        let text = search_texts::mail(outgoing.lang, &outgoing.services, outgoing.more);
        return post(mailer, row, &outgoing.address, &text, now);
    }
    let Some(letter) = Letter::parse(&row.kind) else {
        tracing::error!(outbox_id = %row.id, kind = row.kind, "nobody knows how to deliver this");
        return Err(Undelivered::Never);
    };
    let (address, text) = match letter {
        Letter::Ask | Letter::Reminder => {
            let Some(outgoing) = answers::prepare_link(deps, row.subject_id, now)? else { return Ok(false) };
            let link = format!("{}/r/{}", public_url(deps), outgoing.token.expose_secret());
            let taxonomy = Taxonomy::embedded();
            let need = |lang| taxonomy.label(&outgoing.category, lang);
            let service = (outgoing.service.get(Lang::Fr), outgoing.service.get(Lang::En));
            let text = texts::ask_mail(service, (need(Lang::Fr), need(Lang::En)), &link, letter == Letter::Reminder);
            (outgoing.address, text)
        }
        Letter::Code => {
            let Some((address, code)) = answers::prepare_code(deps, row.subject_id, now)? else { return Ok(false) };
            (address, texts::code_mail(code.expose_secret(), CODE_MINUTES))
        }
    };
    post(mailer, row, &address, &text, now)
}

/// A letter about an organisation's own records.
fn deliver_record_letter(
    deps: &Deps,
    mailer: &Mailer,
    row: &outbox::OutboxRow,
    kind: freshness::Letter,
    now: Time,
) -> Result<bool, Undelivered> {
    let prepared = actions::freshness::prepare_letter(deps, row.subject_id, kind, now)?;
    let Some(outgoing) = prepared else { return Ok(false) };
    let link = format!("{}/d/{}", public_url(deps), outgoing.token.expose_secret());
    let services = outgoing.due.iter().map(both).collect();
    let due = records::Due { services, more: outgoing.more };
    let organization = both(&outgoing.organization);
    let text = records::mail(kind, organization, &due, &link);
    post(mailer, row, &outgoing.address, &text, now)
}

/// A text in French and in English.
fn both(text: &Text) -> (&str, &str) {
    (text.get(Lang::Fr), text.get(Lang::En))
}

fn post(
    mailer: &Mailer,
    row: &outbox::OutboxRow,
    address: &str,
    text: &texts::Mail,
    now: Time,
) -> Result<bool, Undelivered> {
    let message = mail::Message { id: row.id, to: address, subject: &text.subject, body: &text.body };
    mailer.send(&message, now).map(|()| true).map_err(|error| {
        // The address and the text stay out of the log.
        tracing::warn!(outbox_id = %row.id, %error, "a message did not leave");
        if matches!(error, mail::Error::Address) { Undelivered::Never } else { Undelivered::Later }
    })
}

fn public_url(deps: &Deps) -> String {
    let default = || format!("http://{}", deps.config.listen);
    deps.config.public_url.clone().unwrap_or_else(default).trim_end_matches('/').to_owned()
}

impl From<store::Error> for Undelivered {
    fn from(error: store::Error) -> Self {
        Failure::from(error).into()
    }
}
