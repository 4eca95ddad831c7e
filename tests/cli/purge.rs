//! `edge purge` against a running host.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use crate::served::{Connection, Host, counting_origin};
use crate::support::{Place, Ran};

const POLICY: &str = r#"origin app { url "http://127.0.0.1:9" }
cache all { tier edge 1h  respect override  stale if_error 1h  tag "pages" }
default { proxy app { cache all } }
"#;

/// A host with a cache, and where its operators ask.
struct Served {
    place: Place,
    host: Host,
    admin: String,
}

impl Served {
    fn new(settings: &[&str]) -> Self {
        let place = Place::built(POLICY);
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let admin = free.local_addr().unwrap().to_string();
        drop(free);
        let origin = format!("origins.app.url=http://{}", counting_origin().0);
        let listen = format!("admin.listen={admin}");
        let settings = [&[origin.as_str(), &listen], settings].concat();
        let host = Host::start(&place, &settings);
        Served { place, host, admin }
    }

    /// The number that the origin has answered with, then or just now.
    fn get(&self, path: &str) -> String {
        let mut connection = Connection::open(self.host.address);
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
        connection.ask(&request).unwrap().1
    }

    fn purge(&self, code: i32, args: &[&str]) -> Ran {
        let ran = self
            .place
            .edge(&[&["purge", "--admin", &self.admin], args].concat());
        ran.exits(code);
        ran
    }

    /// Status and body of a request to the operators' address.
    fn admin(&self, head: &str, body: &str) -> (u16, String) {
        let mut stream = Connection::open(self.admin.parse().unwrap());
        let length = body.len();
        stream
            .ask(&format!(
                "POST /purge HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}"
            ))
            .unwrap()
    }
}

#[test]
fn what_is_named_is_forgotten() {
    let served = Served::new(&[]);
    let paths = ["/a", "/news/1", "/news/2"];
    let get = || paths.map(|path| served.get(path));
    assert_eq!(get(), ["1", "2", "3"]);
    assert_eq!(get(), ["1", "2", "3"]);
    served.purge(0, &["--path", "/a"]).says(&["purged: 1\n"]);
    assert_eq!(get(), ["4", "2", "3"]);
    served.purge(0, &["--prefix", "/news/"]);
    assert_eq!(get(), ["4", "5", "6"]);
    served
        .purge(0, &["--tag", "pages", "--tag", "other"])
        .says(&["purged: 2\n"]);
    assert_eq!(get(), ["7", "8", "9"]);
    served
        .purge(0, &["--all", "--format", "json"])
        .says(&["{\"purged\":1,\"safe\":true}\n"]);
    assert_eq!(get(), ["10", "11", "12"]);
    served
        .purge(0, &["--all", "--soft"])
        .says(&["made old: 1\n"]);
    assert_eq!(get(), ["13", "14", "15"]);
}

#[test]
fn what_is_wrong_is_said() {
    let served = Served::new(&[]);
    served.purge(2, &[]).says(&["--tag"]);
    served
        .purge(2, &["--path", "a"])
        .says(&["`a` does not begin with `/`"]);
    let nobody = ["purge", "--tag", "x", "--admin", "127.0.0.1:1"];
    served.place.edge(&nobody).says(&["[admin]"]);
    let json = "Content-Type: application/json\r\n";
    let here = "Host: localhost\r\n";
    for (head, body, status, reason) in [
        (format!("{here}{json}"), "{\"all\": true}", 200, "purged"),
        (here.to_owned(), "{\"all\": true}", 415, "content type"),
        (
            format!("Host: evil.example\r\n{json}"),
            "{\"all\": true}",
            403,
            "Host",
        ),
        (
            format!("{here}{json}Origin: http://evil.example\r\n"),
            "{\"all\": true}",
            403,
            "browser",
        ),
        (
            format!("{here}{json}"),
            "{\"everything\": true}",
            400,
            "everything",
        ),
        (format!("{here}{json}"), "{}", 400, "nothing to purge"),
        (format!("{here}{json}"), "{\"tags\": ", 400, "the body"),
    ] {
        let (got, text) = served.admin(&head, body);
        assert_eq!(got, status, "{text}");
        assert!(text.contains(reason), "{text}");
    }
    let mut many = TcpStream::connect(&served.admin).unwrap();
    write!(
        many,
        "POST /purge HTTP/1.1\r\n{here}{json}Content-Length: 2000000\r\n\r\n"
    )
    .unwrap();
    let mut line = String::new();
    let _ = many.write_all(&vec![b' '; 1_100_000]);
    BufReader::new(many).read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 413"), "{line}");
}

#[test]
fn with_a_token_it_is_wanted() {
    let place = Place::new();
    let token = place.write("token", "s3cret\n");
    let setting = format!("admin.token.file={}", token.display());
    let served = Served::new(&[&setting]);
    served.purge(2, &["--all"]).says(&["wants a token"]);
    let file = token.display().to_string();
    served.purge(0, &["--all", "--token-file", &file]);
}
