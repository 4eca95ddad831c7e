//! The terms on which an answer is stored: how old it was, until when it is fresh, and what is allowed afterwards.

use super::freshness::lifetime;
use super::rules::{Respect, Rules};
use super::storable::{Question, Refusal, storable};
use super::{age, control::Control, directives::RequestDirectives, rules::Admit, validate};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};

/// Until when and how a stored answer may be used. Times in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// When its head was received.
    pub received: u64,
    /// How old it was then, milliseconds (RFC 9111 4.2.3).
    pub initial_age: u64,
    /// From this time on it is stale.
    pub stale_at: u64,
    /// From this time on it is stale in the regional tier; `None` when that tier does not have it.
    pub regional_stale_at: Option<u64>,
    /// `no-cache`: it is never used without validation.
    pub always_validate: bool,
    /// Nothing that is stale may be served: `must-revalidate`, `proxy-revalidate`, or `s-maxage` with no explicit window
    /// (RFC 9111 4.2.4).
    pub never_stale: bool,
    /// How long after [`Terms::stale_at`] it may be served while it is validated (RFC 5861 3), milliseconds.
    pub while_revalidate: u64,
    /// How long after [`Terms::stale_at`] it may be served when the origin fails (RFC 5861 4), milliseconds.
    pub if_error: u64,
    /// `immutable`: while it is fresh, a client's `max-age` does not ask for validation (RFC 8246 2).
    pub immutable: bool,
}

impl Terms {
    /// Its age at a time, milliseconds (RFC 9111 4.2.3, `current_age`).
    pub fn age(&self, now: u64) -> u64 {
        self.initial_age
            .saturating_add(now.saturating_sub(self.received))
    }

    /// How long it stays fresh, milliseconds; zero when it is stale.
    pub fn fresh_for(&self, now: u64) -> u64 {
        self.stale_at.saturating_sub(now)
    }

    /// How long it has been stale, milliseconds; `None` while it is fresh.
    pub fn stale_for(&self, now: u64) -> Option<u64> {
        now.checked_sub(self.stale_at)
    }

    /// The same answer, stale from `when` on at the latest: a soft purge.
    pub fn stale_from(mut self, when: u64) -> Self {
        self.stale_at = self.stale_at.min(when);
        self.regional_stale_at = self.regional_stale_at.map(|at| at.min(when));
        self
    }

    /// The terms of the regional tier, if it may have the answer.
    pub fn in_region(mut self) -> Option<Self> {
        self.stale_at = self.regional_stale_at?;
        Some(self)
    }

    /// The terms of the edge, which takes the answer from the regional tier at a time: its age goes on, its freshness is
    /// bounded by the edge's own duration from now on, and by the regional tier's.
    pub fn in_edge(mut self, rules: &Rules, now: u64) -> Self {
        let cap = rules.ttl.map_or(u64::MAX, |ttl| now.saturating_add(ttl));
        self.stale_at = self.regional_stale_at.unwrap_or(self.stale_at).min(cap);
        self
    }

    /// The time after which it may not be served any more, not even stale. It may still be validated.
    pub fn last_use(&self) -> u64 {
        let window = self.while_revalidate.max(self.if_error);
        self.stale_at
            .saturating_add(if self.never_stale { 0 } else { window })
    }
}

/// A response that was received, as far as its storing is concerned.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its header fields, without what the policy strips.
    pub headers: &'a HeaderMap,
    /// When the request was sent, milliseconds since 1970.
    pub requested: u64,
    /// When the head arrived.
    pub received: u64,
}

