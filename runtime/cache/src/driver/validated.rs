//! A stored answer that the origin confirms or replaces.

use super::answer::{Answer, How, Source};
use super::fetch::{Answered, Fetch, Origin, usable};
use super::flight::Outcome;
use crate::semantics::rules::Admit;
use crate::semantics::vary::{Selecting, Vary};
use crate::semantics::{headers, validate};
use crate::storage::entry::Entry;
use crate::storage::place::tags;
use http::{StatusCode, header};
use std::sync::Arc;

impl Fetch {
    /// A 304: the stored answer is updated (RFC 9111 4.3.4) and served.
    pub(super) fn validated(
        mut self,
        entry: &Arc<Entry>,
        origin: &Origin,
        admit: &Admit,
        now: u64,
    ) -> Answered {
        if !validate::selects(&origin.headers, &entry.headers) {
            self.cache.discard(&self.key, entry);
            self.entry = None;
            return Answered::Again(Box::new(self));
        }
        let fresh = self.freshened(entry, origin, admit);
        let (entry, shared) = match &fresh {
            Some(fresh) => (
                fresh,
                !fresh.terms.always_validate && usable(&fresh.terms, now),
            ),
            None => (entry, false),
        };
        if fresh.is_some() {
            self.cache.keep(self.key, entry.clone());
            self.cache.0.notes.remove(&self.key);
        } else {
            self.cache.discard(&self.key, entry);
        }
        if !shared {
            self.note_pass(now);
        }
        self.tell(if shared {
            Outcome::Entry(entry.clone())
        } else {
            Outcome::Pass
        });
        let source = Source::Stored(&entry.content);
        match Answer::of(
            &self.client,
            entry,
            &entry.terms,
            source,
            How::Revalidated,
            now,
        ) {
            Some(mut answer) => {
                self.mark(
                    &mut answer.cache_status,
                    StatusCode::NOT_MODIFIED,
                    fresh.is_some(),
                );
                Answered::Instead(Box::new(answer))
            }
            None => {
                self.entry = None;
                Answered::Again(Box::new(self))
            }
        }
    }

    /// The stored answer with the fields of a newer head; `None` when it may not be stored any longer.
    pub(super) fn freshened(
        &self,
        entry: &Entry,
        origin: &Origin,
        admit: &Admit,
    ) -> Option<Arc<Entry>> {
        let headers = headers::updated(&entry.headers, &origin.headers);
        let mut judged = headers.clone();
        if let Some(age) = origin.headers.get(header::AGE) {
            judged.insert(header::AGE, age.clone());
        }
        if !origin.headers.contains_key(header::DATE) {
            judged.remove(header::DATE);
        }
        let terms = self.terms(entry.status, &judged, origin, admit).ok()?;
        let Vary::Names(names) = Vary::of(&headers) else {
            return None;
        };
        let tags = tags(&headers, &admit.tags)?.into();
        let selecting = Selecting::of(&names, &self.sent);
        Some(Arc::new(Entry {
            headers,
            terms,
            tags,
            selecting,
            born: self.under_way.born(),
            known: self.known,
            ..entry.clone()
        }))
    }

    /// The answer to a HEAD updates a stored GET's, or shows that it is out of date (RFC 9111 4.3.5).
    pub(super) fn head(&self, origin: &Origin, admit: &Admit) {
        let stored = self.entry.as_ref();
        let Some((entry, _)) = stored.filter(|(entry, _)| entry.status == origin.status) else {
            return;
        };
        if !validate::head_confirms(&origin.headers, &entry.headers) {
            self.cache.discard(&self.key, entry);
        } else if let Some(fresh) = self.freshened(entry, origin, admit) {
            self.cache.keep(self.key, fresh);
        }
    }
}
