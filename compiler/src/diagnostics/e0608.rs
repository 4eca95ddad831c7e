//! # E0608: the policy is too large to build
//!
//! ## What it means
//! The policy is right, but something that follows from it has no bound that a module can have: the
//! texts of one request, or the automaton of a pattern.
//!
//! ## Why it is a problem
//! A module's memory is fixed when it is built, so that no request can ever exceed it.
//!
//! ## Example
//! Thirty `let`s, each of which puts the one before it together twice: a text of a thousand million
//! times its first.
//!
//! ## Fix
//! Put texts together less often; split a pattern that counts far (`.{0,2000}`) or shorten its count.

use super::Problem;
use crate::source::Span;

/// Something of the policy is beyond a bound that shows only when it is built.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the policy can't be built: {why}")]
#[diagnostic(
    code(E0608),
    help("put long texts together less often, and keep the counts of regexes small")
)]
pub struct TooLargeToBuild {
    /// What is too large.
    pub why: String,
    /// The policy.
    #[label("in this policy")]
    pub span: Span,
}

impl Problem for TooLargeToBuild {
    fn span(&self) -> Span {
        self.span
    }
}
