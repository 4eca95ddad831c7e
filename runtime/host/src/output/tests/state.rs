//! State records, one fault at a time.

use edge_abi::output::effect::{ANSWER, CHAINED};

use super::*;

/// A state record: answer, id, key and value, number.
fn state(op: Op, flags: u16, ask: u32, id: u32, key: (u32, u32), value: (u32, u32)) -> Vec<u8> {
    effect(
        op,
        flags,
        &[ask, id, key.0, key.1, value.0, value.1, 7, u32::MAX],
    )
}

/// One of each kind that waits for nothing.
pub(super) fn state_effects(guest: &mut GuestFixture) -> Vec<Vec<u8>> {
    let (key, value) = (guest.place(b"key"), guest.place(b"value"));
    vec![
        state(Op::Put, 0, NONE, 0, key, value),
        state(Op::Limit, CHAINED, NONE, 1, key, (0, 0)),
        state(Op::Purge, 0, NONE, 1, key, (0, 0)),
    ]
}

const WAITING: Next<'static> = Next {
    slots: 1,
    wanted: Event::Results.bit(),
    continuation: b"tag and step",
};

fn refused(record: Vec<u8>) -> OutputError {
    let (memory, at) = memory(|_| vec![record], WAITING);
    check(&memory, at).unwrap_err()
}

#[test]
fn a_state_record_reads_as_it_was_written() {
    let asking = |guest: &mut GuestFixture| {
        let key = guest.place(b"key");
        let get = state(Op::StoreGet, ANSWER, 3, 0, key, (0, 0));
        let chained = state(Op::CounterAdd, ANSWER | CHAINED, 0, 0, (0, 0), (0, 0));
        [state_effects(guest), vec![get, chained]].concat()
    };
    let (memory, at) = memory(asking, WAITING);
    let output = check(&memory, at).unwrap();
    let read: Vec<_> = output
        .effects()
        .map(|effect| {
            let Effect::State(state) = effect else {
                unreachable!("{effect:?}")
            };
            (
                state.op(),
                state.ask(),
                state.is_chained(),
                state.id(),
                state.key(),
                state.value(),
            )
        })
        .collect();
    let (key, value): (&[u8], &[u8]) = (b"key", b"value");
    assert_eq!(
        read,
        [
            (Op::Put, None, false, 0, key, value),
            (Op::Limit, None, true, 1, key, b""),
            (Op::Purge, None, false, 1, key, b""),
            (Op::StoreGet, Some(3), false, 0, key, b""),
            (Op::CounterAdd, Some(0), true, 0, b"", b""),
        ]
    );
    let number = |effect| match effect {
        Effect::State(state) => state.number(),
        _ => 0,
    };
    assert!(
        output
            .effects()
            .map(number)
            .all(|number| number == (7 - (1 << 32)))
    );
}

#[test]
fn what_a_state_record_names_is_declared() {
    let all = [
        (Op::Limit, 2, "rate limit"),
        (Op::StoreGet, 1, "store"),
        (Op::Put, 1, "store"),
        (Op::Delete, 1, "store"),
        (Op::CounterGet, 1, "counter"),
        (Op::CounterAdd, 1, "counter"),
        (Op::CounterList, u32::MAX, "counter"),
        (Op::Purge, 2, "kind of purge"),
    ];
    for (op, index, what) in all {
        let error = refused(state(op, ANSWER, 0, index, (0, 0), (0, 0)));
        assert_eq!(error, OutputError::Index { what, index }, "{op:?}");
    }
}

#[test]
fn an_answer_has_a_number_exactly_if_it_is_wanted() {
    let asking = |flags, ask| refused(state(Op::Put, flags, ask, 0, (0, 0), (0, 0)));
    let beyond = |index| OutputError::Index {
        what: "answer",
        index,
    };
    assert_eq!(asking(ANSWER, 4), beyond(4));
    assert_eq!(asking(ANSWER, NONE), beyond(NONE));
    assert_eq!(asking(0, 0), OutputError::Flags { op: 32, flags: 0 });
    assert_eq!(asking(4, NONE), OutputError::Flags { op: 32, flags: 4 });
}

#[test]
fn keys_and_values_lead_to_where_refs_may() {
    let away = (INPUT + 64, 1);
    for (key, value) in [(away, (0, 0)), ((0, 0), away)] {
        let error = refused(state(Op::Put, 0, NONE, 0, key, value));
        assert!(matches!(error, OutputError::Ref { .. }), "{error:?}");
    }
    let short = refused(effect(Op::Purge, 0, &[NONE, 0, 0, 0, 0, 0, 0]));
    assert_eq!(short, OutputError::EffectSize { op: 34, size: 36 });
}

#[test]
fn state_that_is_only_changed_ends_no_decision() {
    let put = || state(Op::Put, 0, NONE, 0, (0, 0), (0, 0));
    assert_eq!(refused(put()), OutputError::NoTerminal);
    let respond = |guest: &mut GuestFixture| vec![put(), guest.respond(0, 200, (0, 0), b"")];
    let (memory, at) = memory(respond, Next::default());
    assert!(check(&memory, at).is_ok());
}

#[test]
fn the_answer_to_a_piece_of_a_body_changes_nothing() {
    let event = Event::RequestChunk as u16;
    let (memory, at) = memory(
        |_| vec![state(Op::Put, 0, NONE, 0, (0, 0), (0, 0))],
        Next::default(),
    );
    let expected = OutputError::Misplaced { op: 32, event };
    assert_eq!(check_for(event, &memory, at).unwrap_err(), expected);
}
