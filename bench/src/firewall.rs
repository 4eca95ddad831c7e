//! The ready-made groups beside nginx with ModSecurity and OWASP's Core Rule Set: what a request
//! that is let through costs more with the firewall than without it.
//!
//! Both proxy to the same origin over loopback, with one worker. Each of the four servers is asked
//! in turn; what counts is the CPU time of its process.

use crate::{
    Outcome,
    clock::{Added, Budget, Contender, race, rounds},
    examples::run_once,
    policy::{Loaded, instructions, lower},
    report::{Cell, Section, skipped},
    request::{LONG_QUERY, Request, call},
    servers::{self, Load, Nginx, Origin, Server, ask, bytes},
};
use edge_abi::input::{Event, flags};
use edge_compiler::{Lowered, source::NoFiles};
use edge_host::{
    input::{Call, Facts},
    output::Effect,
};
use std::{fs, hint::black_box, net::SocketAddr, path::Path};
use tempfile::TempDir;

const WITH: &str = include_str!("../firewall/with.edge");
const WITHOUT: &str = include_str!("../firewall/without.edge");

/// Where Debian's packages put ModSecurity's module and the Core Rule Set.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so";
const RULES: &str = "/usr/share/modsecurity-crs/rules";

/// The share of ModSecurity's time that ours may take.
const GOAL: f64 = 0.02;

/// The module alone, then all servers, if they are there.
pub fn measure(budget: &Budget) -> Outcome<Vec<Section>> {
    let mut sections = vec![module(budget)?];
    let rules = Path::new(MODULE).exists() && Path::new(RULES).exists();
    let nginx = Nginx::find().filter(|_| rules);
    if nginx.is_none() {
        skipped("nginx, libnginx-mod-http-modsecurity, modsecurity-crs");
    }
    let edge = servers::edge(budget.quick)?;
    if edge.is_none() {
        skipped("the `edge` binary: cargo build --release");
    }
    if let (Some(nginx), Some(edge)) = (nginx, edge) {
        sections.push(beside(nginx, &edge, budget)?);
    }
    Ok(sections)
}

/// A page with twelve headers and a query of 200 bytes.
fn page() -> Request {
    Request::get("GET", format!("/products/184467/reviews?{LONG_QUERY}"))
}

/// A form of 2 KB as its method and headers; the text stands beside it.
fn form() -> (Request, String) {
    const FIELDS: &str = "name=Ada+Lovelace&address=12+St+James%27s+Square%2C+London&phone=%2B44+20+7946+0018\
        &items=184467%2C184470&total=1290.00&currency=EUR&newsletter=yes&gift=no&message=";
    const MESSAGE: &str = "Please+ring+the+bell+twice%2C+the+dog+is+friendly+but+hears+little.+If+nobody+opens%2C+our\
        +neighbour+at+number+14+takes+the+parcel%3B+leave+a+note.+We+are+back+after+six.%0D%0A";
    let message = MESSAGE.chars().cycle().take(2048 - FIELDS.len());
    let text = FIELDS.chars().chain(message).collect();
    let mut request = Request::get("POST", "/checkout/address")
        .header("content-type", "application/x-www-form-urlencoded");
    request.method = http::Method::POST;
    (request, text)
}

/// The form with an attack as one more field.
fn hostile_form() -> (Request, String) {
    let (request, text) = form();
    (request, format!("{text}&id=1%27%20or%20%271%27=%271"))
}

fn attack() -> Request {
    Request::get("attack", "/items?id=1%27%20or%20%271%27=%271")
}

