//! nginx in one process.

use super::{Server, wait};
use crate::Outcome;
use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

/// An nginx of this machine.
#[derive(Clone, Copy)]
pub struct Nginx {
    program: &'static str,
}

impl Nginx {
    /// `None` where there is none.
    pub fn find() -> Option<Nginx> {
        let runs = |program: &&str| {
            let output = Command::new(program).arg("-v").output();
            output.is_ok_and(|output| output.status.success())
        };
        let program = ["nginx", "/usr/sbin/nginx"].into_iter().find(runs)?;
        Some(Nginx { program })
    }

    /// Starts it with settings in whose text `@FOLDER@` stands for this folder, which is its own, and `@LISTEN@` for the
    /// address where it is to listen.
    ///
    /// # Errors
    /// It does not come to listen.
    pub fn start(self, folder: &Path, settings: &str) -> Outcome<Server> {
        fs::create_dir_all(folder)?;
        // nginx can't be told to let the system choose.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let text = settings
            .replace("@FOLDER@", &folder.display().to_string())
            .replace("@LISTEN@", &address.to_string());
        let file = folder.join("nginx.conf");
        fs::write(&file, text)?;
        let output = fs::File::create(folder.join("output"))?;
        let process = Command::new(self.program)
            .arg("-c")
            .arg(file)
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
