//! What `Cache-Control` says, in responses and in requests (RFC 9111 5.2).

use super::directive::{Value, directives};
use super::list;
use http::{HeaderMap, HeaderName, header};

/// The directives of a response that a shared cache knows (RFC 9111 5.2.2, RFC 5861, RFC 8246).
///
/// Of a directive that stands twice the first counts (RFC 9111 4.2.1). A `max-age` or `s-maxage` that is no whole number
/// is `Some(0)`: invalid freshness information means stale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseDirectives {
    /// `max-age`, seconds.
    pub max_age: Option<u64>,
    /// `s-maxage`, seconds.
    pub s_maxage: Option<u64>,
    /// `no-cache`, alone or with field names.
    pub no_cache: Scope,
    /// `private`, alone or with field names.
    pub private: Scope,
    /// `no-store`.
    pub no_store: bool,
    /// `must-revalidate`.
    pub must_revalidate: bool,
    /// `proxy-revalidate`.
    pub proxy_revalidate: bool,
    /// `must-understand`.
    pub must_understand: bool,
    /// `public`.
    pub public: bool,
    /// `immutable`.
    pub immutable: bool,
    /// `stale-while-revalidate`, seconds.
    pub stale_while_revalidate: Option<u64>,
    /// `stale-if-error`, seconds.
    pub stale_if_error: Option<u64>,
}

/// What `no-cache` and `private` are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The directive is absent.
    #[default]
    Nothing,
    /// It stands alone, or with names that can't be read: it means the whole response.
    Response,
    /// It names these fields (RFC 9111 5.2.2.4, 5.2.2.7).
    Fields(Vec<HeaderName>),
}

impl Scope {
    /// Whether the directive is about the whole response.
    pub fn is_response(&self) -> bool {
        *self == Scope::Response
    }

    /// The fields that are named, if it names any.
    pub fn fields(&self) -> &[HeaderName] {
        match self {
            Scope::Fields(names) => names,
            _ => &[],
        }
    }

    /// Adds one more directive of the kind: the whole response covers every field.
    pub(super) fn add(&mut self, value: Value<'_>) {
        let Some(text) = value.text() else {
            *self = Scope::Response;
            return;
        };
        let names: Result<Vec<_>, _> = list::split(&text).map(HeaderName::from_bytes).collect();
        match (names, &mut *self) {
            (_, Scope::Response) => {}
            (Ok(names), Scope::Fields(have)) if !names.is_empty() => have.extend(names),
            (Ok(names), Scope::Nothing) if !names.is_empty() => *self = Scope::Fields(names),
            _ => *self = Scope::Response,
        }
    }
}

impl ResponseDirectives {
    /// Reads all `Cache-Control` lines of a response.
    pub fn read(headers: &HeaderMap) -> Self {
        let mut all = Self::default();
        for (name, value) in directives(headers, &header::CACHE_CONTROL) {
            all.add(name, value);
        }
        all
    }

    pub(super) fn add(&mut self, name: &[u8], value: Value<'_>) {
        let seconds = value.seconds();
        match name.to_ascii_lowercase().as_slice() {
            b"max-age" => _ = self.max_age.get_or_insert(seconds.unwrap_or(0)),
            b"s-maxage" => _ = self.s_maxage.get_or_insert(seconds.unwrap_or(0)),
            b"no-cache" => self.no_cache.add(value),
            b"private" => self.private.add(value),
            b"no-store" => self.no_store = true,
            b"must-revalidate" => self.must_revalidate = true,
            b"proxy-revalidate" => self.proxy_revalidate = true,
            b"must-understand" => self.must_understand = true,
            b"public" => self.public = true,
            b"immutable" => self.immutable = true,
            b"stale-while-revalidate" => {
                _ = self
                    .stale_while_revalidate
                    .get_or_insert(seconds.unwrap_or(0))
            }
            b"stale-if-error" => _ = self.stale_if_error.get_or_insert(seconds.unwrap_or(0)),
            _ => {}
        }
    }
}

/// The directives of a request (RFC 9111 5.2.1). A number that can't be read is as if the directive were absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestDirectives {
    /// `max-age`, seconds.
    pub max_age: Option<u64>,
    /// `min-fresh`, seconds.
    pub min_fresh: Option<u64>,
    /// `max-stale`, seconds; without a value any staleness is accepted, which is [`u64::MAX`].
    pub max_stale: Option<u64>,
    /// `no-cache`, or `Pragma: no-cache` where there is no `Cache-Control` (RFC 9111 5.4).
    pub no_cache: bool,
    /// `no-store`.
    pub no_store: bool,
    /// `only-if-cached`.
    pub only_if_cached: bool,
}

impl RequestDirectives {
    /// Reads the `Cache-Control` and `Pragma` lines of a request.
    pub fn read(headers: &HeaderMap) -> Self {
        let mut all = Self::default();
        if !headers.contains_key(header::CACHE_CONTROL) {
            all.no_cache = list::members(headers, &header::PRAGMA)
                .any(|word| word.eq_ignore_ascii_case(b"no-cache"));
            return all;
        }
        for (name, value) in directives(headers, &header::CACHE_CONTROL) {
            all.add(name, value);
        }
        all
    }

