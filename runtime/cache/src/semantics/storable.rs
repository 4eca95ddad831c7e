//! Whether a response may be stored (RFC 9111 3), and what in it bars that.

use super::control::Control;
use super::directives::RequestDirectives;
use super::freshness::{Lifetime, is_heuristic};
use super::rules::{Admit, Respect, Rules};
use super::vary::Vary;
use http::{HeaderMap, StatusCode, header};

/// Why a response is not stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The policy does not admit it.
    Policy,
    /// The request's `no-store`.
    RequestNoStore,
    /// The response's `no-store`.
    NoStore,
    /// The response's `private`.
    Private,
    /// `must-understand` with a status that is not understood.
    NotUnderstood,
    /// A status that is no final answer of its own: 1xx, 304.
    Status,
    /// The request had `Authorization` and the response does not allow sharing (RFC 9111 3.5).
    Authorization,
    /// `Vary: *`, or one that can't be read.
    VaryAny,
    /// `Set-Cookie` where only an explicit word of the origin or the policy allows storing.
    SetCookie,
    /// Nothing says that it is fresh, and nothing could validate it.
    NoFreshness,
}

impl Refusal {
    /// One word, for `Cache-Status` and logs.
    pub fn name(self) -> &'static str {
        match self {
            Refusal::Policy => "policy",
            Refusal::RequestNoStore => "request-no-store",
            Refusal::NoStore => "no-store",
            Refusal::Private => "private",
            Refusal::NotUnderstood => "must-understand",
            Refusal::Status => "status",
            Refusal::Authorization => "authorization",
            Refusal::VaryAny => "vary",
            Refusal::SetCookie => "set-cookie",
            Refusal::NoFreshness => "not-fresh",
        }
    }
}

/// What the question is about. The headers are as received, without what the policy strips.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The client's directives, if they count.
    pub request: &'a RequestDirectives,
    /// The header fields that the origin was sent.
    pub sent: &'a HeaderMap,
    /// The response's status.
    pub status: StatusCode,
    /// The response's header fields.
    pub headers: &'a HeaderMap,
    /// What they say about caching.
    pub control: &'a Control,
    /// Its lifetime by the origin's word.
    pub lifetime: Lifetime,
    /// The policy's rules.
    pub rules: &'a Rules,
    /// The policy's word on this answer.
    pub admit: &'a Admit,
}

/// Whether the response may be stored; whether that is worth anything is the question of [`super::terms`].
///
/// # Errors
///
/// The first of the reasons against it.
pub fn storable(it: &Question<'_>) -> Result<(), Refusal> {
    let said = &it.control.directives;
    let status = it.status.as_u16();
    if !it.admit.store || it.admit.ttl == Some(0) {
        return Err(Refusal::Policy);
    }
    if it.request.no_store {
        return Err(Refusal::RequestNoStore);
    }
    if status < 200 || status == 304 {
        return Err(Refusal::Status);
    }
    if matches!(Vary::of(it.headers), Vary::Any) {
        return Err(Refusal::VaryAny);
    }
    if it.admit.ttl.is_some() {
        return Ok(());
    }
    if said.must_understand && !is_understood(it.status) {
        return Err(Refusal::NotUnderstood);
    }
    if said.no_store && !said.must_understand {
        return Err(Refusal::NoStore);
    }
    if said.private.is_response() {
        return Err(Refusal::Private);
    }
    let shared = said.public || said.must_revalidate || said.s_maxage.is_some();
    if it.rules.forward && it.sent.contains_key(header::AUTHORIZATION) && !shared {
        return Err(Refusal::Authorization);
    }
    cookies(it)?;
    freshness(it)
}

/// A cookie is for whoever asked: only explicit freshness from an origin that is respected says that it may be shared.
fn cookies(it: &Question<'_>) -> Result<(), Refusal> {
    let explicit =
        it.rules.respect == Respect::Origin && matches!(it.lifetime, Lifetime::Explicit(_));
    if it.headers.contains_key(header::SET_COOKIE) && !explicit {
        Err(Refusal::SetCookie)
    } else {
        Ok(())
    }
}

/// The last condition of RFC 9111 3: freshness said, or a status that may be assumed cacheable, or `public`.
fn freshness(it: &Question<'_>) -> Result<(), Refusal> {
    let overridden = it.rules.respect == Respect::Override && it.rules.edge_ttl().is_some();
    let known = matches!(it.lifetime, Lifetime::Explicit(_))
        || it.control.directives.public
        || is_heuristic(it.status);
    if overridden && is_understood(it.status) || known {
        Ok(())
    } else {
        Err(Refusal::NoFreshness)
    }
}

