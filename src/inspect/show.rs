//! A module's content as a page of text.

use std::fmt::Write;

use edge_abi::manifest::{Choice, Fact, Line, Manifest, Rule, Slot, Target};
use serde_json::Value;

use super::{Inspection, remembered};
use crate::terminal::{count, grouped, plain};

/// The page.
pub fn text(it: &Inspection) -> String {
    let mut page = Page(String::new());
    let manifest = &it.manifest;
    page.line(&format!(
        "{}: policy `{}`, {} bytes, {}",
        it.file,
        manifest.name,
        grouped(it.bytes as u64),
        count(it.structure.functions as usize, "function")
    ));
    page.line(&format!(
        "language {}, ABI {}, made from {}",
        manifest.language,
        manifest.abi,
        manifest.files.join(", ")
    ));
    page.line(&format!("sources {}", manifest.source_digest));
    page.line(&format!("module  {}", manifest.module_digest));
    structure(&mut page, it);
    limits(&mut page, manifest);
    rules(&mut page, manifest);
    targets(&mut page, manifest);
    settings(&mut page, manifest);
    page.table("remembered between requests", &remembered::rows(manifest));
    cached(&mut page, manifest);
    facts(&mut page, manifest);
    page.0
}

/// A text that grows by lines and tables.
struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0.push_str(&plain(line));
        self.0.push('\n');
    }

    /// A heading, then rows whose columns are aligned; nothing when there are no rows.
    fn table(&mut self, heading: &str, rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        self.line(&format!("\n{heading}"));
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|cell: &String| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                // Writing to a text can't fail.
                let _ = write!(line, "  {cell:<width$}");
            }
            self.line(line.trim_end());
        }
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.iter().map(|cell| (*cell).to_owned()).collect()
}

fn structure(page: &mut Page, it: &Inspection) {
    let sections = it.structure.sections.iter();
    let rows = sections.map(|section| vec![section.name.clone(), grouped(section.bytes)]);
    page.table("sections, in bytes", &rows.collect::<Vec<_>>());
    match it.structure.imports.as_slice() {
        [] => page.line("\nimports: none"),
        imports => page.line(&format!("\nimports: {}", imports.join(", "))),
    }
    let exports = it.structure.exports.iter();
    let exports: Vec<String> = exports
        .map(|it| format!("{} ({})", it.name, it.kind))
        .collect();
    page.line(&format!("exports: {}", exports.join(", ")));
}

fn limits(page: &mut Page, manifest: &Manifest) {
    let limits = &manifest.limits;
    let body = match limits.body {
        0 => "not read".to_owned(),
        body => format!("{} bytes", grouped(body.into())),
    };
    let input = u64::from(limits.input);
    page.table(
        "limits",
        &[
            row([
                "memory",
                &format!("{} bytes", grouped(limits.memory.into())),
            ]),
            row(["longest input", &format!("{} bytes", grouped(input))]),
            row(["longest body", &body]),
            row(["longest output", &worst(limits.output, "bytes", input)]),
            row(["most instructions", &worst(limits.fuel, "a call", input)]),
        ],
    );
}

/// A bound, for a short input and for the longest.
fn worst(line: Line, unit: &str, input: u64) -> String {
    let at = |length: u64| {
        line.base
            .saturating_add(line.per_byte.saturating_mul(length))
    };
    format!(
        "{} + {} for each byte of input: {} {unit} at 1 KiB, {} at the longest",
        grouped(line.base),
        grouped(line.per_byte),
        grouped(at(1024)),
        grouped(at(input)),
    )
}

fn rules(page: &mut Page, manifest: &Manifest) {
    let rows = manifest.rules.iter().map(|rule| {
        vec![
            rule.name.clone(),
            json_word(&rule.kind),
            place(manifest, rule),
            format!("{} bytes", grouped(rule.bytes.into())),
        ]
    });
    page.table(
        &count(manifest.rules.len(), "rule"),
        &rows.collect::<Vec<_>>(),
    );
}

fn place(manifest: &Manifest, rule: &Rule) -> String {
    let Some([file, line, column]) = manifest.places.get(rule.place as usize) else {
        return String::new();
    };
    let file = manifest
        .files
        .get(*file as usize)
        .map_or("?", String::as_str);
    format!("{file}:{line}:{column}")
}

