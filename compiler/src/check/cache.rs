//! How answers of origins are kept: `cache` declarations, and `proxy` statements that use them.
//!
//! `settings` checks what is declared, `proxied` what a `proxy` adds, and `held` tells what a key holds and what
//! it doesn't.

mod held;
mod proxied;
mod settings;

pub(super) use proxied::Caching;

use super::{Checker, index};
use crate::ast::{Path, Text};
use crate::diagnostics::OutOfRange;
use crate::hir::Cache;
use crate::resolve::{DeclId, DeclKind};
use crate::source::Span;
use edge_abi::manifest;

/// Most names in a list.
const MOST_NAMES: usize = 100;

impl Checker<'_> {
    /// Gives every cache its index.
    pub(in crate::check) fn declare_cache(&mut self, id: DeclId, name: &str) {
        self.index.insert(id, index(self.hir.caches.len()));
        let declared = manifest::Cache {
            name: self.qualified(id, name),
            edge_ms: None,
            regional_ms: None,
            respect: manifest::Respect::Origin,
            methods: vec!["GET".to_owned(), "HEAD".to_owned()],
            stale_while_revalidate_ms: None,
            stale_if_error_ms: None,
            strip: Vec::new(),
            coalesce: true,
            etag: false,
            forward: manifest::Forward::Nothing,
            admits: false,
        };
        self.hir.caches.push(Cache {
            declared,
            query: None,
            key: Vec::new(),
            only_when: None,
            ttl: Vec::new(),
            tags: Vec::new(),
        });
    }

    /// The cache of that name, by its index.
    pub(super) fn cache_named(&mut self, path: &Path) -> Option<u32> {
        let decl = self.path(path, "cache")?;
        match decl.kind {
            DeclKind::Cache => self.index.get(&decl.id).copied(),
            kind => {
                let name = self.code(path.span);
                self.wrong_kind(&name, kind, "a cache", path.span)
            }
        }
    }

    /// A list of names, as [`edge_kernels::filter`] reads it: only these, or all but these.
    fn name_list(&mut self, keeps: bool, names: &[Text], what: &str, span: Span) -> Vec<u8> {
        if names.len() > MOST_NAMES {
            self.problems.push(OutOfRange {
                what: format!("how many {what} are named"),
                range: format!("at most {MOST_NAMES}; `a*` stands for all that begin so"),
                span,
            });
        }
        let mut list = vec![if keeps { b'+' } else { b'-' }];
        for name in names {
            let stem = name.value.strip_suffix('*').unwrap_or(&name.value);
            if stem.contains('*') {
                self.problems.push(OutOfRange {
                    what: "a `*` in a name".to_owned(),
                    range: "at its end".to_owned(),
                    span: name.span,
                });
            }
            list.extend(index(name.value.len()).to_le_bytes());
            list.extend(name.value.as_bytes());
        }
        list
    }
}
