//! The origin's answer for a cache, fetched in a task of its own: it goes on when its client leaves.

use std::rc::Rc;

use edge_cache::semantics::validate;
use edge_cache::{Admit, Answered, CacheStatus, Fetch, Filler, How, Origin};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use tokio::sync::oneshot;

use super::admit::Admitting;
use crate::exchange::Worker;
use crate::exchange::body::RequestBody;
use crate::exchange::forward::Forward;
use crate::exchange::tries::{Tally, Tries};
use crate::headers::strip_hop_by_hop;
use crate::upstream::{Body, TryError, Upstream};

/// How often an origin is asked for one answer: it may say 304 about something that is no longer there.
const MAX_ROUNDS: usize = 3;

/// An answer that a cache has judged.
pub(super) struct Fetched {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Body,
    pub(super) how: How,
    pub(super) cache_status: CacheStatus,
}

/// Where the answer goes, with what is remembered of the tries. Nobody may be there any more.
pub(super) type Back = oneshot::Sender<(Result<Fetched, TryError>, Tally)>;

/// What asking needs, on its own.
pub(super) struct Job<U> {
    pub(super) worker: Rc<Worker>,
    pub(super) upstream: U,
    /// None, or here as a whole.
    pub(super) body: RequestBody,
    pub(super) forward: Forward,
    /// What asking the guest about the answer needs, if it is asked.
    pub(super) admitting: Option<Admitting>,
}

impl<U: Upstream> Job<U> {
    /// Asks, hands the answer's head back as soon as it is judged, and brings the body in.
    pub(super) async fn run(self, mut fetch: Box<Fetch>, back: Back) {
        let mut tally = Tally::default();
        for _ in 0..MAX_ROUNDS {
            let requested = self.worker.clock.now_ms();
            let response = match self.ask(&fetch, &mut tally).await {
                Ok(response) => response,
                Err(error) => {
                    let stale = fetch.failed(self.worker.clock.now_ms());
                    let outcome = stale.map(|answer| Fetched::answer(*answer)).ok_or(error);
                    // without a client there is nobody to tell
                    let _ = back.send((outcome, tally));
                    return;
                }
            };
            let (head, body) = response.into_parts();
            let received = self.worker.clock.now_ms();
            let origin = Origin {
                status: head.status,
                headers: head.headers,
                requested,
                received,
            };
            let admit = self.admit(&fetch, &origin, &tally);
            match fetch.answered(origin, &admit, received) {
                Answered::Again(again) => fetch = again,
                Answered::Pass(passed) => {
                    let fetched =
                        Fetched::passed(passed.status, passed.headers, body, passed.cache_status);
                    let _ = back.send((Ok(fetched), tally));
                    return;
                }
                Answered::Instead(answer) => {
                    let _ = back.send((Ok(Fetched::answer(*answer)), tally));
                    return;
                }
                Answered::Fill(answer, filler) => {
                    let _ = back.send((Ok(Fetched::answer(*answer)), tally));
                    return fill(*filler, body).await;
                }
            }
        }
        let error = TryError::Reset(String::from("it says 304 about what is not there"));
        let stale = fetch.failed(self.worker.clock.now_ms());
        let outcome = stale.map(|answer| Fetched::answer(*answer)).ok_or(error);
        let _ = back.send((outcome, tally));
    }

    async fn ask(&self, fetch: &Fetch, tally: &mut Tally) -> Result<Response<Body>, TryError> {
        let mut forward = self.forward.clone();
        forward.method = fetch.method().clone();
        fetch.edit(&mut forward.headers);
        let mut tries = Tries {
            worker: &self.worker,
            upstream: &self.upstream,
            body: &self.body,
            tally: std::mem::take(tally),
        };
        let outcome = tries.ask(&mut forward).await;
        *tally = tries.tally;
        let mut response = outcome?;
        strip_hop_by_hop(response.headers_mut());
        if forward.target != self.forward.target && response.status() == StatusCode::NOT_MODIFIED {
            return Err(TryError::Reset(String::from("304 without a condition")));
        }
        Ok(response)
    }

    /// What the policy says of the answer. A fallback's is for its client only: the key names the target that has failed.
    fn admit(&self, fetch: &Fetch, origin: &Origin, tally: &Tally) -> Admit {
        let own = tally.origin.is_some_and(|origin| self.belongs(origin));
        if !own {
            return Admit {
                store: false,
                ..Admit::default()
            };
        }
        match &self.admitting {
            None => Admit::default(),
            Some(admitting) => {
                let (status, headers) = fetch.judged(origin);
                admitting.ask(&self.worker, status, &headers, tally.origin)
            }
        }
    }

    /// Whether an origin is the target, or a member of the pool that is.
    fn belongs(&self, origin: u32) -> bool {
        let manifest = self.worker.deployment.policy().manifest();
        crate::target::has(manifest, self.forward.target, origin)
    }
}

/// Brings the body in, for all who read it and for storing.
async fn fill(mut filler: Filler, mut body: Body) {
    while let Some(frame) = body.frame().await {
        // What breaks off is not stored, and its readers are told by the filler's end.
        let Ok(frame) = frame else { return };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if filler.write(data).await.is_err() {
            return;
        }
    }
    filler.finish();
}

impl Forward {
    /// Goes to the fallback. What is stored of the first target says nothing about it.
    pub(in crate::exchange) fn fall_back(&mut self, target: u32) {
        self.target = target;
        if self.cached.is_some() {
            validate::remove_conditions(&mut self.headers);
        }
    }
}
