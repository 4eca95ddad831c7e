//! One test while it runs.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use edge_abi::test_plan::{self, CLIENT_IP, Expect, Given, HOST, START_MS, Test};
use edge_cache::Cache;
use http::uri::Scheme;
use http::{HeaderMap, HeaderName, HeaderValue, Request, header};

use super::body::{in_two, receive};
use super::expect;
use super::memory::Remembering;
use super::origins::Origins;
use super::report::{Failure, Place};
use super::tasks::Queue;
use crate::config;
use crate::engine::Policy;
use crate::exchange::{Client, Record, Worker, handle};
use crate::settings::{Deployment, Geo, GeoTable, Secret, Settings};
use crate::sources::{ManualClock, SeededEntropy};
use crate::upstream::{Body, empty};

/// Everything that a test has set up and seen so far.
pub(super) struct Scene<'p> {
    policy: &'p Arc<Policy>,
    files: &'p [String],
    /// Where the test stands.
    place: test_plan::Place,
    settings: Settings,
    geo: Geo,
    client: Client,
    clock: Rc<ManualClock>,
    entropy: Rc<SeededEntropy>,
    pub(super) origins: Rc<Origins>,
    tasks: Rc<Queue>,
    /// What the policy remembers; none where it declares what can't be.
    pub(super) memory: Option<Remembering>,
    /// None when a given has changed what a worker is made of.
    worker: Option<Rc<Worker>>,
    pub(super) last: Option<Last>,
    repetition: Option<u32>,
    failures: Vec<Failure>,
}

/// The last answer.
pub(super) struct Last {
    request: String,
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) record: Record,
}

