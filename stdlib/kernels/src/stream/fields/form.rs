//! `application/x-www-form-urlencoded` (WHATWG URL, section 5.1). The first `=` of a pair that is no escape
//! separates, and it stands for itself: so does the pair as a whole.

use super::{PLACE, Texts, decoder, step};
use crate::stream::kind;
use crate::writer::split;

/// The only state, beside that of the decoder, is whether a pair has begun.
pub(super) fn feed(
    texts: &mut Texts<'_, '_>,
    carry: &mut [u8; step::STATE],
    place: &mut [u8; PLACE],
    piece: &[u8],
    last: bool,
) {
    let (number, operand) = decoder(kind::URL_DECODE, *b"%+");
    let begun = place.first_mut();
    texts.resume(begun.as_ref().is_some_and(|begun| **begun != 0));
    let mut rest = piece;
    loop {
        let end = rest.iter().position(|&byte| byte == b'&');
        let (part, behind) = split(rest, end.unwrap_or(rest.len()));
        texts.open |= !part.is_empty();
        let ends = end.is_some() || last;
        texts.decode((number, &operand), carry, part, ends);
        if ends {
            texts.end();
        }
        if end.is_none() {
            break;
        }
        rest = split(behind, 1).1;
    }
    if let Some(begun) = begun {
        *begun = texts.open.into();
    }
}
