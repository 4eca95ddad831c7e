//! `edge serve` beside nginx with `limit_req`: what limits add to the CPU time of a request that is answered without an
//! origin.

use super::{RATE, policy};
use crate::{
    Outcome,
    clock::{Added, Budget, Contender, rounds},
    report::{Cell, Section, skipped},
    request::Request,
    servers::{self, Load, Nginx, Server, ask, bytes},
};
use std::path::Path;
use tempfile::TempDir;

const NGINX: &str = include_str!("../../limits/nginx.conf");

/// nginx' keys, as [`super::LIMITS`] has them.
const KEYS: [&str; 3] = ["$binary_remote_addr", "$host", "$http_x_user_id"];

/// Servers without limits, with one and with three.
const COUNTS: [usize; 3] = [0, 1, 3];

/// Nothing where a server is missing.
pub fn measure(budget: &Budget) -> Outcome<Option<Section>> {
    let nginx = Nginx::find();
    if nginx.is_none() {
        skipped("nginx");
    }
    let edge = servers::edge(budget.quick)?;
    if edge.is_none() {
        skipped("the `edge` binary: cargo build --release");
    }
    match (nginx, edge) {
        (Some(nginx), Some(edge)) => Ok(Some(beside(nginx, &edge, budget)?)),
        _ => Ok(None),
    }
}

fn beside(nginx: Nginx, edge: &Path, budget: &Budget) -> Outcome<Section> {
    let folder = TempDir::new()?;
    let folder = folder.path();
    let request = bytes(&Request::get("page", "/products/184467"), None)?;
    check(nginx, edge, folder, &request)?;
    let mut servers = Vec::new();
    for limits in COUNTS {
        servers.push(start_nginx(nginx, folder, limits, false)?);
    }
    for limits in COUNTS {
        servers.push(start_edge(edge, folder, limits, false)?);
    }
    let servers: [Server; 6] = servers.try_into().map_err(|_| "a server is missing")?;
    // Long enough that a clock tick and a request in flight don't matter.
    let budget = Budget {
        sample: budget.sample * 30,
        rounds: budget.rounds * if budget.quick { 1 } else { 2 },
        ..*budget
    };
    let mut loads = servers.each_ref().map(|server| Load::new(server, &request));
    let samples = rounds(
        loads
            .each_mut()
            .map(|load| Contender::elsewhere(|requests| load.run(requests))),
        &budget,
    );
    loads.into_iter().try_for_each(Load::finish)?;
    Ok(Section {
        title: "Limits in servers: \u{b5}s of CPU that a request takes".into(),
        columns: vec![
            "server",
            "limits",
            "\u{b5}s",
            "adds",
            "quarter below",
            "quarter above",
            "of theirs",
            "a second",
            "of without",
        ],
        rows: rows(&samples),
    })
}

/// Rows of both servers, theirs first.
fn rows(samples: &[Vec<f64>; 6]) -> Vec<Vec<Cell>> {
    let (theirs, ours) = samples.split_at(3);
    let added = |of: &[Vec<f64>]| -> Vec<Added> {
        let none = of.first().map_or(&[][..], Vec::as_slice);
        of.iter().map(|with| Added::of(none, with)).collect()
    };
    let (theirs, ours) = (added(theirs), added(ours));
    let their_rows = theirs.iter().zip(COUNTS);
    let mut rows: Vec<Vec<Cell>> = their_rows
        .map(|(added, limits)| row("nginx, limit_req", limits, added, None))
        .collect();
    let our_rows = ours.iter().zip(&theirs).zip(COUNTS);
    rows.extend(our_rows.map(|((our, their), limits)| row("edge", limits, our, Some(their.by))));
    rows
}

fn row(server: &str, limits: usize, added: &Added, theirs: Option<f64>) -> Vec<Cell> {
    let mut row = vec![
        Cell::text(server),
        Cell::Count(limits as u64),
        Cell::Number(added.with / 1000.0, 1),
    ];
    let differences = [added.by, added.low, added.high].map(|time| match limits {
        0 => Cell::None,
        _ => Cell::Number(time / 1000.0, 2),
    });
    row.extend(differences);
    row.push(match (theirs, limits) {
        (Some(theirs), 1..) => Cell::ratio(added.by, theirs),
        _ => Cell::None,
    });
    row.push(Cell::Number(1e9 / added.with, 0));
    row.push(Cell::ratio(added.without, added.with));
    row
}

/// A server's last limit refuses the second of an hour's one.
fn check(nginx: Nginx, edge: &Path, folder: &Path, request: &[u8]) -> Outcome<()> {
    for limits in COUNTS {
        for (name, server) in [
            ("nginx", start_nginx(nginx, folder, limits, true)?),
            ("edge", start_edge(edge, folder, limits, true)?),
        ] {
            let second = if limits == 0 { 200 } else { 429 };
            for expected in [200, second] {
                let status = ask(server.address, request)?;
                if status != expected {
                    let what = format!("{name} with {limits} limits");
                    return Err(format!("{what}: status {status} where {expected} belongs").into());
                }
            }
        }
    }
    Ok(())
}

/// nginx with so many limits, the last of them one that lets one request pass where it is `strict`.
fn start_nginx(nginx: Nginx, folder: &Path, limits: usize, strict: bool) -> Outcome<Server> {
    let (mut zones, mut asked) = (String::new(), String::new());
    for (index, key) in KEYS.iter().take(limits).enumerate() {
        // Its slowest rate is one in a minute.
        let (rate, burst) = match strict && index + 1 == limits {
            true => ("1r/m", ""),
            false => ("1000000r/s", " burst=1000000 nodelay"),
        };
        zones += &format!("limit_req_zone {key} zone=limit{index}:10m rate={rate};\n");
        asked += &format!("limit_req zone=limit{index}{burst};\n");
    }
    let text = NGINX.replace("@ZONES@", &zones).replace("@ASKED@", &asked);
    nginx.start(&folder.join(format!("nginx-{limits}-{strict}")), &text)
}

/// `edge serve` with the same.
fn start_edge(edge: &Path, folder: &Path, limits: usize, strict: bool) -> Outcome<Server> {
    let last = if strict { "1 per 1h" } else { RATE };
    let text = policy(limits, last, "respond 200 text \"ok\"");
    let name = format!("limits-{limits}-{strict}.edge");
    servers::serve(edge, folder, &name, &text, None)
}
