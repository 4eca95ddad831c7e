//! The lines of `tests/detection`, and the requests that they stand for.

use edge_abi::test_plan::Request;
use std::{collections::BTreeMap, fs, path::Path};

/// How a line is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// As it stands.
    Head,
    /// The query of a target as the body of a form.
    Form,
    /// The query's values as members of a JSON object.
    Json,
}

/// The lines of the files, by name: `attacks/sqli`.
pub fn corpus(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let mut files = BTreeMap::new();
    for kind in ["attacks", "innocent"] {
        for entry in fs::read_dir(folder.join(kind)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let name = format!("{kind}/{}", path.file_stem().unwrap().to_str().unwrap());
            files.insert(name, text.lines().map(str::to_owned).collect());
        }
    }
    files
}

/// The request of a line; none where it has no query to become a body.
pub fn request(line: &str, way: Way) -> Option<Request> {
    let (method, target, headers) = read(line);
    let post = |media: &str, body: String| {
        let media = vec![("Content-Type".to_owned(), media.to_owned())];
        ("POST", "/comments", media, Some(body))
    };
    let (method, target, headers, body) = match way {
        Way::Head => (method, target, headers, None),
        Way::Form => post("application/x-www-form-urlencoded", query(line)?.to_owned()),
        Way::Json => post("application/json", json(query(line)?)),
    };
    Some(Request {
        place: [0, 1, 1],
        method: method.to_owned(),
        target: target.to_owned(),
        headers,
        body,
        client_ip: None,
    })
}

/// The query of a line's target, if that has values.
pub fn query(line: &str) -> Option<&str> {
    let (_, query) = read(line).1.split_once('?')?;
    query.contains('=').then_some(query)
}

/// The values of a query, decoded, as members of an object. What is not UTF-8 becomes U+FFFD.
fn json(query: &str) -> String {
    let members = query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let [name, value] = [name, value].map(|text| serde_json::Value::from(decoded(text)));
        format!("{name}:{value}")
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let hex = behind
            .get(..2)
            .and_then(|hex| std::str::from_utf8(hex).ok());
        let escaped = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let byte = match (first, escaped) {
            (b'%', Some(byte)) => byte,
            (b'+', _) => b' ',
            _ => first,
        };
        rest = match (first, escaped) {
            (b'%', Some(_)) => &behind[2..],
            _ => behind,
        };
        bytes.push(byte);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `/target`, `METHOD /target` or `Header: value`.
fn read(line: &str) -> (&str, &str, Vec<(String, String)>) {
    if line.starts_with('/') {
        return ("GET", line, Vec::new());
    }
    if let Some((method, target)) = line.split_once(" /")
        && method.chars().all(|c| c.is_ascii_uppercase())
    {
        return (method, &line[line.len() - target.len() - 1..], Vec::new());
    }
    let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
    ("GET", "/", vec![(name.to_owned(), value.to_owned())])
}
