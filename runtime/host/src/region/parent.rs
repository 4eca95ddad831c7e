//! The way to the host whose memory is this one's regional tier.

use std::io;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use edge_cache::{Parent, ParentAnswer};
use http::{HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Limited};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinSet, LocalSet};

use crate::origin::{OriginPlan, Origins};
use crate::upstream::{Body, Try, Upstream, empty, full};

/// Most requests at a time; what comes beyond is a miss.
const MOST: usize = 1024;

/// The longest body of an answer.
const MAX_BODY: usize = 4 << 20;

/// The longest times; who asks has shorter ones. The parent may be silent for 10 s before it tells of a purge.
const TRY: Try = Try {
    connect: Duration::from_secs(1),
    timeout: Duration::from_secs(20),
};

/// Sends requests over connections of a thread of its own, which ends when this is dropped.
pub(crate) struct Way(mpsc::Sender<Question>);

struct Question {
    method: Method,
    path: String,
    body: Bytes,
    answer: oneshot::Sender<(StatusCode, Bytes)>,
}

/// What every request says.
#[derive(Clone)]
struct Caller {
    origins: Origins,
    host: HeaderValue,
    authorization: HeaderValue,
}

impl Way {
    /// Starts the thread. `plan` has the parent as its only origin.
    pub(crate) fn start(
        plan: OriginPlan,
        host: HeaderValue,
        authorization: HeaderValue,
    ) -> io::Result<Self> {
        let (questions, asked) = mpsc::channel(MOST);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let run = move || {
            let origins = Origins::new(plan);
            let caller = Caller {
                origins,
                host,
                authorization,
            };
            LocalSet::new().block_on(&runtime, ask_all(caller, asked));
        };
        thread::Builder::new()
            .name("edge-parent".to_owned())
            .spawn(run)?;
        Ok(Way(questions))
    }
}

impl Parent for Way {
    fn send(&self, method: Method, path: String, body: Bytes) -> ParentAnswer {
        let (answer, answered) = oneshot::channel();
        let question = Question {
            method,
            path,
            body,
            answer,
        };
        let sent = self.0.try_send(question);
        Box::pin(async move {
            sent.ok()?;
            answered.await.ok()
        })
    }
}

async fn ask_all(caller: Caller, mut questions: mpsc::Receiver<Question>) {
    let mut asking = JoinSet::new();
    while let Some(question) = questions.recv().await {
        while asking.try_join_next().is_some() {}
        if asking.len() < MOST {
            asking.spawn_local(ask(caller.clone(), question));
        }
    }
}

/// Asks, as long as somebody waits for it.
async fn ask(caller: Caller, question: Question) {
    let Question {
        method,
        path,
        body,
        mut answer,
    } = question;
    let asked = tokio::select! {
        asked = caller.exchange(method, path, body) => asked,
        () = answer.closed() => None,
    };
    if let Some(asked) = asked {
        // who asked may be gone
        let _ = answer.send(asked);
    }
}

impl Caller {
    async fn exchange(
        &self,
        method: Method,
        path: String,
        body: Bytes,
    ) -> Option<(StatusCode, Bytes)> {
        let length = body.len();
        let body: Body = match length {
            0 => empty(),
            _ => full(body),
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = Uri::try_from(path).ok()?;
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        headers.insert(header::AUTHORIZATION, self.authorization.clone());
        headers.insert(header::CONTENT_LENGTH, length.into());
        let answer = self.origins.send(0, request, TRY).await.ok()?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_BODY).collect();
        Some((status, body.await.ok()?.to_bytes()))
    }
}