impl<'p> Scene<'p> {
    pub(super) fn new(policy: &'p Arc<Policy>, files: &'p [String], test: &Test) -> Self {
        let clock = Rc::new(ManualClock::at(START_MS));
        let mut settings = Settings::default();
        let memory = Remembering::new(policy.manifest(), clock.of_state()).ok();
        settings.backends = memory.as_ref().map(Remembering::backends);
        if !policy.manifest().caches.is_empty() {
            settings.cache = Some(Cache::new(config::Cache::of_test()));
        }
        // A secret that a test does not care about is its own name.
        for name in &policy.manifest().secrets {
            settings
                .secrets
                .insert(name.clone(), Secret::new(name.as_bytes()));
        }
        let ip = CLIENT_IP
            .parse()
            .unwrap_or(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
        Scene {
            policy,
            files,
            place: test.place,
            settings,
            geo: Geo::default(),
            client: Client {
                ip,
                port: 40_000,
                scheme: Scheme::HTTP,
                tls_version: None,
            },
            clock: Rc::clone(&clock),
            entropy: Rc::new(SeededEntropy::from_text(&test.name)),
            origins: Rc::new(Origins::new(clock)),
            tasks: Rc::default(),
            memory,
            worker: None,
            last: None,
            repetition: None,
            failures: Vec::new(),
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        !self.failures.is_empty()
    }

    pub(super) fn into_failures(self) -> Vec<Failure> {
        self.failures
    }

    pub(super) fn pass_time(&mut self, ms: u64) {
        self.clock.advance(ms);
    }

    pub(super) fn enter_repetition(&mut self, time: u32) {
        self.repetition = Some(time);
    }

    pub(super) fn leave_repetition(&mut self) {
        self.repetition = None;
    }

    pub(super) fn give(&mut self, given: &Given) {
        match given {
            Given::Origin { name, answer } => {
                if let Some(origin) = self.origin(name) {
                    self.origins.add(origin, answer.clone());
                }
            }
            Given::Store { .. } | Given::Counter { .. } | Given::State { .. } => {
                self.remember(given);
            }
            other => self.set(other),
        }
    }

    /// Changes what the policy finds remembered.
    fn remember(&mut self, given: &Given) {
        let Some(memory) = &self.memory else { return };
        let (what, given) = match given {
            Given::Store { name, key, value } => {
                (format!("{name}[{key:?}]"), memory.put(name, key, value))
            }
            Given::Counter { name, key, value } => {
                (format!("{name}[{key:?}]"), memory.count(name, key, *value))
            }
            Given::State { kind, name, fails } => {
                memory.fail(*kind, name, *fails);
                return;
            }
            _ => return,
        };
        if let Err(problem) = given {
            let text = format!("given {what}");
            self.fail(
                self.place,
                &text,
                String::from("something that can be kept"),
                problem,
            );
        }
    }

    /// Changes what a worker is made of.
    fn set(&mut self, given: &Given) {
        match given {
            Given::ClientIp { ip } => self.client.ip = ip.parse().unwrap_or(self.client.ip),
            Given::ClientPort { port } => self.client.port = *port,
            Given::ClientTls { version } => {
                self.client.scheme = Scheme::HTTPS;
                self.client.tls_version = Some(if version == "1.2" { "1.2" } else { "1.3" });
            }
            Given::Geo { fact, value } => self.set_geo(fact, value),
            Given::Edge { fact, value } if fact == "pop" => self.settings.pop = Some(value.clone()),
            Given::Edge { value, .. } => self.settings.region = Some(value.clone()),
            Given::Param { name, value } => {
                self.settings.params.insert(name.clone(), value.clone());
            }
            Given::Secret { name, value } => {
                self.settings
                    .secrets
                    .insert(name.clone(), Secret::new(value.as_bytes()));
            }
            Given::Store { .. }
            | Given::Counter { .. }
            | Given::State { .. }
            | Given::Origin { .. } => {}
        }
        self.worker = None;
    }

    fn set_geo(&mut self, fact: &str, value: &serde_json::Value) {
        let text = || value.as_str().map(str::to_owned);
        match fact {
            "country" => self.geo.country = text(),
            "continent" => self.geo.continent = text(),
            "region" => self.geo.region = text(),
            "city" => self.geo.city = text(),
            "latitude" => self.geo.latitude = value.as_f64(),
            "longitude" => self.geo.longitude = value.as_f64(),
            _ => self.geo.asn = value.as_i64(),
        }
    }

    /// The index of an origin.
    pub(super) fn origin(&self, name: &str) -> Option<u32> {
        let targets = &self.policy.manifest().targets;
        let index = targets
            .iter()
            .position(|target| crate::target::name(target) == name)?;
        u32::try_from(index).ok()
    }

    /// Sends a request through the policy and keeps its answer.
    pub(super) fn send(&mut self, request: &test_plan::Request) {
        let text = format!("{} {}", request.method, request.target);
        self.last = None;
        self.origins.forget_received();
        match self.exchange(request, &text) {
            Ok(last) => self.last = Some(last),
            Err(problem) => return self.fail(request.place, &text, "an answer".into(), problem),
        }
        if let Some(stray) = self.origins.stray() {
            let name = self.policy.target_name(stray).unwrap_or("?");
            let got = format!("a request to the origin `{name}`, which this test has not given");
            self.fail(
                request.place,
                &text,
                String::from("requests to given origins only"),
                got,
            );
        }
    }

    fn exchange(&mut self, request: &test_plan::Request, text: &str) -> Result<Last, String> {
        let mut client = self.client.clone();
        if let Some(ip) = &request.client_ip {
            client.ip = ip
                .parse()
                .map_err(|_| format!("`{ip}` is not an address"))?;
        }
        if request.target.starts_with("https://") {
            client.scheme = Scheme::HTTPS;
            client.tls_version.get_or_insert("1.3");
        }
        let built = build(request)?;
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => self.new_worker()?,
        };
        let worker = self.worker.insert(worker);
        let stuck = || String::from("the exchange waits for something that never comes");
        let tasks = &self.tasks;
        let answering = handle(worker, &self.origins, built, client);
        let mut answer = tasks.finish(answering).ok_or_else(stuck)?;
        let (head, body) = answer.response.into_parts();
        let (body, end) = tasks.finish(receive(body)).ok_or_else(stuck)?;
        // what a cache fetches in the background is there before the next request
        tasks.run();
        // An answer that a scan has cut is what the client gets: the record says why.
        if !answer.scans.settle(&mut answer.record) {
            end.map_err(|error| error.to_string())?;
        }
        Ok(Last {
            request: text.to_owned(),
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            record: answer.record,
        })
    }

    fn new_worker(&self) -> Result<Rc<Worker>, String> {
        let mut settings = self.settings.clone();
        settings.geo = GeoTable::from(self.geo.clone());
        let deployment = Deployment::for_test(Arc::clone(self.policy), settings)
            .map_err(|error| error.to_string())?;
        let (clock, entropy) = (
            Box::new(Rc::clone(&self.clock)),
            Box::new(Rc::clone(&self.entropy)),
        );
        let tasks = Box::new(Rc::clone(&self.tasks));
        let worker = Worker::new(Arc::new(deployment), clock, entropy, tasks);
        worker.map(Rc::new).map_err(|error| error.to_string())
    }

    /// Judges one expectation.
    pub(super) fn judge(&mut self, expect: &Expect) {
        if let Err((expected, got)) = expect::judge(self, expect) {
            self.fail(expect.place, &expect.text, expected, got);
        }
    }

    fn fail(&mut self, place: test_plan::Place, text: &str, expected: String, got: String) {
        let last = self.last.as_ref();
        self.failures.push(Failure {
            place: Place::of(self.files, place),
            text: text.to_owned(),
            request: last.map(|last| last.request.clone()),
            expected,
            got,
            rule: last
                .and_then(|last| last.record.rule_name())
                .map(str::to_owned),
            reason: last.and_then(|last| last.record.fault.clone()),
            repetition: self.repetition,
        });
    }
}

/// Makes a request of the plan one of HTTP.
fn build(request: &test_plan::Request) -> Result<Request<Body>, String> {
    let body = match &request.body {
        Some(body) => in_two(body.clone()),
        None => empty(),
    };
    let mut built = Request::builder()
        .method(request.method.as_str())
        .uri(request.target.as_str())
        .body(body)
        .map_err(|error| {
            format!(
                "the request can't be sent: {error}; percent-encode what a URL can't hold (`<` is `%3C`)"
            )
        })?;
    let mut headers = HeaderMap::new();
    for (name, value) in &request.headers {
        let unusable = || format!("the header `{name}` is not usable");
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| unusable())?;
        headers.append(
            name,
            HeaderValue::from_bytes(value.as_bytes()).map_err(|_| unusable())?,
        );
    }
    if !headers.contains_key(header::HOST) {
        let host = built
            .uri()
            .authority()
            .map_or(HOST, |authority| authority.as_str());
        headers.insert(
            header::HOST,
            HeaderValue::from_str(host).map_err(|error| error.to_string())?,
        );
    }
    if let Some(body) = &request.body {
        headers
            .entry(header::CONTENT_LENGTH)
            .or_insert(HeaderValue::from(body.len()));
    }
    *built.headers_mut() = headers;
    Ok(built)
}