/// The terms on which a response is stored.
///
/// # Errors
///
/// The reason why it is not stored: one of RFC 9111 3, or that it would never be of use (neither fresh nor with a
/// validator nor a window in which it could be served stale).
pub fn terms(
    response: &Received<'_>,
    sent: &HeaderMap,
    request: &RequestDirectives,
    rules: &Rules,
    admit: &Admit,
) -> Result<Terms, Refusal> {
    let control = Control::read(response.headers);
    let lifetime = lifetime(
        response.status,
        response.headers,
        &control,
        response.received,
    );
    let question = Question {
        request,
        sent,
        status: response.status,
        headers: response.headers,
        control: &control,
        lifetime,
        rules,
        admit,
    };
    storable(&question)?;
    let initial_age = age::initial(response.headers, response.requested, response.received);
    let overriding = rules.respect == Respect::Override;
    let forced = |ttl: Option<u64>| admit.ttl.or(ttl.filter(|_| overriding));
    let said = response
        .received
        .saturating_add(lifetime.ms())
        .saturating_sub(initial_age);
    let stale_at = |ttl: Option<u64>| {
        let from_now = |ttl| response.received.saturating_add(ttl);
        forced(ttl).map_or(said.min(ttl.map_or(u64::MAX, from_now)), from_now)
    };
    let (edge, regional) = (rules.edge_ttl(), rules.regional_ttl);
    let is_forced = forced(edge).is_some();
    let terms = windows(
        &control,
        rules,
        is_forced,
        Terms {
            received: response.received,
            initial_age,
            stale_at: stale_at(edge),
            regional_stale_at: regional.map(|_| stale_at(regional)),
            always_validate: control.directives.no_cache.is_response() && !is_forced,
            never_stale: false,
            while_revalidate: 0,
            if_error: 0,
            immutable: control.directives.immutable,
        },
    );
    let useful = !terms.always_validate && terms.stale_at > response.received;
    let window = if terms.never_stale {
        0
    } else {
        terms.while_revalidate.max(terms.if_error)
    };
    if useful || window > 0 || validate::has_validator(response.headers) {
        Ok(terms)
    } else {
        Err(Refusal::NoFreshness)
    }
}

