//! `edge build`: from a policy to its module.

mod costs;

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use edge_compiler::decision;

use crate::check::Format;
use crate::failure::{Failure, Outcome, Result};
use crate::files::reason;
use crate::report;
use crate::source::{self, NotCompiled, Policy};
use crate::terminal::{Output, count, grouped};
use costs::Costs;

/// Compile a policy to a WebAssembly module without imports.
///
/// The same sources give the same bytes, wherever they lie. The file is written whole or not at
/// all.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  edge build policy.edge                   writes policy.wasm to the current folder
  edge build policy.edge -o out/shop.wasm
  edge build policy.edge -o - | sha256sum
  edge build policy.edge --emit decision   prints the decision graph
  edge build policy.edge --report          also prints what each rule costs

Exit codes: 0 built, 1 problems in the policy, 2 a file can't be read or written.")]
pub struct Args {
    /// The policy.
    #[arg(value_name = "FILE.edge")]
    file: PathBuf,
    /// Where the module goes, in a folder that is made if need be; `-` is the standard output. [default: the policy's name with
    /// `.wasm`, in the current folder]
    #[arg(short, long, value_name = "OUT.wasm")]
    output: Option<PathBuf>,
    /// Print a stage of the compilation instead of writing the module.
    #[arg(long, value_enum, value_name = "STAGE", conflicts_with = "output")]
    emit: Option<Stage>,
    /// Print what each rule costs, in bytes and in nanoseconds for a byte of the texts that it looks at, and the policy's
    /// worst case.
    #[arg(long, conflicts_with = "emit")]
    report: bool,
    /// How to print the report, and the problems of a policy that has some.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// A stage of the compilation.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Stage {
    /// The policy's own file as written.
    Ast,
    /// What it means: names resolved, types known.
    Hir,
    /// The graph of decisions, after all passes.
    Decision,
    /// The module as text.
    Wat,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Outcome> {
    let policy = match source::compile(&args.file) {
        Ok(policy) => policy,
        Err(NotCompiled::Unreadable(failure)) => return Err(failure),
        Err(NotCompiled::Wrong(report)) => {
            let mut err = Output::stderr();
            match args.format {
                Format::Text => {
                    report::print(&report, &mut err);
                    err.line(&count(report::number(&report), "problem"));
                }
                Format::Json => {
                    report::print_json(&report::found(&report));
                    report::print_hidden(&report, &mut err);
                }
            }
            return Ok(Outcome::Problems);
        }
    };
    report::print(&policy.checked.warnings, &mut Output::stderr());
    if args.report && to_stdout(args) {
        return Err(
            Failure::new("the report and the module can't both go to the standard output")
                .help("name a file with `-o`"),
        );
    }
    match args.emit {
        Some(stage) => Output::stdout().write(print(&policy, stage)?.as_bytes()),
        None => write_module(args, &policy)?,
    }
    if args.report {
        let costs = Costs::of(&policy);
        match args.format {
            Format::Json => report::print_json(&costs),
            Format::Text => Output::stdout().write(costs.text().as_bytes()),
        }
    }
    Ok(Outcome::Fine)
}

fn print(policy: &Policy, stage: Stage) -> Result<String> {
    let mut text = match stage {
        Stage::Ast => policy.checked.ast.print(),
        Stage::Hir => policy.checked.hir.to_string(),
        Stage::Decision => decision::print::print(&policy.lowered.decision),
        Stage::Wat => wasmprinter::print_bytes(&policy.lowered.wasm)
            .map_err(|why| Failure::new(format!("the module can't be printed: {why:#}")))?,
    };
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn write_module(args: &Args, policy: &Policy) -> Result<()> {
    let wasm = &policy.lowered.wasm;
    let mut to = "the standard output".to_owned();
    match &args.output {
        Some(_) if to_stdout(args) => Output::stdout().write(wasm),
        path => {
            let path = path.clone().unwrap_or_else(|| default_output(&args.file));
            if same_file(&path, &args.file) {
                return Err(Failure::new(format!(
                    "the module would replace the policy `{}`",
                    path.display()
                ))
                .help("name another file with `-o`"));
            }
            write_whole(&path, wasm)?;
            to = path.display().to_string();
        }
    }
    let manifest = &policy.lowered.manifest;
    Output::stderr().line(&format!(
        "{to}: {} bytes, {}, {}, {}",
        grouped(wasm.len() as u64),
        count(manifest.rules.len(), "rule"),
        count(manifest.targets.len(), "target"),
        count(policy.checked.hir.tests.len(), "test"),
    ));
    Ok(())
}

fn to_stdout(args: &Args) -> bool {
    let path = args.output.as_ref();
    path.is_some_and(|path| path.as_os_str() == "-")
}

fn default_output(policy: &Path) -> PathBuf {
    let stem = policy.file_stem().unwrap_or("policy".as_ref());
    let mut name = stem.to_owned();
    name.push(".wasm");
    PathBuf::from(name)
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Writes a file so that it is never seen half written: beside it, then renamed. What is there but
/// is not a regular file (`/dev/null`) is written to as it is.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let cannot = |error: std::io::Error| {
        Failure::new(format!(
            "cannot write `{}`: {}",
            path.display(),
            reason(&error)
        ))
        .help("name another file with `-o`, or `-o -` for the standard output")
    };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&real).is_ok_and(|about| !about.is_file()) {
        return fs::write(&real, bytes).map_err(cannot);
    }
    let mut name = std::ffi::OsString::from(".");
    name.push(real.file_name().unwrap_or_default());
    name.push(format!(".{}", std::process::id()));
    let beside = real.with_file_name(name);
    let written = File::create_new(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, &real));
    written.map_err(|error| {
        // If it was never made, there is nothing to remove.
        let _ = fs::remove_file(&beside);
        cannot(error)
    })
}
