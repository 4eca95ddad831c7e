//! The servers as processes of their own, which end with their values.

use crate::Outcome;
use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Where Debian's packages put ModSecurity's module and the Core Rule Set.
const MODULE: &str = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so";
const RULES: &str = "/usr/share/modsecurity-crs/rules";

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

/// An nginx that has ModSecurity and the Core Rule Set.
pub struct Nginx {
    program: &'static str,
}

impl Nginx {
    /// `None` where a part is missing.
    pub fn find() -> Option<Nginx> {
        let runs = |program: &&str| {
            let output = Command::new(program).arg("-v").output();
            output.is_ok_and(|output| output.status.success())
        };
        let program = ["nginx", "/usr/sbin/nginx"].into_iter().find(runs)?;
        let there = Path::new(MODULE).exists() && Path::new(RULES).exists();
        there.then_some(Nginx { program })
    }

    /// Starts it with the module on or off.
    ///
    /// # Errors
    /// It does not come to listen.
    pub fn start(&self, folder: &Path, origin: SocketAddr, on: bool) -> Outcome<Server> {
        let folder = folder.join(if on { "nginx-with" } else { "nginx-without" });
        fs::create_dir_all(&folder)?;
        // nginx can't be told to let the system choose.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let fill = |text: &str| {
            text.replace("@MODULE@", MODULE)
                .replace("@RULES@", RULES)
                .replace("@FOLDER@", &folder.display().to_string())
                .replace("@ORIGIN@", &origin.to_string())
                .replace("@LISTEN@", &address.to_string())
                .replace("@SWITCH@", if on { "on" } else { "off" })
        };
        let settings = folder.join("nginx.conf");
        fs::write(&settings, fill(include_str!("../../firewall/nginx.conf")))?;
        fs::write(
            folder.join("modsecurity.conf"),
            fill(include_str!("../../firewall/modsecurity.conf")),
        )?;
        let output = fs::File::create(folder.join("output"))?;
        let process = Command::new(self.program)
            .arg("-c")
            .arg(settings)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()?;
        let mut server = Server { address, process };
        wait(&mut server).map_err(|error| {
            let said = fs::read_to_string(folder.join("output")).unwrap_or_default();
            format!("nginx: {error}\n{said}")
        })?;
        Ok(server)
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

/// Starts `edge serve` with one worker and without a log.
///
/// # Errors
/// It does not come to listen.
pub fn serve(
    edge: &Path,
    folder: &Path,
    name: &str,
    policy: &str,
    origin: SocketAddr,
) -> Outcome<Server> {
    let file = folder.join(name);
    fs::write(&file, policy)?;
    let mut process = Command::new(edge)
        .args(["serve", "--listen", "127.0.0.1:0", "--workers", "1"])
        .args(["--set", "log.target=off", "--set"])
        .arg(format!("origins.shop.url=http://{origin}"))
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
