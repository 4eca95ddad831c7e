//! From text to the tree as written.
//!
//! [`split`] cuts the file into declarations and checks strings, brackets and nesting;
//! `grammar/edge.pest` matches each declaration; the other files turn what it matched into [`ast`](crate::ast)
//! nodes, one function a rule. This folder is the only code that sees the grammar's rules.

mod builder;
mod cache;
mod controls;
mod error;
mod expected;
mod expr;
mod faults;
mod foreign;
mod grammar;
mod hints;
mod items;
mod lex;
mod number;
mod origins;
mod precedence;
mod proxy;
mod split;
mod state;
mod statements;
mod strings;
mod test_steps;
mod waf;
mod words;

#[cfg(test)]
mod tests;

use pest::Parser as _;

use crate::ast;
use crate::diagnostics::{FileTooLarge, Problems};
use crate::source::{FileId, Span};

use builder::Builder;
use grammar::{Grammar, Rule};

/// The most bytes of a source file.
pub const MOST_BYTES: usize = 4 << 20;

/// Reads a source file. Every declaration that can be read is in the result; what is wrong with
/// the others is in `problems`, at least one report for each.
pub fn parse(file: FileId, text: &str, problems: &mut Problems) -> ast::File {
    let mut items = Vec::new();
    if text.len() > MOST_BYTES {
        problems.push(FileTooLarge {
            size: text.len(),
            limit: MOST_BYTES,
            span: Span {
                file,
                start: 0,
                end: 0,
            },
        });
        return ast::File { id: file, items };
    }
    let mut builder = Builder::new(file, text, problems);
    let controls = controls::find(text);
    let (cuts, faults) = split::split(text);
    builder.report_controls(&controls);
    builder.report_faults(&faults);
    for cut in cuts {
        if !cut.broken && !controls.iter().any(|c| (cut.start..cut.end).contains(&c.0)) {
            items.extend(item(&mut builder, cut.start, cut.end));
        }
    }
    ast::File { id: file, items }
}

/// One declaration.
fn item(builder: &mut Builder<'_, '_>, start: usize, end: usize) -> Option<ast::Item> {
    let text = builder.text.get(start..end)?;
    builder.offset = start;
    if builder.unknown_declaration(text) {
        return None;
    }
    match Grammar::parse(Rule::item, text) {
        Ok(mut nodes) => {
            let span = builder.range(0, text.len());
            let docs = builder.docs_above(start);
            let before = builder.reported();
            let kind = nodes.next().and_then(|node| items::kind(builder, node));
            if kind.is_none() && builder.reported() == before {
                builder.report_unread(span);
            }
            kind.map(|kind| ast::Item { docs, span, kind })
        }
        Err(error) => {
            builder.report_syntax(text, &error);
            None
        }
    }
}
