//! What of a client's request is needed to answer it.

use crate::semantics::directives::RequestDirectives;
use crate::semantics::range;
use crate::semantics::rules::Rules;
use http::{HeaderMap, HeaderName, Method, header};
use siphasher::sip::SipHasher13;
use std::hash::Hasher;

const CONDITIONS: [HeaderName; 4] = [
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_RANGE,
    header::RANGE,
];

/// The client's side of a request: its method, its directives as far as they count, its conditions and its range.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub method: Method,
    pub directives: RequestDirectives,
    pub conditions: HeaderMap,
}

/// What is asked of the origin: requests of one kind, under one key, can share an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// The whole answer.
    Whole,
    /// Its head.
    Head,
    /// A range, by the hash of what was written.
    Range(u64),
}

impl Client {
    pub fn new(method: &Method, headers: &HeaderMap, rules: &Rules) -> Self {
        let directives = if rules.forward {
            RequestDirectives::read(headers)
        } else {
            RequestDirectives::default()
        };
        let mut conditions = HeaderMap::new();
        for name in CONDITIONS {
            for value in headers.get_all(&name) {
                conditions.append(name.clone(), value.clone());
            }
        }
        Self {
            method: method.clone(),
            directives,
            conditions,
        }
    }

    /// What to ask the origin for on its behalf.
    pub fn kind(&self, rules: &Rules) -> Kind {
        if self.method == Method::HEAD {
            return Kind::Head;
        }
        if self.method != Method::GET || !rules.forward || range::asked(&self.conditions).is_none()
        {
            return Kind::Whole;
        }
        let mut hasher = SipHasher13::new();
        for name in [header::RANGE, header::IF_RANGE] {
            let value = self
                .conditions
                .get(name)
                .map(|value| value.as_bytes())
                .unwrap_or_default();
            hasher.write_usize(value.len());
            hasher.write(value);
        }
        Kind::Range(hasher.finish())
    }
}
