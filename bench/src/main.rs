//! `cargo run --release -p edge-bench`: what policies cost, beside native code in one run.
//!
//! Every time is CPU time of the measuring thread, the median of rounds that take turns,
//! so that a busy machine changes what is measured together alike: read the ratios. What has
//! a process of its own tells that process's CPU time. `bench/README.md` explains each line.

mod clock;
mod compile;
mod composite;
mod examples;
mod firewall;
mod limits;
mod memory;
mod native;
mod policy;
mod report;
mod request;
mod routes;
mod rules;
mod scans;
mod servers;
mod sizes;

use clock::Budget;
use report::Section;
use std::{error::Error, process::ExitCode};

/// What a measurement gives, or why it can't be made.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// A part of the benchmark: its name, and what measures it.
type Part = (&'static str, fn(&Budget) -> Outcome<Vec<Section>>);

const PARTS: &[Part] = &[
    ("sizes", sizes::measure),
    ("examples", examples::measure),
    ("composite", composite::measure),
    ("routes", routes::measure),
    ("scans", scans::measure),
    ("rules", rules::measure),
    ("firewall", firewall::measure),
    ("limits", limits::measure),
    ("compile", compile::measure),
];

const USAGE: &str = "usage: edge-bench [--quick] [--format table|json] [PART]...
parts: sizes examples composite routes scans rules firewall limits compile (all of them, if none is named)";

fn main() -> ExitCode {
    match Options::read(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What the command line says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    quick: bool,
    json: bool,
    parts: Vec<String>,
    /// What the benchmark asks of another process of its own: see [`limits::alone`].
    alone: Option<String>,
}

impl Options {
    fn read(arguments: impl Iterator<Item = String>) -> Outcome<Options> {
        let mut options = Options::default();
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => options.quick = true,
                "--format" => match arguments.next().as_deref() {
                    Some("json") => options.json = true,
                    Some("table") => options.json = false,
                    _ => return Err(USAGE.into()),
                },
                "--alone" => options.alone = Some(arguments.next().ok_or(USAGE)?),
                part if PARTS.iter().any(|(name, _)| *name == part) => options.parts.push(argument),
                _ => return Err(USAGE.into()),
            }
        }
        Ok(options)
    }

    fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

fn run(options: &Options) -> Outcome<String> {
    let budget = if options.quick {
        Budget::quick()
    } else {
        Budget::full()
    };
    if let Some(what) = &options.alone {
        return limits::alone(what);
    }
    let mut sections = Vec::new();
    for (name, measure) in PARTS {
        if options.wants(name) {
            sections.extend(measure(&budget)?);
        }
    }
    Ok(if options.json {
        report::json(&sections)
    } else {
        report::table(&sections)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn every_part_runs_quickly_and_says_something() {
        let options = Options {
            quick: true,
            json: true,
            ..Options::default()
        };
        let text = run(&options).unwrap();
        let sections: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert!(sections.len() >= PARTS.len());
        for section in &sections {
            let rows = section["rows"].as_array().unwrap();
            assert!(!rows.is_empty(), "{}", section["title"]);
        }
    }

    #[test]
    fn the_command_line_is_read() {
        let read = |line: &str| Options::read(line.split_whitespace().map(str::to_owned));
        let options = read("--quick --format json routes").unwrap();
        assert!(options.quick && options.json);
        assert!(options.wants("routes") && !options.wants("sizes"));
        assert!(read("").unwrap().wants("sizes"));
        assert!(read("--format").is_err() && read("all").is_err());
    }
}
