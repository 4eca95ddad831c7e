//! A `proxy`: the request that goes to an origin.

use std::rc::Rc;

use bytes::{BufMut, BytesMut};
use edge_abi::input::Event;
use edge_abi::output::fault::Reason;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header};

use super::Exchange;
use super::body::RequestBody;
use super::cached::{Cached, Sent};
use super::call::broken;
use super::decide::Follow;
use super::incoming::Refusal;
use super::scan::Order;
use crate::headers::{HeaderEdit, apply_all, is_authority, set_forwarded, strip_hop_by_hop};
use crate::input::Plan;
use crate::output::Proxy;

pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What this host adds to `Via` for a request of HTTP/1.1.
pub(super) const VIA: HeaderValue = HeaderValue::from_static("1.1 edge");

/// Everything that a try needs, out of the guest's memory.
#[derive(Clone)]
pub(super) struct Forward {
    pub(super) target: u32,
    pub(super) options: u32,
    pub(super) method: Method,
    pub(super) uri: Uri,
    /// None: the authority of the origin that is tried.
    pub(super) host: Option<HeaderValue>,
    pub(super) headers: HeaderMap,
    /// Edits of the response that are known already.
    pub(super) response_edits: Vec<HeaderEdit>,
    /// How the body is to be scanned on its way, if it is.
    pub(super) scan: Option<Order>,
    /// What a cache is to know of it, if it may answer.
    pub(super) cached: Option<Cached>,
}

impl Exchange<'_> {
    /// Builds the request that a `proxy` describes. `follow` tells whether the client's
    /// header is still needed afterwards.
    pub(super) fn prepare(
        &mut self,
        proxy: &Proxy<'_>,
        follow: &Follow,
        scan: Option<Order>,
    ) -> Result<Forward, Refusal> {
        let place = self.place_of(proxy.rule());
        let uri = upstream_uri(proxy.path(), proxy.query())
            .ok_or_else(|| self.worker.faulty(Reason::UpstreamPath, place))?;
        let unusable = |what: &str| self.broken_proxy(place, what);
        let method = match proxy.method() {
            Some(bytes) => {
                Method::from_bytes(bytes).map_err(|_| unusable("its method is not a token"))?
            }
            None => self.incoming.parts.method.clone(),
        };
        let host = proxy
            .host()
            .map(|bytes| host_header(bytes).map_err(unusable));
        let host = host.transpose()?;
        let response_edits = self.edits(proxy.response_edits())?;
        let keyed = self.keyed(proxy, &method);
        let mut headers = match &keyed {
            Some(keyed) if keyed.hides_client() => self.own_headers(),
            _ => {
                let mut headers = self.client_headers(follow, scan.is_some() || keyed.is_some());
                self.write_host_headers(&mut headers);
                headers
            }
        };
        let sent = Sent {
            method: &method,
            uri: &uri,
            host: host.as_ref(),
        };
        let edited = match &keyed {
            Some(keyed) => self.edit_keyed(keyed, proxy, &sent, &mut headers).map(Some),
            None => apply_all(
                proxy.request_edits(),
                &mut headers,
                self.worker.deployment.secrets(),
            )
            .map(|()| None),
        };
        let cached = edited.map_err(|error| self.worker.bad_edit(&error))?;
        Ok(Forward {
            target: proxy.target(),
            options: proxy.options(),
            method,
            uri,
            host,
            headers,
            response_edits,
            scan,
            cached,
        })
    }

    /// The client's header, moved where no later call can ask for it.
    fn client_headers(&mut self, follow: &Follow, scanned: bool) -> HeaderMap {
        let policy = self.worker.deployment.policy();
        let reads = |plan: &Plan| plan.reads_request_headers();
        let asked = follow.slots != 0 && policy.plan(follow.slots).is_some_and(reads);
        // Only the answer's head tells whether its body is scanned.
        let later = follow.wants(Event::ResponseHead) && policy.scans_responses();
        // A second `proxy` after a failure must find the header again.
        let needed = asked || later || scanned || follow.wants(Event::Failed);
        match Rc::get_mut(&mut self.incoming) {
            Some(incoming) if !needed => std::mem::take(&mut incoming.parts.headers),
            _ => self.incoming.parts.headers.clone(),
        }
    }

    /// What the host itself says to an origin (RFC 9110 7.6).
    pub(super) fn write_host_headers(&self, headers: &mut HeaderMap) {
        let incoming = &self.incoming;
        strip_hop_by_hop(headers);
        // The server has answered an expectation already (RFC 9110 10.1.1).
        headers.remove(header::EXPECT);
        headers.remove(header::HOST);
        // The body goes on without them.
        headers.remove(header::TRAILER);
        set_forwarded(
            headers,
            incoming.peer.ip,
            &incoming.client.scheme,
            incoming.authority.as_ref(),
            incoming.trusted,
        );
        let via = match incoming.parts.version {
            Version::HTTP_10 => HeaderValue::from_static("1.0 edge"),
            Version::HTTP_2 => HeaderValue::from_static("2.0 edge"),
            _ => VIA,
        };
        headers.append(header::VIA, via);
        // A trusted proxy has named the request already; from anybody else it is a claim.
        let named = incoming.trusted && headers.contains_key(REQUEST_ID);
        if let (false, Ok(id)) = (named, HeaderValue::from_str(incoming.id.as_str())) {
            headers.insert(REQUEST_ID, id);
        }
        if let RequestBody::Whole(bytes) = &self.body {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        }
    }

    /// A `proxy` whose values, as they are for this request, make no request.
    fn broken_proxy(&self, place: u32, what: &str) -> Refusal {
        let place = self.worker.deployment.policy().place(place);
        broken(format!(
            "{place}: a `proxy` that can't be carried out: {what}"
        ))
    }

    fn place_of(&self, rule: u32) -> u32 {
        self.worker
            .deployment
            .policy()
            .manifest()
            .rules
            .get(rule as usize)
            .map_or(u32::MAX, |rule| rule.place)
    }
}

/// The `Host` that a `proxy` asks with, or what is wrong with it.
fn host_header(bytes: &[u8]) -> Result<HeaderValue, &'static str> {
    match HeaderValue::from_bytes(bytes) {
        Ok(host) if is_authority(bytes) => Ok(host),
        _ if bytes.is_empty() => Err("its `host` is empty"),
        _ => Err("the value of its `host` is not `host` or `host:port`"),
    }
}

/// Path and query as they go on the wire; none when the path would not stay what it is.
fn upstream_uri(path: &[u8], query: Option<&[u8]>) -> Option<Uri> {
    if !path.starts_with(b"/") || path.iter().any(|byte| matches!(byte, b'?' | b'#')) {
        return None;
    }
    let mut text = BytesMut::with_capacity(path.len() + 1 + query.map_or(0, <[u8]>::len));
    text.put_slice(path);
    if let Some(query) = query {
        if query.contains(&b'#') {
            return None;
        }
        text.put_u8(b'?');
        text.put_slice(query);
    }
    let target = PathAndQuery::from_maybe_shared(text.freeze()).ok()?;
    Uri::builder().path_and_query(target).build().ok()
}
