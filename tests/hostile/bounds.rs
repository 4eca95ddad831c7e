//! Policies that would be too large, and some that only look so.

use crate::policies::compile;
use edge_compiler::source::NoFiles;
use std::fmt::Write;

/// The codes of what is wrong with a policy.
fn codes(policy: &str) -> Vec<String> {
    let report = edge_compiler::compile("policy.edge", policy, &NoFiles)
        .err()
        .unwrap();
    let codes = report
        .problems
        .iter()
        .map(|problem| problem.code().unwrap().to_string());
    codes.collect()
}

#[test]
fn a_text_that_doubles_thirty_times_is_a_diagnostic() {
    let lets = (1..=30).fold(String::new(), |mut all, i| {
        writeln!(all, "let x{i} = \"{{x{0}}}{{x{0}}}\"", i - 1).unwrap();
        all
    });
    let policy = format!("default {{\nlet x0 = request.path\n{lets}respond 200 text x30\n}}");
    assert_eq!(codes(&policy), ["E0608"]);
}

#[test]
fn thirty_conditions_in_a_row_share_what_follows() {
    let conditional = |count: u32| {
        let ifs = (0..count).fold(String::new(), |mut all, i| {
            writeln!(
                all,
                "if request.query[\"q{i}\"] == \"1\" {{ set response.header \"X-{i}\" = \"1\" }}"
            )
            .unwrap();
            all
        });
        let (wasm, manifest) = compile(&format!("default {{\n{ifs}respond 200\n}}"));
        let json = serde_json::to_vec(&manifest).unwrap();
        wasm.len() - json.len()
    };
    let (fifteen, thirty) = (conditional(15), conditional(30));
    println!("15: {fifteen} bytes, 30: {thirty}");
    assert!(thirty < 2 * fifteen && thirty < 16 << 10);
}

#[test]
fn the_sixty_fifth_edit_is_one_too_many() {
    for at in ["response.header", "header"] {
        let policy = |count: u32| {
            let edits = (0..count).fold(String::new(), |mut all, i| {
                writeln!(all, "set {at} \"X-{i}\" = \"1\"").unwrap();
                all
            });
            match at {
                "header" => format!(
                    "origin o {{ url \"http://o.test\" }}\ndefault {{ proxy o {{\n{edits}}} }}"
                ),
                _ => format!("default {{\n{edits}respond 200\n}}"),
            }
        };
        compile(&policy(64));
        assert_eq!(codes(&policy(65)), ["E0602"]);
    }
}
