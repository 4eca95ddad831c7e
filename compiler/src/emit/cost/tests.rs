//! What rules cost.

#![allow(clippy::unwrap_used)]

use crate::{compile, source::NoFiles};

/// The names of the rules with costs, each with how many texts it looks at.
fn costs(policy: &str) -> Vec<(String, u32)> {
    let (_, lowered) = compile("test.edge", policy, &NoFiles).unwrap();
    let name = |rule: u32| {
        lowered
            .manifest
            .rules
            .get(rule as usize)
            .unwrap()
            .name
            .clone()
    };
    let costs = lowered.costs.iter();
    costs.map(|cost| (name(cost.rule), cost.texts)).collect()
}

#[test]
fn rules_that_do_not_decide_have_costs_of_their_own() {
    let found = costs(
        r#"
waf watched {
  mode shadow
  rule agent { when request.header["User-Agent"] contains "sqlmap" or request.header["Referer"] contains "nikto" }
}
waf counted {
  threshold 5
  rule target { score 5 when request.target contains "../.." }
  rule cookie { score 5 when request.header["Cookie"] contains "<script" }
}
on request { waf watched waf counted }
default { respond 204 }
"#,
    );
    let texts = |end: &str| {
        let rule = found.iter().find(|(name, _)| name.ends_with(end));
        rule.map(|(_, texts)| *texts)
    };
    assert_eq!(texts("watched.agent"), Some(2));
    assert_eq!(texts("counted.target"), Some(1));
    assert_eq!(texts("counted.cookie"), Some(1));
    assert_eq!(texts("request").unwrap_or(0), 0);
}
