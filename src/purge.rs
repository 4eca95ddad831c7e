//! `edge purge`: lets a running host forget what it keeps of origins' answers.

use std::path::PathBuf;
use std::time::Duration;

use edge_host::config::Config;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::check::Format;
use crate::failure::{Failure, Outcome, Result};
use crate::terminal::Output;

/// Longest time for the whole of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest answer that is read.
const MAX_ANSWER: usize = 64 << 10;

/// Where the token is, unless a file is named.
const TOKEN: &str = "EDGE_ADMIN_TOKEN";

/// Let a running host forget answers that it keeps, at its `[admin] listen` address.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  edge purge --tag product-7
  edge purge --path /news --path /sport
  edge purge --prefix /static/ --soft          what is there becomes old, and is asked for again
  edge purge --all --admin 10.0.0.7:9901 --token-file /run/secrets/edge-admin

The token is taken from the file, or else from the environment variable EDGE_ADMIN_TOKEN. It is sent
as it is: use it within a network that you trust.")]
pub struct Args {
    /// What bears this tag, by `tag` of the policy, `Surrogate-Key` or `Cache-Tag`.
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// A path in its normal form, with any query, on every host name.
    #[arg(long, value_name = "PATH")]
    path: Vec<String>,
    /// All paths that begin so.
    #[arg(long, value_name = "PATH")]
    prefix: Vec<String>,
    /// Everything.
    #[arg(long)]
    all: bool,
    /// Make it old rather than forget it: it may still be served while it is asked for, and where
    /// no origin answers.
    #[arg(long)]
    soft: bool,
    /// The host's `[admin] listen`. [default: 127.0.0.1:9901]
    #[arg(long, value_name = "ADDRESS")]
    admin: Option<String>,
    /// The host's settings, which name that address.
    #[arg(long, value_name = "FILE", conflicts_with = "admin")]
    config: Option<PathBuf>,
    /// A file with the host's `[admin] token`.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// How the result is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

/// Runs the command.
pub fn run(args: &Args) -> Result<Outcome> {
    if args.tag.is_empty() && args.path.is_empty() && args.prefix.is_empty() && !args.all {
        return Err(Failure::new("nothing to purge")
            .help("say what: `--tag`, `--path`, `--prefix` or `--all`"));
    }
    let address = address(args)?;
    let token = token(args)?;
    let body = json!({
        "tags": args.tag, "paths": args.path, "prefixes": args.prefix,
        "all": args.all, "soft": args.soft,
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(format!("cannot start: {error}")))?;
    let sending = async {
        let asking = ask(&address, token.as_deref(), body.to_string());
        tokio::time::timeout(PATIENCE, asking)
            .await
            .unwrap_or_else(|_| Err(Failure::new(format!("no answer of {address} in time"))))
    };
    let (status, answer) = runtime.block_on(sending)?;
    match status {
        StatusCode::OK => Ok(tell(args, &answer)),
        StatusCode::UNAUTHORIZED => Err(Failure::new(format!("{address} wants a token"))
            .help(format!("name a file, `--token-file`, or set {TOKEN}"))),
        _ => {
            let reason = answer.get("error").and_then(Value::as_str);
            let reason = reason.map_or_else(|| status.to_string(), str::to_owned);
            Err(Failure::new(format!("{address} refuses: {reason}")))
        }
    }
}

/// Says what was done.
fn tell(args: &Args, answer: &Value) -> Outcome {
    let mut out = Output::stdout();
    let safe = answer.get("safe").and_then(Value::as_bool).unwrap_or(false);
    if args.format == Format::Json {
        out.line(&answer.to_string());
    } else {
        let count = answer.get("purged").and_then(Value::as_u64).unwrap_or(0);
        let done = if args.soft { "made old" } else { "purged" };
        out.line(&format!("{done}: {count}"));
        if !safe {
            out.line("but other hosts may not have heard it, or it may not outlive this one: purge again when they are there");
        }
    }
    Outcome::problems_if(!safe)
}

fn address(args: &Args) -> Result<String> {
    if let Some(file) = &args.config {
        let config = Config::read(file).map_err(|error| Failure::new(error.to_string()))?;
        return match config.admin.listen {
            Some(address) => Ok(address.to_string()),
            None => Err(
                Failure::new(format!("{} has no `[admin] listen`", file.display()))
                    .help("set it, and start the host anew: `listen = \"127.0.0.1:9901\"`"),
            ),
        };
    }
    let address = args.admin.as_deref().unwrap_or("127.0.0.1:9901");
    let address = address.strip_prefix("http://").unwrap_or(address);
    Ok(address.trim_end_matches('/').to_owned())
}

fn token(args: &Args) -> Result<Option<String>> {
    let Some(file) = &args.token_file else {
        return Ok(std::env::var(TOKEN).ok());
    };
    let text = std::fs::read_to_string(file);
    let text =
        text.map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))?;
    Ok(Some(text.trim_end().to_owned()))
}

async fn ask(address: &str, token: Option<&str>, body: String) -> Result<(StatusCode, Value)> {
    let away = |error: String| {
        Failure::new(format!("nobody answers at {address}: {error}"))
            .help("a host does where its settings say `[admin]` `listen = \"127.0.0.1:9901\"`; name another with `--admin`")
    };
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(|error| away(error.to_string()))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| away(error.to_string()))?;
    let mut request = Request::post("/purge")
        .header(header::HOST, address)
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| {
            Failure::new(format!("the address or the token can't be sent: {error}"))
        })?;
    let asking = async {
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| away(error.to_string()))?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await;
        let body = body.map_err(|error| away(error.to_string()))?.to_bytes();
        Ok((status, serde_json::from_slice(&body).unwrap_or(Value::Null)))
    };
    tokio::pin!(connection, asking);
    tokio::select! {
        answer = &mut asking => answer,
        // it ends when the answer is there, or will never be
        _ = &mut connection => asking.await,
    }
}
