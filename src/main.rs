//! `edge`: checks, builds, tests and serves policies.

mod build;
mod check;
mod completions;
mod explain;
mod failure;
mod files;
mod find;
mod inspect;
mod loader;
mod new;
mod purge;
mod report;
mod serve;
mod source;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use failure::{Outcome, Result};

/// Edge policies: what to answer, what to block and where to send the rest, compiled to
/// WebAssembly.
#[derive(Debug, Parser)]
#[command(name = "edge", version, arg_required_else_help = true)]
#[command(after_help = "\
Start here:
  edge new shop            make a small policy with tests
  edge test shop           run its tests
  edge serve --demo shop/policy.edge

Exit codes: 0 all is well, 1 problems in a policy or tests that fail, 2 misuse, or a file or port
that can't be used.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    Build(build::Args),
    Test(test::Args),
    Serve(serve::Args),
    Inspect(inspect::Args),
    New(new::Args),
    Purge(purge::Args),
    Explain(explain::Args),
    Completions(completions::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(_) if terminal::write_failed() => ExitCode::from(2),
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            failure.print();
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<Outcome> {
    match command {
        Command::Check(args) => check::run(&args),
        Command::Build(args) => build::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Inspect(args) => inspect::run(&args),
        Command::New(args) => new::run(&args),
        Command::Purge(args) => purge::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}
