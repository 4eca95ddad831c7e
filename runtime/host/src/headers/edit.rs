//! A policy's header edits.

use edge_abi::output::edit::Op;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::hop::belongs_to_the_host;
use crate::output::{Edit, EditValue, Edits, SegmentValue};
use crate::settings::Secret;

/// An edit that no longer needs the guest's memory.
#[derive(Debug, Clone)]
pub(crate) enum HeaderEdit {
    Set(HeaderName, HeaderValue),
    Add(HeaderName, HeaderValue),
    Remove(HeaderName),
    /// Remove every field whose name begins so.
    RemovePrefix(String),
}

/// An edit that can't be carried out; both name the statement's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum EditError {
    /// The value holds a line break, a NUL or another control character.
    Value { place: u32, name: String },
    /// The field is the host's own affair.
    Reserved { place: u32, name: String },
}

impl HeaderEdit {
    /// Takes an edit out of the guest's memory; the only place where secrets are filled in.
    pub(crate) fn new(edit: &Edit<'_>, secrets: &[Secret]) -> Result<Self, EditError> {
        let (place, name) = (edit.place(), edit.name());
        let text = || String::from_utf8_lossy(name).into_owned();
        if let (Op::Remove, Some(prefix)) = (edit.op(), name.strip_suffix(b"*")) {
            return Ok(HeaderEdit::RemovePrefix(
                String::from_utf8_lossy(prefix).into_owned(),
            ));
        }
        let header = HeaderName::from_bytes(name).map_err(|_| EditError::Reserved {
            place,
            name: text(),
        })?;
        if edit.op() == Op::Remove {
            return Ok(HeaderEdit::Remove(header));
        }
        if belongs_to_the_host(&header) {
            return Err(EditError::Reserved {
                place,
                name: text(),
            });
        }
        let value = value(edit, secrets).ok_or_else(|| EditError::Value {
            place,
            name: text(),
        })?;
        Ok(if edit.op() == Op::Set {
            HeaderEdit::Set(header, value)
        } else {
            HeaderEdit::Add(header, value)
        })
    }

    /// Carries it out.
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        match self {
            HeaderEdit::Set(name, value) => {
                headers.insert(name, value);
            }
            HeaderEdit::Add(name, value) => {
                headers.append(name, value);
            }
            HeaderEdit::Remove(name) if belongs_to_the_host(&name) => {}
            HeaderEdit::Remove(name) => {
                headers.remove(name);
            }
            HeaderEdit::RemovePrefix(prefix) => remove_prefix(headers, &prefix),
        }
    }
}

/// Applies a list of edits in order.
pub(crate) fn apply_all(
    edits: Edits<'_>,
    headers: &mut HeaderMap,
    secrets: &[Secret],
) -> Result<(), EditError> {
    for edit in edits {
        HeaderEdit::new(&edit, secrets)?.apply(headers);
    }
    Ok(())
}

/// Takes a list of edits out of the guest's memory, in order.
pub(crate) fn request_edits(
    edits: Edits<'_>,
    secrets: &[Secret],
) -> Result<Vec<HeaderEdit>, EditError> {
    edits.map(|edit| HeaderEdit::new(&edit, secrets)).collect()
}

fn value(edit: &Edit<'_>, secrets: &[Secret]) -> Option<HeaderValue> {
    let segments = match edit.value() {
        EditValue::Bytes(bytes) => return HeaderValue::from_bytes(bytes).ok(),
        EditValue::Segments(segments) => segments,
    };
    let mut text = Vec::new();
    for segment in segments {
        match segment.value() {
            SegmentValue::Bytes(bytes) => text.extend_from_slice(bytes),
            SegmentValue::Secret(id) => text.extend_from_slice(secrets.get(id as usize)?.reveal()),
        }
    }
    let mut value = HeaderValue::from_bytes(&text).ok()?;
    // Keeps the value out of any debug print.
    value.set_sensitive(true);
    Some(value)
}

fn remove_prefix(headers: &mut HeaderMap, prefix: &str) {
    let names: Vec<HeaderName> = headers
        .keys()
        .filter(|name| name.as_str().starts_with(prefix) && !belongs_to_the_host(name))
        .cloned()
        .collect();
    for name in names {
        headers.remove(name);
    }
}
