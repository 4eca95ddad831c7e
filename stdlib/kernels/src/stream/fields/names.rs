//! The names that bodies and their types are told by. They stand in the plan: as constants they would be a part
//! of every module, with a plan or without.

use core::ops::Range;

/// All of them, in a row.
#[cfg(not(target_arch = "wasm32"))]
pub const NAMES: &[u8; 109] = b"application/x-www-form-urlencodedmultipart/form-data\
application/json+jsonboundarycontent-disposition:filename";

/// A name's place.
pub(super) type Name = Range<usize>;

pub(super) const FORM: Name = 0..33;
pub(super) const MULTIPART: Name = 33..52;
/// The end of that.
pub(super) const FORM_DATA: Name = 43..52;
/// The end of every type that means JSON: servers take `text/json` and the like for it too.
pub(super) const JSON: Name = 69..73;
pub(super) const BOUNDARY: Name = 73..81;
pub(super) const DISPOSITION: Name = 81..101;
pub(super) const FILE_NAME: Name = 101..109;
/// The end of that.
pub(super) const NAME: Name = 105..109;

/// The names of a plan.
#[derive(Clone, Copy)]
pub(super) struct Names<'p>(pub &'p [u8]);

impl<'p> Names<'p> {
    pub(super) fn get(self, name: Name) -> &'p [u8] {
        self.0.get(name).unwrap_or_default()
    }

    /// Whether a text is a name, in any case.
    #[inline(never)]
    pub(super) fn is(self, name: Name, text: &[u8]) -> bool {
        text.eq_ignore_ascii_case(self.get(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_where_they_should_be() {
        let names = Names(NAMES);
        let all = [
            (FORM, "application/x-www-form-urlencoded"),
            (MULTIPART, "multipart/form-data"),
            (FORM_DATA, "form-data"),
            (JSON, "json"),
            (BOUNDARY, "boundary"),
            (DISPOSITION, "content-disposition:"),
            (FILE_NAME, "filename"),
            (NAME, "name"),
        ];
        for (name, text) in all {
            assert_eq!(names.get(name), text.as_bytes());
        }
    }
}
