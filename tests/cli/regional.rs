//! Two hosts with one regional tier in a real Redis.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use crate::served::{Connection, Host, counting_origin};
use crate::support::Place;

const POLICY: &str = r#"origin app { url "http://127.0.0.1:9" }
cache all { tier edge 5m  tier regional 1h  respect override  tag "pages" }
route POST "/reindex" { purge tag "pages"  respond 204 }
default { proxy app { cache all } }
"#;

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server of its own, without files; killed when dropped.
struct Redis {
    child: Child,
    url: String,
}

impl Redis {
    /// None where there is no redis-server; in CI there must be one.
    fn start() -> Option<Self> {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let spawned = Command::new("redis-server")
            .args(["--port", &address.port().to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(child) = spawned else {
            assert!(std::env::var_os("CI").is_none(), "needs redis-server");
            println!("skipped: needs redis-server");
            return None;
        };
        let begun = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(begun.elapsed() < PATIENCE, "redis-server does not answer");
            thread::sleep(Duration::from_millis(10));
        }
        let url = format!("redis://{address}");
        Some(Redis { child, url })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ask(host: &Host, line: &str) -> (u16, String, String) {
    let mut connection = Connection::open(host.address);
    let request = format!("{line} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    connection.answer(&request).unwrap()
}

/// Asks until the answer is another one, and what it is then: what hosts tell each other takes a moment.
fn forgets(host: &Host, old: &str) -> String {
    let begun = Instant::now();
    loop {
        let (_, head, body) = ask(host, "GET /page");
        if body != old {
            return body;
        }
        assert!(begun.elapsed() < PATIENCE, "still {old}: {head}");
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn hosts_fill_each_other_and_hear_each_others_purges() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    let place = Place::new();
    place.write("policy.edge", POLICY);
    place
        .edge(&["build", "policy.edge", "-o", "policy.wasm"])
        .exits(0);
    let (origin, asked) = counting_origin();
    let origin = format!("origins.app.url=http://{origin}");
    let regional = format!("cache.regional={}", redis.url);
    let start = || Host::start(&place, &[&origin, &regional]);
    let (one, other) = (start(), start());

    assert_eq!(ask(&one, "GET /page").2, "1");
    // The other host has it from the region as soon as it is there; until then it asks for itself.
    let begun = Instant::now();
    let mut late = start();
    while !ask(&late, "GET /page").1.contains("regional") {
        assert!(begun.elapsed() < PATIENCE, "nothing comes from the region");
        late = start();
    }
    // Each has an answer by now; no answer of before the purge is served after it.
    let old = [&one, &late, &other].map(|host| ask(host, "GET /page").2);
    let last = asked.load(Ordering::SeqCst);
    assert_eq!(ask(&one, "POST /reindex").0, 204);
    let mut new = String::new();
    for (host, old) in [&one, &late, &other].into_iter().zip(&old) {
        new = forgets(host, old);
        assert!(
            new.parse::<u64>().unwrap() > last,
            "{new} is from before the purge"
        );
    }

    redis.child.kill().unwrap();
    redis.child.wait().unwrap();
    let (status, _, body) = ask(&other, "GET /page");
    assert_eq!((status, body), (200, new), "without the region");
    let (status, head, _) = ask(&other, "GET /another");
    assert!(status == 200 && head.contains("uri-miss"), "{head}");
}
