//! Tests of parsing, through its one public function.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod bounds;
mod constructs;
mod policy;
mod reports;

use crate::ast::File;
use crate::diagnostics::Problems;
use crate::source::{FileId, SourceFile, SourceMap};

/// The tree, and each problem as `CODE at LINE:COLUMN: message`.
fn run(text: &str) -> (File, Vec<String>) {
    let mut problems = Problems::default();
    let file = super::parse(FileId(0), text, &mut problems);
    let sources = SourceMap {
        files: vec![SourceFile {
            name: "test.edge".to_owned(),
            text: text.to_owned(),
        }],
        ..SourceMap::default()
    };
    let list = match problems.finish(&sources) {
        Ok(()) => Vec::new(),
        Err(report) => report
            .problems
            .iter()
            .map(|p| {
                let (line, column) = sources.line_column(p.span());
                let code = p.code().unwrap();
                let help = p.help().map_or(String::new(), |h| format!(" | {h}"));
                format!("{code} at {line}:{column}: {p}{help}")
            })
            .collect(),
    };
    (file, list)
}

/// The tree of a text that must have no problem.
fn good(text: &str) -> File {
    let (file, problems) = run(text);
    assert!(problems.is_empty(), "{text}\n{problems:#?}");
    file
}

/// Compares with the snapshot of that name beside this file.
fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}
