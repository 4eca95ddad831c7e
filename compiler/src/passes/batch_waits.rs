//! What is asked in a row is asked together.
//!
//! A limit and what follows it where it lets the request through go to the host at once: the second is
//! chained, so that it is only done where the first succeeded. Between the two may stand tests that don't
//! know the answer (the choice of a route): they are made before. Where a way through them asks for nothing
//! more, the wait stays as it was, and the tests are made again behind it.

use super::rewrite::rewrite;
use crate::{
    decision::{Asked, Decision, Handle, Matcher, Node, Request, Results, Step, Value},
    emit::operands,
    hir::Fact,
};
use edge_abi::{input::Event, manifest::Fact as RawFact};
use std::collections::{BTreeSet, HashMap};

/// Most tests that are made before a wait rather than behind it.
const MOST_TESTS: usize = 256;
/// Most questions of one wait.
const MOST_ASKED: usize = 8;
/// Most steps that are added behind tests: each is a function of all that follows it.
const MOST_STEPS: usize = 64;

/// Runs the pass.
pub(super) fn run(graph: Decision) -> Decision {
    let mut batches = Batches {
        first: u32::try_from(graph.steps.len()).unwrap_or(u32::MAX),
        ..Batches::default()
    };
    let mut graph = rewrite(graph, |graph, _, node, map| {
        let Node::Wait {
            request: Request::State(list),
            step,
        } = &node
        else {
            return graph.nodes.intern(node);
        };
        let (list, step) = (list.clone(), *step);
        let wait = graph.nodes.intern(node);
        let old = graph.steps.get(step as usize).cloned().unwrap_or_default();
        match (list.as_slice(), old.on.first()) {
            ([asked], Some((Event::Results, root))) => {
                let root = map.get(root).copied().unwrap_or(*root);
                let follows = Follows::new(graph, asked, root, old.scan);
                batches.roots.insert(step, root);
                batches.wait(graph, wait, asked, &follows)
            }
            _ => wait,
        }
    });
    graph.steps.extend(batches.steps);
    graph
}

/// What follows a question.
struct Follows {
    /// Where the request goes on: behind a test of the answer, if there is one.
    next: Handle<Node>,
    /// That test.
    test: Option<Handle<Node>>,
    scan: Option<u32>,
}

impl Follows {
    fn new(graph: &Decision, asked: &Asked, root: Handle<Node>, scan: Option<u32>) -> Follows {
        if let Node::Test { atom, yes, .. } = graph.nodes.get(root) {
            let atom = graph.atoms.get(*atom);
            let answer = Value::Fact(Fact::Raw(RawFact::Answer { ask: asked.ask }));
            if *graph.values.get(atom.subject) == answer && atom.matcher == Matcher::True {
                return Follows {
                    next: *yes,
                    test: Some(root),
                    scan,
                };
            }
        }
        Follows {
            next: root,
            test: None,
            scan,
        }
    }
}

#[derive(Default)]
struct Batches {
    /// The number of the first new step.
    first: u32,
    steps: Vec<Step>,
    /// How many of them lie behind tests.
    hoisted: usize,
    /// Where the steps of waits begin, as handles of the new graph.
    roots: HashMap<u32, Handle<Node>>,
}

impl Batches {
    /// The wait, or the tests behind it with waits that ask for more.
    fn wait(
        &mut self,
        graph: &mut Decision,
        wait: Handle<Node>,
        asked: &Asked,
        follows: &Follows,
    ) -> Handle<Node> {
        let mut answer = Answer::of(asked.ask);
        let pure = tests(graph, follows.next, &mut answer);
        let waits = |node: &&Handle<Node>| matches!(graph.nodes.get(**node), Node::Wait { .. });
        let more = pure.iter().filter(waits).count();
        // A wait right behind this one takes its place; those behind tests come on top.
        if pure.len() > 1 && self.hoisted + more > MOST_STEPS {
            return wait;
        }
        if pure.len() > 1 {
            self.hoisted += more;
        }
        let mut made: HashMap<Handle<Node>, Handle<Node>> = HashMap::new();
        // Successors come first.
        for node in pure {
            let new = match graph.nodes.get(node).clone() {
                Node::Test { atom, yes, no } => {
                    let [yes, no] = [yes, no].map(|it| made.get(&it).copied().unwrap_or(wait));
                    graph.test(atom, yes, no)
                }
                Node::Switch {
                    subject,
                    table,
                    arms,
                } => {
                    let arms: Vec<_> = arms
                        .iter()
                        .map(|it| made.get(it).copied().unwrap_or(wait))
                        .collect();
                    match arms.iter().all(|arm| *arm == wait) {
                        true => wait,
                        false => graph.nodes.intern(Node::Switch {
                            subject,
                            table,
                            arms,
                        }),
                    }
                }
                Node::Wait {
                    request: Request::State(more),
                    step,
                } => self
                    .joined(graph, asked, follows, (&more, step), &mut answer)
                    .unwrap_or(wait),
                _ => wait,
            };
            if new != wait {
                made.insert(node, new);
            }
        }
        made.get(&follows.next).copied().unwrap_or(wait)
    }

