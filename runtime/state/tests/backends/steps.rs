//! Made-up operations, on few names and keys, so that they meet.

use std::time::Duration;

use edge_state::{Counter, Limit, Store};
use proptest::prelude::*;

pub const KEYS: [&[u8]; 6] = [b"", b"a", b"a:b", b"ab", b"\0\xff", b"\xff"];
pub const STORES: [Store<'static>; 2] = [
    Store {
        name: "a",
        ttl: None,
        max_value: 1000,
    },
    Store {
        name: "a:a",
        ttl: Some(Duration::from_secs(1)),
        max_value: 1000,
    },
];
pub const COUNTERS: [Counter<'static>; 3] = [
    Counter {
        name: "a",
        expire: None,
        listed: false,
    },
    Counter {
        name: "kept",
        expire: None,
        listed: true,
    },
    Counter {
        name: "views",
        expire: Some(Duration::from_secs(1)),
        listed: true,
    },
];
pub const TTLS: [Option<Duration>; 4] = [
    None,
    Some(Duration::ZERO),
    Some(Duration::from_millis(300)),
    Some(Duration::from_secs(86_400)),
];
pub const PREFIXES: [&[u8]; 5] = [b"", b"a", b"ab", b"\0", b"\xff"];
pub const DAY: u64 = 86_400_000;

pub fn limits() -> Vec<Limit> {
    let (second, minute) = (Duration::from_secs(1), Duration::from_secs(60));
    vec![
        Limit::token_bucket("fast", 5, second, 2).unwrap(),
        Limit::token_bucket("slow", 7, minute, 0).unwrap(),
        Limit::sliding_window("window", 3, second).unwrap(),
        Limit::sliding_window("long", 4, minute).unwrap(),
        Limit::at_once("at once", 2).unwrap(),
        // The same ones, with other amounts.
        Limit::token_bucket("fast", 2, second, 0).unwrap(),
        Limit::token_bucket("slow", 1, minute, 9).unwrap(),
        Limit::sliding_window("window", 1, second).unwrap(),
        Limit::at_once("at once", 1).unwrap(),
    ]
}

/// One step. Numbers are indexes into the lists above.
#[derive(Clone, Debug)]
pub enum Step {
    On(u64),
    Back(u64),
    Take(Vec<(usize, usize, u64)>),
    GiveBack(usize),
    Get(usize, usize),
    Put(usize, usize, Vec<u8>, usize),
    Delete(usize, usize),
    Increment(usize, usize, i64),
    Read(usize, usize),
    List(usize, usize, usize),
}

pub fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS.len();
    let cost = prop_oneof![6 => Just(1_u64), 2 => Just(0), 2 => 2..9_u64, 1 => Just(u64::MAX)];
    let by =
        prop_oneof![4 => Just(1_i64), 2 => -5..5_i64, 1 => Just(i64::MAX), 1 => Just(i64::MIN)];
    prop_oneof![
        4 => prop_oneof![1..400_u64, Just(999), Just(1000), Just(60_000), Just(DAY)].prop_map(Step::On),
        1 => prop_oneof![1..1000_u64, 1000..5000_u64, Just(DAY)].prop_map(Step::Back),
        10 => prop::collection::vec((0..9_usize, 0..2_usize, cost), 1..4).prop_map(Step::Take),
        2 => (0..8_usize).prop_map(Step::GiveBack),
        3 => (0..2_usize, key.clone()).prop_map(|(store, key)| Step::Get(store, key)),
        3 => (0..2_usize, key.clone(), prop::collection::vec(any::<u8>(), 0..20), 0..TTLS.len())
            .prop_map(|(store, key, value, ttl)| Step::Put(store, key, value, ttl)),
        1 => (0..2_usize, key.clone()).prop_map(|(store, key)| Step::Delete(store, key)),
        4 => (0..3_usize, key.clone(), by).prop_map(|(counter, key, by)| Step::Increment(counter, key, by)),
        2 => (0..3_usize, key).prop_map(|(counter, key)| Step::Read(counter, key)),
        2 => (1..3_usize, 0..PREFIXES.len(), 0..5_usize).prop_map(|(counter, prefix, most)| Step::List(counter, prefix, most)),
    ]
}
