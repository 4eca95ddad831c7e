//! The servers as processes of their own, which end with their values.

mod load;
mod nginx;

pub use load::{Load, Origin, ask, bytes};
pub use nginx::Nginx;

use crate::Outcome;
use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that listens.
pub struct Server {
    /// Where.
    pub address: SocketAddr,
    process: Child,
}

impl Server {
    /// The CPU time of all its threads.
    ///
    /// # Errors
    /// It has ended, or the system does not tell (`/proc/PID/task/*/schedstat` is Linux's).
    pub fn cpu(&self) -> Outcome<Duration> {
        let mut total = Duration::ZERO;
        for task in fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let time = text.split_whitespace().next().ok_or("no CPU time")?;
            total += Duration::from_nanos(time.parse()?);
        }
        Ok(total)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns when the server takes connections.
fn wait(server: &mut Server) -> Outcome<()> {
    let begun = Instant::now();
    while TcpStream::connect(server.address).is_err() {
        if let Some(status) = server.process.try_wait()? {
            return Err(format!("ended with {status}").into());
        }
        if begun.elapsed() > PATIENCE {
            return Err("does not listen".into());
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The `edge` binary of this build: Cargo is asked to bring it up to date, where it runs us.
/// `None` where there is none.
pub fn edge(quick: bool) -> Outcome<Option<PathBuf>> {
    if let (false, Some(cargo)) = (quick, env::var_os("CARGO")) {
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--release", "--package", "edge"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .status()?;
        if !built.success() {
            return Err("`edge` can't be built".into());
        }
    }
    let ours = env::current_exe()?;
    // Tests lie one folder deeper.
    let folders = ours.ancestors().skip(1).take(2);
    let mut paths = folders.map(|folder| folder.join("edge"));
    Ok(paths.find(|path| path.is_file()))
}

/// Starts `edge serve` with one worker and without a log; `origin` is where the policy's `shop` is, if it has one.
///
/// # Errors
/// It does not come to listen.
pub fn serve(
    edge: &Path,
    folder: &Path,
    name: &str,
    policy: &str,
    origin: Option<SocketAddr>,
) -> Outcome<Server> {
    let file = folder.join(name);
    fs::write(&file, policy)?;
    let origin = origin.map(|origin| format!("origins.shop.url=http://{origin}"));
    let mut process = Command::new(edge)
        .args(["serve", "--listen", "127.0.0.1:0", "--workers", "1"])
        .args(["--set", "log.target=off"])
        .args(origin.iter().flat_map(|origin| ["--set", origin.as_str()]))
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    // Says where it listens, or why it doesn't; nothing more while it serves.
    let mut said = String::new();
    if let Some(errors) = process.stderr.as_mut() {
        BufReader::new(errors).read_line(&mut said)?;
    }
    let address = said.split_once("http://").and_then(|(_, rest)| {
        let end = rest.find([';', ','])?;
        rest.get(..end)?.parse().ok()
    });
    match address {
        Some(address) => Ok(Server { address, process }),
        None => {
            process.kill()?;
            process.wait()?;
            Err(format!("edge serve: {said}").into())
        }
    }
}