/// What the module takes for the head of a request, without a host around it: all groups, then
/// each alone.
fn module(budget: &Budget) -> Outcome<Section> {
    let without = lower("without.edge", WITHOUT, &NoFiles)?;
    let mut policies = vec![("all", lower("with.edge", WITH, &NoFiles)?)];
    for group in groups().take(if budget.quick { 1 } else { usize::MAX }) {
        let text = WITHOUT.replace(
            "default",
            &format!("on request {{ waf waf.{group} }}\ndefault"),
        );
        let lowered = lower("group.edge", &format!("use std.waf\n{text}"), &NoFiles)?;
        policies.push((group, lowered));
    }
    let mut rows = Vec::new();
    for request in [page(), form().0] {
        for (groups, lowered) in &policies {
            let mut row = vec![Cell::text(request.name), Cell::text(*groups)];
            row.extend(decide(lowered, &without, &request, budget)?);
            rows.push(row);
        }
    }
    let (form, text) = form();
    for (groups, lowered) in &policies {
        if let Some((bytes, time)) = look_at_body(lowered, &form, &text, budget)? {
            let mut row = vec![Cell::text("its body"), Cell::text(*groups)];
            row.extend([Cell::Count(bytes), Cell::None, Cell::time(time)]);
            row.extend([Cell::None, Cell::None, Cell::time(time), Cell::None]);
            row.push(Cell::Count(lowered.wasm.len() as u64));
            rows.push(row);
        }
    }
    Ok(Section {
        title: "Ready-made groups: facts in, effects out, ns a call".into(),
        columns: vec![
            "request",
            "groups",
            "input B",
            "write",
            "run",
            "total",
            "without",
            "groups add",
            "instructions",
            "module B",
        ],
        rows,
    })
}

/// The names of the ready-made groups that judge requests.
fn groups() -> impl Iterator<Item = &'static str> {
    include_str!("../../stdlib/waf.edge")
        .lines()
        .filter_map(|line| line.strip_prefix("waf ")?.split_whitespace().next())
        .filter(|group| *group != "data_leak")
}

fn decide(
    lowered: &Lowered,
    without: &Lowered,
    request: &Request,
    budget: &Budget,
) -> Outcome<Vec<Cell>> {
    let (with, without) = (Loaded::new(lowered)?, Loaded::new(without)?);
    let (plan, bare_plan) = (with.plan(0)?, without.plan(0)?);
    let facts = request.facts(&with.params, None);
    let call = call(Event::Start, &[]);
    let input = with.input(request)?;
    let (mut alone, mut whole, mut bare) = (with.guest()?, with.guest()?, without.guest()?);
    alone.run(&input)?;
    let (mut buffer, mut other, mut third) = (Vec::new(), Vec::new(), Vec::new());
    let [write, run, total, plain] = race(
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
                bare_plan.write(&mut third, &call, black_box(&facts));
                run_once(&mut bare, &third);
            }),
        ],
        budget,
    );
    Ok(vec![
        Cell::Count(input.len() as u64),
        Cell::time(write),
        Cell::time(run),
        Cell::time(total),
        Cell::time(plain),
        Cell::time(total - plain),
        Cell::Count(instructions(lowered, request)?),
        Cell::Count(lowered.wasm.len() as u64),
    ])
}

/// How long the input is by which a policy sees a body in one piece, and what that call takes; `None` if it does not look.
fn look_at_body(
    lowered: &Lowered,
    request: &Request,
    text: &str,
    budget: &Budget,
) -> Outcome<Option<(u64, f64)>> {
    let loaded = Loaded::new(lowered)?;
    let mut guest = loaded.guest()?;
    let start = loaded.input(request)?;
    let asked = guest
        .run(&start)?
        .effects()
        .find_map(|effect| match effect {
            Effect::Scan(scan) => Some((scan.slots(), scan.continuation().to_vec())),
            _ => None,
        });
    let Some((slots, continuation)) = asked else {
        return Ok(None);
    };
    let call = Call {
        flags: flags::LAST,
        ..call(Event::RequestChunk, &continuation)
    };
    let facts = Facts {
        request_chunk: Some(text.as_bytes()),
        ..request.facts(&loaded.params, None)
    };
    let mut input = Vec::new();
    loaded.plan(slots)?.write(&mut input, &call, &facts);
    guest.run(&input)?;
    let [time] = race(
        [Contender::new(1, || {
            run_once(&mut guest, black_box(&input))
        })],
        budget,
    );
    Ok(Some((input.len() as u64, time)))
}

/// Each firewall and the same server without it.
struct Pair {
    name: &'static str,
    with: Server,
    without: Server,
}

