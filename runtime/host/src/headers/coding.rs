//! `Transfer-Encoding`: how a body lies on the wire (RFC 9112 6.1, 7).

use http::{HeaderMap, header};

/// What a message's fields say of its transfer codings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TransferCoding {
    /// No field.
    None,
    /// `chunked` and nothing else: the only one that this host speaks.
    Chunked,
    /// `chunked` more than once, which no sender may say.
    ChunkedTwice,
    /// Another coding, with or without `chunked`, or none that is named.
    Other,
}

/// Reads the fields of a message.
pub(crate) fn transfer_coding(headers: &HeaderMap) -> TransferCoding {
    if !headers.contains_key(header::TRANSFER_ENCODING) {
        return TransferCoding::None;
    }
    let fields = headers.get_all(header::TRANSFER_ENCODING).iter();
    let codings = fields.flat_map(|field| field.as_bytes().split(|byte| *byte == b','));
    let (mut chunked, mut others) = (0, 0);
    for coding in codings.map(<[u8]>::trim_ascii) {
        if coding.eq_ignore_ascii_case(b"chunked") {
            chunked += 1;
        } else if !coding.is_empty() {
            others += 1;
        }
    }
    match (chunked, others) {
        (1, 0) => TransferCoding::Chunked,
        (0 | 1, _) => TransferCoding::Other,
        _ => TransferCoding::ChunkedTwice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn only_chunked_alone_is_chunked() {
        for (fields, expected) in [
            (&[][..], TransferCoding::None),
            (&["chunked"], TransferCoding::Chunked),
            (&[" , Chunked ,"], TransferCoding::Chunked),
            (&["chunked, chunked"], TransferCoding::ChunkedTwice),
            (&["chunked", "chunked"], TransferCoding::ChunkedTwice),
            (&["gzip", "chunked, chunked"], TransferCoding::ChunkedTwice),
            (&["gzip, chunked"], TransferCoding::Other),
            (&["gzip", "chunked"], TransferCoding::Other),
            (&["chunked, gzip"], TransferCoding::Other),
            (&["identity"], TransferCoding::Other),
            (&["chunked;q=1"], TransferCoding::Other),
            (&[""], TransferCoding::Other),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(header::TRANSFER_ENCODING, HeaderValue::from_static(field));
            }
            assert_eq!(transfer_coding(&headers), expected, "{fields:?}");
        }
    }
}
