//! Answers to everybody, kept until the directory changes (decision 0009). What a signed-in person is answered is never
//! kept: it may hold what is for professionals.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Bytes;
use moka::sync::Cache;

use super::problem::Problem;
use crate::clock::Time;
use crate::id::Id;
use crate::store::Store;
use crate::store::lists::Collection;

/// Bytes of all the answers that are kept.
const KEPT_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Seconds. An answer falls with the next change; this only frees the memory of what nobody asks for.
const KEPT_S_MAX: u64 = 300;
/// What an entry weighs beside its body.
const ENTRY_BYTES: usize = 256;

/// Which record is shown, and how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Shown {
    /// As HSDS, by the id as it was asked; an organisation with its services in full or not.
    Hsds { of: Collection, id: String, with_services: bool },
    /// As relais's own API shows a service.
    Service(Id),
}

/// A record as it is sent.
#[derive(Debug, Clone)]
pub struct Answer {
    pub body: Bytes,
    pub tag: String,
    pub changed_at: Option<Time>,
}

struct Kept {
    answer: Answer,
    /// The last change that was known of before the record was read.
    change: i64,
}

pub struct KeptAnswers(Cache<Shown, Arc<Kept>>);

impl Default for KeptAnswers {
    fn default() -> Self {
        let weigh = |_: &Shown, kept: &Arc<Kept>| {
            let bytes = ENTRY_BYTES + kept.answer.tag.len() + kept.answer.body.len();
            u32::try_from(bytes).unwrap_or(u32::MAX)
        };
        let cache = Cache::builder()
            .max_capacity(KEPT_BYTES_MAX)
            .weigher(weigh)
            .time_to_live(Duration::from_secs(KEPT_S_MAX))
            .build();
        Self(cache)
    }
}

impl KeptAnswers {
    /// The answer that is kept, where nothing changed since; else what `make` makes, which is then kept. A refusal is
    /// not: what is not there today may be there tomorrow.
    pub async fn get_or_make(
        &self,
        store: &Store,
        shown: Shown,
        make: impl Future<Output = Result<Answer, Problem>>,
    ) -> Result<Answer, Problem> {
        // Before the record is read: a change that comes while it is read leaves an answer that is kept in vain.
        let Some(change) = store.change_heard() else { return make.await };
        if let Some(kept) = self.0.get(&shown).filter(|kept| kept.change == change) {
            return Ok(kept.answer.clone());
        }
        let answer = make.await?;
        self.0.insert(shown, Arc::new(Kept { answer: answer.clone(), change }));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::domain::refusal::{Code, Refusal};
    use crate::store::Settings;

    #[actix_web::test]
    async fn an_answer_is_made_again_only_after_a_change_and_a_refusal_each_time() {
        let store = Store::open(&Settings::new("sqlite:not-opened-by-this-test.db")).unwrap();
        let kept = KeptAnswers::default();
        let made = Cell::new(0);
        let read = async |is_there: bool| {
            let shown = Shown::Hsds { of: Collection::Services, id: "one".to_owned(), with_services: false };
            let make = async {
                made.set(made.get() + 1);
                let body = Bytes::from(made.get().to_string());
                let answer = Answer { body, tag: String::new(), changed_at: None };
                if is_there { Ok(answer) } else { Err(Problem::from(Refusal::new(Code::NotFound))) }
            };
            kept.get_or_make(&store, shown, make).await.map(|answer| answer.body)
        };
        assert!(read(true).await.is_ok() && read(true).await.is_ok());
        assert_eq!(made.get(), 2, "nobody listens to the log");
        store.hear_of_head(6);
        assert!(read(false).await.is_err() && read(false).await.is_err());
        assert_eq!(made.get(), 4, "a refusal is not kept");
        assert_eq!(read(true).await.ok(), Some(Bytes::from("5")));
        assert_eq!(read(true).await.ok(), Some(Bytes::from("5")), "nothing changed");
        store.hear_of_head(7);
        assert_eq!(read(true).await.ok(), Some(Bytes::from("6")), "the directory changed");
    }
}
