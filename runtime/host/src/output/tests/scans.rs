//! Scans: what they say, and what they stand beside.

use edge_abi::output::effect::ANSWER;

use super::*;

const START: Event = Event::Start;
const PIECE: Event = Event::RequestChunk;

/// Lane, limit, over limit, slot set.
fn scan(words: [u32; 4]) -> Vec<u8> {
    let continuation = [1024, 8];
    effect(Op::Scan, 0, &[&words[..], &continuation].concat())
}

fn good() -> Vec<u8> {
    scan([0, 100, 0, 1])
}

fn go_on(lane: u32) -> Vec<u8> {
    scan([lane, 0, 0, 0])
}

fn proxy(guest: &mut GuestFixture) -> Vec<u8> {
    guest.proxy(0, "/", (0, 0), (0, 0))
}

fn respond(guest: &mut GuestFixture) -> Vec<u8> {
    guest.respond(0, 200, (0, 0), b"")
}

fn pass() -> Vec<u8> {
    effect(Op::Pass, 0, &[0, 0, 0, 0])
}

/// The checker's word on an answer to an event.
fn judged(
    event: Event,
    effects: impl FnOnce(&mut GuestFixture) -> Vec<Vec<u8>>,
) -> Result<(), OutputError> {
    let next = Next {
        slots: 1,
        wanted: Event::Results.bit(),
        continuation: b"",
    };
    let (memory, at) = memory(effects, next);
    check_for(event as u16, &memory, at).map(drop)
}

#[test]
fn a_scan_reads_as_it_was_written() {
    let effects = |guest: &mut GuestFixture| {
        let continuation = guest.place(b"a state");
        let words = [0, 5000, 2, 2, continuation.0, continuation.1];
        vec![effect(Op::Scan, 0, &words), proxy(guest)]
    };
    let (memory, at) = memory(effects, Next::default());
    let output = check(&memory, at).unwrap();
    let Some(Effect::Scan(scan)) = output.effects().next() else {
        unreachable!()
    };
    assert_eq!(scan.lane(), edge_abi::output::scan::Lane::Request);
    assert_eq!((scan.limit(), scan.slots()), (5000, 2));
    assert_eq!(
        scan.over_limit(),
        edge_abi::output::scan::OverLimit::Truncate
    );
    assert_eq!(scan.continuation(), b"a state");
}

#[test]
fn a_scan_stands_in_a_phase_that_has_its_body() {
    let wait = || effect(Op::Body, ANSWER, &[1, 0]);
    for event in [Event::Start, Event::Results, Event::Failed] {
        assert_eq!(judged(event, |guest| vec![good(), proxy(guest)]), Ok(()));
        assert_eq!(judged(event, |_| vec![good(), wait()]), Ok(()));
        assert_eq!(judged(event, |_| vec![wait(), good()]), Ok(()));
    }
    let of_response = || scan([1, 100, 0, 1]);
    let head = Event::ResponseHead;
    assert_eq!(judged(head, |_| vec![of_response(), pass()]), Ok(()));

    // Where no body goes on, nothing is shown.
    assert_eq!(judged(START, |guest| vec![good(), respond(guest)]), Ok(()));
    let replaced = |guest: &mut GuestFixture| vec![of_response(), respond(guest)];
    assert_eq!(judged(head, replaced), Ok(()));

    let lane = |lane| Err(OutputError::Scan(lane));
    assert_eq!(judged(head, |_| vec![good(), pass()]), lane(0));
    assert_eq!(
        judged(START, |guest| vec![of_response(), proxy(guest)]),
        lane(1)
    );
    // There is no answer whose body could be seen.
    assert_eq!(
        judged(Event::Failed, |_| vec![of_response(), pass()]),
        lane(1)
    );
    let twice = |guest: &mut GuestFixture| vec![good(), good(), proxy(guest)];
    assert_eq!(judged(START, twice), lane(0));
    assert_eq!(
        judged(START, |_| vec![good()]),
        Err(OutputError::NoTerminal)
    );
}