    /// The wait for both, if the second can be asked before the first is answered.
    fn joined(
        &mut self,
        graph: &mut Decision,
        asked: &Asked,
        follows: &Follows,
        (more, step): (&[Asked], u32),
        answer: &mut Answer,
    ) -> Option<Handle<Node>> {
        let is_chained = follows.test.is_some();
        let mut read = more.iter().flat_map(|it| it.state.values());
        let knows = read.any(|value| answer.is_known(graph, value));
        let others = more.get(1..).unwrap_or_default();
        if more.len() >= MOST_ASKED || knows || is_chained && !others.iter().all(|it| it.is_chained)
        {
            return None;
        }
        let behind = *self.roots.get(&step)?;
        let root = match follows.test {
            Some(test) => {
                let Node::Test { atom, no, .. } = *graph.nodes.get(test) else {
                    return None;
                };
                graph.test(atom, behind, no)
            }
            None => behind,
        };
        let mut all = vec![asked.clone()];
        all.extend(more.iter().cloned());
        if let Some(second) = all.get_mut(1) {
            second.is_chained = is_chained;
        }
        let number = self.first + u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        self.roots.insert(number, root);
        self.steps.push(Step {
            on: vec![(Event::Results, root)],
            scan: follows.scan,
            results: Results::State(u16::try_from(all.len()).unwrap_or(u16::MAX)),
        });
        Some(graph.nodes.intern(Node::Wait {
            request: Request::State(all),
            step: number,
        }))
    }
}

/// Which values know an answer.
struct Answer {
    ask: u32,
    known: HashMap<Handle<Value>, bool>,
}

impl Answer {
    fn of(ask: u32) -> Answer {
        let known = HashMap::new();
        Answer { ask, known }
    }

    fn is_known(&mut self, graph: &Decision, root: Handle<Value>) -> bool {
        // Operands have smaller handles: a value's are all known before it.
        let mut seen = BTreeSet::from([root]);
        let mut open = vec![root];
        while let Some(value) = open.pop() {
            if self.known.contains_key(&value) {
                continue;
            }
            let below = operands(graph, graph.values.get(value));
            open.extend(below.into_iter().filter(|it| seen.insert(*it)));
        }
        for value in seen {
            let it = graph.values.get(value);
            let mut below = operands(graph, it).into_iter();
            let knows = *it == Value::Fact(Fact::Raw(RawFact::Answer { ask: self.ask }))
                || below.any(|it| self.known.get(&it) == Some(&true));
            self.known.entry(value).or_insert(knows);
        }
        self.known.get(&root) == Some(&true)
    }
}

/// The waits that a node leads to by tests that don't know an answer, and those tests; successors first. None
/// where these are too many.
fn tests(graph: &Decision, root: Handle<Node>, answer: &mut Answer) -> BTreeSet<Handle<Node>> {
    let mut found = BTreeSet::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        let subject = match graph.nodes.get(node) {
            Node::Test { atom, .. } => Some(graph.atoms.get(*atom).subject),
            Node::Switch { subject, .. } => Some(*subject),
            Node::Wait {
                request: Request::State(_),
                ..
            } => None,
            _ => continue,
        };
        if subject.is_some_and(|it| answer.is_known(graph, it)) || !found.insert(node) {
            continue;
        }
        if found.len() > MOST_TESTS {
            return BTreeSet::new();
        }
        open.extend(graph.nodes.get(node).successors());
    }
    found
}
