//! Any bytes at all.

use proptest::prelude::*;

use super::*;

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
        Effect::Hits(hits) => hits.rules().map(|rule| rule as usize).sum(),
        Effect::State(state) => {
            state.key().len() + state.value().len() + state.ask().map_or(0, |ask| ask as usize)
        }
        Effect::Admit(admit) => {
            usize::from(admit.may_store()) + admit.tags().map(<[u8]>::len).sum::<usize>()
        }
        Effect::Scan(scan) => scan.continuation().len() + usize::from(scan.slots()),
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
        event in 1_u16..7,
    ) {
        let answering = |guest: &mut GuestFixture| {
            let edits = guest.edits(&[(edit::Op::Add, "x-a", b"1")]);
            vec![guest.respond(0, 200, edits, b"body")]
        };
        let everything = |guest: &mut GuestFixture| {
            let scan = effect(Op::Scan, 0, &[0, 100, 0, 1, 1024, 8]);
            [vec![scan], state_effects(guest), everything(guest)].concat()
        };
        let (mut memory, at) = if proxies { memory(everything, FOLLOWED) } else { memory(answering, FOLLOWED) };
        for (word, value) in changes {
            put(&mut memory, 1024 + 4 * word, value);
        }
        if let Ok(output) = check_for(event, &memory, at) {
            read_all(&output);
            prop_assert!(output.effects().count() <= 256);
        }
    }

    /// Any bytes at all.
    #[test]
    fn any_bytes_are_refused_or_readable(bytes in prop::collection::vec(any::<u8>(), 0..400), at in 0_u32..26, input in any::<u32>(), event in 0_u16..8) {
        if let Ok(output) = check_output(&bytes, at * 16, input..input.saturating_add(64), event, &bounds()) {
            read_all(&output);
        }
    }
}
