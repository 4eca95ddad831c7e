//! How a command ends.

use std::process::ExitCode;

use crate::terminal::{Output, plain};

/// What a command gives: how it went, or why it couldn't do its work.
pub type Result<T> = std::result::Result<T, Failure>;

/// How a command that did its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well.
    Fine,
    /// A policy has problems, or a test fails.
    Problems,
}

impl Outcome {
    /// `Problems` if that is so.
    pub fn problems_if(found: bool) -> Self {
        if found {
            Outcome::Problems
        } else {
            Outcome::Fine
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine => ExitCode::SUCCESS,
            Outcome::Problems => ExitCode::from(1),
        }
    }
}

/// Why a command couldn't do its work, with a way out.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    message: String,
    help: Option<String>,
}

impl Failure {
    /// A failure without a way out that can be named.
    pub fn new(message: impl Into<String>) -> Self {
        Failure {
            message: message.into(),
            help: None,
        }
    }

    /// Names a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Prints it as `error: …` and `help: …`.
    pub fn print(&self) {
        let mut err = Output::stderr();
        let style = err.style();
        let message = plain(&self.message);
        err.line(&format!("{}: {message}", style.red("error")));
        if let Some(help) = &self.help {
            err.line(&format!("{}: {}", style.cyan("help"), plain(help)));
        }
    }
}
