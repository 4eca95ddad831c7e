//! What the fuzzers run; `tests/fuzz_corpus.rs` of the project runs the same over the corpus.

pub mod targets;
