//! Hyperscan, or Vectorscan, which has the same interface: a program in C that is built when it is
//! needed, so that neither this crate nor its users need the library.

use super::patterns::Patterns;
use crate::{Outcome, report::skipped};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

/// The program, built.
pub struct Program {
    folder: TempDir,
}

impl Program {
    /// `None`, and a word on what it needs, where it can't be built.
    ///
    /// # Errors
    /// There is no place for it.
    pub fn build() -> Outcome<Option<Program>> {
        let folder = tempfile::tempdir()?;
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/hyperscan.c");
        let built = Command::new("cc")
            .args(["-O2", "-o"])
            .args([folder.path().join("hyperscan"), source])
            .arg("-lhs")
            .output();
        if !built.is_ok_and(|output| output.status.success()) {
            skipped("cc, libhyperscan-dev or libvectorscan-dev");
            return Ok(None);
        }
        Ok(Some(Program { folder }))
    }

    /// Starts it with patterns and the texts to scan for them.
    ///
    /// # Errors
    /// It does not find all patterns in a text that holds them all, or finds one in the texts.
    pub fn start(&self, patterns: &Patterns, texts: &[&str]) -> Outcome<Scanner> {
        let (kind, sources) = match patterns.plain() {
            Some(literals) => ("literals", literals.to_vec()),
            None => ("regexes", patterns.regex_sources()),
        };
        let everything = patterns.everything();
        let paths = texts
            .iter()
            .copied()
            .chain([everything.as_str()])
            .enumerate()
            .map(|(index, text)| self.file(&format!("text{index}"), text))
            .collect::<Outcome<Vec<PathBuf>>>()?;
        let mut process = Command::new(self.folder.path().join("hyperscan"))
            .arg(kind)
            .arg(self.file("patterns", &sources.join("\n"))?)
            .args(paths)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let commands = process.stdin.take();
        let answers = process.stdout.take().ok_or("no pipe")?;
        let mut scanner = Scanner {
            process,
            commands,
            answers: BufReader::new(answers),
            failure: None,
        };
        for index in 0..=texts.len() {
            let expected = if index == texts.len() {
                patterns.len()
            } else {
                0
            };
            let (_, found) = scanner.ask(index, 1)?;
            if found != expected as u64 {
                return Err(format!("hyperscan finds {found} patterns, not {expected}").into());
            }
        }
        Ok(scanner)
    }

    fn file(&self, name: &str, text: &str) -> Outcome<PathBuf> {
        let path = self.folder.path().join(name);
        fs::write(&path, text)?;
        Ok(path)
    }
}

/// The program at work.
pub struct Scanner {
    process: Child,
    /// There until the program shall end.
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    failure: Option<String>,
}

impl Scanner {
    /// The CPU time of so many scans of a text; after a failure, which [`Scanner::check`] tells,
    /// none.
    pub fn scan(&mut self, text: usize, times: u32) -> Duration {
        match self.ask(text, times) {
            Ok((time, _)) => time,
            Err(error) => {
                self.failure = Some(error.to_string());
                Duration::ZERO
            }
        }
    }

    /// # Errors
    /// A scan failed since this was last asked.
    pub fn check(&mut self) -> Outcome<()> {
        match self.failure.take() {
            Some(failure) => Err(failure.into()),
            None => Ok(()),
        }
    }

    /// The time, and how many patterns were found.
    fn ask(&mut self, text: usize, times: u32) -> Outcome<(Duration, u64)> {
        let commands = self.commands.as_mut().ok_or("the program has ended")?;
        commands.write_all(format!("{text} {times}\n").as_bytes())?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let (time, found) = line.trim().split_once(' ').ok_or("hyperscan has ended")?;
        Ok((Duration::from_nanos(time.parse()?), found.parse()?))
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.commands = None;
        let _ = self.process.wait();
    }
}
