//! Where the code being checked stands, and what is known there.

use super::{Checker, Typed};
use crate::hir::{Ask, Builtin, Const, Expr, Fact, Handler, LetId, RuleId};
use crate::source::Span;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

/// The kinds of places code stands in: which facts are known, which statements make sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Place {
    /// A constant: nothing is known.
    #[default]
    Constant,
    /// A function's body: what its callers know.
    Function,
    /// An experiment: the request's head.
    Experiment,
    /// A route's `when`: the request's head.
    When,
    /// A WAF group: what the statements know that run it.
    Group,
    /// A limit: what the statements know that charge it.
    Limit,
    /// A cache's key: the request.
    CacheKey,
    /// What a cache makes of an answer: the request's head and the response's.
    Admission,
    /// A route, `default`, `on request`: the request.
    Request,
    /// `on response`: the request's head and the response's.
    Response,
    /// `on error`: the request's head.
    Error,
}

impl Place {
    /// What a diagnostic calls it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Place::Constant => "a constant",
            Place::Function => "a function",
            Place::Group => "a firewall group",
            Place::Limit => "a limit",
            Place::CacheKey => "the key of a cache",
            Place::Admission => "what a cache asks of an answer",
            Place::Experiment => "an experiment",
            Place::When => "a route's `when`",
            Place::Request => "a block that decides a request",
            Place::Response => "`on response`",
            Place::Error => "`on error`",
        }
    }
}

/// Something that was proved present.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    Fact(Fact),
    Let(LetId),
    Param(u32),
    /// What is read from a JSON text, or a part of one: the function, and the name or index.
    Json(Box<Key>, Builtin, Vec<u8>),
}

impl Key {
    /// The key of an expression whose presence can be remembered.
    pub(super) fn of(expr: &Expr) -> Option<Key> {
        match expr {
            Expr::Fact(fact, _) => Some(Key::Fact(fact.clone())),
            Expr::Let(id, _) => Some(Key::Let(*id)),
            Expr::FnParam(index, _) => Some(Key::Param(*index)),
            Expr::Narrowed(inner) => Key::of(inner),
            Expr::Builtin(builtin, arguments) if builtin.reads_json() => {
                let (of, at) = arguments.split_first()?;
                let at = match at {
                    [] => Vec::new(),
                    [Expr::Const(Const::Bytes(name))] => name.clone(),
                    [Expr::Const(Const::Int(index, _))] => index.to_le_bytes().to_vec(),
                    _ => return None,
                };
                Some(Key::Json(Box::new(Key::of(of)?), *builtin, at))
            }
            _ => None,
        }
    }
}

/// What a condition proved present.
pub(super) type Proven = BTreeSet<Key>;

/// What `params.NAME` stands for.
pub(super) type PathParams = Rc<Vec<(String, Fact)>>;

/// A `let` or a function's parameter.
#[derive(Debug, Clone)]
pub(super) struct Local {
    pub(super) name: String,
    pub(super) span: Span,
    /// `None` when its value was in error.
    pub(super) value: Option<Typed>,
}

/// What a function's body or a statement reads that is not always known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reads {
    pub(super) body: Option<Span>,
    pub(super) response: Option<Span>,
}

impl Reads {
    /// Adds what another reads.
    pub(super) fn add(&mut self, other: Reads) {
        self.body = self.body.or(other.body);
        self.response = self.response.or(other.response);
    }
}

/// Where the code being checked stands.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// The file whose names are visible.
    pub(super) unit: usize,
    pub(super) place: Place,
    locals: Vec<Local>,
    /// The last local of each name, by index.
    named: HashMap<String, usize>,
    proven: HashSet<Key>,
    trail: Vec<Key>,
    /// What `params.NAME` stands for; `None` outside of routes.
    pub(super) path_params: Option<PathParams>,
    /// The route's pattern was in error: what its parts are is not known.
    pub(super) broken_pattern: bool,
    /// The block's name: `route.home`, `on_request`.
    pub(super) name: String,
    /// The rule that terminals name.
    pub(super) rule: RuleId,
    /// Whether it is the condition of a WAF's rule, which may say `inspected`.
    pub(super) in_rule: bool,
    /// Under an odd number of `not`s.
    pub(super) negated: bool,
    /// How deep expressions and blocks are nested.
    pub(super) depth: usize,
    pub(super) blocks: usize,
    /// A route's own handlers, found on the way.
    pub(super) handlers: Vec<Handler>,
    /// Whether `on response` may stand in the block being checked, which is the route's own.
    pub(super) in_route: bool,
    /// Whether it is a route's own `on response`: the request's body was read before.
    pub(super) of_route: bool,
    /// What is asked of the host before the statement that is checked, by where it stands.
    pub(super) asked: Vec<(Span, Ask)>,
    /// How many of the expressions around are needed only in some cases.
    pub(super) sometimes: u32,
    pub(super) reads: Reads,
}

/// How much was known before a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    trail: usize,
    locals: usize,
}

impl Scope {
    pub(super) fn at(unit: usize, place: Place) -> Scope {
        Scope {
            unit,
            place,
            ..Scope::default()
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            trail: self.trail.len(),
            locals: self.locals.len(),
        }
    }

    /// Forgets what became known since.
    pub(super) fn reset(&mut self, mark: Mark) {
        for key in self.trail.drain(mark.trail.min(self.trail.len())..) {
            self.proven.remove(&key);
        }
        for (at, local) in self
            .locals
            .drain(mark.locals.min(self.locals.len())..)
            .enumerate()
        {
            if self.named.get(&local.name) == Some(&(mark.locals + at)) {
                self.named.remove(&local.name);
            }
        }
    }

    pub(super) fn prove(&mut self, proven: &Proven) {
        for key in proven {
            if self.proven.insert(key.clone()) {
                self.trail.push(key.clone());
            }
        }
    }

    pub(super) fn is_proven(&self, expr: &Expr) -> bool {
        Key::of(expr).is_some_and(|key| self.proven.contains(&key))
    }

    pub(super) fn local(&self, name: &str) -> Option<&Local> {
        self.locals.get(*self.named.get(name)?)
    }

    /// Enters a local. Names don't shadow each other: of one that does, which is reported, the first stays.
    pub(super) fn name(&mut self, local: Local) {
        let at = self.locals.len();
        self.named.entry(local.name.clone()).or_insert(at);
        self.locals.push(local);
    }

    /// The names of the locals.
    pub(super) fn local_names(&self) -> impl Iterator<Item = &str> {
        self.locals.iter().map(|local| local.name.as_str())
    }
}

impl Checker<'_> {
    /// Checks something in another scope; gives what was found and the scope as it was then.
    pub(super) fn within<T>(
        &mut self,
        scope: Scope,
        check: impl FnOnce(&mut Self) -> T,
    ) -> (T, Scope) {
        let outer = std::mem::replace(&mut self.scope, scope);
        let found = check(self);
        (found, std::mem::replace(&mut self.scope, outer))
    }

    /// Checks something that is needed only in some cases.
    pub(super) fn sometimes<T>(&mut self, check: impl FnOnce(&mut Self) -> T) -> T {
        self.scope.sometimes += 1;
        let found = check(self);
        self.scope.sometimes -= 1;
        found
    }

    /// Checks something in a branch: what is proved or named there is forgotten after it.
    pub(super) fn branch<T>(&mut self, proven: &Proven, check: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.scope.mark();
        self.scope.prove(proven);
        let found = check(self);
        self.scope.reset(mark);
        found
    }
}
