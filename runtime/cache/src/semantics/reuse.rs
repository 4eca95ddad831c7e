//! Whether a stored answer may be served to a request (RFC 9111 4, 4.2.4, 5.2.1; RFC 5861).

use super::directives::RequestDirectives;
use super::terms::Terms;

/// How a stored answer may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// It is served as it is.
    Fresh,
    /// It is stale, and the client accepts that (`max-stale`).
    Accepted,
    /// It is stale, and served while it is validated in the background (RFC 5861 3).
    WhileRevalidate,
    /// The origin must be asked because it is stale.
    Stale,
    /// The origin must be asked because the request wants so.
    Request,
}

/// Decides on an answer's [`Terms`] at a time, for a request with these directives.
pub fn reuse(terms: &Terms, request: &RequestDirectives, now: u64) -> Reuse {
    let ms = |seconds: u64| seconds.saturating_mul(1000);
    let fresh = terms.fresh_for(now);
    if request.no_cache {
        return Reuse::Request;
    }
    if terms.always_validate {
        return Reuse::Stale;
    }
    let too_old = request
        .max_age
        .is_some_and(|most| most == 0 || terms.age(now) > ms(most));
    let Some(stale) = terms.stale_for(now) else {
        let too_old = too_old && !terms.immutable;
        let too_short = request.min_fresh.is_some_and(|least| fresh < ms(least));
        return if too_old || too_short {
            Reuse::Request
        } else {
            Reuse::Fresh
        };
    };
    if terms.never_stale || request.min_fresh.is_some() {
        return Reuse::Stale;
    }
    if request.max_stale.is_some_and(|most| stale <= ms(most)) {
        return if too_old {
            Reuse::Request
        } else {
            Reuse::Accepted
        };
    }
    if stale < terms.while_revalidate && !too_old {
        Reuse::WhileRevalidate
    } else {
        Reuse::Stale
    }
}

/// Whether a stale answer may be served because the origin failed or answered 500, 502, 503 or 504 (RFC 5861 4).
pub fn on_error(terms: &Terms, request: &RequestDirectives, now: u64) -> bool {
    let stale = terms.stale_for(now).unwrap_or(0);
    !terms.never_stale && !request.no_cache && stale < terms.if_error
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

    /// Received at 0 with an age of 10 s, fresh until 100 s.
    fn answer() -> Terms {
        Terms {
            received: 0,
            initial_age: 10_000,
            stale_at: 100_000,
            regional_stale_at: None,
            always_validate: false,
            never_stale: false,
            while_revalidate: 4000,
            if_error: 60_000,
            immutable: false,
        }
    }

    fn ask(terms: &Terms, cache_control: &str, seconds: u64) -> Reuse {
        let request =
            RequestDirectives::read(&headers(&[&format!("Cache-Control: {cache_control}")]));
        reuse(terms, &request, seconds * 1000)
    }

    #[test]
    fn time_alone() {
        let it = answer();
        assert_eq!(ask(&it, "", 99), Reuse::Fresh);
        assert_eq!(ask(&it, "", 100), Reuse::WhileRevalidate);
        assert_eq!(ask(&it, "", 103), Reuse::WhileRevalidate);
        assert_eq!(ask(&it, "", 104), Reuse::Stale, "the window has passed");
        assert_eq!(
            ask(
                &Terms {
                    never_stale: true,
                    ..it
                },
                "",
                100
            ),
            Reuse::Stale
        );
        assert_eq!(
            ask(
                &Terms {
                    always_validate: true,
                    ..it
                },
                "",
                1
            ),
            Reuse::Stale
        );
    }

    #[test]
    fn the_request_may_want_more() {
        let it = answer();
        assert_eq!(ask(&it, "no-cache", 1), Reuse::Request);
        assert_eq!(ask(&it, "max-age=0", 1), Reuse::Request);
        assert_eq!(ask(&it, "max-age=10", 1), Reuse::Request);
        assert_eq!(ask(&it, "max-age=11", 1), Reuse::Fresh);
        assert_eq!(ask(&it, "min-fresh=100", 1), Reuse::Request);
        assert_eq!(ask(&it, "min-fresh=99", 1), Reuse::Fresh);
        assert_eq!(ask(&it, "min-fresh=1", 101), Reuse::Stale);
        assert_eq!(ask(&it, "max-age=5", 101), Reuse::Stale);
    }

    #[test]
    fn or_accept_less() {
        let it = answer();
        assert_eq!(ask(&it, "max-stale", 5000), Reuse::Accepted);
        assert_eq!(ask(&it, "max-stale=10", 110), Reuse::Accepted);
        assert_eq!(ask(&it, "max-stale=10", 111), Reuse::Stale);
        assert_eq!(ask(&it, "max-stale, max-age=5", 111), Reuse::Request);
        assert_eq!(
            ask(
                &Terms {
                    never_stale: true,
                    ..it
                },
                "max-stale",
                111
            ),
            Reuse::Stale
        );
    }

    #[test]
    fn immutable_answers_are_not_reloaded() {
        let it = Terms {
            immutable: true,
            ..answer()
        };
        assert_eq!(ask(&it, "max-age=0", 1), Reuse::Fresh);
        assert_eq!(ask(&it, "no-cache", 1), Reuse::Request);
        assert_eq!(ask(&it, "max-age=0", 200), Reuse::Stale);
    }

    #[test]
    fn errors_have_their_own_window() {
        let none = RequestDirectives::default();
        assert!(on_error(&answer(), &none, 159_999));
        assert!(!on_error(&answer(), &none, 160_000));
        assert!(!on_error(
            &Terms {
                never_stale: true,
                ..answer()
            },
            &none,
            100_000
        ));
    }
}
