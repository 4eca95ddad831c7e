//! The examples' decisions as one would write them in Rust, with the libraries that one
//! would take: what a module's time is compared with. They decide the same, but know one
//! policy only and check nothing that the compiler checks.

use crate::{Outcome, request::Request};
use http::HeaderValue;
use regex::bytes::RegexSet;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// What a decision comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Decision {
    /// Where to, and a header that is set.
    Proxy(u32, Option<HeaderValue>),
    /// An answer: status and body.
    Respond(u16, Vec<u8>),
}

/// A policy written by hand.
pub type Native = Box<dyn Fn(&Request) -> Decision>;

/// The one that stands for an example.
pub fn of(example: &str) -> Outcome<Option<Native>> {
    Ok(match example {
        "ab-testing" => Some(Box::new(ab_testing)),
        "geo-routing" => Some(geo_routing()),
        "hello-router" => Some(hello_router()?),
        "personalization" => Some(personalization()?),
        "waf-basics" => Some(waf_basics()?),
        _ => None,
    })
}

fn ab_testing(request: &Request) -> Decision {
    let unit = request.headers.get("x-user-id");
    let unit = unit.map_or(&b"anonymous"[..], HeaderValue::as_bytes);
    let mut hash = Sha256::new();
    hash.update(b"homepage\0");
    hash.update(unit);
    let digest = hash.finalize();
    let b = digest.first().is_some_and(|byte| *byte < 0x80);
    let variant = HeaderValue::from_static(if b { "b" } else { "a" });
    Decision::Proxy(u32::from(b), Some(variant))
}

fn geo_routing() -> Native {
    let european: HashSet<&str> = [
        "AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR",
        "HU", "IE", "IT", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    ]
    .into();
    let asian: HashSet<&str> = ["CN", "HK", "ID", "IN", "JP", "KR", "SG", "TH", "TW", "VN"].into();
    Box::new(move |request| {
        let country = request.geo.country.as_deref();
        let target = match country {
            Some("US") => 0,
            Some(country) if european.contains(country) => 1,
            Some(country) if asian.contains(country) => 2,
            _ => 3,
        };
        let value = HeaderValue::from_str(country.unwrap_or("unknown")).ok();
        Decision::Proxy(target, value)
    })
}

fn hello_router() -> Outcome<Native> {
    let mut router = matchit::Router::new();
    router.insert("/", 0)?;
    router.insert("/geo", 1)?;
    router.insert("/api/process", 2)?;
    Ok(Box::new(move |request| {
        let path = request.target.split('?').next().unwrap_or_default();
        match router.at(path) {
            Ok(found) if *found.value == 0 => {
                Decision::Respond(200, b"Hello from the edge".to_vec())
            }
            Ok(found) if *found.value == 1 => {
                let text = |value: &Option<String>| value.clone().unwrap_or("Unknown".into());
                let body = serde_json::json!({
                    "country": text(&request.geo.country),
                    "city": text(&request.geo.city),
                    "edge": "fra1",
                });
                Decision::Respond(200, body.to_string().into_bytes())
            }
            _ => Decision::Respond(404, b"Not found".to_vec()),
        }
    }))
}

fn personalization() -> Outcome<Native> {
    let devices = RegexSet::new([
        r"(?i-u)ipad|tablet|kindle",
        r"(?i-u)mobi|iphone|ipod",
        r"(?i-u)android",
    ])?;
    Ok(Box::new(move |request| {
        let agent = request.headers.get("user-agent");
        let found = devices.matches(agent.map_or(&b""[..], HeaderValue::as_bytes));
        let device = match found.iter().next() {
            Some(0 | 2) => "tablet",
            Some(_) => "mobile",
            None => "desktop",
        };
        let (path, query) = request.target.split_once('?').unwrap_or_default();
        let country = request.geo.country.as_deref().unwrap_or("US");
        let kept = query
            .split('&')
            .filter(|pair| !pair.starts_with("country="));
        let mut target = format!("{path}?");
        for pair in kept {
            target.push_str(pair);
            target.push('&');
        }
        target.push_str("country=");
        target.push_str(country);
        std::hint::black_box(target);
        Decision::Proxy(0, Some(HeaderValue::from_static(device)))
    }))
}

fn waf_basics() -> Outcome<Native> {
    let targets = RegexSet::new([
        r"(?i-u)(/|\\|=|%2f|%5c)(\.|%2e){2}(/|\\|%2f|%5c|\?|&|$)",
        r"(?i-u)(<|%3c)script",
        r"(?i-u)=javascript(:|%3a)",
    ])?;
    let agents = RegexSet::new([r"(?i-u)sqlmap|nikto|nmap|masscan|nuclei"])?;
    Ok(Box::new(move |request| {
        let agent = request.headers.get("user-agent");
        let bad = targets.is_match(request.target.as_bytes())
            || agent.is_some_and(|agent| agents.is_match(agent.as_bytes()));
        if bad {
            Decision::Respond(403, Vec::new())
        } else {
            Decision::Proxy(0, None)
        }
    }))
}
