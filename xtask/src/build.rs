//! One run of cargo for `wasm32-unknown-unknown`, one of wasm-opt.

use std::path::{Path, PathBuf};
use std::process::Command;

use wasm_encoder::RawSection;
use wasmparser::{Parser, Payload};

use crate::{Done, root};

const TARGET: &str = "wasm32-unknown-unknown";

/// What every host of `docs/` runs. The hash's rounds stay a loop: unrolled they alone are half of a
/// small module's budget.
const FLAGS: &[&str] = &[
    "-Ctarget-feature=+bulk-memory,+simd128,+sign-ext,+nontrapping-fptoint",
    "--cfg=sha2_backend=\"soft\"",
    "--cfg=sha2_backend_soft=\"compact\"",
    "-Clink-arg=--stack-first",
    "-Clink-arg=-zstack-size=24576",
    "-Clink-arg=--export=__heap_base",
    "-Clink-arg=--export=__data_end",
];

/// The same features, for the optimiser.
const OPTIMISER_FLAGS: &[&str] = &[
    "-Os",
    "--enable-bulk-memory",
    "--enable-simd",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
];

/// Builds the kernels and returns the module, without custom sections.
pub fn kernels(features: &str) -> Done<Vec<u8>> {
    let directory = target_directory();
    let remap = format!("--remap-path-prefix={}=.", root().display());
    let flags: Vec<&str> = FLAGS.iter().copied().chain([remap.as_str()]).collect();
    let status = Command::new("cargo")
        .current_dir(root())
        .args(["rustc", "--quiet", "--locked", "-p", "edge-kernels"])
        .args(["--release", "--crate-type", "cdylib", "--target", TARGET])
        .args(["--features", features, "--target-dir"])
        .arg(&directory)
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .args([
            "--config",
            "profile.release.package.edge-kernels.opt-level=\"s\"",
        ])
        .args(["--config", "profile.release.package.\"*\".opt-level=\"s\""])
        .args([
            "--config",
            "profile.release.package.edge-lookup.opt-level=2",
        ])
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3")
        .env("CARGO_PROFILE_RELEASE_LTO", "fat")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1")
        .env("CARGO_PROFILE_RELEASE_PANIC", "abort")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "false")
        .env("CARGO_PROFILE_RELEASE_STRIP", "symbols")
        .status()?;
    if !status.success() {
        return Err(
            "the kernels do not build for wasm; stdlib/README.md says how to get the target".into(),
        );
    }
    bare(&optimised(&directory)?)
}

/// What builds the kernels: `rustc -V`, then `wasm-opt --version`.
pub fn tools() -> Done<String> {
    let compiler = first_line("rustc", "-V")?;
    Ok(format!(
        "{compiler}, {}",
        first_line("wasm-opt", "--version")?
    ))
}

fn first_line(program: &str, argument: &str) -> Done<String> {
    let output = Command::new(program).arg(argument).output();
    let output = output.map_err(|problem| format!("`{program}` does not run: {problem}"))?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// The built module as wasm-opt leaves it, which is about 8 % less code.
fn optimised(directory: &Path) -> Done<Vec<u8>> {
    let built = directory.join(TARGET).join("release/edge_kernels.wasm");
    let smaller = directory.join("optimised.wasm");
    let status = Command::new("wasm-opt")
        .args(OPTIMISER_FLAGS)
        .arg(&built)
        .arg("-o")
        .arg(&smaller)
        .status()?;
    if !status.success() {
        return Err("wasm-opt does not accept the kernels".into());
    }
    Ok(std::fs::read(smaller)?)
}

/// Whether the running toolchain has the standard library of the target.
pub fn has_target() -> Done<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()?;
    let directory = String::from_utf8(output.stdout)?;
    Ok(output.status.success() && PathBuf::from(directory.trim()).is_dir())
}

fn target_directory() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    target.join("kernels")
}

/// The module without names, producers and the like.
fn bare(module: &[u8]) -> Done<Vec<u8>> {
    let mut kept = wasm_encoder::Module::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload?;
        if matches!(payload, Payload::CustomSection(_)) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let range = range.start as usize..range.end as usize;
            kept.section(&RawSection {
                id,
                data: module.get(range).unwrap_or_default(),
            });
        }
    }
    Ok(kept.finish())
}
