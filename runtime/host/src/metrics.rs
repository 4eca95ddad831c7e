//! What is counted while a policy serves, for `GET /metrics`.
//!
//! All counts of a policy are laid out when it is loaded, by the indices of its manifest: a request adds to
//! a few of them, without a lock, a text or an allocation. Names become labels only when somebody reads.
//! Every label's value comes from the manifest or from this crate, never from a request, so that no client
//! can make another series.

mod count;
mod exposition;

use std::time::Duration;

use edge_abi::manifest::{Manifest, RuleKind};
use edge_abi::output::scan::Lane;
use edge_cache::How;
use edge_state::Failure;
use http::StatusCode;

use crate::exchange::Record;
use crate::upstream::TryError;
use count::{Count, Histogram};

pub(crate) use exposition::Exposition;

/// Classes of statuses: 2xx to 5xx, and all others.
const CLASSES: [&str; 5] = ["2xx", "3xx", "4xx", "5xx", "other"];

/// How a charge of a limit ended.
const CHARGES: [&str; 3] = ["allowed", "refused", "failed"];

/// How a try at an origin ended when there was no answer.
const FAILURES: [&str; 3] = ["connect", "timeout", "reset"];

/// How answers of caches came about, in the order of [`How`].
const CACHED: [How; 5] = [
    How::Hit,
    How::Stale,
    How::Miss,
    How::Revalidated,
    How::Bypass,
];

/// Why what is remembered could not be asked or changed.
const STATE_FAILURES: [&str; 5] = ["unavailable", "timeout", "too_large", "full", "corrupt"];

/// Counts of one policy since it was loaded.
#[derive(Debug)]
pub struct Metrics {
    /// By the rule's index.
    rules: Box<[Rule]>,
    /// Answers that no rule decided, by class.
    host: [Count; CLASSES.len()],
    /// By the limit's index.
    limits: Box<[[Count; CHARGES.len()]]>,
    /// By the target's index.
    targets: Box<[Target]>,
    /// By the cache's index.
    caches: Box<[[Count; CACHED.len()]]>,
    /// By [`Kept`] and reason.
    state: [[Count; STATE_FAILURES.len()]; Kept::ALL.len()],
    /// By lane.
    scans_refused: [Count; 2],
    faults: Count,
    abandoned: Count,
    malformed: Count,
    in_flight: Count,
    duration: Histogram,
}

/// What one rule did.
#[derive(Debug, Default)]
struct Rule {
    /// Whether a limit refuses by it.
    limits: bool,
    /// Answers that it decided, by class.
    answered: [Count; CLASSES.len()],
    shadow: Count,
    scored: Count,
}

/// What came of one origin or pool.
#[derive(Debug, Default)]
struct Target {
    answered: [Count; CLASSES.len()],
    failed: [Count; FAILURES.len()],
    retries: Count,
    fallbacks: Count,
    failovers: Count,
}

/// What policies remember.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Limit,
    Store,
    Counter,
    Purge,
}

impl Kept {
    const ALL: [Kept; 4] = [Kept::Limit, Kept::Store, Kept::Counter, Kept::Purge];

    /// Its word in the language.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kept::Limit => "limit",
            Kept::Store => "store",
            Kept::Counter => "counter",
            Kept::Purge => "purge",
        }
    }
}

/// How a charge of a limit ended, whether or not the limit only watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charged {
    Allowed,
    Refused,
    Failed,
}

/// Why an origin is asked once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// The `proxy` says `retry`.
    Retry,
    /// It has a `fallback`.
    Fallback,
    /// The pool has another member.
    Failover,
}

impl Metrics {
    pub(crate) fn new(manifest: &Manifest) -> Self {
        let mut rules: Box<[Rule]> = manifest.rules.iter().map(|_| Rule::default()).collect();
        for limit in &manifest.rate_limits {
            if let Some(rule) = rules.get_mut(limit.rule as usize) {
                rule.limits = true;
            }
        }
        Metrics {
            rules,
            host: Default::default(),
            limits: manifest
                .rate_limits
                .iter()
                .map(|_| Default::default())
                .collect(),
            targets: manifest.targets.iter().map(|_| Target::default()).collect(),
            caches: manifest.caches.iter().map(|_| Default::default()).collect(),
            state: Default::default(),
            scans_refused: Default::default(),
            faults: Count::default(),
            abandoned: Count::default(),
            malformed: Count::default(),
            in_flight: Count::default(),
            duration: Histogram::default(),
        }
    }

    /// A request's head has arrived.
    pub(crate) fn begin(&self) {
        self.in_flight.add();
    }

