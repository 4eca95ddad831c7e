//! State effects whose backends work.

use edge_abi::output::effect::{ANSWER, CHAINED};
use edge_state::Clock;

use super::*;
use crate::fixture::{CLOSED, IN_FLIGHT, ITEMS, PER_IP, WATCHING, WINDOW};
use crate::testing::memory::Remembering;

/// The clock of what expires, which stands still, and what is remembered.
pub(super) fn remembering(guest: &GuestFixture) -> Remembering {
    let (clock, _) = Clock::at(1_000_000);
    Remembering::new(guest.policy().manifest(), clock).unwrap()
}

/// A worker that remembers there; limits are asked together.
pub(super) fn worker_with(guest: &GuestFixture, memory: &Remembering) -> Rc<Worker> {
    let mut settings = Settings::default();
    settings.secrets.insert("KEY".into(), Secret::new("s3cr3t"));
    let mut backends = memory.backends();
    backends.apart = false;
    settings.backends = Some(backends);
    let deployment = Arc::new(Deployment::new(guest.policy(), settings).unwrap());
    let worker = Worker::new(
        deployment,
        Box::new(ManualClock::at(1)),
        Box::new(SeededEntropy::from_text("t")),
        Box::new(LocalTasks),
    );
    Rc::new(worker.unwrap())
}

/// A guest that asks with these effects: (op, flags, ask, id, key, value, number).
pub(super) type Asked<'a> = (Op, u16, u32, u32, &'a str, &'a str, i64);

