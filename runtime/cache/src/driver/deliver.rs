//! The origin's answer on its way to clients: stored, or passed on.

use super::answer::{Answer, How, Source};
use super::fetch::{Answered, Fetch, Origin, Passed, Tags, length, usable};
use super::fill::Fill;
use super::filler::Filler;
use super::flight::Outcome;
use crate::semantics::conditional::{is_not_modified, not_modified_headers};
use crate::semantics::status::CacheStatus;
use crate::semantics::storable::Refusal;
use crate::semantics::terms::Terms;
use crate::semantics::vary::{Selecting, Vary};
use crate::semantics::{date, headers};
use crate::storage::content::{Chunks, Content};
use crate::storage::entry::Entry;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;

impl Fetch {
    /// Begins to store.
    pub(super) fn fill(mut self, origin: Origin, terms: Terms, tags: Tags, now: u64) -> Answered {
        let announced = length(&origin.headers);
        let mut stored = headers::stored(&origin.headers);
        if !stored.contains_key(header::DATE)
            && let Ok(value) = HeaderValue::from_str(&date::format(origin.received))
        {
            stored.insert(header::DATE, value);
        }
        let names = match Vary::of(&origin.headers) {
            Vary::Names(names) => names,
            Vary::Any => return self.pass(origin, Some(Refusal::VaryAny.name()), now),
        };
        let head = Arc::new(Entry {
            status: origin.status,
            headers: stored,
            selecting: Selecting::of(&names, &self.sent),
            terms,
            content: Content::Whole(Chunks::default()),
            place: self.place.clone(),
            tags: tags.into(),
            born: self.under_way.born(),
            known: self.known,
        });
        let fill = Arc::new(Fill::new(head.clone(), announced));
        let answer = Answer::of(
            &self.client,
            &head,
            &head.terms,
            Source::Growing(&fill),
            How::Miss,
            now,
        );
        let Some(mut answer) = answer else {
            return self.pass(origin, None, now);
        };
        if answer.status == origin.status {
            give(&headers::withheld(&origin.headers), &mut answer.headers);
        }
        let keep = self
            .cache
            .0
            .seen
            .as_ref()
            .is_none_or(|seen| seen.again(&self.key));
        self.mark(&mut answer.cache_status, origin.status, keep);
        if !terms.always_validate && usable(&terms, now) {
            self.cache.0.notes.remove(&self.key);
            self.tell(Outcome::Fill(fill.clone()));
        } else {
            self.note_pass(now);
            self.tell(Outcome::Pass);
        }
        let until = now.saturating_add(self.cache.0.config.pass);
        let (cache, lead) = (self.cache.clone(), self.lead.take());
        let filler = Filler::new(
            cache,
            self.key,
            fill,
            lead,
            &self.rules,
            keep,
            until,
            self.under_way,
            self.presence,
        );
        Answered::Fill(Box::new(answer), Box::new(filler))
    }

    /// An answer for this client only; its own conditions still count.
    pub(super) fn pass(self, origin: Origin, detail: Option<&'static str>, now: u64) -> Answered {
        self.tell(Outcome::Pass);
        let mut cache_status = CacheStatus {
            detail,
            ..CacheStatus::default()
        };
        self.mark(&mut cache_status, origin.status, false);
        let Origin {
            status,
            headers,
            received,
            ..
        } = origin;
        if is_not_modified(
            &self.client.method,
            &self.client.conditions,
            status,
            &headers,
            received.min(now),
        ) {
            let mut headers = not_modified_headers(&headers);
            headers::remove_hop_by_hop(&mut headers);
            let mut answer = Answer::without_body(StatusCode::NOT_MODIFIED, headers, How::Bypass);
            answer.cache_status = cache_status;
            return Answered::Instead(Box::new(answer));
        }
        Answered::Pass(Box::new(Passed {
            status,
            headers,
            cache_status,
        }))
    }
}

/// Gives the first client what is not stored, but for what says where the body ends.
fn give(withheld: &HeaderMap, headers: &mut HeaderMap) {
    const OF_THE_BODY: [HeaderName; 2] = [header::CONTENT_LENGTH, header::CONTENT_RANGE];
    for name in withheld.keys() {
        if headers.contains_key(name) || OF_THE_BODY.contains(name) {
            continue;
        }
        for value in withheld.get_all(name) {
            headers.append(name.clone(), value.clone());
        }
    }
}
