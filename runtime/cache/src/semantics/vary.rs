//! `Vary` as the secondary key (RFC 9111 4.1, RFC 9110 12.5.5), normalised.

use super::list;
use http::{HeaderMap, HeaderName, header};

/// What `Vary` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vary {
    /// `*` somewhere, or a member that is no field name: no other request can be matched.
    Any,
    /// These fields, sorted, each once; none when the answer does not vary.
    Names(Vec<HeaderName>),
}

impl Vary {
    /// Reads all lines of `Vary`.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut names = Vec::new();
        for member in list::members(headers, &header::VARY) {
            match HeaderName::from_bytes(member) {
                Ok(name) if name.as_str() != "*" => names.push(name),
                _ => return Vary::Any,
            }
        }
        names.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        names.dedup();
        Vary::Names(names)
    }
}

/// The values that a request has for the fields that an answer varies by, normalised so that requests which mean the same
/// are equal. A field that is absent differs from an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selecting {
    fields: Box<[Field]>,
}

/// A field's name, and its value when the request has it.
type Field = (HeaderName, Option<Box<[u8]>>);

impl Selecting {
    /// The values in a request for these names.
    pub fn of(names: &[HeaderName], request: &HeaderMap) -> Self {
        Self {
            fields: names
                .iter()
                .map(|name| (name.clone(), normalised(name, request)))
                .collect(),
        }
    }

    /// What [`Selecting::fields`] gave once, possibly in another process.
    pub(crate) fn from_fields(fields: Vec<(HeaderName, Option<Box<[u8]>>)>) -> Self {
        Self {
            fields: fields.into(),
        }
    }

    /// The names of the fields, sorted.
    pub fn names(&self) -> impl Iterator<Item = &HeaderName> {
        self.fields.iter().map(|(name, _)| name)
    }

    /// Whether an answer that was selected so fits a request. `headers` are the answer's.
    ///
    /// An answer in the one language that the request likes best fits although the request that it was made for had
    /// other wishes beside it.
    pub fn fits(&self, request: &HeaderMap, headers: &HeaderMap) -> bool {
        self.fields.iter().all(|(name, value)| {
            normalised(name, request) == *value
                || *name == header::ACCEPT_LANGUAGE && best_language(request, headers)
        })
    }

    /// How many bytes it holds.
    pub fn weight(&self) -> usize {
        self.fields
            .iter()
            .map(|(_, value)| 64 + value.as_ref().map_or(0, |value| value.len()))
            .sum()
    }

    /// Each field with its value.
    pub fn fields(&self) -> impl Iterator<Item = (&HeaderName, Option<&[u8]>)> {
        self.fields
            .iter()
            .map(|(name, value)| (name, value.as_deref()))
    }
}

/// A field's value in a form that is the same for all spellings: lines combined, no whitespace around commas; for
/// `Accept-Encoding` and `Accept-Language` also case, order among equals and the numbers of weights.
pub fn normalised(name: &HeaderName, request: &HeaderMap) -> Option<Box<[u8]>> {
    if !request.contains_key(name) {
        return None;
    }
    let members = list::members(request, name);
    let value = if *name == header::ACCEPT_ENCODING || *name == header::ACCEPT_LANGUAGE {
        in_order_of_preference(members)
    } else {
        members.collect::<Vec<_>>().join(&b","[..])
    };
    Some(value.into_boxed_slice())
}

/// `gzip;q=0.5, br` as `br>gzip`: what is refused (`q=0`) comes last, after `!`.
fn in_order_of_preference<'a>(members: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut choices: Vec<_> = members.map(choice).collect();
    choices.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    choices.dedup();
    let mut text = Vec::new();
    let mut last = None;
    for (name, weight) in choices {
        match last {
            _ if weight == 0 => text.push(b'!'),
            None => {}
            Some(same) if same == weight => text.push(b','),
            Some(_) => text.push(b'>'),
        }
        text.extend_from_slice(&name);
        last = Some(weight);
    }
    text
}

/// A member's name in lower case, and its weight in thousandths (RFC 9110 12.4.2); a weight that can't be read is 1.
pub(super) fn choice(member: &[u8]) -> (Vec<u8>, u16) {
    let mut parts = member.split(|byte| *byte == b';').map(list::trim);
    let mut name = parts.next().unwrap_or_default().to_ascii_lowercase();
    if name == b"x-gzip" {
        name = b"gzip".to_vec();
    }
    let weight = parts.find_map(|part| match part {
        [b'q' | b'Q', b'=', digits @ ..] => Some(digits),
        _ => None,
    });
    (name, weight.and_then(thousandths).unwrap_or(1000))
}

