//! What a limit in memory adds to a request, beside one check of the crate `governor` and beside nginx' `limit_req`,
//! and how much memory its keys take.

mod beside;
mod decision;
mod keys;
mod served;

pub use keys::alone;

use crate::{
    Outcome,
    clock::{Added, Budget, Contender, median, rounds},
    policy::{Loaded, lower},
    report::{Cell, Section},
    request::Request,
};
use decision::{Decided, Decision};
use edge_compiler::source::NoFiles;
use edge_state::{Answer, Backend, Charge, Clock, Limit, open};
use governor::{Quota, RateLimiter, clock::DefaultClock, state::keyed::DashMapStateStore};
use served::Served;
use std::{
    hint::black_box,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

/// A client's address, as a key.
type Key = [u8; 16];
type Governor = RateLimiter<Key, DashMapStateStore<Key>, DefaultClock>;

/// How many times one check of `governor` a limit in memory may add to a request.
const GOAL: u64 = 3;

/// So many that nothing is refused while it is measured.
const RATE: &str = "1000000 per 1s";
const PER_SECOND: u32 = 1_000_000;

/// How a request ends that no limit refuses.
const PROXY: &str = "proxy shop";

/// Limits, whose keys are the client's address and what stands in the request.
const LIMITS: [(&str, &str); 3] = [
    ("per_ip", "client.ip"),
    ("per_host", "request.host"),
    ("per_user", "request.header[\"X-User-ID\"] else \"\""),
];

/// In this process, in memory, and beside nginx.
pub fn measure(budget: &Budget) -> Outcome<Vec<Section>> {
    agree()?;
    let mut sections = vec![in_process(budget)?, keys::measure(budget)?];
    sections.extend(beside::measure(budget)?);
    Ok(sections)
}

/// A policy that asks this many limits of every request, the last of them with a rate of its own.
fn policy(limits: usize, last: &str, otherwise: &str) -> String {
    let mut declared = match otherwise {
        PROXY => String::from("origin shop { url \"http://shop.internal\" }\n"),
        _ => String::new(),
    };
    let mut asked = String::new();
    for (index, (name, key)) in LIMITS.iter().take(limits).enumerate() {
        let rate = if index + 1 == limits { last } else { RATE };
        declared += &format!("limit {name} {{ {rate} by {key} }}\n");
        asked += &format!("  limit {name}\n");
    }
    let asked = match limits {
        0 => String::new(),
        _ => format!("on request {{\n{asked}}}\n"),
    };
    format!("{declared}{asked}default {{ {otherwise} }}\n")
}

/// All checks and decisions in turn, each over the same clients.
fn in_process(budget: &Budget) -> Outcome<Section> {
    let clients: Vec<Key> = (0..if budget.quick { 100 } else { 10_000 })
        .map(address)
        .collect();
    let quota = Quota::per_second(NonZeroU32::new(PER_SECOND).ok_or("no rate")?);
    let governor = Governor::dashmap(quota);
    let limits = LIMITS.map(|(name, _)| {
        let second = Duration::from_secs(1);
        Limit::token_bucket(name, u64::from(PER_SECOND), second, 0)
    });
    let [a, b, c] = limits;
    let limits = [a?, b?, c?];
    let one = limits.first_chunk::<1>().ok_or("no limit")?;
    let backend = open("memory://", Clock::System)?;
    let request = Request::get("page", "/products/184467");
    let mut decisions = decisions(&request)?;
    let served = [Served::new(0)?, Served::new(1)?, Served::new(3)?];
    let [bare, with_one, with_three] = &mut decisions;
    let [plain, limited, thrice] = &served;
    let samples = rounds(
        [
            each(&clients, |client| {
                let _ = black_box(governor.check_key(client));
            }),
            each(&clients, |client| take(&*backend, one, client)),
            each(&clients, |client| take(&*backend, &limits, client)),
            each(&clients, |client| {
                let _ = black_box(bare.decide(&request, client));
            }),
            each(&clients, |client| {
                let _ = black_box(with_one.decide(&request, client));
            }),
            each(&clients, |client| {
                let _ = black_box(with_three.decide(&request, client));
            }),
            each(&clients, |client| plain.ask(client)),
            each(&clients, |client| limited.ask(client)),
            each(&clients, |client| thrice.ask(client)),
        ],
        budget,
    );
    served.iter().try_for_each(Served::finish)?;
    for decision in &mut decisions {
        decision.decide(&request, &address(0))?;
    }
    Ok(Section {
        title: format!(
            "Limits in memory, {} keys, ns; a limit may add {GOAL} checks of governor",
            clients.len()
        ),
        columns: vec!["what", "limits", "ns", "adds", "of governor"],
        rows: rows(&samples),
    })
}

/// What policies without, with one and with three limits decide, each asking all of them at once.
fn decisions(request: &Request) -> Outcome<[Decision; 3]> {
    let make = |limits| {
        let lowered = lower("a.edge", &policy(limits, RATE, PROXY), &NoFiles)?;
        let mut decision = Decision::new(&Loaded::new(&lowered)?)?;
        let decided = decision.decide(request, &address(0))?;
        let expected = Decided {
            target: Some(0),
            asked: limits,
            calls: if limits == 0 { 1 } else { 2 },
        };
        match decided == expected {
            true => Ok(decision),
            false => Err(format!("{limits} limits in a policy: {decided:?}").into()),
        }
    };
    let made: [Outcome<Decision>; 3] = [0, 1, 3].map(make);
    let [none, one, three] = made;
    Ok([none?, one?, three?])
}

/// A row for each contender of [`in_process`].
fn rows(samples: &[Vec<f64>; 9]) -> Vec<Vec<Cell>> {
    let [governor, one, three, rest @ ..] = samples;
    let check = median(governor.clone());
    let row = |what: &str, limits: u64, time: f64, adds: Option<f64>| {
        vec![
            Cell::text(what),
            Cell::Count(limits),
            Cell::time(time),
            adds.map_or(Cell::None, Cell::time),
            adds.map_or(Cell::None, |adds| Cell::ratio(adds, check)),
        ]
    };
    let mut rows = vec![row("governor: check_key", 1, check, Some(check))];
    for (limits, samples) in [(1, one), (3, three)] {
        let time = median(samples.clone());
        rows.push(row("memory:// take", limits, time, Some(time)));
    }
    let names = ["facts to effects", "the host, without sockets"];
    for (what, samples) in names.iter().zip(rest.chunks_exact(3)) {
        let [without, one, three] = samples else {
            continue;
        };
        rows.push(row(what, 0, median(without.clone()), None));
        for (limits, with) in [(1, one), (3, three)] {
            let added = Added::of(without, with);
            rows.push(row(what, limits, added.with, Some(added.by)));
        }
    }
    rows
}

/// Something for one client after another.
fn each<'a>(clients: &'a [Key], mut run: impl FnMut(&Key) + 'a) -> Contender<'a> {
    let mut next = clients.iter().cycle();
    Contender::new(1, move || {
        if let Some(client) = next.next() {
            run(client);
        }
    })
}

/// One of each limit, asked together.
fn take<const N: usize>(backend: &dyn Backend, limits: &[Limit; N], client: &Key) {
    let charges = limits.each_ref().map(|limit| Charge {
        limit,
        key: client,
        cost: 1,
    });
    drop(black_box(backend.take(&charges)));
}

/// A client's address, unlike its neighbours'.
fn address(number: u64) -> Key {
    let scattered = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (u128::from(number) << 64 | u128::from(scattered)).to_be_bytes()
}

fn ip(client: &Key) -> IpAddr {
    IpAddr::V6(Ipv6Addr::from(*client))
}

/// Three of an hour's three are allowed and the fourth is not: by `governor`, by the backend, and by policies.
fn agree() -> Outcome<()> {
    const EXPECTED: [bool; 4] = [true, true, true, false];
    let three = NonZeroU32::new(3).ok_or("no burst")?;
    let twenty_minutes = Duration::from_secs(1200);
    let quota = Quota::with_period(twenty_minutes).ok_or("no period")?;
    let governor = Governor::dashmap(quota.allow_burst(three));
    let limit = Limit::token_bucket("three", 3, twenty_minutes * 3, 0)?;
    let backend: Arc<dyn Backend> = open("memory://", Clock::System)?;
    let charge = [Charge {
        limit: &limit,
        key: &address(0),
        cost: 1,
    }];
    let theirs = EXPECTED.map(|_| governor.check_key(&address(0)).is_ok());
    let ours = EXPECTED.map(|_| match backend.take(&charge) {
        Answer::Ready(Ok(takings)) => takings.iter().all(edge_state::Taken::is_allowed),
        _ => false,
    });
    if [theirs, ours] != [EXPECTED; 2] {
        return Err(format!("governor: {theirs:?}, memory://: {ours:?}").into());
    }
    let request = Request::get("page", "/");
    for limits in [1, 3] {
        let lowered = lower("a.edge", &policy(limits, "3 per 1h", PROXY), &NoFiles)?;
        let mut decision = Decision::new(&Loaded::new(&lowered)?)?;
        for expected in EXPECTED {
            let decided = decision.decide(&request, &address(0))?;
            if decided.target.is_some() != expected {
                return Err(format!("{limits} limits in a policy: {decided:?}").into());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_limit_has_its_own_rate() {
        let text = policy(3, "1 per 1h", PROXY);
        assert_eq!(text.matches(RATE).count(), 2);
        assert!(text.contains("limit per_user { 1 per 1h by"), "{text}");
        assert!(!policy(0, RATE, PROXY).contains("limit"));
    }
}
