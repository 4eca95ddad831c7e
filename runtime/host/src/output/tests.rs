//! Outputs that are not as the ABI says, one fault at a time, and then any bytes at all.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation
)]

use edge_abi::input::Event;
use edge_abi::output::{NONE, Op, edit};
use proptest::prelude::*;

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
        secrets: 1,
        arms: vec![2],
        slot_sets: 3,
        body: 65536,
    }
}

fn check(memory: &[u8], at: u32) -> Result<Output<'_>, OutputError> {
    check_output(memory, at, INPUT..INPUT + 64, &bounds())
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
    let edits = guest.secret_edit("authorization", b"Bearer ", 0);
    let known = guest.edits(&[(edit::Op::Set, "x-a", b"1"), (edit::Op::Remove, "x-*", b"")]);
    vec![
        effect(Op::Log, 0, &[1, 0, text.0, text.1]),
        effect(Op::Note, 0, &[1, 0, 1, 0]),
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
        Effect::Edits(edits),
        Effect::Proxy(proxy),
    ] = effects.as_slice()
    else {
        unreachable!("{effects:?}")
    };
    assert_eq!((log.place(), log.text()), (1, &b"a line"[..]));
    assert_eq!((note.id(), note.value()), (0, 1));
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
    for count in [3, 5] {
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

#[test]
fn terminals_are_last_and_there_is_one() {
    assert_eq!(error(|_| vec![]), OutputError::NoTerminal);
    assert_eq!(
        error(|_| vec![effect(Op::Note, 0, &[2, 0, 0, 0])]),
        OutputError::NoTerminal
    );
    let respond = |guest: &mut GuestFixture| guest.respond(0, 200, (0, 0), b"");
    assert_eq!(
        error(|guest| vec![respond(guest), respond(guest)]),
        OutputError::AfterTerminal
    );
    assert_eq!(
        error(|guest| vec![respond(guest), effect(Op::Note, 0, &[2, 0, 0, 0])]),
        OutputError::AfterTerminal
    );
    let wait = || effect(Op::Body, 1, &[1, 0]);
    assert_eq!(
        error(|guest| vec![wait(), respond(guest)]),
        OutputError::WaitAndTerminal
    );
    assert_eq!(error(|_| vec![wait()]), OutputError::Unwanted);
}

#[test]
fn effects_have_their_sizes_and_flags() {
    assert_eq!(
        error(|_| vec![effect(Op::Respond, 0, &[0; 7])]),
        OutputError::EffectSize { op: 1, size: 36 }
    );
    assert_eq!(
        error(|_| vec![effect(Op::Fetch, 1, &[0; 4])]),
        OutputError::UnknownOp(18)
    );
    assert_eq!(
        error(|_| vec![effect(Op::Body, 0, &[1, 0])]),
        OutputError::Flags { op: 22, flags: 0 }
    );
    assert_eq!(
        error(|_| vec![effect(Op::Body, 4, &[1, 0])]),
        OutputError::Flags { op: 22, flags: 4 }
    );
    assert_eq!(
        error(|_| vec![effect(Op::Fault, 1, &[0, 0, 1, 0])]),
        OutputError::Flags { op: 4, flags: 1 }
    );
    let sized = |size: u32| {
        error(|guest| {
            let mut respond = guest.respond(0, 200, (0, 0), b"");
            put(&mut respond, 4, size);
            vec![respond]
        })
    };
    for size in [0, 7, 41, 44, u32::MAX] {
        assert_eq!(
            sized(size),
            OutputError::EffectSize { op: 1, size },
            "{size}"
        );
    }
}

#[test]
fn indexes_stay_within_the_manifest() {
    assert_eq!(
        respond_with(8, 3),
        OutputError::Index {
            what: "rule",
            index: 3
        }
    );
    for status in [0, 100, 199, 600, 999] {
        assert_eq!(
            respond_with(12, status),
            OutputError::ResponseStatus(status as u16)
        );
    }
    let fault = |operands: [u32; 4]| error(|_| vec![effect(Op::Fault, 0, &operands)]);
    assert_eq!(
        fault([0, 2, 1, 0]),
        OutputError::Index {
            what: "place",
            index: 2
        }
    );
    assert_eq!(
        fault([0, 0, 4, 0]),
        OutputError::Code {
            what: "reason",
            code: 4
        }
    );
    let note = |operands: [u32; 4]| error(|_| vec![effect(Op::Note, 0, &operands)]);
    assert_eq!(
        note([1, 1, 0, 0]),
        OutputError::Index {
            what: "experiment",
            index: 1
        }
    );
    assert_eq!(
        note([1, 0, 2, 0]),
        OutputError::Index {
            what: "arm",
            index: 2
        }
    );
    assert_eq!(
        note([3, 0, 0, 0]),
        OutputError::Code {
            what: "note",
            code: 3
        }
    );
    let body = error(|_| vec![effect(Op::Body, 1, &[65537, 0])]);
    assert_eq!(
        body,
        OutputError::TooMany {
            what: "bytes of a body",
            count: 65537,
            most: 65536
        }
    );
    let proxy = |field: usize, value: u32| {
        error(|guest| {
            let mut proxy = guest.proxy(0, "/", (0, 0), (0, 0));
            put(&mut proxy, field, value);
            vec![proxy]
        })
    };
    assert_eq!(
        proxy(12, 3),
        OutputError::Index {
            what: "target",
            index: 3
        }
    );
    assert_eq!(
        proxy(64, 1),
        OutputError::Index {
            what: "proxy options",
            index: 1
        }
    );
    assert_eq!(
        proxy(68, 0),
        OutputError::Index {
            what: "cache",
            index: 0
        }
    );
    assert!(matches!(
        proxy(68, NONE - 1),
        OutputError::Index { what: "cache", .. }
    ));
}

#[test]
fn tables_are_not_longer_than_allowed() {
    assert_eq!(
        respond_with(28, 65),
        OutputError::TooMany {
            what: "edits",
            count: 65,
            most: 64
        }
    );
    assert_eq!(
        respond_with(36, 1025),
        OutputError::TooMany {
            what: "segments",
            count: 1025,
            most: 1024
        }
    );
}

#[test]
fn header_names_are_lower_case_tokens() {
    let named = |op, name: &str| {
        error(|guest| {
            let edits = guest.edits(&[(op, name, b"1")]);
            vec![guest.respond(0, 200, edits, b"")]
        })
    };
    for name in ["", "X-A", "a b", "a:", "a\r\n", "é"] {
        assert_eq!(
            named(edit::Op::Set, name),
            OutputError::HeaderName,
            "{name:?}"
        );
        assert_eq!(
            named(edit::Op::Remove, name),
            OutputError::HeaderName,
            "{name:?}"
        );
    }
}

#[test]
fn secrets_go_to_origins_only() {
    let error = error(|guest| {
        let edits = guest.secret_edit("x-a", b"", 0);
        vec![guest.respond(0, 200, edits, b"")]
    });
    assert!(matches!(
        error,
        OutputError::Code {
            what: "flags of an edit",
            ..
        }
    ));
    let (mut memory, at) = memory(
        |guest| vec![guest.respond(0, 200, (0, 0), b"")],
        Next::default(),
    );
    let respond = u32::from_le_bytes(memory[at as usize + 24..][..4].try_into().unwrap());
    let table =
        u32::from_le_bytes(memory[respond as usize + 32..][..4].try_into().unwrap()) as usize;
    put(&mut memory, table, 1);
    assert_eq!(check(&memory, at).unwrap_err(), OutputError::SecretPlace);
}

#[test]
fn a_body_can_not_be_multiplied_without_end() {
    let error = error(|guest| {
        let mut table = Vec::new();
        for _ in 0..1024 {
            for word in [0, 0, 0, INPUT] {
                table.extend_from_slice(&u32::to_le_bytes(word));
            }
        }
        let table = guest.place(&table).0;
        let mut respond = guest.respond(0, 200, (0, 0), b"");
        put(&mut respond, 32, table);
        put(&mut respond, 36, 1024);
        vec![respond]
    });
    assert_eq!(error, OutputError::TextLength(1024 * u64::from(INPUT)));
}

/// Reads everything that an output leads to.
fn read_all(output: &Output<'_>) -> usize {
    let segments = |segments: Segments<'_>| -> usize {
        segments
            .map(|segment| match segment.value() {
                SegmentValue::Bytes(bytes) => bytes.len(),
                SegmentValue::Secret(id) => id as usize,
            })
            .sum()
    };
    let edits = |edits: Edits<'_>| -> usize {
        edits
            .map(|edit| {
                edit.name().len()
                    + match edit.value() {
                        EditValue::Bytes(bytes) => bytes.len(),
                        EditValue::Segments(value) => segments(value),
                    }
            })
            .sum()
    };
    let read = |effect: Effect<'_>| match effect {
        Effect::Respond(respond) => {
            edits(respond.edits())
                + segments(respond.body())
                + respond.content_type().map_or(0, <[u8]>::len)
        }
        Effect::Proxy(proxy) => {
            let texts = [
                proxy.method(),
                Some(proxy.path()),
                proxy.query(),
                proxy.host(),
            ];
            texts.iter().flatten().map(|text| text.len()).sum::<usize>()
                + edits(proxy.request_edits())
                + edits(proxy.response_edits())
        }
        Effect::Pass(pass) => edits(pass.edits()),
        Effect::Edits(list) => edits(list),
        Effect::Log(log) => log.text().len(),
        Effect::Fault(fault) => fault.place() as usize,
        Effect::Body(body) => body.limit() as usize,
        Effect::Note(note) => note.value() as usize,
    };
    output
        .effects()
        .map(read)
        .fold(output.continuation().len(), usize::wrapping_add)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Any words written over a good output: refused or readable, and never a panic.
    #[test]
    fn mutated_outputs_are_refused_or_readable(
        changes in prop::collection::vec((0_usize..300, prop_oneof![any::<u32>(), 0_u32..300, Just(INPUT), Just(u32::MAX)]), 1..5),
        proxies in any::<bool>(),
    ) {
        let answering = |guest: &mut GuestFixture| {
            let edits = guest.edits(&[(edit::Op::Add, "x-a", b"1")]);
            vec![guest.respond(0, 200, edits, b"body")]
        };
        let (mut memory, at) = if proxies { memory(everything, FOLLOWED) } else { memory(answering, FOLLOWED) };
        for (word, value) in changes {
            put(&mut memory, 1024 + 4 * word, value);
        }
        if let Ok(output) = check(&memory, at) {
            read_all(&output);
            prop_assert!(output.effects().count() <= 256);
        }
    }

    /// Any bytes at all.
    #[test]
    fn any_bytes_are_refused_or_readable(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_u32..26, input in any::<u32>()) {
        if let Ok(output) = check_output(&bytes, at * 16, input..input.saturating_add(64), &bounds()) {
            read_all(&output);
        }
    }
}