#[test]
fn what_a_scan_says_is_within_its_bounds() {
    let of = |words| judged(START, |guest| vec![scan(words), proxy(guest)]).unwrap_err();
    let code = |what, code| OutputError::Code { what, code };
    assert_eq!(of([2, 100, 0, 1]), code("lane", 2));
    assert_eq!(of([0, 100, 3, 1]), code("way to go on over the limit", 3));
    let slot_set = OutputError::Index {
        what: "slot set",
        index: 3,
    };
    assert_eq!(of([0, 100, 0, 3]), slot_set);
    let limit = OutputError::TooMany {
        what: "bytes of a body",
        count: MAX_SCAN + 1,
        most: MAX_SCAN,
    };
    assert_eq!(of([0, MAX_SCAN + 1, 0, 1]), limit);
    assert_eq!(
        judged(START, |guest| vec![scan([0, MAX_SCAN, 0, 1]), proxy(guest)]),
        Ok(())
    );
    let continued = |at: u32, length: u32| {
        let words = [0, 100, 0, 1, at, length];
        judged(START, |guest| {
            vec![effect(Op::Scan, 0, &words), proxy(guest)]
        })
    };
    assert_eq!(continued(1024, 4096), Ok(()));
    assert_eq!(continued(1024, 4097), Err(OutputError::Continuation(4097)));
    let outside = continued(INPUT + 64, 1);
    assert!(matches!(outside, Err(OutputError::Ref { .. })));
    let short = |guest: &mut GuestFixture| vec![effect(Op::Scan, 0, &[0; 5]), proxy(guest)];
    let size = OutputError::EffectSize { op: 41, size: 28 };
    assert_eq!(judged(START, short), Err(size));
    let flags =
        |guest: &mut GuestFixture| vec![effect(Op::Scan, 1, &[0, 100, 0, 1, 0, 0]), proxy(guest)];
    let expected = OutputError::Flags { op: 41, flags: 1 };
    assert_eq!(judged(START, flags), Err(expected));
}

#[test]
fn the_answer_to_a_piece_lets_it_go_on_or_ends_it() {
    assert_eq!(judged(PIECE, |_| vec![go_on(0)]), Ok(()));
    assert_eq!(judged(Event::ResponseChunk, |_| vec![go_on(1)]), Ok(()));
    assert_eq!(judged(PIECE, |guest| vec![respond(guest)]), Ok(()));
    let fault = effect(Op::Fault, 0, &[0, 0, 1, 0]);
    assert_eq!(judged(PIECE, |_| vec![fault]), Ok(()));
    let said = |guest: &mut GuestFixture| {
        let rules = guest.place(&[1, 0, 0, 0]);
        let log = effect(Op::Log, 0, &[1, 0, 0, 0]);
        let note = effect(Op::Note, 0, &[1, 0, 1, 0]);
        let hits = effect(Op::Hits, 0, &[1, 0, rules.0, rules.1]);
        vec![log, note, hits, go_on(0)]
    };
    assert_eq!(judged(PIECE, said), Ok(()));

    let lane = |lane| Err(OutputError::Scan(lane));
    assert_eq!(judged(PIECE, |_| vec![go_on(1)]), lane(1));
    assert_eq!(judged(Event::ResponseChunk, |_| vec![go_on(0)]), lane(0));
    for words in [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]] {
        assert_eq!(judged(PIECE, |_| vec![scan(words)]), lane(0));
    }
    let twice = |_: &mut GuestFixture| vec![go_on(0), go_on(0)];
    assert_eq!(judged(PIECE, twice), Err(OutputError::AfterTerminal));
    assert_eq!(judged(PIECE, |_| vec![]), Err(OutputError::NoTerminal));
}

#[test]
fn the_answer_to_a_piece_is_nothing_else() {
    let misplaced = |op: Op| {
        Err(OutputError::Misplaced {
            op: op as u16,
            event: 4,
        })
    };
    assert_eq!(
        judged(PIECE, |guest| vec![proxy(guest)]),
        misplaced(Op::Proxy)
    );
    assert_eq!(judged(PIECE, |_| vec![pass()]), misplaced(Op::Pass));
    let wait = effect(Op::Body, ANSWER, &[1, 0]);
    assert_eq!(judged(PIECE, |_| vec![wait]), misplaced(Op::Body));
    let edits = effect(Op::Edits, 0, &[0, 0]);
    assert_eq!(
        judged(PIECE, |_| vec![edits, go_on(0)]),
        misplaced(Op::Edits)
    );
}
