//! Routes that no request reaches, because one before them takes all of theirs.

use super::{Checker, index};
use crate::diagnostics::RouteNeverReached;
use crate::hir::{Pattern, Route, Segment};
use crate::source::Span;
use std::collections::HashMap;

/// Most nodes looked at for one route: with many parameters the ways through the tree multiply.
const MOST_LOOKED_AT: usize = 256;
/// Most routes of one pattern that are kept: more would each have methods of their own.
const MOST_KEPT: usize = 16;

/// The patterns of the routes so far that have no `when`: a tree by segment. Its root is node 0.
#[derive(Debug, Default)]
pub(super) struct Covered {
    nodes: Vec<Node>,
}

#[derive(Debug, Default)]
struct Node {
    next: HashMap<Segment, u32>,
    ends: Vec<Taken>,
}

/// A route that takes all requests of its methods; no methods: of all.
#[derive(Debug, Clone)]
struct Taken {
    methods: Vec<String>,
    name: String,
    span: Span,
}

impl Checker<'_> {
    /// Reports a route whose requests an earlier one takes, or keeps it for those behind it.
    pub(super) fn check_reached(&mut self, route: &Route, span: Span, covered: &mut Covered) {
        let anything = [Segment::Rest];
        let segments = match &route.pattern {
            Some(Pattern { segments }) => segments.as_slice(),
            None => &anything,
        };
        let takers = covered.find(segments, &route.methods);
        if let Some(last) = takers.last() {
            let names: Vec<String> = takers
                .iter()
                .map(|taken| format!("`{}`", taken.name))
                .collect();
            self.problems.push(RouteNeverReached {
                span,
                by: match names.as_slice() {
                    [one] => format!("{one} takes"),
                    several => format!("{} take", several.join(" and ")),
                },
                earlier: Some(last.span),
            });
        } else if route.when.is_none() {
            let rule = self.hir.rules.get(route.rule.0 as usize);
            let taken = Taken {
                methods: route.methods.clone(),
                name: rule.map(|rule| rule.name.clone()).unwrap_or_default(),
                span,
            };
            covered.keep(segments, taken);
        }
    }
}

impl Covered {
    /// Routes that together take whatever has these segments and methods; none when something is left.
    fn find(&self, segments: &[Segment], methods: &[String]) -> Vec<&Taken> {
        let mut takers = Takers {
            left: methods.iter().collect(),
            found: Vec::new(),
        };
        let mut open = vec![(0, 0)];
        for _ in 0..MOST_LOOKED_AT {
            let Some((node, at)) = open.pop() else {
                break;
            };
            let Some(node) = self.nodes.get(node as usize) else {
                break;
            };
            let next = |segment: &Segment| node.next.get(segment).copied();
            let Some(segment) = segments.get(at) else {
                if takers.add(node, methods) {
                    return takers.found;
                }
                continue;
            };
            let rest = next(&Segment::Rest).and_then(|it| self.nodes.get(it as usize));
            if rest.is_some_and(|node| takers.add(node, methods)) {
                return takers.found;
            }
            let empty = matches!(segment, Segment::Literal(bytes) if bytes.is_empty());
            if *segment == Segment::Rest {
                continue;
            }
            if *segment != Segment::Param && !empty {
                open.extend(next(&Segment::Param).map(|node| (node, at + 1)));
            }
            open.extend(next(segment).map(|node| (node, at + 1)));
        }
        Vec::new()
    }

    fn keep(&mut self, segments: &[Segment], taken: Taken) {
        if self.nodes.is_empty() {
            self.nodes.push(Node::default());
        }
        let mut at = 0;
        for segment in segments {
            let new = index(self.nodes.len());
            let Some(node) = self.nodes.get_mut(at as usize) else {
                return;
            };
            at = *node.next.entry(segment.clone()).or_insert(new);
            if at == new {
                self.nodes.push(Node::default());
            }
        }
        if let Some(node) = self.nodes.get_mut(at as usize)
            && node.ends.len() < MOST_KEPT
        {
            node.ends.push(taken);
        }
    }
}

/// Routes that take some of a route's methods, and which are left.
struct Takers<'c, 'm> {
    left: Vec<&'m String>,
    found: Vec<&'c Taken>,
}

impl<'c> Takers<'c, '_> {
    /// Adds the routes that end at a node; whether nothing is left. No methods are all that there are.
    fn add(&mut self, node: &'c Node, methods: &[String]) -> bool {
        for taken in &node.ends {
            let before = self.left.len();
            self.left
                .retain(|method| !taken.methods.is_empty() && !taken.methods.contains(method));
            if taken.methods.is_empty() {
                self.found = vec![taken];
                return true;
            }
            if self.left.len() < before {
                self.found.push(taken);
            }
            if self.left.is_empty() && !methods.is_empty() {
                return true;
            }
        }
        false
    }
}
