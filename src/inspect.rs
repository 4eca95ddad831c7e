//! `edge inspect`: what a module holds, and what it promises.

mod module;
mod remembered;
mod show;

use std::path::PathBuf;

use edge_abi::manifest::Manifest;
use serde::Serialize;

use crate::check::Format;
use crate::failure::{Failure, Outcome, Result};
use crate::files;
use crate::report;
use crate::terminal::{Output, plain};
use edge_host::file;
use module::Structure;

/// Most bytes of a module.
const MOST_BYTES: u64 = 256 << 20;

/// Show what a module holds: its rules, origins, limits, sections and exports.
///
/// The module is read and checked, not run.
#[derive(Debug, clap::Args)]
#[command(after_long_help = r#"Examples:
  edge inspect policy.wasm
  edge inspect --format json policy.wasm | jq .manifest.limits

JSON: { "file", "bytes", "functions", "imports": ["module.name"], "exports": [{ "name", "kind" }],
  "sections": [{ "name", "bytes" }], "manifest": { … }, "refused": why no host
  serves it, or null }; the manifest's own shape is docs/manifest.schema.json.

Exit codes: 0 shown, 1 shown, but no host serves it, 2 the file can't be read or is not a policy's module."#)]
pub struct Args {
    /// The module.
    #[arg(value_name = "FILE.wasm")]
    file: PathBuf,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// All that can be seen.
#[derive(Debug, Serialize)]
struct Inspection {
    file: String,
    bytes: usize,
    #[serde(flatten)]
    structure: Structure,
    manifest: Manifest,
    /// Why a host does not serve it.
    refused: Option<String>,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Outcome> {
    let name = args.file.display().to_string();
    let bytes =
        file::read(&args.file, MOST_BYTES).map_err(|error| files::failure(&error, &args.file))?;
    let not_a_policy = |why: String| {
        Failure::new(format!("`{name}` is not a policy's module: {why}"))
            .help("`edge build FILE.edge` makes one")
    };
    let (structure, manifest) = module::read(&bytes).map_err(not_a_policy)?;
    let manifest = serde_json::from_slice(manifest)
        .map_err(|error| not_a_policy(format!("its manifest can't be read: {error}")))?;
    let inspection = Inspection {
        file: name,
        bytes: bytes.len(),
        structure,
        manifest,
        refused: edge_host::engine::check(&bytes)
            .err()
            .map(|error| error.to_string()),
    };
    match args.format {
        Format::Json => report::print_json(&inspection),
        Format::Text => Output::stdout().write(show::text(&inspection).as_bytes()),
    }
    if let Some(why) = &inspection.refused {
        Output::stderr().line(&format!("this module can't be served: {}", plain(why)));
    }
    Ok(Outcome::problems_if(inspection.refused.is_some()))
}
