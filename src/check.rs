//! `edge check`: is the policy right?

use std::path::PathBuf;

use clap::ValueEnum;

use crate::failure::{Failure, Outcome, Result};
use crate::find::{self, Wanted};
use crate::report::{self, Found};
use crate::source::{self, NotCompiled};
use crate::terminal::{Output, count};

/// Check policies: report everything that is wrong with them.
///
/// Each file is compiled as far as `edge build` would, so that limits which only show there are
/// found too. Nothing is written.
#[derive(Debug, clap::Args)]
#[command(after_long_help = r#"Examples:
  edge check policy.edge
  edge check policies/                  every policy in the folder
  edge check --format json policy.edge | jq '.[].message'

JSON: an array, in the order of files and places, of
  {
    "code": "E0201",            `edge explain E0201` says more
    "message": "…",
    "severity": "error",        or "warning", "advice"
    "help": "…",                or null
    "file": "policy.edge",
    "span": {
      "start": 17, "end": 23,   offsets in bytes, the end behind the last
      "line": 2, "column": 3,   from 1; columns count characters
      "end_line": 2, "end_column": 9
    },
    "labels": [{ "message": "…" or null, "span": { … } }]
  }

Of a file with more than 200 problems, the first 200 are listed.

Warnings are printed and are no problems.

Exit codes: 0 no problem, 1 problems, 2 a file can't be read."#)]
pub struct Args {
    /// Policies, or folders that hold some. Files that only hold names for others are checked with
    /// what uses them.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to print problems: text on the standard error, JSON on the standard output.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Outcome> {
    let mut err = Output::stderr();
    let mut all: Vec<Found> = Vec::new();
    let mut problems = 0;
    let mut wrong = 0;
    let mut unreadable = None;
    let files = files(&args.paths)?;
    for file in &files {
        let (report, is_wrong) = match source::compile(file) {
            Ok(policy) => (policy.checked.warnings, false),
            Err(NotCompiled::Wrong(report)) => (report, true),
            Err(NotCompiled::Unreadable(failure)) => {
                if let Some(earlier) = unreadable.replace(failure) {
                    earlier.print();
                }
                continue;
            }
        };
        if is_wrong {
            problems += report::number(&report);
            wrong += 1;
        }
        match args.format {
            Format::Text => report::print(&report, &mut err),
            Format::Json => {
                all.extend(report::found(&report));
                report::print_hidden(&report, &mut err);
            }
        }
    }
    if args.format == Format::Json {
        report::print_json(&all);
    }
    if let Some(failure) = unreadable {
        return Err(failure);
    }
    if args.format == Format::Text {
        err.line(&summary(problems, wrong, files.len()));
    }
    Ok(Outcome::problems_if(problems > 0))
}

/// The policies that are meant.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let found = find::policies(path, Wanted::Policies)?;
        if found.is_empty() {
            let name = path.display();
            return Err(Failure::new(format!("there is no policy in `{name}`"))
                .help("policies are files that end in `.edge` and hold routes or a `default`"));
        }
        files.extend(found);
    }
    Ok(files)
}

fn summary(problems: usize, wrong: usize, files: usize) -> String {
    match (problems, files) {
        (0, _) => format!("no problems in {}", count(files, "file")),
        (_, 1) => count(problems, "problem"),
        _ => format!("{} in {wrong} of {files} files", count(problems, "problem")),
    }
}
