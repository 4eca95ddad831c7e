//! Terminals, read where they lie.

use edge_abi::output::{fault, pass, proxy, respond};

use super::edit::{Edits, Segments};
use super::memory::{follow, follow_optional, u16_at, u32_at};

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
