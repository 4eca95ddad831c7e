//! Values and conditions whose outcome is known are replaced by it.

use super::{drop_decided::matches, rewrite::rewrite};
use crate::{
    decision::{
        Arena, Asked, Atom, Const, Decision, Edit, Effect, Handle, Matcher, Node, Part, Request,
        State, Terminal, Value,
    },
    hir::{Base, Type},
};

type Map = Vec<Handle<Value>>;

/// Runs the pass.
pub(super) fn run(mut graph: Decision) -> Decision {
    let values = std::mem::take(&mut graph.values);
    let types = std::mem::take(&mut graph.types);
    let atoms = std::mem::take(&mut graph.atoms);
    let mut map: Map = Vec::new();
    for (handle, value) in values.iter() {
        let ty = types
            .get(handle.index())
            .copied()
            .unwrap_or(Type::of(Base::Bool));
        let value = with_operands(&mut graph, &atoms, value, &map);
        let folded = fold(&mut graph, value, ty);
        map.push(folded);
    }
    for function in &mut graph.fns {
        function.body = at(&map, function.body);
    }
    rewrite(graph, |graph, _, node, _| match node {
        Node::Test { atom, yes, no } => {
            let old = atoms.get(atom);
            let atom = Atom {
                subject: at(&map, old.subject),
                matcher: old.matcher.clone(),
            };
            match known(graph, &atom) {
                Some(true) => yes,
                Some(false) => no,
                None => {
                    let atom = graph.atoms.intern(atom);
                    graph.test(atom, yes, no)
                }
            }
        }
        Node::Act { effect, next } => {
            let effect = effect_with(effect, &map);
            graph.nodes.intern(Node::Act { effect, next })
        }
        Node::Switch {
            subject,
            table,
            arms,
        } => graph.nodes.intern(Node::Switch {
            subject: at(&map, subject),
            table,
            arms,
        }),
        Node::Decide(terminal) => graph
            .nodes
            .intern(Node::Decide(terminal_with(terminal, &map))),
        Node::Wait { request, step } => {
            let request = request_with(request, &map);
            graph.nodes.intern(Node::Wait { request, step })
        }
    })
}

fn at(map: &Map, value: Handle<Value>) -> Handle<Value> {
    map.get(value.index()).copied().unwrap_or(value)
}

fn list(map: &Map, values: &[Handle<Value>]) -> Vec<Handle<Value>> {
    values.iter().map(|v| at(map, *v)).collect()
}

fn with_operands(graph: &mut Decision, atoms: &Arena<Atom>, value: &Value, map: &Map) -> Value {
    match value.clone() {
        Value::Call(f, l) => Value::Call(f, list(map, &l)),
        Value::Builtin(b, l) => Value::Builtin(b, list(map, &l)),
        Value::Concat(l) => Value::Concat(list(map, &l)),
        Value::And(l) => Value::And(list(map, &l)),
        Value::Or(l) => Value::Or(list(map, &l)),
        Value::OrElse(l) => Value::OrElse(list(map, &l)),
        Value::Text(v) => Value::Text(at(map, v)),
        Value::Json(v) => Value::Json(at(map, v)),
        Value::Not(v) => Value::Not(at(map, v)),
        Value::Narrowed(v) => Value::Narrowed(at(map, v)),
        Value::Split(e, v, bounds) => Value::Split(e, at(map, v), bounds),
        Value::QueryRemove(v, name) => Value::QueryRemove(at(map, v), name),
        Value::QuerySet(v, name, set) => Value::QuerySet(at(map, v), name, at(map, set)),
        Value::Compare(op, a, b) => Value::Compare(op, at(map, a), at(map, b)),
        Value::Arith(op, a, b) => Value::Arith(op, at(map, a), at(map, b)),
        Value::Choose(arms, otherwise) => Value::Choose(
            arms.iter()
                .map(|(c, v)| (at(map, *c), at(map, *v)))
                .collect(),
            at(map, otherwise),
        ),
        Value::Atom(atom) => {
            let old = atoms.get(atom);
            let atom = Atom {
                subject: at(map, old.subject),
                matcher: old.matcher.clone(),
            };
            Value::Atom(graph.atoms.intern(atom))
        }
        leaf => leaf,
    }
}

fn boolean(graph: &Decision, value: Handle<Value>) -> Option<bool> {
    match graph.values.get(value) {
        Value::Const(Const::Bool(b)) => Some(*b),
        _ => None,
    }
}

fn text(graph: &Decision, value: Handle<Value>) -> Option<&[u8]> {
    match graph.values.get(value) {
        Value::Const(Const::Bytes(bytes)) => Some(bytes),
        _ => None,
    }
}

fn fold(graph: &mut Decision, value: Value, ty: Type) -> Handle<Value> {
    let constant = |b: bool| Value::Const(Const::Bool(b));
    let folded = match value {
        Value::Not(v) => match boolean(graph, v) {
            Some(b) => constant(!b),
            None => Value::Not(v),
        },
        Value::And(list) => match short(graph, list, true) {
            Ok(list) => Value::And(list),
            Err(known) => return known,
        },
        Value::Or(list) => match short(graph, list, false) {
            Ok(list) => Value::Or(list),
            Err(known) => return known,
        },
        Value::Atom(atom) => match known(graph, graph.atoms.get(atom)) {
            Some(b) => constant(b),
            None => Value::Atom(atom),
        },
        Value::Concat(parts) => return concat(graph, parts, ty),
        Value::Choose(arms, otherwise) => return choose(graph, arms, otherwise, ty),
        Value::Text(inner) => match graph.values.get(inner) {
            Value::Const(Const::Int(i, Base::Int | Base::Size)) => {
                Value::Const(Const::Bytes(i.to_string().into_bytes()))
            }
            Value::Const(Const::Bool(b)) => Value::Const(Const::Bytes(b.to_string().into_bytes())),
            _ => Value::Text(inner),
        },
        other => other,
    };
    graph.value(folded, ty)
}

