//! Any bytes at all, and memory that holds another request's.

use crate::{
    cases,
    policies::{self, Target},
    raw::{Ran, Raw},
    record,
};
use edge_abi::output::Status;
use edge_compiler::eval::Facts;
use edge_host::output::OutputError;
use proptest::{prelude::*, sample::Index, test_runner::Config};
use std::{cell::RefCell, collections::BTreeMap};

/// What is done to a valid input.
#[derive(Debug, Clone)]
enum Mutation {
    Byte(Index, u8),
    /// A field of a table, at a multiple of 4, becomes a number that is near an edge.
    Word(Index, Edge),
    Cut(Index),
    Append(Vec<u8>),
    /// The record says how long it is, so that deeper checks are met.
    FixLength,
    /// A part of another input.
    Splice(Index, Index),
}

#[derive(Debug, Clone)]
enum Edge {
    Small(u32),
    NearLength(i32),
    Huge(u32),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<Index>;
    let edge = prop_oneof![
        (0u32..300).prop_map(Edge::Small),
        (-20i32..20).prop_map(Edge::NearLength),
        (0u32..40).prop_map(|n| Edge::Huge(u32::MAX - n)),
        any::<u32>().prop_map(Edge::Huge),
    ];
    prop_oneof![
        3 => (index(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        4 => (index(), edge).prop_map(|(at, edge)| Mutation::Word(at, edge)),
        1 => index().prop_map(Mutation::Cut),
        1 => proptest::collection::vec(any::<u8>(), 1..64).prop_map(Mutation::Append),
        3 => Just(Mutation::FixLength),
        1 => (index(), index()).prop_map(|(from, to)| Mutation::Splice(from, to)),
    ]
}

fn mutate(input: &mut Vec<u8>, other: &[u8], mutation: &Mutation) {
    match mutation {
        Mutation::Byte(at, byte) if !input.is_empty() => {
            let at = at.index(input.len());
            input[at] = *byte;
        }
        Mutation::Word(at, edge) if input.len() >= 4 => {
            let at = at.index(input.len() / 4) * 4;
            let length = i64::try_from(input.len()).unwrap();
            let word = match edge {
                Edge::Small(n) | Edge::Huge(n) => *n,
                Edge::NearLength(n) => u32::try_from((length + i64::from(*n)).max(0)).unwrap(),
            };
            input[at..at + 4].copy_from_slice(&word.to_le_bytes());
        }
        Mutation::Cut(at) if !input.is_empty() => {
            let at = at.index(input.len());
            input.truncate(at);
        }
        Mutation::Append(bytes) => input.extend(bytes),
        Mutation::FixLength if input.len() >= 4 => {
            let length = u32::try_from(input.len()).unwrap();
            input[..4].copy_from_slice(&length.to_le_bytes());
        }
        Mutation::Splice(from, to) if !other.is_empty() && !input.is_empty() => {
            let (from, to) = (from.index(other.len()), to.index(input.len()));
            let rest = &other[from..];
            input.truncate(to);
            input.extend(rest);
        }
        _ => {}
    }
}

/// The call did not trap (that would have panicked), and a host can use what came out: it passes
/// the checker, or it says that the input was none. True where it was one.
fn usable(raw: &Raw, ran: &Ran, what: &dyn std::fmt::Debug) -> bool {
    match raw.checked(ran) {
        Ok(output) => {
            assert!(output.effects().count() > 0);
            true
        }
        Err(OutputError::Refused(Status::InvalidInput | Status::StaleContinuation)) => {
            assert_eq!(raw.output(ran).len(), 32);
            false
        }
        Err(error) => panic!("{error} for {what:?}"),
    }
}

struct Live {
    target: Target,
    raw: Raw,
}

thread_local! {
    static TARGETS: RefCell<Vec<Live>> = RefCell::new(
        policies::all().into_iter().map(|target| Live { raw: target.fresh(), target }).collect(),
    );
    static TAKEN: RefCell<BTreeMap<bool, u32>> = const { RefCell::new(BTreeMap::new()) };
}

#[test]
fn no_bytes_make_a_policy_trap() {
    let mutated = (
        any::<Index>(),
        any::<Index>(),
        any::<Index>(),
        proptest::collection::vec(mutation(), 1..6),
    );
    let config = Config {
        cases: cases(20_000),
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let done = runner.run(&mutated, |(target, input, other, mutations)| {
        TARGETS.with_borrow_mut(|targets| {
            let live = target.get_mut(targets);
            let mut bytes = input.get(&live.target.inputs).clone();
            let other = other.get(&live.target.inputs).clone();
            mutations.iter().for_each(|m| mutate(&mut bytes, &other, m));
            let ran = live.raw.run(&bytes);
            let taken = usable(&live.raw, &ran, &(&live.target.name, &bytes));
            TAKEN.with_borrow_mut(|counts| *counts.entry(taken).or_default() += 1);
        });
        Ok(())
    });
    done.unwrap();
    TAKEN.with_borrow(|counts| {
        println!("inputs refused and taken: {counts:?}");
        assert!(
            counts.len() == 2,
            "the mutations are too weak or too strong"
        );
    });
}

#[test]
fn bytes_that_have_nothing_of_an_input() {
    let config = Config {
        cases: cases(2_000),
        failure_persistence: None,
        ..Config::default()
    };
    let any_bytes = (
        any::<Index>(),
        proptest::collection::vec(any::<u8>(), 0..400),
    );
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let done = runner.run(&any_bytes, |(target, bytes)| {
        TARGETS.with_borrow_mut(|targets| {
            let live = target.get_mut(targets);
            let ran = live.raw.run(&bytes);
            usable(&live.raw, &ran, &(&live.target.name, &bytes));
        });
        Ok(())
    });
    done.unwrap();
}

/// Nothing of what lay in memory shows: outputs are the same bytes in fresh memory, in memory that
/// is full of a pattern, and after all the other calls of the policy.
#[test]
fn nothing_of_another_request_can_be_seen() {
    let mut compared = 0;
    for mut target in policies::all() {
        target.inputs.push(nothing_known(&target));
        let mut dirty = target.fresh();
        for (i, input) in target.inputs.iter().enumerate() {
            let mut fresh = target.fresh();
            let ran = fresh.run(input);
            let expected = fresh.output(&ran).to_vec();
            let after = fresh.input_after(&ran).to_vec();
            for pattern in [0xAA, 0x55, 0xFF, b'"'] {
                dirty.poison(pattern);
                for other in target.inputs.iter().rev().take(i % 3) {
                    dirty.run(other);
                }
                let ran = dirty.run(input);
                assert_eq!(dirty.output(&ran), expected, "{}, call {i}", target.name);
                if usable(&dirty, &ran, &target.name) {
                    assert_eq!(dirty.input_after(&ran), after, "{}, call {i}", target.name);
                }
                compared += 1;
            }
        }
    }
    println!("{compared} calls in dirty memory");
}

/// A start of which every fact is absent, also those that a host always has.
fn nothing_known(target: &Target) -> Vec<u8> {
    let input = record::Input {
        event: 1,
        slots: &target.manifest.slot_sets[0],
        continuation: &[],
        results: &[],
        ..record::Input::default()
    };
    record::write(&input, &Facts::default())
}
