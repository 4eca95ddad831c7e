//! The few commands that pages show, carried out: `edge …`, `cargo run --release -- …`, `curl …`.
//!
//! A server listens on a port of its own; what a page asks of port 8080 goes there.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

const EDGE: &str = env!("CARGO_BIN_EXE_edge");

/// The commands of one page, in order.
#[derive(Default)]
pub struct Shell {
    server: Option<(Child, String)>,
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some((mut child, _)) = self.server.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

impl Shell {
    /// Runs each line, and gives what the last one printed.
    pub fn run(&mut self, text: &str) -> Result<String, String> {
        let mut output = String::new();
        for line in text
            .lines()
            .filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
        {
            let words = words(line);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            output = match words.as_slice() {
                ["edge", rest @ ..] | ["cargo", "run", "--release", "--", rest @ ..] => {
                    self.edge(rest)?
                }
                ["curl", rest @ ..] => self.curl(rest)?,
                ["cargo", "run", "--release", "-p", package] => exists(package)?,
                ["cargo", "test" | "xtask", ..] | ["INSTA_UPDATE=always", "cargo", "test", ..] => {
                    String::new()
                }
                _ => return Err(format!("`{line}` can't be carried out")),
            };
        }
        Ok(output)
    }

    fn edge(&mut self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new(EDGE);
        command
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("NO_COLOR", "1")
            .args(arguments);
        if arguments.first() == Some(&"serve") {
            return self.serve(command.args(["--listen", "127.0.0.1:0"]));
        }
        let done = command.output().map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = text(&done.stdout) + &text(&done.stderr);
        match done.status.success() {
            true => Ok(said),
            false => Err(format!(
                "`edge {}` ends with {}:\n{said}",
                arguments.join(" "),
                done.status
            )),
        }
    }

    fn serve(&mut self, command: &mut Command) -> Result<String, String> {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let mut said = String::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        while lines.read_line(&mut said).is_ok_and(|read| read > 0) {
            let line = said.lines().last().unwrap_or_default();
            if let Some((_, address)) = line.split_once("http://") {
                let end = address
                    .find(|c: char| !c.is_ascii_digit() && !".:".contains(c))
                    .unwrap_or(address.len());
                let address = address[..end].to_owned();
                let shown = said.replace(&address, "127.0.0.1:8080");
                drop(self.server.replace((child, address)));
                return Ok(shown);
            }
        }
        child.wait().ok();
        Err(said)
    }

    fn curl(&mut self, arguments: &[&str]) -> Result<String, String> {
        let (_, server) = self.server.as_ref().ok_or("nothing is served")?;
        let request = Request::of(arguments)?;
        let mut stream = TcpStream::connect(server).map_err(|error| error.to_string())?;
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
            .write_all(request.text().as_bytes())
            .map_err(|error| error.to_string())?;
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .map_err(|error| error.to_string())?;
        let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        Ok(match request.with_head {
            true => format!("{}\n\n{body}", head.replace("\r\n", "\n")),
            false => body.to_owned(),
        })
    }
}

/// What `curl` is asked for.
struct Request {
    method: Option<String>,
    path: String,
    headers: Vec<String>,
    body: String,
    with_head: bool,
}

impl Request {
    fn of(arguments: &[&str]) -> Result<Request, String> {
        let mut request = Request {
            method: None,
            path: String::new(),
            headers: Vec::new(),
            body: String::new(),
            with_head: false,
        };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .map(|it| (*it).to_owned())
                    .ok_or("a value is missing")
            };
            match *argument {
                "-s" | "--path-as-is" => {}
                "-i" | "-si" => request.with_head = true,
                "-X" => request.method = Some(value()?),
                "-H" => request.headers.push(value()?),
                "-A" => request.headers.push(format!("User-Agent: {}", value()?)),
                "-d" => request.body = value()?,
                url => {
                    let at = url.trim_start_matches("http://");
                    let path = at
                        .strip_prefix("localhost:8080")
                        .or(at.strip_prefix("127.0.0.1:8080"));
                    path.ok_or(format!("`{url}` is not of this machine"))?
                        .clone_into(&mut request.path);
                }
            }
        }
        Ok(request)
    }

    fn text(&self) -> String {
        let posts = if self.body.is_empty() { "GET" } else { "POST" };
        let method = self.method.as_deref().unwrap_or(posts);
        let path = if self.path.is_empty() {
            "/"
        } else {
            &self.path
        };
        let mut text =
            format!("{method} {path} HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\n");
        for header in &self.headers {
            text += &format!("{header}\r\n");
        }
        if !self
            .headers
            .iter()
            .any(|header| header.starts_with("User-Agent:"))
        {
            text += "User-Agent: curl/8.14.1\r\n";
        }
        if !self.body.is_empty() {
            text += &format!("Content-Length: {}\r\n", self.body.len());
        }
        format!("{text}\r\n{}", self.body)
    }
}

/// Whether the workspace has a package.
fn exists(package: &str) -> Result<String, String> {
    let folder = package.strip_prefix("edge-").unwrap_or(package);
    match Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join("Cargo.toml")
        .exists()
    {
        true => Ok(String::new()),
        false => Err(format!("there is no package `{package}`")),
    }
}

/// The words of a command: blanks separate them, quotes keep them together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in line.trim().chars() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None, ' ') => words.push(String::new()),
            (_, c) => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}
