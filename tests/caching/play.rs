//! Plays a case: sends its requests, has the origin answer, and compares.

use std::cell::Cell;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::case::{Case, Step};
use crate::date;
use crate::expect::unmet;
use crate::origin::{Answer, Origin, Script};
use crate::wire::{Connection, Message};

/// What requests say in `Host` unless they say another.
const HOST: &str = "cache.test";
/// How long the origin is waited for that is to be asked.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a step may take to hold that holds eventually.
const EVENTUALLY: Duration = Duration::from_secs(5);

/// Runs a case.
///
/// # Errors
///
/// What did not hold, with all that was said until then.
pub fn run(case: &Case, edge: SocketAddr, origin: &Origin) -> Result<(), String> {
    let script = origin.script(&case.path);
    let (mut transcript, now) = (String::new(), date::now());
    let mut steps = case.steps.clone();
    for step in &mut steps {
        step.fill("{path}", &case.path);
        step.fill("{host}", HOST);
        step.fill("{long}", &"a".repeat(300_000));
        step.texts().for_each(|text| *text = date::fill(text, now));
    }
    let kept = Cell::new(None);
    for index in 0..steps.len() {
        let play = Play {
            case,
            steps: &steps,
            index,
            script: &script,
            edge,
            kept: &kept,
        };
        thread::sleep(Duration::from_millis(steps[index].pause));
        let started = Instant::now();
        loop {
            let mut said = String::new();
            let wrong = play.step(&mut said);
            if steps[index].eventually && !wrong.is_empty() && started.elapsed() < EVENTUALLY {
                thread::sleep(Duration::from_millis(20));
                continue;
            }
            transcript += &format!("  step {}\n{said}", index + 1);
            if !wrong.is_empty() {
                let wrong: String = wrong
                    .iter()
                    .map(|line| format!("    ! expected {line}\n"))
                    .collect();
                return Err(format!(
                    "{} (RFC {})\n{transcript}{wrong}",
                    case.name, case.rfc
                ));
            }
            break;
        }
    }
    Ok(())
}

/// A step on its way.
struct Play<'a> {
    case: &'a Case,
    steps: &'a [Step],
    index: usize,
    script: &'a Script,
    edge: SocketAddr,
    /// The client's connection, if it can be used again: an answer that is framed wrongly spoils the next.
    kept: &'a Cell<Option<Connection>>,
}

