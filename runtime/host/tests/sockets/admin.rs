//! The operators' own address: what `/metrics` counts, and who may ask.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener, TcpStream};

use edge_abi::manifest::{Fail, Rate};
use edge_abi::output::scan::{Lane, OverLimit};
use edge_host::config::{Config, SecretSource, Span, StateUrl};
use edge_host::private::PrivateError;
use edge_host::server::StartError;

use crate::support::client::Reply;
use crate::support::origin::{receive, wait};
use crate::support::{Client, Edge, Guest, Origin};

/// The page that describes every metric.
const PAGE: &str = include_str!("../../../../docs/operations.md");

/// A server that answers operators too.
fn start(guest: &Guest, set: impl FnOnce(&mut Config)) -> Edge {
    Edge::with(guest, |config| {
        config.admin.listen = Some("127.0.0.1:0".parse().unwrap());
        set(config);
    })
}

fn ask(edge: &Edge, request: &str) -> Reply {
    let mut client = Client::connect(edge.admin.unwrap());
    client.send(format!("{request} HTTP/1.1\r\nHost: a\r\n\r\n"));
    let reply = client.reply();
    assert!(client.is_closed(), "one request a connection");
    reply
}

/// The samples of `/metrics`, by name and labels.
fn samples(edge: &Edge) -> BTreeMap<String, f64> {
    let reply = ask(edge, "GET /metrics");
    assert_eq!(reply.status, 200);
    let lines = reply.text().lines().filter(|line| !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        (name.to_owned(), value.parse().unwrap())
    };
    let samples: Vec<_> = lines.map(sample).collect();
    let count = samples.len();
    let samples: BTreeMap<_, _> = samples.into_iter().collect();
    assert_eq!(samples.len(), count, "each series once");
    samples
}

/// Reads the samples until one has its value: an answer is counted after its last byte was sent.
fn wait_for(edge: &Edge, name: &str, value: f64) -> BTreeMap<String, f64> {
    for _ in 0..2000 {
        let samples = samples(edge);
        if samples.get(name) == Some(&value) {
            return samples;
        }
        std::thread::yield_now();
    }
    panic!("{name} is not {value}: {:#?}", samples(edge));
}

/// A policy with two limits and a fallback.
fn busy(url: &str) -> Guest {
    let rate = |amount| Rate::TokenBucket {
        amount,
        per_ms: 86_400_000,
        burst: 0,
    };
    Guest::default()
        .origin("gone", "http://127.0.0.1:1", |_| {})
        .origin("shop", url, |_| {})
        .fallback()
        .limited("wide", rate(1000), Fail::Open)
        .limited("tight", rate(4), Fail::Closed)
}

