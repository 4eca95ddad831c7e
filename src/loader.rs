//! Where `use` and `load` get their bytes: the policy's own folder, and nothing else.

use std::path::{Component, Path, PathBuf};

use edge_compiler::resolve::SET_FILE_LIMIT;
use edge_compiler::source::{LoadError, Loader};

use crate::files::reason;
use edge_host::file::{self, ReadError};

/// Most bytes of a file that a policy names; the compiler has tighter limits for each use.
const MOST_BYTES: u64 = SET_FILE_LIMIT as u64;

/// The files below a folder. Symbolic links are followed as long as they stay in it.
#[derive(Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// The folder that the policy's file lies in.
    pub fn of(policy: &Path) -> Self {
        let folder = match policy.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Folder {
            root: folder.to_owned(),
        }
    }
}

impl Loader for Folder {
    fn load(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        let path = Path::new(path);
        let inside = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if !path.components().all(inside) {
            return Err(LoadError::Outside);
        }
        let root = self
            .root
            .canonicalize()
            .map_err(|error| why(error.into()))?;
        let real = root
            .join(path)
            .canonicalize()
            .map_err(|error| why(error.into()))?;
        if !real.starts_with(&root) {
            return Err(LoadError::Outside);
        }
        file::read(&real, MOST_BYTES).map_err(why)
    }
}

fn why(error: ReadError) -> LoadError {
    match error {
        ReadError::NotFound => LoadError::NotFound,
        ReadError::TooLarge(_) => LoadError::TooLarge(MOST_BYTES),
        ReadError::Folder => LoadError::Other("it is a folder".to_owned()),
        ReadError::Special => LoadError::Other("it is not a regular file".to_owned()),
        ReadError::System(error) => LoadError::Other(reason(&error)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn shop() -> (tempfile::TempDir, Folder) {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir_all(top.path().join("shop/lists")).unwrap();
        fs::write(top.path().join("shop/lists/a.txt"), "a").unwrap();
        fs::write(top.path().join("secret.txt"), "s").unwrap();
        let folder = Folder::of(&top.path().join("shop/policy.edge"));
        (top, folder)
    }

    #[test]
    fn files_below_the_folder_are_read() {
        let (top, folder) = shop();
        assert_eq!(folder.load("lists/a.txt").unwrap(), b"a");
        symlink("a.txt", top.path().join("shop/lists/b.txt")).unwrap();
        assert_eq!(folder.load("lists/b.txt").unwrap(), b"a");
        assert_eq!(folder.load("lists/c.txt"), Err(LoadError::NotFound));
        assert_eq!(folder.load("lists/a.txt/b"), Err(LoadError::NotFound));
    }

    #[test]
    fn nothing_outside_is_reached() {
        let (top, folder) = shop();
        symlink("../secret.txt", top.path().join("shop/link.txt")).unwrap();
        symlink("..", top.path().join("shop/up")).unwrap();
        let secret = top.path().join("secret.txt");
        for path in [
            "../secret.txt",
            "link.txt",
            "up/secret.txt",
            "lists/../../secret.txt",
            secret.to_str().unwrap(),
        ] {
            assert_eq!(folder.load(path), Err(LoadError::Outside), "{path}");
        }
    }

    #[test]
    fn what_is_not_a_file_is_refused() {
        let (top, folder) = shop();
        assert_eq!(
            folder.load("lists"),
            Err(LoadError::Other("it is a folder".to_owned()))
        );
        let socket = top.path().join("shop/socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let special = LoadError::Other("it is not a regular file".to_owned());
        assert_eq!(folder.load("socket"), Err(special));
    }

    #[test]
    fn a_policy_without_a_folder_in_its_path_lies_in_the_current_one() {
        assert_eq!(Folder::of(Path::new("policy.edge")).root, Path::new("."));
    }
}