fn thousandths(digits: &[u8]) -> Option<u16> {
    let (whole, rest) = digits.split_first()?;
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    if rest.len() > 3 || !rest.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut part = 0_u16;
    for at in 0..3 {
        part = part * 10 + rest.get(at).map_or(0, |digit| u16::from(digit - b'0'));
    }
    match whole {
        b'0' => Some(part),
        b'1' => Some(1000),
        _ => None,
    }
}

/// Whether the answer's one `Content-Language` is what the request likes best, alone.
fn best_language(request: &HeaderMap, headers: &HeaderMap) -> bool {
    let mut languages = list::members(headers, &header::CONTENT_LANGUAGE);
    let (Some(language), None) = (languages.next(), languages.next()) else {
        return false;
    };
    let choices: Vec<_> = list::members(request, &header::ACCEPT_LANGUAGE)
        .map(choice)
        .collect();
    let most = choices.iter().map(|(_, weight)| *weight).max().unwrap_or(0);
    let mut best = choices
        .iter()
        .filter(|(_, weight)| *weight == most && most > 0);
    match (best.next(), best.next()) {
        (Some((name, _)), None) => *name == language.to_ascii_lowercase(),
        _ => false,
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

    use super::super::samples::headers;
    use super::*;

    fn fits(vary: &str, stored: &[&str], asked: &[&str]) -> bool {
        let answer = headers(&[&format!("Vary: {vary}"), "Content-Language: de"]);
        let Vary::Names(names) = Vary::of(&answer) else {
            panic!("it is a list of names")
        };
        Selecting::of(&names, &headers(stored)).fits(&headers(asked), &answer)
    }

    #[test]
    fn names_in_any_order_and_case() {
        let of = |lines: &[&str]| Vary::of(&headers(lines));
        assert_eq!(of(&["Vary: Foo, bar", "Vary: BAR"]), of(&["Vary: bar,foo"]));
        assert_eq!(of(&[]), Vary::Names(Vec::new()));
        assert_eq!(of(&["Vary: "]), Vary::Names(Vec::new()));
        for star in [
            &["Vary: *"][..],
            &["Vary: ", "Vary: *"],
            &["Vary: a", "Vary: *, b"],
            &["Vary: a b"],
        ] {
            assert_eq!(of(star), Vary::Any, "{star:?}");
        }
    }

    #[test]
    fn equal_values_fit() {
        assert!(fits("Foo", &["Foo: 1"], &["Foo: 1", "Other: 2"]));
        assert!(!fits("Foo", &["Foo: 1"], &["Foo: 2"]));
        assert!(!fits("Foo", &["Foo: 1"], &[]));
        assert!(!fits("Foo", &[], &["Foo: 1"]));
        assert!(!fits("Foo", &[], &["Foo: "]));
        assert!(fits(
            "Foo, Bar, Baz",
            &["Foo: 1", "Baz: 789"],
            &["Baz: 789", "Foo: 1"]
        ));
        assert!(!fits(
            "Foo, Bar",
            &["Foo: 1", "Bar: abc"],
            &["Foo: 1", "Bar: abcde"]
        ));
    }

    #[test]
    fn spelling_is_normalised() {
        assert!(fits("Foo", &["Foo: 1, 2"], &["Foo: 1", "Foo: 2"]));
        assert!(fits("Foo", &["Foo: 1,2"], &["Foo:  1 ,  2 "]));
        assert!(
            !fits("Foo", &["Foo: 1,2"], &["Foo: 2,1"]),
            "order may mean something"
        );
        assert!(!fits("Foo", &["Foo: a"], &["Foo: A"]));
    }

    #[test]
    fn languages_and_codings_by_preference() {
        assert!(fits(
            "Accept-Language",
            &["Accept-Language: en, fr"],
            &["Accept-Language: FR ,  eN"]
        ));
        assert!(!fits(
            "Accept-Language",
            &["Accept-Language: en, fr"],
            &["Accept-Language: fr, en;q=0.5"]
        ));
        assert!(fits(
            "Accept-Language",
            &["Accept-Language: en, de"],
            &["Accept-Language: fr;q=0.5, de;q=1.0"]
        ));
        assert!(!fits(
            "Accept-Language",
            &["Accept-Language: en, de"],
            &["Accept-Language: fr, de"]
        ));
        let coding = |a: &str, b: &str| {
            fits(
                "Accept-Encoding",
                &[&format!("Accept-Encoding: {a}")],
                &[&format!("Accept-Encoding: {b}")],
            )
        };
        assert!(coding("gzip, br", "BR,x-gzip"));
        assert!(coding("gzip;q=0.8, br;q=0.9", "br, gzip;q=0.5"));
        assert!(!coding("gzip, br", "gzip, br;q=0"));
        assert!(!coding("gzip", "br"));
    }
}
