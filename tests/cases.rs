//! Cases: files that say in their first line what to do with them. `tests/README.md` explains them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "support/folder.rs"]
mod folder;
#[path = "support/policy.rs"]
mod policy;
#[path = "support/terminal.rs"]
mod terminal;

use edge_abi::manifest::{Line, Manifest};
use edge_compiler::diagnostics::codes::{CODES, fence, page};
use std::{fs, path::Path};

#[test]
fn each_case_gives_what_is_kept_beside_it() {
    insta::glob!("cases/*/*.edge", |path| {
        let text = fs::read_to_string(path).unwrap();
        let first = text.lines().next().unwrap_or_default();
        let command = first.strip_prefix("# run: ").unwrap_or("test");
        let said = run(command, path);
        let name = path.file_stem().unwrap().to_str().unwrap();
        insta::with_settings!({
            snapshot_path => path.parent().unwrap(),
            prepend_module_to_snapshot => false,
            snapshot_suffix => "",
            omit_expression => true,
            input_file => Path::new("tests/cases").join(path.file_name().unwrap()),
        }, {
            insta::assert_snapshot!(name, said);
        });
    });
}

/// What the compiler, and where it is asked for the host, says to a case.
fn run(command: &str, path: &Path) -> String {
    let compiled = folder::compile(path);
    let (checked, lowered) = match (command, compiled) {
        (_, Err(report)) => return terminal::render(&report),
        (_, Ok(compiled)) => compiled,
    };
    match command {
        "check" if !checked.warnings.problems.is_empty() => terminal::render(&checked.warnings),
        "check" => "no problems\n".to_owned(),
        "test" | "test fails" => {
            let report = policy::run_tests(&checked, &lowered);
            assert!(!report.tests.is_empty(), "{} has no tests", path.display());
            assert_eq!(
                report.is_success(),
                command == "test",
                "{}:\n{report}",
                path.display()
            );
            report.to_string()
        }
        "build --emit ast" => checked.ast.print(),
        "build --emit hir" => checked.hir.to_string(),
        "build --emit decision" => edge_compiler::decision::print::print(&lowered.decision),
        "build --emit manifest" => manifest(lowered.manifest),
        other => panic!("{}: `# run: {other}` is not known", path.display()),
    }
}

/// The manifest without what changes whenever the compiler does.
fn manifest(mut manifest: Manifest) -> String {
    let unkept = "…".to_owned();
    (manifest.source_digest, manifest.module_digest) = (unkept.clone(), unkept);
    (manifest.limits.output, manifest.limits.fuel) = (Line::default(), Line::default());
    manifest.limits.memory = 0;
    manifest.rules.iter_mut().for_each(|rule| rule.bytes = 0);
    serde_json::to_string_pretty(&manifest).unwrap()
}

/// Every diagnostic's report, as a terminal without colours shows it.
#[test]
fn every_diagnostic_reads_as_it_did() {
    for (code, _, file) in CODES {
        let Some(example) = fence(&page(file), "edge fails") else {
            continue;
        };
        let report = match edge_compiler::compile(
            "policy.edge",
            &example,
            &edge_compiler::source::NoFiles,
        ) {
            Ok((checked, _)) if !checked.warnings.problems.is_empty() => {
                terminal::render(&checked.warnings)
            }
            Ok(_) => panic!("{code}: the example has no problem"),
            Err(report) => terminal::render(&report),
        };
        insta::with_settings!({
            snapshot_path => "cases/diagnostics",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(code.to_lowercase(), report);
        });
    }
}

/// The reports of limits, whose examples are too long to be written out.
#[test]
fn every_limit_reads_as_it_did() {
    let default = "default { respond 404 }\n";
    let doubled = |first: &str, word: &str, last: usize| {
        let lines = (1..=last).map(|n| format!("{word} a{n} = \"{{a{m}}}{{a{m}}}\"\n", m = n - 1));
        format!("{word} a0 = {first}\n{}", lines.collect::<String>())
    };
    let lines: String = "a\n".repeat(1_000_001);
    for (code, policy) in [
        ("e0001", format!("{default}{}", "# data\n".repeat(600_000))),
        (
            "e0603",
            format!(
                "default {{\n{}respond 404 }}\n",
                "log \"\"\n".repeat(100_001)
            ),
        ),
        (
            "e0605",
            format!(
                "waf g {{\n{}}}\n{}{default}",
                (0..1000)
                    .map(|n| format!("rule r{n} {{ when request.path == \"/{n}\" }}\n"))
                    .collect::<String>(),
                "on request { waf g }\n".repeat(1000)
            ),
        ),
        (
            "e0608",
            format!(
                "default {{\n{}respond text a13 }}\n",
                doubled("request.path", "let", 13)
            ),
        ),
        ("e0601", format!("use \"./0.edge\" as a\n{default}")),
        (
            "e0604",
            format!("{}{default}", doubled("\"0123456789abcdef\"", "const", 13)),
        ),
        (
            "e0606",
            format!("default {{ respond text 1{} }}\n", " + 1".repeat(80)),
        ),
        ("e0607", format!("set s = load \"lines.txt\"\n{default}")),
    ] {
        let Err(report) = edge_compiler::compile("policy.edge", &policy, &Endless(&lines)) else {
            panic!("{code}: there is no problem");
        };
        insta::with_settings!({
            snapshot_path => "cases/diagnostics",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(code, without_bounds(&terminal::render(&report)));
        });
    }
}

/// A report without the numbers that change with the compiler: what a module may need.
fn without_bounds(report: &str) -> String {
    match report.split_once("may need ") {
        Some((before, after)) => {
            let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}may need … {}", rest.trim_start())
        }
        None => report.to_owned(),
    }
}

/// Files that each use the next, and one of many lines.
struct Endless<'a>(&'a str);

impl edge_compiler::source::Loader for Endless<'_> {
    fn load(&self, path: &str) -> Result<Vec<u8>, edge_compiler::source::LoadError> {
        let number = path
            .strip_suffix(".edge")
            .and_then(|it| it.parse::<u32>().ok());
        Ok(match number {
            Some(n) => format!("use \"./{}.edge\" as a\n", n + 1).into_bytes(),
            None => self.0.as_bytes().to_vec(),
        })
    }
}
