//! Which field controls a shared cache: a targeted one (RFC 9213) or `Cache-Control` with `Expires`.

use super::directive::{MAX_SECONDS, directives, seconds};
use super::directives::{ResponseDirectives, Scope};
use super::list;
use http::{HeaderMap, HeaderName, header};
use sfv::{BareItem, Dictionary, ListEntry, Parser};

/// The targeted field that this cache obeys (RFC 9213 3.1).
pub const CDN_CACHE_CONTROL: HeaderName = HeaderName::from_static("cdn-cache-control");

/// Its forerunner, from the Edge Architecture Specification.
pub const SURROGATE_CONTROL: HeaderName = HeaderName::from_static("surrogate-control");

/// What a response says about its caching.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// The directives of the field that counts.
    pub directives: ResponseDirectives,
    /// Whether a targeted field counts: then neither `Cache-Control` nor `Expires` does (RFC 9213 2.2).
    pub targeted: bool,
}

impl Control {
    /// Takes the first that is there, valid and not empty: `CDN-Cache-Control`, `Surrogate-Control`, `Cache-Control`.
    pub fn read(headers: &HeaderMap) -> Self {
        match targeted(headers).or_else(|| surrogate(headers)) {
            Some(directives) => Self {
                directives,
                targeted: true,
            },
            None => Self {
                directives: ResponseDirectives::read(headers),
                targeted: false,
            },
        }
    }
}

/// Reads the dictionary of `CDN-Cache-Control`; `None` when it is absent, not a dictionary, or without a member of the
/// right type (RFC 9213 2.1).
fn targeted(headers: &HeaderMap) -> Option<ResponseDirectives> {
    let line = joined(headers, &CDN_CACHE_CONTROL)?;
    let dictionary: Dictionary = Parser::new(&line).parse().ok()?;
    let mut all = ResponseDirectives::default();
    let mut any = false;
    for (key, entry) in &dictionary {
        any |= add(&mut all, key.as_str(), entry);
    }
    any.then_some(all)
}

/// Adds a member and says whether it counts: one of the wrong type is as if it were absent.
fn add(all: &mut ResponseDirectives, key: &str, entry: &ListEntry) -> bool {
    let item = match entry {
        ListEntry::Item(item) => Some(&item.bare_item),
        ListEntry::InnerList(_) => None,
    };
    let number = match item {
        Some(BareItem::Integer(number)) => Some(
            u64::try_from(i64::from(*number))
                .unwrap_or(0)
                .min(MAX_SECONDS),
        ),
        _ => None,
    };
    let flag = matches!(item, Some(BareItem::Boolean(true)));
    match key {
        "max-age" => all.max_age = number,
        "s-maxage" => all.s_maxage = number,
        "stale-while-revalidate" => all.stale_while_revalidate = number,
        "stale-if-error" => all.stale_if_error = number,
        "no-store" => all.no_store = flag,
        "no-cache" => all.no_cache = scope(item),
        "private" => all.private = scope(item),
        "must-revalidate" => all.must_revalidate = flag,
        "proxy-revalidate" => all.proxy_revalidate = flag,
        "must-understand" => all.must_understand = flag,
        "public" => all.public = flag,
        "immutable" => all.immutable = flag,
        _ => return true,
    }
    let is_number = matches!(
        key,
        "max-age" | "s-maxage" | "stale-while-revalidate" | "stale-if-error"
    );
    if is_number {
        number.is_some()
    } else {
        matches!(item, Some(BareItem::Boolean(_) | BareItem::String(_)))
    }
}

fn scope(item: Option<&BareItem>) -> Scope {
    match item {
        Some(BareItem::Boolean(true)) => Scope::Response,
        Some(BareItem::String(names)) => {
            let names: Result<Vec<_>, _> = list::split(names.as_str().as_bytes())
                .map(HeaderName::from_bytes)
                .collect();
            names
                .ok()
                .filter(|names| !names.is_empty())
                .map_or(Scope::Response, Scope::Fields)
        }
        _ => Scope::Nothing,
    }
}

