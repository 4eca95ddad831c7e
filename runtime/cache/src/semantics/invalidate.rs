//! What an unsafe request makes invalid (RFC 9111 4.4).

use http::{HeaderMap, Method, StatusCode, Uri, header};
use url::Url;

/// Whether a method is safe (RFC 9110 9.2.1). One that is unknown is not.
pub fn is_safe(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    )
}

/// Whether an answer to this method invalidates what is stored for its URI: an unsafe method and a status that is no error.
pub fn invalidates(method: &Method, status: StatusCode) -> bool {
    !is_safe(method) && (status.is_success() || status.is_redirection())
}

/// The URIs that are invalid after it: the request's own, then those in `Location` and `Content-Location` that have the
/// same origin. `uri` is the absolute target URI.
pub fn targets(uri: &Uri, headers: &HeaderMap) -> Vec<Uri> {
    let mut all = vec![uri.clone()];
    let Ok(base) = Url::parse(&uri.to_string()) else {
        return all;
    };
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        let other = headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| base.join(text).ok());
        let Some(mut other) = other.filter(|other| other.origin() == base.origin()) else {
            continue;
        };
        other.set_fragment(None);
        if let Ok(other) = other.as_str().parse::<Uri>()
            && !all.contains(&other)
        {
            all.push(other);
        }
    }
    all
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

    #[test]
    fn unsafe_methods_that_succeed() {
        for method in ["POST", "PUT", "DELETE", "PATCH", "M-SEARCH", "get"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert!(invalidates(&method, StatusCode::OK), "{method}");
            assert!(invalidates(&method, StatusCode::SEE_OTHER), "{method}");
            assert!(
                !invalidates(&method, StatusCode::INTERNAL_SERVER_ERROR),
                "{method}"
            );
            assert!(!invalidates(&method, StatusCode::NOT_FOUND), "{method}");
        }
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE] {
            assert!(!invalidates(&method, StatusCode::OK), "{method}");
        }
    }

    #[test]
    fn locations_of_the_same_origin() {
        let uri: Uri = "http://a.example/x/y?q=1".parse().unwrap();
        let of = |lines: &[&str]| {
            targets(&uri, &headers(lines))
                .iter()
                .map(Uri::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(&[]), ["http://a.example/x/y?q=1"]);
        assert_eq!(
            of(&["Location: z#top", "Content-Location: /w"])[1..],
            ["http://a.example/x/z", "http://a.example/w"]
        );
        assert_eq!(
            of(&["Location: http://a.example:80/z"])[1..],
            ["http://a.example/z"]
        );
        for other in [
            "http://b.example/z",
            "https://a.example/z",
            "http://a.example:81/z",
            "//b.example/z",
            "http://[/",
        ] {
            assert_eq!(of(&[&format!("Location: {other}")]).len(), 1, "{other}");
        }
    }
}