#[test]
fn what_happens_is_counted() {
    let origin = Origin::answering("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    let guest = busy(&format!("http://{}", origin.address));
    let edge = start(&guest, |_| {});
    let begun = samples(&edge);
    let mut client = edge.connect();
    // `/9` is answered by the policy, `/0` goes to the fallback, `/1` to the origin itself.
    let statuses = ["/9", "/9", "/0", "/1"].map(|path| client.get(path).status);
    assert_eq!(statuses, [200, 200, 404, 404]);
    assert_eq!(client.get("/9").status, 429);
    let mut garbage = edge.connect();
    garbage.send("nonsense\r\n\r\n");
    assert_eq!(garbage.reply().status, 400);
    drop((client, garbage));

    // Garbage is counted when its connection is over.
    wait_for(&edge, "edge_requests_malformed_total", 1.0);
    let seen = wait_for(&edge, "edge_request_duration_seconds_count", 5.0);
    let seen = |name: &str| {
        *seen
            .get(name)
            .unwrap_or_else(|| panic!("{name}: {seen:#?}"))
    };
    let expected = [
        (
            r#"edge_requests_total{kind="route",rule="route.test",status="2xx"}"#,
            2.0,
        ),
        (
            r#"edge_requests_total{kind="route",rule="route.test",status="4xx"}"#,
            2.0,
        ),
        (
            r#"edge_requests_total{kind="limit",rule="limit.test",status="4xx"}"#,
            1.0,
        ),
        ("edge_requests_malformed_total", 1.0),
        ("edge_requests_abandoned_total", 0.0),
        ("edge_requests_in_flight", 0.0),
        ("edge_policy_faults_total", 0.0),
        (
            r#"edge_limit_charges_total{limit="wide",mode="enforce",outcome="allowed"}"#,
            5.0,
        ),
        (
            r#"edge_limit_charges_total{limit="tight",mode="enforce",outcome="allowed"}"#,
            4.0,
        ),
        (
            r#"edge_limit_charges_total{limit="tight",mode="enforce",outcome="refused"}"#,
            1.0,
        ),
        (
            r#"edge_origin_requests_total{origin="gone",outcome="connect"}"#,
            1.0,
        ),
        (
            r#"edge_origin_requests_total{origin="shop",outcome="4xx"}"#,
            2.0,
        ),
        (
            r#"edge_origin_repeats_total{target="gone",reason="fallback"}"#,
            1.0,
        ),
        ("edge_access_log_lines_dropped_total", 0.0),
        (r#"edge_request_duration_seconds_bucket{le="+Inf"}"#, 5.0),
    ];
    for (name, value) in expected {
        assert_eq!(seen(name), value, "{name}");
    }
    assert!(seen("edge_request_duration_seconds_sum") > 0.0);
    // What the policy declares is there before it has happened.
    let shop = r#"edge_origin_requests_total{origin="shop",outcome="timeout"}"#;
    assert_eq!(begun[shop], 0.0);
    let route = r#"edge_requests_total{kind="route",rule="route.test",status="2xx"}"#;
    assert_eq!(begun[route], 0.0);
}

#[test]
fn refused_bodies_and_faults_are_counted_once() {
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nevil!");
    let url = origin.url();
    let guest = Guest::shop(&url)
        .scanning(Lane::Request, 1 << 20, OverLimit::Block)
        .scanning(Lane::Response, 1 << 20, OverLimit::Block);
    let edge = start(&guest, |_| {});
    for (body, status) in [("evil!", 403), ("~~~~~", 500), ("", 403)] {
        let mut client = edge.connect();
        let length = body.len();
        client.send(format!(
            "POST /0 HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        assert_eq!(client.reply().status, status, "{body}");
    }
    let seen = wait_for(&edge, "edge_request_duration_seconds_count", 3.0);
    let denied = r#"edge_requests_total{kind="deny",rule="waf.body",status="4xx"}"#;
    assert_eq!(seen[denied], 2.0);
    assert_eq!(seen[r#"edge_bodies_refused_total{body="request"}"#], 1.0);
    assert_eq!(seen[r#"edge_bodies_refused_total{body="response"}"#], 1.0);
    assert_eq!(seen["edge_policy_faults_total"], 1.0);
}

#[test]
fn a_state_that_fails_is_counted_by_limit_and_reason() {
    let rate = Rate::TokenBucket {
        amount: 5,
        per_ms: 1000,
        burst: 0,
    };
    let guest = Guest::default().limited("open", rate, Fail::Open);
    let edge = start(&guest, |config| {
        config.state.url = StateUrl::Text("redis://127.0.0.1:1".into());
    });
    assert_eq!(edge.connect().get("/").status, 200);
    let seen = samples(&edge);
    let failed = r#"edge_limit_charges_total{limit="open",mode="enforce",outcome="failed"}"#;
    assert_eq!(seen[failed], 1.0);
    assert_eq!(
        seen[r#"edge_state_errors_total{kind="limit",reason="unavailable"}"#],
        1.0
    );
}

#[test]
fn what_is_under_way_is_counted_and_what_ends_without_an_answer() {
    let origin = Origin::start(|client, _| {
        receive(client);
        // Answers never: it is the client that leaves.
        client.is_closed();
    });
    let edge = start(&Guest::shop(&format!("http://{}", origin.address)), |_| {});
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    let seen = wait_for(&edge, "edge_requests_in_flight", 1.0);
    assert_eq!(seen["edge_connections"], 1.0);
    drop(client);
    let seen = wait_for(&edge, "edge_requests_abandoned_total", 1.0);
    assert_eq!(seen["edge_requests_in_flight"], 0.0);
    assert_eq!(seen["edge_request_duration_seconds_count"], 0.0);
}

#[test]
fn no_client_makes_another_series() {
    let edge = start(&Guest::default(), |_| {});
    let names = |edge: &Edge| samples(edge).into_keys().collect::<BTreeSet<_>>();
    let before = names(&edge);
    let mut client = edge.connect();
    for number in 0..50 {
        client.send(format!(
            "M{number} /x{number} HTTP/1.1\r\nHost: h{number}\r\nUser-Agent: u{number}\r\n\r\n"
        ));
        assert_eq!(client.reply().status, 200);
    }
    drop(client);
    wait_for(&edge, "edge_request_duration_seconds_count", 50.0);
    assert_eq!(names(&edge), before);
}

/// Name, type and labels of each metric that the page has in its table.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `edge_"));
    let words = |cell: &str| {
        let parts = cell.split('`').enumerate();
        let quoted = parts.filter(|(number, _)| number % 2 == 1);
        quoted.map(|(_, word)| word.to_owned()).collect::<Vec<_>>()
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(" | ").collect();
        assert!(cells.len() == 4 && cells[3].len() > 10, "{line}");
        let labels = words(cells[2]).into_iter().collect();
        (words(cells[0]).remove(0), (cells[1].to_owned(), labels))
    };
    rows.map(row).collect()
}

#[test]
fn the_documented_metrics_are_those_that_there_are() {
    let origin = Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let guest = busy(&format!("http://{}", origin.address));
    let edge = start(&guest, |_| {});
    let reply = ask(&edge, "GET /metrics");
    let text = reply.text();
    assert!(text.ends_with("# EOF\n"));
    assert_eq!(
        reply.header("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    let mut printed = BTreeMap::new();
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for line in types {
        let (family, kind) = line.split_once(' ').unwrap();
        let help = format!("# HELP {family} ");
        assert_eq!(text.matches(&help).count(), 1, "{family}");
        let sample = match kind {
            "counter" => format!("{family}_total"),
            "info" => format!("{family}_info"),
            _ => family.to_owned(),
        };
        printed.insert(sample, kind.to_owned());
    }
    let documented = documented();
    let types = documented
        .iter()
        .map(|(name, (kind, _))| (name.clone(), kind.clone()));
    assert_eq!(types.collect::<BTreeMap<_, _>>(), printed);

    for sample in samples(&edge).keys() {
        let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
        let histogram = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| name.strip_suffix(end));
        let name = match documented.contains_key(name) {
            true => name,
            false => histogram.unwrap_or_else(|| panic!("{name}")),
        };
        let labels: BTreeSet<String> = labels
            .split("\",")
            .filter_map(|label| Some(label.split_once('=')?.0.to_owned()))
            .collect();
        let expected = &documented[name].1;
        match labels.is_empty() {
            true => assert!(expected.is_empty() || expected.contains("le"), "{sample}"),
            false => assert_eq!(&labels, expected, "{sample}"),
        }
    }
}

#[test]
fn what_is_not_there_is_said() {
    let edge = start(&Guest::default(), |_| {});
    let healthy = ask(&edge, "GET /healthz");
    assert_eq!((healthy.status, healthy.text()), (200, "ok\n"));
    assert_eq!(healthy.header("cache-control"), Some("no-store"));
    for path in ["/", "/metric", "/metrics/", "//metrics", "/healthz/x", "*"] {
        assert_eq!(ask(&edge, &format!("GET {path}")).status, 404, "{path}");
    }
    assert_eq!(ask(&edge, "GET /metrics?name=x").status, 200);
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
        for path in ["/metrics", "/healthz"] {
            let reply = ask(&edge, &format!("{method} {path}"));
            assert_eq!(reply.status, 405, "{method} {path}");
            assert_eq!(reply.header("allow"), Some("GET, HEAD"));
        }
    }
    // The policy's own address knows nothing of all this.
    assert_eq!(edge.connect().get("/metrics").text(), "hello");
    let head = "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
    let mut client = Client::connect(edge.admin.unwrap());
    client.send(head);
    assert_eq!(client.head().0, 200);
    assert!(client.is_closed(), "a head has no body");
}

#[test]
fn a_token_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "s3cret\n").unwrap();
    let edge = start(&Guest::default(), |config| {
        config.admin.listen = Some("0.0.0.0:0".parse().unwrap());
        config.admin.token = Some(SecretSource::File(path));
    });
    let port = edge.admin.unwrap().port();
    let ask = |fields: &str| {
        let mut client = Client::connect(SocketAddr::from(([127, 0, 0, 1], port)));
        client.send(format!("GET {fields}\r\n\r\n"));
        client.reply()
    };
    let metrics = |fields: &str| ask(&format!("/metrics HTTP/1.1\r\nHost: a{fields}"));
    let right = metrics("\r\nAuthorization: Bearer s3cret");
    assert_eq!(right.status, 200);
    assert!(!right.text().contains("s3cret"));
    for wrong in [
        "",
        "\r\nAuthorization: Bearer secret",
        "\r\nAuthorization: Bearer s3cret2",
        "\r\nAuthorization: Basic s3cret",
        "\r\nAuthorization: Bearer s3cret\r\nAuthorization: Bearer s3cret",
    ] {
        let reply = metrics(wrong);
        assert_eq!(reply.status, 401, "{wrong}");
        assert_eq!(reply.header("www-authenticate"), Some("Bearer"));
        assert!(!reply.text().contains("edge_"));
    }
    assert_eq!(ask("/nothing HTTP/1.1\r\nHost: a").status, 401);
    assert_eq!(ask("/healthz HTTP/1.1\r\nHost: a").status, 200);
}

#[test]
fn bad_clients_are_left() {
    let edge = start(&Guest::default(), |config| {
        config.admin.timeout = Span(std::time::Duration::from_millis(300));
    });
    let admin = edge.admin.unwrap();
    // Nothing, half a head, a head that trickles: all are closed without being asked.
    let mut silent = Client::connect(admin);
    let mut half = Client::connect(admin);
    half.send("GET /metrics HTTP/1.1\r\nHo");
    assert!(silent.is_closed() && half.is_closed());
    let mut garbage = Client::connect(admin);
    garbage.send("nonsense\r\n\r\n");
    assert_eq!(garbage.reply().status, 400);
    let mut long = Client::connect(admin);
    long.send(format!(
        "GET /metrics HTTP/1.1\r\nHost: {}",
        "a".repeat(20_000)
    ));
    assert_eq!(long.reply().status, 431);
    assert_eq!(ask(&edge, "GET /healthz").status, 200);
}

#[test]
fn there_is_an_end_of_connections() {
    let edge = start(&Guest::default(), |_| {});
    let admin = edge.admin.unwrap();
    let silent: Vec<Client> = (0..32).map(|_| Client::connect(admin)).collect();
    let mut more = Client::connect(admin);
    assert!(more.is_closed(), "all places are taken");
    // Requests of clients are none of its business.
    assert_eq!(edge.connect().get("/").status, 200);
    drop(silent);
    let answers = || {
        let mut client = Client::connect(admin);
        client.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        !client.is_closed()
    };
    assert!((0..2000).any(|_| answers()), "places become free");
}

fn refused(set: impl FnOnce(&mut Config)) -> PrivateError {
    let mut config = Edge::config("/dev/null".into());
    set(&mut config);
    match Edge::bind(&Guest::default(), config) {
        Err(StartError::Admin(error)) => error,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it starts"),
    }
}

#[test]
fn what_others_can_reach_needs_a_token() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0", "[::ffff:192.0.2.1]:0"] {
        let error = refused(|config| config.admin.listen = Some(address.parse().unwrap()));
        let text = error.to_string();
        assert!(matches!(error, PrivateError::Open { .. }), "{text}");
        assert!(
            text.contains("`[admin] listen`") && text.contains("`token`"),
            "{text}"
        );
    }
    let with = |token: SecretSource| {
        refused(|config| {
            config.admin.listen = Some("127.0.0.1:0".parse().unwrap());
            config.admin.token = Some(token);
        })
        .to_string()
    };
    let unset = with(SecretSource::Env("EDGE_TEST_SURELY_UNSET".into()));
    assert_eq!(
        unset,
        "the secret `admin.token`: the environment variable `EDGE_TEST_SURELY_UNSET` is not set"
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "two words").unwrap();
    assert!(with(SecretSource::File(path)).contains("not visible ASCII"));

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let error = refused(|config| config.admin.listen = Some(address)).to_string();
    assert!(error.contains(&address.to_string()), "{error}");
}

#[test]
fn without_the_setting_nobody_listens() {
    let edge = Edge::start(&Guest::default());
    assert_eq!(edge.admin, None);
    let edge = start(&Guest::default(), |_| {});
    let admin = edge.admin.unwrap();
    edge.log();
    assert!(
        TcpStream::connect(admin).is_err(),
        "it ends with its server"
    );
}

#[test]
fn operators_are_answered_while_the_last_requests_end() {
    let (asked, arrived) = std::sync::mpsc::channel();
    let (told, go_on) = std::sync::mpsc::channel::<()>();
    let (asked, go_on) = (std::sync::Mutex::new(asked), std::sync::Mutex::new(go_on));
    let origin = Origin::start(move |client, _| {
        receive(client);
        asked.lock().unwrap().send(()).unwrap();
        go_on.lock().unwrap().recv().unwrap();
        client.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
    let guest = Guest::default().origin("shop", &format!("http://{}", origin.address), |origin| {
        origin.timeout_ms = 60_000;
    });
    let mut edge = start(&guest, |_| {});
    let mut client = edge.connect();
    client.send("GET /0 HTTP/1.1\r\nHost: a\r\n\r\n");
    wait(&arrived);
    edge.shut_down();
    assert_eq!(samples(&edge)["edge_requests_in_flight"], 1.0);
    told.send(()).unwrap();
    assert_eq!(client.reply().text(), "ok");
    edge.log();
}