/// Reads `max-age=N[+M]` and `no-store` of `Surrogate-Control`; `content="…"` and what is for one named cache only
/// (`;name`) are ignored. `None` when neither is there.
fn surrogate(headers: &HeaderMap) -> Option<ResponseDirectives> {
    let mut all = ResponseDirectives::default();
    for member in list::members(headers, &SURROGATE_CONTROL) {
        let (name, value) = match member.iter().position(|byte| *byte == b'=') {
            Some(at) => (
                member.get(..at).unwrap_or_default(),
                member.get(at + 1..).unwrap_or_default(),
            ),
            None => (member, Default::default()),
        };
        if name.eq_ignore_ascii_case(b"no-store") {
            all.no_store = true;
        } else if name.eq_ignore_ascii_case(b"max-age") && !value.contains(&b';') {
            let fresh = value.split(|byte| *byte == b'+').next().unwrap_or_default();
            all.max_age = all.max_age.or(Some(seconds(fresh).unwrap_or(0)));
        }
    }
    (all.no_store || all.max_age.is_some()).then_some(all)
}

/// All lines of a field as one, as structured fields are combined (RFC 9651 4.2).
fn joined(headers: &HeaderMap, name: &HeaderName) -> Option<Vec<u8>> {
    let lines: Vec<_> = headers
        .get_all(name)
        .iter()
        .map(|value| value.as_bytes())
        .collect();
    (!lines.is_empty()).then(|| lines.join(&b", "[..]))
}

/// Whether `Cache-Control` stands at all, in whatever form.
pub fn has_cache_control(headers: &HeaderMap) -> bool {
    directives(headers, &header::CACHE_CONTROL).next().is_some()
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

    fn control(lines: &[&str]) -> Control {
        Control::read(&headers(lines))
    }

    #[test]
    fn a_targeted_field_replaces_cache_control() {
        let it = control(&[
            "Cache-Control: no-store",
            "CDN-Cache-Control: max-age=10000",
        ]);
        assert!(it.targeted && !it.directives.no_store);
        assert_eq!(it.directives.max_age, Some(10_000));
        let it = control(&[
            "Cache-Control: max-age=10000",
            "CDN-Cache-Control: no-store",
        ]);
        assert!(it.directives.no_store && it.directives.max_age.is_none());
        let it = control(&["CDN-Cache-Control: private", "Cache-Control: max-age=1"]);
        assert!(it.directives.private.is_response());
        let it = control(&[r#"CDN-Cache-Control: no-cache="a, b", max-age=5"#]);
        assert_eq!(it.directives.no_cache.fields().len(), 2);
    }

    #[test]
    fn what_is_no_dictionary_is_ignored() {
        for value in [
            "max-age=10000, &&&&&",
            r#"max-age="10000""#,
            "max-age =100",
            "max-age= 100",
            "MaX-aGe=3600",
            "",
            "max-age=1.5",
            "max-age=(1 2)",
        ] {
            let it = control(&[
                &format!("CDN-Cache-Control: {value}"),
                "Cache-Control: max-age=1",
            ]);
            assert!(!it.targeted, "{value}");
            assert_eq!(it.directives.max_age, Some(1), "{value}");
        }
    }

    #[test]
    fn extensions_and_huge_or_negative_ages() {
        assert_eq!(
            control(&["CDN-Cache-Control: foobar, max-age=3600"])
                .directives
                .max_age,
            Some(3600)
        );
        assert_eq!(
            control(&["CDN-Cache-Control: max-age=99999999999"])
                .directives
                .max_age,
            Some(MAX_SECONDS)
        );
        assert_eq!(
            control(&["CDN-Cache-Control: max-age=-5"])
                .directives
                .max_age,
            Some(0)
        );
        assert_eq!(
            control(&["CDN-Cache-Control: max-age=3600;x=1"])
                .directives
                .max_age,
            Some(3600)
        );
        assert_eq!(
            control(&[
                "CDN-Cache-Control: max-age=1",
                "CDN-Cache-Control: max-age=2"
            ])
            .directives
            .max_age,
            Some(2)
        );
    }

    #[test]
    fn surrogate_control_is_understood_too() {
        let it = control(&[
            r#"Surrogate-Control: max-age=600+30, content="ESI/1.0""#,
            "Cache-Control: no-store",
        ]);
        assert!(it.targeted && !it.directives.no_store);
        assert_eq!(it.directives.max_age, Some(600));
        assert!(
            control(&["Surrogate-Control: no-store"])
                .directives
                .no_store
        );
        assert!(!control(&[r#"Surrogate-Control: content="ESI/1.0""#]).targeted);
        assert!(!control(&["Surrogate-Control: max-age=5;other"]).targeted);
        let it = control(&[
            "Surrogate-Control: max-age=5",
            "CDN-Cache-Control: max-age=7",
        ]);
        assert_eq!(it.directives.max_age, Some(7));
    }
}
