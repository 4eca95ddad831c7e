//! What is known of a request, for the reference evaluator.

use crate::hir;
use edge_abi::manifest::Fact;
use edge_kernels as kernels;
use std::collections::{BTreeMap, BTreeSet};

/// A raw fact's value.
#[derive(Debug, Clone, PartialEq)]
pub enum RawValue {
    /// Bytes.
    Bytes(Vec<u8>),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A truth value.
    Bool(bool),
    /// An address.
    Ip([u8; 16]),
    /// A list.
    List(Vec<Vec<u8>>),
}

/// The raw facts; what is not there is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// By fact.
    pub raw: BTreeMap<Fact, RawValue>,
    /// What was asked and answered, by number.
    pub answered: BTreeSet<u32>,
    /// Milliseconds since 1970.
    pub now: i64,
}

impl Facts {
    /// Whether the body has been read.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.raw.contains_key(&Fact::Body)
    }

    /// A text fact.
    #[must_use]
    pub fn text(&self, fact: &Fact) -> Option<Vec<u8>> {
        match self.raw.get(fact) {
            Some(RawValue::Bytes(bytes)) => Some(bytes.clone()),
            _ => None,
        }
    }

    fn target(&self) -> Vec<u8> {
        self.text(&Fact::RequestTarget).unwrap_or_default()
    }

    /// The path as it came.
    #[must_use]
    pub fn raw_path(&self) -> Vec<u8> {
        let mut target = self.target();
        target.truncate(kernels::uri::target_path_end(&target));
        target
    }

    /// The query string.
    #[must_use]
    pub fn query(&self) -> Option<Vec<u8>> {
        let target = self.target();
        target
            .get(kernels::uri::target_path_end(&target) + 1..)
            .map(<[u8]>::to_vec)
    }

    /// The normalised path, if there is one.
    #[must_use]
    pub fn path(&self) -> Option<Vec<u8>> {
        let raw = self.raw_path();
        let mut out = vec![0; kernels::bounds::ESCAPED.capacity(raw.len())];
        kernels::path::path_normalise(&raw, &mut out).map(<[u8]>::to_vec)
    }

    /// The host, lower case and without port.
    #[must_use]
    pub fn host(&self) -> Vec<u8> {
        let authority = self.text(&Fact::Authority).unwrap_or_default();
        let mut out = vec![0; authority.len()];
        kernels::uri::host_normalise(&authority, &mut out).to_vec()
    }

    /// The first value of a query parameter, decoded.
    #[must_use]
    pub fn query_get(&self, name: &[u8]) -> Option<Vec<u8>> {
        let query = self.query()?;
        let mut out = vec![0; query.len()];
        kernels::query::query_get(&query, name, &mut out).map(<[u8]>::to_vec)
    }

    /// All values of a query parameter, decoded.
    #[must_use]
    pub fn query_all(&self, name: &[u8]) -> Vec<Vec<u8>> {
        let decode = |text: &[u8]| {
            let mut out = vec![0; text.len()];
            kernels::percent::url_decode(text, &mut out).to_vec()
        };
        let query = self.query().unwrap_or_default();
        let pairs = query.split(|&b| b == b'&').filter(|pair| !pair.is_empty());
        pairs
            .filter_map(|pair| {
                let cut = pair.iter().position(|&b| b == b'=').unwrap_or(pair.len());
                let (key, value) = (pair.get(..cut)?, pair.get(cut + 1..).unwrap_or_default());
                (decode(key) == name).then(|| decode(value))
            })
            .collect()
    }

    /// A cookie.
    #[must_use]
    pub fn cookie(&self, name: &[u8]) -> Option<Vec<u8>> {
        let header = self.text(&Fact::Header {
            name: "cookie".into(),
        })?;
        kernels::cookie::cookie_get(&header, name).map(<[u8]>::to_vec)
    }

    /// A segment of the path, from 0.
    #[must_use]
    pub fn segment(&self, index: u32) -> Vec<u8> {
        let path = self.path().unwrap_or_default();
        path.split(|&b| b == b'/')
            .nth(index as usize + 1)
            .unwrap_or_default()
            .to_vec()
    }

    /// The path from a segment on.
    #[must_use]
    pub fn rest(&self, index: u32) -> Vec<u8> {
        let path = self.path().unwrap_or_default();
        let segments: Vec<&[u8]> = path
            .split(|&b| b == b'/')
            .skip(index as usize + 1)
            .collect();
        segments.join(&b'/')
    }

    /// Which fact holds the cookie, the query …: the raw facts that a derived one reads.
    #[must_use]
    pub fn sources(fact: &hir::Fact) -> Vec<Fact> {
        match fact {
            hir::Fact::Raw(raw) => vec![raw.clone()],
            hir::Fact::Body(_) => vec![Fact::Body],
            hir::Fact::Now => Vec::new(),
            hir::Fact::Host => vec![Fact::Authority],
            hir::Fact::Cookie(_) => vec![Fact::Header {
                name: "cookie".into(),
            }],
            hir::Fact::Stream(lane) => crate::emit::stream_sources(*lane).into(),
            _ => vec![Fact::RequestTarget],
        }
    }
}
