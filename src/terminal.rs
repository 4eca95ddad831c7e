//! What is written where, and how much a terminal can show.

use std::borrow::Cow;
use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a write to the standard output failed.
static FAILED: AtomicBool = AtomicBool::new(false);

/// Whether something that was asked for could not be written: the command has failed then.
pub fn write_failed() -> bool {
    FAILED.load(Ordering::Relaxed)
}

/// Where to write. A reader that has left (`edge … | head`) is no failure: what would follow is
/// dropped, and the command goes on to its exit code.
#[derive(Debug)]
pub struct Output {
    stream: Stream,
    style: Style,
    closed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Stdout,
    Stderr,
}

/// What can be shown there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Somebody is looking.
    pub terminal: bool,
    /// Colours: on a terminal, unless `NO_COLOR` is set.
    pub colour: bool,
    /// More than ASCII: on a terminal with a UTF-8 locale.
    pub unicode: bool,
}

impl Output {
    /// The standard output: for what was asked for.
    pub fn stdout() -> Self {
        Self::to(Stream::Stdout, io::stdout().is_terminal())
    }

    /// The standard error: for problems and notes.
    pub fn stderr() -> Self {
        Self::to(Stream::Stderr, io::stderr().is_terminal())
    }

    fn to(stream: Stream, terminal: bool) -> Self {
        Output {
            stream,
            style: Style::of(terminal),
            closed: false,
        }
    }

    /// What can be shown there.
    pub fn style(&self) -> Style {
        self.style
    }

    /// Writes a text and a line's end.
    pub fn line(&mut self, text: &str) {
        self.write(format!("{text}\n").as_bytes());
    }

    /// Writes bytes as they are.
    pub fn write(&mut self, bytes: &[u8]) {
        if self.closed {
            return;
        }
        let written = match self.stream {
            Stream::Stdout => write_to(&mut io::stdout().lock(), bytes),
            Stream::Stderr => write_to(&mut io::stderr().lock(), bytes),
        };
        self.closed = written.is_err();
        match written {
            Err(error) if self.stream == Stream::Stdout && !left(&error) => {
                FAILED.store(true, Ordering::Relaxed);
                let message = format!("error: cannot write to the standard output: {error}\n");
                // When neither stream can be written to, nobody can be told.
                let _ = io::stderr().lock().write_all(message.as_bytes());
            }
            _ => {}
        }
    }
}

fn write_to(to: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}

fn left(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

impl Style {
    fn of(terminal: bool) -> Self {
        let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        Style {
            terminal,
            colour: terminal && !dumb && !set("NO_COLOR"),
            unicode: terminal && utf8_locale(),
        }
    }

    /// The text in red.
    pub fn red(self, text: &str) -> String {
        self.paint("31;1", text)
    }

    /// The text in green.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// The text in cyan.
    pub fn cyan(self, text: &str) -> String {
        self.paint("36", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Whether the locale's characters are UTF-8 (POSIX: the first of these that is set rules).
fn utf8_locale() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .filter_map(env::var_os)
        .find(|value| !value.is_empty())
        .is_some_and(|value| {
            let value = value.to_string_lossy().to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// The text without what a terminal would obey: controls and characters that change the direction
/// of writing become others of as many bytes. Line ends and tabs stay.
pub fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| match c.len_utf8() {
        _ if !is_obeyed(c) => c,
        1 => '?',
        2 => '¿',
        _ => char::REPLACEMENT_CHARACTER,
    };
    Cow::Owned(text.chars().map(shown).collect())
}

fn is_obeyed(c: char) -> bool {
    let direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && !matches!(c, '\n' | '\t')) || direction
}

/// `1 file`, `2 files`.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{} {one}s", grouped(number as u64))
    }
}

/// The number with a comma between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_replaced_byte_for_byte() {
        for text in ["a\u{1b}[31mb", "\r", "\u{9b}31m", "x\u{202e}y", "ok\n\t"] {
            let shown = plain(text);
            assert_eq!(shown.len(), text.len(), "{text:?}");
            assert!(!shown.contains(is_obeyed), "{shown:?}");
        }
        assert_eq!(plain("größe ✓\n"), "größe ✓\n");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(count(1, "test"), "1 test");
        assert_eq!(count(0, "test"), "0 tests");
    }
}
