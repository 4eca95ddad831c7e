//! Effects and what they name, one fault at a time.

use super::*;

#[test]
fn terminals_are_last_and_there_is_one() {
    assert_eq!(error(|_| vec![]), OutputError::NoTerminal);
    assert_eq!(
        error(|_| vec![effect(Op::Note, 0, &[1, 0, 0, 0])]),
        OutputError::NoTerminal
    );
    let respond = |guest: &mut GuestFixture| guest.respond(0, 200, (0, 0), b"");
    assert_eq!(
        error(|guest| vec![respond(guest), respond(guest)]),
        OutputError::AfterTerminal
    );
    assert_eq!(
        error(|guest| vec![respond(guest), effect(Op::Note, 0, &[1, 0, 0, 0])]),
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
        note([2, 0, 0, 0]),
        OutputError::Code {
            what: "note",
            code: 2
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
        proxy(68, 1),
        OutputError::Index {
            what: "cache",
            index: 1
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

#[test]
fn hits_are_rules_and_not_too_many() {
    let hits = |kind: u32, rules: &[u8]| {
        error(|guest| {
            let (at, length) = guest.place(rules);
            vec![effect(Op::Hits, 0, &[kind, 0, at, length])]
        })
    };
    assert_eq!(hits(1, &[0, 0, 0, 0, 2, 0, 0, 0]), OutputError::NoTerminal);
    assert_eq!(hits(2, b""), OutputError::NoTerminal);
    for kind in [0, 3] {
        let unknown = OutputError::Code {
            what: "hits",
            code: kind,
        };
        assert_eq!(hits(kind, &[0; 4]), unknown);
    }
    let absent = OutputError::Index {
        what: "rule",
        index: 3,
    };
    assert_eq!(hits(1, &[0, 0, 0, 0, 3, 0, 0, 0]), absent);
    assert_eq!(
        hits(1, &[0; 5]),
        OutputError::EffectSize { op: 40, size: 5 }
    );
    let many = OutputError::TooMany {
        what: "hits",
        count: 16_385,
        most: 16_384,
    };
    assert_eq!(hits(1, &vec![0; 4 * 16_385]), many);
}
