//! A policy that does what most do, beside the same job done with good native libraries: a
//! firewall of fifty literals over the target and four headers, twenty thousand blocked
//! networks, twenty routes, an origin by country, an experiment's arm, header edits.

mod libraries;

use crate::{
    Outcome,
    clock::{Budget, Contender, race},
    examples::run_once,
    policy::{Loaded, lower},
    report::{Cell, Section},
    request::{LONG_QUERY, Request, call},
};
use edge_abi::input::Event;
use edge_compiler::source::{LoadError, Loader};
use libraries::Libraries;
use std::{fmt::Write, hint::black_box};

/// What attacks hold and honest requests don't.
const LITERALS: [&str; 50] = [
    "../..",
    "..\\..",
    "/etc/passwd",
    "/etc/shadow",
    "/proc/self",
    "boot.ini",
    "win.ini",
    "<script",
    "</script",
    "javascript:",
    "vbscript:",
    "onerror=",
    "onload=",
    "onmouseover=",
    "<iframe",
    "<svg/",
    "document.cookie",
    "alert(1",
    "union select",
    "union all select",
    "' or '1'='1",
    "or 1=1",
    "sleep(",
    "benchmark(",
    "waitfor delay",
    "xp_cmdshell",
    "information_schema",
    "load_file(",
    "into outfile",
    "${jndi:",
    "%24%7bjndi",
    "() { :;",
    "/bin/sh",
    "/bin/bash",
    "cmd.exe",
    "powershell",
    "wget http",
    "curl http",
    "php://input",
    "php://filter",
    "data:text/html",
    "expect://",
    "phpinfo(",
    "base64_decode(",
    "eval(",
    "system(",
    "passthru(",
    "sqlmap",
    "nikto",
    "nessus",
];

/// The headers that the firewall looks into.
const INSPECTED: [&str; 4] = ["user-agent", "referer", "cookie", "accept-language"];

/// The routes, each to one of four origins.
const ROUTES: [&str; 20] = [
    "/",
    "/products",
    "/products/:id",
    "/products/:id/reviews",
    "/catalogue/*rest",
    "/cart",
    "/cart/items/:id",
    "/checkout",
    "/checkout/:step",
    "/account",
    "/account/orders",
    "/account/orders/:id",
    "/search",
    "/help/*rest",
    "/blog",
    "/blog/:slug",
    "/api/v1/*rest",
    "/api/v2/*rest",
    "/static/*rest",
    "/geo",
];

/// The policy and the libraries on one request of ordinary text and one that is full of what
/// nearly matches.
pub fn measure(budget: &Budget) -> Outcome<Vec<Section>> {
    let networks = networks(if budget.quick { 100 } else { 20_000 });
    let lowered = lower("composite.edge", &policy(""), &Blocked(&networks))?;
    let loaded = Loaded::new(&lowered)?;
    let libraries = Libraries::new(&networks)?;
    let page = || Request::get("ordinary", format!("/products/184467/reviews?{LONG_QUERY}"));
    let hostile = Request::get("hostile", hostile_target());
    let mut rows = Vec::new();
    for request in [page(), hostile.clone()] {
        rows.push(one(&loaded, &libraries, &request, budget)?);
    }
    let parts = parts(&networks, [page(), hostile], budget)?;
    let whole = Section {
        title: format!(
            "A whole policy beside native libraries, ns a decision; the module has {} bytes",
            lowered.wasm.len()
        ),
        columns: vec![
            "request", "input B", "write", "run", "total", "native", "ratio",
        ],
        rows,
    };
    Ok(vec![whole, parts])
}

/// What the policy takes without one of its parts.
fn parts(networks: &[(u32, u32)], requests: [Request; 2], budget: &Budget) -> Outcome<Section> {
    let policies = ["", "experiment", "networks", "firewall", "routes"].map(|without| {
        let lowered = lower("part.edge", &policy(without), &Blocked(networks))?;
        Loaded::new(&lowered)
    });
    let [a, b, c, d, e] = policies;
    let policies = [a?, b?, c?, d?, e?];
    let mut rows = Vec::new();
    for request in requests {
        let mut row = vec![Cell::text(request.name)];
        let mut ready = Vec::new();
        for loaded in &policies {
            ready.push((loaded.guest()?, loaded.input(&request)?));
        }
        let [a, b, c, d, e] = ready.as_mut_slice() else {
            return Err("a part is missing".into());
        };
        let contenders = [a, b, c, d, e]
            .map(|(guest, input)| Contender::new(1, || run_once(guest, black_box(input))));
        let [whole, others @ ..] = race(contenders, budget);
        row.push(Cell::time(whole));
        row.extend(others.map(|without| Cell::time(whole - without)));
        rows.push(row);
    }
    Ok(Section {
        title: "What its parts add to `run`, ns".into(),
        columns: vec![
            "request",
            "run",
            "experiment",
            "networks",
            "firewall",
            "routes",
        ],
        rows,
    })
}

