//! Real origins: HTTP/1.1 over pooled connections, plain or encrypted.
//!
//! Each worker has its own pools, so no connection is shared between threads. What is
//! the same for all workers, addresses and trusted certificates, is checked once, before
//! the host listens, and kept in an [`OriginPlan`].

mod address;
mod body;
mod connect;
mod plan;
mod pool;
mod tls;

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use http::{HeaderMap, Method, Request, Response, StatusCode, Version, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use hyper::ext::on_informational;
use tokio::time::Instant;

use crate::headers::{TransferCoding, transfer_coding};
use crate::interim::Interims;
use crate::upstream::{Body, Try, TryError, Upstream, boxed};
use body::{Progress, Received, Sent};
use plan::Planned;
use pool::{Lease, Pool, Sender};

pub use address::Address;
pub use plan::{OriginError, OriginPlan};
pub use tls::TlsError;

/// The origins of a policy, as one worker reaches them. Clones are the same origins.
#[derive(Clone)]
pub struct Origins {
    shared: Rc<Shared>,
    /// Where interim answers go, if anybody is to have them.
    interims: Option<Interims>,
}

struct Shared {
    plan: OriginPlan,
    /// By target, as in the plan.
    pools: Vec<Pool>,
}

impl Origins {
    /// Empty pools for the origins of the plan. They are to be used within one
    /// [`LocalSet`](tokio::task::LocalSet), where their connections run.
    #[must_use]
    pub fn new(plan: OriginPlan) -> Self {
        let pools = plan
            .origins
            .iter()
            .map(|origin| {
                Pool::new(
                    origin.as_ref().map_or(Duration::ZERO, |o| o.idle),
                    plan.max_idle,
                )
            })
            .collect();
        Self {
            shared: Rc::new(Shared { plan, pools }),
            interims: None,
        }
    }

    /// The same origins for one request, whose client is to have their interim answers.
    pub(crate) fn telling(&self, interims: Option<Interims>) -> Self {
        Self {
            shared: Rc::clone(&self.shared),
            interims,
        }
    }
}

impl Shared {
    async fn connect(&self, origin: &Planned, limit: Duration) -> Result<Sender, TryError> {
        let connecting = connect::connect(&origin.address, self.plan.tls.as_ref());
        match tokio::time::timeout(limit, connecting).await {
            Ok(Ok(sender)) => Ok(sender),
            Ok(Err(error)) => Err(TryError::Connect(error.to_string())),
            Err(_) => Err(TryError::Connect(format!("no connection within {limit:?}"))),
        }
    }
}

impl Upstream for Origins {
    async fn send(
        &self,
        origin: u32,
        request: Request<Body>,
        limits: Try,
    ) -> Result<Response<Body>, TryError> {
        let (index, shared) = (origin as usize, &self.shared);
        let (Some(Some(origin)), Some(pool)) =
            (shared.plan.origins.get(index), shared.pools.get(index))
        else {
            return Err(TryError::Connect(format!(
                "target {index} is not an origin"
            )));
        };
        let progress = Progress::new(&request, limits.timeout);
        let mut request = request.map(|body| Sent::new(body, progress.clone()));
        *request.version_mut() = Version::HTTP_11;
        origin.set_host(request.headers_mut());
        if let Some(interims) = self.interims.clone() {
            on_informational(&mut request, move |interim| {
                interims.take(interim.status(), interim.headers());
            });
        }
        if let Some(mut sender) = pool.take() {
            let spare = resendable(&request);
            let sending = sender.try_send_request(request);
            match within(&progress, sending).await? {
                Ok(response) => return received(response, pool, sender, origin.idle),
                Err(failed) => request = after_stale(failed, spare)?,
            }
        }
        let mut sender = shared
            .connect(origin, limits.connect.min(limits.timeout))
            .await?;
        match within(&progress, sender.try_send_request(request)).await? {
            Ok(response) => received(response, pool, sender, origin.idle),
            Err(failed) => Err(reset(failed.error())),
        }
    }
}

/// Waits for `sending` until the origin has had its time.
async fn within<T>(progress: &Progress, sending: impl Future<Output = T>) -> Result<T, TryError> {
    let mut sending = std::pin::pin!(sending);
    let mut deadline = progress.deadline();
    loop {
        match tokio::time::timeout_at(deadline, &mut sending).await {
            Ok(sent) => return Ok(sent),
            Err(_) => deadline = progress.deadline(),
        }
        if deadline <= Instant::now() {
            return Err(TryError::Timeout);
        }
    }
}

/// A copy of a request that may be sent twice: its method is idempotent (RFC 9110,
/// 9.2.2) and it has no body.
fn resendable(request: &Request<Sent>) -> Option<Request<Sent>> {
    let idempotent = [
        &Method::GET,
        &Method::HEAD,
        &Method::OPTIONS,
        &Method::PUT,
        &Method::DELETE,
    ];
    if !request.body().is_end_stream() || !idempotent.contains(&request.method()) {
        return None;
    }
    let mut copy = Request::new(Sent::empty());
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    copy.headers_mut().clone_from(request.headers());
    *copy.version_mut() = request.version();
    copy.extensions_mut().clone_from(request.extensions());
    Some(copy)
}

/// What to send over a new connection after a pooled one has failed: the request itself
/// if none of it was written, else the spare copy, provided that no answer had begun.
fn after_stale(
    mut failed: TrySendError<Request<Sent>>,
    spare: Option<Request<Sent>>,
) -> Result<Request<Sent>, TryError> {
    if let Some(unsent) = failed.take_message() {
        return Ok(unsent);
    }
    let error = failed.error();
    let closed =
        error.is_incomplete_message() || error.is_canceled() || error.is_closed() || is_io(error);
    spare.filter(|_| closed).ok_or_else(|| reset(error))
}

fn is_io(error: &hyper::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// The error with what caused it.
fn reset(error: &hyper::Error) -> TryError {
    match std::error::Error::source(error) {
        Some(source) => TryError::Reset(format!("{error}: {source}")),
        None => TryError::Reset(error.to_string()),
    }
}

/// The response, with what happens at the end of its body.
fn received(
    mut response: Response<Incoming>,
    pool: &Pool,
    sender: Sender,
    idle: Duration,
) -> Result<Response<Body>, TryError> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        // No request asks for it: `Upgrade` stays on its hop.
        return Err(TryError::Reset(
            "the origin switches protocols unasked".to_owned(),
        ));
    }
    // The version is the origin's; what the client is told is for the server to say.
    *response.version_mut() = Version::HTTP_11;
    let lease = match both_framings(response.headers_mut())? {
        true => Lease::for_once(sender, pool.clone()),
        false => Lease::new(sender, pool.clone()),
    };
    Ok(response.map(|body| boxed(Received::new(body, lease, idle))))
}

/// Whether an answer is framed in both ways. Its chunks count then, and its length must not
/// go on (RFC 9112 6.3).
fn both_framings(headers: &mut HeaderMap) -> Result<bool, TryError> {
    match transfer_coding(headers) {
        TransferCoding::None => Ok(false),
        TransferCoding::Chunked => Ok(headers.remove(header::CONTENT_LENGTH).is_some()),
        // No request asks for one: `TE` stays on its hop.
        TransferCoding::ChunkedTwice | TransferCoding::Other => Err(TryError::Reset(
            "a transfer coding other than `chunked`".to_owned(),
        )),
    }
}
