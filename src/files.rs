//! What is said of files that can't be read.

use std::io;
use std::path::Path;

use edge_host::file::ReadError;

use crate::failure::Failure;

/// As the failure of a command that was given this path.
pub fn failure(error: &ReadError, path: &Path) -> Failure {
    let name = path.display();
    match error {
        ReadError::NotFound => Failure::new(format!("there is no file `{name}`"))
            .help("paths start at the current folder"),
        ReadError::Folder => Failure::new(format!("`{name}` is a folder")).help(format!(
            "name a file in it, such as `{}`",
            path.join("policy.edge").display()
        )),
        ReadError::Special => Failure::new(format!("`{name}` is not a regular file"))
            .help("pipes and devices are not read; write it to a file first"),
        ReadError::TooLarge(size) => {
            Failure::new(format!("`{name}` has {size} bytes, more than are read"))
                .help("keep data in a file of its own and `load` it")
        }
        ReadError::System(error) => {
            Failure::new(format!("cannot read `{name}`: {}", reason(error)))
        }
    }
}

/// The system's reason in words.
pub fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::Other => error.to_string(),
        kind => kind.to_string(),
    }
}