/// Adds what is allowed once it is stale. A window that the policy names counts before the origin's.
fn windows(control: &Control, rules: &Rules, forced: bool, mut terms: Terms) -> Terms {
    let said = &control.directives;
    let origin = |seconds: Option<u64>| seconds.map(|seconds| seconds.saturating_mul(1000));
    let revalidate = rules
        .stale_while_revalidate
        .or(origin(said.stale_while_revalidate));
    let error = rules.stale_if_error.or(origin(said.stale_if_error));
    let bound = said.must_revalidate || said.proxy_revalidate || said.no_cache.is_response();
    terms.never_stale =
        !forced && (bound || said.s_maxage.is_some() && revalidate.is_none() && error.is_none());
    terms.while_revalidate = revalidate.unwrap_or(0);
    terms.if_error = error.unwrap_or(0);
    terms
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::super::samples::headers;
    use super::*;
    use proptest::prelude::*;

    const NOW: u64 = 784_111_777_000;

    fn with(rules: &Rules, admit: &Admit, lines: &[&str]) -> Result<Terms, Refusal> {
        let headers = headers(lines);
        let response = Received {
            status: StatusCode::OK,
            headers: &headers,
            requested: NOW,
            received: NOW,
        };
        terms(
            &response,
            &HeaderMap::new(),
            &RequestDirectives::default(),
            rules,
            admit,
        )
    }

    fn of(lines: &[&str]) -> Result<Terms, Refusal> {
        with(&Rules::default(), &Admit::default(), lines)
    }

    #[test]
    fn age_and_freshness_run_with_the_clock() {
        let it = of(&["Cache-Control: max-age=100", "Age: 30"]).unwrap();
        assert_eq!(
            (it.age(NOW), it.age(NOW + 5000), it.age(NOW - 5000)),
            (30_000, 35_000, 30_000)
        );
        assert_eq!((it.fresh_for(NOW), it.fresh_for(NOW + 70_000)), (70_000, 0));
        assert_eq!(
            (it.stale_for(NOW + 69_999), it.stale_for(NOW + 70_001)),
            (None, Some(1))
        );
        assert_eq!(it.stale_from(NOW + 1).fresh_for(NOW), 1);
        assert_eq!(it.stale_from(u64::MAX), it);
    }

    #[test]
    fn a_tier_caps_or_sets() {
        let cap = Rules {
            ttl: Some(10_000),
            ..Rules::default()
        };
        assert_eq!(
            with(&cap, &Admit::default(), &["Cache-Control: max-age=100"])
                .unwrap()
                .fresh_for(NOW),
            10_000
        );
        assert_eq!(
            with(&cap, &Admit::default(), &["Cache-Control: max-age=5"])
                .unwrap()
                .fresh_for(NOW),
            5000
        );
        let set = Rules {
            respect: Respect::Override,
            ..cap
        };
        let it = with(
            &set,
            &Admit::default(),
            &[
                "Cache-Control: max-age=0, no-cache, must-revalidate",
                "Age: 50",
            ],
        )
        .unwrap();
        assert_eq!(it.fresh_for(NOW), 10_000);
        assert!(!it.always_validate && !it.never_stale);
        let once = Admit {
            ttl: Some(3000),
            ..Admit::default()
        };
        assert_eq!(with(&set, &once, &[]).unwrap().fresh_for(NOW), 3000);
        assert_eq!(
            with(&Rules::default(), &once, &["Cache-Control: private"])
                .unwrap()
                .fresh_for(NOW),
            3000
        );
    }

    #[test]
    fn what_could_never_be_used_is_not_stored() {
        assert_eq!(of(&[]), Err(Refusal::NoFreshness));
        assert_eq!(of(&["Cache-Control: max-age=0"]), Err(Refusal::NoFreshness));
        assert_eq!(
            of(&["Cache-Control: max-age=50", "Age: 50"]),
            Err(Refusal::NoFreshness)
        );
        assert_eq!(
            of(&["Cache-Control: max-age=50, no-cache"]),
            Err(Refusal::NoFreshness)
        );
        assert!(
            of(&["Cache-Control: no-cache", r#"ETag: "a""#])
                .unwrap()
                .always_validate
        );
        assert!(of(&["Cache-Control: max-age=0, stale-while-revalidate=5"]).is_ok());
    }

    #[test]
    fn windows_after_freshness() {
        let it =
            of(&["Cache-Control: max-age=1, stale-while-revalidate=4, stale-if-error=9"]).unwrap();
        assert_eq!(
            (it.while_revalidate, it.if_error, it.never_stale),
            (4000, 9000, false)
        );
        for word in ["must-revalidate", "proxy-revalidate", "s-maxage=9"] {
            assert!(
                of(&[&format!("Cache-Control: max-age=9, {word}")])
                    .unwrap()
                    .never_stale,
                "{word}"
            );
        }
        let it = of(&["Cache-Control: s-maxage=9, stale-while-revalidate=4"]).unwrap();
        assert!(
            !it.never_stale,
            "a window that is named with s-maxage is meant"
        );
        let named = Rules {
            stale_while_revalidate: Some(7),
            stale_if_error: Some(0),
            ..Rules::default()
        };
        let it = with(
            &named,
            &Admit::default(),
            &["Cache-Control: max-age=1, stale-if-error=9"],
        )
        .unwrap();
        assert_eq!((it.while_revalidate, it.if_error), (7, 0));
    }

    proptest! {
        #[test]
        fn nothing_overflows(
            lines in proptest::collection::vec(("(cache-control|age|date|expires|last-modified|vary|cdn-cache-control)",
                "(max-age=[0-9]{0,25}|s-maxage=-?[0-9]{1,20}|[0-9]{0,22}|[ -~]{0,30})"), 0..6),
            status in 100_u16..999, requested: u64, received: u64, now: u64, ttl: Option<u64>, overrides: bool,
        ) {
            let mut map = HeaderMap::new();
            for (name, value) in &lines {
                map.append(name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap());
            }
            let rules = Rules {
                ttl,
                respect: if overrides { Respect::Override } else { Respect::Origin },
                stale_if_error: ttl,
                ..Rules::default()
            };
            let response = Received { status: StatusCode::from_u16(status).unwrap(), headers: &map, requested, received };
            if let Ok(it) = terms(&response, &map, &RequestDirectives::read(&map), &rules, &Admit::default()) {
                prop_assert!(it.age(now) >= it.initial_age);
                prop_assert_eq!(it.fresh_for(now) > 0, it.stale_for(now).is_none());
            }
        }
    }
}
