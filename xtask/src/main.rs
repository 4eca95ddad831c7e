//! Makes what is checked in although it can be built: `cargo xtask TASK [--check]`.

use std::process::ExitCode;

mod build;
mod digest;
mod errors;
mod kernels;
mod schema;
mod sizes;

const USAGE: &str = "\
usage: cargo xtask TASK [--check]

  kernels          build stdlib/kernels.wasm and stdlib/kernels_float.wasm
  kernels --check  fail when they were not made from the sources as they are
  kernels --sizes  what each kernel adds to a module, in bytes of code
  manifest-schema  write docs/manifest.schema.json (--check: fail when it differs)
  errors           write docs/errors.md (--check: fail when it differs)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["kernels"] => kernels::write(),
        ["kernels", "--check"] => kernels::check(),
        ["kernels", "--sizes"] => sizes::print(),
        ["errors"] => errors::write(),
        ["errors", "--check"] => errors::check(),
        ["manifest-schema"] => schema::write(),
        ["manifest-schema", "--check"] => schema::check(),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// What a task ends with: nothing, or a message for the person who ran it.
type Done<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// The workspace's root.
fn root() -> &'static std::path::Path {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here)
}
