//! Which policies are meant by a path.

use std::fs;
use std::path::{Path, PathBuf};

use edge_compiler::ast::ItemKind;
use edge_compiler::diagnostics::Problems;
use edge_compiler::parse;
use edge_compiler::source::FileId;

use crate::failure::{Failure, Result};
use crate::files::reason;
use edge_host::file;

/// Most folders inside each other.
const DEPTH: usize = 64;

/// Which files of a folder are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Policies: what holds more than names for others to `use`.
    Policies,
    /// Policies with tests.
    Tests,
}

/// The file itself or, in order of their names, the policies of a folder and its subfolders that
/// are wanted or can't be read as policies. Hidden folders and links to folders are left out.
pub fn policies(path: &Path, wanted: Wanted) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    search(path, wanted, DEPTH, &mut found)?;
    Ok(found)
}

fn search(folder: &Path, wanted: Wanted, depth: usize, found: &mut Vec<PathBuf>) -> Result<()> {
    let cannot = |error: std::io::Error| {
        Failure::new(format!(
            "cannot read the folder `{}`: {}",
            folder.display(),
            reason(&error)
        ))
    };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        entries.push(entry.map_err(cannot)?);
    }
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let kind = entry.file_type().map_err(cannot)?;
        if kind.is_dir() && !hidden && depth > 0 {
            search(&path, wanted, depth - 1, found)?;
        } else if path.extension().is_some_and(|it| it == "edge")
            && path.is_file()
            && is_wanted(&path, wanted)
        {
            found.push(path);
        }
    }
    Ok(())
}

/// Whether it is wanted, or something is wrong with it that must not go unseen.
fn is_wanted(path: &Path, wanted: Wanted) -> bool {
    let Ok(bytes) = file::read(path, parse::MOST_BYTES as u64) else {
        return true;
    };
    let Ok(text) = String::from_utf8(bytes) else {
        return true;
    };
    let mut problems = Problems::default();
    let file = parse::parse(FileId(0), &text, &mut problems);
    let mut items = file.items.iter().map(|item| &item.kind);
    !problems.is_empty()
        || match wanted {
            Wanted::Tests => items.any(|kind| matches!(kind, ItemKind::Test(_))),
            Wanted::Policies => items.len() == 0 || items.any(is_behaviour),
        }
}

/// Whether it is something that a used file can't hold.
fn is_behaviour(kind: &ItemKind) -> bool {
    matches!(
        kind,
        ItemKind::Route(_)
            | ItemKind::OnRequest(_)
            | ItemKind::OnResponse(_)
            | ItemKind::OnError(_)
            | ItemKind::Default(_)
            | ItemKind::Test(_)
    )
}
