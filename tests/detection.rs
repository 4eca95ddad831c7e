//! What the ready-made firewall groups detect, and whom they refuse by mistake: `docs/waf.md` has the figures.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "support/corpus.rs"]
mod corpus;
#[allow(dead_code, reason = "the corpus has no `test` blocks")]
#[path = "support/policy.rs"]
mod policy;

use corpus::{Way, corpus, query, request};
use edge_abi::test_plan::{
    Expect, Given, Op, OriginAnswer, Request, Step, Subject, Test, TestPlan,
};
use edge_compiler::source::NoFiles;
use edge_host::engine::Policy;
use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
};

const POLICY: &str = "use std.waf
origin app { url \"http://app.internal\" }
waf shield {
  include waf.traversal, waf.xss, waf.scanners, waf.sqli, waf.rce, waf.lfi, waf.protocol
  inspect body 128KiB
}
on request { waf shield }
default { proxy app }
";

/// Lines, each with the rule that refused it.
type Lines = Vec<(String, Option<String>)>;
/// The same by file.
type Decided = BTreeMap<String, Lines>;

const WAYS: [Way; 3] = [Way::Head, Way::Form, Way::Json];

impl Way {
    /// Every line that can be sent so, with the rule that refused it.
    fn decided(self) -> &'static Decided {
        &DECIDED[self as usize]
    }

    /// The file with the false alarms.
    fn alarms(self) -> &'static str {
        match self {
            Way::Head => "false_alarms.txt",
            Way::Form => "false_alarms_form.txt",
            Way::Json => "false_alarms_json.txt",
        }
    }
}

/// What became of the corpus, by way.
static DECIDED: LazyLock<[Decided; 3]> = LazyLock::new(|| {
    let (policy, corpus) = (shield(), corpus(&folder()));
    WAYS.map(|way| decide(&policy, &corpus, way))
});

/// By class: attacks that some rule refuses, those that the class's own group refuses, all.
#[test]
fn attacks_are_detected() {
    let mut table = String::new();
    for (class, lines) in attacks(Way::Head) {
        let own = format!("waf.shield.{class}.");
        let rules = lines.iter().filter_map(|(_, rule)| rule.as_ref());
        let by_own = rules.filter(|rule| rule.starts_with(&own)).count();
        writeln!(table, "{class} {} {by_own} {}", refused(lines), lines.len()).unwrap();
    }
    same_as_kept(&table, "detected.txt");
}

/// The attacks that stand in a query, by class: all of them, those refused in the head, in a form, in JSON.
#[test]
fn attacks_in_bodies_are_detected() {
    let mut table = String::new();
    for (class, in_head) in attacks(Way::Head) {
        let file = format!("attacks/{class}");
        let [form, json] = [Way::Form, Way::Json].map(|way| &way.decided()[&file]);
        if form.is_empty() {
            continue;
        }
        let head: Vec<_> = in_head
            .iter()
            .filter(|(line, _)| query(line).is_some())
            .cloned()
            .collect();
        let counts = [&head, form, json].map(|lines| refused(lines).to_string());
        writeln!(table, "{class} {} {}", form.len(), counts.join(" ")).unwrap();
    }
    same_as_kept(&table, "detected_in_bodies.txt");
}

/// Innocent lines that are refused, each with its rule.
#[test]
fn false_alarms_are_known() {
    for way in WAYS {
        let mut alarms = String::new();
        for (line, rule) in innocent(way) {
            if let Some(rule) = rule {
                writeln!(alarms, "{} {line}", rule.trim_start_matches("waf.shield.")).unwrap();
            }
        }
        assert!(innocent(way).count() >= 300, "{way:?}");
        same_as_kept(&alarms, way.alarms());
    }
}

