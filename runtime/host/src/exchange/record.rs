//! What is remembered about a request once it is answered.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use edge_abi::manifest::Severity;
use edge_abi::output::{hits, note};
use edge_cache::How;
use edge_state::Failure;
use http::{HeaderValue, Method, Uri, Version, header};

use super::incoming::Incoming;
use super::tries::Tally;
use super::{Client, Worker};
use crate::engine::Policy;
use crate::metrics::Kept;
use crate::output::{Hits, Log, Note};
use crate::upstream::TryError;

/// Most rules of a kind that a request remembers to have matched without deciding.
const MAX_RULES: usize = 256;

/// Most failures of what is remembered that a request tells of.
const MAX_DEGRADED: usize = 16;

/// Most purges that a request tells of.
const MAX_PURGED: usize = 256;

/// Most lines of `log` statements that a request remembers.
const MAX_LINES: usize = 256;

/// Everything that an access log or a metric may want to know.
#[derive(Debug, Clone)]
pub struct Record {
    /// The policy that decided.
    pub policy: Arc<Policy>,
    /// The request's id.
    pub id: RequestId,
    /// When its head arrived, in milliseconds since 1970 (UTC).
    pub received_ms: u64,
    /// The client; behind a trusted peer, the one that the peer names.
    pub client: Client,
    /// The method.
    pub method: Method,
    /// The target as it came.
    pub uri: Uri,
    /// The version of HTTP.
    pub version: Version,
    /// Host and port as the client named them.
    pub authority: Option<HeaderValue>,
    /// `User-Agent`.
    pub user_agent: Option<HeaderValue>,
    /// `Referer`.
    pub referer: Option<HeaderValue>,
    /// The answer's status.
    pub status: u16,
    /// The rule that decided; none when the host answered before one did.
    pub rule: Option<u32>,
    /// The origin that answered; none when the policy or the host did.
    pub origin: Option<u32>,
    /// How many times an origin was asked.
    pub tries: u32,
    /// Time spent on waiting for response heads.
    pub upstream: Duration,
    /// Time spent on waiting for what is remembered between requests.
    pub state: Duration,
    /// What could not be asked or written there, and why; each once.
    pub degraded: Vec<String>,
    /// What it has purged.
    pub purged: Vec<Purged>,
    /// What the calls of the guest have said beside their decisions.
    pub findings: Findings,
    /// The last failure of an origin.
    pub failure: Option<TryError>,
    /// The cache that was asked, by index, and how its answer came about.
    pub cache: Option<(u32, How)>,
    /// Why the host answered 4xx or 5xx by itself. Not for clients.
    pub fault: Option<String>,
    /// The most bytes of the request's body that the policy would read, where it has more.
    pub body_over: Option<u32>,
}

impl Record {
    /// What is known when the head has arrived.
    pub(super) fn new(worker: &Worker, incoming: &Incoming) -> Self {
        let headers = &incoming.parts.headers;
        Record {
            policy: Arc::clone(worker.deployment.policy()),
            id: incoming.id,
            received_ms: incoming.now,
            client: incoming.client.clone(),
            method: incoming.parts.method.clone(),
            uri: incoming.uri(),
            version: incoming.parts.version,
            authority: headers.get(header::HOST).cloned(),
            user_agent: headers.get(header::USER_AGENT).cloned(),
            referer: headers.get(header::REFERER).cloned(),
            status: 0,
            rule: None,
            origin: None,
            tries: 0,
            upstream: Duration::ZERO,
            state: Duration::ZERO,
            degraded: Vec::new(),
            purged: Vec::new(),
            findings: Findings::default(),
            failure: None,
            cache: None,
            fault: None,
            body_over: None,
        }
    }

    /// Notes what came of asking origins.
    pub(super) fn tried(&mut self, tally: Tally) {
        self.tries += tally.tries;
        self.upstream += tally.upstream;
        if tally.tries > 0 {
            self.origin = tally.origin;
        }
        if tally.failure.is_some() {
            self.failure = tally.failure;
        }
    }

    /// Notes that something could not be asked or written.
    pub(super) fn degrade(&mut self, kept: Kept, name: &str, failure: &Failure) {
        let what = kept.word();
        let reason = match name {
            "" => format!("{what}: {failure}"),
            name => format!("{what} `{name}`: {failure}"),
        };
        if self.degraded.len() < MAX_DEGRADED && !self.degraded.contains(&reason) {
            self.degraded.push(reason);
        }
    }

    pub(super) fn purge(&mut self, purged: Purged) {
        if self.purged.len() < MAX_PURGED && !self.purged.contains(&purged) {
            self.purged.push(purged);
        }
    }

    /// The name of the rule that decided.
    #[must_use]
    pub fn rule_name(&self) -> Option<&str> {
        self.policy.rule_name(self.rule?)
    }

