//! A small HTML tokenizer: where in a page a value stands.
//!
//! The states are those of the HTML standard, section 13.2.5, joined where the difference
//! doesn't matter here.

use super::link::{self, Known};

/// Where in a page the tokenizer is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// Behind `<`.
    Open,
    TagName,
    /// In a tag, between attributes.
    Tag,
    AttributeName,
    /// Behind `=`.
    BeforeValue,
    Quoted(u8),
    Unquoted,
    /// `<!-- … -->`, `<!doctype …>`, `<? … >`
    Comment,
    Doctype,
}

/// A page as far as it has been read.
#[derive(Debug, Default)]
pub(super) struct Page {
    state: State,
    /// The name of the last tag, in lower case, with `/` before an end tag's.
    tag: Vec<u8>,
    attribute: Vec<u8>,
    /// What the attribute's value holds so far.
    value: Vec<u8>,
    /// The element whose content is no markup: `script`, `style` …
    raw_text: Option<Vec<u8>>,
    /// The last bytes read, to find `-->` and `</script`.
    recent: Vec<u8>,
    /// The tag has an attribute `http-equiv`: its `content` stands for a header.
    stands_for_header: bool,
}

/// Elements whose content is not markup.
const RAW_TEXT: &[&[u8]] = &[
    b"script",
    b"style",
    b"xmp",
    b"iframe",
    b"noembed",
    b"noframes",
    b"plaintext",
    b"title",
    b"textarea",
];
/// Elements of [`RAW_TEXT`] whose character references are read, so that escaped text is safe.
const ESCAPABLE: &[&[u8]] = &[b"title", b"textarea"];
/// Elements that run what their links lead to.
const RUNS: &[&[u8]] = &[b"script", b"object", b"embed", b"applet"];
/// Elements that change attributes of others.
const ANIMATES: &[&[u8]] = &[b"animate", b"set", b"animatetransform", b"animatemotion"];
/// Attributes whose value is a link.
const LINKS: &[&[u8]] = &[
    b"href",
    b"src",
    b"action",
    b"formaction",
    b"data",
    b"poster",
    b"cite",
    b"background",
    b"manifest",
    b"xlink:href",
    b"codebase",
    b"longdesc",
    b"usemap",
    b"code",
    b"archive",
    b"classid",
];
/// Attributes that hold several links.
const LINK_LISTS: &[&[u8]] = &[b"srcset", b"imagesrcset", b"ping"];

