//! Every code block of the documentation is executed; `tests/README.md` says how.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "support/page.rs"]
mod page;
#[path = "support/policy.rs"]
mod policy;
#[path = "support/shell.rs"]
mod shell;

use edge_compiler::source::NoFiles;
use page::{Fence, Page};
use shell::Shell;
use std::{
    fs,
    path::{Path, PathBuf},
};

#[test]
fn every_fence_holds() {
    let mut wrong = Vec::new();
    for path in pages() {
        let page = Page::read(&path);
        let mut reader = Reader::of(&path);
        for fence in &page.fences {
            if let Err(why) = reader.read(fence) {
                wrong.push(format!("{}:{}: {why}", page.name, fence.line));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

/// The pages, as paths from the root.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = vec![root.join("README.md"), root.join("tests/README.md")];
    for folder in ["docs", "examples", "tests/cases"] {
        page::collect(&root.join(folder), &mut pages);
    }
    pages.sort();
    pages
}

/// What a page has said so far.
#[derive(Default)]
struct Reader {
    policy: String,
    request: Option<String>,
    output: Option<String>,
    shell: Shell,
}

impl Reader {
    /// An example's page begins with its policy.
    fn of(page: &Path) -> Reader {
        let policy = fs::read_to_string(page.with_file_name("policy.edge")).unwrap_or_default();
        Reader {
            policy,
            ..Reader::default()
        }
    }

    fn read(&mut self, fence: &Fence) -> Result<(), String> {
        let output = self.output.take();
        match fence.info.as_str() {
            "edge" => {
                self.policy.clone_from(&fence.text);
                compiles(&fence.text)
            }
            "edge part" => compiles(&format!("{}\ndefault {{ respond 404 }}\n", fence.text)),
            "edge block" => compiles(&format!("default {{\n{}\n}}\n", fence.text)),
            "request" => {
                self.request = Some(fence.text.clone());
                Ok(())
            }
            "decision" => {
                let request = self.request.take().ok_or("no `request` stands before it")?;
                self.decides(&request, &fence.text)
            }
            "sh" => {
                self.output = Some(self.shell.run(&fence.text)?);
                Ok(())
            }
            "text" => match output {
                Some(output) => shows(&output, &fence.text),
                None => Ok(()),
            },
            "toml" => host_takes(&fence.text),
            "json" => serde_json::from_str::<serde_json::Value>(&fence.text)
                .map(|_| ())
                .map_err(|error| error.to_string()),
            info => match info.strip_prefix("edge fails ") {
                Some(code) => fails(&fence.text, code),
                None => Err(format!("no fence is called `{info}`")),
            },
        }
    }

    /// Whether the page's policy answers a request as the page says.
    fn decides(&self, request: &str, decision: &str) -> Result<(), String> {
        let expected: Vec<&str> = decision.lines().collect();
        let policy = &self.policy;
        let test = format!(
            "{policy}\ntest \"as the page says\" {{\n{request}\nexpect {}\n}}\n",
            expected.join("\n")
        );
        compiles(&test)
    }
}

/// A policy compiles, and its tests pass.
fn compiles(text: &str) -> Result<(), String> {
    let compiled = edge_compiler::compile("policy.edge", text, &NoFiles);
    let (checked, lowered) = compiled.map_err(|report| format!("{report:?}"))?;
    let report = policy::run_tests(&checked, &lowered);
    match report.is_success() {
        true => Ok(()),
        false => Err(report.to_string()),
    }
}

/// A policy, completed or not, has problems of that code and no other.
fn fails(text: &str, code: &str) -> Result<(), String> {
    let report = match edge_compiler::compile("policy.edge", text, &NoFiles) {
        Err(report) => report,
        Ok((checked, _)) if !checked.warnings.problems.is_empty() => checked.warnings,
        Ok(_) => return Err("it has no problem".to_owned()),
    };
    let codes: Vec<String> = report
        .problems
        .iter()
        .filter_map(|it| it.code())
        .map(|it| it.to_string())
        .collect();
    match codes.iter().all(|found| found == code) {
        true => Ok(()),
        false => Err(format!("it has {codes:?}: {report:?}")),
    }
}

/// The host takes the settings. What stands for something of the machine's (`{ env = … }`) is only looked at.
fn host_takes(text: &str) -> Result<(), String> {
    edge_host::config::Config::parse(text, Path::new("host.toml"))
        .map(|_| ())
        .map_err(|error| error.to_string())
}

/// The output is what the page shows; a line `…` stands for any lines.
fn shows(output: &str, shown: &str) -> Result<(), String> {
    let lines: Vec<&str> = output.lines().map(str::trim_end).collect();
    let mut rest = lines.as_slice();
    let mut skipping = false;
    for line in shown.lines().map(str::trim_end) {
        if line == "…" {
            skipping = true;
            continue;
        }
        let at = rest.iter().position(|found| *found == line);
        match at {
            Some(at) if skipping || at == 0 => rest = &rest[at + 1..],
            _ => {
                return Err(format!(
                    "`{line}` is not shown where it should be; this is:\n{output}"
                ));
            }
        }
        skipping = false;
    }
    match rest.is_empty() || skipping {
        true => Ok(()),
        false => Err(format!("more is shown:\n{}", rest.join("\n"))),
    }
}
