//! A body taken apart into texts, while it streams.
//!
//! | media type | texts |
//! | --- | --- |
//! | `application/x-www-form-urlencoded` | each pair, `name=value`, decoded as `url_decode` does; a pair that is empty is none |
//! | `application/json`, `*/*+json` | each scalar, `key=value`, strings decoded, others as written; the key is that of the member, or empty where there is none; `key=` for a key whose value is an object or an array. See `json` |
//! | `multipart/form-data` with a boundary | each part, `name=content`; of one with a file name only `name=file name`. See `multipart` |
//! | any other, or none | the body |

mod form;
mod json;
mod media;
mod multipart;
mod names;

use super::kind;
use super::machine::Machine;
use super::out::{Out, ROOM};
use super::step::{self, Carry};
use super::transform;
use media::Media;
#[cfg(not(target_arch = "wasm32"))]
pub use names::NAMES;
use names::Names;

/// Bytes of the fields' state.
///
/// | offset | bytes | field |
/// | --- | --- | --- |
/// | 0 | 40 | of the step that decodes, see `step` |
/// | 40 | 16 | where in a body's structure this is |
/// | 56 | 512 | the line of a part's head |
pub const STATE: usize = step::STATE + PLACE + LINE;

/// Bytes that say where in a body's structure a piece ends.
const PLACE: usize = 16;
/// Bytes of a line of a part's head that are kept.
const LINE: usize = 512;

/// Hands the texts of the next piece to a plan.
pub(super) fn feed(
    machine: &mut Machine<'_>,
    state: &mut [u8; STATE],
    piece: &[u8],
    content_type: Option<&[u8]>,
    last: bool,
) {
    let names = Names(machine.names());
    let entries = machine.entries();
    let mut room = [0; ROOM];
    let mut texts = Texts {
        out: Out::new(machine, entries, 0, true, &mut room),
        open: false,
    };
    let (carry, rest) = state.split_at_mut(step::STATE);
    let (place, line) = rest.split_at_mut(PLACE);
    let (Some(carry), Some(place), Some(line)) = (
        carry.first_chunk_mut(),
        place.first_chunk_mut(),
        line.first_chunk_mut(),
    ) else {
        return;
    };
    match media::media(names, content_type.unwrap_or_default()) {
        Media::Form => form::feed(&mut texts, carry, place, piece, last),
        Media::Json => json::feed(&mut texts, carry, place, piece, last),
        Media::Multipart(boundary) => {
            multipart::feed(&mut texts, names, boundary, place, line, piece, last);
        }
        Media::Raw => {
            let [begun, ..] = place;
            texts.out.resume(*begun != 0);
            *begun = u8::from(!last);
            texts.out.pass(piece, last);
        }
    }
    texts.out.flush(false);
}

/// Texts on their way to a plan.
struct Texts<'m, 'a> {
    out: Out<'m, 'a>,
    /// Whether a text has begun.
    open: bool,
}

impl Texts<'_, '_> {
    /// Goes on with the text that has begun, if one has.
    fn resume(&mut self, open: bool) {
        self.open = open;
        self.out.resume(open);
    }

    /// Ends the text that has begun, if one has.
    fn end(&mut self) {
        if self.open {
            self.out.flush(true);
            self.open = false;
        }
    }

    /// Takes encoded bytes of a text, up to the `last` ones of a part of it.
    fn decode(
        &mut self,
        (number, operand): (u32, &[u8; 36]),
        carry: &mut [u8; step::STATE],
        bytes: &[u8],
        last: bool,
    ) {
        let mut kept = Carry::load(carry);
        if kept.is_empty() && transform::leaves(number, operand, bytes) {
            return self.out.extend(bytes);
        }
        step::run(number, operand, &mut kept, bytes, last, &mut self.out);
        if last {
            kept = Carry::default();
        }
        kept.store(carry);
    }
}

/// A decoder of one or two marks.
#[inline(never)]
fn decoder(number: u32, marks: [u8; 2]) -> (u32, [u8; 36]) {
    let mut operand = [0; 36];
    for mark in marks {
        if let Some(bits) = operand.get_mut(usize::from(mark / 8)) {
            *bits |= 1 << (mark % 8);
        }
    }
    if let Some(reach) = operand.get_mut(32) {
        *reach = if number == kind::JSON { 12 } else { 3 };
    }
    (number, operand)
}

/// White space between tokens of JSON and around parameters.
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
