//! Clients that share what another one fetches.

use super::answer::{Answer, How, Source};
use super::ask::{Ask, Asked, Found};
use super::cache::Cache;
use super::client::Client;
use super::fill::Fill;
use super::flight::Outcome;
use crate::semantics::reuse::on_error;
use crate::storage::entry::Entry;
use crate::storage::purge::Left;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// What waiting for another's fetch came to.
pub(crate) enum Followed {
    /// This is to be done.
    Asked(Asked),
    /// It fetches for itself.
    Alone,
    /// It looks again.
    Again,
}

impl Cache {
    /// An answer that shares what another client fetches.
    pub(crate) fn read(&self, client: &Client, fill: &Arc<Fill>, now: u64) -> Option<Answer> {
        let mut answer = Answer::of(
            client,
            &fill.head,
            &fill.head.terms,
            Source::Growing(fill),
            How::Hit,
            now,
        )?;
        answer.cache_status.collapsed = true;
        Some(answer)
    }

    /// Waits for the outcome of a flight.
    pub(crate) async fn follow(
        &self,
        ask: &Ask<'_>,
        client: &Client,
        found: &Found,
        mut receiver: watch::Receiver<Option<Outcome>>,
        deadline: Instant,
        now: u64,
    ) -> Followed {
        let outcome = match timeout_at(deadline, receiver.wait_for(Option::is_some)).await {
            Err(_) => return Followed::Alone,
            Ok(Err(_)) => return Followed::Again,
            Ok(Ok(outcome)) => outcome.clone().unwrap_or(Outcome::Gone),
        };
        let stale = || {
            let (entry, terms) = found.entry.as_ref()?;
            let allowed = on_error(terms, &client.directives, now);
            allowed
                .then(|| {
                    Answer::of(
                        client,
                        entry,
                        terms,
                        Source::Stored(&entry.content),
                        How::Stale,
                        now,
                    )
                })
                .flatten()
        };
        // a purge since then covers it, and whoever asked before may as well have what is newer
        let fits = |entry: &Entry| {
            entry.selecting.fits(ask.sent, &entry.headers) && self.left(entry) == Left::Valid
        };
        let answer = match &outcome {
            Outcome::Gone => return Followed::Again,
            Outcome::Pass => return Followed::Alone,
            Outcome::Entry(entry) if fits(entry) => {
                let source = Source::Stored(&entry.content);
                let how = match entry.terms.stale_for(now) {
                    None => How::Hit,
                    Some(_) => How::Stale,
                };
                Answer::of(client, entry, &entry.terms, source, how, now).map(|mut answer| {
                    answer.cache_status.collapsed = true;
                    answer
                })
            }
            Outcome::Fill(fill) if fits(&fill.head) => self.read(client, fill, now),
            Outcome::Entry(_) | Outcome::Fill(_) => return Followed::Again,
            Outcome::Error => stale(),
            Outcome::Failed => match stale() {
                Some(answer) => Some(answer),
                None => return Followed::Asked(Asked::Failed),
            },
        };
        answer.map_or(Followed::Alone, |answer| {
            Followed::Asked(Asked::Answer(Box::new(answer)))
        })
    }
}
