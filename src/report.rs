//! Problems of a policy, for people and for programs.

mod excerpt;
mod json;

use std::fmt;

use edge_compiler::diagnostics::{Problem, Report};
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, ThemeCharacters};
use miette::{MietteError, MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents};

use crate::terminal::{Output, Style, grouped, plain};
use excerpt::Text;

pub use json::{Found, found};

/// Columns of a report.
const WIDTH: usize = 90;

/// Bytes of the longest line that is shown.
const LONGEST_LINE: usize = 1000;

/// Prints all problems of a report.
pub fn print(report: &Report, to: &mut Output) {
    let texts: Vec<Text> = report.sources.files.iter().map(Text::new).collect();
    let handler = handler(to.style());
    for problem in &report.problems {
        let problem = problem.as_ref();
        let text = texts.get(problem.span().file.0 as usize);
        to.line(render(problem, text, &handler).trim_end_matches('\n'));
        to.line("");
    }
    print_hidden(report, to);
}

/// Says how many problems are not listed.
pub fn print_hidden(report: &Report, to: &mut Output) {
    if report.hidden > 0 {
        let more = grouped(report.hidden as u64);
        to.line(&format!("and {more} more, which are not listed"));
    }
}

/// Prints something as JSON on the standard output.
pub fn print_json(value: &impl serde::Serialize) {
    // Numbers, texts and lists of them always serialize.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    Output::stdout().line(&text);
}

/// How many problems a report has.
pub fn number(report: &Report) -> usize {
    report.problems.len() + report.hidden
}

fn handler(style: Style) -> GraphicalReportHandler {
    let mut theme = match style.colour {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::unicode_nocolor(),
    };
    if !style.unicode {
        theme.characters = ThemeCharacters::ascii();
    }
    GraphicalReportHandler::new_themed(theme)
        .with_width(WIDTH)
        .with_links(false)
}

fn render(problem: &dyn Problem, text: Option<&Text>, handler: &GraphicalReportHandler) -> String {
    let shown = Shown { problem, text };
    let mut out = String::new();
    if shown.fits() && handler.render_report(&mut out, &shown).is_ok() {
        return out;
    }
    short(&shown)
}

/// Without the source: for lines that nobody could read.
fn short(shown: &Shown<'_>) -> String {
    let (name, line, column) = match shown.text {
        Some(text) => {
            let (line, column) = text.position(shown.problem.span().start as usize);
            (text.name.as_str(), line, column)
        }
        None => ("?", 1, 1),
    };
    let code = shown
        .problem
        .code()
        .map_or_else(String::new, |code| format!("{code}: "));
    let mut out = format!("{name}:{line}:{column}: {code}{shown}");
    if let Some(help) = shown.help() {
        out.push_str(&format!("\n  help: {help}"));
    }
    out
}

/// A problem with the text that it is about.
struct Shown<'a> {
    problem: &'a dyn Problem,
    text: Option<&'a Text>,
}

impl Shown<'_> {
    /// Whether the lines around all labels can be shown.
    fn fits(&self) -> bool {
        self.text.is_some_and(|text| {
            let mut labels = self.labels().into_iter().flatten();
            labels.all(|label| text.longest_line_near(label.offset()) <= LONGEST_LINE)
        })
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&plain(&self.problem.to_string()))
    }
}

impl fmt::Debug for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.code()
    }

    fn severity(&self) -> Option<Severity> {
        self.problem.severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.problem.help()?.to_string();
        Some(Box::new(plain(&help).into_owned()))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    /// A label over many lines is that of its first.
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let labels = self.problem.labels()?;
        let text = self.text?;
        Some(Box::new(labels.map(move |label| {
            let words = label.label().map(|words| plain(words).into_owned());
            let (start, len) = text.first_line_of(label.offset(), label.len());
            LabeledSpan::new(words, start, len)
        })))
    }
}

impl SourceCode for Shown<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = self.text.ok_or(MietteError::OutOfBounds)?;
        let part = text.around(span.offset(), span.len(), before, after);
        let bytes = text
            .text
            .get(part.start..part.end)
            .ok_or(MietteError::OutOfBounds)?;
        Ok(Box::new(MietteSpanContents::new_named(
            text.name.clone(),
            bytes.as_bytes(),
            (part.start, part.end - part.start).into(),
            part.line,
            part.column,
            part.lines,
        )))
    }
}