/// The operands of `and` (`neutral` true) or `or` without constants, or what it comes to.
fn short(
    graph: &mut Decision,
    list: Vec<Handle<Value>>,
    neutral: bool,
) -> Result<Vec<Handle<Value>>, Handle<Value>> {
    let mut kept = Vec::new();
    for value in list {
        match boolean(graph, value) {
            Some(b) if b == neutral => {}
            Some(_) => {
                kept.push(value);
                break;
            }
            None => kept.push(value),
        }
    }
    match kept.as_slice() {
        [] => Err(graph.value(Value::Const(Const::Bool(neutral)), Type::of(Base::Bool))),
        [one] => Err(*one),
        _ => Ok(kept),
    }
}

/// Constants side by side become one; a concatenation of one part is that part.
fn concat(graph: &mut Decision, parts: Vec<Handle<Value>>, ty: Type) -> Handle<Value> {
    let mut kept: Vec<Handle<Value>> = Vec::new();
    for part in parts {
        let joined = match (
            kept.last().and_then(|last| text(graph, *last)),
            text(graph, part),
        ) {
            (_, Some([])) => continue,
            (Some(before), Some(after)) => [before, after].concat(),
            _ => {
                kept.push(part);
                continue;
            }
        };
        kept.pop();
        kept.push(graph.value(Value::Const(Const::Bytes(joined)), ty));
    }
    match kept.as_slice() {
        [] => graph.value(Value::Const(Const::Bytes(Vec::new())), ty),
        [one] => *one,
        _ => graph.value(Value::Concat(kept), ty),
    }
}

fn choose(
    graph: &mut Decision,
    arms: Vec<(Handle<Value>, Handle<Value>)>,
    mut otherwise: Handle<Value>,
    ty: Type,
) -> Handle<Value> {
    let mut kept = Vec::new();
    for (condition, value) in arms {
        match boolean(graph, condition) {
            Some(false) => {}
            Some(true) => {
                otherwise = value;
                break;
            }
            None => kept.push((condition, value)),
        }
    }
    if kept.is_empty() && graph.type_of(otherwise) == ty {
        return otherwise;
    }
    graph.value(Value::Choose(kept, otherwise), ty)
}

/// An atom's truth, if its subject is a constant or always there.
fn known(graph: &Decision, atom: &Atom) -> Option<bool> {
    match (graph.values.get(atom.subject), &atom.matcher) {
        (Value::Const(Const::Bool(b)), Matcher::True) => Some(*b),
        (Value::Const(Const::Absent(_)), _) => Some(false),
        (Value::Const(_), Matcher::Present) => Some(true),
        (Value::Const(Const::Bytes(text)), matcher) => matches(text, matcher),
        (Value::Const(Const::Int(i, _)), Matcher::Range(low, high)) => Some(low <= i && i <= high),
        (Value::Const(Const::Arm(_, arm)), Matcher::Arm(other)) => Some(arm == other),
        (_, Matcher::Present) if !graph.type_of(atom.subject).optional => Some(true),
        _ => None,
    }
}

fn edit_with(edit: Edit, map: &Map) -> Edit {
    let value = edit.value.into_iter().map(|part| match part {
        Part::Text(value) => Part::Text(at(map, value)),
        secret @ Part::Secret(_) => secret,
    });
    Edit {
        value: value.collect(),
        ..edit
    }
}

fn effect_with(effect: Effect, map: &Map) -> Effect {
    match effect {
        Effect::Edit(edit) => Effect::Edit(edit_with(edit, map)),
        Effect::Log { text, place } => Effect::Log {
            text: at(map, text),
            place,
        },
        Effect::Exposure { experiment, arm } => Effect::Exposure {
            experiment,
            arm: at(map, arm),
        },
        scan @ Effect::Scan { .. } => scan,
        Effect::State(state) => Effect::State(state_with(state, map)),
        Effect::Hits { kind, rules } => Effect::Hits {
            kind,
            rules: at(map, rules),
        },
    }
}

fn request_with(request: Request, map: &Map) -> Request {
    match request {
        Request::State(list) => {
            let list = list.into_iter().map(|asked| Asked {
                state: state_with(asked.state, map),
                ..asked
            });
            Request::State(list.collect())
        }
        body @ Request::Body(_) => body,
    }
}

fn state_with(state: State, map: &Map) -> State {
    State {
        key: at(map, state.key),
        value: state.value.map(|value| at(map, value)),
        number: state.number.map(|number| at(map, number)),
        ..state
    }
}

fn terminal_with(terminal: Terminal, map: &Map) -> Terminal {
    match terminal {
        Terminal::Respond {
            rule,
            status,
            content_type,
            body,
            then,
        } => Terminal::Respond {
            rule,
            status,
            content_type,
            body: list(map, &body),
            then,
        },
        Terminal::Proxy { mut proxy, then } => {
            proxy.target = at(map, proxy.target);
            proxy.path = at(map, proxy.path);
            proxy.query = at(map, proxy.query);
            proxy.host = proxy.host.map(|host| at(map, host));
            proxy.key = proxy.key.map(|key| at(map, key));
            proxy.edits = proxy
                .edits
                .into_iter()
                .map(|edit| edit_with(edit, map))
                .collect();
            Terminal::Proxy { proxy, then }
        }
        Terminal::Admit { stores, ttl, tags } => Terminal::Admit {
            stores,
            ttl,
            tags: list(map, &tags),
        },
        end => end,
    }
}
