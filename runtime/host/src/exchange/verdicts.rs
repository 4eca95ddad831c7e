//! When bodies are scanned, and what becomes of a verdict.

use std::rc::Rc;

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt;

use super::Exchange;
use super::body::RequestBody;
use super::decide::Follow;
use super::incoming::Refusal;
use super::scan::{Case, Order, Scan, Verdict};
use super::shown::{Prefixed, Shown};
use crate::upstream::{Body, boxed};

/// An answer of the policy, and what is wanted after it.
pub(super) type Decided = (Response<Body>, Follow);

impl Exchange<'_> {
    /// Lets the request's body be shown to the guest, once: what is judged is not judged
    /// again.
    pub(super) async fn scan_request(&mut self, order: Option<Order>) {
        let (Some(order), None) = (order, &self.scans.request) else {
            return;
        };
        let scan = Scan::new(order, self.case(None));
        self.body.scan(&scan).await;
        self.scans.request = Some(scan);
    }

    /// Lets the response's body be shown to the guest. The head waits for the first verdict,
    /// which may replace the answer.
    ///
    /// # Errors
    /// 500 when the policy fails, 502 when the origin does before its first byte.
    pub(super) async fn scan_response(
        &mut self,
        response: Response<Body>,
        order: Order,
    ) -> Result<Decided, Refusal> {
        if !self.has_content(&response) {
            return Ok((response, Follow::default()));
        }
        let (head, body) = response.into_parts();
        let scan = Scan::new(order, self.case(Some((head.status, head.headers.clone()))));
        let mut shown = Shown::new(body, scan.clone());
        let first = match scan.is_running() {
            true => shown.frame().await,
            false => None,
        };
        let verdict = scan.take_verdict();
        if let Some(earlier) = self.scans.response.replace(scan) {
            earlier.settle(&mut self.record);
        }
        if let Some(verdict) = verdict {
            return self.carry_out(verdict);
        }
        let first = first.transpose().map_err(|error| {
            let reason = format!("the origin broke off: {error}");
            Refusal::new(StatusCode::BAD_GATEWAY, reason)
        })?;
        let body = boxed(Prefixed::new(first, boxed(shown)));
        Ok((Response::from_parts(head, body), Follow::default()))
    }

    /// Whether the client gets anything of this answer's body.
    fn has_content(&self, response: &Response<Body>) -> bool {
        use StatusCode as Status;
        let bodiless = [
            Status::NO_CONTENT,
            Status::RESET_CONTENT,
            Status::NOT_MODIFIED,
        ];
        self.incoming.parts.method != Method::HEAD
            && !bodiless.contains(&response.status())
            && !response.body().is_end_stream()
    }

    /// What the calls of a scan need.
    fn case(&self, response: Option<(StatusCode, HeaderMap)>) -> Case {
        let body = match &self.body {
            RequestBody::Whole(bytes) if self.body_known => Some(bytes.clone()),
            RequestBody::None if self.body_known => Some(Bytes::new()),
            _ => None,
        };
        let origin = self.record.origin;
        // An answer about the request is one to its head: it has all its edits itself.
        let queued = match response {
            Some(_) => self.queued.clone(),
            None => Vec::new(),
        };
        Case {
            worker: Rc::clone(self.worker),
            incoming: Rc::clone(&self.incoming),
            body,
            answers: self.remembered.answers().to_vec(),
            response: response.map(|(status, headers)| (status, origin, headers)),
            cache: self.record.cache.map(|(_, how)| how.name()),
            queued,
        }
    }

    /// The answer of a scan that has let the request's body go no further.
    ///
    /// # Errors
    /// The policy failed while it scanned.
    pub(super) fn refused_body(&mut self) -> Result<Option<Decided>, Refusal> {
        let verdict = self.scans.request.as_ref().and_then(Scan::take_verdict);
        let Some(verdict) = verdict else {
            return Ok(None);
        };
        // That the origin has not got the rest is no failure of its own.
        (self.record.failure, self.record.origin) = (None, None);
        self.carry_out(verdict).map(Some)
    }

    fn carry_out(&mut self, verdict: Verdict) -> Result<Decided, Refusal> {
        match verdict {
            Verdict::Answer(rule, response, follow) => {
                self.record.rule = Some(rule);
                Ok((*response, follow))
            }
            Verdict::Fault(refusal) => Err(refusal),
        }
    }
}
