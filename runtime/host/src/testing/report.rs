//! What came of the tests.

use std::fmt;

use serde::Serialize;

/// The results of all tests, in source order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// How many passed.
    pub passed: usize,
    /// How many did not.
    pub failed: usize,
    /// Each of them.
    pub tests: Vec<TestReport>,
}

impl Report {
    pub(super) fn new(tests: Vec<TestReport>) -> Self {
        let passed = tests.iter().filter(|test| test.passed).count();
        Report {
            passed,
            failed: tests.len() - passed,
            tests,
        }
    }

    /// Whether there is no failure.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.failed == 0
    }
}

impl fmt::Display for Report {
    /// A line a test, failures explained below, and the sum.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for test in &self.tests {
            writeln!(
                f,
                "{} {}",
                if test.passed { "ok    " } else { "FAILED" },
                test.name
            )?;
            test.failures
                .iter()
                .try_for_each(|failure| write!(f, "{failure}"))?;
        }
        writeln!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// The result of one test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TestReport {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Whether every expectation held.
    pub passed: bool,
    /// What did not hold, of the first answer where something did not.
    pub failures: Vec<Failure>,
}

/// An expectation that did not hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// Where it stands.
    pub place: Place,
    /// As it was written; for a request that went wrong, the request.
    pub text: String,
    /// The request whose answer was looked at, as `GET /path`.
    pub request: Option<String>,
    /// What should have been.
    pub expected: String,
    /// What was.
    pub got: String,
    /// The rule that decided; none when the host answered by itself.
    pub rule: Option<String>,
    /// Why the host answered by itself, or why a policy's statement could not be carried out.
    pub reason: Option<String>,
    /// In which turn of the innermost `repeat`, from 1.
    pub repetition: Option<u32>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}: {}", self.place, self.text)?;
        let turn = self
            .repetition
            .map(|turn| format!(" (repetition {turn})"))
            .unwrap_or_default();
        if let Some(request) = &self.request {
            writeln!(f, "    request   {request}{turn}")?;
        }
        writeln!(f, "    expected  {}", self.expected)?;
        writeln!(f, "    got       {}", self.got)?;
        if let Some(rule) = &self.rule {
            writeln!(f, "    because   {rule}")?;
        }
        match &self.reason {
            Some(reason) => writeln!(f, "    reason    {reason}"),
            None => Ok(()),
        }
    }
}

/// A place in the sources, lines and columns from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Place {
    pub(super) fn of(files: &[String], [file, line, column]: [u32; 3]) -> Self {
        Place {
            file: files.get(file as usize).cloned().unwrap_or_default(),
            line,
            column,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
