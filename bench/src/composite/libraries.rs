//! The composite policy by hand: `matchit` for routes, `regex` for the firewall (whose prefilter
//! knows many literals at once), a sorted list for networks, `sha2` for the experiment.

use super::{INSPECTED, LITERALS, ROUTES};
use crate::{Outcome, request::Request};
use http::{HeaderMap, HeaderName, HeaderValue};
use regex::bytes::Regex;
use sha2::{Digest, Sha256};

/// What the libraries built once.
pub struct Libraries {
    firewall: Regex,
    inspected: [HeaderName; 4],
    router: matchit::Router<usize>,
    /// First and last address of each run of blocked addresses, ascending.
    blocked: Vec<(u32, u32)>,
}

/// Where a request goes.
#[expect(dead_code, reason = "making the headers is a part of the job")]
#[derive(Debug)]
pub struct Decision {
    /// The origin.
    pub target: u32,
    /// Headers for the origin, then those for the answer.
    pub headers: [HeaderMap; 2],
}

impl Libraries {
    /// Builds tables and automata.
    pub fn new(networks: &[(u32, u32)]) -> Outcome<Libraries> {
        let literals: Vec<String> = LITERALS.iter().map(|text| regex::escape(text)).collect();
        let mut router = matchit::Router::new();
        for (index, pattern) in ROUTES.iter().enumerate() {
            let segments: Vec<String> = pattern.split('/').map(wildcard).collect();
            router.insert(segments.join("/"), index)?;
        }
        Ok(Libraries {
            firewall: Regex::new(&format!("(?-u){}", literals.join("|")))?,
            inspected: INSPECTED.map(HeaderName::from_static),
            router,
            blocked: runs(networks),
        })
    }

    /// The decision; `None` is a refusal.
    pub fn decide(&self, request: &Request) -> Option<Decision> {
        if self.firewall.is_match(request.target.as_bytes()) {
            return None;
        }
        for name in &self.inspected {
            let value = request.headers.get(name)?;
            if self.firewall.is_match(value.as_bytes()) {
                return None;
            }
        }
        let address = u32::from(std::net::Ipv4Addr::new(203, 0, 113, 77));
        let after = self.blocked.partition_point(|(first, _)| *first <= address);
        let run = after
            .checked_sub(1)
            .and_then(|index| self.blocked.get(index));
        if run.is_some_and(|(_, last)| address <= *last) {
            return None;
        }
        let path = request.target.split('?').next().unwrap_or_default();
        let index = *self.router.at(path).ok()?.value;
        let country = request.geo.country.as_deref();
        let shift = usize::from(country != Some("US"));
        Some(Decision {
            target: u32::try_from((index + shift) % 4).ok()?,
            headers: [
                single(
                    "x-country",
                    HeaderValue::from_str(country.unwrap_or("unknown")).ok()?,
                ),
                single(
                    "x-ab-variant",
                    HeaderValue::from_static(arm(&request.headers)),
                ),
            ],
        })
    }
}

fn arm(headers: &HeaderMap) -> &'static str {
    let unit = headers.get("x-user-id");
    let mut hash = Sha256::new();
    hash.update(b"homepage\0");
    hash.update(unit.map_or(&b"anonymous"[..], HeaderValue::as_bytes));
    let digest = hash.finalize();
    if digest.first().is_some_and(|byte| *byte < 0x80) {
        "b"
    } else {
        "a"
    }
}

fn single(name: &'static str, value: HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(HeaderName::from_static(name), value);
    headers
}

fn wildcard(segment: &str) -> String {
    match segment.split_at_checked(1) {
        Some((":", name)) => format!("{{{name}}}"),
        Some(("*", name)) => format!("{{*{name}}}"),
        _ => segment.to_owned(),
    }
}

/// Networks as runs of addresses that don't touch.
fn runs(networks: &[(u32, u32)]) -> Vec<(u32, u32)> {
    let mut all: Vec<(u32, u32)> = networks
        .iter()
        .map(|(address, length)| (*address, address | !(u32::MAX << (32 - length))))
        .collect();
    all.sort_unstable();
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for (first, last) in all {
        match runs.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => runs.push((first, last)),
        }
    }
    runs
}