impl Play<'_> {
    /// Does it once, and says what did not hold.
    fn step(&self, said: &mut String) -> Vec<String> {
        let step = &self.steps[self.index];
        self.script.expect(self.answers());
        let target = format!("{}{}", self.case.path, step.at);
        let request = request(step, &target);
        said.push_str(&format!(
            "    > {}\n",
            request.trim_end().replace("\r\n", "\n    > ")
        ));
        let kept = self.kept.take();
        let mut connection = kept.unwrap_or_else(|| Connection::to(self.edge));
        let bytes: Vec<u8> = request
            .chars()
            .map(|it| u8::try_from(u32::from(it)).unwrap())
            .collect();
        connection.send(&bytes);
        let reply = connection.answer(&step.method);
        if reply.as_ref().is_some_and(Message::keeps_open) {
            self.kept.set(Some(connection));
        }
        let patience = if step.origin.is_some() {
            PATIENCE
        } else {
            Duration::ZERO
        };
        let (asked, all) = self.script.asked(patience);
        for message in &asked {
            said.push_str(&message.head.print("      origin got"));
        }
        for answer in self.answers() {
            said.push_str(&format!("      origin says {}\n", answer.lines.join(" | ")));
        }
        let Some(reply) = reply else {
            said.push_str("    < closed\n");
            return if step.broken {
                Vec::new()
            } else {
                vec!["an answer, but the connection was closed".to_owned()]
            };
        };
        said.push_str(&reply.head.print("<"));
        said.push_str(&format!("    < {:?}\n", reply.text()));
        let mut wrong = self.origin(&asked, all);
        wrong.extend(self.client(&reply, asked.is_empty()));
        wrong
    }

    /// What the origin is to answer in this step.
    fn answers(&self) -> Vec<Answer> {
        let step = &self.steps[self.index];
        let answer = |lines: &Vec<String>, content: String| Answer {
            lines: lines.clone(),
            content,
            framing: step.framing,
            interim: step.interim.clone(),
            delay: Duration::from_millis(step.delay),
        };
        let first = step
            .origin
            .iter()
            .map(|lines| answer(lines, self.content(self.index)));
        let second = step
            .then
            .iter()
            .map(|lines| answer(lines, format!("{} again", self.content(self.index))));
        first.chain(second).collect()
    }

    /// The body of a step's answer.
    fn content(&self, index: usize) -> String {
        let given = self.steps[index].content.clone();
        given.unwrap_or_else(|| format!("answer {}", index + 1))
    }

    /// What the origin was to be asked.
    fn origin(&self, asked: &[Message], all: bool) -> Vec<String> {
        let step = &self.steps[self.index];
        let count = usize::from(step.origin.is_some()) + usize::from(step.then.is_some());
        let closed = step
            .origin
            .as_ref()
            .is_some_and(|lines| lines == &["close"]);
        let mut wrong = Vec::new();
        if !all || (asked.len() != count && !closed) {
            wrong.push(format!(
                "{count} requests to the origin, but there were {}",
                asked.len()
            ));
        }
        if let Some(first) = asked.first() {
            wrong.extend(
                unmet(&step.got, first)
                    .into_iter()
                    .map(|line| format!("the origin to get {line}")),
            );
        }
        wrong
    }

    /// What the client was to see.
    fn client(&self, reply: &Message, stored: bool) -> Vec<String> {
        let step = &self.steps[self.index];
        let mut wrong = unmet(&step.see, reply);
        let is_status = |line: &&String| line.parse::<u16>().is_ok();
        let of = step.of.unwrap_or_else(|| self.source());
        let source = &self.steps[of - 1];
        if !step.see.iter().any(|line| is_status(&line))
            && let Some(status) = source.origin.as_ref().and_then(|lines| lines.first())
        {
            wrong.extend(unmet(std::slice::from_ref(status), reply));
        }
        let bodiless = step.method == "HEAD" || matches!(reply.head.status(), 204 | 304);
        let content = || {
            if bodiless {
                String::new()
            } else {
                self.content(of - 1)
            }
        };
        let text = step.text.clone().unwrap_or_else(content);
        for part in step
            .holds
            .iter()
            .filter(|part| !reply.text().contains(*part))
        {
            wrong.push(format!("a body with {part:?}"));
        }
        if reply.text() != text && !step.broken && step.holds.is_empty() {
            wrong.push(format!("the body {text:?}, but {:?}", reply.text()));
        }
        if reply.complete == step.broken {
            wrong.push(format!("broken: {}, but it was not so", step.broken));
        }
        if stored && reply.head.status() < 500 {
            let hit = ["Cache-Status ~ ;hit".to_owned(), "Age".to_owned()];
            wrong.extend(unmet(&hit, reply));
        }
        wrong
    }

    /// The number of the step that the client is to see: this one where the origin gives an answer of its own, else
    /// the last before it at the same place that did.
    fn source(&self) -> usize {
        let here = &self.steps[self.index];
        let gave = |step: &Step| {
            step.origin
                .as_ref()
                .is_some_and(|lines| lines[0] != "304" && lines[0] != "close")
        };
        let fits = |index: &usize| {
            let step = &self.steps[*index];
            gave(step) && step.at == here.at && step.method == "GET"
        };
        if gave(here) {
            return self.index + 1;
        }
        (0..self.index).rev().find(fits).unwrap_or(self.index) + 1
    }
}

/// A step's request as it is sent.
fn request(step: &Step, target: &str) -> String {
    let mut text = format!("{} {target} HTTP/1.1\r\n", step.method);
    if !step
        .send
        .iter()
        .any(|line| line.to_ascii_lowercase().starts_with("host:"))
    {
        text += &format!("Host: {HOST}\r\n");
    }
    for line in &step.send {
        text += &format!("{line}\r\n");
    }
    if let Some(body) = &step.body {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    text + "\r\n" + step.body.as_deref().unwrap_or_default()
}