impl Page {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.step(byte);
        }
    }

    fn step(&mut self, byte: u8) {
        self.recent.push(byte.to_ascii_lowercase());
        if self.recent.len() > 16 {
            self.recent.remove(0);
        }
        match self.state {
            State::Text => self.text(byte),
            State::Open => self.open(byte),
            State::TagName => match byte {
                b'>' => self.close(),
                b'/' | b' ' | b'\t' | b'\n' | b'\r' | 0x0C => self.state = State::Tag,
                byte => self.tag.push(byte.to_ascii_lowercase()),
            },
            State::Tag => match byte {
                b'>' => self.close(),
                b'=' if !self.attribute.is_empty() => self.state = State::BeforeValue,
                b'/' => self.attribute.clear(),
                byte if byte.is_ascii_whitespace() => {}
                byte => {
                    self.attribute = vec![byte.to_ascii_lowercase()];
                    self.state = State::AttributeName;
                }
            },
            State::AttributeName => match byte {
                b'>' => self.close(),
                b'=' => self.state = State::BeforeValue,
                b'/' => self.state = State::Tag,
                byte if byte.is_ascii_whitespace() => self.state = State::Tag,
                byte => self.attribute.push(byte.to_ascii_lowercase()),
            },
            State::BeforeValue => {
                self.value.clear();
                self.stands_for_header |= self.attribute == b"http-equiv";
                match byte {
                    b'"' | b'\'' => self.state = State::Quoted(byte),
                    b'>' => self.close(),
                    byte if byte.is_ascii_whitespace() => {}
                    byte => {
                        self.value.push(byte);
                        self.state = State::Unquoted;
                    }
                }
            }
            State::Quoted(quote) if byte == quote => {
                self.attribute.clear();
                self.state = State::Tag;
            }
            State::Quoted(_) => self.value.push(byte.to_ascii_lowercase()),
            State::Unquoted => match byte {
                b'>' => self.close(),
                byte if byte.is_ascii_whitespace() => {
                    self.attribute.clear();
                    self.state = State::Tag;
                }
                byte => self.value.push(byte),
            },
            State::Comment => {
                if self.recent.ends_with(b"-->") || self.recent.ends_with(b"--!>") {
                    self.state = State::Text;
                }
            }
            State::Doctype => {
                if self.recent.ends_with(b"<!--") {
                    self.state = State::Comment;
                } else if byte == b'>' {
                    self.state = State::Text;
                }
            }
        }
    }

    fn text(&mut self, byte: u8) {
        match &self.raw_text {
            Some(element) => {
                let delimited = matches!(byte, b'>' | b'/') || byte.is_ascii_whitespace();
                let before = self
                    .recent
                    .split_last()
                    .map_or(&[][..], |(_, before)| before);
                let name = before.strip_suffix(element.as_slice());
                if delimited && name.is_some_and(|before| before.ends_with(b"</")) {
                    self.tag = [b"/".as_slice(), element].concat();
                    self.raw_text = None;
                    self.state = if byte == b'>' {
                        State::Text
                    } else {
                        State::Tag
                    };
                }
            }
            None if byte == b'<' => self.state = State::Open,
            None => {}
        }
    }

    fn open(&mut self, byte: u8) {
        self.tag.clear();
        self.attribute.clear();
        self.stands_for_header = false;
        match byte {
            b'!' | b'?' => self.state = State::Doctype,
            b'/' => {
                self.tag.push(b'/');
                self.state = State::TagName;
            }
            byte if byte.is_ascii_alphabetic() => {
                self.tag.push(byte.to_ascii_lowercase());
                self.state = State::TagName;
            }
            b'<' => {}
            _ => self.state = State::Text,
        }
    }

    /// Behind `>`.
    fn close(&mut self) {
        self.attribute.clear();
        self.state = State::Text;
        if RAW_TEXT.contains(&self.tag.as_slice()) {
            self.raw_text = Some(self.tag.clone());
        }
    }

    /// A value stands here.
    pub(super) fn value(&mut self, known: Known) {
        match self.state {
            State::BeforeValue => self.state = State::Unquoted,
            State::Open => self.state = State::TagName,
            State::Tag => self.state = State::AttributeName,
            _ => {}
        }
        self.value.extend_from_slice(known.sample());
        self.recent.clear();
    }

    /// Whether escaped text here is the text that it stands for: in text and in quotes.
    pub(super) fn escapes(&self) -> bool {
        match self.state {
            State::Text => self
                .raw_text
                .as_deref()
                .is_none_or(|element| ESCAPABLE.contains(&element)),
            State::Quoted(_) => true,
            _ => false,
        }
    }

    /// Why a value that stands here would not be safe, though escaped.
    pub(super) fn danger(&self, known: Known) -> Option<&'static str> {
        match self.state {
            State::Text => match self.raw_text.as_deref() {
                None => None,
                Some(element) if ESCAPABLE.contains(&element) => None,
                Some(b"script") => Some("a script"),
                Some(b"style") => Some("a style sheet"),
                Some(_) => Some("an element whose content is not markup"),
            },
            State::Open | State::TagName => Some("the name of a tag"),
            State::Tag | State::AttributeName => Some("the name of an attribute"),
            State::BeforeValue | State::Unquoted => Some("an attribute without quotes"),
            State::Comment | State::Doctype => Some("a comment"),
            State::Quoted(_) => self.attribute_danger(known),
        }
    }

    fn attribute_danger(&self, known: Known) -> Option<&'static str> {
        let (tag, name) = (self.tag.as_slice(), self.attribute.as_slice());
        let is_link = LINKS.contains(&name);
        match name {
            _ if name.starts_with(b"on") => Some("an event handler"),
            b"style" => Some("a style"),
            b"srcdoc" => Some("a page of its own"),
            _ if LINK_LISTS.contains(&name) => Some("a list of links"),
            _ if is_link && RUNS.contains(&tag) => Some("the address of a script"),
            _ if is_link && tag == b"base" => Some("the base of all links"),
            b"to" | b"from" | b"by" | b"values" | b"attributename" if ANIMATES.contains(&tag) => {
                Some("an animation of attributes")
            }
            _ if is_link => link::danger(&self.value, known),
            b"http-equiv" => Some("the name of a header"),
            b"content" if tag == b"meta" => self.meta_danger(known),
            _ => None,
        }
    }

    /// `<meta http-equiv="refresh" content="0; url=…">`
    fn meta_danger(&self, known: Known) -> Option<&'static str> {
        const URL: &[u8] = b"url=";
        let at = self
            .value
            .windows(URL.len())
            .position(|window| window == URL);
        match at.and_then(|at| self.value.get(at + URL.len()..)) {
            Some(before) => {
                let quoted = before.trim_ascii_start();
                let inner = quoted.strip_prefix(b"'").or(quoted.strip_prefix(b"\""));
                link::danger(inner.unwrap_or(quoted), known)
            }
            None if self.stands_for_header => Some("what stands for a header"),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, Page};

    fn danger(before: &str) -> Option<&'static str> {
        let mut page = Page::default();
        page.read(before.as_bytes());
        page.danger(Known::Anything)
    }

    #[test]
    fn text_and_quoted_attributes_are_safe() {
        for before in [
            "",
            "<p>",
            "<p class='x'>",
            "<a title=\"",
            "<a title='a",
            "<a href=\"/x/",
            "<a href='https://a/",
            "<script>x</script>",
            "<!-- a --><p>",
            "<!doctype html><html>",
            "1 < 2 ",
            "<br/>",
            "<title>",
            "<title><p title=\"</title>",
            "<textarea><script>",
            "<a href=\"/items/",
            "<a href='https://a/?x=",
            "<iframe src=\"https://player.example/v/",
            "<script nonce=\"",
            "<meta name=\"description\" content=\"",
            "<meta http-equiv=\"refresh\" content=\"0; url=/welcome/",
            "<link rel=\"canonical\" href=\"https://a/",
            "<style>p{}</style><p>",
            "<img alt=\"x\" title = \"",
        ] {
            assert_eq!(danger(before), None, "{before}");
        }
    }

    #[test]
    fn other_places_are_not() {
        for (before, place) in [
            ("<script>var a = '", "a script"),
            ("<SCRIPT type=\"x\">", "a script"),
            ("<style>p{color:", "a style sheet"),
            ("<", "the name of a tag"),
            ("<p ", "the name of an attribute"),
            ("<p x", "the name of an attribute"),
            ("<p class=", "an attribute without quotes"),
            ("<p class=a", "an attribute without quotes"),
            ("<!-- ", "a comment"),
            ("<a href=\"", "the start of a link"),
            ("<a href=' ", "the start of a link"),
            ("<a href=\"javascript:x(", "a link that is a script"),
            ("<p onclick=\"", "an event handler"),
            ("<p style='", "a style"),
            ("<iframe srcdoc=\"", "a page of its own"),
            (
                "<meta http-equiv=refresh content=\"0; url=",
                "the start of a link",
            ),
            ("<script></scriptx>", "a script"),
            ("<title></title><script>", "a script"),
            ("<a href=\"java", "the start of a link"),
            ("<a href=\"/", "a link right behind its first `/`"),
            ("<a href=\"https://", "the site's name in a link"),
            ("<script src=\"/", "the address of a script"),
            ("<script src=\"/js/", "the address of a script"),
            ("<SVG><Script xlink:href='/js/", "the address of a script"),
            ("<object data=\"/x/", "the address of a script"),
            ("<embed src=\"/x/", "the address of a script"),
            ("<iframe src=\"", "the start of a link"),
            ("<base target=_top href=\"/x/", "the base of all links"),
            ("<img srcset=\"/x/", "a list of links"),
            ("<a ping='/x/", "a list of links"),
            ("<form action='", "the start of a link"),
            ("<set attributeName=href to='", "an animation of attributes"),
            (
                "<meta http-equiv=refresh content=\"0; url='/",
                "a link right behind its first `/`",
            ),
            (
                "<meta http-equiv='refresh' content='",
                "what stands for a header",
            ),
            ("<meta http-equiv='", "the name of a header"),
        ] {
            assert_eq!(danger(before), Some(place), "{before}");
        }
    }
}
