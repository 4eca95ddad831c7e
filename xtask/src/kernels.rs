//! `stdlib/kernels.wasm` and `stdlib/kernels_float.wasm`.

use std::fs;
use std::path::PathBuf;

use crate::digest::{self, Origin};
use crate::{Done, build, root};

/// The families: file, features of the crate.
const FAMILIES: [(&str, &str); 2] = [("kernels.wasm", ""), ("kernels_float.wasm", "float")];

/// Builds both and writes them.
pub fn write() -> Done {
    // What `include_bytes!` wants must exist before it is built.
    for (file, _) in FAMILIES {
        fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path(file))?;
    }
    let origin = Origin {
        tools: build::tools()?,
        sources: digest::sources()?,
    };
    for (file, features) in FAMILIES {
        let module = origin.record(build::kernels(features)?);
        fs::write(path(file), &module)?;
        println!("stdlib/{file}: {} bytes", module.len());
    }
    Ok(())
}

/// Compares the recorded digest with the sources', and the bytes with a rebuild's where the
/// tools here are the recorded ones.
pub fn check() -> Done {
    let sources = digest::sources()?;
    for (file, features) in FAMILIES {
        let have = fs::read(path(file))?;
        let origin = Origin::read(&have).map_err(|problem| format!("stdlib/{file}: {problem}"))?;
        if origin.sources != sources {
            return Err(stale(file, "the sources have changed since it was built"));
        }
        if build::tools().ok().as_ref() != Some(&origin.tools) || !build::has_target()? {
            println!(
                "stdlib/{file}: sources unchanged; not rebuilt, which takes {}",
                origin.tools
            );
            continue;
        }
        if origin.record(build::kernels(features)?) != have {
            return Err(stale(file, "building it again gives other bytes"));
        }
        println!("stdlib/{file}: the same bytes");
    }
    Ok(())
}

/// A file of `stdlib/`.
pub fn path(file: &str) -> PathBuf {
    root().join("stdlib").join(file)
}

fn stale(file: &str, why: &str) -> Box<dyn std::error::Error> {
    format!("stdlib/{file} is stale: {why}; run `cargo xtask kernels`").into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_modules_come_from_these_sources() {
        for (file, _) in FAMILIES {
            let origin = Origin::read(&fs::read(path(file)).unwrap()).unwrap();
            assert_eq!(
                origin.sources,
                digest::sources().unwrap(),
                "stdlib/{file}: run `cargo xtask kernels`"
            );
        }
    }
}
