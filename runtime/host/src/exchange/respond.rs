//! Answers that no origin gave: the policy's and the host's own.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use super::incoming::{ALLOW, Refusal};
use crate::headers::{EditError, HeaderEdit, apply_all};
use crate::output::{Respond, SegmentValue, Segments};
use crate::upstream::{Body, empty, full};

/// Builds the answer of a `respond`. `queued` are edits that an earlier statement has asked for.
pub(super) fn build(
    respond: &Respond<'_>,
    queued: &[HeaderEdit],
) -> Result<Response<Body>, EditError> {
    let status =
        StatusCode::from_u16(respond.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut headers = HeaderMap::new();
    // Any edit may overwrite the type, also one that was queued before a wait.
    if let Some(content_type) = respond
        .content_type()
        .and_then(|bytes| HeaderValue::from_bytes(bytes).ok())
    {
        headers.insert(header::CONTENT_TYPE, content_type);
    }
    for edit in queued {
        edit.clone().apply(&mut headers);
    }
    apply_all(respond.edits(), &mut headers, &[])?;
    let body = gather(respond.body());
    Ok(assemble(status, headers, body))
}

/// The host's own answer: the status in words.
pub(super) fn own(refusal: &Refusal) -> Response<Body> {
    let status = refusal.status;
    let mut headers = HeaderMap::new();
    if refusal.closes {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if refusal.reason.is_none() {
        headers.insert(header::ALLOW, HeaderValue::from_static(ALLOW));
        return assemble(status, headers, Bytes::new());
    }
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static(ALLOW));
    }
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    let text = format!(
        "{} {}\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    );
    assemble(status, headers, text.into())
}

/// Takes the content away that an answer with this status can't have: 205 means that there
/// is none (RFC 9110 15.3.6), whoever wrote it.
pub(super) fn without_content(response: &mut Response<Body>) {
    if response.status() == StatusCode::RESET_CONTENT {
        *response.body_mut() = empty();
        let length = HeaderValue::from_static("0");
        response
            .headers_mut()
            .insert(header::CONTENT_LENGTH, length);
    }
}

/// Frames a body of known length. 204 and 304 have none (RFC 9110 6.4.1).
fn assemble(status: StatusCode, mut headers: HeaderMap, body: Bytes) -> Response<Body> {
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body = if bodiless {
        empty()
    } else {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        full(body)
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}

/// Puts a body's pieces together, in one allocation.
fn gather(segments: Segments<'_>) -> Bytes {
    let bytes = |segment: crate::output::Segment<'_>| match segment.value() {
        SegmentValue::Bytes(bytes) => bytes.len(),
        SegmentValue::Secret(_) => 0,
    };
    let mut body = BytesMut::with_capacity(segments.clone().map(bytes).sum());
    for segment in segments {
        if let SegmentValue::Bytes(bytes) = segment.value() {
            body.extend_from_slice(bytes);
        }
    }
    body.freeze()
}
