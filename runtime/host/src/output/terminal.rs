//! Terminals, read where they lie.

use edge_abi::output::{NONE, admit, fault, pass, proxy, respond};

use super::edit::{Edits, Segments};
use super::memory::{follow, follow_optional, slice, u16_at, u32_at};

macro_rules! views {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<'a> {
            pub(super) memory: &'a [u8],
            pub(super) record: &'a [u8],
        }
    )*};
}

views! {
    /// `respond`.
    Respond,
    /// `proxy`.
    Proxy,
    /// `pass`.
    Pass,
    /// `admit`.
    Admit,
}

impl<'a> Respond<'a> {
    /// The deciding rule.
    #[must_use]
    pub fn rule(&self) -> u32 {
        u32_at(self.record, respond::RULE)
    }

    /// The status, 200 to 599.
    #[must_use]
    pub fn status(&self) -> u16 {
        u16_at(self.record, respond::STATUS)
    }

    /// The content type.
    #[must_use]
    pub fn content_type(&self) -> Option<&'a [u8]> {
        follow_optional(self.memory, self.record, respond::CONTENT_TYPE)
    }

    /// Edits of the response's header.
    #[must_use]
    pub fn edits(&self) -> Edits<'a> {
        Edits::new(self.memory, self.record, respond::EDITS)
    }

    /// The body, in pieces.
    #[must_use]
    pub fn body(&self) -> Segments<'a> {
        Segments::new(self.memory, self.record, respond::BODY)
    }
}

impl<'a> Proxy<'a> {
    /// The deciding rule.
    #[must_use]
    pub fn rule(&self) -> u32 {
        u32_at(self.record, proxy::RULE)
    }

    /// Index of the target.
    #[must_use]
    pub fn target(&self) -> u32 {
        u32_at(self.record, proxy::TARGET)
    }

    /// Index of the options.
    #[must_use]
    pub fn options(&self) -> u32 {
        u32_at(self.record, proxy::OPTIONS)
    }

    /// The method, if not the client's.
    #[must_use]
    pub fn method(&self) -> Option<&'a [u8]> {
        follow_optional(self.memory, self.record, proxy::METHOD)
    }

    /// The path.
    #[must_use]
    pub fn path(&self) -> &'a [u8] {
        follow(self.memory, self.record, proxy::PATH)
    }

    /// The query string.
    #[must_use]
    pub fn query(&self) -> Option<&'a [u8]> {
        follow_optional(self.memory, self.record, proxy::QUERY)
    }

    /// The `Host`, if not the origin's.
    #[must_use]
    pub fn host(&self) -> Option<&'a [u8]> {
        follow_optional(self.memory, self.record, proxy::HOST)
    }

    /// Index of the cache whose answer it may be.
    #[must_use]
    pub fn cache(&self) -> Option<u32> {
        Some(u32_at(self.record, proxy::CACHE)).filter(|cache| *cache != NONE)
    }

    /// What the policy adds to the cache's key.
    #[must_use]
    pub fn key(&self) -> &'a [u8] {
        follow(self.memory, self.record, proxy::KEY)
    }

    /// Edits of the request's header.
    #[must_use]
    pub fn request_edits(&self) -> Edits<'a> {
        Edits::new(self.memory, self.record, proxy::REQUEST_EDITS)
    }

    /// Edits of the response's header.
    #[must_use]
    pub fn response_edits(&self) -> Edits<'a> {
        Edits::new(self.memory, self.record, proxy::RESPONSE_EDITS)
    }
}

impl<'a> Pass<'a> {
    /// The rule that lets the response go on.
    #[must_use]
    pub fn rule(&self) -> u32 {
        u32_at(self.record, pass::RULE)
    }

    /// Edits of the response's header.
    #[must_use]
    pub fn edits(&self) -> Edits<'a> {
        Edits::new(self.memory, self.record, pass::EDITS)
    }
}

impl<'a> Admit<'a> {
    /// Whether the answer may be kept.
    #[must_use]
    pub fn may_store(&self) -> bool {
        self.flags() & admit::STORE != 0
    }

    /// How long it is fresh, in milliseconds, where the policy says so: what is negative counts as 0.
    #[must_use]
    pub fn ttl_ms(&self) -> Option<u64> {
        let ttl = self.record.get(admit::TTL as usize..)?.first_chunk()?;
        let ttl = u64::try_from(i64::from_le_bytes(*ttl)).unwrap_or(0);
        Some(ttl).filter(|_| self.flags() & admit::TTL_GIVEN != 0)
    }

    /// Its tags, none of them empty.
    pub fn tags(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let memory = self.memory;
        let count = u32_at(self.record, admit::TAGS + 4) as usize;
        let size = admit::TAG as usize;
        let table = slice(
            memory,
            u32_at(self.record, admit::TAGS),
            count.saturating_mul(size),
        );
        let tags = table.chunks_exact(size);
        tags.map(move |tag| follow(memory, tag, 0))
            .filter(|tag| !tag.is_empty())
    }

    fn flags(&self) -> u32 {
        u32_at(self.record, admit::FLAGS)
    }
}

/// `fault`.
#[derive(Debug, Clone, Copy)]
pub struct Fault<'a> {
    pub(super) record: &'a [u8],
}

impl Fault<'_> {
    /// The rule that was deciding.
    #[must_use]
    pub fn rule(&self) -> u32 {
        u32_at(self.record, fault::RULE)
    }

    /// Index of the statement's place.
    #[must_use]
    pub fn place(&self) -> u32 {
        u32_at(self.record, fault::PLACE)
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> fault::Reason {
        match u32_at(self.record, fault::REASON) {
            1 => fault::Reason::RequestPath,
            2 => fault::Reason::UpstreamPath,
            _ => fault::Reason::Location,
        }
    }
}
