//! Links: where in a URL a value stands, and whether it could lead somewhere else there.
//!
//! A value may stand behind a part of the URL that fixes where it leads: in its path behind `/x`, in its query, in
//! its fragment. Before that it could be a scheme of its own (`javascript:`) or another site's name
//! (`//evil.example`). The parts are those of the URL standard, section 4.4.

/// What is known of a value that is put into a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) enum Known {
    /// Nothing: it could be any text.
    Anything,
    /// A whole number.
    Number,
    /// The request's scheme.
    Scheme,
    /// The request's host.
    Host,
    /// The request's path: it begins with `/`.
    Path,
}

impl Known {
    /// A text that stands for such a value in what has been read.
    pub(super) fn sample(self) -> &'static [u8] {
        match self {
            Known::Anything => b"x",
            Known::Number => b"1",
            Known::Scheme => b"https",
            Known::Host => b"h",
            Known::Path => b"/x",
        }
    }
}

/// Where a link that has been read this far goes on.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Nothing is decided.
    Start,
    /// Behind a `/` that begins the link: another would make it a site's name.
    Slash,
    /// In the name of the site; whether it is still empty.
    Site { empty: bool },
    /// A scheme that runs or shows what stands behind it.
    Script,
    /// Where it leads is decided.
    Decided,
}

/// Schemes whose links show no page: `mailto:` and its like.
const HARMLESS: &[&[u8]] = &[b"mailto", b"tel", b"sms"];

/// Why a value can't stand in a link behind what was read, if it can't.
pub(super) fn danger(before: &[u8], known: Known) -> Option<&'static str> {
    match (part(before), known) {
        (Part::Decided, _) => None,
        (Part::Script, _) => Some("a link that is a script"),
        (_, Known::Number) => None,
        (Part::Start, Known::Scheme) => None,
        (Part::Site { .. }, Known::Host) | (Part::Site { empty: false }, Known::Path) => None,
        (Part::Start, _) => Some("the start of a link"),
        (Part::Slash, _) => Some("a link right behind its first `/`"),
        (Part::Site { .. }, _) => Some("the site's name in a link"),
    }
}

fn part(before: &[u8]) -> Part {
    // Browsers drop these wherever they stand.
    let kept = |byte: &u8| !matches!(byte, b'\t' | b'\n' | b'\r');
    let text: Vec<u8> = before.iter().copied().filter(kept).collect();
    let start = text.iter().position(|byte| *byte > b' ');
    let text = start.and_then(|at| text.get(at..)).unwrap_or_default();
    let Some(at) = text.iter().position(|byte| b":/\\?#&".contains(byte)) else {
        return Part::Start;
    };
    let (first, rest) = text.split_at(at);
    match rest.first() {
        // A character reference could be anything.
        Some(b'&') => Part::Start,
        Some(b':') => scheme(first, rest.get(1..).unwrap_or_default()),
        Some(b'/' | b'\\') if first.is_empty() => match rest {
            [_] => Part::Slash,
            [_, b'/' | b'\\', site @ ..] => within_site(site),
            [_, b'&', ..] => Part::Slash,
            _ => Part::Decided,
        },
        _ => Part::Decided,
    }
}

fn scheme(name: &[u8], rest: &[u8]) -> Part {
    if HARMLESS.contains(&name) {
        return Part::Decided;
    }
    match name {
        b"http" | b"https" => within_site(rest),
        _ => Part::Script,
    }
}

fn within_site(text: &[u8]) -> Part {
    let slash = |byte: &u8| matches!(byte, b'/' | b'\\');
    let start = text.iter().position(|byte| !slash(byte));
    let site = start.and_then(|at| text.get(at..)).unwrap_or_default();
    match site.iter().any(|byte| slash(byte) || b"?#".contains(byte)) {
        true => Part::Decided,
        false => Part::Site {
            empty: site.is_empty(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, danger};

    #[test]
    fn behind_what_fixes_where_a_link_leads_anything_may_stand() {
        for before in [
            "/items/",
            "/a",
            "items/",
            "./",
            "?q=",
            "#",
            "/?a=1&amp;b=",
            "https://shop.example/",
            "https://shop.example?x=",
            "//cdn.example/",
            "mailto:",
            " /x",
            "http:\\\\a\\",
        ] {
            assert_eq!(danger(before.as_bytes(), Known::Anything), None, "{before}");
        }
    }

    #[test]
    fn before_that_it_could_lead_anywhere() {
        for before in [
            "",
            " ",
            "java",
            "java\n",
            "javascript&colon;",
            "java&#115;cript",
            "/",
            "\\",
            "/\t",
            "/&#47;",
            "//",
            "/\\",
            "https:",
            "https://",
            "https:///",
            "https://shop.example",
            "//shop.example:",
            "javascript:x(",
            "data:text/html,",
            "blob:",
        ] {
            assert!(
                danger(before.as_bytes(), Known::Anything).is_some(),
                "{before}"
            );
        }
    }

    #[test]
    fn what_is_known_of_a_value_counts() {
        assert_eq!(danger(b"/", Known::Number), None);
        assert_eq!(danger(b"https://shop.example", Known::Path), None);
        assert_eq!(danger(b"https://", Known::Host), None);
        assert_eq!(danger(b"", Known::Scheme), None);
        // A path may begin with two slashes.
        assert!(danger(b"", Known::Path).is_some());
        assert!(danger(b"https://", Known::Path).is_some());
        assert!(danger(b"javascript:", Known::Number).is_some());
    }
}
