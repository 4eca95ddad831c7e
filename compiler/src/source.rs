//! Source texts and places in them.

use std::fmt;

/// A file of one compilation, by the order in which it was first named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId(pub u32);

/// A range of bytes in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that holds both; `other` must be in the same file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

impl From<Span> for miette::SourceSpan {
    fn from(span: Span) -> Self {
        (
            span.start as usize,
            span.end.saturating_sub(span.start) as usize,
        )
            .into()
    }
}

/// One source text, with the name that diagnostics show.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The path as the user knows it (`policy.edge`, `./shared.edge`, `std/waf.edge`).
    pub name: String,
    /// The text.
    pub text: String,
}

/// All texts of one compilation.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    /// By [`FileId`]; the policy itself is the first.
    pub files: Vec<SourceFile>,
    /// Names and bytes of what `load` brought, in the order in which it was read.
    pub loaded: Vec<(String, Vec<u8>)>,
}

impl SourceMap {
    /// The file of an id.
    #[must_use]
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// Line and column of the start of a span, both from 1; columns count characters.
    #[must_use]
    pub fn line_column(&self, span: Span) -> (u32, u32) {
        let Some(before) = self
            .get(span.file)
            .and_then(|f| f.text.get(..span.start as usize))
        else {
            return (1, 1);
        };
        let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            u32::try_from(column).unwrap_or(u32::MAX),
        )
    }
}

/// Where the lines of a text begin, for finding many places of it.
#[derive(Debug, Clone)]
pub struct Lines<'t> {
    text: &'t str,
    starts: Vec<u32>,
    /// How many characters begin before each block of [`BLOCK`] bytes: a line may be as long as the file.
    before: Vec<u32>,
}

/// Bytes of a block of [`Lines`].
const BLOCK: usize = 1024;

impl<'t> Lines<'t> {
    /// Finds the lines of a text.
    #[must_use]
    pub fn new(text: &'t str) -> Lines<'t> {
        let after = |(at, _): (usize, u8)| u32::try_from(at + 1).unwrap_or(u32::MAX);
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let mut before = vec![0];
        let mut count = 0u32;
        for block in text.as_bytes().chunks(BLOCK) {
            count = count.saturating_add(characters(block));
            before.push(count);
        }
        Lines {
            text,
            starts: std::iter::once(0).chain(ends.map(after)).collect(),
            before,
        }
    }

    /// Line and column of an offset in bytes, both from 1; columns count characters.
    #[must_use]
    pub fn line_column(&self, offset: u32) -> (u32, u32) {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self
            .starts
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or(0);
        let column = self
            .characters_before(offset)
            .saturating_sub(self.characters_before(start));
        (
            u32::try_from(line).unwrap_or(u32::MAX),
            column.saturating_add(1),
        )
    }

    /// How many characters begin before an offset.
    fn characters_before(&self, offset: u32) -> u32 {
        let offset = offset as usize;
        let block = offset / BLOCK;
        let rest = self.text.as_bytes().get(block * BLOCK..offset);
        let before = self.before.get(block).or(self.before.last());
        before.copied().unwrap_or(0) + rest.map_or(0, characters)
    }
}

/// How many characters begin in some bytes of UTF-8.
fn characters(bytes: &[u8]) -> u32 {
    let begins = bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
    u32::try_from(begins).unwrap_or(u32::MAX)
}

/// Why a file that a policy names can't be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// There is no such file.
    NotFound,
    /// The path leads outside the policy's folder.
    Outside,
    /// The file is larger than the limit, in bytes.
    TooLarge(u64),
    /// Anything else, in words.
    Other(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NotFound => f.write_str("there is no such file"),
            LoadError::Outside => f.write_str("the path leads outside the policy's folder"),
            LoadError::TooLarge(limit) => write!(f, "the file is larger than {limit} bytes"),
            LoadError::Other(why) => f.write_str(why),
        }
    }
}

/// Where `use` and `load` get their bytes. The compiler itself opens no files.
pub trait Loader {
    /// The bytes of `path`, relative to the policy's folder, with `/` between parts.
    ///
    /// # Errors
    /// When the file can't be had.
    fn load(&self, path: &str) -> Result<Vec<u8>, LoadError>;
}

/// A loader that has nothing: for policies that stand alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl Loader for NoFiles {
    fn load(&self, _path: &str) -> Result<Vec<u8>, LoadError> {
        Err(LoadError::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn columns_count_characters_however_long_the_line_is() {
        let text = format!("a\n{}x\n\u{e9}y", "\u{e9}".repeat(5000));
        let lines = Lines::new(&text);
        for (found, place) in [("a", (1, 1)), ("x", (2, 5001)), ("y", (3, 2))] {
            let offset = text.find(found).and_then(|at| u32::try_from(at).ok());
            assert_eq!(lines.line_column(offset.unwrap_or(0)), place, "{found}");
        }
        let end = u32::try_from(text.len()).unwrap_or(0);
        assert_eq!(lines.line_column(end), (3, 3));
    }
}
