//! Policies through the whole front: parsed, resolved, checked.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod codes;
mod examples;
mod habits;
mod narrowing;
mod problems;
mod random;
mod safety;

use super::check;
use crate::diagnostics::{Problems, Report};
use crate::hir::Hir;
use crate::source::{FileId, LoadError, Loader, SourceFile, SourceMap};
use std::collections::HashMap;

/// Files in memory.
#[derive(Default)]
pub(super) struct Files(pub(super) HashMap<String, Vec<u8>>);

impl Files {
    pub(super) fn of(files: &[(&str, &str)]) -> Files {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec()));
        Files(files.collect())
    }
}

impl Loader for Files {
    fn load(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        self.0.get(path).cloned().ok_or(LoadError::NotFound)
    }
}

pub(super) fn front_with(policy: &str, files: &Files) -> Result<Hir, Report> {
    let mut sources = SourceMap::default();
    sources.files.push(SourceFile {
        name: "policy.edge".to_owned(),
        text: policy.to_owned(),
    });
    let mut problems = Problems::default();
    let ast = crate::parse::parse(FileId(0), policy, &mut problems);
    let resolved = crate::resolve::resolve(ast, files, &mut sources, &mut problems);
    let hir = check(&resolved, &sources, &mut problems);
    problems.finish(&sources)?;
    Ok(hir.expect("without a problem there is a typed tree"))
}

pub(super) fn front(policy: &str) -> Result<Hir, Report> {
    front_with(policy, &Files::default())
}

/// The codes of the problems of a policy.
pub(super) fn codes_with(policy: &str, files: &Files) -> Vec<String> {
    match front_with(policy, files) {
        Ok(_) => Vec::new(),
        Err(report) => codes_of(&report),
    }
}

pub(super) fn codes_of(report: &Report) -> Vec<String> {
    let problems = report.problems.iter();
    let codes = problems.map(|it| it.code().map(|code| code.to_string()));
    codes.map(Option::unwrap_or_default).collect()
}

pub(super) fn codes(policy: &str) -> Vec<String> {
    codes_with(policy, &Files::default())
}

/// The messages of the problems of a policy, with their help, one a line.
pub(super) fn messages(policy: &str) -> String {
    let Err(report) = front(policy) else {
        return String::new();
    };
    let line = |problem: &dyn crate::diagnostics::Problem| {
        let code = problem
            .code()
            .map_or_else(String::new, |code| code.to_string());
        let help = problem
            .help()
            .map_or_else(String::new, |help| format!(" | {help}"));
        format!("{code} {problem}{help}\n")
    };
    report.problems.iter().map(|it| line(it.as_ref())).collect()
}