/// The statuses whose caching requirements this cache implements (RFC 9111 5.2.2.3): those of RFC 9110.
fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200..=206 | 300..=303 | 307 | 308 | 400..=406 | 408..=417 | 421 | 422 | 426 | 500..=505
    )
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::super::freshness::lifetime;
    use super::super::samples::headers;
    use super::*;

    struct Case {
        rules: Rules,
        admit: Admit,
        sent: HeaderMap,
    }

    impl Case {
        fn new() -> Self {
            Self {
                rules: Rules {
                    forward: true,
                    ..Rules::default()
                },
                admit: Admit::default(),
                sent: HeaderMap::new(),
            }
        }

        fn ask(&self, status: u16, lines: &[&str]) -> Result<(), Refusal> {
            let headers = headers(lines);
            let control = Control::read(&headers);
            let status = StatusCode::from_u16(status).unwrap();
            storable(&Question {
                request: &RequestDirectives::read(&self.sent),
                sent: &self.sent,
                status,
                headers: &headers,
                control: &control,
                lifetime: lifetime(status, &headers, &control, 0),
                rules: &self.rules,
                admit: &self.admit,
            })
        }
    }

    #[test]
    fn directives_bar_storing() {
        let case = Case::new();
        assert_eq!(
            case.ask(200, &["Cache-Control: max-age=9, no-store"]),
            Err(Refusal::NoStore)
        );
        assert_eq!(
            case.ask(200, &["Cache-Control: private, max-age=9"]),
            Err(Refusal::Private)
        );
        assert_eq!(
            case.ask(200, &[r#"Cache-Control: private="a", max-age=9"#]),
            Ok(())
        );
        assert_eq!(
            case.ask(
                200,
                &["Cache-Control: max-age=9, no-store, must-understand"]
            ),
            Ok(())
        );
        assert_eq!(
            case.ask(
                599,
                &["Cache-Control: max-age=9, no-store, must-understand"]
            ),
            Err(Refusal::NotUnderstood)
        );
        assert_eq!(
            case.ask(
                200,
                &["Cache-Control: no-store", "CDN-Cache-Control: max-age=9"]
            ),
            Ok(())
        );
        assert_eq!(
            case.ask(
                200,
                &["Cache-Control: max-age=9", "CDN-Cache-Control: private"]
            ),
            Err(Refusal::Private)
        );
    }

    #[test]
    fn every_final_status_with_freshness() {
        let case = Case::new();
        for status in [
            200, 203, 204, 206, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 503, 599,
        ] {
            assert_eq!(
                case.ask(status, &["Cache-Control: max-age=9"]),
                Ok(()),
                "{status}"
            );
        }
        for status in [100, 103, 304] {
            assert_eq!(
                case.ask(status, &["Cache-Control: max-age=9"]),
                Err(Refusal::Status),
                "{status}"
            );
        }
        assert_eq!(case.ask(302, &[]), Err(Refusal::NoFreshness));
        assert_eq!(case.ask(200, &[]), Ok(()));
    }

    #[test]
    fn authorization_needs_a_word() {
        let mut case = Case::new();
        case.sent = headers(&["Authorization: FOO"]);
        assert_eq!(
            case.ask(200, &["Cache-Control: max-age=9"]),
            Err(Refusal::Authorization)
        );
        for word in ["public", "must-revalidate", "s-maxage=9"] {
            assert_eq!(
                case.ask(200, &[&format!("Cache-Control: max-age=9, {word}")]),
                Ok(()),
                "{word}"
            );
        }
        case.rules.forward = false;
        assert_eq!(
            case.ask(200, &["Cache-Control: max-age=9"]),
            Ok(()),
            "the key holds what the policy sends"
        );
    }

    #[test]
    fn vary_star_in_any_spelling() {
        for value in ["*", "*, *", ", *", "Foo, *", "*, Foo", "Foo bar"] {
            let it = Case::new().ask(
                200,
                &["Cache-Control: max-age=9", &format!("Vary: {value}")],
            );
            assert_eq!(it, Err(Refusal::VaryAny), "{value}");
        }
        assert_eq!(
            Case::new().ask(200, &["Cache-Control: max-age=9", "Vary: Foo"]),
            Ok(())
        );
    }

    #[test]
    fn overriding_spares_private_and_cookies() {
        let mut case = Case::new();
        case.rules = Rules {
            respect: Respect::Override,
            ttl: Some(1000),
            ..Rules::default()
        };
        assert_eq!(
            case.ask(302, &["Cache-Control: no-cache, max-age=0"]),
            Ok(())
        );
        assert_eq!(
            case.ask(200, &["Cache-Control: no-store"]),
            Err(Refusal::NoStore)
        );
        assert_eq!(
            case.ask(200, &["Cache-Control: private"]),
            Err(Refusal::Private)
        );
        assert_eq!(
            case.ask(200, &["Set-Cookie: a=b", "Cache-Control: max-age=9"]),
            Err(Refusal::SetCookie)
        );
        case.admit.ttl = Some(5);
        assert_eq!(
            case.ask(200, &["Set-Cookie: a=b", "Cache-Control: no-store"]),
            Ok(())
        );
    }

    #[test]
    fn cookies_need_explicit_freshness() {
        let case = Case::new();
        assert_eq!(
            case.ask(200, &["Set-Cookie: a=b", "Cache-Control: max-age=9"]),
            Ok(())
        );
        let modified = "Last-Modified: Sun, 06 Nov 1994 08:48:37 GMT";
        assert_eq!(
            case.ask(200, &["Set-Cookie: a=b", modified]),
            Err(Refusal::SetCookie)
        );
    }

    #[test]
    fn the_policy_and_the_request_may_say_no() {
        let mut case = Case::new();
        case.admit.store = false;
        assert_eq!(
            case.ask(200, &["Cache-Control: max-age=9"]),
            Err(Refusal::Policy)
        );
        case.admit = Admit {
            ttl: Some(0),
            ..Admit::default()
        };
        assert_eq!(
            case.ask(200, &["Cache-Control: max-age=9"]),
            Err(Refusal::Policy)
        );
        case.admit = Admit::default();
        case.sent = headers(&["Cache-Control: no-store"]);
        assert_eq!(
            case.ask(200, &["Cache-Control: max-age=9"]),
            Err(Refusal::RequestNoStore)
        );
    }
}
