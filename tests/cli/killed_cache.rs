//! `kill -9` of a host while its cache fills: what is served afterwards is whole, and what the origin sent.
//!
//! `EDGE_CACHE_KILLS` says how often, for runs by hand.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::served::{Connection, Host};
use crate::support::Place;

const POLICY: &str = r#"origin app { url "http://127.0.0.1:9" }
cache all { tier edge 1h  respect override }
default { proxy app { cache all } }
"#;

/// Clients, the keys that they ask for in one round, and how many of these are new in the next.
const CLIENTS: u64 = 8;
const KEYS: u64 = 60;
const NEW_KEYS: u64 = 40;

/// The bodies of the origin tell which they are, in every piece; no two are the same.
fn body(key: u64, version: u64) -> String {
    let pieces = 1 + (key * 7919 + version * 104_729) % 60_000;
    format!("{key:08x}-{version:08x}.").repeat(usize::try_from(pieces).unwrap())
}

/// Whether a body is one that the origin has sent for this key, all of it.
fn check(key: u64, found: &str) {
    let version = found
        .get(9..17)
        .and_then(|text| u64::from_str_radix(text, 16).ok());
    let version = version.unwrap_or_else(|| panic!("key {key}: no body: {found:.40}"));
    let expected = body(key, version);
    assert!(
        found == expected,
        "key {key}, version {version}: {} bytes of {}",
        found.len(),
        expected.len()
    );
}

/// An origin; every answer is another version.
fn origin() -> (SocketAddr, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicU64::new(0));
    let count = asked.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let count = count.clone();
            thread::spawn(move || answer(stream.unwrap(), &count));
        }
    });
    (address, asked)
}

/// Answers until the other side is gone.
fn answer(stream: TcpStream, asked: &AtomicU64) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let key = line.split(['/', ' ']).nth(2)?.parse().ok()?;
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        }
        let body = body(key, asked.fetch_add(1, Ordering::SeqCst));
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.get_mut().write_all(head.as_bytes()).ok()?;
        for piece in body.as_bytes().chunks(50_000) {
            stream.get_mut().write_all(piece).ok()?;
            thread::yield_now();
        }
    }
}

/// Memory holds little, so that most of what is kept is on the disk.
fn start(place: &Place, origin: SocketAddr) -> Host {
    let disk = place.path("cache");
    let settings = [
        format!("origins.app.url=http://{origin}"),
        format!("cache.disk.directory={}", disk.display()),
        "cache.disk.size=64MiB".to_owned(),
        "cache.memory=1MiB".to_owned(),
        "cache.max_object=64KiB".to_owned(),
    ];
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    Host::start(place, &settings)
}

fn get(connection: &mut Connection, key: u64) -> Option<(String, String)> {
    let request = format!("GET /{key} HTTP/1.1\r\nHost: a\r\n\r\n");
    let (status, head, body) = connection.answer(&request)?;
    assert_eq!(status, 200, "{head}");
    Some((head, body))
}

#[test]
fn what_is_kept_is_whole_or_not_there() {
    let place = Place::built(POLICY);
    let (origin, asked) = origin();
    let kills = std::env::var("EDGE_CACHE_KILLS").map_or(3, |kills| kills.parse().unwrap());
    let (mut served, mut kept) = (0, 0);
    for round in 0..kills {
        let host = start(&place, origin);
        kept += survivors(host.address, round);
        served += kill_while_filling(host, round, &asked);
    }
    println!(
        "{kills} kills; {served} answers, {kept} of them after a kill from what was kept, {} asked of the origin",
        asked.load(Ordering::SeqCst)
    );
    assert!(kept > 0, "nothing outlived a kill");
}

/// Looks at what is there after a kill: how many are served without the origin.
fn survivors(address: SocketAddr, round: u64) -> u64 {
    let (mut connection, mut hits) = (Connection::open(address), 0);
    let Some(before) = round.checked_sub(1) else {
        return 0;
    };
    for key in before * NEW_KEYS..before * NEW_KEYS + KEYS {
        match get(&mut connection, key) {
            Some((head, body)) => {
                check(key, &body);
                hits += u64::from(head.contains("cache-status: edge;hit"));
            }
            // broken off, and said so
            None => connection = Connection::open(address),
        }
    }
    hits
}

/// Kills the host in the middle: how many answers there were.
fn kill_while_filling(mut host: Host, round: u64, asked: &AtomicU64) -> u64 {
    // there are that many new keys: it dies while some of them are on their way
    let enough = asked.load(Ordering::SeqCst) + 10 + round * 7 % 23;
    let (address, served) = (host.address, Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let served = served.clone();
            thread::spawn(move || fill(address, client, round, &served))
        })
        .collect();
    while asked.load(Ordering::SeqCst) < enough {
        let ended = clients.iter().filter(|client| client.is_finished()).count();
        assert_eq!(
            ended, 0,
            "round {round}: an answer broke off before the kill"
        );
        thread::yield_now();
    }
    host.child.kill().unwrap();
    host.child.wait().unwrap();
    for client in clients {
        client.join().unwrap();
    }
    served.load(Ordering::SeqCst)
}

/// Asks until the host is gone.
fn fill(address: SocketAddr, client: u64, round: u64, served: &AtomicU64) {
    let mut connection = Connection::open(address);
    for step in 0.. {
        let key = round * NEW_KEYS + (client * 7 + step * 17) % KEYS;
        let Some((_, body)) = get(&mut connection, key) else {
            return;
        };
        check(key, &body);
        served.fetch_add(1, Ordering::SeqCst);
    }
}
