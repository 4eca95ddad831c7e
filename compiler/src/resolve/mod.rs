//! Names and imports: which files make up a policy, and what each of their names stands for.
//!
//! `use` and `load` reach only files under the policy's own folder. Each file is one
//! namespace; the names of a used file are reached through its stem (`shared.allowed`).
//! Importing brings names, never behaviour.

mod declare;
mod files;
mod suggest;

pub use declare::{Decl, DeclKind, RESERVED};
pub use suggest::suggest;

use crate::ast;
use crate::diagnostics::Problems;
use crate::source::{Loader, SourceMap, Span};
use std::collections::HashMap;

/// The standard library's `waf.edge`, which `use std.waf` brings.
pub const STD_WAF: &str = include_str!("../../../stdlib/waf.edge");

/// Most files of a policy.
pub const MOST_FILES: usize = 256;
/// How deep files use each other.
pub const USE_DEPTH: usize = 16;
/// Longest file of a `set`, in bytes.
pub const SET_FILE_LIMIT: usize = 64 << 20;
/// Longest file of a `const`, in bytes.
pub const CONST_FILE_LIMIT: usize = 1 << 20;

/// A policy whose files are all read and whose names are all declared.
#[derive(Debug, Clone, Default)]
pub struct Resolved {
    /// The policy's name: the stem of its file.
    pub name: String,
    /// Its files; the policy itself is the first.
    pub units: Vec<Unit>,
    /// What `load` brought, by the span of the path.
    pub loaded: HashMap<Span, Vec<u8>>,
    /// Some declaration could not be read: a name that is missing may be one of those.
    pub partial: bool,
}

/// One file of a policy.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    /// As written.
    pub ast: ast::File,
    /// What stands before its names outside of it; empty for the policy itself.
    pub prefix: String,
    /// Its names.
    pub names: HashMap<String, Decl>,
}

impl Unit {
    /// A name of this file as the whole policy, its host and its logs call it.
    #[must_use]
    pub fn qualify(&self, name: &str) -> String {
        if self.prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.prefix)
        }
    }
}

/// A declaration: its file, and which item of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeclId {
    /// Index into [`Resolved::units`].
    pub unit: usize,
    /// Index into the file's items.
    pub item: usize,
}

impl Resolved {
    /// The item of a declaration.
    #[must_use]
    pub fn item(&self, id: DeclId) -> Option<&ast::Item> {
        self.units.get(id.unit)?.ast.items.get(id.item)
    }

    /// All items, file by file, in source order.
    pub fn items(&self) -> impl Iterator<Item = (DeclId, &ast::Item)> {
        self.units.iter().enumerate().flat_map(|(unit, file)| {
            let items = file.ast.items.iter().enumerate();
            items.map(move |(item, it)| (DeclId { unit, item }, it))
        })
    }
}

/// Reads every file that the policy uses and declares all names.
pub fn resolve(
    root: ast::File,
    loader: &dyn Loader,
    sources: &mut SourceMap,
    problems: &mut Problems,
) -> Resolved {
    let name = sources
        .get(root.id)
        .map_or_else(String::new, |file| files::stem(&file.name).to_owned());
    let mut reader = files::Reader::new(loader, sources, problems);
    reader.read(root);
    let mut files = reader.finish();
    for unit in 0..files.units.len() {
        declare::declare(unit, &mut files.units, &files.uses, problems);
    }
    Resolved {
        name,
        units: files.units,
        loaded: files.loaded,
        partial: files.partial,
    }
}
