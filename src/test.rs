//! `edge test`: runs the tests of policies, on the compiled module.

mod show;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use edge_abi::test_plan::{Test, TestPlan};
use edge_host::engine::{self, Engine, EngineOptions};
use edge_host::testing::{self, TestReport};
use serde::Serialize;

use crate::check::Format;
use crate::failure::{Failure, Outcome, Result};
use crate::find::{self, Wanted};
use crate::report::{self, Found};
use crate::source::{self, NotCompiled, Policy};
use crate::terminal::{Output, count};

/// Run the tests of policies.
///
/// The `test` blocks run against the compiled module, in the engine that serves traffic, over
/// origins that are played: nothing is sent anywhere, and the clock stands still unless a test
/// says otherwise.
#[derive(Debug, clap::Args)]
#[command(after_long_help = r#"Examples:
  edge test policy.edge
  edge test policies/                 every policy with tests in the folder
  edge test --filter "dotfiles" policy.edge
  edge test --format json policy.edge

JSON: { "passed": 1, "failed": 1, "problems": 0, "files": [{
    "file": "policy.edge",
    "problems": [ … ],               as in `edge check --format json`
    "tests": [{
      "name": "…", "place": { "file": "…", "line": 9, "column": 1 }, "passed": false,
      "failures": [{ "place": …, "text": "…", "request": "GET /", "expected": "200",
                     "got": "404", "rule": "default", "reason": null, "repetition": null }]
    }]
  }] }

Exit codes: 0 all passed, 1 failures or problems, 2 no tests, or a file can't be read."#)]
pub struct Args {
    /// Policies, or folders that hold some.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Only tests whose name contains this.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// How to print results.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// What came of all files.
#[derive(Debug, Default, Serialize)]
struct Results {
    passed: usize,
    failed: usize,
    problems: usize,
    files: Vec<FileResults>,
}

/// What came of one file.
#[derive(Debug, Default, Serialize)]
struct FileResults {
    file: String,
    problems: Vec<Found>,
    tests: Vec<TestReport>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Outcome> {
    let engine =
        Engine::new(&EngineOptions::default()).map_err(|error| Failure::new(error.to_string()))?;
    let mut runner = Runner {
        args,
        engine,
        out: Output::stdout(),
        err: Output::stderr(),
        results: Results::default(),
    };
    for path in &args.paths {
        runner.path(path)?;
    }
    runner.finish()
}

struct Runner<'a> {
    args: &'a Args,
    engine: Engine,
    out: Output,
    err: Output,
    results: Results,
}

impl Runner<'_> {
    /// All tests of a file or a folder.
    fn path(&mut self, path: &Path) -> Result<()> {
        let (ran, wrong) = (self.ran(), self.results.problems);
        for file in find::policies(path, Wanted::Tests)? {
            self.file(&file)?;
        }
        if self.ran() == ran && self.results.problems == wrong {
            let such = self
                .args
                .filter
                .as_ref()
                .map(|text| format!(" named `{text}`"));
            let such = such.unwrap_or_default();
            self.err
                .line(&format!("no tests{such} in {}", path.display()));
        }
        Ok(())
    }

    fn ran(&self) -> usize {
        self.results.passed + self.results.failed
    }

    fn file(&mut self, file: &Path) -> Result<()> {
        let mut results = FileResults {
            file: file.display().to_string(),
            ..FileResults::default()
        };
        match source::compile(file) {
            Ok(policy) => results.tests = self.tests(file, &policy)?,
            Err(NotCompiled::Unreadable(failure)) => return Err(failure),
            Err(NotCompiled::Wrong(report)) => {
                self.results.problems += report::number(&report);
                match self.args.format {
                    Format::Text => report::print(&report, &mut self.err),
                    Format::Json => results.problems = report::found(&report),
                }
            }
        }
        self.results.files.push(results);
        Ok(())
    }

    fn tests(&mut self, file: &Path, policy: &Policy) -> Result<Vec<TestReport>> {
        let wanted = |test: &&Test| {
            let filter = self.args.filter.as_ref();
            filter.is_none_or(|text| test.name.contains(text.as_str()))
        };
        let tests: Vec<&Test> = policy.checked.hir.tests.iter().filter(wanted).collect();
        if tests.is_empty() {
            return Ok(Vec::new());
        }
        let loaded = engine::Policy::load(&self.engine, &policy.lowered.wasm)
            .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        let loaded = Arc::new(loaded);
        let text = self.args.format == Format::Text;
        if text {
            self.out.line(&show::file(file));
        }
        let mut reports = Vec::new();
        for test in tests {
            if text {
                show::running(&mut self.out, &test.name);
            }
            // One at a time, so that each is seen when it is over.
            let plan = TestPlan {
                files: policy.names.clone(),
                tests: vec![test.clone()],
            };
            let report = testing::run(&loaded, &plan);
            self.results.passed += report.passed;
            self.results.failed += report.failed;
            for report in report.tests {
                if text {
                    show::test(&mut self.out, &report, policy);
                }
                reports.push(report);
            }
        }
        Ok(reports)
    }

    fn finish(mut self) -> Result<Outcome> {
        let Results {
            passed,
            failed,
            problems,
            ..
        } = self.results;
        match self.args.format {
            Format::Json => report::print_json(&self.results),
            Format::Text if self.ran() + problems > 0 => {
                let summary = summary(&self.results);
                self.out.line(&summary);
            }
            Format::Text => {}
        }
        if passed + failed + problems == 0 {
            return Err(
                Failure::new("no test was run").help(match self.args.filter {
                    Some(_) => "`--filter` takes a part of a test's name, case and all",
                    None => "add one to the policy: test \"…\" { get \"/\"  expect status 200 }",
                }),
            );
        }
        Ok(Outcome::problems_if(failed + problems > 0))
    }
}

fn summary(results: &Results) -> String {
    let files = results.files.iter().filter(|file| !file.tests.is_empty());
    let mut summary = format!(
        "{} passed, {} failed in {}",
        results.passed,
        results.failed,
        count(files.count(), "file")
    );
    if results.problems > 0 {
        summary.push_str(&format!("; {}", count(results.problems, "problem")));
    }
    summary
}
