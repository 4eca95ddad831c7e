//! `docs/manifest.schema.json`: the manifest's JSON Schema, from its types.

use std::fs;
use std::path::PathBuf;

use edge_abi::manifest::Manifest;

use crate::{Done, root};

/// Writes it.
pub fn write() -> Done {
    let path = path();
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    Ok(fs::write(path, schema()?)?)
}

/// Fails when the file is not what the types say.
pub fn check() -> Done {
    if fs::read_to_string(path()).unwrap_or_default() == schema()? {
        return Ok(());
    }
    Err("docs/manifest.schema.json is stale; run `cargo xtask manifest-schema`".into())
}

fn schema() -> Done<String> {
    let schema = schemars::schema_for!(Manifest);
    Ok(format!("{}\n", serde_json::to_string_pretty(&schema)?))
}

fn path() -> PathBuf {
    root().join("docs/manifest.schema.json")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_schema_is_the_types() {
        assert!(super::check().is_ok(), "run `cargo xtask manifest-schema`");
    }
}
