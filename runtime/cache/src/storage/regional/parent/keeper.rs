//! Hands over and listens.

use super::{Job, Shared};
use crate::storage::regional::outbox::Outbox;
use crate::storage::regional::shelf::{Heard, Shelf};
use crate::storage::said::Said;
use bytes::Bytes;
use http::{Method, StatusCode};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// How long a value or a purge may take to be handed over.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pause after something failed.
const PAUSE: Duration = Duration::from_millis(500);

impl Shared {
    async fn send(&self, method: Method, path: String, body: Bytes) -> Option<Bytes> {
        let sent = self.config.parent.send(method, path, body);
        match timeout(PATIENCE, sent).await {
            Ok(Some((status, body))) if status.is_success() => Some(body),
            _ => {
                self.counters.regional.errors.one();
                None
            }
        }
    }

    /// Asks for the purges after a number; the parent may take its time.
    async fn listen(self: Arc<Self>, after: u64, shelf: Option<u64>) -> Option<Heard> {
        let mut path = format!("/purges?after={after}");
        if let Some(shelf) = shelf {
            path.push_str(&format!("&shelf={shelf}"));
        }
        let sent = self.config.parent.send(Method::GET, path, Bytes::new());
        let answer = timeout(Shelf::PATIENCE + PATIENCE, sent).await;
        let heard = match answer {
            Ok(Some((StatusCode::OK, body))) => Heard::decode(&body),
            _ => None,
        };
        if heard.is_none() {
            self.trusted.store(false, Ordering::SeqCst);
            self.counters.regional.errors.one();
            sleep(PAUSE).await;
        }
        heard
    }
}

/// Hands over and listens, on a thread of its own.
pub(super) struct Keeper {
    pub shared: Arc<Shared>,
    pub jobs: mpsc::UnboundedReceiver<Job>,
    pub outbox: Outbox,
    /// The last purge that was heard.
    pub last: u64,
    /// Whose purges these are.
    pub shelf: Option<u64>,
}

impl Keeper {
    pub async fn run(mut self) {
        let mut listening = Box::pin(self.shared.clone().listen(self.last, self.shelf));
        loop {
            tokio::select! {
                heard = &mut listening => {
                    if let Some(heard) = heard {
                        self.hear(heard);
                        let emptied = self.empty_outbox().await;
                        self.shared.trusted.store(emptied, Ordering::SeqCst);
                    }
                    listening = Box::pin(self.shared.clone().listen(self.last, self.shelf));
                }
                job = self.jobs.recv() => match job {
                    Some(job) => self.work(job).await,
                    None => return,
                },
            }
        }
    }

    fn hear(&mut self, heard: Heard) {
        let known = &self.shared.known;
        if self.shelf.is_none() {
            // what was purged before this instance was there: marks only
            for (number, _, said) in &heard.purges {
                known.mark(*number, said);
            }
            known.trust_from(heard.floor);
        } else {
            let mut since = self.last;
            if self.shelf != Some(heard.shelf) || self.last < heard.floor {
                let number = heard.last.max(self.last + 1);
                known.hear(number, &Said::everything());
                known.trust_from(number);
                since = 0;
            }
            for (number, from, said) in &heard.purges {
                if *number > since && *from != self.shared.instance {
                    known.hear(*number, said);
                }
            }
        }
        (self.last, self.shelf) = (heard.last, Some(heard.shelf));
    }

    async fn work(&mut self, job: Job) {
        match job {
            Job::Put(path, value, _queued) => {
                if self.shared.trusted.load(Ordering::SeqCst) {
                    // a failure is counted
                    let _ = self.shared.send(Method::PUT, path, value).await;
                } else {
                    self.shared.counters.regional.skipped.one();
                }
            }
            Job::Remove(path) => {
                // a failure is counted
                let _ = self.shared.send(Method::DELETE, path, Bytes::new()).await;
            }
            Job::Purge(outgoing) => {
                self.outbox.push(outgoing);
                if !self.empty_outbox().await {
                    self.shared.trusted.store(false, Ordering::SeqCst);
                }
            }
            Job::Flush(sender) => {
                let emptied = self.empty_outbox().await;
                // whoever asked may be gone
                let _ = sender.send(emptied);
            }
        }
    }

    /// Hands over the purges that wait; false when that fails.
    async fn empty_outbox(&mut self) -> bool {
        while let Some(outgoing) = self.outbox.first() {
            let mut path = format!("/purges?from={}", self.shared.instance);
            if let Some(name) = &outgoing.only_if {
                path.push_str(&format!("&if={}", String::from_utf8_lossy(name)));
            }
            let said = outgoing.said.encode().into();
            let sent = self.shared.send(Method::POST, path, said);
            let Some(answer) = sent.await else {
                return false;
            };
            let number = <[u8; 8]>::try_from(&*answer).map(u64::from_le_bytes);
            self.shared.known.told(outgoing, number.ok());
            self.outbox.told();
        }
        true
    }
}
