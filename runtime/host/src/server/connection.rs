//! One client's connection from its first byte to its last.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::uri::Scheme;
use http::{Request, Response, Version, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

use super::Stage;
use super::body::{Download, Upload};
use super::finish::Unfinished;
use super::stream::Stream;
use super::watch::{Cut, Watch};
use crate::access_log::{Abandoned, Entry, LogHandle, Refused};
use crate::config::Limits;
use crate::exchange::{self, Answer, Client, Worker};
use crate::interim::{Interims, Outbox};
use crate::origin::Origins;
use crate::sources::{Clock, SystemClock};
use crate::upstream::{self, Body};

/// What all connections of a worker share.
pub struct Context {
    /// The policy's instance.
    pub worker: Rc<Worker>,
    /// Its origins.
    pub origins: Origins,
    /// Bounds on each connection.
    pub limits: Limits,
    /// Where requests are logged.
    pub log: LogHandle,
}

/// Serves a connection until one of the sides ends it or a limit is reached, and what then still has to be
/// done for its last request.
pub async fn serve(
    context: Rc<Context>,
    stream: TcpStream,
    peer: SocketAddr,
    stage: Receiver<Stage>,
) {
    let unfinished = Unfinished::default();
    converse(context, stream, peer, stage, unfinished.clone()).await;
    unfinished.finish().await;
}

async fn converse(
    context: Rc<Context>,
    stream: TcpStream,
    peer: SocketAddr,
    mut stage: Receiver<Stage>,
    unfinished: Unfinished<Answer>,
) {
    // Without it small answers wait for the acknowledgement of the ones before.
    let _ = stream.set_nodelay(true);
    let watch = Rc::new(Watch::new());
    let limits = context.limits.clone();
    let (inbox, outbox) = (Arc::default(), Outbox::new());
    let service = service_fn(|request| {
        let interims = (request.version() > Version::HTTP_10).then(|| Interims::begin(&inbox));
        let answering = answer(
            &context,
            request,
            peer,
            watch.clone(),
            &unfinished,
            interims.clone(),
        );
        telling(answering, interims, outbox.clone())
    });
    let io = TokioIo::new(Stream::new(stream, watch.clone(), outbox.clone()));
    let mut serving = *stage.borrow_and_update() == Stage::Serving;
    let mut connection = pin!(builder(&limits, serving).serve_connection(io, service));
    let mut timer = pin!(sleep_until(next_look(&watch, &limits)));
    loop {
        tokio::select! {
            biased;
            // Before the connection, so that an answer written from now on says `close`.
            next = next_stage(&mut stage, serving) => {
                if !serving || next == Stage::Ending {
                    return watch.cut(Cut::Ending);
                }
                serving = false;
                connection.as_mut().graceful_shutdown();
            }
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    note_refusal(&context, peer, &error);
                }
                return;
            }
            () = timer.as_mut() => {
                let late = watch.deadline(&limits).is_some_and(|deadline| deadline <= Instant::now());
                if late {
                    return watch.cut(Cut::Slow);
                }
                timer.as_mut().reset(next_look(&watch, &limits));
            }
        }
    }
}

/// Counts and logs what was no request; hyper has answered it. Other errors are resets and closes in
/// the middle of a request, which has its own line, or of nothing at all.
fn note_refusal(context: &Context, peer: SocketAddr, error: &hyper::Error) {
    if !error.is_parse() {
        return;
    }
    context.worker.deployment().metrics().refuse_malformed();
    let status = match error {
        // Not a word of ours would be understood.
        error if error.is_parse_version_h2() => None,
        error if error.is_parse_too_large() => Some(431),
        _ => Some(400),
    };
    context.log.write(|| {
        Entry::Refused(Refused {
            refused_ms: SystemClock.now_ms(),
            peer: peer.ip(),
            status,
            reason: error.to_string(),
        })
    });
}

/// Waits for a stage that this connection has not acted upon yet.
async fn next_stage(stage: &mut Receiver<Stage>, serving: bool) -> Stage {
    let news = |stage: &Stage| *stage == Stage::Ending || (serving && *stage == Stage::Draining);
    // Without a sender the server itself is gone.
    stage
        .wait_for(news)
        .await
        .map_or(Stage::Ending, |stage| *stage)
}

