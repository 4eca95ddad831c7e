//! Outputs that are not as the ABI says: the record and its refs.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

use edge_abi::input::Event;
use edge_abi::output::{NONE, Op, edit};

mod admit;
mod effects;
mod fuzz;
mod scans;
mod state;

use state::state_effects;

use super::*;
use crate::fixture::{GuestFixture, INPUT, Next, effect};

/// A memory with one output that has everything: edits, segments, a secret, a proxy.
fn memory(
    effects: impl FnOnce(&mut GuestFixture) -> Vec<Vec<u8>>,
    next: Next<'_>,
) -> (Vec<u8>, u32) {
    let mut guest = GuestFixture::new();
    let effects = effects(&mut guest);
    let at = guest.output(Event::Start, &effects, next);
    let mut memory = vec![0; 0xa_0000];
    memory[1024..1024 + guest.data.len()].copy_from_slice(&guest.data);
    (memory, at)
}

fn bounds() -> Bounds {
    Bounds {
        rules: 3,
        places: 2,
        targets: 3,
        proxies: 1,
        caches: 1,
        secrets: 1,
        arms: vec![2],
        slot_sets: 3,
        body: 65536,
        rate_limits: 2,
        stores: 1,
        counters: 1,
        asks: 4,
    }
}

fn check(memory: &[u8], at: u32) -> Result<Output<'_>, OutputError> {
    check_for(Event::Start as u16, memory, at)
}

fn check_for(event: u16, memory: &[u8], at: u32) -> Result<Output<'_>, OutputError> {
    check_output(memory, at, INPUT..INPUT + 64, event, &bounds())
}

/// The error of an output with these effects.
fn error(effects: impl FnOnce(&mut GuestFixture) -> Vec<Vec<u8>>) -> OutputError {
    let (memory, at) = memory(effects, Next::default());
    check(&memory, at).unwrap_err()
}

fn put(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// A `respond` with one field overwritten.
fn respond_with(at: usize, value: u32) -> OutputError {
    error(|guest| {
        let edits = guest.edits(&[(edit::Op::Set, "x-a", b"1")]);
        let mut respond = guest.respond(0, 200, edits, b"body");
        put(&mut respond, at, value);
        vec![respond]
    })
}

fn everything(guest: &mut GuestFixture) -> Vec<Vec<u8>> {
    let text = guest.place(b"a line");
    let rules = guest.place(&[2, 0, 0, 0, 1, 0, 0, 0]);
    let edits = guest.secret_edit("authorization", b"Bearer ", 0);
    let known = guest.edits(&[(edit::Op::Set, "x-a", b"1"), (edit::Op::Remove, "x-*", b"")]);
    vec![
        effect(Op::Log, 0, &[1, 0, text.0, text.1]),
        effect(Op::Note, 0, &[1, 0, 1, 0]),
        effect(Op::Hits, 0, &[2, 0, rules.0, rules.1]),
        effect(Op::Edits, 0, &[known.0, known.1]),
        guest.proxy(1, "/path", edits, known),
    ]
}

const FOLLOWED: Next<'static> = Next {
    slots: 1,
    wanted: 1 << 3,
    continuation: b"tag and step and value",
};

#[test]
fn a_good_output_reads_as_it_was_written() {
    let (memory, at) = memory(everything, FOLLOWED);
    let output = check(&memory, at).unwrap();
    assert_eq!(
        (output.next_slots(), output.continuation()),
        (1, &b"tag and step and value"[..])
    );
    assert!(output.wants(Event::ResponseHead) && !output.wants(Event::Failed));
    let effects: Vec<_> = output.effects().collect();
    let [
        Effect::Log(log),
        Effect::Note(note),
        Effect::Hits(hits),
        Effect::Edits(edits),
        Effect::Proxy(proxy),
    ] = effects.as_slice()
    else {
        unreachable!("{effects:?}")
    };
    assert_eq!((log.place(), log.text()), (1, &b"a line"[..]));
    assert_eq!((note.id(), note.value()), (0, 1));
    assert_eq!(hits.kind(), edge_abi::output::hits::Kind::Scored);
    assert_eq!(hits.rules().collect::<Vec<_>>(), [2, 1]);
    assert_eq!(edits.len(), 2);
    assert_eq!(
        (proxy.target(), proxy.path(), proxy.method()),
        (1, &b"/path"[..], None)
    );
    let edit = proxy.request_edits().next().unwrap();
    let EditValue::Segments(segments) = edit.value() else {
        unreachable!()
    };
    let pieces: Vec<_> = segments.map(|segment| segment.value()).collect();
    assert_eq!(
        pieces,
        [SegmentValue::Bytes(b"Bearer "), SegmentValue::Secret(0)]
    );
}