fn targets(page: &mut Page, manifest: &Manifest) {
    let rows = manifest.targets.iter().map(|target| match target {
        Target::Origin(origin) => vec![
            format!("origin {}", origin.name),
            origin.url.clone(),
            format!(
                "connect {}ms, timeout {}ms, idle {}ms",
                origin.connect_ms, origin.timeout_ms, origin.idle_ms
            ),
        ],
        Target::Pool(pool) => {
            let choice = match pool.choice {
                Choice::Failover => "failover",
                Choice::Weighted => "weighted",
            };
            let members = pool.members.iter().map(|member| {
                match manifest.targets.get(member.target as usize) {
                    Some(Target::Origin(origin)) => origin.name.as_str(),
                    _ => "?",
                }
            });
            let members = members.collect::<Vec<_>>().join(", ");
            vec![format!("pool {}", pool.name), format!("{choice} {members}")]
        }
    });
    page.table(
        &count(manifest.targets.len(), "target"),
        &rows.collect::<Vec<_>>(),
    );
}

fn settings(page: &mut Page, manifest: &Manifest) {
    let params = manifest.params.iter().map(|param| {
        let default = match &param.default {
            Some(value) => format!("default {value}"),
            None => "must be given".to_owned(),
        };
        vec![
            format!("param {}", param.name),
            param.r#type.clone(),
            default,
        ]
    });
    let secrets = manifest
        .secrets
        .iter()
        .map(|name| vec![format!("secret {name}")]);
    page.table(
        "to be given by the host",
        &params.chain(secrets).collect::<Vec<_>>(),
    );
    let experiments = manifest.experiments.iter();
    let rows = experiments.map(|it| vec![it.name.clone(), it.arms.join(", ")]);
    page.table("experiments", &rows.collect::<Vec<_>>());
    if !manifest.capabilities.is_empty() {
        let needs: Vec<String> = manifest.capabilities.iter().map(json_word).collect();
        page.line(&format!("\nneeds a host with: {}", needs.join(", ")));
    }
}

/// What cached answers are kept under.
fn cached(page: &mut Page, manifest: &Manifest) {
    let rows = manifest.cached.iter().map(|cached| {
        let rule = manifest.rules.get(cached.rule as usize);
        let rule = rule.map_or("?", |rule| &rule.name);
        let mut key = format!("key: {}", cached.key.join(", "));
        if !cached.unkeyed.is_empty() {
            key += &format!("; not in it: {}", cached.unkeyed.join(", "));
        }
        vec![rule.to_owned(), key]
    });
    page.table("cached", &rows.collect::<Vec<_>>());
}

fn facts(page: &mut Page, manifest: &Manifest) {
    let rows = manifest.slot_sets.iter().enumerate().map(|(number, set)| {
        let facts: Vec<String> = set.iter().map(slot).collect();
        let facts = if facts.is_empty() {
            "none".to_owned()
        } else {
            facts.join(", ")
        };
        vec![format!("set {number}"), facts]
    });
    page.table("facts that each call is given", &rows.collect::<Vec<_>>());
}

/// A fact as the language writes it.
fn slot(slot: &Slot) -> String {
    match &slot.fact {
        Fact::Header { name } => format!("request.header[{name:?}]"),
        Fact::HeaderList { name } => format!("request.headers[{name:?}]"),
        Fact::ResponseHeader { name } => format!("response.header[{name:?}]"),
        Fact::ResponseHeaderList { name } => format!("response.headers[{name:?}]"),
        Fact::Param { name } => format!("param {name}"),
        Fact::Answer { ask } => format!("answer {ask}"),
        fact => match serde_json::to_value(fact) {
            Ok(Value::Object(fields)) => fields
                .get("fact")
                .and_then(Value::as_str)
                .unwrap_or("?")
                .to_owned(),
            _ => "?".to_owned(),
        },
    }
}

/// The word that stands for a value in the manifest.
pub(super) fn json_word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word.replace('_', " "),
        _ => "?".to_owned(),
    }
}