/// HTTP/1.1 with the configured bounds. Time limits are the watch's.
fn builder(limits: &Limits, keep_alive: bool) -> http1::Builder {
    let head = limits.head.0;
    let mut builder = http1::Builder::new();
    builder
        .keep_alive(keep_alive)
        .half_close(limits.half_close)
        .header_read_timeout(None)
        .max_buf_size(head)
        .max_header_size(head);
    // The default number is cheaper than the same number set.
    if limits.headers != Limits::default().headers {
        builder.max_headers(limits.headers);
    }
    builder
}

/// When to look at the notes again: at the deadline that they show, and early enough for
/// any that may begin in between.
fn next_look(watch: &Watch, limits: &Limits) -> Instant {
    let reading = limits
        .head_timeout
        .min(limits.idle_timeout)
        .min(limits.body_timeout);
    let shortest = reading.min(limits.write_timeout).0;
    // At least a millisecond, so that a limit of zero does not spin.
    let step = Instant::now() + shortest.max(Duration::from_millis(1));
    watch
        .deadline(limits)
        .map_or(step, |deadline| deadline.min(step))
}

async fn answer(
    context: &Rc<Context>,
    request: Request<Incoming>,
    peer: SocketAddr,
    watch: Rc<Watch>,
    unfinished: &Unfinished<Answer>,
    interims: Option<Interims>,
) -> Result<Response<Download>, Infallible> {
    watch.begin();
    let start = Instant::now();
    let client = Client {
        ip: peer.ip(),
        port: peer.port(),
        scheme: Scheme::HTTP,
        tls_version: None,
    };
    let mut waiting = Waiting::new(context, watch.clone(), &request, peer, start);
    let request = request.map(|body| upload(body, &watch));
    let origins = context.origins.telling(interims);
    let answer = if context.worker.deployment().policy().manifest().finishes {
        let context = context.clone();
        let exchange =
            async move { exchange::handle(&context.worker, &origins, request, client).await };
        unfinished.keep(exchange).await
    } else {
        exchange::handle(&context.worker, &origins, request, client).await
    };
    waiting.request = None;
    let shared = context.clone();
    let (record, scans) = (answer.record, answer.scans);
    Ok(answer
        .response
        .map(|body| Download::new(body, record, scans, start, watch, shared)))
}

/// Answers, and lets the client have what origins say before.
async fn telling<T>(
    answering: impl Future<Output = T>,
    interims: Option<Interims>,
    outbox: Rc<Outbox>,
) -> T {
    let mut answering = pin!(answering);
    poll_fn(|cx| {
        let polled = answering.as_mut().poll(cx);
        if let Some(interims) = &interims {
            interims.deliver(cx, &outbox);
        }
        polled
    })
    .await
}

/// Most requests have no body, and need nothing to be watched.
fn upload(body: Incoming, watch: &Rc<Watch>) -> Body {
    if body.is_end_stream() {
        return upstream::empty();
    }
    upstream::boxed(Upload::new(body, watch.clone()))
}

/// A request without an answer. Dropped so, it is counted and logged.
struct Waiting<'a> {
    context: &'a Context,
    watch: Rc<Watch>,
    start: Instant,
    request: Option<Abandoned>,
}

impl<'a> Waiting<'a> {
    fn new(
        context: &'a Context,
        watch: Rc<Watch>,
        request: &Request<Incoming>,
        peer: SocketAddr,
        start: Instant,
    ) -> Self {
        let request = Abandoned {
            received_ms: SystemClock.now_ms(),
            peer: peer.ip(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            host: request.headers().get(header::HOST).cloned(),
            total: Duration::ZERO,
            reason: "",
        };
        context.worker.deployment().metrics().begin();
        Self {
            context,
            watch,
            start,
            request: Some(request),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(mut request) = self.request.take() {
            request.total = self.start.elapsed();
            request.reason = self.watch.why_cut().reason();
            self.context.worker.deployment().metrics().abandon();
            self.context.log.write(|| Entry::Abandoned(request));
        }
    }
}
