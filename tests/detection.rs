//! What the ready-made firewall groups detect, and whom they refuse by mistake: `docs/waf.md` has the figures.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[allow(dead_code, reason = "the corpus has no `test` blocks")]
#[path = "support/policy.rs"]
mod policy;

use edge_abi::test_plan::{Expect, Op, Request, Step, Subject, Test, TestPlan};
use edge_compiler::source::NoFiles;
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

const POLICY: &str = "use std.waf
waf shield {
  include waf.traversal, waf.xss, waf.scanners, waf.sqli, waf.rce, waf.lfi, waf.protocol
}
on request { waf shield }
default { respond 200 text \"welcome\" }
";

/// Lines, each with the rule that refused it, by file.
type Decided = BTreeMap<String, Vec<(String, Option<String>)>>;

/// Every line of the corpus with the rule that refused it, by file.
static DECIDED: LazyLock<Decided> = LazyLock::new(|| decide(&corpus()));

/// By class: attacks that some rule refuses, those that the class's own group refuses, all.
#[test]
fn attacks_are_detected() {
    let mut table = String::new();
    for (file, lines) in DECIDED.iter() {
        let Some(class) = file.strip_prefix("attacks/") else {
            continue;
        };
        let own = format!("waf.shield.{class}.");
        let rules: Vec<&String> = lines.iter().filter_map(|(_, rule)| rule.as_ref()).collect();
        let by_own = rules.iter().filter(|rule| rule.starts_with(&own)).count();
        writeln!(table, "{class} {} {by_own} {}", rules.len(), lines.len()).unwrap();
    }
    same_as_kept(&table, "detected.txt");
}

/// Innocent lines that are refused, each with its rule.
#[test]
fn false_alarms_are_known() {
    let mut alarms = String::new();
    let mut innocent = 0;
    for (_, lines) in DECIDED.iter().filter(|(f, _)| f.starts_with("innocent/")) {
        innocent += lines.len();
        for (line, rule) in lines {
            if let Some(rule) = rule {
                writeln!(alarms, "{} {line}", rule.trim_start_matches("waf.shield.")).unwrap();
            }
        }
    }
    assert!(innocent >= 300, "{innocent}");
    same_as_kept(&alarms, "false_alarms.txt");
}

/// The page says what was measured.
#[test]
fn the_page_has_the_figures() {
    let page = fs::read_to_string(root().join("docs/waf.md")).unwrap();
    let kept = fs::read_to_string(folder().join("detected.txt")).unwrap();
    for line in kept.lines() {
        let [class, any, own, all] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let row = format!("| `{class}` | {all} | {own} | {any} |");
        assert!(page.contains(&row), "docs/waf.md lacks: {row}");
    }
    let alarms = fs::read_to_string(folder().join("false_alarms.txt")).unwrap();
    let innocent: usize = corpus()
        .iter()
        .filter(|(file, _)| file.starts_with("innocent/"))
        .map(|(_, lines)| lines.len())
        .sum();
    let said = format!("{} of {innocent} innocent", alarms.lines().count());
    assert!(page.contains(&said), "docs/waf.md lacks: {said}");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn folder() -> PathBuf {
    root().join("tests/detection")
}

/// The lines of the files, by name: `attacks/sqli`.
fn corpus() -> BTreeMap<String, Vec<String>> {
    let mut files = BTreeMap::new();
    for kind in ["attacks", "innocent"] {
        for entry in fs::read_dir(folder().join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let name = format!("{kind}/{}", path.file_stem().unwrap().to_str().unwrap());
            files.insert(name, text.lines().map(str::to_owned).collect());
        }
    }
    files
}

/// Sends every line through the module, in the host's engine.
fn decide(corpus: &BTreeMap<String, Vec<String>>) -> Decided {
    let (_, lowered) = edge_compiler::compile("policy.edge", POLICY, &NoFiles)
        .unwrap_or_else(|report| panic!("{report:?}"));
    println!("{} bytes", lowered.wasm.len());
    let policy = policy::load(&lowered.wasm);
    let decide = |lines: &Vec<String>| {
        let plan = TestPlan {
            files: vec!["policy.edge".to_owned()],
            tests: lines.iter().map(|line| test(line)).collect(),
        };
        let report = edge_host::testing::run(&policy, &plan);
        let rules = report.tests.iter().map(|test| {
            let rule = test.failures.first().and_then(|it| it.rule.clone());
            rule.filter(|rule| rule.starts_with("waf."))
        });
        lines.iter().cloned().zip(rules).collect()
    };
    corpus
        .iter()
        .map(|(file, lines)| (file.clone(), decide(lines)))
        .collect()
}

/// A test that passes when the line's request is welcome.
fn test(line: &str) -> Test {
    let place = [0, 1, 1];
    let (method, target, headers) = read(line);
    let request = Request {
        place,
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body: None,
        client_ip: None,
    };
    let expect = Expect {
        place,
        text: String::new(),
        subject: Subject::Status,
        op: Op::Equals,
        value: "200".to_owned(),
    };
    Test {
        name: line.to_owned(),
        place,
        steps: vec![Step::Request(request), Step::Expect(expect)],
    }
}

/// `/target`, `METHOD /target` or `Header: value`.
fn read(line: &str) -> (&str, &str, Vec<(String, String)>) {
    if line.starts_with('/') {
        return ("GET", line, Vec::new());
    }
    if let Some((method, target)) = line.split_once(" /")
        && method.chars().all(|c| c.is_ascii_uppercase())
    {
        return (method, &line[line.len() - target.len() - 1..], Vec::new());
    }
    let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
    ("GET", "/", vec![(name.to_owned(), value.to_owned())])
}

/// The file beside the corpus says the same; with `DETECTION=keep` it is written anew.
fn same_as_kept(found: &str, file: &str) {
    let path = folder().join(file);
    if std::env::var_os("DETECTION").is_some_and(|it| it == "keep") {
        fs::write(&path, found).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let news: Vec<&str> = found
        .lines()
        .filter(|l| !kept.lines().any(|k| k == *l))
        .collect();
    let gone: Vec<&str> = kept
        .lines()
        .filter(|k| !found.lines().any(|l| l == *k))
        .collect();
    assert!(kept == found, "{file}: new {news:#?}, gone {gone:#?}");
}
