//! An origin for trying out a policy: it answers every request with what it was asked.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::thread;

use bytes::Bytes;
use edge_abi::manifest::{Manifest, Target};
use http::{Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use crate::config::{Config, SecretSource};

/// Stand-ins for all origins of a policy, on loopback. They live as long as the process.
#[derive(Debug)]
pub struct Demo {
    addresses: BTreeMap<String, SocketAddr>,
    secrets: Vec<String>,
}

/// What a stand-in answers.
#[derive(Serialize)]
struct Seen<'a> {
    origin: &'a str,
    method: &'a str,
    path: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    headers: BTreeMap<&'a str, Vec<String>>,
    body_bytes: usize,
}

impl Demo {
    /// Starts a stand-in for each origin of the policy, all on one thread.
    ///
    /// # Errors
    /// When there is no port, or no thread.
    pub fn start(manifest: &Manifest) -> io::Result<Self> {
        let mut addresses = BTreeMap::new();
        let mut listeners = Vec::new();
        for target in &manifest.targets {
            let Target::Origin(origin) = target else {
                continue;
            };
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            listener.set_nonblocking(true)?;
            addresses.insert(origin.name.clone(), listener.local_addr()?);
            listeners.push((origin.name.clone(), listener));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name("demo-origins".to_owned())
            .spawn(move || {
                let tasks = LocalSet::new();
                for (name, listener) in listeners {
                    tasks.spawn_local(accept(name, listener));
                }
                runtime.block_on(tasks);
            })?;
        Ok(Self {
            addresses,
            secrets: manifest.secrets.clone(),
        })
    }

    /// Puts the stand-ins in the place of the policy's origins. A secret that the settings
    /// lack, or whose variable is not set, becomes its own name.
    pub fn stand_in(&self, config: &mut Config) {
        for name in &self.secrets {
            let is_set = match config.secrets.get(name) {
                Some(SecretSource::Env(variable)) => std::env::var_os(variable).is_some(),
                other => other.is_some(),
            };
            if !is_set {
                config.secrets.insert(name.clone(), SecretSource::OwnName);
            }
        }
        for (name, address) in &self.addresses {
            config.origins.entry(name.clone()).or_default().url = Some(format!("http://{address}"));
        }
    }

    /// Where the stand-in for an origin listens.
    #[must_use]
    pub fn address(&self, origin: &str) -> Option<SocketAddr> {
        self.addresses.get(origin).copied()
    }
}

async fn accept(name: String, listener: std::net::TcpListener) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        // A client that left before it was accepted is no reason to stop.
        if let Ok((stream, _)) = listener.accept().await {
            tokio::task::spawn_local(serve(name.clone(), stream));
        }
    }
}

async fn serve(name: String, stream: TcpStream) {
    let service = service_fn(|request| answer(&name, request));
    // A client that leaves ends its own connection, and nothing else.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    name: &str,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, mut body) = request.into_parts();
    let mut body_bytes = 0;
    while let Some(Ok(frame)) = body.frame().await {
        body_bytes += frame.data_ref().map_or(0, Bytes::len);
    }
    let mut headers = BTreeMap::<_, Vec<_>>::new();
    for (field, value) in &head.headers {
        let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
        headers.entry(field.as_str()).or_default().push(text);
    }
    let seen = Seen {
        origin: name,
        method: head.method.as_str(),
        path: head.uri.path(),
        query: head.uri.query(),
        headers,
        body_bytes,
    };
    // Maps of text always serialize.
    let mut json = serde_json::to_vec_pretty(&seen).unwrap_or_default();
    json.push(b'\n');
    let mut response = Response::new(Full::from(json));
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    Ok(response)
}
