//! `edge new`: a small policy to start from.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome, Result};
use crate::files::reason;
use crate::terminal::Output;

/// What a new folder holds. `POLICY_NAME` in a text stands for the folder's name.
const FILES: [(&str, &str); 3] = [
    ("policy.edge", include_str!("new/policy.edge")),
    ("host.toml", include_str!("new/host.toml")),
    ("README.md", include_str!("new/README.md")),
];

/// Make a folder with a small policy, its tests and the settings of a host.
///
/// Nothing that exists is overwritten.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  edge new shop
  edge new policies/shop")]
pub struct Args {
    /// The folder to make.
    name: PathBuf,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Outcome> {
    let folder = &args.name;
    fs::create_dir(folder).map_err(|error| cannot_make(folder, &error))?;
    let name = folder
        .file_name()
        .unwrap_or(folder.as_os_str())
        .to_string_lossy();
    for (file, text) in FILES {
        let path = folder.join(file);
        File::create_new(&path)
            .and_then(|mut file| file.write_all(text.replace("POLICY_NAME", &name).as_bytes()))
            .map_err(|error| {
                Failure::new(format!(
                    "cannot write `{}`: {}",
                    path.display(),
                    reason(&error)
                ))
            })?;
    }
    let mut out = Output::stdout();
    let shown = folder.display();
    out.line(&format!(
        "made {shown} with policy.edge, host.toml and README.md; next:"
    ));
    out.line(&format!("  edge test {shown}"));
    out.line(&format!(
        "  edge serve --demo --config {shown}/host.toml {shown}/policy.edge"
    ));
    Ok(Outcome::Fine)
}

fn cannot_make(folder: &Path, error: &io::Error) -> Failure {
    let name = folder.display();
    match error.kind() {
        io::ErrorKind::AlreadyExists => Failure::new(format!("`{name}` exists"))
            .help("choose another name; nothing is overwritten"),
        io::ErrorKind::NotFound => Failure::new(format!(
            "cannot make `{name}`: the folder that it is to lie in does not exist"
        ))
        .help("make that folder first"),
        _ => Failure::new(format!("cannot make `{name}`: {}", reason(error))),
    }
}
