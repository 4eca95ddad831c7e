//! What shows that somebody may ask.

use std::fmt;
use std::path::Path;

use http::{HeaderMap, HeaderValue, header};
use sha2::{Digest, Sha256};

use crate::config::SecretSource;
use crate::private::PrivateError;

/// A bearer token (RFC 6750), of which only the digest is kept: how long a comparison takes says nothing
/// of the token itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token([u8; 32]);

impl Token {
    /// The token that a setting says the place of.
    pub(crate) fn read(
        setting: &str,
        source: &SecretSource,
        folder: &Path,
    ) -> Result<Self, PrivateError> {
        let secret = source.read(setting, folder)?;
        Token::new(secret.reveal()).ok_or_else(|| PrivateError::Token(setting.to_owned()))
    }

    /// None when no request could have it.
    pub(crate) fn new(token: &[u8]) -> Option<Self> {
        is_sendable(token).then(|| Token(digest(token)))
    }

    /// Whether the request has it: `Authorization: Bearer …`, once.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut fields = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else {
            return false;
        };
        let Some((scheme, given)) = field.as_bytes().split_at_checked(7) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"bearer ") && digest(given.trim_ascii()) == self.0
    }
}

/// The field that sends the token which a setting says the place of.
pub(crate) fn authorization(
    setting: &str,
    source: &SecretSource,
    folder: &Path,
) -> Result<HeaderValue, PrivateError> {
    let secret = source.read(setting, folder)?;
    let token = Some(secret.reveal()).filter(|token| is_sendable(token));
    let field = token.map(|token| HeaderValue::from_bytes(&[b"Bearer ", token].concat()));
    match field {
        Some(Ok(mut field)) => {
            field.set_sensitive(true);
            Ok(field)
        }
        _ => Err(PrivateError::Token(setting.to_owned())),
    }
}

/// Whether a request could have it (RFC 6750, 2.1).
fn is_sendable(token: &[u8]) -> bool {
    !token.is_empty() && token.iter().all(u8::is_ascii_graphic)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn is_in(fields: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(header::AUTHORIZATION, field.parse().unwrap());
        }
        Token::new(b"s3cret").unwrap().is_in(&headers)
    }

    #[test]
    fn only_the_whole_token_will_do() {
        assert!(is_in(&["Bearer s3cret"]));
        assert!(is_in(&["bearer  s3cret"]));
        for wrong in [
            "Bearer s3cre",
            "Bearer s3crets",
            "Bearer ",
            "Bearer",
            "s3cret",
            "Basic s3cret",
            "Bearer S3CRET",
        ] {
            assert!(!is_in(&[wrong]), "{wrong}");
        }
        assert!(!is_in(&[]));
        assert!(!is_in(&["Bearer s3cret", "Bearer s3cret"]));
    }

    #[test]
    fn some_tokens_are_none() {
        for none in [&b""[..], b"a b", b"a\n", "\u{e4}".as_bytes()] {
            assert_eq!(Token::new(none), None);
        }
        assert_eq!(format!("{:?}", Token::new(b"s3cret").unwrap()), "Token(…)");
    }
}
