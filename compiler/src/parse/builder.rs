//! What all rules share when their matches become nodes of the tree.

use crate::ast::{Name, Path, Text, TypeName};
use crate::diagnostics::{Expected, Problem, Problems, TooDeep};
use crate::source::{FileId, Span};

use super::grammar::{Node, Rule, parts};

/// Turns matches into the tree. A function answers `None` only when it has reported a problem,
/// or for a match that the grammar can't make.
pub(super) struct Builder<'t, 'p> {
    pub(super) file: FileId,
    /// The whole file.
    pub(super) text: &'t str,
    /// Where in the file the text that was parsed begins: places of nodes count from there.
    pub(super) offset: usize,
    problems: &'p mut Problems,
}

impl<'t, 'p> Builder<'t, 'p> {
    pub(super) fn new(file: FileId, text: &'t str, problems: &'p mut Problems) -> Self {
        Builder {
            file,
            text,
            offset: 0,
            problems,
        }
    }

    pub(super) fn report(&mut self, problem: impl Problem) {
        self.problems.push(problem);
    }

    /// How many problems there are so far.
    pub(super) fn reported(&self) -> usize {
        self.problems.len()
    }

    /// A match that the rules here don't know: a defect of the compiler, but never a silent one.
    pub(super) fn report_unread(&mut self, span: Span) {
        self.report(Expected {
            expected: "a declaration as the docs have it".to_owned(),
            found: "something else".to_owned(),
            span,
            help: None,
        });
    }

    pub(super) fn too_deep(&mut self, span: Span, limit: usize) {
        self.report(TooDeep { limit, span });
    }

    /// The span of a range of the text that was parsed.
    pub(super) fn range(&self, start: usize, end: usize) -> Span {
        self.file_range(self.offset + start, self.offset + end)
    }

    /// The span of a range of the file.
    pub(super) fn file_range(&self, start: usize, end: usize) -> Span {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span {
            file: self.file,
            start: place(start),
            end: place(end),
        }
    }

    pub(super) fn span(&self, node: &Node<'_>) -> Span {
        let span = node.as_span();
        self.range(span.start(), span.end())
    }

    /// The text of the `##` comments on the lines right above a place of the file.
    pub(super) fn docs_above(&self, at: usize) -> Option<String> {
        let before = self.text.get(..at)?;
        let mut before = before.trim_end_matches([' ', '\t', '\r']);
        if !before.ends_with('\n') {
            return None;
        }
        let mut docs = Vec::new();
        while let Some(above) = before.strip_suffix('\n') {
            let line = above.rsplit('\n').next()?;
            let Some(text) = line.trim().strip_prefix("##") else {
                break;
            };
            docs.push(text.strip_prefix(' ').unwrap_or(text).to_owned());
            before = above.get(..above.len() - line.len())?;
        }
        docs.reverse();
        (!docs.is_empty()).then(|| docs.join("\n"))
    }

    pub(super) fn name(&self, node: &Node<'_>) -> Name {
        Name {
            text: node.as_str().to_owned(),
            span: self.span(node),
        }
    }

    /// `waf.traversal`
    pub(super) fn path(&self, node: Node<'_>) -> Path {
        let span = self.span(&node);
        let parts = parts(node).map(|part| self.name(&part)).collect();
        Path { parts, span }
    }

    /// `string?`
    pub(super) fn type_name(&self, node: Node<'_>) -> Option<TypeName> {
        let mut parts = parts(node);
        Some(TypeName {
            name: self.name(&parts.next()?),
            optional: parts.next().is_some_and(|p| p.as_rule() == Rule::question),
        })
    }

    /// A string without interpolation.
    pub(super) fn text(&mut self, node: Node<'_>) -> Option<Text> {
        let span = self.span(&node);
        let value = self.plain_string(node.into_inner().next()?)?;
        Some(Text { value, span })
    }

    /// All texts among some nodes.
    pub(super) fn texts<'n>(&mut self, nodes: impl Iterator<Item = Node<'n>>) -> Option<Vec<Text>> {
        nodes.map(|node| self.text(node)).collect()
    }
}
