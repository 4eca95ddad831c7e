//! A source text whose lines can be found quickly, and shown on any terminal.

use edge_compiler::source::SourceFile;

use crate::terminal::plain;

/// A source text, with what a terminal would obey replaced; offsets are those of the source.
pub struct Text {
    /// The file's name.
    pub name: String,
    /// The text.
    pub text: String,
    /// Where lines start.
    starts: Vec<usize>,
}

/// Some lines of a text.
pub struct Part {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
    /// The line of the first byte, from 0.
    pub line: usize,
    /// The column of the first byte, from 0, in characters.
    pub column: usize,
    /// How many lines it touches.
    pub lines: usize,
}

impl Text {
    /// The text of a file.
    pub fn new(file: &SourceFile) -> Self {
        let text = plain(&file.text.replace('\r', " ")).into_owned();
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .collect();
        Text {
            name: plain(&file.name).into_owned(),
            text,
            starts,
        }
    }

    /// Line and column of an offset, both from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.line_of(offset);
        let before = self.text.get(self.start(line)..offset.min(self.text.len()));
        (line + 1, before.unwrap_or_default().chars().count() + 1)
    }

    /// The lines of a range, with `before` lines before and `after` lines after it. Without lines
    /// before, the part starts where the range does.
    pub fn around(&self, offset: usize, len: usize, before: usize, after: usize) -> Part {
        let offset = offset.min(self.text.len());
        let last = (offset + len).saturating_sub(1).max(offset);
        let line = self.line_of(offset).saturating_sub(before);
        let last_line = (self.line_of(last) + after).min(self.starts.len() - 1);
        let (start, column) = match before {
            0 => (offset, self.position(offset).1 - 1),
            _ => (self.start(line), 0),
        };
        Part {
            start,
            end: self.end(last_line),
            line,
            column,
            lines: last_line - line + 1,
        }
    }

    /// What of a range stands on its first line.
    pub fn first_line_of(&self, offset: usize, len: usize) -> (usize, usize) {
        let offset = offset.min(self.text.len());
        let end = self.end(self.line_of(offset)).max(offset);
        (offset, len.min(end - offset))
    }

    /// Bytes of the longest line that would be shown with an offset's own.
    pub fn longest_line_near(&self, offset: usize) -> usize {
        let line = self.line_of(offset);
        let near = line.saturating_sub(1)..=line + 1;
        near.map(|line| self.end(line).saturating_sub(self.start(line)))
            .max()
            .unwrap_or(0)
    }

    /// The line, from 0, that holds an offset.
    fn line_of(&self, offset: usize) -> usize {
        self.starts
            .partition_point(|start| *start <= offset)
            .saturating_sub(1)
    }

    fn start(&self, line: usize) -> usize {
        self.starts.get(line).copied().unwrap_or(self.text.len())
    }

    /// Where a line ends, its line break left out.
    fn end(&self, line: usize) -> usize {
        match self.starts.get(line + 1) {
            Some(next) => next - 1,
            None => self.text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::new(&SourceFile {
            name: "p.edge".to_owned(),
            text: text.to_owned(),
        })
    }

    #[test]
    fn places_count_characters() {
        let text = text("one\r\nä b\n");
        assert_eq!(text.position(0), (1, 1));
        assert_eq!(text.position(8), (2, 3));
        assert_eq!(text.position(99), (3, 1));
    }

    #[test]
    fn parts_are_whole_lines() {
        let text = text("a\nbb\nccc\ndddd");
        let part = text.around(2, 2, 1, 1);
        assert_eq!((part.start, part.end, part.line, part.lines), (0, 8, 0, 3));
        let part = text.around(6, 1, 0, 0);
        assert_eq!((part.start, part.end, part.line, part.column), (6, 8, 2, 1));
        let part = text.around(99, 9, 1, 1);
        assert_eq!((part.start, part.end, part.line), (5, 13, 2));
    }

    #[test]
    fn a_long_range_is_cut_to_its_first_line() {
        let text = text("a {\n b\n}\n");
        assert_eq!(text.first_line_of(0, 8), (0, 3));
        assert_eq!(text.first_line_of(9, 4), (9, 0));
        assert_eq!(text.longest_line_near(5), 3);
    }
}
