//! Declared sets. The same strings are text where text is looked up in them, and addresses
//! where an address is: each is made, and judged, when it is first used so.

use super::{Checker, Progress, index};
use crate::ast::{Elements as Written, Expr as Ast, ItemKind, Text};
use crate::diagnostics::{MixedSet, TooLargeSet, WrongType};
use crate::hir::{Base, Const, Elements, Set};
use crate::resolve::DeclId;
use crate::source::Span;
use std::rc::Rc;

/// Most elements of a set.
const MOST_ELEMENTS: usize = 1_000_000;

/// The elements of a set as they were written.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) values: Vec<(Const, Span)>,
    pub(super) base: Base,
    /// They come from a file: numbers are written as text there.
    pub(super) loaded: bool,
}

/// What the elements of a set are used as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Bytes,
    Ints,
    Networks,
}

impl Kind {
    /// The kind in which a value of type `subject` is looked up; `None` when it can't be.
    pub(super) fn for_subject(subject: Base, source: &Source) -> Option<Kind> {
        match (subject, source.base) {
            (Base::String, Base::String) => Some(Kind::Bytes),
            (Base::Ip, Base::String) => Some(Kind::Networks),
            (Base::Int, Base::String) if source.loaded => Some(Kind::Ints),
            (a, b) if a == b && a.is_integer() => Some(Kind::Ints),
            _ => None,
        }
    }
}

impl Checker<'_> {
    /// The elements of a declared set, checked once.
    pub(super) fn set_source(&mut self, id: DeclId, span: Span) -> Option<Rc<Source>> {
        match self.sets.get(&id) {
            Some(Progress::Done(source)) => return source.clone(),
            Some(Progress::Busy) => return self.contains_itself("the set", id, span),
            None => {}
        }
        let resolved = self.resolved;
        let ItemKind::Set { name, value } = &resolved.item(id)?.kind else {
            return None;
        };
        self.sets.insert(id, Progress::Busy);
        self.open.push((id, name.text.clone()));
        let scope = super::Scope::at(id.unit, super::scope::Place::Constant);
        let (source, _) = self.within(scope, |checker| match value {
            Written::List(elements, span) => checker.written(elements, *span),
            Written::Load(text) => checker.loaded_lines(text),
        });
        self.open.pop();
        let source = source.map(Rc::new);
        self.sets.insert(id, Progress::Done(source.clone()));
        source
    }

    fn written(&mut self, elements: &[Ast], span: Span) -> Option<Source> {
        self.check_size(elements.len(), span)?;
        let values = self.constants(elements)?;
        let base = values.first().map_or(Base::String, |(_, ty, _)| ty.base);
        let first_type = self.describe(crate::hir::Type::of(base));
        let mut kept = Vec::with_capacity(values.len());
        for (value, ty, span) in values {
            let found = self.describe(ty);
            if !(base == Base::String || base.is_integer()) {
                return self.fail(WrongType {
                    expected: "text or a number".to_owned(),
                    found,
                    span,
                    help: None,
                });
            }
            if ty.base != base {
                return self.fail(MixedSet {
                    found,
                    first_type,
                    span,
                });
            }
            kept.push((value, span));
        }
        Some(Source {
            values: kept,
            base,
            loaded: false,
        })
    }

    /// One element a line; `#` starts a comment, blank lines don't count.
    fn loaded_lines(&mut self, text: &Text) -> Option<Source> {
        let resolved = self.resolved;
        let bytes = resolved.loaded.get(&text.span)?;
        let values: Vec<_> = elements(bytes)
            .map(|(_, line)| (Const::Bytes(line.to_vec()), text.span))
            .collect();
        self.check_size(values.len(), text.span)?;
        Some(Source {
            values,
            base: Base::String,
            loaded: true,
        })
    }

    /// Where the element of that index stands in the file that `span` names: `nets.txt:12`.
    pub(super) fn line_of(&self, element: usize, span: Span) -> String {
        let resolved = self.resolved;
        let line = resolved
            .loaded
            .get(&span)
            .and_then(|bytes| elements(bytes).nth(element))
            .map_or(0, |(line, _)| line + 1);
        let name = self.code(span);
        format!("{}:{line}", name.trim_matches('"'))
    }

    fn check_size(&mut self, count: usize, span: Span) -> Option<()> {
        if count <= MOST_ELEMENTS {
            return Some(());
        }
        self.fail(TooLargeSet {
            count,
            limit: MOST_ELEMENTS,
            span,
        })
    }

    /// The index of a declared set, made of the elements it needs here.
    pub(super) fn made_set(&mut self, id: DeclId, kind: Kind, name: &str) -> Option<u32> {
        if let Some(made) = self.made_sets.get(&(id, kind)) {
            return *made;
        }
        let made = self.make_set(id, kind, name);
        self.made_sets.insert((id, kind), made);
        made
    }

    fn make_set(&mut self, id: DeclId, kind: Kind, name: &str) -> Option<u32> {
        let Some(Progress::Done(Some(source))) = self.sets.get(&id) else {
            return None;
        };
        let source = source.clone();
        let elements = match kind {
            Kind::Bytes => Elements::Bytes(source.values.iter().filter_map(bytes).collect()),
            Kind::Ints => Elements::Ints(self.ints(&source)?),
            Kind::Networks => {
                let mut networks = Vec::with_capacity(source.values.len());
                let mut sound = true;
                for (n, (value, span)) in source.values.iter().enumerate() {
                    let Const::Bytes(text) = value else { continue };
                    match self.network(text, source.loaded.then_some(n), *span) {
                        Some(network) => networks.push(network),
                        None => sound = false,
                    }
                    if !sound && source.loaded {
                        return None;
                    }
                }
                Elements::Networks(sound.then_some(networks)?)
            }
        };
        self.hir.sets.push(Set {
            name: name.to_owned(),
            elements,
        });
        Some(index(self.hir.sets.len() - 1))
    }

    fn ints(&mut self, source: &Source) -> Option<Vec<i64>> {
        let mut numbers = Vec::with_capacity(source.values.len());
        for (n, (value, span)) in source.values.iter().enumerate() {
            match value {
                Const::Int(n, _) => numbers.push(*n),
                Const::Bytes(text) => match edge_kernels::number::int_parse(text) {
                    Some(n) => numbers.push(n),
                    None => {
                        let found = format!("`{}`", String::from_utf8_lossy(text));
                        let place = self.line_of(n, *span);
                        return self.fail(WrongType {
                            expected: "a whole number on every line".to_owned(),
                            found,
                            span: *span,
                            help: Some(format!("it is `{place}`")),
                        });
                    }
                },
                _ => {}
            }
        }
        Some(numbers)
    }

    /// Checks a set that nothing may use.
    pub(super) fn check_set(&mut self, id: DeclId, span: Span) {
        self.set_source(id, span);
    }
}

/// The elements of a file, each with the index of its line.
fn elements(bytes: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = bytes.split(|&byte| byte == b'\n').enumerate();
    lines
        .map(|(n, line)| (n, line.split(|&byte| byte == b'#').next().unwrap_or(line)))
        .map(|(n, line)| (n, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
}

fn bytes((value, _): &(Const, Span)) -> Option<Vec<u8>> {
    match value {
        Const::Bytes(bytes) => Some(bytes.clone()),
        _ => None,
    }
}
