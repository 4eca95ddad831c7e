//! Policies on disk, compiled with the files beside them.

use edge_compiler::{
    Checked, Lowered,
    diagnostics::Report,
    source::{LoadError, Loader},
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files of one folder.
pub struct Folder(pub PathBuf);

impl Loader for Folder {
    fn load(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        fs::read(self.0.join(path)).map_err(|_| LoadError::NotFound)
    }
}

/// Compiles a file, with the files of its folder.
pub fn compile(path: &Path) -> Result<(Checked, Lowered), Report> {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_name().unwrap().to_str().unwrap();
    let folder = Folder(path.parent().unwrap().to_owned());
    edge_compiler::compile(name, &text, &folder)
}
