//! How much memory the keys of a token bucket take.

use super::{Governor, address};
use crate::{
    Outcome,
    clock::Budget,
    memory,
    report::{Cell, Section},
};
use edge_state::{Answer, Backend, Charge, Clock, Limit, open};
use governor::Quota;
use std::{env, hint::black_box, num::NonZeroU32, process::Command, time::Duration};

const KEYS: u64 = 1_000_000;

/// Tokens in an hour: none that is taken comes back while this runs.
const AMOUNT: u32 = 10;

/// A row for each of these, measured in a process of its own.
const HOLDERS: [(&str, Holder); 2] = [("memory://", ours), ("governor", theirs)];

/// Takes one of each of so many keys: how many of them are known afterwards, and what memory was needed, in KiB.
type Holder = fn(u64) -> Outcome<Held>;

/// Keys and their memory.
struct Held {
    live: u64,
    kib: Option<u64>,
}

/// The memory of a million keys.
pub fn measure(budget: &Budget) -> Outcome<Section> {
    let mut rows = Vec::new();
    for (name, holder) in HOLDERS {
        let held = match budget.quick {
            true => holder(1000)?,
            false => elsewhere(name)?,
        };
        let bytes = |kib| Cell::time(kib as f64 * 1024.0 / held.live as f64);
        rows.push(vec![
            Cell::text(name),
            Cell::Count(held.live),
            held.kib.map_or(Cell::None, Cell::Count),
            held.kib.map_or(Cell::None, bytes),
        ]);
    }
    Ok(Section {
        title: "Live keys of one token bucket, resident memory".into(),
        columns: vec!["what", "keys", "KiB", "bytes a key"],
        rows,
    })
}

/// What the benchmark asks of a process of its own: its keys and KiB, as two words.
///
/// # Errors
/// There is nothing of that name.
pub fn alone(name: &str) -> Outcome<String> {
    let holder = HOLDERS.iter().find(|(known, _)| *known == name);
    let (_, holder) = holder.ok_or("nothing of that name holds keys")?;
    let held = holder(KEYS)?;
    let kib = held.kib.map_or("-".into(), |kib| kib.to_string());
    Ok(format!("{} {kib}\n", held.live))
}

fn elsewhere(name: &str) -> Outcome<Held> {
    let output = Command::new(env::current_exe()?)
        .args(["--alone", name])
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let words = text.trim().split_once(' ');
    let (live, kib) = words.ok_or_else(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    Ok(Held {
        live: live.parse()?,
        kib: kib.parse().ok(),
    })
}

fn ours(keys: u64) -> Outcome<Held> {
    let limit = Limit::token_bucket("keys", u64::from(AMOUNT), Duration::from_secs(3600), 0)?;
    let before = memory::resident();
    // A quarter is for limits: room for a twentieth more than these, and for few keys more, since they are spread unevenly.
    let bytes = (keys * 96 * 4 * 21 / 20).max(16 << 20).div_ceil(1 << 20);
    let backend = open(&format!("memory://?bytes={bytes}MiB"), Clock::System)?;
    for number in 0..keys {
        charge(&*backend, &limit, number, 1)?;
    }
    let after = memory::resident();
    let mut live = 0;
    for number in 0..keys {
        let remaining = charge(&*backend, &limit, number, 0)?;
        live += u64::from(remaining < u64::from(AMOUNT));
    }
    Ok(Held {
        live,
        kib: difference(before, after),
    })
}

/// What is left.
fn charge(backend: &dyn Backend, limit: &Limit, number: u64, cost: u64) -> Outcome<u64> {
    let charge = Charge {
        limit,
        key: &address(number),
        cost,
    };
    let charges = [charge];
    let Answer::Ready(taken) = backend.take(&charges) else {
        return Err("memory does not answer at once".into());
    };
    let takings = taken?;
    let quota = takings.first().and_then(edge_state::Taken::quota);
    Ok(quota.ok_or("no answer")?.remaining)
}

fn theirs(keys: u64) -> Outcome<Held> {
    let amount = NonZeroU32::new(AMOUNT).ok_or("no rate")?;
    let before = memory::resident();
    let governor = Governor::dashmap(Quota::per_hour(amount));
    for number in 0..keys {
        let _ = black_box(governor.check_key(&address(number)));
    }
    Ok(Held {
        live: governor.len() as u64,
        kib: difference(before, memory::resident()),
    })
}

fn difference(before: Option<u64>, after: Option<u64>) -> Option<u64> {
    Some(after?.saturating_sub(before?))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn all_keys_are_live_when_they_are_counted() {
        for (name, holder) in HOLDERS {
            assert_eq!(holder(20_000).unwrap().live, 20_000, "{name}");
        }
    }
}
