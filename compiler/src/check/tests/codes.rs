//! Every code's page: its example fails with that code alone, its fix compiles.

use super::{codes, messages};
use crate::diagnostics::Report;
use crate::diagnostics::codes::{CODES, fence, page};
use crate::source::NoFiles;

#[test]
fn each_example_has_exactly_its_problem_and_each_fix_has_none() {
    let mut wrong = String::new();
    for (code, _, file) in CODES {
        let page = page(file);
        if let Some(example) = fence(&page, "edge fails")
            && found(&example) != [*code]
        {
            wrong += &format!("{code}, example:\n{}\n", messages(&example));
        }
        if let Some(fix) = fence(&page, "edge")
            && let Err(report) = without_warnings(&fix)
        {
            wrong += &format!("{code}, fix:\n{report:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn without_warnings(policy: &str) -> Result<(), Report> {
    let (checked, _) = crate::compile("policy.edge", policy, &NoFiles)?;
    match checked.warnings.problems.is_empty() {
        true => Ok(()),
        false => Err(checked.warnings),
    }
}

/// The codes of an example's problems: some show only when the module is made.
fn found(example: &str) -> Vec<String> {
    let found = codes(example);
    match crate::compile("policy.edge", example, &NoFiles) {
        Err(report) if found.is_empty() => super::codes_of(&report),
        Ok((checked, _)) => super::codes_of(&checked.warnings),
        _ => found,
    }
}
