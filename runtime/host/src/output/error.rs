//! What can be wrong with an output.

use edge_abi::output::Status;

/// Why an output is not usable. Offsets and addresses are the guest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// The record's address is outside the memory or not 16-aligned.
    #[error("there is no output record at {0:#x}")]
    Address(u32),
    /// The record's length is smaller than its header or reaches beyond the memory.
    #[error("the record says that it is {0} bytes long")]
    Length(u32),
    /// Another version of the ABI.
    #[error("the record has version {0}")]
    Version(u16),
    /// The guest did not take its input.
    #[error("the policy answers {0:?}")]
    Refused(Status),
    /// A status that the ABI does not know.
    #[error("unknown status {0}")]
    Status(u16),
    /// A ref leads to where refs may not lead.
    #[error("a ref to {length} bytes at {address:#x} is outside constants, input and output")]
    Ref {
        /// Where it leads.
        address: u32,
        /// How many bytes.
        length: u64,
    },
    /// The continuation is too long.
    #[error("a continuation of {0} bytes")]
    Continuation(u32),
    /// More entries than allowed.
    #[error("{count} {what} where {most} are allowed")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many.
        count: u32,
        /// The limit.
        most: u32,
    },
    /// The effects' sizes do not add up.
    #[error("the effects do not fill their {0} bytes")]
    Effects(u32),
    /// An effect's size does not fit its opcode.
    #[error("an effect {op} of {size} bytes")]
    EffectSize {
        /// Its opcode.
        op: u16,
        /// Its size.
        size: u32,
    },
    /// An effect that this host does not know.
    #[error("unknown effect {0}")]
    UnknownOp(u16),
    /// Flags that the ABI does not know, or that do not go with the effect.
    #[error("an effect {op} with flags {flags:#x}")]
    Flags {
        /// Its opcode.
        op: u16,
        /// Its flags.
        flags: u16,
    },
    /// A terminal that is not the last effect.
    #[error("an effect stands behind a terminal")]
    AfterTerminal,
    /// Nothing ends the decision and nothing is waited for.
    #[error("there is neither a terminal nor anything to wait for")]
    NoTerminal,
    /// A terminal together with something to wait for.
    #[error("there is a terminal and something to wait for")]
    WaitAndTerminal,
    /// An effect that may not stand in the answer to this event.
    #[error("an effect {op} in the answer to event {event}")]
    Misplaced {
        /// Its opcode.
        op: u16,
        /// Why the guest was called.
        event: u16,
    },
    /// A `scan` in a phase without the body that it is to see, or twice.
    #[error("a `scan` of lane {0} where that body isn't, or a second one")]
    Scan(u32),
    /// Something is waited for, but no call wants the answer.
    #[error("the answers are not wanted")]
    Unwanted,
    /// An index beyond the manifest.
    #[error("there is no {what} {index}")]
    Index {
        /// Of what.
        what: &'static str,
        /// The index.
        index: u32,
    },
    /// A status that no answer can have.
    #[error("a response with status {0}")]
    ResponseStatus(u16),
    /// A code that the ABI does not know.
    #[error("unknown {what} {code}")]
    Code {
        /// Of what.
        what: &'static str,
        /// The code.
        code: u32,
    },
    /// A header's name that is none, or not in lower case.
    #[error("a header name that is not usable")]
    HeaderName,
    /// A secret where only text may stand.
    #[error("a secret outside a request to an origin")]
    SecretPlace,
    /// Segments that are too long together.
    #[error("a text of {0} bytes")]
    TextLength(u64),
}