pub(super) fn guest(asked: &[Asked<'_>], kinds: &[&str]) -> GuestFixture {
    let mut guest = GuestFixture::remembering();
    let mut effects = Vec::new();
    for (op, flags, ask, id, key, value, number) in asked {
        effects.push(guest.state((*op, *flags), *ask, *id, (key, value, *number)));
    }
    guest.asking(&effects, kinds);
    guest
}

pub(super) fn asked(worker: &Rc<Worker>) -> Seen {
    ask(worker, &Played::default(), get("/"))
}

/// What a guest is told once: statuses and answers.
fn told(memory: &Remembering, asks: &[Asked<'_>], kinds: &[&str]) -> String {
    let seen = asked(&worker_with(&guest(asks, kinds), memory));
    assert_eq!((seen.status, seen.fault()), (200, ""));
    seen.body
}

const fn limit<'a>(ask: u32, id: u32, flags: u16) -> Asked<'a> {
    (Op::Limit, flags, ask, id, "192.0.2.1", "", 1)
}

#[test]
fn a_limit_lets_so_many_go_on() {
    let guest = guest(&[limit(0, PER_IP, ANSWER)], &["bool"]);
    let worker = worker_with(&guest, &remembering(&guest));
    for left in ["2", "1", "0"] {
        let seen = asked(&worker);
        assert_eq!((seen.body.as_str(), seen.fault()), ("\0\u{1}", ""));
        assert_eq!(seen.header("ratelimit-policy"), Some("\"per_ip\";q=3;w=60"));
        let expected = format!("\"per_ip\";r={left};t=");
        assert!(seen.header("ratelimit").unwrap().starts_with(&expected));
    }
    let seen = asked(&worker);
    assert_eq!(seen.body, "\u{2}\0");
    assert_eq!(seen.header("ratelimit"), Some("\"per_ip\";r=0;t=90"));
    assert_eq!(
        seen.header("retry-after"),
        None,
        "the answer's status is 200"
    );
    assert!(seen.record.degraded.is_empty());
}

#[test]
fn keys_and_costs_are_the_policys() {
    let guest = guest(&[limit(0, PER_IP, ANSWER)], &["bool"]);
    let memory = remembering(&guest);
    let cost = |key: &str, cost| {
        let asks = [(Op::Limit, ANSWER, 0, PER_IP, key, "", cost)];
        told(&memory, &asks, &["bool"])
    };
    let (allowed, refused) = ("\0\u{1}", "\u{2}\0");
    let long = "k".repeat(2000);
    for key in ["", "a\0b", &long] {
        assert_eq!(cost(key, 4), refused, "more than it ever has");
        assert_eq!(cost(key, 3), allowed);
        assert_eq!(cost(key, 1), refused);
        assert_eq!(cost(key, 0), refused, "looking");
    }
    for free in [0, -1, i64::MIN] {
        for _ in 0..5 {
            assert_eq!(cost("another", free), allowed);
        }
    }
    assert_eq!(cost("another", i64::MAX), refused);
}

#[test]
fn what_is_chained_to_a_limit_that_refuses_is_not_charged() {
    let both = [limit(0, CLOSED, ANSWER), limit(1, PER_IP, ANSWER | CHAINED)];
    let guest = guest(&both, &["bool", "bool"]);
    let memory = remembering(&guest);
    let worker = worker_with(&guest, &memory);
    let first = asked(&worker);
    assert_eq!(first.body, "\0\0\u{1}\u{1}");
    assert_eq!(
        first.header("ratelimit-policy"),
        Some("\"closed\";q=1;w=60, \"per_ip\";q=3;w=60")
    );
    let second = asked(&worker);
    assert_eq!(second.body, "\u{2}\u{7}\0", "the second answer is absent");
    assert_eq!(
        second.header("ratelimit-policy"),
        Some("\"closed\";q=1;w=60")
    );
    let alone = [(Op::Limit, ANSWER, 0, PER_IP, "192.0.2.1", "", 2)];
    assert_eq!(
        told(&memory, &alone, &["bool"]),
        "\0\u{1}",
        "only one was taken"
    );
}

#[test]
fn limits_that_are_not_chained_are_all_charged() {
    let both = [limit(0, CLOSED, ANSWER), limit(1, PER_IP, ANSWER)];
    let guest = guest(&both, &["bool", "bool"]);
    let worker = worker_with(&guest, &remembering(&guest));
    let bodies: Vec<String> = (0..4).map(|_| asked(&worker).body).collect();
    assert_eq!(
        bodies,
        [
            "\0\0\u{1}\u{1}",
            "\u{2}\0\0\u{1}",
            "\u{2}\0\0\u{1}",
            "\u{2}\u{2}\0\0"
        ]
    );
}

#[test]
fn a_limit_in_shadow_mode_only_watches() {
    let all = [
        limit(0, WATCHING, ANSWER),
        limit(1, PER_IP, ANSWER | CHAINED),
        limit(2, WATCHING, ANSWER | CHAINED),
        limit(3, CLOSED, ANSWER | CHAINED),
    ];
    let guest = guest(&all, &["bool", "bool", "bool", "bool"]);
    let worker = worker_with(&guest, &remembering(&guest));
    let first = asked(&worker);
    assert_eq!(first.body, "\0\0\0\0\u{1}\u{1}\u{1}\u{1}");
    assert_eq!(
        first.record.findings.shadow,
        [1],
        "asked twice, it would have refused"
    );
    assert_eq!(
        first.header("ratelimit-policy"),
        Some("\"per_ip\";q=3;w=60, \"closed\";q=1;w=60"),
        "nobody is told of a limit that only watches"
    );
    let second = asked(&worker);
    assert_eq!(second.body, "\0\0\0\u{2}\u{1}\u{1}\u{1}\0");
}

#[test]
fn requests_in_flight_end_with_their_answers() {
    let guest = guest(&[limit(0, IN_FLIGHT, ANSWER)], &["bool"]);
    let worker = worker_with(&guest, &remembering(&guest));
    let begin = || finish(handle(&worker, &Played::default(), get("/"), client()));
    let first = begin();
    let policy = |answer: &Answer| answer.response.headers().get("ratelimit-policy").cloned();
    assert_eq!(
        policy(&first).unwrap(),
        "\"in_flight\";q=1;qu=\"concurrent-requests\""
    );
    assert!(first.response.headers().get("ratelimit").is_none());
    let seen = asked(&worker);
    assert_eq!(seen.body, "\u{2}\0");
    drop(first);
    assert_eq!(asked(&worker).body, "\0\u{1}");
    assert_eq!(asked(&worker).body, "\0\u{1}");
}

#[test]
fn a_window_and_a_charge_without_an_answer() {
    let charge = (Op::Limit, 0, 0, WINDOW, "key", "", 1);
    let guest = guest(
        &[charge, charge, charge, limit(0, PER_IP, ANSWER)],
        &["bool"],
    );
    let memory = remembering(&guest);
    let seen = asked(&worker_with(&guest, &memory));
    assert_eq!(
        seen.body, "\0\u{1}",
        "a charge changes nothing about the answer"
    );
    assert!(
        seen.header("ratelimit")
            .unwrap()
            .contains("\"window\";r=0;t=1, ")
    );
    let look = [(Op::Limit, ANSWER, 0, WINDOW, "key", "", 0)];
    assert_eq!(told(&memory, &look, &["bool"]), "\u{2}\0");
}

#[test]
fn a_store_keeps_deletes_and_says_what_it_has() {
    let memory = remembering(&GuestFixture::remembering());
    let get = |key| [(Op::StoreGet, ANSWER, 0, ITEMS, key, "", 0)];
    assert_eq!(told(&memory, &get("k"), &["bytes"]), "\u{1}", "absent");
    let put = |key, value| (Op::Put, 0, 0, ITEMS, key, value, 0);
    let both = [put("k", "one"), put("k", "two"), put("e", ""), get("k")[0]];
    assert_eq!(told(&memory, &both, &["bytes"]), "\0two", "in their order");
    assert_eq!(
        told(&memory, &get("e"), &["bytes"]),
        "\0",
        "empty, and there"
    );
    let delete = (Op::Delete, ANSWER, 1, ITEMS, "k", "", 0);
    let asks = [delete, get("k")[0]];
    assert_eq!(told(&memory, &asks, &["bytes", "bool"]), "\0\u{1}\u{1}");
}

#[test]
fn a_value_lives_as_long_as_it_is_told_to() {
    let memory = remembering(&GuestFixture::remembering());
    let put = |key, ms| (Op::Put, 0, 0, ITEMS, key, "v", ms);
    let get = (Op::StoreGet, ANSWER, 0, ITEMS, "b", "", 0);
    told(
        &memory,
        &[put("a", 0), put("b", 100), put("c", i64::MAX), get],
        &["bytes"],
    );
    assert_eq!(memory.value("items", "a").as_deref(), Some(&b"v"[..]));
    // What is over already takes what was there with it.
    told(
        &memory,
        &[put("a", -1), put("b", i64::MIN), get],
        &["bytes"],
    );
    assert_eq!(memory.value("items", "a"), None);
    assert_eq!(memory.value("items", "b"), None);
    assert_eq!(memory.value("items", "c").as_deref(), Some(&b"v"[..]));
}

#[test]
fn counters_add_tell_and_list() {
    let memory = remembering(&GuestFixture::remembering());
    let add = |ask, flags, key, by| (Op::CounterAdd, flags, ask, 0, key, "", by);
    let read = |ask, key| (Op::CounterGet, ANSWER, ask, 0, key, "", 0);
    let asks = [
        add(0, 0, "a/1", 3),
        add(0, ANSWER, "a/2", -4),
        add(1, ANSWER, "b", i64::MAX),
        add(1, ANSWER | CHAINED, "b", 1),
        read(2, "a/1"),
        read(3, "nothing"),
    ];
    let seen = told(&memory, &asks, &["i64", "i64", "i64", "i64"]);
    let statuses = "\0\0\0\0\u{1}";
    let expected = [
        (-4_i64).to_le_bytes(),
        i64::MAX.to_le_bytes(),
        3_i64.to_le_bytes(),
    ]
    .concat();
    assert_eq!(
        seen,
        format!("{statuses}{}", String::from_utf8_lossy(&expected))
    );
    let list = |prefix, most| {
        let asks = [(Op::CounterList, ANSWER, 0, 0, prefix, "", most)];
        told(&memory, &asks, &["bytes"])
    };
    let one = "\u{3}\0\0\0a/1\u{3}\0\0\0\0\0\0\0";
    assert_eq!(list("a/", 1), format!("\0{one}"));
    assert_eq!(list("a/1", i64::MAX), format!("\0{one}"));
    for (prefix, most) in [("c", 9), ("a", 0), ("a", -1)] {
        assert_eq!(list(prefix, most), "\0", "an empty list is one");
    }
}

#[test]
fn reads_behind_limits_are_answered_in_their_order() {
    let memory = remembering(&GuestFixture::remembering());
    memory.put("items", "k", "v").unwrap();
    let asks = [
        limit(0, CLOSED, ANSWER),
        (Op::StoreGet, ANSWER, 1, ITEMS, "k", "", 0),
        (Op::StoreGet, ANSWER, 2, ITEMS, "x", "", 0),
        (Op::StoreGet, ANSWER | CHAINED, 3, ITEMS, "k", "", 0),
    ];
    let kinds = ["bool", "bytes", "bytes", "bytes"];
    // The last is chained to one that was absent.
    assert_eq!(told(&memory, &asks, &kinds), "\0\0\u{1}\u{7}\u{1}v");
    assert_eq!(told(&memory, &asks, &kinds), "\u{2}\0\u{1}\u{7}\0v");
}

#[test]
fn purges_are_heard_and_remembered() {
    let purge = |kind, what| (Op::Purge, 0, 0, kind, what, "", 0);
    let with_answer = (Op::Purge, ANSWER, 0, 0, "a", "", 0);
    let guest = guest(&[purge(0, "a"), purge(1, "/x"), with_answer], &["bool"]);
    let memory = remembering(&guest);
    let mut heard = memory.backends().purges();
    let seen = asked(&worker_with(&guest, &memory));
    assert_eq!(seen.body, "\0\u{1}");
    let purged: Vec<_> = seen
        .record
        .purged
        .iter()
        .map(|it| (it.path, &*it.what))
        .collect();
    assert_eq!(purged, [(false, &b"a"[..]), (true, b"/x")]);
    let tag = |tag: &'static str| edge_state::Purge::Tag(tag.into());
    assert_eq!(heard.try_recv().unwrap(), tag("a"));
    assert_eq!(
        heard.try_recv().unwrap(),
        edge_state::Purge::Path("/x".into())
    );
    assert_eq!(heard.try_recv().unwrap(), tag("a"));
}

#[test]
fn a_policy_may_ask_often_but_not_for_ever() {
    let mut guest = GuestFixture::remembering();
    let asking = guest.state((Op::Limit, ANSWER), 0, PER_IP, ("k", "", 0));
    let next = crate::fixture::Next {
        slots: 1,
        wanted: Event::Results.bit(),
        continuation: b"again",
    };
    guest.output(Event::Start, std::slice::from_ref(&asking), next);
    guest.output(Event::Results, &[asking], next);
    let seen = asked(&worker(guest.policy()));
    assert_eq!(seen.status, 500);
    assert_eq!(seen.fault(), "the policy waits without end");
}