/// The page says what was measured.
#[test]
fn the_page_has_the_figures() {
    let page = read_root("docs/waf.md");
    let has = |text: &str| assert!(page.contains(text), "docs/waf.md lacks: {text}");
    for line in kept("detected.txt").lines() {
        let [class, any, own, all] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        has(&format!("| `{class}` | {all} | {own} | {any} |"));
    }
    for line in kept("detected_in_bodies.txt").lines() {
        let (class, figures) = line.split_once(' ').unwrap();
        has(&format!("| `{class}` | {} |", figures.replace(' ', " | ")));
    }
    let said = WAYS.map(|way| {
        let alarms = kept(way.alarms()).lines().count();
        format!("{alarms} of {} innocent", innocent(way).count())
    });
    said.iter().for_each(|said| has(said));
}

/// The start page says the same of each pack.
#[test]
fn the_start_page_has_the_figures() {
    let page = read_root("README.md");
    for line in kept("detected.txt").lines() {
        let [class, any, _, all] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let said = format!("`{class}` {any} of {all}");
        assert!(page.contains(&said), "README.md lacks: {said}");
    }
    let alarms = kept(Way::Head.alarms()).lines().count();
    let said = format!("{alarms} of {} innocent", innocent(Way::Head).count());
    assert!(page.contains(&said), "README.md lacks: {said}");
}

/// The attacks of each class.
fn attacks(way: Way) -> impl Iterator<Item = (&'static str, &'static Lines)> {
    let files = way.decided().iter();
    files.filter_map(|(file, lines)| Some((file.strip_prefix("attacks/")?, lines)))
}

fn innocent(way: Way) -> impl Iterator<Item = &'static (String, Option<String>)> {
    let files = way.decided().iter();
    let innocent = files.filter(|(file, _)| file.starts_with("innocent/"));
    innocent.flat_map(|(_, lines)| lines)
}

fn refused(lines: &[(String, Option<String>)]) -> usize {
    lines.iter().filter(|(_, rule)| rule.is_some()).count()
}

fn kept(file: &str) -> String {
    fs::read_to_string(folder().join(file)).unwrap()
}

fn read_root(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

fn folder() -> PathBuf {
    root().join("tests/detection")
}

/// The policy with all groups, loaded.
fn shield() -> Arc<Policy> {
    let (_, lowered) = edge_compiler::compile("policy.edge", POLICY, &NoFiles)
        .unwrap_or_else(|report| panic!("{report:?}"));
    println!("{} bytes", lowered.wasm.len());
    policy::load(&lowered.wasm)
}

/// Sends the lines through the module, in the host's engine.
fn decide(policy: &Arc<Policy>, corpus: &BTreeMap<String, Vec<String>>, way: Way) -> Decided {
    let decide = |lines: &Vec<String>| {
        let sent = lines
            .iter()
            .filter_map(|line| Some((line.clone(), request(line, way)?)));
        let (lines, requests): (Vec<String>, Vec<Request>) = sent.unzip();
        let plan = TestPlan {
            files: vec!["policy.edge".to_owned()],
            tests: lines.iter().zip(requests).map(test).collect(),
        };
        let report = edge_host::testing::run(policy, &plan);
        let rules = report.tests.iter().map(|test| {
            let rule = test.failures.first().and_then(|it| it.rule.clone());
            rule.filter(|rule| rule.starts_with("waf."))
        });
        lines.into_iter().zip(rules).collect()
    };
    corpus
        .iter()
        .map(|(file, lines)| (file.clone(), decide(lines)))
        .collect()
}

const PLACE: [u32; 3] = [0, 1, 1];

/// A test that passes when the request is welcome.
fn test((line, request): (&String, Request)) -> Test {
    let app = Given::Origin {
        name: "app".to_owned(),
        answer: OriginAnswer::Respond {
            status: 200,
            headers: Vec::new(),
            body: String::new(),
            delay_ms: 0,
        },
    };
    let expect = Expect {
        place: PLACE,
        text: String::new(),
        subject: Subject::Status,
        op: Op::Equals,
        value: "200".to_owned(),
    };
    Test {
        name: line.clone(),
        place: PLACE,
        steps: vec![
            Step::Given(app),
            Step::Request(request),
            Step::Expect(expect),
        ],
    }
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
