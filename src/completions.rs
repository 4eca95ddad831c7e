//! `edge completions`: the command line in the shell's own words.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::failure::{Outcome, Result};
use crate::terminal::Output;

/// Print a script that completes `edge` in a shell.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  edge completions bash > ~/.local/share/bash-completion/completions/edge
  edge completions zsh > ~/.zfunc/_edge
  edge completions fish > ~/.config/fish/completions/edge.fish")]
pub struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "edge", &mut script);
    Output::stdout().write(&script);
    Ok(Outcome::Fine)
}
