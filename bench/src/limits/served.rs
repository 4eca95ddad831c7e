//! The host's whole way from a request's head to its answer's, without sockets.

use super::{Key, RATE, ip, policy};
use crate::{
    Outcome,
    policy::{Loaded, lower},
    request::Request,
};
use edge_compiler::source::NoFiles;
use edge_host::{
    exchange::{Client, Worker, handle},
    settings::{Deployment, Settings},
    sources::{SystemClock, SystemEntropy},
    tasks::LocalTasks,
    upstream::{Body, Try, TryError, Upstream, empty},
};
use std::{
    cell::Cell,
    future::Future,
    pin::pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

/// A worker of `edge serve`, which answers every request by itself.
pub struct Served {
    worker: Rc<Worker>,
    request: Request,
    /// Answers other than the policy's.
    failed: Cell<u32>,
}

impl Served {
    /// With so many limits.
    pub fn new(limits: usize) -> Outcome<Served> {
        let text = policy(limits, RATE, "respond 200 text \"ok\"");
        let loaded = Loaded::new(&lower("a.edge", &text, &NoFiles)?)?;
        let deployment = Deployment::new(Arc::clone(&loaded.policy), Settings::default())?;
        let worker = Worker::new(
            Arc::new(deployment),
            Box::new(SystemClock),
            Box::new(SystemEntropy::default()),
            Box::new(LocalTasks),
        )?;
        Ok(Served {
            worker: Rc::new(worker),
            request: Request::get("page", "/products/184467"),
            failed: Cell::new(0),
        })
    }

    /// A request of this client, from its head until its answer has been dropped.
    pub fn ask(&self, client: &Key) {
        let mut request = http::Request::new(empty());
        *request.method_mut() = self.request.method.clone();
        *request.headers_mut() = self.request.headers.clone();
        *request.uri_mut() = http::Uri::from_static("/products/184467");
        let client = Client {
            ip: ip(client),
            port: 53_412,
            scheme: http::uri::Scheme::HTTP,
            tls_version: None,
        };
        let future = pin!(handle(&self.worker, &Nowhere, request, client));
        let answer = future.poll(&mut Context::from_waker(Waker::noop()));
        let is_ours = match answer {
            Poll::Ready(answer) => answer.response.status() == http::StatusCode::OK,
            Poll::Pending => false,
        };
        self.failed.set(self.failed.get() + u32::from(!is_ours));
    }

    /// # Errors
    /// Something else was answered than the policy says.
    pub fn finish(&self) -> Outcome<()> {
        match self.failed.get() {
            0 => Ok(()),
            failed => Err(format!("{failed} answers of the host are not the policy's").into()),
        }
    }
}

/// No origins.
#[derive(Clone)]
struct Nowhere;

impl Upstream for Nowhere {
    async fn send(
        &self,
        _: u32,
        _: http::Request<Body>,
        _: Try,
    ) -> Result<http::Response<Body>, TryError> {
        Err(TryError::Connect("there are no origins".into()))
    }
}
