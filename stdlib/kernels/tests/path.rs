//! The normal form of a request's path, and what may go upstream.
#![allow(clippy::unwrap_used)]

use edge_kernels::path::path_normalise;
use edge_kernels::uri::{host_normalise, target_path_end, upstream_path_ok, upstream_value_ok};
use proptest::prelude::*;

fn normalise(path: &[u8]) -> Option<Vec<u8>> {
    path_normalise(path, &mut vec![0; path.len() * 3]).map(<[u8]>::to_vec)
}

fn is(path: &str, normal: &str) {
    assert_eq!(
        normalise(path.as_bytes()).as_deref(),
        Some(normal.as_bytes()),
        "{path}"
    );
}

#[test]
fn what_is_normal_is_returned_itself() {
    let path = b"/a/b.c/.well-known/~x//y;z=1,2@:!$&'()*+".as_slice();
    assert_eq!(normalise(path).as_deref(), Some(path));
    let plain = b"/products/42".as_slice();
    assert_eq!(
        path_normalise(plain, &mut []).unwrap().as_ptr(),
        plain.as_ptr()
    );
}

#[test]
fn escapes() {
    is("/%7Ealice/%61%2d%5F", "/~alice/a-_");
    is("/a%2fb%5cc%c3%a9", "/a%2Fb%5Cc%C3%A9");
    is("/é", "/%C3%A9");
    is("/%0a%20%3f%23%25", "/%0A%20%3F%23%25");
    is("/%252e%252e/a", "/%252e%252e/a");
}

#[test]
fn dot_segments() {
    is("/a/b/c/./../../g", "/a/g"); // RFC 3986, section 5.2.4
    is("/./a", "/a");
    is("/a/.", "/a/");
    is("/a/..", "/");
    is("/..", "/");
    is("/../../x", "/x");
    is("/a/%2e%2E/b/%2e/.%2e/c", "/c");
    is("/a//../b", "/a/b");
    is("//..//x", "//x");
    is("/.../..a/a../.a", "/.../..a/a../.a");
    is("/a/..%2fb", "/a/..%2Fb");
}

#[test]
fn refused() {
    for path in [
        "",
        "a",
        "*",
        "/%",
        "/%4",
        "/%4g",
        "/%00",
        "/a\0",
        "/a b",
        "/a\n",
        "/\x7f",
        "/a?b",
        "/a#b",
        "/./%zz/..",
    ] {
        assert_eq!(normalise(path.as_bytes()), None, "{path:?}");
    }
}

#[test]
fn upstream() {
    assert!(upstream_value_ok(b"a/b%2F~"));
    assert!(upstream_value_ok(b""));
    for value in ["a?b", "a#b", "a b", "a\r", "\x7f", "é"] {
        assert!(!upstream_value_ok(value.as_bytes()), "{value:?}");
    }
    assert!(upstream_path_ok(b"/v2/a..b/...//c"));
    for path in [
        "", "v2", "/a/../b", "/.", "/a/%2E", "/%2e./x", "/x/.%2E", "/a?b",
    ] {
        assert!(!upstream_path_ok(path.as_bytes()), "{path}");
    }
}

#[test]
fn targets_and_hosts() {
    assert_eq!(target_path_end(b"/a?b?c"), 2);
    assert_eq!(target_path_end(b"/a"), 2);
    let hosts = [
        ("Example.COM:8080", "example.com"),
        ("example.com.", "example.com"),
        ("example.com.:443", "example.com"),
        ("[2001:DB8::1]:80", "[2001:db8::1]"),
        ("[::1]", "[::1]"),
        ("", ""),
        ("a:", "a"),
    ];
    for (authority, host) in hosts {
        assert_eq!(
            host_normalise(authority.as_bytes(), &mut [0; 32]),
            host.as_bytes(),
            "{authority}"
        );
    }
}

proptest! {
    #[test]
    fn normalising_twice_is_normalising_once(tail in "([/.a%]|%2[efEF]|%2[eE]|%[0-9a-f]{2}|\\.\\./|é|[!-~]){0,24}") {
        if let Some(once) = normalise(format!("/{tail}").as_bytes()) {
            prop_assert_eq!(normalise(&once), Some(once.clone()));
            prop_assert!(once.len() <= 3 * (tail.len() + 1));
            prop_assert!(upstream_path_ok(&once), "{:?}", std::str::from_utf8(&once));
        }
    }

    #[test]
    fn any_bytes(path in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Some(once) = normalise(&path) {
            prop_assert_eq!(normalise(&once), Some(once.clone()));
        }
    }
}
