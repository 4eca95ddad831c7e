use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::Place;

/// A server; killed when dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    err: BufReader<std::process::ChildStderr>,
}

impl Server {
    fn start(place: &Place, args: &[&str]) -> Self {
        let mut child = place
            .command(&["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        err.read_line(&mut line).unwrap();
        let address = line.split_once("http://").expect(&line).1;
        let end = address
            .find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':')
            .unwrap();
        Server {
            child,
            address: address[..end].parse().unwrap(),
            err,
        }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.to_ascii_lowercase()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status();
        assert!(sent.unwrap().success());
    }

    /// The next line of its standard error.
    fn says(&mut self) -> String {
        let mut line = String::new();
        self.err.read_line(&mut line).unwrap();
        line
    }

    /// Asks it to stop; its exit code and its log.
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let mut log = String::new();
        self.child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut log)
            .unwrap();
        (self.child.wait().unwrap().code(), log)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_policy_is_served_until_a_signal() {
    let place = Place::good();
    let server = Server::start(&place, &["--workers", "1", "policy.edge"]);
    let answer = server.get("/");
    assert!(
        answer.starts_with("http/1.1 200") && answer.ends_with("\r\n\r\nhome\n"),
        "{answer}"
    );
    let denied = server.get("/.git/config");
    assert!(denied.starts_with("http/1.1 403"), "{denied}");
    assert!(
        denied.contains("x-edge-rule: waf.shield.no_dotfiles\r\n"),
        "{denied}"
    );
    let (code, log) = server.stop("TERM");
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2, "{log}");
    assert_eq!(lines[1]["rule"], "waf.shield.no_dotfiles");
}

#[test]
fn the_log_says_what_matched_without_deciding() {
    let place = Place::new();
    place.write(
        "policy.edge",
        "waf next { rule no_php { when request.path ends_with \".php\" }  mode shadow }\n\
         waf shield {\n\
           rule trap { when request.path == \"/trap.php\"  severity critical }\n\
           rule odd { when request.path contains \"//\"  score 1 }\n\
           threshold 1\n\
         }\n\
         on request { waf next  waf shield }\n\
         default { respond 200 }\n",
    );
    let server = Server::start(&place, &["--workers", "1", "policy.edge"]);
    for (path, status) in [("/a.php", 200), ("/trap.php", 403), ("/a//b", 403)] {
        let answer = server.get(path);
        assert!(
            answer.starts_with(&format!("http/1.1 {status}")),
            "{answer}"
        );
    }
    let (code, log) = server.stop("TERM");
    assert_eq!(code, Some(0));
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [shadow, trap, odd] = lines.as_slice() else {
        panic!("three lines: {log}")
    };
    assert_eq!(shadow["shadow"], serde_json::json!(["waf.next.no_php"]));
    assert!(shadow.get("severity").is_none() && shadow.get("scored").is_none());
    assert_eq!(trap["rule"], "waf.shield.trap");
    assert_eq!(trap["severity"], "critical");
    assert_eq!(odd["rule"], "waf.shield.score");
    assert_eq!(odd["scored"], serde_json::json!(["waf.shield.odd"]));
}

#[test]
fn a_module_is_known_by_its_first_bytes_and_the_demo_plays_origins() {
    let place = Place::good();
    place
        .edge(&["build", "policy.edge", "-o", "module.edge"])
        .exits(0);
    let server = Server::start(&place, &["--demo", "module.edge"]);
    let answer = server.get("/app/cart?id=7");
    assert!(answer.starts_with("http/1.1 200"), "{answer}");
    assert!(
        answer.contains("\"origin\": \"app\"") && answer.contains("\"path\": \"/app/cart\""),
        "{answer}"
    );
    assert_eq!(server.stop("INT").0, Some(0));
}

#[test]
fn settings_come_from_the_file_and_the_command_line() {
    let place = Place::new();
    place.write(
        "policy.edge",
        "param greeting: string = \"hi\"\nparam times: int = 1\n\
         default { respond text \"{greeting} {times} {geo.country else \"?\"} {edge.pop else \"?\"}\" }\n",
    );
    place.write(
        "host.toml",
        "[geo]\ncountry = \"FR\"\n[edge]\npop = \"fra1\"\n[params]\ntimes = 2\n",
    );
    let server = Server::start(
        &place,
        &[
            "--config",
            "host.toml",
            "--set",
            "geo.country=DE",
            "--param",
            "greeting=hello",
            "policy.edge",
        ],
    );
    let answer = server.get("/");
    assert!(answer.ends_with("\r\n\r\nhello 2 de fra1"), "{answer}");
}

const SECRET: &str = "secret KEY\norigin app { url \"http://127.0.0.1:9\" }\n\
    default { proxy app { set header \"X-Key\" = KEY } }\n";

#[test]
fn the_demo_needs_no_secrets() {
    let place = Place::new();
    place.write("policy.edge", SECRET);
    let server = Server::start(&place, &["--demo", "policy.edge"]);
    let answer = server.get("/");
    assert!(
        answer.contains("\"x-key\"") && answer.contains("\"key\""),
        "{answer}"
    );
}

