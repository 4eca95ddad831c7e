//! What a request was told by what is remembered, and what it holds there until its answer has ended.

use std::fmt::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use edge_state::{Lease, Quota};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body::{Frame, SizeHint};

use crate::input::Answer;
use crate::state::{Limit, MAX_ANSWERS, State, integer};
use crate::upstream::{Body, BoxError, boxed};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit");

/// Of one request.
#[derive(Default)]
pub(super) struct Remembered {
    /// With the number of what was asked; what was answered by nothing is not here.
    answers: Vec<(u32, Answer)>,
    /// What is left of the limits that were asked, each once.
    quotas: Vec<(u32, Quota)>,
    /// When the limit that refused, or the last of several to do so, would not any more.
    pub(super) retry_after: Option<Duration>,
    pub(super) leases: Vec<Lease>,
}

impl Remembered {
    /// With the number of what was asked.
    pub(super) fn answers(&self) -> &[(u32, Answer)] {
        &self.answers
    }

    /// Keeps an answer, or that there is none. Whether there was room for it.
    pub(super) fn answer(&mut self, number: Option<u32>, answer: Option<Answer>) -> bool {
        let Some(number) = number else {
            return true;
        };
        let length = |answer: &Answer| match answer {
            Answer::Bytes(bytes) => bytes.len(),
            _ => 0,
        };
        // No policy asks the same twice; what a host was told last counts.
        self.answers.retain(|(known, _)| *known != number);
        let others: usize = self.answers.iter().map(|(_, answer)| length(answer)).sum();
        let fits = answer
            .as_ref()
            .is_none_or(|answer| others + length(answer) <= MAX_ANSWERS);
        let kept = answer.filter(|_| fits);
        self.answers.extend(kept.map(|answer| (number, answer)));
        fits
    }

    /// Of several charges of a limit, the last one tells what is left.
    pub(super) fn note_quota(&mut self, limit: u32, quota: Quota) {
        match self.quotas.iter_mut().find(|(known, _)| *known == limit) {
            Some((_, known)) => *known = quota,
            None => self.quotas.push((limit, quota)),
        }
    }

    /// Tells the client what is left of the limits, as draft-ietf-httpapi-ratelimit-headers-10 has it, and when to come
    /// back (RFC 9110, 10.2.3). What the answer says already stays.
    pub(super) fn tell(&self, state: &State, response: &mut Response<Body>) {
        if self.quotas.is_empty() {
            return;
        }
        let refused = matches!(
            response.status(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        let headers = response.headers_mut();
        if let (true, Some(wait), false) = (
            refused,
            self.retry_after,
            headers.contains_key(header::RETRY_AFTER),
        ) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(wait).max(1)));
        }
        let asked = || {
            let quotas = self.quotas.iter();
            quotas.filter_map(|(limit, quota)| Some((state.limit(*limit)?, quota)))
        };
        let policies = asked().filter_map(|(limit, _)| limit.policy.clone());
        let remaining = asked().filter_map(|(limit, quota)| remaining(limit, quota));
        for (name, members) in [(POLICY, join(policies)), (REMAINING, join(remaining))] {
            if let (Some(value), false) = (members, headers.contains_key(&name)) {
                headers.insert(name, value);
            }
        }
    }

    /// Gives back what is held when the answer has ended, however it does.
    pub(super) fn hold(&mut self, response: Response<Body>) -> Response<Body> {
        if self.leases.is_empty() {
            return response;
        }
        let _leases = std::mem::take(&mut self.leases);
        response.map(|body| boxed(Holding { body, _leases }))
    }
}

/// A limit's member of `RateLimit`. Nobody knows when what happens at once will end.
fn remaining(limit: &Limit, quota: &Quota) -> Option<HeaderValue> {
    let item = limit.item.as_deref().filter(|_| !limit.is_at_once())?;
    let mut text = String::with_capacity(item.len() + 32);
    text.push_str(item);
    let (left, reset) = (integer(quota.remaining), seconds(quota.reset));
    // Writing to a string can't fail.
    let _ = write!(text, ";r={left};t={reset}");
    HeaderValue::try_from(text).ok()
}

/// Members of a list of structured fields (RFC 9651, 3.1); none for none. One is the list.
fn join(mut members: impl Iterator<Item = HeaderValue>) -> Option<HeaderValue> {
    let first = members.next()?;
    let Some(second) = members.next() else {
        return Some(first);
    };
    let mut text = first.as_bytes().to_vec();
    for member in std::iter::once(second).chain(members) {
        text.extend(b", ");
        text.extend(member.as_bytes());
    }
    HeaderValue::try_from(text).ok()
}

/// Whole seconds, rounded up.
fn seconds(time: Duration) -> u64 {
    integer(time.as_secs() + u64::from(time.subsec_nanos() > 0))
}

/// An answer's body, with what the request holds as long as there is one.
struct Holding {
    body: Body,
    _leases: Vec<Lease>,
}

impl http_body::Body for Holding {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.get_mut().body.as_mut().poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
