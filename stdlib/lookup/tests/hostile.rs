//! Readers give some answer for any table: no panic, no endless loop.

use edge_lookup::{cidr, dfa, int_set, lanes, nfa, route, scan, scans, set};
use proptest::prelude::*;

/// Bytes that look like headers often enough to get past them: many small numbers.
fn table() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        4 => 0..8u32,
        2 => 0..400u32,
        1 => any::<u32>(),
        1 => prop::sample::select(vec![u32::MAX, 1 << 30, 2 << 30, 1 << 31]),
    ];
    let words = prop::collection::vec(word, 0..200);
    let cut = (words, 0..4usize).prop_map(|(words, cut)| {
        let mut bytes: Vec<u8> = words.into_iter().flat_map(u32::to_le_bytes).collect();
        bytes.truncate(bytes.len().saturating_sub(cut));
        bytes
    });
    prop_oneof![cut, prop::collection::vec(any::<u8>(), 0..800)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn any_table_gives_some_answer(
        table in table(),
        key in prop::collection::vec(prop::sample::select(b"/ab\0\xff".to_vec()), 0..40),
        number in any::<i64>(),
        address in any::<[u8; 16]>(),
        state in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        dfa::is_match(&table, &key);
        set::find(&table, &key);
        scan::find(&table, &key, &mut [0; 5]);
        scans::find(&table, &key, &[1, 0, 255], &mut [0; 5]);
        nfa::is_match(&table, &key);
        dfa::feed(&table, &mut state.clone(), &key, true);
        nfa::feed(&table, &mut state.clone(), &key, true);
        scan::feed(&table, &mut state.clone(), &key, true, &mut [0; 5]);
        if let (Some(left), Some(right)) = (lanes::Lane::dfa(&table, &state), lanes::Lane::scan(&table, &state)) {
            let mut lanes = [left, right, left, right];
            prop_assert!(lanes::walk(&mut lanes, &key) <= key.len());
            for mut lane in lanes {
                let _ = (lane.end(), lane.tells());
            }
            scan::tell(&table, number as u32, &mut [0; 5]);
        }
        int_set::contains(&table, number);
        cidr::contains(&table, &address);
        cidr::contains(&table, &key);
        let mut mapped = address;
        mapped[..12].copy_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]);
        cidr::contains(&table, &mapped);
        route::find(&table, &key);
        let path = [b"/", key.as_slice()].concat();
        route::find(&table, &path);
        for index in [0, 1, 7, usize::MAX] {
            route::segment(&path, index);
            route::rest(&path, index);
        }
    }
}
