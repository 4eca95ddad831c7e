//! The origin: it answers as the step says that is under way at the request's path.

use std::collections::{HashMap, VecDeque};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::Shared;
use crate::case::Framing;
use crate::wire::{Connection, Message};

/// An origin on loopback. It lives as long as the process.
pub struct Origin {
    pub address: SocketAddr,
    scripts: Shared<HashMap<String, Arc<Script>>>,
}

/// What is to be answered at the paths of one case.
#[derive(Default)]
pub struct Script {
    state: Mutex<State>,
    asked: Condvar,
}

#[derive(Default)]
struct State {
    answers: VecDeque<Answer>,
    received: Vec<Message>,
    /// The last answer was none, and so are all until the next step.
    closed: Option<Answer>,
}

/// One answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// A status and header lines; `close` instead gives no answer.
    pub lines: Vec<String>,
    pub content: String,
    pub framing: Framing,
    pub interim: Vec<Vec<String>>,
    pub delay: Duration,
}

impl Origin {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let scripts = Shared::default();
        let known = Arc::clone(&scripts);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let known = Arc::clone(&known);
                thread::spawn(move || serve(stream.unwrap(), &known));
            }
        });
        Self { address, scripts }
    }

    /// The script of a case's path.
    pub fn script(&self, path: &str) -> Arc<Script> {
        let script = Arc::new(Script::default());
        let mut scripts = self.scripts.lock().unwrap();
        scripts.insert(path.to_owned(), Arc::clone(&script));
        script
    }
}

impl Script {
    /// Says what comes next.
    pub fn expect(&self, answers: impl IntoIterator<Item = Answer>) {
        self.state.lock().unwrap().answers.extend(answers);
    }

    /// Waits until all answers were given, for so long, and says what was asked since this was called last.
    pub fn asked(&self, patience: Duration) -> (Vec<Message>, bool) {
        let state = self.state.lock().unwrap();
        let waiting = |state: &mut State| !state.answers.is_empty();
        let (mut state, _) = self
            .asked
            .wait_timeout_while(state, patience, waiting)
            .unwrap();
        let all = state.answers.is_empty();
        state.answers.clear();
        state.closed = None;
        (std::mem::take(&mut state.received), all)
    }

    fn next(&self, request: Message) -> Option<Answer> {
        let mut state = self.state.lock().unwrap();
        state.received.push(request);
        let answer = state.answers.pop_front().or(state.closed.clone());
        state.closed = answer.clone().filter(|answer| answer.is_none());
        self.asked.notify_all();
        answer
    }
}

fn serve(stream: TcpStream, scripts: &Shared<HashMap<String, Arc<Script>>>) {
    let mut connection = Connection::new(stream);
    while let Some(request) = connection.request() {
        let method = request.head.method().to_owned();
        let path = request
            .head
            .target()
            .split(['?', '#'])
            .next()
            .unwrap_or_default();
        // the case's path has two parts
        let end = path
            .match_indices('/')
            .nth(2)
            .map_or(path.len(), |(at, _)| at);
        let script = scripts.lock().unwrap().get(&path[..end]).cloned();
        let answer = script
            .and_then(|script| script.next(request))
            .unwrap_or_else(Answer::unwanted);
        if answer.is_none() {
            return;
        }
        thread::sleep(answer.delay);
        let (bytes, close) = answer.bytes(&method);
        connection.send(&bytes);
        if close {
            return;
        }
    }
}

impl Answer {
    /// What is said to a request that should not have come.
    fn unwanted() -> Self {
        Self {
            lines: vec!["200".to_owned(), "Cache-Control: no-store".to_owned()],
            content: "THE ORIGIN WAS NOT TO BE ASKED".to_owned(),
            framing: Framing::Length,
            interim: Vec::new(),
            delay: Duration::ZERO,
        }
    }

    fn is_none(&self) -> bool {
        self.lines == ["close"]
    }

    /// The bytes on the wire, and whether the connection ends behind them.
    fn bytes(&self, method: &str) -> (Vec<u8>, bool) {
        let mut text: String = self
            .interim
            .iter()
            .map(|lines| head(lines) + "\r\n")
            .collect();
        text += &head(&self.lines);
        let has = |name: &str| {
            let named = |line: &String| {
                let line = line.trim_start_matches('!').to_ascii_lowercase();
                line.split(':').next() == Some(name)
            };
            self.lines.iter().any(named)
        };
        if !has("date") {
            text += &crate::date::fill("Date: {now}\r\n", crate::date::now());
        }
        let bodiless = self
            .lines
            .first()
            .is_some_and(|status| matches!(status.as_str(), "204" | "304"));
        let close = matches!(self.framing, Framing::Close | Framing::Cut);
        match self.framing {
            _ if bodiless || has("content-length") => {}
            Framing::Length => text += &format!("Content-Length: {}\r\n", self.content.len()),
            Framing::Cut => text += &format!("Content-Length: {}\r\n", self.content.len() + 10),
            Framing::Chunked => text += "Transfer-Encoding: chunked\r\n",
            Framing::Close => text += "Connection: close\r\n",
        }
        text += "\r\n";
        let mut bytes: Vec<u8> = text
            .chars()
            .map(|it| u8::try_from(u32::from(it)).unwrap())
            .collect();
        if bodiless || method == "HEAD" {
            return (bytes, close);
        }
        if self.framing == Framing::Chunked {
            let (one, two) = self.content.split_at(self.content.len() / 2);
            for part in [one, two].into_iter().filter(|part| !part.is_empty()) {
                bytes.extend_from_slice(format!("{:x}\r\n{part}\r\n", part.len()).as_bytes());
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(self.content.as_bytes());
        }
        (bytes, close)
    }
}

/// A status line and those of the lines that are fields.
fn head(lines: &[String]) -> String {
    let (status, fields) = lines.split_first().expect("a status");
    let fields = fields.iter().filter(|line| !line.starts_with('!'));
    let fields: String = fields.map(|line| format!("{line}\r\n")).collect();
    format!("HTTP/1.1 {status} Status\r\n{fields}")
}
