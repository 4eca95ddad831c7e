//! What a host hands in: header, slot table, result table, data.
//!
//! ```text
//!  0  u32 length        4  u16 version   6  u16 event    8  u32 flags
//! 12  u32 header length 16 u64 now (ms since 1970, UTC)  24  u64 random
//! 32  u16 slots        34  u16 results  36  u32 0       40  ref continuation
//! 48  slots × ref, then results × 16 bytes, then data
//! ```
//! Offsets in refs count from the start of the record. A slot `(0, 0)` is absent;
//! an offset other than 0 with length 0 is present and empty.

/// Bytes of the fixed header in version 1; its own field lets it grow.
pub const HEADER: u32 = 48;
/// Offset of the record's length in bytes.
pub const LENGTH: u32 = 0;
/// Offset of the ABI version.
pub const VERSION: u32 = 4;
/// Offset of the [`Event`].
pub const EVENT: u32 = 6;
/// Offset of the [`flags`]; 0 but in the events of a scan.
pub const FLAGS: u32 = 8;
/// Offset of the header's own length.
pub const HEADER_LENGTH: u32 = 12;
/// Offset of the time, in milliseconds since 1970 (UTC), fixed for the whole request.
pub const NOW: u32 = 16;
/// Offset of 64 random bits, fixed for the whole request.
pub const RANDOM: u32 = 24;
/// Offset of the number of slots.
pub const SLOTS: u32 = 32;
/// Offset of the number of results.
pub const RESULTS: u32 = 34;
/// Offset of the continuation's ref.
pub const CONTINUATION: u32 = 40;
/// Bytes of one slot.
pub const SLOT: u32 = 8;
/// Bytes of one result.
pub const RESULT: u32 = 16;

/// Bytes of a body that one call may show, at most.
pub const MAX_CHUNK: u32 = 16 << 10;

/// Flags of the events of a scan.
pub mod flags {
    /// Nothing follows this piece.
    pub const LAST: u32 = 1;
    /// The body is longer than the scan's limit, which asked for `block`. No piece comes with it.
    pub const OVER: u32 = 2;
}

/// Why the guest is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Event {
    /// A request's head has arrived; slot set 0.
    Start = 1,
    /// What was asked has been answered.
    Results = 2,
    /// A response's head is there, from an origin or from the policy itself.
    ResponseHead = 3,
    /// A piece of the request's body (scan lane).
    RequestChunk = 4,
    /// A piece of the response's body (scan lane).
    ResponseChunk = 5,
    /// No origin gave a usable response, after retries and fallbacks.
    Failed = 6,
    /// The answer has been delivered.
    Done = 7,
    /// May this response be stored, and with what tags.
    Admit = 8,
}

impl Event {
    /// The bit of this event in an output's mask of wanted events.
    #[must_use]
    pub const fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

/// One result: `u16 status · u16 opcode answered · u32 aux · ref payload`.
pub mod result {
    /// Offset of the status.
    pub const STATUS: u32 = 0;
    /// Offset of the opcode that is answered.
    pub const OPCODE: u32 = 2;
    /// Offset of the auxiliary value.
    pub const AUX: u32 = 4;
    /// Offset of the payload's ref.
    pub const PAYLOAD: u32 = 8;

    /// How a request for something ended.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[repr(u16)]
    pub enum Status {
        /// Done; the payload holds the answer.
        Ok = 0,
        /// There is nothing of that name.
        Absent = 1,
        /// Refused: a limit is used up, a token is not valid.
        Refused = 2,
        /// What was asked makes no sense to the host.
        Invalid = 3,
        /// No answer in time.
        Timeout = 4,
        /// The service is away.
        Unavailable = 5,
        /// Larger than its declared limit.
        TooLarge = 6,
        /// Not done, since an effect before it did not succeed.
        Skipped = 7,
    }
}