    /// The severity of the rule that decided.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        let rule = self.rule?;
        let severities = self.policy.manifest().severities.iter();
        let mut found = severities.filter(|(_, rules)| rules.binary_search(&rule).is_ok());
        found.next().map(|(severity, _)| *severity)
    }

    /// The names of rules.
    pub fn names_of<'a>(&'a self, rules: &'a [u32]) -> impl Iterator<Item = &'a str> {
        rules.iter().filter_map(|rule| self.policy.rule_name(*rule))
    }

    /// The name of the origin that answered.
    #[must_use]
    pub fn origin_name(&self) -> Option<&str> {
        self.policy.target_name(self.origin?)
    }

    /// How the cache's answer came about; none where no cache was asked.
    #[must_use]
    pub fn cache_name(&self) -> Option<&'static str> {
        self.cache.map(|(_, how)| how.name())
    }

    /// The experiments' names with the arms' names.
    pub fn exposure_names(&self) -> impl Iterator<Item = (&str, &str)> {
        self.findings.exposures.iter().filter_map(|exposure| {
            let experiment = self
                .policy
                .manifest()
                .experiments
                .get(exposure.experiment as usize)?;
            Some((
                experiment.name.as_str(),
                experiment.arms.get(exposure.arm as usize)?.as_str(),
            ))
        })
    }
}

/// What calls of the guest have said beside their decisions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Time spent on deciding: building inputs, running the guest, checking outputs.
    pub decision: Duration,
    /// Experiments whose value was read.
    pub exposures: Vec<Exposure>,
    /// Rules in shadow mode that would have denied.
    pub shadow: Vec<u32>,
    /// Rules with a score that matched.
    pub scored: Vec<u32>,
    /// Lines of `log` statements.
    pub logs: Vec<LogLine>,
}

impl Findings {
    /// Of a scan that says something about every piece, only the beginning is kept.
    pub(super) fn remember_line(&mut self, log: &Log<'_>) {
        if self.logs.len() < MAX_LINES {
            let text = String::from_utf8_lossy(log.text()).into_owned();
            let place = log.place();
            self.logs.push(LogLine { place, text });
        }
    }

    /// The same note twice counts once.
    pub(super) fn remember_note(&mut self, note: &Note<'_>) {
        match note.kind() {
            note::Kind::Exposure => self.expose(Exposure {
                experiment: note.id(),
                arm: note.value(),
            }),
        }
    }

    /// The same rule twice counts once.
    pub(super) fn remember_hits(&mut self, hits: &Hits<'_>) {
        let list = match hits.kind() {
            hits::Kind::Shadow => &mut self.shadow,
            hits::Kind::Scored => &mut self.scored,
        };
        hits.rules().for_each(|rule| remember_rule(list, rule));
    }

    /// A limit in shadow mode would have refused.
    pub(super) fn remember_shadow(&mut self, rule: u32) {
        remember_rule(&mut self.shadow, rule);
    }

    /// Adds what other calls have said.
    pub(super) fn absorb(&mut self, other: Findings) {
        self.decision += other.decision;
        for exposure in other.exposures {
            self.expose(exposure);
        }
        for rule in other.shadow {
            remember_rule(&mut self.shadow, rule);
        }
        for rule in other.scored {
            remember_rule(&mut self.scored, rule);
        }
        let room = MAX_LINES.saturating_sub(self.logs.len());
        self.logs.extend(other.logs.into_iter().take(room));
    }

    fn expose(&mut self, exposure: Exposure) {
        if !self.exposures.contains(&exposure) {
            self.exposures.push(exposure);
        }
    }
}

fn remember_rule(list: &mut Vec<u32>, rule: u32) {
    if list.len() < MAX_RULES && !list.contains(&rule) {
        list.push(rule);
    }
}

/// What caches were told to forget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purged {
    /// Whether it is a path, rather than a tag.
    pub path: bool,
    /// The tag or path.
    pub what: Bytes,
}

/// An experiment's value was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exposure {
    /// Index of the experiment.
    pub experiment: u32,
    /// Index of its arm.
    pub arm: u32,
}

/// What a `log` statement said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Index of the statement's place.
    pub place: u32,
    /// The text; what is not UTF-8 is replaced.
    pub text: String,
}

/// 128 random bits that name a request; printed as 32 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 32]);

impl RequestId {
    /// The id with these bits.
    #[must_use]
    pub fn from_bits(high: u64, low: u64) -> Self {
        let bits = (u128::from(high) << 64) | u128::from(low);
        let mut digits = [0; 32];
        for (at, digit) in digits.iter_mut().enumerate() {
            let nibble = (bits >> (124 - 4 * at)) & 15;
            *digit = HEX.get(nibble as usize).copied().unwrap_or(b'0');
        }
        RequestId(digits)
    }

    /// The 32 hex digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";
