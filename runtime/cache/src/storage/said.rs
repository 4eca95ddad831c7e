//! A purge as bytes, for logs.

use super::place::Place;
use super::purge::Purge;
use serde::{Deserialize, Serialize};

/// A purge with what it names, and when it was if it is soft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    what: What,
    pub soft_at: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum What {
    Tag(Vec<u8>),
    Uri(String, Vec<u8>, Vec<u8>),
    Path(Option<String>, Vec<u8>),
    Prefix(Option<String>, Vec<u8>),
    All,
}

impl Said {
    pub fn new(what: Purge<'_>, soft_at: Option<u64>) -> Self {
        let own = |host: Option<&str>| host.map(ToOwned::to_owned);
        let what = match what {
            Purge::Tag(tag) => What::Tag(tag.into()),
            Purge::Uri(place) => What::Uri(
                place.host.to_string(),
                place.path.to_vec(),
                place.query.to_vec(),
            ),
            Purge::Path(host, path) => What::Path(own(host), path.into()),
            Purge::Prefix(host, path) => What::Prefix(own(host), path.into()),
            Purge::All => What::All,
        };
        Self { what, soft_at }
    }

    /// A purge of everything.
    pub fn everything() -> Self {
        Self::new(Purge::All, None)
    }

    /// Its bytes.
    pub fn encode(&self) -> Vec<u8> {
        // it has nothing that can't be written
        postcard::to_allocvec(self).unwrap_or_default()
    }

    /// The reverse of [`Said::encode`].
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        postcard::from_bytes(bytes).ok()
    }

    /// Says it again.
    pub fn say<T>(&self, to: impl FnOnce(Purge<'_>, Option<u64>) -> T) -> T {
        let place;
        let what = match &self.what {
            What::Tag(tag) => Purge::Tag(tag),
            What::Uri(host, path, query) => {
                place = Place::new(host, path, query);
                Purge::Uri(&place)
            }
            What::Path(host, path) => Purge::Path(host.as_deref(), path),
            What::Prefix(host, path) => Purge::Prefix(host.as_deref(), path),
            What::All => Purge::All,
        };
        to(what, self.soft_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_comes_back() {
        let place = Place::new("a", b"/\xff", b"q");
        for (what, soft_at) in [
            (Purge::Tag(b"t\0"), None),
            (Purge::Uri(&place), Some(7)),
            (Purge::Path(None, b"/"), None),
            (Purge::Path(Some("a"), b"/"), None),
            (Purge::Prefix(Some("a"), b"/x"), Some(u64::MAX)),
            (Purge::All, None),
        ] {
            let bytes = Said::new(what, soft_at).encode();
            let back = Said::decode(&bytes).map(|said| said.say(|back, at| (back == what, at)));
            assert_eq!(back, Some((true, soft_at)));
        }
    }
}
