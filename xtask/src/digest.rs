//! What a kernels module was made from, recorded in its custom section `edge.kernels`: two lines,
//! the versions of the tools and the SHA-256 of the sources in hex.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasm_encoder::{CustomSection, Encode, Section};
use wasmparser::{Parser, Payload};

use crate::{Done, root};

const SECTION: &str = "edge.kernels";

/// Where a module came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub tools: String,
    pub sources: String,
}

impl Origin {
    /// As recorded in a module.
    pub fn read(module: &[u8]) -> Done<Self> {
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::CustomSection(section) = payload?
                && section.name() == SECTION
            {
                let text = std::str::from_utf8(section.data())?;
                let (tools, sources) = text
                    .trim_end()
                    .split_once('\n')
                    .ok_or("a section of two lines")?;
                return Ok(Self {
                    tools: tools.to_owned(),
                    sources: sources.to_owned(),
                });
            }
        }
        Err(format!("no section `{SECTION}`").into())
    }

    /// The module with this record as its last section.
    pub fn record(&self, mut module: Vec<u8>) -> Vec<u8> {
        let text = format!("{}\n{}\n", self.tools, self.sources);
        let section = CustomSection {
            name: SECTION.into(),
            data: Cow::Borrowed(text.as_bytes()),
        };
        module.push(section.id());
        section.encode(&mut module);
        module
    }
}

/// The crates that a module is made from.
const CRATES: [&str; 2] = ["kernels", "lookup"];

/// SHA-256 over each crate's `Cargo.toml` and files of `src`, in the order of their paths: each
/// path, its length before it, then the contents, their length before them.
pub fn sources() -> Done<String> {
    let base = root().join("stdlib");
    let mut files = Vec::new();
    for directory in CRATES.map(|name| base.join(name)) {
        files.push(directory.join("Cargo.toml"));
        collect(&directory.join("src"), &mut files)?;
    }
    let mut named = files
        .iter()
        .map(|file| (name(&base, file), file))
        .collect::<Vec<_>>();
    named.sort();

    let mut hash = Sha256::new();
    for (name, file) in named {
        for part in [name.into_bytes(), fs::read(file)?] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(&part);
        }
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) -> Done {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(())
}

fn name(base: &Path, file: &Path) -> String {
    let relative = file.strip_prefix(base).unwrap_or(file);
    relative
        .iter()
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}
