//! Problems as data: the shape is a part of the command line's promise.

use edge_compiler::diagnostics::Report;
use edge_compiler::source::SourceFile;
use miette::Severity;
use serde::Serialize;

use super::excerpt::Text;

/// A problem.
#[derive(Debug, Serialize)]
pub struct Found {
    code: String,
    message: String,
    severity: &'static str,
    help: Option<String>,
    file: String,
    span: Place,
    labels: Vec<Label>,
}

/// A labelled place of the same file.
#[derive(Debug, Serialize)]
struct Label {
    message: Option<String>,
    span: Place,
}

/// A range: offsets in bytes from 0, lines and columns (in characters) from 1; the end is behind
/// the last character.
#[derive(Debug, Serialize)]
struct Place {
    start: usize,
    end: usize,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

/// All problems of a report.
pub fn found(report: &Report) -> Vec<Found> {
    let texts: Vec<Text> = report.sources.files.iter().map(Text::new).collect();
    let nameless = Text::new(&SourceFile {
        name: String::new(),
        text: String::new(),
    });
    let problems = report.problems.iter().map(|problem| {
        let span = problem.span();
        let file = span.file.0 as usize;
        let text = texts.get(file).unwrap_or(&nameless);
        let labels = problem.labels().into_iter().flatten().map(|label| Label {
            message: label.label().map(str::to_owned),
            span: place(text, label.offset(), label.offset() + label.len()),
        });
        Found {
            code: problem
                .code()
                .map_or_else(String::new, |code| code.to_string()),
            message: problem.to_string(),
            severity: match problem.severity() {
                Some(Severity::Advice) => "advice",
                Some(Severity::Warning) => "warning",
                Some(Severity::Error) | None => "error",
            },
            help: problem.help().map(|help| help.to_string()),
            file: report
                .sources
                .files
                .get(file)
                .map_or_else(String::new, |file| file.name.clone()),
            span: place(text, span.start as usize, span.end as usize),
            labels: labels.collect(),
        }
    });
    problems.collect()
}

fn place(text: &Text, start: usize, end: usize) -> Place {
    let (line, column) = text.position(start);
    let (end_line, end_column) = text.position(end);
    Place {
        start,
        end,
        line,
        column,
        end_line,
        end_column,
    }
}
