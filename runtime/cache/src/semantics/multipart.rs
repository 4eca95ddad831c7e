//! Several parts in one answer: `multipart/byteranges` (RFC 9110 14.6).

use super::range::Span;
use bytes::Bytes;
use http::HeaderValue;

/// The frame around the parts of a body: the text before each part, and the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The `Content-Type` of the whole.
    pub content_type: HeaderValue,
    /// What stands before each part, in the order of the parts.
    pub before: Vec<Bytes>,
    /// What stands after the last.
    pub after: Bytes,
}

impl Frame {
    /// Makes the frame. `boundary` must be a token that the body does not hold: 128 random bits in hexadecimal are.
    pub fn new(
        boundary: &str,
        content_type: Option<&HeaderValue>,
        spans: &[Span],
        complete: u64,
    ) -> Self {
        let head = |index: usize, span: &Span| {
            let mut text = Vec::new();
            text.extend_from_slice(if index == 0 { b"--" } else { b"\r\n--" });
            text.extend_from_slice(boundary.as_bytes());
            if let Some(value) = content_type {
                text.extend_from_slice(b"\r\nContent-Type: ");
                text.extend_from_slice(value.as_bytes());
            }
            text.extend_from_slice(b"\r\nContent-Range: ");
            text.extend_from_slice(span.content_range(complete).as_bytes());
            text.extend_from_slice(b"\r\n\r\n");
            Bytes::from(text)
        };
        Self {
            content_type: HeaderValue::from_str(&format!(
                "multipart/byteranges; boundary={boundary}"
            ))
            .unwrap_or(HeaderValue::from_static("multipart/byteranges")),
            before: spans
                .iter()
                .enumerate()
                .map(|(index, span)| head(index, span))
                .collect(),
            after: Bytes::from(format!("\r\n--{boundary}--\r\n")),
        }
    }

    /// The length of the whole answer with these parts.
    pub fn content_length(&self, spans: &[Span]) -> u64 {
        let frame: usize = self.before.iter().map(Bytes::len).sum::<usize>() + self.after.len();
        spans
            .iter()
            .fold(frame as u64, |sum, span| sum.saturating_add(span.len()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn parts_stand_in_a_frame() {
        let body = b"0123456789";
        let spans = [Span { first: 0, last: 1 }, Span { first: 8, last: 9 }];
        let frame = Frame::new(
            "XX",
            Some(&HeaderValue::from_static("text/plain")),
            &spans,
            10,
        );
        let mut whole = Vec::new();
        for (before, span) in frame.before.iter().zip(&spans) {
            whole.extend_from_slice(before);
            whole.extend_from_slice(&body[span.first as usize..=span.last as usize]);
        }
        whole.extend_from_slice(&frame.after);
        assert_eq!(
            String::from_utf8(whole.clone()).unwrap(),
            "--XX\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01\
             \r\n--XX\r\nContent-Type: text/plain\r\nContent-Range: bytes 8-9/10\r\n\r\n89\r\n--XX--\r\n"
        );
        assert_eq!(frame.content_length(&spans), whole.len() as u64);
        assert_eq!(frame.content_type, "multipart/byteranges; boundary=XX");
    }
}
