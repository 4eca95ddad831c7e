//! What a cached `proxy` sends, and what of it its key holds: everything but what is the same for all, or names the request.

use std::sync::Arc;

use edge_cache::semantics::{coding, validate};
use edge_cache::{Forward as Why, KeyBuilder};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use super::Cached;
use crate::cache::{Declared, place};
use crate::exchange::Exchange;
use crate::exchange::body::RequestBody;
use crate::exchange::forward::{REQUEST_ID, VIA};
use crate::headers::{EditError, request_edits, strip_hop_by_hop};
use crate::output::Proxy;

const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// What says how a body is to be read (RFC 9110, section 8): it goes where the body goes.
const CONTENT: [HeaderName; 3] = [
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
];

/// A request that a cache may answer, on its way to being sent.
pub(in crate::exchange) struct Keyed<'a> {
    declared: &'a Declared,
    cache: u32,
    /// Why it is not kept, if it isn't.
    why: Option<Why>,
}

impl<'w> Exchange<'w> {
    /// What the proxy's cache means for this request; none without a cache.
    pub(in crate::exchange) fn keyed(
        &self,
        proxy: &Proxy<'_>,
        method: &Method,
    ) -> Option<Keyed<'w>> {
        let cache = proxy.cache()?;
        let declared = self.worker.deployment.caches()?.get(cache)?;
        let has_body = !matches!(self.body, RequestBody::None);
        let bodiless = matches!(*method, Method::GET | Method::HEAD);
        let why = match () {
            () if !declared.keeps(method) => Some(Why::Method),
            // What it means is for the origin to say (RFC 9110, section 9.3.1), and nobody else's answer.
            () if bodiless && has_body => Some(Why::Bypass),
            () => None,
        };
        Some(Keyed {
            declared,
            cache,
            why,
        })
    }

    /// The header of a request that is kept under what it sends: nothing of the client's but what tells how its body is
    /// to be read.
    pub(in crate::exchange) fn own_headers(&self) -> HeaderMap {
        let incoming = &self.incoming;
        let mut headers = HeaderMap::new();
        if !matches!(self.body, RequestBody::None) {
            for name in CONTENT {
                if let Some(value) = incoming.parts.headers.get(&name) {
                    headers.insert(name, value.clone());
                }
            }
        }
        if let Some(host) = self.lower_authority() {
            headers.insert(FORWARDED_HOST, host);
        }
        if let Ok(scheme) = HeaderValue::from_str(incoming.client.scheme.as_str()) {
            headers.insert(FORWARDED_PROTO, scheme);
        }
        let codings = coding::accepted(&incoming.parts.headers);
        headers.insert(header::ACCEPT_ENCODING, codings);
        headers.insert(header::VIA, VIA);
        if let Ok(id) = HeaderValue::from_str(incoming.id.as_str()) {
            headers.insert(REQUEST_ID, id);
        }
        headers
    }

    /// Makes the header what the origin is sent, and says what the cache is to know.
    pub(in crate::exchange) fn edit_keyed(
        &self,
        keyed: &Keyed<'_>,
        proxy: &Proxy<'_>,
        sent: &Sent<'_>,
        headers: &mut HeaderMap,
    ) -> Result<Cached, EditError> {
        let edits = request_edits(proxy.request_edits(), self.worker.deployment.secrets())?;
        let apply = |headers: &mut HeaderMap| {
            let edits = edits.iter().cloned();
            edits.for_each(|edit| edit.apply(headers));
        };
        apply(headers);
        if keyed.hides_client() {
            let cached = self.cached(keyed, proxy, sent, headers);
            self.add_unkeyed(proxy, headers);
            return Ok(cached);
        }
        // of what is sent, the key holds what the policy has written; `Vary` tells of the rest
        let mut written = HeaderMap::new();
        apply(&mut written);
        Ok(self.cached(keyed, proxy, sent, &written))
    }

    /// Adds fields of the client's that the key does not hold.
    fn add_unkeyed(&self, proxy: &Proxy<'_>, headers: &mut HeaderMap) {
        let manifest = self.worker.deployment.policy().manifest();
        let options = manifest.proxies.get(proxy.options() as usize);
        let names = options.map_or(&[][..], |options| &options.unkeyed);
        if names.is_empty() {
            return;
        }
        let mut all = self.incoming.parts.headers.clone();
        strip_hop_by_hop(&mut all);
        validate::remove_conditions(&mut all);
        self.write_host_headers(&mut all);
        for name in names {
            let Ok(name) = HeaderName::from_bytes(name.as_bytes()) else {
                continue;
            };
            if CONTENT.contains(&name) || headers.contains_key(&name) {
                continue;
            }
            for value in all.get_all(&name) {
                headers.append(name.clone(), value.clone());
            }
        }
    }

    /// The request as the cache knows it. `keyed` is the header that the key holds.
    fn cached(
        &self,
        by: &Keyed<'_>,
        proxy: &Proxy<'_>,
        sent: &Sent<'_>,
        keyed: &HeaderMap,
    ) -> Cached {
        let incoming = &self.incoming;
        let authority = incoming.authority.as_ref().map(HeaderValue::as_bytes);
        let path = incoming.target().split('?').next().unwrap_or_default();
        let query = sent.uri.query().unwrap_or_default();
        let place = place(
            &incoming.client.scheme,
            authority.unwrap_or_default(),
            path.as_bytes(),
            query.as_bytes(),
        );
        let key = match by.why {
            Some(why) => Err(why),
            None => Ok(self.key(by.declared, proxy, sent, keyed)),
        };
        Cached {
            cache: by.cache,
            place: Arc::new(place),
            key,
        }
    }

    fn key(
        &self,
        declared: &Declared,
        proxy: &Proxy<'_>,
        sent: &Sent<'_>,
        keyed: &HeaderMap,
    ) -> KeyBuilder {
        let policy = self.worker.deployment.policy();
        let target = policy.target_name(proxy.target()).unwrap_or_default();
        let method = match *sent.method {
            Method::HEAD => Method::GET.as_str(),
            _ => sent.method.as_str(),
        };
        let host = self.lower_authority();
        let mut key = KeyBuilder::new();
        key.part(declared.name.as_bytes())
            .part(target.as_bytes())
            .part(self.incoming.client.scheme.as_str().as_bytes())
            .part(host.as_ref().map_or(b"", HeaderValue::as_bytes))
            .part(method.as_bytes())
            .part(sent.host.map_or(b"", HeaderValue::as_bytes))
            .part(sent.uri.path().as_bytes())
            .part(if sent.uri.query().is_some() {
                b"?"
            } else {
                b""
            })
            .part(sent.uri.query().unwrap_or_default().as_bytes())
            .part(proxy.key());
        let mut fields: Vec<(&HeaderName, &HeaderValue)> = keyed
            .iter()
            .filter(|(name, value)| !self.is_own(name, value))
            .collect();
        // those of one name stay in their order
        fields.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        key.part(&(fields.len() as u64).to_le_bytes());
        for (name, value) in fields {
            key.part(name.as_str().as_bytes()).part(value.as_bytes());
        }
        key
    }

    /// What is the same for all requests, or names this one.
    fn is_own(&self, name: &HeaderName, value: &HeaderValue) -> bool {
        (*name == header::VIA && value == VIA)
            || (*name == REQUEST_ID && value == self.incoming.id.as_str())
    }

    fn lower_authority(&self) -> Option<HeaderValue> {
        let authority = self.incoming.authority.as_ref()?;
        HeaderValue::from_bytes(&authority.as_bytes().to_ascii_lowercase()).ok()
    }
}

/// The head of a request to an origin, without its fields.
pub(in crate::exchange) struct Sent<'a> {
    pub(in crate::exchange) method: &'a Method,
    pub(in crate::exchange) uri: &'a Uri,
    pub(in crate::exchange) host: Option<&'a HeaderValue>,
}

impl Keyed<'_> {
    /// Whether nothing of the client's is sent.
    pub(in crate::exchange) fn hides_client(&self) -> bool {
        self.why.is_none() && !self.declared.forwards()
    }
}
