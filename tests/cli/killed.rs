//! `kill -9` of a host that keeps its state in a file: what a client was told is written, is.
//!
//! `EDGE_STATE_KILLS` says how often, for runs by hand.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::served::{Connection, Host};
use crate::support::Place;

const POLICY: &str = r#"store items { max_value 64KiB }
counter writes { }

route write PUT "/items/:key" {
  put items[params.key] = request.body(64KiB)
  let n = increment writes["all"] else { respond 503 }
  respond text "{n}"
}

route read GET "/items/:key" {
  let value = items[params.key] else { respond 404 }
  respond text value
}

route count GET "/count" { respond text "{writes["all"] else 0}" }

default { respond 404 }
"#;

/// Clients, each with one write under way at a time.
const CLIENTS: u64 = 8;

/// What clients were told: by key, the last write.
type Told = BTreeMap<u64, u64>;

#[test]
fn no_answered_write_is_lost() {
    let place = Place::built(POLICY);
    let kills = std::env::var("EDGE_STATE_KILLS").map_or(3, |kills| kills.parse().unwrap());
    let mut told = Told::new();
    let (mut acknowledged, mut counted, mut slowest) = (0, 0, Duration::ZERO);
    let mut host = start(&place);
    for round in 0..kills {
        let answered = kill_under_writes(host, round, &mut told);
        let begun = Instant::now();
        host = start(&place);
        slowest = slowest.max(begun.elapsed());
        counted = check(host.address, &told, counted, answered);
        acknowledged += answered;
    }
    let keys = told.len();
    println!(
        "{kills} kills; {acknowledged} writes answered, {counted} found, of {keys} keys; serving again within {slowest:.2?}"
    );
}

/// Kills the host in the middle of its clients' writes: how many were answered.
fn kill_under_writes(mut host: Host, round: u64, told: &mut Told) -> u64 {
    let (answered, address) = (Arc::new(AtomicU64::new(0)), host.address);
    let seen = Arc::new(Mutex::new(std::mem::take(told)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (answered, seen) = (answered.clone(), seen.clone());
            thread::spawn(move || write(address, client, round << 32, &answered, &seen))
        })
        .collect();
    let enough = 40 + round * 13 % 200;
    while answered.load(Ordering::SeqCst) < enough {
        let dead = clients.iter().all(|client| client.is_finished());
        assert!(!dead, "the host does not answer");
        thread::yield_now();
    }
    host.child.kill().unwrap();
    host.child.wait().unwrap();
    for client in clients {
        client.join().unwrap();
    }
    *told = std::mem::take(&mut *seen.lock().unwrap());
    answered.load(Ordering::SeqCst)
}

/// Writes until the host is gone: new keys, and one of its own again and again.
fn write(address: SocketAddr, client: u64, first: u64, answered: &AtomicU64, told: &Mutex<Told>) {
    let mut connection = Connection::open(address);
    for write in first + 1.. {
        let key = match write % 3 {
            0 => client,
            _ => (first + write) << 8 | client,
        };
        let value = value(write);
        let sent = connection.ask(&format!(
            "PUT /items/{key} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{value}",
            value.len()
        ));
        match sent {
            Some((200, _)) => {}
            Some((status, body)) => panic!("{status}: {body}"),
            None => return,
        }
        told.lock().unwrap().insert(key, write);
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

/// A value that shows whether it is whole, and which write it is of.
fn value(write: u64) -> String {
    let repeated = 1 + usize::try_from(write).unwrap() * 37 % 700;
    format!("{write:016x}.").repeat(repeated)
}

/// All that was answered is there, or a later write of the same key; the counter has it all, and at most what was
/// under way on top. What it counts now.
fn check(address: SocketAddr, told: &Told, before: u64, answered: u64) -> u64 {
    let mut connection = Connection::open(address);
    let mut get = |path: &str| {
        let answer = connection.ask(&format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        answer.expect("it serves again")
    };
    for (key, write) in told {
        let (status, found) = get(&format!("/items/{key}"));
        assert_eq!(status, 200, "the answered write {write} of {key} is lost");
        let number = u64::from_str_radix(found.split('.').next().unwrap(), 16).unwrap();
        assert!(
            number >= *write,
            "key {key} has {number}, {write} was answered"
        );
        assert_eq!(found, value(number), "a torn value");
    }
    let (_, count) = get("/count");
    let count = count.parse().unwrap();
    let most = before + answered + CLIENTS;
    assert!(
        (before + answered..=most).contains(&count),
        "{before} before, {answered} answered: {count}"
    );
    count
}

/// A host whose state is in a file.
fn start(place: &Place) -> Host {
    let url = format!("state.url=file://{}", place.path("state").display());
    Host::start(place, &[&url])
}
