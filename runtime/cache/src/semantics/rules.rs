//! What the policy's `cache` block says: it overrides what it names and nothing else.

use http::{HeaderMap, HeaderName};

/// The rules of one `cache` block. The default is a plain shared cache that obeys its origin, without a regional tier.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// `tier edge D`, milliseconds: with [`Respect::Origin`] the longest that the edge (memory and disk) keeps an answer
    /// fresh, with [`Respect::Override`] how long it is fresh. It counts from when the answer came to the edge.
    pub ttl: Option<u64>,
    /// `tier regional D`, milliseconds: the same for the regional tier, counted from when the origin sent the answer. What
    /// the regional tier no longer has, the edge does not fill itself with. `None`: this block does not use that tier.
    pub regional_ttl: Option<u64>,
    /// `respect origin|override`.
    pub respect: Respect,
    /// `stale while_revalidate D`, milliseconds; takes the place of the origin's `stale-while-revalidate`.
    pub stale_while_revalidate: Option<u64>,
    /// `stale if_error D`, milliseconds; takes the place of the origin's `stale-if-error`.
    pub stale_if_error: Option<u64>,
    /// `strip response.header "N"`: removed before anything else is decided.
    pub strip: Vec<HeaderName>,
    /// The same of all fields whose names begin so, in lower case.
    pub strip_beginnings: Vec<Box<str>>,
    /// `coalesce on|off`: whether requests wait for one that is under way.
    pub coalesce: bool,
    /// `etag on`: an answer without an `ETag` gets a strong one, made of its body.
    pub etag: bool,
    /// `forward client_headers`: the client's header fields reach the origin. Then its `Cache-Control` counts, its
    /// `Authorization` bars storing as RFC 9111 3.5 has it, and a range is asked of the origin as the client asked it.
    pub forward: bool,
}

/// Who decides how long an answer is fresh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Respect {
    /// The origin's freshness, or the heuristic; a tier's duration caps it.
    #[default]
    Origin,
    /// The tier's duration, whatever the origin says, except `private`, `no-store` and `Set-Cookie`: these need to be
    /// stripped, or a ttl of the answer's own.
    Override,
}

impl Rules {
    /// How long the policy lets the edge keep an answer, when it says so. A block that overrides its origin and names the
    /// regional tier only means that one for both.
    pub fn edge_ttl(&self) -> Option<u64> {
        let both = self.respect == Respect::Override;
        self.ttl.or(self.regional_ttl.filter(|_| both))
    }

    /// Removes what `strip` names from a response.
    pub fn strip(&self, headers: &mut HeaderMap) {
        for name in &self.strip {
            headers.remove(name);
        }
        if self.strip_beginnings.is_empty() {
            return;
        }
        let begins = |name: &&HeaderName| {
            let mut all = self.strip_beginnings.iter();
            all.any(|beginning| name.as_str().starts_with(&**beginning))
        };
        let names: Vec<_> = headers.keys().filter(begins).cloned().collect();
        for name in names {
            headers.remove(name);
        }
    }
}

/// What the policy says of one answer (`only when`, `ttl D when`, `tag E`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admit {
    /// Whether it may be stored at all.
    pub store: bool,
    /// How long it is fresh, milliseconds, whatever the origin and the tier say; zero is "don't store".
    pub ttl: Option<u64>,
    /// Tags for purges, in addition to those that the answer names itself.
    pub tags: Vec<Vec<u8>>,
}

impl Default for Admit {
    fn default() -> Self {
        Self {
            store: true,
            ttl: None,
            tags: Vec::new(),
        }
    }
}
