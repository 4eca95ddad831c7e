#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use edge_lookup as lookup;
use proptest::prelude::*;

use super::*;

/// `/a/:b/*c` as a pattern.
fn pattern(text: &str) -> PathPattern {
    let segments = text
        .split('/')
        .skip(1)
        .map(|segment| match segment.as_bytes() {
            [b':', ..] => Segment::Param,
            [b'*', ..] => Segment::Rest,
            literal => Segment::Literal(literal.to_vec()),
        });
    PathPattern {
        segments: segments.collect(),
    }
}

fn found(table: &RouteTable, path: &[u8]) -> Vec<u32> {
    table.leaves()[lookup::route::find(table.bytes(), path) as usize].clone()
}

fn any_pattern() -> impl Strategy<Value = PathPattern> {
    let literal = prop::sample::select(vec![
        "",
        "a",
        "b",
        "abcdefg",
        "abcdefgh",
        "abcdefghi",
        "abcdefghj",
    ]);
    let segment = prop_oneof![
        3 => literal.prop_map(|literal| Segment::Literal(literal.as_bytes().to_vec())),
        1 => Just(Segment::Param),
    ];
    (
        prop::collection::vec(segment, 0..4),
        prop::bool::weighted(0.3),
    )
        .prop_map(|(mut segments, rest)| {
            segments.extend(rest.then_some(Segment::Rest));
            PathPattern { segments }
        })
}

fn any_path() -> impl Strategy<Value = Vec<u8>> {
    let segment = prop::sample::select(vec![
        "",
        "a",
        "b",
        "c",
        "abcdefg",
        "abcdefgh",
        "abcdefghi",
        "abcdefghj",
        "a\0",
    ]);
    let path = prop::collection::vec(segment, 0..6)
        .prop_map(|segments| format!("/{}", segments.join("/")).into_bytes());
    prop_oneof![8 => path, 1 => prop::collection::vec(prop::sample::select(b"/a".to_vec()), 0..5)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn agrees_with_each_pattern(
        patterns in prop::collection::vec(any_pattern(), 0..12), paths in prop::collection::vec(any_path(), 16),
    ) {
        let table = RouteTable::build(&patterns).unwrap();
        prop_assert!(table.leaves()[0].is_empty());
        for path in &paths {
            prop_assert_eq!(found(&table, path), matches(&patterns, path), "{:?}", String::from_utf8_lossy(path));
        }
    }

    #[test]
    fn segments_are_what_split_says(path in any_path(), index in 0..6usize) {
        let mut parts = path.split(|&byte| byte == b'/');
        let expected = (parts.next() == Some(b"")).then(|| parts.nth(index)).flatten();
        prop_assert_eq!(lookup::route::segment(&path, index), expected);
        let mut tail = path.splitn(index + 2, |&byte| byte == b'/');
        let expected = (path.first() == Some(&b'/')).then(|| tail.nth(index + 1)).flatten();
        prop_assert_eq!(lookup::route::rest(&path, index), expected);
    }
}

#[test]
fn the_rulings_on_slashes() {
    let patterns = ["/", "/a", "/a/", "/:p", "/a/*rest", "/*rest"].map(pattern);
    let table = RouteTable::build(&patterns).unwrap();
    for (path, expected) in [
        ("/", &[0, 5][..]),
        ("/a", &[1, 3, 5]),
        ("/a/", &[2, 4, 5]),
        ("/a/x/y", &[4, 5]),
        ("/b", &[3, 5]),
        ("/b/", &[5]),
        ("//", &[5]),
        ("", &[]),
        ("a", &[]),
    ] {
        assert_eq!(found(&table, path.as_bytes()), expected, "{path}");
        assert_eq!(matches(&patterns, path.as_bytes()), expected, "{path}");
    }
}

#[test]
fn ten_thousand_routes() {
    let patterns: Vec<PathPattern> = (0..10_000)
        .map(|n| pattern(&format!("/api/v{}/resource-number-{n}/:id/edit", n % 7)))
        .collect();
    let table = RouteTable::build(&patterns).unwrap();
    assert!(table.stats().max_probe < 64, "{:?}", table.stats());
    for n in (0..10_000u32).step_by(13) {
        let path = format!("/api/v{}/resource-number-{n}/42/edit", n % 7);
        assert_eq!(found(&table, path.as_bytes()), [n]);
        assert!(found(&table, format!("{path}/").as_bytes()).is_empty());
    }
}

#[test]
fn what_explodes_is_refused() {
    // After k segments any subset of the patterns that have an `a` there may be alive.
    let patterns: Vec<PathPattern> = (0..24)
        .map(|at| {
            let segment = |index| {
                if index == at {
                    Segment::Literal(b"a".to_vec())
                } else {
                    Segment::Param
                }
            };
            PathPattern {
                segments: (0..24).map(segment).collect(),
            }
        })
        .collect();
    assert!(matches!(
        RouteTable::build(&patterns),
        Err(RouteError::TooManyStates { .. })
    ));
}

#[test]
fn what_is_no_pattern_is_refused() {
    let rest_first = PathPattern {
        segments: vec![Segment::Rest, Segment::Param],
    };
    assert_eq!(
        RouteTable::build(&[pattern("/"), rest_first]),
        Err(RouteError::RestNotLast { pattern: 1 })
    );
    let slash = PathPattern {
        segments: vec![Segment::Literal(b"a/b".to_vec())],
    };
    assert_eq!(
        RouteTable::build(&[slash]),
        Err(RouteError::SlashInSegment { pattern: 0 })
    );
}
