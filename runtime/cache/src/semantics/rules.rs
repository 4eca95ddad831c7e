//! What the policy's `cache` block says: it overrides what it names and nothing else.

use http::{HeaderMap, HeaderName};

/// The rules of one `cache` block, for one tier. The default is a plain shared cache that obeys its origin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// `tier … D`, milliseconds: with [`Respect::Origin`] the longest that this tier keeps an answer fresh, with
    /// [`Respect::Override`] how long it is fresh.
    pub ttl: Option<u64>,
    /// `respect origin|override`.
    pub respect: Respect,
    /// `stale while_revalidate D`, milliseconds; takes the place of the origin's `stale-while-revalidate`.
    pub stale_while_revalidate: Option<u64>,
    /// `stale if_error D`, milliseconds; takes the place of the origin's `stale-if-error`.
    pub stale_if_error: Option<u64>,
    /// `strip response.header "N"`: removed before anything else is decided.
    pub strip: Vec<HeaderName>,
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
    /// Removes what `strip` names from a response.
    pub fn strip(&self, headers: &mut HeaderMap) {
        for name in &self.strip {
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