#[test]
fn a_hangup_opens_the_log_again() {
    let place = Place::good();
    place.write("host.toml", "[log]\ntarget = { file = \"access.log\" }\n");
    let mut server = Server::start(&place, &["--config", "host.toml", "policy.edge"]);
    std::fs::rename(place.path("access.log"), place.path("access.log.1")).unwrap();
    server.signal("HUP");
    let line = server.says();
    assert!(line.starts_with("SIGHUP: opened the access log"), "{line}");
    assert!(server.get("/").starts_with("http/1.1 200"));
    assert_eq!(server.stop("TERM").0, Some(0));
    let lines = |name: &str| place.read(name).iter().filter(|b| **b == b'\n').count();
    assert_eq!((lines("access.log.1"), lines("access.log")), (0, 1));

    let mut server = Server::start(&place, &["policy.edge"]);
    server.signal("HUP");
    let line = server.says();
    assert!(line.contains("not a file"), "{line}");
    assert!(server.get("/").starts_with("http/1.1 200"));
}

#[test]
fn a_body_that_is_too_long_is_named_in_the_log() {
    let place = Place::new();
    place.write(
        "policy.edge",
        "default { respond text request.body(10B) }\n",
    );
    place.write("host.toml", "[log]\ntarget = { file = \"access.log\" }\n");
    let server = Server::start(&place, &["--config", "host.toml", "policy.edge"]);
    for (body, status) in [("0123456789", "200"), ("0123456789a", "413")] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{answer}"
        );
    }
    assert_eq!(server.stop("TERM").0, Some(0));
    let log = String::from_utf8(place.read("access.log")).unwrap();
    let (first, second) = log.split_once('\n').unwrap();
    assert!(!first.contains("\"fault\""), "{first}");
    let fault = "\"fault\":\"the request's body is longer than the 10 bytes that are read\"";
    assert!(second.contains(fault), "{second}");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_served() {
    let place = Place::good();
    place.write("wrong.edge", "default { respond 999 }");
    place.write("bad.toml", "lissten = \"127.0.0.1:0\"\n");
    place.write("bare.wasm", b"\0asm\x01\0\0\0");
    place.write("empty.wasm", "");
    place.write("text.wasm", "default { respond 200 }\n");
    place.write("secret.edge", SECRET);
    place.write(
        "share.edge",
        "param share: percent = 5%\ndefault { respond text \"{share}\" }\n",
    );
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let cases: &[(&[&str], i32, &[&str])] = &[
        (&["wrong.edge"], 1, &["E0501", "1 problem"]),
        (&["none.edge"], 2, &["there is no file"]),
        (
            &["bare.wasm"],
            2,
            &["error: the module's memory", "edge build"],
        ),
        (
            &["empty.wasm"],
            2,
            &[
                "`empty.wasm` is empty",
                "help: `edge build FILE.edge -o empty.wasm`",
            ],
        ),
        (
            &["text.wasm"],
            2,
            &["`text.wasm` is not a WebAssembly module"],
        ),
        (&["--demo", "bare.wasm"], 2, &["error: the module's memory"]),
        (
            &["--config", "bad.toml", "policy.edge"],
            2,
            &["bad.toml:1", "lissten", "help: "],
        ),
        (&["--config", "none.toml", "policy.edge"], 2, &["none.toml"]),
        (
            &["--set", "geo.county=DE", "policy.edge"],
            2,
            &["--set geo.county", "help: "],
        ),
        (&["--set", "nonsense", "policy.edge"], 2, &["NAME=VALUE"]),
        (
            &["--param", "nonsense", "policy.edge"],
            2,
            &["--param nonsense", "NAME=VALUE"],
        ),
        (
            &["--param", "none=1", "policy.edge"],
            2,
            &["no param `none`"],
        ),
        (&["--workers", "0", "policy.edge"], 2, &["workers"]),
        (&["--listen", "nowhere", "policy.edge"], 2, &["nowhere"]),
        (
            &["--listen", "8080", "policy.edge"],
            2,
            &["`127.0.0.1:8080`"],
        ),
        (
            &["secret.edge"],
            2,
            &["the secret `KEY`", "[secrets]\nKEY = { env = \"KEY\" }"],
        ),
        (
            &["--set", "origins.app.url=shop", "policy.edge"],
            2,
            &["`shop` is not", "--set origins.app.url=https://"],
        ),
        (
            &["--set", "origins.shop.url=http://a", "policy.edge"],
            2,
            &["it has `app`"],
        ),
        (
            &["--set", "state.url=memcached://host", "policy.edge"],
            2,
            &[
                "`state.url`: there is no state backend `memcached://`",
                "--set state.url=memory://",
            ],
        ),
        (
            &["--set", "state.url=redis://edge:s3cret@host", "policy.edge"],
            2,
            &["a password must not stand in this file", "${NAME}"],
        ),
        (
            &["--param", "share=10", "share.edge"],
            2,
            &["`10` is not a percent", "\"10%\""],
        ),
        (
            &["--listen", &taken, "policy.edge"],
            2,
            &["cannot listen on", "help: another process has this port"],
        ),
    ];
    for (args, code, says) in cases {
        let mut all = vec!["serve"];
        all.extend_from_slice(args);
        place.edge(&all).exits(*code).says(says);
    }
}