#[test]
fn the_record_itself_must_fit() {
    let (mut memory, at) = memory(everything, Next::default());
    assert_eq!(
        check(&memory, at + 4).unwrap_err(),
        OutputError::Address(at + 4)
    );
    assert_eq!(
        check(&memory, u32::MAX - 15).unwrap_err(),
        OutputError::Address(u32::MAX - 15)
    );
    let start = at as usize;
    for (offset, value, expected) in [
        (0, 31, OutputError::Length(31)),
        (0, u32::MAX, OutputError::Length(u32::MAX)),
        (4, 2, OutputError::Version(2)),
        (
            4,
            1 | 1 << 16,
            OutputError::Refused(edge_abi::output::Status::InvalidInput),
        ),
        (
            4,
            1 | 2 << 16,
            OutputError::Refused(edge_abi::output::Status::StaleContinuation),
        ),
        (4, 1 | 9 << 16, OutputError::Status(9)),
        (
            8,
            257,
            OutputError::TooMany {
                what: "effects",
                count: 257,
                most: 256,
            },
        ),
        (
            12,
            3,
            OutputError::Index {
                what: "slot set",
                index: 3,
            },
        ),
        (
            12,
            1 | 1 << 31,
            OutputError::Code {
                what: "events",
                code: 1 << 15,
            },
        ),
        (20, 4097, OutputError::Continuation(4097)),
    ] {
        let kept: [u8; 4] = memory[start + offset..][..4].try_into().unwrap();
        put(&mut memory, start + offset, value);
        assert_eq!(check(&memory, at).unwrap_err(), expected);
        memory[start + offset..][..4].copy_from_slice(&kept);
    }
    assert!(check(&memory, at).is_ok());
}

#[test]
fn a_count_of_effects_must_be_theirs() {
    for count in [4, 6] {
        let (mut memory, at) = memory(everything, Next::default());
        put(&mut memory, at as usize + 8, count);
        assert!(check(&memory, at).is_err(), "{count}");
    }
}

#[test]
fn refs_lead_to_constants_input_and_output_only() {
    // The body's ref: before the input is a constant, inside the input is the input.
    let body_at = |address: u32, length: u32| {
        let (mut memory, at) = memory(
            |guest| vec![guest.respond(0, 200, (0, 0), b"body")],
            Next::default(),
        );
        let respond = u32::from_le_bytes(memory[at as usize + 24..][..4].try_into().unwrap());
        let table =
            u32::from_le_bytes(memory[respond as usize + 32..][..4].try_into().unwrap()) as usize;
        put(&mut memory, table + 8, address);
        put(&mut memory, table + 12, length);
        check(&memory, at).map(drop)
    };
    for (address, length) in [(0, INPUT), (INPUT, 64), (INPUT + 63, 1), (16, 0)] {
        assert_eq!(body_at(address, length), Ok(()), "{address:#x} {length}");
    }
    for (address, length) in [
        (0, INPUT + 1),
        (INPUT, 65),
        (INPUT + 64, 1),
        (INPUT - 1, 2),
        (0x9_ffff, 1),
        (0x9_ffff, 2),
        (u32::MAX, 1),
        (u32::MAX, u32::MAX),
    ] {
        let expected = OutputError::Ref {
            address,
            length: u64::from(length),
        };
        assert_eq!(
            body_at(address, length),
            Err(expected),
            "{address:#x} {length}"
        );
    }
}

#[test]
fn an_output_above_the_input_may_refer_to_itself() {
    let (mut memory, at) = memory(
        |guest| vec![guest.respond(0, 200, (0, 0), b"body")],
        Next::default(),
    );
    let (start, high) = (at as usize, INPUT as usize + 0x1000);
    let respond = u32::from_le_bytes(memory[start + 24..][..4].try_into().unwrap()) as usize;
    memory.copy_within(start..start + 32, high);
    memory.copy_within(respond..respond + 40, high + 32);
    put(&mut memory, high, 72);
    put(&mut memory, high + 24, INPUT + 0x1000 + 32);
    assert!(check(&memory, INPUT + 0x1000).is_ok());
    put(&mut memory, high, 71);
    assert!(matches!(
        check(&memory, INPUT + 0x1000),
        Err(OutputError::Ref { .. })
    ));
}