fn one(
    loaded: &Loaded,
    libraries: &Libraries,
    request: &Request,
    budget: &Budget,
) -> Outcome<Vec<Cell>> {
    let plan = loaded.plan(0)?;
    let facts = request.facts(&loaded.params, None);
    let call = call(Event::Start, &[]);
    let input = loaded.input(request)?;
    let (mut alone, mut whole) = (loaded.guest()?, loaded.guest()?);
    agree(&mut alone, libraries, request, &input)?;
    let (mut buffer, mut other) = (Vec::new(), Vec::new());
    let [write, run, total, native] = race(
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
                black_box(libraries.decide(black_box(request)));
            }),
        ],
        budget,
    );
    Ok(vec![
        Cell::text(request.name),
        Cell::Count(input.len() as u64),
        Cell::time(write),
        Cell::time(run),
        Cell::time(total),
        Cell::time(native),
        Cell::ratio(total, native),
    ])
}

/// Both let the request through, to the same origin.
fn agree(
    guest: &mut edge_host::engine::Guest,
    libraries: &Libraries,
    request: &Request,
    input: &[u8],
) -> Outcome<()> {
    use edge_host::output::Effect;
    let output = guest.run(input)?;
    let target = output.effects().find_map(|effect| match effect {
        Effect::Proxy(proxy) => Some(proxy.target()),
        _ => None,
    });
    let native = libraries.decide(request).map(|decision| decision.target);
    if target.is_none() || target != native {
        return Err(format!("{}: {target:?}, but natively {native:?}", request.name).into());
    }
    Ok(())
}

/// The policy's text, without one of its parts.
fn policy(without: &str) -> String {
    let with = |part: &str| part != without;
    let mut text = String::from(HEAD);
    let literals: Vec<String> = LITERALS
        .iter()
        .map(|literal| format!("{literal:?}").replace('{', "{{").replace('}', "}}"))
        .collect();
    let any = literals.join(", ");
    // Writing to a string can't fail.
    let _ = writeln!(
        text,
        "waf shield {{\n  rule target {{ when request.target contains any [{any}] }}"
    );
    for header in INSPECTED {
        let name = header.replace('-', "_");
        let _ = writeln!(
            text,
            "  rule {name} {{ when request.header[\"{header}\"] contains any [{any}] }}"
        );
    }
    text.push_str("}\n\non request {\n");
    if with("firewall") {
        text.push_str("  waf shield\n");
    }
    if with("networks") {
        text.push_str(
            "  require not (client.ip in blocked) else { respond 403 text \"blocked\" }\n",
        );
    }
    text.push_str("}\n\n");
    let body = |index| match with("experiment") {
        true => body(index),
        false => body(index).replace("homepage", "\"a\""),
    };
    for (index, pattern) in ROUTES.iter().enumerate().filter(|_| with("routes")) {
        let _ = writeln!(text, "route r{index} GET \"{pattern}\" {}", body(index));
    }
    let _ = match with("routes") {
        true => writeln!(text, "default {{ respond 404 text \"Not found\" }}"),
        false => writeln!(text, "default {}", body(3)),
    };
    text
}

const HEAD: &str = r#"origin o0 { url "http://o0.internal" }
origin o1 { url "http://o1.internal" }
origin o2 { url "http://o2.internal" }
origin o3 { url "http://o3.internal" }

set blocked = load "blocked.txt"

experiment homepage {
  unit  request.header["X-User-ID"] else "anonymous"
  split a 50%, b 50%
}

"#;

fn body(index: usize) -> String {
    format!(
        "{{\n  set response.header \"X-AB-Variant\" = homepage\n  proxy choose {{ \
         geo.country == \"US\" => o{}, otherwise => o{} }} {{ set header \"X-Country\" = \
         geo.country else \"unknown\" }}\n}}",
        index % 4,
        (index + 1) % 4
    )
}

/// Networks of all lengths, always the same.
fn networks(count: usize) -> Vec<(u32, u32)> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let network = |_| {
        let (random, length) = (next(), 20 + u32::try_from(next() % 13).unwrap_or(0));
        // All lie below 128.0.0.0; the client does not.
        let address = u32::try_from(random >> 33).unwrap_or(0) & (u32::MAX << (32 - length));
        (address, length)
    };
    (0..count).map(network).collect()
}

struct Blocked<'n>(&'n [(u32, u32)]);

impl Loader for Blocked<'_> {
    fn load(&self, _: &str) -> Result<Vec<u8>, LoadError> {
        let lines = self
            .0
            .iter()
            .map(|(address, length)| format!("{}/{length}\n", std::net::Ipv4Addr::from(*address)));
        Ok(lines.collect::<String>().into_bytes())
    }
}

/// As long as the ordinary request's, made of beginnings of what the firewall looks for.
fn hostile_target() -> String {
    let mut target = String::from("/products/184467/reviews?q=");
    while target.len() < 230 {
        target.push_str("<scrip<ifram..//etc/passwunion%20selecsleep/bin/s");
    }
    target.truncate(230);
    target
}
