//! A request's head as the policy sees it, or the host's own answer to one that is none.

use http::{HeaderValue, Method, StatusCode, Uri, Version, header, request};

use super::record::RequestId;
use super::{Client, Worker};
use crate::headers::{TransferCoding, effective_client, is_authority, transfer_coding};
use crate::input::{Answer, Facts, Plan, ResponseFacts};

/// Methods that a policy can be asked about; anything else but CONNECT and TRACE is let through too.
pub(super) const ALLOW: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// The head of a request that the policy is to decide, with what stays fixed until its answer.
pub(super) struct Incoming {
    pub(super) parts: request::Parts,
    /// The target where it is not what stands in the URI.
    rewritten: Option<String>,
    pub(super) authority: Option<HeaderValue>,
    /// The client that the request is made for.
    pub(super) client: Client,
    /// Who is at the other end of the connection.
    pub(super) peer: Client,
    /// Whether that peer is believed.
    pub(super) trusted: bool,
    /// Whether the client can be told from the proxies in front.
    known: bool,
    pub(super) id: RequestId,
    pub(super) now: u64,
    pub(super) random: u64,
}

/// A request that the host answers by itself.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// For the log; none when there is nothing wrong.
    pub(super) reason: Option<String>,
    /// Whether nothing that follows on the connection can be read.
    pub(super) closes: bool,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Refusal {
            status,
            reason: Some(reason.into()),
            closes: false,
        }
    }

    /// Ends the connection after the answer.
    pub(super) fn closing(self) -> Self {
        Refusal {
            closes: true,
            ..self
        }
    }
}

impl Incoming {
    pub(super) fn new(worker: &Worker, parts: request::Parts, peer: Client) -> Self {
        let effective = effective_client(
            peer.clone(),
            &parts.headers,
            &worker.deployment.settings().trusted,
        );
        let (entropy, client) = (&worker.entropy, effective.client);
        Incoming {
            rewritten: None,
            authority: None,
            client: Client {
                ip: client.ip.to_canonical(),
                ..client
            },
            peer,
            trusted: effective.trusted,
            known: effective.known,
            id: RequestId::from_bits(entropy.next_u64(), entropy.next_u64()),
            now: worker.clock.now_ms(),
            random: entropy.next_u64(),
            parts,
        }
    }

    /// Judges the head: framing, client, method, target and host.
    ///
    /// # Errors
    /// What the host answers itself: 501 to CONNECT and to transfer codings other than
    /// `chunked` (RFC 9112 6.1), 405 to TRACE, 200 to `OPTIONS *`, 400 to a request without
    /// a usable target, with none or several hosts (RFC 9112 3.2), with a body that is
    /// chunked twice, or of a client that a trusted proxy does not name.
    pub(super) fn admit(&mut self) -> Result<(), Refusal> {
        self.check_framing()?;
        self.check_content_type()?;
        if !self.known {
            return Err(bad(
                "X-Forwarded-For of a trusted proxy has no address where the client's belongs",
            ));
        }
        match self.parts.method {
            Method::CONNECT => {
                return Err(Refusal::new(
                    StatusCode::NOT_IMPLEMENTED,
                    "CONNECT is not supported",
                ));
            }
            Method::TRACE => {
                return Err(Refusal::new(
                    StatusCode::METHOD_NOT_ALLOWED,
                    "TRACE is not supported",
                ));
            }
            _ => {}
        }
        self.authority = self.find_authority()?;
        let uri = &self.parts.uri;
        let target = uri.path_and_query().map_or("", |target| target.as_str());
        if target == "*" {
            if self.parts.method == Method::OPTIONS {
                return Err(Refusal {
                    status: StatusCode::OK,
                    reason: None,
                    closes: false,
                });
            }
            return Err(bad("the target `*` is for OPTIONS"));
        }
        if !target.starts_with('/') {
            // `http://host?query` and `http://host` have an empty path, which is `/` (RFC 9110 4.2.3).
            if uri.scheme().is_none() || !(target.is_empty() || target.starts_with('?')) {
                return Err(bad("the target is neither a path nor a URI"));
            }
            self.rewritten = Some(format!("/{target}"));
        }
        Ok(())
    }

    fn check_framing(&self) -> Result<(), Refusal> {
        let refusal = match transfer_coding(&self.parts.headers) {
            TransferCoding::None | TransferCoding::Chunked => return Ok(()),
            TransferCoding::ChunkedTwice => bad("the body is chunked twice"),
            TransferCoding::Other => Refusal::new(
                StatusCode::NOT_IMPLEMENTED,
                "the body has a transfer coding other than `chunked`",
            ),
        };
        Err(refusal.closing())
    }

    /// Servers differ about which of two types a body has (RFC 9110, 8.3: there is one).
    fn check_content_type(&self) -> Result<(), Refusal> {
        let types = self.parts.headers.get_all(header::CONTENT_TYPE);
        match types.iter().nth(1) {
            Some(_) => Err(bad("there are several Content-Type fields")),
            None => Ok(()),
        }
    }

    /// The host that the client named: the URI's in absolute-form, else the `Host` field.
    fn find_authority(&self) -> Result<Option<HeaderValue>, Refusal> {
        let mut fields = self.parts.headers.get_all(header::HOST).iter();
        let host = fields.next();
        if fields.next().is_some() {
            return Err(bad("there are several Host fields"));
        }
        if host.is_none() && self.parts.version == Version::HTTP_11 {
            return Err(bad("there is no Host field"));
        }
        if let Some(host) = host {
            check_authority(host.as_bytes())?;
        }
        match self.parts.uri.authority() {
            Some(authority) => {
                check_authority(authority.as_str().as_bytes())?;
                HeaderValue::from_str(authority.as_str())
                    .map(Some)
                    .map_err(|_| bad("the target's host is not usable"))
            }
            None => Ok(host.cloned()),
        }
    }

    /// Path and query in origin-form.
    pub(super) fn target(&self) -> &str {
        match &self.rewritten {
            Some(target) => target,
            None => self
                .parts
                .uri
                .path_and_query()
                .map_or("/", |target| target.as_str()),
        }
    }

    /// The facts of a call whose input is built by this plan.
    pub(super) fn facts<'a>(
        &'a self,
        worker: &'a Worker,
        plan: &Plan,
        body: Option<&'a [u8]>,
        answers: &'a [(u32, Answer)],
        response: Option<ResponseFacts<'a>>,
    ) -> Facts<'a> {
        let settings = worker.deployment.settings();
        Facts {
            method: &self.parts.method,
            target: self.target(),
            scheme: self.client.scheme.as_str(),
            authority: self.authority.as_ref().map(HeaderValue::as_bytes),
            version: self.parts.version,
            id: self.id.as_str(),
            headers: &self.parts.headers,
            body,
            request_chunk: None,
            response_chunk: None,
            ip: self.client.ip,
            port: self.client.port,
            tls_version: self.client.tls_version,
            geo: if plan.reads_geo() {
                settings.geo.locate(self.client.ip)
            } else {
                None
            },
            pop: settings.pop.as_deref(),
            region: settings.region.as_deref(),
            params: worker.deployment.params(),
            answers,
            response,
        }
    }

    /// A URI that can be logged.
    pub(super) fn uri(&self) -> Uri {
        self.parts.uri.clone()
    }
}

fn check_authority(bytes: &[u8]) -> Result<(), Refusal> {
    if is_authority(bytes) {
        return Ok(());
    }
    Err(bad("the host is not `host` or `host:port`"))
}

fn bad(reason: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, reason)
}
