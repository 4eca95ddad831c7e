//! From names to meaning: types, absence, phases, and that every path answers.
//!
//! [`check`] turns a resolved policy into the typed tree. It reports all it finds: what
//! could not be typed is `None` from there on and says nothing more. Declarations are
//! checked on demand, since a constant may use another that stands below it, and a
//! declaration that comes back to itself is reported with the chain.
//!
//! - `expr`, `arithmetic`, `condition`, `compare`, `choose`, `text`, `facts`, `names`, `builtins`,
//!   `json_read`: expressions. `condition` and `scope` know what was proved present.
//! - `state`: what the host remembers between requests. `cache`: answers of origins that are kept.
//! - `statements`, `edits`, `respond`, `html`, `json`, `proxy`, `waf`: blocks.
//! - `origins`, `pools`, `experiments`, `sets`, `constants`, `functions`: declarations.
//! - `routes` and `pattern`: the order of things. `plan`: `test` blocks. `limits`: bounds.

mod arithmetic;
mod builtins;
mod cache;
mod choose;
mod compare;
mod condition;
mod constants;
mod edits;
mod experiments;
mod expr;
mod fact_table;
mod facts;
mod functions;
mod html;
mod json;
mod json_read;
mod letter_case;
mod limits;
mod literals;
mod matchers;
mod names;
mod networks;
mod origins;
mod pattern;
mod plan;
mod pools;
mod proxy;
mod reach;
mod regexes;
mod respond;
mod routes;
mod scope;
mod sets;
mod state;
mod statements;
mod text;
mod times;
mod types;
mod unbuilt;
mod waf;

#[cfg(test)]
mod tests;

use crate::diagnostics::{NotSupported, Problem, Problems};
use crate::hir::{Expr, Hir, Lane, PlaceId, Rule, RuleId, Type};
use crate::resolve::{DeclId, Resolved};
use crate::source::{FileId, Lines, SourceMap, Span};
use edge_abi::manifest::RuleKind;
use scope::Scope;
use std::collections::HashMap;
use std::rc::Rc;

/// Checks a policy.
///
/// `None` when there is any problem, found here or before.
pub fn check(resolved: &Resolved, sources: &SourceMap, problems: &mut Problems) -> Option<Hir> {
    let mut checker = Checker::new(resolved, sources, problems);
    checker.declare();
    checker.declare_state();
    checker.check_declarations();
    checker.check_handlers();
    checker.check_routes();
    checker.check_tests();
    checker.check_limits();
    checker.finish()
}

/// An expression and its type.
#[derive(Debug, Clone)]
struct Typed {
    expr: Expr,
    ty: Type,
}

/// A declaration that is checked on demand.
#[derive(Debug, Clone)]
enum Progress<T> {
    /// Being checked: coming back to it is a circle.
    Busy,
    /// Checked; `None` when it was in error.
    Done(Option<T>),
}

/// What is known while a policy is checked.
struct Checker<'a> {
    resolved: &'a Resolved,
    sources: &'a SourceMap,
    problems: &'a mut Problems,
    hir: Hir,
    /// Where the code being checked stands, and what is known there.
    scope: Scope,
    /// Indices of origins, pools, experiments and secrets.
    index: HashMap<DeclId, u32>,
    params: HashMap<DeclId, Type>,
    consts: HashMap<DeclId, Progress<Typed>>,
    fns: HashMap<DeclId, Progress<Rc<functions::Signature>>>,
    experiments: HashMap<DeclId, Progress<()>>,
    sets: HashMap<DeclId, Progress<Rc<sets::Source>>>,
    /// Sets of the typed tree, by declaration and the kind of their elements.
    made_sets: HashMap<(DeclId, sets::Kind), Option<u32>>,
    groups: HashMap<DeclId, Progress<Rc<waf::Group>>>,
    limits: HashMap<DeclId, Progress<Rc<state::Limit>>>,
    /// Rules of WAF groups, by their names and places.
    waf_rules: HashMap<(String, Span), RuleId>,
    /// How bodies are inspected, once groups that do were run.
    scanned: HashMap<Lane, waf::Body>,
    /// Declarations being checked, outermost first, with their names.
    open: Vec<(DeclId, String)>,
    /// How often each rule name was given.
    rule_names: HashMap<String, u32>,
    regexes: HashMap<String, bool>,
    /// What `proxy` statements declare, as text, with its index.
    options: HashMap<String, u32>,
    /// Where the lines of files begin.
    lines: HashMap<FileId, Lines<'a>>,
    /// Bytes of constants put in, and expressions copied: see [`limits`].
    spent: limits::Spent,
}

