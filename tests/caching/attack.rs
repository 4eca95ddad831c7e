//! Attacks on what others are served: a request with a marker in it, then a victim's.
//!
//! The origin is a mirror: all that it is sent stands in its answer, which may be kept for an hour. So what reaches it and
//! is not in the key would be seen by the victim. What the victim sees is held against the answer of a second server, which
//! was not attacked.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use serde::Deserialize;

use crate::wire::{Connection, Head, Message};

/// One attack.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attack {
    pub name: String,
    /// The policy's route: what the path begins with.
    #[serde(default = "plain")]
    from: String,
    /// The attacker's requests as they are sent, each up to a line of `---`.
    attack: String,
    /// The victim's.
    #[serde(default = "get")]
    victim: String,
    /// The status that the victim must see.
    #[serde(default = "ok")]
    status: u16,
    #[serde(skip)]
    number: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    attack: Vec<Attack>,
}

fn plain() -> String {
    "/plain".to_owned()
}

fn get() -> String {
    "GET {path} HTTP/1.1\nHost: shop.test\n".to_owned()
}

fn ok() -> u16 {
    200
}

/// Reads a file of attacks.
pub fn read(text: &str) -> Vec<Attack> {
    let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{error}"));
    let mut attacks = file.attack;
    for (number, attack) in attacks.iter_mut().enumerate() {
        attack.number = number;
    }
    attacks
}

impl Attack {
    /// Attacks one server, and compares what a victim sees with what it sees at the other.
    ///
    /// # Errors
    ///
    /// What the victim saw.
    pub fn run(&self, attacked: SocketAddr, untouched: SocketAddr) -> Result<(), String> {
        let victim = self.fill(&self.victim);
        let expected = answer(untouched, &victim);
        let attacks: Vec<_> = self
            .attack
            .split("---\n")
            .map(|text| self.fill(text))
            .collect();
        let seen: Vec<_> = attacks
            .iter()
            .map(|bytes| answer(attacked, bytes))
            .collect();
        let got = answer(attacked, &victim);
        let print =
            |message: &Option<Message>| message.as_ref().map_or("closed\n".to_owned(), show);
        let fail = |why: &str| {
            let seen: String = seen.iter().map(print).collect();
            let (got, expected) = (print(&got), print(&expected));
            Err(format!(
                "{}: {why}\n  the attacker saw\n{seen}  the victim saw\n{got}  but elsewhere\n{expected}",
                self.name
            ))
        };
        let (Some(got), Some(expected)) = (&got, &expected) else {
            return fail("there is no answer");
        };
        if expected.head.status() != self.status {
            return fail("the request is answered otherwise, attacked or not");
        }
        let marked = |text: &str| text.to_ascii_lowercase().contains(&self.marker());
        if marked(&show(got)) {
            return fail("the victim sees the marker");
        }
        if plain_of(got) != plain_of(expected) {
            return fail("the victim sees another answer");
        }
        Ok(())
    }

    fn marker(&self) -> String {
        format!("evil{}x", self.number)
    }

    /// A request's bytes. What stands behind an empty line is its body.
    fn fill(&self, text: &str) -> Vec<u8> {
        let path = format!("{}/{}", self.from, self.number);
        let text = text
            .replace("{path}", &path)
            .replace("{marker}", &self.marker())
            .replace("{bell}", "\u{7}")
            .replace("{long}", &"a".repeat(7000));
        let (head, body) = text
            .split_once("\n\n")
            .unwrap_or((text.trim_end_matches('\n'), ""));
        let body = body.trim_end_matches('\n');
        let mut request = format!("{}\r\n", head.replace('\n', "\r\n"));
        if !body.is_empty() && !head.to_ascii_lowercase().contains("transfer-encoding") {
            request += &format!("Content-Length: {}\r\n", body.len());
        }
        request += &format!("\r\n{}", body.replace('\n', "\r\n"));
        request
            .chars()
            .map(|it| u8::try_from(u32::from(it)).unwrap())
            .collect()
    }
}

fn answer(address: SocketAddr, request: &[u8]) -> Option<Message> {
    let mut connection = Connection::to(address);
    connection.send(request);
    connection.answer(if request.starts_with(b"HEAD") {
        "HEAD"
    } else {
        "GET"
    })
}

fn show(message: &Message) -> String {
    message.head.print("") + &format!("    {}\n", message.text().replace('\n', "\n    "))
}

/// What must be the same for all who ask alike.
fn plain_of(message: &Message) -> (u16, Vec<(String, String)>, String) {
    const OWN: [&str; 5] = [
        "age",
        "cache-status",
        "date",
        "x-request-id",
        "transfer-encoding",
    ];
    let fields = message
        .head
        .fields
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let fields = fields
        .filter(|(name, _)| !OWN.contains(&name.as_str()))
        .collect();
    (message.head.status(), fields, message.text())
}

/// An origin that says what it was asked, and believes all of it.
pub fn mirror() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || reflect(stream.unwrap()));
        }
    });
    address
}

fn reflect(stream: TcpStream) {
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.request() {
        let shown: Vec<_> = request
            .head
            .fields
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("x-request-id"))
            .map(|(name, value)| format!("{}: {value}", name.to_ascii_lowercase()))
            .collect();
        let body = format!(
            "{}\n{}\n{}\n",
            request.head.start,
            shown.join("\n"),
            request.text()
        );
        let status = believed(&request.head);
        let mut head = format!("HTTP/1.1 {status} Believed\r\nCache-Control: max-age=3600\r\n");
        for line in shown
            .iter()
            .filter(|line| line.len() < 1000 && line.bytes().all(|byte| (32..127).contains(&byte)))
        {
            head += &format!("X-Got: {line}\r\n");
        }
        let host = request
            .head
            .get("x-forwarded-host")
            .or(request.head.get("host"))
            .unwrap_or_default();
        head += &format!("Location: http://{host}{}\r\n", request.head.target());
        head += &format!(
            "Content-Type: text/plain\r\nContent-Length: {}\r\n\r\n",
            body.chars().count()
        );
        let bytes: Vec<u8> = (head
            + if request.head.method() == "HEAD" {
                ""
            } else {
                &body
            })
        .chars()
        .map(|it| u8::try_from(u32::from(it)).unwrap_or(b'?'))
        .collect();
        connection.send(&bytes);
    }
}

/// The status that a request gets from an origin that believes what it is sent.
fn believed(head: &Head) -> u16 {
    let length: usize = head
        .fields
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    let odd = |value: &str| value.bytes().any(|byte| !(32..=126).contains(&byte));
    if length > 6000 {
        431
    } else if head.fields.iter().any(|(_, value)| odd(value)) || head.get("x-meta").is_some() {
        400
    } else if head.get("x-http-method-override").is_some()
        || !matches!(head.method(), "GET" | "HEAD" | "POST")
    {
        405
    } else if head.get("x-original-url").is_some() || head.get("x-rewrite-url").is_some() {
        301
    } else if head.get("upgrade-insecure-requests").is_some() {
        503
    } else if head.get("range").is_some() || head.get("if-match").is_some() {
        416
    } else {
        200
    }
}