    fn add(&mut self, name: &[u8], value: Value<'_>) {
        match name.to_ascii_lowercase().as_slice() {
            b"max-age" => self.max_age = self.max_age.or(value.seconds()),
            b"min-fresh" => self.min_fresh = self.min_fresh.or(value.seconds()),
            b"max-stale" if value == Value::Absent => {
                self.max_stale = self.max_stale.or(Some(u64::MAX))
            }
            b"max-stale" => self.max_stale = self.max_stale.or(value.seconds()),
            b"no-cache" => self.no_cache = true,
            b"no-store" => self.no_store = true,
            b"only-if-cached" => self.only_if_cached = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::super::directive::MAX_SECONDS;
    use super::super::samples::headers;
    use super::*;

    fn response(lines: &[&str]) -> ResponseDirectives {
        ResponseDirectives::read(&headers(lines))
    }

    #[test]
    fn ages_are_whole_numbers_or_stale() {
        for (value, expected) in [
            ("max-age=3600", Some(3600)),
            ("MaX-AgE=3600", Some(3600)),
            ("max-age=003600", Some(3600)),
            (r#"max-age="3600""#, Some(3600)),
            ("max-age=99999999999999999999999", Some(MAX_SECONDS)),
            ("max-age='3600'", Some(0)),
            ("max-age=-1", Some(0)),
            ("max-age=3600.0", Some(0)),
            ("max-age=a100", Some(0)),
            ("max-age=100a", Some(0)),
            ("max-age", Some(0)),
            ("max-age=", Some(0)),
            ("max-age =3600", Some(0)),
            ("max-age= 3600", Some(0)),
            (r#"max-age="36"00""#, Some(0)),
            (r#"extension="max-age=3600""#, None),
            ("x-max-age=3600", None),
            ("", None),
        ] {
            assert_eq!(
                response(&[&format!("Cache-Control: {value}")]).max_age,
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn the_first_of_two_counts() {
        assert_eq!(
            response(&["Cache-Control: max-age=1800, max-age=1"]).max_age,
            Some(1800)
        );
        assert_eq!(
            response(&["Cache-Control: max-age=1", "Cache-Control: max-age=1800"]).max_age,
            Some(1)
        );
        assert_eq!(
            response(&[r#"Cache-Control: extension="max-age=3600", max-age=1"#]).max_age,
            Some(1)
        );
    }

    #[test]
    fn restrictions_count_wherever_and_however_they_stand() {
        let all = response(&[
            "Cache-Control: , No-StOrE ,,must-revalidate",
            "Cache-Control: proxy-revalidate =x, PUBLIC",
        ]);
        assert!(all.no_store && all.must_revalidate && all.proxy_revalidate && all.public);
        assert!(!all.must_understand && !all.immutable);
    }

    #[test]
    fn no_cache_and_private_may_name_fields() {
        let names = |scope: &Scope| {
            scope
                .fields()
                .iter()
                .map(|name| name.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            names(&response(&[r#"Cache-Control: no-cache="a, B""#]).no_cache),
            ["a", "b"]
        );
        assert_eq!(
            names(&response(&["Cache-Control: private=set-cookie"]).private),
            ["set-cookie"]
        );
        assert_eq!(
            names(&response(&[r#"Cache-Control: private="a", private="b""#]).private),
            ["a", "b"]
        );
        assert!(
            response(&[r#"Cache-Control: no-cache="a", no-cache"#])
                .no_cache
                .is_response()
        );
        assert!(
            response(&[r#"Cache-Control: no-cache, no-cache="a""#])
                .no_cache
                .is_response()
        );
        assert!(
            response(&[r#"Cache-Control: no-cache="""#])
                .no_cache
                .is_response()
        );
        assert!(
            response(&[r#"Cache-Control: private="a b""#])
                .private
                .is_response()
        );
        assert_eq!(response(&["Cache-Control: public"]).private, Scope::Nothing);
    }

    #[test]
    fn requests_have_their_own() {
        let all = RequestDirectives::read(&headers(&[
            "Cache-Control: max-age=5, min-fresh=6, max-stale, only-if-cached",
        ]));
        assert_eq!(
            (all.max_age, all.min_fresh, all.max_stale),
            (Some(5), Some(6), Some(u64::MAX))
        );
        assert!(all.only_if_cached && !all.no_cache);
        let all = RequestDirectives::read(&headers(&[
            "Cache-Control: max-age=x, max-stale=7, no-store",
        ]));
        assert_eq!(
            (all.max_age, all.max_stale, all.no_store),
            (None, Some(7), true)
        );
    }

    #[test]
    fn pragma_counts_only_without_cache_control() {
        assert!(RequestDirectives::read(&headers(&["Pragma: x, No-Cache"])).no_cache);
        assert!(
            !RequestDirectives::read(&headers(&["Pragma: no-cache", "Cache-Control: max-age=9"]))
                .no_cache
        );
        assert!(!RequestDirectives::read(&headers(&["Pragma: extension"])).no_cache);
    }
}
