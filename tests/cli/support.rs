//! A folder to work in, and the command run there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A policy without problems, with tests that pass.
pub const GOOD: &str = r#"origin app { url "http://127.0.0.1:9" }

waf shield {
  rule no_dotfiles { when request.path matches r"/\.git" }
}

on request { waf shield }

route home GET "/" { respond text "home\n" }

route app "/app/*rest" { proxy app }

default { respond 404 text "not found\n" }

test "home" {
  get "/"
  expect status 200, body == "home\n", because route.home
}

test "dotfiles are refused" {
  get "/.git/config"
  expect status 403, because waf.shield.no_dotfiles
}
"#;

/// A folder of its own, removed when dropped.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A place with the good policy in `policy.edge`.
    pub fn good() -> Self {
        let place = Self::new();
        place.write("policy.edge", GOOD);
        place
    }

    /// A place with that policy in `policy.edge`, built as `policy.wasm`.
    #[track_caller]
    pub fn built(policy: &str) -> Self {
        let place = Self::new();
        place.write("policy.edge", policy);
        let built = place.edge(&["build", "policy.edge", "-o", "policy.wasm"]);
        built.exits(0);
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The command, in this folder, without a terminal's environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_edge"));
        command
            .args(args)
            .current_dir(self.0.path())
            .env_remove("NO_COLOR")
            .stdin(Stdio::null());
        command
    }

    pub fn edge(&self, args: &[&str]) -> Ran {
        Ran(self.command(args).output().unwrap())
    }
}

impl AsRef<Path> for Place {
    fn as_ref(&self) -> &Path {
        self.0.path()
    }
}

/// How a run ended.
pub struct Ran(Output);

impl Ran {
    /// Its standard output, when it ended with this code and without a panic.
    #[track_caller]
    pub fn exits(&self, code: i32) -> &Self {
        let err = self.err();
        assert!(!err.contains("panicked"), "{err}");
        assert_eq!(self.0.status.code(), Some(code), "{}\n{err}", self.out());
        self
    }

    pub fn out(&self) -> String {
        String::from_utf8(self.0.stdout.clone()).unwrap()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0.stdout
    }

    pub fn err(&self) -> String {
        String::from_utf8(self.0.stderr.clone()).unwrap()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.0.stdout).unwrap()
    }

    /// That both streams together hold all of these.
    #[track_caller]
    pub fn says(&self, texts: &[&str]) -> &Self {
        let all = self.out() + &self.err();
        for text in texts {
            assert!(all.contains(text), "no {text:?} in:\n{all}");
        }
        self
    }
}
