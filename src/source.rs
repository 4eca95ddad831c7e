//! A policy's file, from its path to its module.

use std::path::Path;

use edge_compiler::diagnostics::{FileTooLarge, NotText, Problems, Report};
use edge_compiler::parse::MOST_BYTES;
use edge_compiler::source::{SourceFile, SourceMap, Span};
use edge_compiler::{Checked, Lowered};

use crate::failure::Failure;
use crate::files;
use crate::loader::Folder;
use edge_host::file::{self, ReadError};

/// A policy that compiled.
#[derive(Debug)]
pub struct Policy {
    /// What it means.
    pub checked: Checked,
    /// Its module.
    pub lowered: Lowered,
    /// The names of its files as the user knows them, in the order of the manifest.
    pub names: Vec<String>,
}

/// Why there is no module.
#[derive(Debug)]
pub enum NotCompiled {
    /// The file can't be read.
    Unreadable(Failure),
    /// Something is wrong with the policy.
    Wrong(Report),
}

/// Compiles the policy at a path.
pub fn compile(path: &Path) -> Result<Policy, NotCompiled> {
    match file::read(path, MOST_BYTES as u64) {
        Ok(bytes) if bytes.starts_with(b"\0asm") => Err(NotCompiled::Unreadable(module(path))),
        Err(ReadError::TooLarge(_)) if path.extension().is_some_and(|it| it == "wasm") => {
            Err(NotCompiled::Unreadable(module(path)))
        }
        Ok(bytes) => compile_bytes(path, &bytes),
        Err(ReadError::TooLarge(size)) => Err(NotCompiled::Wrong(too_large(path, size))),
        Err(error) => Err(NotCompiled::Unreadable(files::failure(&error, path))),
    }
}

/// Compiles the bytes of the policy at a path.
///
/// The module knows the policy by the name of its file alone, so that it is the same wherever the
/// folder lies and whatever the current folder is; people see the path that they gave.
pub fn compile_bytes(path: &Path, bytes: &[u8]) -> Result<Policy, NotCompiled> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| NotCompiled::Wrong(not_text(path, bytes, error.valid_up_to())))?;
    match edge_compiler::compile(&name(path), text, &Folder::of(path)) {
        Ok((mut checked, lowered)) => {
            for file in &mut checked.warnings.sources.files {
                file.name = shown(path, &file.name);
            }
            let files = checked.sources.files.iter();
            let names = files.map(|file| shown(path, &file.name)).collect();
            Ok(Policy {
                checked,
                lowered,
                names,
            })
        }
        Err(mut report) => {
            for file in &mut report.sources.files {
                file.name = shown(path, &file.name);
            }
            Err(NotCompiled::Wrong(report))
        }
    }
}

/// A module where a policy is meant.
fn module(path: &Path) -> Failure {
    let name = path.display();
    Failure::new(format!("`{name}` is a module that was built, not a policy")).help(format!(
        "`edge inspect {name}` shows what it holds; name the `.edge` file that it was built from"
    ))
}

fn name(path: &Path) -> String {
    path.file_name()
        .map_or_else(|| "policy".into(), |name| name.to_string_lossy())
        .into_owned()
}

/// The name of a file of the policy, seen from where the user is.
fn shown(policy: &Path, name: &str) -> String {
    match policy.parent() {
        Some(folder) if !name.starts_with("std/") => folder.join(name).display().to_string(),
        _ => name.to_owned(),
    }
}

fn too_large(path: &Path, size: u64) -> Report {
    let mut problems = Problems::default();
    problems.push(FileTooLarge {
        size: usize::try_from(size).unwrap_or(usize::MAX),
        limit: MOST_BYTES,
        span: Span::default(),
    });
    problems.report(&one_file(path, String::new()))
}

fn not_text(path: &Path, bytes: &[u8], offset: usize) -> Report {
    let readable = bytes.get(..offset).unwrap_or_default();
    let text = String::from_utf8_lossy(readable).into_owned();
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let mut problems = Problems::default();
    problems.push(NotText {
        path: path.display().to_string(),
        offset,
        span: Span {
            start: end,
            end,
            ..Span::default()
        },
    });
    problems.report(&one_file(path, text))
}

fn one_file(path: &Path, text: String) -> SourceMap {
    let name = path.display().to_string();
    SourceMap {
        files: vec![SourceFile { name, text }],
        ..SourceMap::default()
    }
}
