//! `edge serve`: a policy on a port.

mod refused;

use std::future::ready;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use edge_abi::manifest::Manifest;
use edge_host::config::Config;
use edge_host::demo::Demo;
use edge_host::engine::{Engine, EngineOptions, Policy};
use edge_host::server::{Server, StartError};

use crate::failure::{Failure, Outcome, Result};
use crate::files::{self, reason};
use crate::report;
use crate::source::{self, NotCompiled};
use crate::terminal::{Output, count, plain};
use edge_host::file;
use refused::{cannot_start, not_loaded};

/// Most bytes of a policy or a module.
const MOST_BYTES: u64 = 256 << 20;

/// Serve a policy: answer requests, deny them, or pass them on to origins.
///
/// A source is compiled first; a module is known by its first bytes. The access log goes to the
/// standard output, a JSON object a line.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  edge serve --demo policy.edge                    without origins: stand-ins answer for them
  edge serve --config host.toml policy.wasm
  edge serve --listen 0.0.0.0:80 --set geo.country=DE --param ramp=10% policy.edge

The settings are described in docs/operations.md. SIGTERM and ctrl-c finish what is in flight; a
second one ends it at once.

Exit codes: 0 stopped by a signal, 1 problems in the policy, 2 a file, a setting or the port can't
be used.")]
pub struct Args {
    /// The policy, as source or module.
    #[arg(value_name = "FILE.edge|FILE.wasm")]
    file: PathBuf,
    /// Where to listen; port 0 lets the system choose. [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,
    /// The host's settings.
    #[arg(long, value_name = "host.toml")]
    config: Option<PathBuf>,
    /// Change one setting; can be given again.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Give a param of the policy its value; can be given again.
    #[arg(long, value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// Threads that serve. [default: one for each processor]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Start a stand-in for each origin, which answers with what it was asked. A secret that is
    /// not set is its own name.
    #[arg(long)]
    demo: bool,
}

fn address(text: &str) -> std::result::Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "expected an address with its port, such as `127.0.0.1:8080`")
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Outcome> {
    let mut config = configure(args)?;
    let Some(module) = module(&args.file)? else {
        return Ok(Outcome::Problems);
    };
    if args.demo {
        let demo = Demo::start(&module.manifest()?).map_err(|error| {
            Failure::new(format!(
                "cannot start the demo's origins: {}",
                reason(&error)
            ))
        })?;
        demo.stand_in(&mut config);
    }
    let listen = config.listen;
    let server = Server::bind(config, &module.wasm, &module.options())
        .map_err(|error| cannot_start(&error, listen))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot serve: {}", reason(&error))))?;
    runtime.block_on(serve(server, args))?;
    Ok(Outcome::Fine)
}

/// The file's settings, then those of the command line.
fn configure(args: &Args) -> Result<Config> {
    let wrong = |error: edge_host::config::ConfigError| {
        Failure::new(error.to_string()).help("the settings are described in docs/operations.md")
    };
    let mut config = match &args.config {
        Some(path) => {
            let text =
                file::read(path, MOST_BYTES).map_err(|error| files::failure(&error, path))?;
            let text = String::from_utf8(text).map_err(|_| {
                Failure::new(format!("`{}` is not UTF-8 text", path.display()))
                    .help("`--config` takes a file of settings, `host.toml`")
            })?;
            Config::parse(&text, path).map_err(wrong)?
        }
        None => Config::default(),
    };
    for assignment in &args.set {
        config.set(assignment).map_err(wrong)?;
    }
    for assignment in &args.param {
        let name = assignment
            .split_once('=')
            .map_or("", |(name, _)| name.trim());
        if name.is_empty() || name.contains('.') {
            return Err(
                Failure::new(format!("`--param {assignment}`: expected NAME=VALUE"))
                    .help("such as `--param ramp=10%`"),
            );
        }
        config.set(&format!("params.{assignment}")).map_err(wrong)?;
    }
    if let Some(workers) = args.workers {
        config.set(&format!("workers={workers}")).map_err(wrong)?;
    }
    if let Some(listen) = args.listen {
        config.listen = listen;
    }
    Ok(config)
}

/// A module, and whether this process made it.
struct Module {
    wasm: Vec<u8>,
    made: Option<Manifest>,
}

impl Module {
    /// What comes from elsewhere is stopped when it runs too long; what was made here can't.
    fn options(&self) -> EngineOptions {
        EngineOptions {
            fuel: self.made.is_none(),
            ..EngineOptions::default()
        }
    }

    fn manifest(&self) -> Result<Manifest> {
        if let Some(manifest) = &self.made {
            return Ok(manifest.clone());
        }
        let engine = Engine::new(&self.options()).map_err(StartError::from);
        let policy = engine.and_then(|engine| Ok(Policy::load(&engine, &self.wasm)?));
        match policy {
            Ok(policy) => Ok(policy.manifest().clone()),
            Err(error) => Err(not_loaded(&error)),
        }
    }
}

/// None when the policy has problems, which are printed.
fn module(path: &Path) -> Result<Option<Module>> {
    let bytes = file::read(path, MOST_BYTES).map_err(|error| files::failure(&error, path))?;
    if bytes.starts_with(b"\0asm") {
        return Ok(Some(Module {
            wasm: bytes,
            made: None,
        }));
    }
    // Taken as source, it would only fail with a problem that says nothing of modules.
    if path
        .extension()
        .is_some_and(|extension| extension == "wasm")
    {
        let what = match bytes.is_empty() {
            true => "is empty",
            false => "is not a WebAssembly module",
        };
        let name = path.display();
        return Err(Failure::new(format!("`{name}` {what}"))
            .help(format!("`edge build FILE.edge -o {name}` makes it")));
    }
    match source::compile_bytes(path, &bytes) {
        Ok(policy) => Ok(Some(Module {
            wasm: policy.lowered.wasm,
            made: Some(policy.lowered.manifest),
        })),
        Err(NotCompiled::Unreadable(failure)) => Err(failure),
        Err(NotCompiled::Wrong(report)) => {
            let mut err = Output::stderr();
            report::print(&report, &mut err);
            err.line(&count(report::number(&report), "problem"));
            Ok(None)
        }
    }
}

async fn serve(server: Server, args: &Args) -> Result<()> {
    let (address, admin) = (server.local_addr(), server.admin_addr());
    let children = server.children_addr();
    let serving = server.run_until_signal();
    tokio::pin!(serving);
    // Polled first, so that signals are caught before anybody reads that it is serving.
    let ended = tokio::select! {
        biased;
        ended = &mut serving => Some(ended),
        () = ready(()) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            announce(address, admin, children, args);
            serving.await
        }
    };
    ended.map_err(|error| Failure::new(format!("stopped: {error}")))
}

fn announce(
    address: SocketAddr,
    admin: Option<SocketAddr>,
    children: Option<SocketAddr>,
    args: &Args,
) {
    let demo = if args.demo {
        ", with stand-ins for its origins and unset secrets"
    } else {
        ""
    };
    let file = args.file.display().to_string();
    let mut err = Output::stderr();
    err.line(&format!(
        "serving {} on http://{address}{demo}; ctrl-c stops it",
        plain(&file)
    ));
    if let Some(admin) = admin {
        err.line(&format!("metrics on http://{admin}/metrics"));
    }
    if let Some(children) = children {
        err.line(&format!(
            "regional tier for other hosts on http://{children}"
        ));
    }
}