    /// The answer is over. `cut`: a scan has broken it off.
    pub(crate) fn end(&self, record: &Record, cut: bool, total: Duration) {
        self.in_flight.subtract();
        self.duration.observe(total);
        let rule = record.rule.and_then(|rule| self.rules.get(rule as usize));
        let answered = rule.map_or(&self.host, |rule| &rule.answered);
        count_at(answered, class(record.status));
        let failed = record.status == StatusCode::INTERNAL_SERVER_ERROR.as_u16() || cut;
        if failed && record.fault.is_some() {
            self.faults.add();
        }
        for (found, of) in [
            (&record.findings.shadow, shadow as fn(&Rule) -> &Count),
            (&record.findings.scored, scored),
        ] {
            let rules = found
                .iter()
                .filter_map(|rule| self.rules.get(*rule as usize));
            rules.for_each(|rule| of(rule).add());
        }
    }

    /// A request ended without an answer.
    pub(crate) fn abandon(&self) {
        self.in_flight.subtract();
        self.abandoned.add();
    }

    /// What came was no request.
    pub(crate) fn refuse_malformed(&self) {
        self.malformed.add();
    }

    /// A limit was charged.
    pub(crate) fn charge(&self, limit: u32, charged: Charged) {
        if let Some(counts) = self.limits.get(limit as usize) {
            count_at(counts, charged as usize);
        }
    }

    /// Something could not be asked or changed.
    pub(crate) fn fail_state(&self, kept: Kept, failure: &Failure) {
        let reason = match failure {
            Failure::Unavailable(_) => 0,
            Failure::Timeout(_) => 1,
            Failure::TooLarge { .. } => 2,
            Failure::Full(_) => 3,
            Failure::Corrupt(_) => 4,
        };
        if let Some(counts) = self.state.get(kept as usize) {
            count_at(counts, reason);
        }
    }

    /// An origin was asked, and has answered with this status or failed.
    pub(crate) fn try_origin(&self, origin: u32, outcome: Result<StatusCode, &TryError>) {
        let Some(target) = self.targets.get(origin as usize) else {
            return;
        };
        match outcome {
            Ok(status) => count_at(&target.answered, class(status.as_u16())),
            Err(error) => {
                let failure = match error {
                    TryError::Connect(_) => 0,
                    TryError::Timeout => 1,
                    TryError::Reset(_) => 2,
                };
                count_at(&target.failed, failure);
            }
        }
    }

    /// After this origin or pool has failed, one is asked again.
    pub(crate) fn ask_again(&self, target: u32, again: Again) {
        let Some(target) = self.targets.get(target as usize) else {
            return;
        };
        match again {
            Again::Retry => target.retries.add(),
            Again::Fallback => target.fallbacks.add(),
            Again::Failover => target.failovers.add(),
        }
    }

    /// A cache was asked.
    pub(crate) fn ask_cache(&self, cache: u32, how: How) {
        if let Some(counts) = self.caches.get(cache as usize) {
            count_at(counts, how as usize);
        }
    }

    /// A body was refused while it streamed.
    pub(crate) fn refuse_body(&self, lane: Lane) {
        count_at(&self.scans_refused, lane as usize);
    }
}

fn shadow(rule: &Rule) -> &Count {
    &rule.shadow
}

fn scored(rule: &Rule) -> &Count {
    &rule.scored
}

fn count_at(counts: &[Count], index: usize) {
    if let Some(count) = counts.get(index) {
        count.add();
    }
}

/// The index of a status's class.
fn class(status: u16) -> usize {
    match status {
        200..=599 => usize::from(status / 100) - 2,
        _ => CLASSES.len() - 1,
    }
}

/// What kind of thing decides, as a label.
fn kind(rule: RuleKind, limits: bool) -> &'static str {
    match rule {
        RuleKind::Route => "route",
        RuleKind::Default => "default",
        RuleKind::OnRequest => "on_request",
        RuleKind::OnResponse => "on_response",
        RuleKind::OnError => "on_error",
        RuleKind::Deny if limits => "limit",
        RuleKind::Deny => "deny",
        RuleKind::Scored => "scored",
        RuleKind::Shadow => "shadow",
    }
}

#[cfg(test)]
mod tests {
    use super::class;

    #[test]
    fn statuses_have_classes() {
        let classes = [200, 299, 304, 404, 503, 599].map(class);
        assert_eq!(classes, [0, 0, 1, 2, 3, 3]);
        assert_eq!([0, 101, 199, 600, 999, u16::MAX].map(class), [4; 6]);
    }
}
