//! Diagnostics as text.

use edge_compiler::diagnostics::{Problem, Report};

/// A report as a terminal without colours shows it.
pub fn render(report: &Report) -> String {
    let handler =
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
            .with_width(100)
            .with_links(false);
    let mut text = String::new();
    for problem in &report.problems {
        let file = report.sources.get(problem.span().file).unwrap();
        let source = miette::NamedSource::new(&file.name, file.text.clone());
        let shown = InSource {
            problem: problem.as_ref(),
            source,
        };
        handler.render_report(&mut text, &shown).unwrap();
    }
    if report.hidden > 0 {
        text += &format!("and {} more\n", report.hidden);
    }
    text
}

/// A problem with the text that it refers to.
#[derive(Debug)]
struct InSource<'a> {
    problem: &'a dyn Problem,
    source: miette::NamedSource<String>,
}

impl std::fmt::Display for InSource<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self.problem, f)
    }
}

impl std::error::Error for InSource<'_> {}

impl miette::Diagnostic for InSource<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.problem.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.problem.help()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        self.problem.labels()
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        Some(&self.source)
    }
}
