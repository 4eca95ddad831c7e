//! `edge explain`: what the code of a problem means.

use edge_compiler::diagnostics::codes::{self, CODES};

use crate::failure::{Failure, Outcome, Result};
use crate::terminal::Output;

/// Explain the code of a problem: what it means, why it is one, an example and the fix.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  edge explain E0201
  edge explain            lists all codes")]
pub struct Args {
    /// The code, such as E0201. Without it, all codes are listed.
    code: Option<String>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Outcome> {
    let mut out = Output::stdout();
    let Some(code) = &args.code else {
        for (code, name, _) in CODES {
            out.line(&format!("{code}  {name}"));
        }
        return Ok(Outcome::Fine);
    };
    let found = CODES
        .iter()
        .find(|(known, _, _)| known.eq_ignore_ascii_case(code));
    let Some((_, _, file)) = found else {
        return Err(Failure::new(format!("there is no code `{code}`"))
            .help("`edge explain` without a code lists them all"));
    };
    out.write(codes::page(file).as_bytes());
    Ok(Outcome::Fine)
}
