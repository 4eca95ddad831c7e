//! The examples: facts in, effects out.

use crate::{
    Outcome,
    clock::{Budget, Contender, race},
    native,
    policy::{Folder, Loaded, lower},
    report::{Cell, Section},
    request::{LONG_QUERY, Request, call, response_headers},
};
use edge_abi::input::Event;
use edge_compiler::Lowered;
use edge_host::{engine::Guest, input::ResponseFacts};
use std::{fs, hint::black_box, path::PathBuf};

/// One of `examples/`.
pub struct Example {
    /// Its folder's name.
    pub name: String,
    /// Its policy.
    pub text: String,
    /// Its folder.
    pub folder: Folder,
}

impl Example {
    /// All examples, by name.
    pub fn all() -> Outcome<Vec<Example>> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let mut examples = Vec::new();
        for entry in fs::read_dir(&root)? {
            let folder = entry?.path();
            if let Ok(text) = fs::read_to_string(folder.join("policy.edge")) {
                let name = folder.file_name().unwrap_or_default();
                examples.push(Example {
                    name: name.to_string_lossy().into_owned(),
                    text,
                    folder: Folder(folder),
                });
            }
        }
        examples.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(examples)
    }

    /// Compiles it.
    pub fn lower(&self) -> Outcome<Lowered> {
        lower("policy.edge", &self.text, &self.folder)
    }

    /// Requests that show what it does.
    fn requests(&self) -> Vec<Request> {
        let page = || Request::get("page", format!("/products/shoes/42?{LONG_QUERY}"));
        match self.name.as_str() {
            "geo-routing" => vec![page(), page().country("BR").named("elsewhere")],
            "hello-router" => vec![
                Request::get("text", "/"),
                Request::get("json", "/geo"),
                Request::get("not found", "/nothing/here"),
            ],
            "personalization" => vec![
                page().named("desktop"),
                page().named("phone").header("user-agent", PHONE),
            ],
            "storefront" => vec![
                Request::get("front page", "/"),
                page(),
                Request::get("search", format!("/search?{LONG_QUERY}")),
                Request::get("attack", "/search?q=%3Cscript%3Ealert(1)%3C/script%3E"),
            ],
            "waf-basics" => vec![
                page(),
                Request::get("attack", "/show?file=../../etc/passwd"),
            ],
            _ => vec![page()],
        }
    }
}

const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148";

impl Request {
    fn named(mut self, name: &'static str) -> Request {
        self.name = name;
        self
    }
}

/// Writing the input, calling the guest and checking its output, for each example.
pub fn measure(budget: &Budget) -> Outcome<Vec<Section>> {
    let mut rows = Vec::new();
    for example in Example::all()? {
        let loaded = Loaded::new(&example.lower()?)?;
        for request in example.requests() {
            rows.push(start(&example.name, &loaded, &request, budget)?);
            rows.extend(response(&example.name, &loaded, &request, budget)?);
        }
    }
    Ok(vec![Section {
        title: "Examples: facts in, effects out, ns a call".into(),
        columns: vec![
            "example", "request", "call", "input B", "write", "run", "total", "native", "ratio",
        ],
        rows,
    }])
}

/// The first call of a request.
fn start(example: &str, loaded: &Loaded, request: &Request, budget: &Budget) -> Outcome<Vec<Cell>> {
    let plan = loaded.plan(0)?;
    let facts = request.facts(&loaded.params, None);
    let call = call(Event::Start, &[]);
    let input = loaded.input(request)?;
    let (mut alone, mut whole) = (loaded.guest()?, loaded.guest()?);
    alone.run(&input)?;
    let (mut buffer, mut other) = (Vec::new(), Vec::new());
    let native = native::of(example)?;
    let [write, run, total, baseline] = race(
        [
            Contender::new(1, || {
                plan.write(black_box(&mut buffer), &call, black_box(&facts))
            }),
            Contender::new(1, || run_once(&mut alone, black_box(&input))),
            Contender::new(1, || {
                plan.write(&mut other, &call, black_box(&facts));
                run_once(&mut whole, &other);
            }),
            Contender::new(1, || {
                if let Some(native) = &native {
                    black_box(native(black_box(request)));
                }
            }),
        ],
        budget,
    );
    let mut row = cells(example, request, "start", input.len(), [write, run, total]);
    row.extend(match native {
        Some(_) => [Cell::time(baseline), Cell::ratio(total, baseline)],
        None => [Cell::None, Cell::None],
    });
    Ok(row)
}

/// The call for the origin's answer, if the policy wants it.
fn response(
    example: &str,
    loaded: &Loaded,
    request: &Request,
    budget: &Budget,
) -> Outcome<Option<Vec<Cell>>> {
    let mut guest = loaded.guest()?;
    let first = loaded.input(request)?;
    let output = guest.run(&first)?;
    if !output.wants(Event::ResponseHead) {
        return Ok(None);
    }
    let plan = loaded.plan(output.next_slots())?;
    let continuation = output.continuation().to_vec();
    let headers = response_headers()?;
    let answer = ResponseFacts {
        status: 200,
        origin: Some("shop"),
        headers: &headers,
        cache: None,
    };
    let facts = request.facts(&loaded.params, Some(answer));
    let call = call(Event::ResponseHead, &continuation);
    let mut input = Vec::new();
    plan.write(&mut input, &call, &facts);
    guest.run(&input)?;
    let mut whole = loaded.guest()?;
    let (mut buffer, mut other) = (Vec::new(), Vec::new());
    let times = race(
        [
            Contender::new(1, || {
                plan.write(black_box(&mut buffer), &call, black_box(&facts))
            }),
            Contender::new(1, || run_once(&mut guest, black_box(&input))),
            Contender::new(1, || {
                plan.write(&mut other, &call, black_box(&facts));
                run_once(&mut whole, &other);
            }),
        ],
        budget,
    );
    let mut row = cells(example, request, "response", input.len(), times);
    row.extend([Cell::None, Cell::None]);
    Ok(Some(row))
}

/// One call; that it succeeds was seen before.
pub fn run_once(guest: &mut Guest, input: &[u8]) {
    drop(black_box(guest.run(input)));
}

fn cells(
    example: &str,
    request: &Request,
    call: &str,
    input: usize,
    [write, run, total]: [f64; 3],
) -> Vec<Cell> {
    vec![
        Cell::text(example),
        Cell::text(request.name),
        Cell::text(call),
        Cell::Count(input as u64),
        Cell::time(write),
        Cell::time(run),
        Cell::time(total),
    ]
}
