//! The cases, as they are written.

use serde::Deserialize;
use std::collections::HashSet;

/// One case: steps with a path of their own.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What holds.
    pub name: String,
    /// Where that is said.
    pub rfc: String,
    /// A case for each of these, which stands where a step has `{}`.
    #[serde(default)]
    pub each: Vec<String>,
    pub steps: Vec<Step>,
    /// What the requests' path begins with.
    #[serde(skip)]
    pub path: String,
}

/// A request, and all that is expected of it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Milliseconds to wait before.
    #[serde(default)]
    pub pause: u64,
    #[serde(default = "get")]
    pub method: String,
    /// What follows the case's path.
    #[serde(default)]
    pub at: String,
    /// Header lines of the request.
    #[serde(default)]
    pub send: Vec<String>,
    /// The request's body.
    pub body: Option<String>,
    /// What the origin answers: a status and header lines. Without it, it must not be asked.
    pub origin: Option<Vec<String>>,
    /// The body of that; without it, one that says the number of the step.
    pub content: Option<String>,
    /// How that body is sent.
    #[serde(default)]
    pub framing: Framing,
    /// How many milliseconds the origin takes.
    #[serde(default)]
    pub delay: u64,
    /// Heads that come before it, each a status and header lines.
    #[serde(default)]
    pub interim: Vec<Vec<String>>,
    /// What the origin answers when it is asked a second time.
    pub then: Option<Vec<String>>,
    /// What the origin must have been asked with.
    #[serde(default)]
    pub got: Vec<String>,
    /// What the client must see.
    #[serde(default)]
    pub see: Vec<String>,
    /// The body that the client must see.
    pub text: Option<String>,
    /// Texts that the body holds, instead of all of it.
    #[serde(default)]
    pub holds: Vec<String>,
    /// The number of the step, from 1, whose status and body the client must see.
    pub of: Option<usize>,
    /// The client must see that the answer breaks off.
    #[serde(default)]
    pub broken: bool,
    /// It is repeated until it holds, five seconds at the longest.
    #[serde(default)]
    pub eventually: bool,
}

/// How an origin says where a body ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Framing {
    /// With `Content-Length`, where a body may be.
    #[default]
    Length,
    /// In chunks.
    Chunked,
    /// By closing the connection.
    Close,
    /// With a `Content-Length` of more bytes than come.
    Cut,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

fn get() -> String {
    "GET".to_owned()
}

/// Reads a file of cases, and makes those with `each` many.
pub fn read(class: &str, text: &str) -> Vec<Case> {
    let file: File = toml::from_str(text).unwrap_or_else(|error| panic!("{class}: {error}"));
    let mut cases = Vec::new();
    for case in file.case {
        assert!(
            case.rfc.starts_with(|it: char| it.is_ascii_digit()),
            "{}: where is it said?",
            case.name
        );
        if case.each.is_empty() {
            cases.push(case);
            continue;
        }
        for value in &case.each {
            let mut one = case.clone();
            one.name = format!("{}: {value}", case.name);
            one.steps.iter_mut().for_each(|step| step.fill("{}", value));
            cases.push(one);
        }
    }
    for (number, case) in cases.iter_mut().enumerate() {
        case.name = format!("{class}: {}", case.name);
        case.path = format!("/{class}/{number}");
    }
    let names: HashSet<_> = cases.iter().map(|case| &case.name).collect();
    assert_eq!(names.len(), cases.len(), "{class}: two cases have one name");
    cases
}

impl Step {
    /// Puts a value in a place of all that is written.
    pub fn fill(&mut self, place: &str, value: &str) {
        self.texts()
            .for_each(|text| *text = text.replace(place, value));
    }

    /// All that is written.
    pub fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let lists = [
            &mut self.send,
            &mut self.got,
            &mut self.see,
            &mut self.holds,
        ];
        let lists = lists
            .into_iter()
            .chain(&mut self.origin)
            .chain(&mut self.then)
            .chain(&mut self.interim);
        let texts = [&mut self.body, &mut self.content, &mut self.text]
            .into_iter()
            .flatten();
        let texts = texts.chain([&mut self.at, &mut self.method]);
        lists.flatten().chain(texts)
    }
}
