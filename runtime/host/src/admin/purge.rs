//! `POST /purge`: what caches are to forget.
//!
//! What can be purged can be attacked with: a page in an operator's browser must not do it. So a request needs the content
//! type of JSON, which no page may send to another origin without being asked first (CORS), must not name an `Origin`, and
//! where there is no token, must name this machine in `Host`, so that no name of somebody else's leads here.

use std::net::IpAddr;

use bytes::Bytes;
use edge_cache::Purge;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};

use crate::settings::Deployment;
use crate::sources::{Clock, SystemClock};

/// Longest body of a purge.
pub(super) const MAX_BODY: usize = 1 << 20;

/// Most tags, paths and prefixes of one purge.
const MAX_ENTRIES: usize = 10_000;

/// What is to be forgotten.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Wanted {
    tags: Vec<String>,
    paths: Vec<String>,
    prefixes: Vec<String>,
    all: bool,
    soft: bool,
}

/// What was done.
#[derive(Debug, Serialize)]
pub(super) struct Purged {
    purged: usize,
    /// Whether it would outlive this host, and is known to the region.
    safe: bool,
}

/// Why it was not done.
pub(super) type Refused = (StatusCode, String);

/// Whether a request may purge, as far as its head tells.
pub(super) fn check(headers: &HeaderMap, has_token: bool) -> Result<(), Refused> {
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            let essence = value.split(';').next().unwrap_or_default().trim();
            essence.eq_ignore_ascii_case("application/json")
        });
    if !json {
        let reason = "the content type must be `application/json`";
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, reason.into()));
    }
    if headers.contains_key(header::ORIGIN) {
        let reason = "this is not for pages in a browser";
        return Err((StatusCode::FORBIDDEN, reason.into()));
    }
    if !has_token && !names_this_machine(headers) {
        let reason = "`Host` must be `localhost` or an address, or `[admin] token` be set";
        return Err((StatusCode::FORBIDDEN, reason.into()));
    }
    Ok(())
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let authority = host.and_then(|host| host.parse::<http::uri::Authority>().ok());
    authority.is_some_and(|authority| {
        let name = authority.host().trim_matches(['[', ']']);
        name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
    })
}

/// Purges, here and wherever else it is heard, before it returns.
pub(super) async fn purge(deployment: &Deployment, body: &Bytes) -> Result<Purged, Refused> {
    let bad = |reason: String| (StatusCode::BAD_REQUEST, reason);
    let wanted: Wanted =
        serde_json::from_slice(body).map_err(|error| bad(format!("the body: {error}")))?;
    let lists = [&wanted.tags, &wanted.paths, &wanted.prefixes];
    let count = lists.iter().map(|list| list.len()).sum::<usize>() + usize::from(wanted.all);
    if count == 0 {
        let reason = "nothing to purge: name `tags`, `paths`, `prefixes`, or say `\"all\": true`";
        return Err(bad(reason.into()));
    }
    if count > MAX_ENTRIES {
        return Err(bad(format!("{count} entries; {MAX_ENTRIES} at most")));
    }
    let relative = |path: &&String| !path.starts_with('/');
    if let Some(path) = wanted.paths.iter().chain(&wanted.prefixes).find(relative) {
        return Err(bad(format!("`{path}` does not begin with `/`")));
    }
    let Some(caches) = deployment.caches() else {
        let reason = "the policy has no cache";
        return Err((StatusCode::NOT_FOUND, reason.into()));
    };
    let now = SystemClock.now_ms();
    let prefixes = wanted.prefixes.iter();
    let prefixes = prefixes.map(|prefix| Purge::Prefix(None, prefix.as_bytes()));
    for what in prefixes.chain(wanted.all.then_some(Purge::All)) {
        caches.store().purge(what, wanted.soft, now);
    }
    let told = match wanted.soft {
        true => {
            let tags = wanted.tags.iter().map(|tag| Purge::Tag(tag.as_bytes()));
            let paths = wanted.paths.iter();
            let paths = paths.map(|path| Purge::Path(None, path.as_bytes()));
            tags.chain(paths)
                .for_each(|what| caches.store().purge(what, true, now));
            true
        }
        false => tell_all(deployment, &wanted).await,
    };
    Ok(Purged {
        purged: count,
        safe: caches.settle(now).await && told,
    })
}

/// Lets this host hear it, and those that share where purges of policies travel. There, tags and paths are known.
async fn tell_all(deployment: &Deployment, wanted: &Wanted) -> bool {
    let purges = &deployment.state().backends().purges;
    let bytes = |text: &String| Bytes::copy_from_slice(text.as_bytes());
    let tags = wanted
        .tags
        .iter()
        .map(|tag| edge_state::Purge::Tag(bytes(tag)));
    let paths = wanted.paths.iter();
    let paths = paths.map(|path| edge_state::Purge::Path(bytes(path)));
    let mut heard = true;
    for what in tags.chain(paths) {
        heard &= purges.purge(&what).get().await.is_ok();
    }
    heard
}
