//! A real `redis-server` on a free port of the loopback interface.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A server, ended when it is dropped.
pub struct Server {
    child: Child,
    pub port: u16,
    folder: TempDir,
    options: Vec<String>,
}

/// Whether there is a `redis-server`. Without one a test is skipped, but not in CI.
pub fn is_there() -> bool {
    if Command::new("redis-server")
        .arg("--version")
        .output()
        .is_ok()
    {
        return true;
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "redis-server is missing (package `redis-server`)"
    );
    println!("skipped: needs redis-server");
    false
}

impl Server {
    /// Starts one with these options, and waits until it answers.
    pub fn start(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options: Vec<String> = options.iter().map(|&option| option.into()).collect();
        for _ in 0..5 {
            let port = free_port();
            let mut child = spawn(folder.path(), port, &options);
            if wait(port, &mut child) {
                return Self {
                    child,
                    port,
                    folder,
                    options,
                };
            }
        }
        panic!(
            "redis-server does not start: {}",
            std::fs::read_to_string(folder.path().join("log")).unwrap_or_default()
        );
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again, with its files, on its port.
    pub fn restart(&mut self) {
        self.child = spawn(self.folder.path(), self.port, &self.options);
        assert!(
            wait(self.port, &mut self.child),
            "redis-server does not start again"
        );
    }

    /// Redis' own clock, in milliseconds.
    pub fn time(&self) -> u64 {
        let answer = self.ask("TIME");
        let numbers: Vec<u64> = answer
            .lines()
            .filter_map(|line| line.parse().ok())
            .collect();
        numbers[0] * 1000 + numbers[1] / 1000
    }

    /// How often a command was run.
    pub fn calls(&self, command: &str) -> u64 {
        let info = self.ask("INFO commandstats");
        let start = format!("cmdstat_{command}:calls=");
        let line = info
            .lines()
            .find_map(|line| line.strip_prefix(start.as_str()));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    }

    /// Sends a signal, as `STOP`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([&format!("-{name}"), &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    /// Sends one command, in Redis' inline form, and gives the first part of the answer.
    pub fn ask(&self, command: &str) -> String {
        ask(self.port, command).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn free_port() -> u16 {
    // A cluster's bus uses the port 10,000 above.
    loop {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        if port < 55_000 {
            return port;
        }
    }
}

fn spawn(folder: &Path, port: u16, options: &[String]) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
        ])
        .arg(folder)
        .args(options)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

fn wait(port: u16, child: &mut Child) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline && child.try_wait().unwrap().is_none() {
        // A server with a password answers too.
        if ask(port, "PING")
            .is_ok_and(|answer| answer.starts_with("+PONG") || answer.starts_with("-NOAUTH"))
        {
            return true;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    false
}

fn ask(port: u16, command: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut answer = [0; 16_384];
    let length = stream.read(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
}
