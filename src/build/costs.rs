//! `edge build --report`: what a policy costs, rule by rule.

use std::collections::BTreeMap;

use edge_abi::manifest::Line;
use edge_compiler::emit::cost::{By, RuleCost, Walk};
use serde::Serialize;

use crate::source::Policy;
use crate::terminal::{count, grouped, plain};

/// The costs of a policy.
#[derive(Debug, Serialize)]
pub struct Costs {
    /// The policy's name.
    policy: String,
    /// Bytes of the module.
    bytes: usize,
    /// Bytes of memory of an instance.
    memory: u32,
    /// The most instructions of a call: a line in the input's length.
    most_instructions: Line,
    /// The longest output in bytes.
    longest_output: Line,
    rules: Vec<Rule>,
}

/// The costs of a rule.
#[derive(Debug, Serialize)]
struct Rule {
    rule: String,
    bytes: u32,
    /// How many texts it looks at.
    texts: u32,
    /// Nanoseconds for a byte of the text that costs most: its share of walks that it shares.
    ns_per_byte: f64,
    /// The most, where its literals are in the text and nothing else shares.
    most_ns_per_byte: f64,
    how: Vec<String>,
}

impl Costs {
    /// Those of a policy.
    pub fn of(policy: &Policy) -> Costs {
        let manifest = &policy.lowered.manifest;
        let costs = policy.lowered.costs.iter();
        let costs: BTreeMap<u32, &RuleCost> = costs.map(|cost| (cost.rule, cost)).collect();
        let rules = (0..)
            .zip(&manifest.rules)
            .map(|(index, rule)| Rule::new(rule.name.clone(), costs.get(&index).copied()));
        Costs {
            policy: manifest.name.clone(),
            bytes: policy.lowered.wasm.len(),
            memory: manifest.limits.memory,
            most_instructions: manifest.limits.fuel,
            longest_output: manifest.limits.output,
            rules: rules.collect(),
        }
    }

    /// As a page.
    pub fn text(&self) -> String {
        let mut lines = vec![
            format!(
                "policy `{}`: {} bytes, {} bytes of memory",
                self.policy,
                grouped(self.bytes as u64),
                grouped(self.memory.into())
            ),
            format!(
                "at worst: {} for a call",
                line(self.most_instructions, "instructions")
            ),
            format!("          {} of output", line(self.longest_output, "bytes")),
            String::new(),
        ];
        let name = |rule: &Rule| rule.rule.chars().count();
        let width = self.rules.iter().map(name).max().unwrap_or(0).max(4);
        lines.push(format!(
            "{:<width$}  {:>9}  {:>5}  {:>7}  {:>7}  how",
            "rule", "bytes", "texts", "ns/byte", "at most"
        ));
        for rule in &self.rules {
            lines.push(format!(
                "{:<width$}  {:>9}  {:>5}  {:>7.2}  {:>7.2}  {}",
                rule.rule,
                grouped(rule.bytes.into()),
                rule.texts,
                rule.ns_per_byte,
                rule.most_ns_per_byte,
                rule.how.join(", ")
            ));
        }
        let mut page = String::new();
        for line in lines {
            page.push_str(&plain(line.trim_end()));
            page.push('\n');
        }
        page
    }
}

impl Rule {
    /// A rule that never comes to be asked costs nothing.
    fn new(rule: String, cost: Option<&RuleCost>) -> Rule {
        Rule {
            rule,
            bytes: cost.map_or(0, |cost| cost.bytes),
            texts: cost.map_or(0, |cost| cost.texts),
            ns_per_byte: cost.map_or(0.0, |cost| rounded(cost.ns())),
            most_ns_per_byte: cost.map_or(0.0, |cost| rounded(cost.most_ns())),
            how: cost.map_or_else(Vec::new, how),
        }
    }
}

fn rounded(ns: f64) -> f64 {
    (ns * 1000.0).round() / 1000.0
}

fn line(line: Line, unit: &str) -> String {
    format!(
        "{} {unit} and {} for each byte of input",
        grouped(line.base),
        grouped(line.per_byte)
    )
}

/// The walks of a rule in words, equal ones together.
fn how(cost: &RuleCost) -> Vec<String> {
    let mut kinds: Vec<(&Walk, usize)> = Vec::new();
    for walk in &cost.walks {
        match kinds.iter_mut().find(|(known, _)| *known == walk) {
            Some((_, times)) => *times += 1,
            None => kinds.push((walk, 1)),
        }
    }
    kinds
        .into_iter()
        .map(|(walk, times)| {
            let times = match times {
                1 => String::new(),
                times => format!("{times} × "),
            };
            let rare = if walk.rare {
                " where its literals are"
            } else {
                ""
            };
            format!("{times}{}{rare}", words(walk))
        })
        .collect()
}

fn words(walk: &Walk) -> String {
    let among = count(walk.shared as usize, "pattern");
    match walk.by {
        By::Automaton => "an automaton".to_owned(),
        By::Bits(words) => format!("an automaton of {}", count(words as usize, "word")),
        By::Merged => format!("an automaton of {among}"),
        By::Search => format!("a search for {among}"),
        By::Stream => format!("a body's scan for {among}"),
    }
}
