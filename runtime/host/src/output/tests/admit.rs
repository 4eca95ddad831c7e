//! Admissions: what they say, and that they stand alone.

use edge_abi::output::admit::{STORE, TTL_GIVEN};

use super::*;

const ADMIT: u16 = Event::Admit as u16;

/// Flags, ttl, and the table of tags.
fn admit(flags: u32, ttl: i64, tags: (u32, u32)) -> Vec<u8> {
    let ttl = ttl.to_le_bytes();
    let word = |at: usize| u32::from_le_bytes(ttl[at..at + 4].try_into().unwrap());
    effect(Op::Admit, 0, &[flags, 0, word(0), word(4), tags.0, tags.1])
}

fn tags(guest: &mut GuestFixture, tags: &[&[u8]]) -> (u32, u32) {
    let mut table = Vec::new();
    for tag in tags {
        let (at, length) = guest.place(tag);
        table.extend(at.to_le_bytes());
        table.extend(length.to_le_bytes());
    }
    (guest.place(&table).0, tags.len() as u32)
}

fn judged(
    event: u16,
    effects: impl FnOnce(&mut GuestFixture) -> Vec<Vec<u8>>,
) -> Result<(), OutputError> {
    let (memory, at) = memory(effects, Next::default());
    check_for(event, &memory, at).map(drop)
}

#[test]
fn an_admission_reads_as_it_was_written() {
    let effects = |guest: &mut GuestFixture| {
        let tags = tags(guest, &[b"product-7", b"", b"shop"]);
        vec![admit(STORE | TTL_GIVEN, 30_000, tags)]
    };
    let (memory, at) = memory(effects, Next::default());
    let output = check_for(ADMIT, &memory, at).unwrap();
    let Some(Effect::Admit(admit)) = output.effects().next() else {
        unreachable!()
    };
    assert!(admit.may_store());
    assert_eq!(admit.ttl_ms(), Some(30_000));
    assert_eq!(
        admit.tags().collect::<Vec<_>>(),
        [&b"product-7"[..], b"shop"]
    );
}

#[test]
fn a_ttl_counts_where_it_is_given() {
    for (flags, ttl, expected) in [(0, 5, None), (TTL_GIVEN, -5, Some(0)), (STORE, 0, None)] {
        let (memory, at) = memory(|_| vec![admit(flags, ttl, (0, 0))], Next::default());
        let output = check_for(ADMIT, &memory, at).unwrap();
        let Some(Effect::Admit(admit)) = output.effects().next() else {
            unreachable!()
        };
        assert_eq!(admit.ttl_ms(), expected);
        assert_eq!(admit.tags().count(), 0);
    }
}

#[test]
fn what_is_no_admission_is_refused() {
    let code = judged(ADMIT, |_| vec![admit(4, 0, (0, 0))]);
    assert!(matches!(
        code,
        Err(OutputError::Code {
            what: "admission",
            code: 4
        })
    ));
    let many = judged(ADMIT, |guest| {
        let (at, _) = guest.place(&[0; 8 * 65]);
        vec![admit(STORE, 0, (at, 65))]
    });
    assert!(matches!(
        many,
        Err(OutputError::TooMany {
            what: "tags",
            count: 65,
            most: 64
        })
    ));
    let far = judged(ADMIT, |guest| {
        let mut entry = 0xf000_0000u32.to_le_bytes().to_vec();
        entry.extend(1u32.to_le_bytes());
        let (at, _) = guest.place(&entry);
        vec![admit(STORE, 0, (at, 1))]
    });
    assert!(matches!(
        far,
        Err(OutputError::Ref {
            address: 0xf000_0000,
            length: 1
        })
    ));
}

#[test]
fn it_stands_alone_and_only_there() {
    let good = |_: &mut GuestFixture| vec![admit(STORE, 0, (0, 0))];
    assert_eq!(judged(ADMIT, good), Ok(()));
    for event in [Event::Start, Event::ResponseHead, Event::RequestChunk] {
        let event = event as u16;
        let op = Op::Admit as u16;
        assert_eq!(
            judged(event, good),
            Err(OutputError::Misplaced { op, event })
        );
    }
    let pass = judged(ADMIT, |_| vec![effect(Op::Pass, 0, &[0, 0, 0, 0])]);
    assert!(matches!(
        pass,
        Err(OutputError::Misplaced { event: ADMIT, .. })
    ));
    let logged = judged(ADMIT, |_| {
        let log = effect(Op::Log, 0, &[0, 0, 0, 0]);
        vec![log, admit(STORE, 0, (0, 0))]
    });
    assert!(matches!(
        logged,
        Err(OutputError::Misplaced { event: ADMIT, .. })
    ));
}

#[test]
fn a_cached_proxy_reads_as_it_was_written() {
    let effects = |guest: &mut GuestFixture| {
        let mut proxy = guest.proxy(0, "/", (0, 0), (0, 0));
        let (at, length) = guest.place(b"2:DE");
        put(&mut proxy, 68, 0);
        put(&mut proxy, 72, at);
        put(&mut proxy, 76, length);
        vec![proxy]
    };
    let (memory, at) = memory(effects, Next::default());
    let Some(Effect::Proxy(proxy)) = check(&memory, at).unwrap().effects().next() else {
        unreachable!()
    };
    assert_eq!((proxy.cache(), proxy.key()), (Some(0), &b"2:DE"[..]));
}

#[test]
fn to_set_what_is_absent_is_to_remove() {
    let effects = |guest: &mut GuestFixture| {
        let mut edits = guest.edits(&[(edit::Op::Set, "cookie", b"")]);
        let at = edits.0 as usize - 1024;
        guest.data[at + 16..at + 24].fill(0);
        edits.1 = 1;
        vec![guest.proxy(0, "/", edits, (0, 0))]
    };
    let (memory, at) = memory(effects, Next::default());
    let Some(Effect::Proxy(proxy)) = check(&memory, at).unwrap().effects().next() else {
        unreachable!()
    };
    let ops: Vec<edit::Op> = proxy.request_edits().map(|edit| edit.op()).collect();
    assert_eq!(ops, [edit::Op::Remove]);
}
