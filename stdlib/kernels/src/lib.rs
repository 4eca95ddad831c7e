//! What a policy's module does beyond tables and branches, as small pure functions.
//!
//! The same source is compiled natively, for the reference evaluator and the tests, and to
//! `stdlib/kernels.wasm` for the guest. A kernel allocates nothing, keeps nothing between two
//! calls and never panics. One that makes text takes a buffer and returns a slice: of its input
//! where nothing had to change, else of the buffer. [`bounds`] says how long that buffer must be;
//! a shorter one gets an incomplete text, and nothing past its end.
//!
//! One file a family; `exports` holds the functions that wasm sees and is the only
//! place with `unsafe`.

#![no_std]

#[cfg(test)]
extern crate std;

pub mod base64;
pub mod bounds;
pub mod comments;
pub mod compare;
pub mod cookie;
pub mod counts;
pub mod css;
pub mod decode;
pub mod file_path;
pub mod filter;
pub mod find;
pub mod hash;
pub mod hex;
pub mod html;
pub mod ip;
pub mod js;
pub mod json;
pub mod number;
pub mod path;
pub mod percent;
pub mod query;
pub mod shell;
pub mod stream;
pub mod text;
pub mod time;
pub mod unicode;
pub mod uri;

mod escapes;
#[cfg(target_arch = "wasm32")]
mod exports;
#[cfg(not(target_arch = "wasm32"))]
pub mod table;
mod words;
mod writer;

/// The kernels as a module: `stdlib/kernels.wasm`, everything but floats.
#[cfg(not(target_arch = "wasm32"))]
pub const WASM: &[u8] = include_bytes!("../../kernels.wasm");

/// The same and `float_format`, `float_parse`, whose tables only policies with floats should pay for.
#[cfg(not(target_arch = "wasm32"))]
pub const WASM_FLOAT: &[u8] = include_bytes!("../../kernels_float.wasm");