/// All four servers, with the same requests.
fn beside(nginx: Nginx, edge: &Path, budget: &Budget) -> Outcome<Section> {
    let (origin, folder) = (Origin::start()?.address, TempDir::new()?);
    let (path, at) = (folder.path(), Some(origin));
    let pairs = [
        Pair {
            name: "nginx, ModSecurity, CRS",
            with: modsecurity(nginx, path, origin, true)?,
            without: modsecurity(nginx, path, origin, false)?,
        },
        Pair {
            name: "edge, all groups",
            with: servers::serve(edge, path, "with.edge", WITH, at)?,
            without: servers::serve(edge, path, "without.edge", WITHOUT, at)?,
        },
    ];
    let (form, text) = form();
    let mut rows = Vec::new();
    for (request, body) in [(page(), None), (form, Some(text))] {
        rows.extend(one(&pairs, &request, body.as_deref(), budget)?);
    }
    Ok(Section {
        title: format!(
            "Firewalls: \u{b5}s of CPU that a request takes through a proxy; ours may add {GOAL} of theirs"
        ),
        columns: vec![
            "request",
            "server",
            "without",
            "with",
            "adds",
            "quarter below",
            "quarter above",
            "of theirs",
        ],
        rows,
    })
}

/// Starts nginx with the module on or off.
fn modsecurity(nginx: Nginx, folder: &Path, origin: SocketAddr, on: bool) -> Outcome<Server> {
    let folder = folder.join(if on { "nginx-with" } else { "nginx-without" });
    fs::create_dir_all(&folder)?;
    let fill = |text: &str| {
        text.replace("@MODULE@", MODULE)
            .replace("@RULES@", RULES)
            .replace("@FOLDER@", &folder.display().to_string())
            .replace("@ORIGIN@", &origin.to_string())
            .replace("@SWITCH@", if on { "on" } else { "off" })
    };
    fs::write(
        folder.join("modsecurity.conf"),
        fill(include_str!("../firewall/modsecurity.conf")),
    )?;
    nginx.start(&folder, &fill(include_str!("../firewall/nginx.conf")))
}

/// A row for each pair.
fn one(
    pairs: &[Pair; 2],
    request: &Request,
    body: Option<&str>,
    budget: &Budget,
) -> Outcome<Vec<Vec<Cell>>> {
    let bytes = bytes(request, body)?;
    for pair in pairs {
        check(pair, &bytes)?;
    }
    // Long enough that a clock tick and a request in flight don't matter.
    let budget = Budget {
        sample: budget.sample * 30,
        ..*budget
    };
    let [theirs, ours] = pairs;
    let mut loads = [&theirs.without, &theirs.with, &ours.without, &ours.with]
        .map(|server| Load::new(server, &bytes));
    let samples = rounds(
        loads
            .each_mut()
            .map(|load| Contender::elsewhere(|requests| load.run(requests))),
        &budget,
    );
    loads.into_iter().try_for_each(Load::finish)?;
    let [nginx, modsecurity, plain, shield] = samples;
    let their = Added::of(&nginx, &modsecurity);
    let our = Added::of(&plain, &shield);
    let mut rows = Vec::new();
    for (pair, added) in [(theirs, &their), (ours, &our)] {
        let mut row = vec![Cell::text(request.name), Cell::text(pair.name)];
        row.extend(
            [added.without, added.with, added.by, added.low, added.high]
                .map(|time| Cell::Number(time / 1000.0, 1)),
        );
        row.push(match pair.name == ours.name {
            true => Cell::Number(our.by / their.by, 4),
            false => Cell::None,
        });
        rows.push(row);
    }
    Ok(rows)
}

/// The firewall refuses attacks, in a query and in a body, and lets the request through; without it all get through.
fn check(pair: &Pair, honest: &[u8]) -> Outcome<()> {
    let attack = bytes(&attack(), None)?;
    let (request, text) = hostile_form();
    let in_body = bytes(&request, Some(&text))?;
    for (server, request, expected) in [
        (&pair.with, honest, 200),
        (&pair.with, attack.as_slice(), 403),
        (&pair.with, in_body.as_slice(), 403),
        (&pair.without, honest, 200),
        (&pair.without, attack.as_slice(), 200),
        (&pair.without, in_body.as_slice(), 200),
    ] {
        let status = ask(server.address, request)?;
        if status != expected {
            let name = pair.name;
            return Err(format!("{name}: status {status} where {expected} belongs").into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_has_all_groups() {
        assert!(groups().count() > 0);
        for group in groups() {
            assert!(WITH.contains(&format!("waf.{group}")), "{group} is missing");
        }
    }
}
