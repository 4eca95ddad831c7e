//! Which header fields are stored (RFC 9111 3.1) and which a 304 updates (RFC 9111 3.2).

use super::control::Control;
use super::list;
use http::{HeaderMap, HeaderName, header};

/// Fields for one connection or one proxy (RFC 9110 7.6.1, RFC 9111 3.1).
const HOP_BY_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    HeaderName::from_static("proxy-authentication-info"),
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// Removes what is for one connection only: the fields that `Connection` lists, and those that are so by definition.
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let listed: Vec<_> = list::members(headers, &header::CONNECTION)
        .filter_map(|name| HeaderName::from_bytes(name).ok())
        .collect();
    for name in listed.iter().chain(&HOP_BY_HOP) {
        headers.remove(name);
    }
}

/// The fields of a response as they are stored: without those of the connection, those that `no-cache="…"` and
/// `private="…"` name, and `Age`, which is computed anew.
pub fn stored(headers: &HeaderMap) -> HeaderMap {
    let mut kept = headers.clone();
    remove_hop_by_hop(&mut kept);
    for name in barred(&Control::read(headers)) {
        kept.remove(name);
    }
    kept.remove(header::AGE);
    kept
}

/// The fields that are for the client alone whose request brought the response: those that `no-cache="…"` and
/// `private="…"` name (RFC 9111 5.2.2.4, 5.2.2.7).
pub fn withheld(headers: &HeaderMap) -> HeaderMap {
    let mut all = headers.clone();
    remove_hop_by_hop(&mut all);
    let mut result = HeaderMap::new();
    for name in barred(&Control::read(headers)) {
        // one that is named twice is there once
        result.remove(name);
        for value in all.get_all(name) {
            result.append(name.clone(), value.clone());
        }
    }
    result.remove(header::AGE);
    result
}

fn barred(control: &Control) -> impl Iterator<Item = &HeaderName> {
    let said = &control.directives;
    said.no_cache.fields().iter().chain(said.private.fields())
}

/// The stored fields after a 304 or a HEAD's answer: every field that it holds replaces all stored lines of that name
/// (RFC 9111 3.2).
///
/// Not replaced are those of the connection, `Content-Length`, and what the stored bytes depend on: `Content-Encoding` and
/// `Content-Range`.
pub fn updated(stored: &HeaderMap, fresh: &HeaderMap) -> HeaderMap {
    let mut result = stored.clone();
    let mut update = self::stored(fresh);
    for name in [
        header::CONTENT_LENGTH,
        header::CONTENT_ENCODING,
        header::CONTENT_RANGE,
    ] {
        update.remove(name);
    }
    for name in update.keys() {
        result.remove(name);
    }
    for (name, value) in &update {
        result.append(name, value.clone());
    }
    for name in Control::read(fresh).directives.no_cache.fields() {
        result.remove(name);
    }
    result
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

    fn names(map: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<_> = map.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn what_is_for_one_connection_is_not_stored() {
        let map = stored(&headers(&[
            "Connection: a, B, close",
            "A: 1",
            "B: 2",
            "C: 3",
            "Keep-Alive: x",
            "Proxy-Authenticate: x",
            "Proxy-Authentication-Info: x",
            "Proxy-Authorization: x",
            "Proxy-Connection: x",
            "TE: x",
            "Transfer-Encoding: chunked",
            "Upgrade: x",
            "Age: 5",
            "Content-Encoding: x",
            "Set-Cookie: a=b",
        ]));
        assert_eq!(names(&map), ["c", "content-encoding", "set-cookie"]);
    }

    #[test]
    fn fields_that_directives_name_are_not_stored() {
        let map = stored(&headers(&[
            r#"Cache-Control: max-age=9, no-cache="a, b", private="c""#,
            "A: 1",
            "B: 2",
            "C: 3",
            "D: 4",
        ]));
        assert_eq!(names(&map), ["cache-control", "d"]);
    }

    #[test]
    fn what_is_not_stored_is_for_the_first_client() {
        let map = withheld(&headers(&[
            r#"Cache-Control: max-age=9, no-cache="a, b, hop", private="A, c""#,
            "Connection: hop",
            "Hop: 1",
            "A: 1",
            "A: 2",
            "B: 3",
            "D: 4",
        ]));
        assert_eq!(names(&map), ["a", "b"]);
        assert_eq!(map.get_all("a").iter().count(), 2);
        assert!(withheld(&headers(&["Cache-Control: private", "A: 1"])).is_empty());
    }

    #[test]
    fn a_304_updates_all_but_what_the_body_hangs_on() {
        let old = headers(&[
            "A: 1",
            "A: 2",
            "Content-Length: 5",
            "Content-Type: text/a",
            "Content-Encoding: gzip",
            "X: stays",
        ]);
        let new = headers(&[
            "A: 3",
            "Content-Length: 0",
            "Content-Type: text/b",
            "Content-Encoding: br",
            "Upgrade: x",
            "N: new",
        ]);
        let map = updated(&old, &new);
        assert_eq!(map.get_all("a").iter().collect::<Vec<_>>(), ["3"]);
        assert_eq!(map["content-length"], "5");
        assert_eq!(map["content-encoding"], "gzip");
        assert_eq!(map["content-type"], "text/b");
        assert_eq!(
            (&map["x"], &map["n"]),
            (&"stays".parse().unwrap(), &"new".parse().unwrap())
        );
        assert!(!map.contains_key("upgrade"));
    }
}