impl<'a> Checker<'a> {
    fn new(resolved: &'a Resolved, sources: &'a SourceMap, problems: &'a mut Problems) -> Self {
        Checker {
            resolved,
            sources,
            problems,
            hir: Hir {
                name: resolved.name.clone(),
                ..Hir::default()
            },
            scope: Scope::default(),
            index: HashMap::new(),
            params: HashMap::new(),
            consts: HashMap::new(),
            fns: HashMap::new(),
            experiments: HashMap::new(),
            sets: HashMap::new(),
            made_sets: HashMap::new(),
            groups: HashMap::new(),
            limits: HashMap::new(),
            waf_rules: HashMap::new(),
            scanned: HashMap::new(),
            open: Vec::new(),
            rule_names: HashMap::new(),
            regexes: HashMap::new(),
            options: HashMap::new(),
            lines: HashMap::new(),
            spent: limits::Spent::default(),
        }
    }

    fn finish(self) -> Option<Hir> {
        self.problems.is_empty().then_some(self.hir)
    }

    /// Reports a problem; what it was found in has no meaning.
    fn fail<T>(&mut self, problem: impl Problem) -> Option<T> {
        self.problems.push(problem);
        None
    }

    fn unsupported<T>(&mut self, what: &str, span: Span) -> Option<T> {
        let what = match what.contains('`') {
            true => what.to_owned(),
            false => format!("`{what}`"),
        };
        let help = Some(unbuilt::instead(&what).to_owned());
        self.fail(NotSupported { what, span, help })
    }

    /// A rule of that name, or of the name with a number if it is taken.
    fn rule(&mut self, name: &str, kind: RuleKind, span: Span) -> RuleId {
        let times = self.rule_names.entry(name.to_owned()).or_insert(0);
        *times += 1;
        let name = match *times {
            1 => name.to_owned(),
            n => format!("{name}.{n}"),
        };
        self.hir.rules.push(Rule {
            name,
            kind,
            span,
            severity: None,
            tags: Vec::new(),
        });
        RuleId(index(self.hir.rules.len() - 1))
    }

    fn place(&mut self, span: Span) -> PlaceId {
        self.hir.places.push(span);
        PlaceId(index(self.hir.places.len() - 1))
    }

    /// Line and column of the start of a span, both from 1; columns count characters.
    fn line_column(&mut self, span: Span) -> (u32, u32) {
        let sources = self.sources;
        let lines = self.lines.entry(span.file).or_insert_with(|| {
            let text = sources.get(span.file).map_or("", |file| &file.text);
            Lines::new(text)
        });
        lines.line_column(span.start)
    }

    /// What was written at a place, for a message: one line, in backticks.
    fn quote(&self, span: Span) -> String {
        let text = self
            .sources
            .get(span.file)
            .and_then(|file| file.text.get(span.start as usize..span.end as usize))
            .unwrap_or_default();
        let start = text
            .char_indices()
            .nth(LONG_QUOTE)
            .map_or(text, |(end, _)| text.get(..end).unwrap_or_default());
        let line = start.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() <= 60 {
            return format!("`{line}`");
        }
        format!("`{}…`", line.chars().take(59).collect::<String>())
    }
}

/// How much of a text is looked at to quote it, in characters.
const LONG_QUOTE: usize = 400;

/// An index as the typed tree keeps it.
fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
