//! Hosts with one regional tier, in a real Redis or in another host's memory.

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

/// A host that has the page from the region: as soon as it is there; until then hosts ask for themselves.
fn filled(start: impl Fn() -> Host) -> Host {
    let begun = Instant::now();
    loop {
        let host = start();
        if ask(&host, "GET /page").1.contains("regional") {
            return host;
        }
        assert!(begun.elapsed() < PATIENCE, "nothing comes from the region");
    }
}

#[test]
fn hosts_fill_each_other_and_hear_each_others_purges() {
    let Some(mut redis) = Redis::start() else {
        return;
    };
    let place = Place::built(POLICY);
    let (origin, asked) = counting_origin();
    let origin = format!("origins.app.url=http://{origin}");
    let regional = format!("cache.regional={}", redis.url);
    let start = || Host::start(&place, &[&origin, &regional]);
    let (one, other) = (start(), start());

    assert_eq!(ask(&one, "GET /page").2, "1");
    let late = filled(start);
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

/// What a parent is set to, and its children: with a token in a file, at a port that was free.
fn family(place: &Place) -> (String, [String; 2]) {
    place.write("token", "0123456789abcdef\n");
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    let token = place.path("token");
    let token = token.display();
    let parent =
        format!("cache.children={{ listen = \"{address}\", token = {{ file = \"{token}\" }} }}");
    let child = [
        format!("cache.regional=http://{address}"),
        format!("cache.regional_token.file={token}"),
    ];
    (parent, child)
}

#[test]
fn a_parent_is_the_region_of_its_children() {
    let place = Place::built(POLICY);
    let (origin, asked) = counting_origin();
    let origin = format!("origins.app.url=http://{origin}");
    let (parent_set, child_set) = family(&place);
    let start_parent = || Host::start(&place, &[&origin, &parent_set]);
    let start = || Host::start(&place, &[&origin, &child_set[0], &child_set[1]]);
    let (parent, one, other) = (start_parent(), start(), start());

    assert_eq!(ask(&one, "GET /page").2, "1");
    let late = filled(start);
    // what a child has brought is the parent's own, too
    let (_, head, _) = ask(&parent, "GET /page");
    assert!(head.contains("regional"), "{head}");
    let hosts = [&parent, &one, &late, &other];

    // no answer of before a purge is served after it, whoever purges
    for purging in [&other, &parent] {
        let old = hosts.map(|host| ask(host, "GET /page").2);
        let last = asked.load(Ordering::SeqCst);
        assert_eq!(ask(purging, "POST /reindex").0, 204);
        for (host, old) in hosts.into_iter().zip(&old) {
            let new: u64 = forgets(host, old).parse().unwrap();
            assert!(new > last, "{new} is from before the purge");
        }
    }

    // without the parent they go on, and with another one they forget what they can't know to be current
    let kept = ask(&one, "GET /page").2;
    drop(parent);
    assert_eq!(ask(&one, "GET /page").2, kept);
    let (status, head, _) = ask(&one, "GET /another");
    assert!(status == 200 && head.contains("uri-miss"), "{head}");
    let _parent = start_parent();
    forgets(&one, &kept);
}

#[test]
fn a_parent_tells_nobody_without_the_token() {
    let place = Place::built(POLICY);
    let (parent, [regional, _]) = family(&place);
    let _parent = Host::start(&place, &[&parent]);
    let address = regional.split_once("http://").unwrap().1.parse().unwrap();
    let tell = |fields: &str, line: &str| {
        let request = format!("{line} HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: 1\r\n\r\nx");
        Connection::open(address).answer(&request).unwrap().0
    };
    let right = "Authorization: Bearer 0123456789abcdef\r\n";
    let put = "PUT /values/aa?until=99999999999999";
    for wrong in [
        "",
        "Authorization: Bearer 0123456789abcde\r\n",
        "Authorization: Basic x\r\n",
    ] {
        assert_eq!(tell(wrong, put), 401, "{wrong}");
    }
    assert_eq!(tell(right, "GET /values/aa"), 404, "nothing was put");
    assert_eq!(tell(right, put), 200);
    assert_eq!(tell(right, "GET /values/aa"), 200);
    for bad in [
        "GET /",
        "PUT /values/aa",
        "POST /purges?from=1",
        "PUT /values/aa?until=x",
        "OPTIONS *",
    ] {
        assert_eq!(tell(right, bad), 400, "{bad}");
    }
}

#[test]
fn settings_that_make_no_family_are_refused() {
    let place = Place::new();
    place.write("policy.edge", POLICY);
    place.write("token", "0123456789abcdef");
    place.write("blank", "two words");
    let refused = |settings: &[&str], why: &str| {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0", "--demo"];
        args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
        args.push("policy.edge");
        place.edge(&args).exits(2).says(&[why]);
    };
    let children = |token: &str| {
        format!("cache.children={{ listen = \"127.0.0.1:0\", token = {{ file = \"{token}\" }} }}")
    };
    let (good, none, blank) = (children("token"), children("none"), children("blank"));
    refused(&["cache.children.listen=127.0.0.1:0"], "token");
    refused(&[&none], "none");
    refused(&[&blank], "visible ASCII");
    let (here, token) = (
        "cache.regional=http://127.0.0.1:9",
        "cache.regional_token.file=token",
    );
    refused(&[here], "cache.regional_token");
    refused(&["cache.regional=http://127.0.0.1:9/x", token], "no URL");
    refused(&[here, token, &good], "`memory://`");
}
