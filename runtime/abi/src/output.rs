//! What a guest hands back: header, effects, and what they refer to.
//!
//! ```text
//!  0  u32 length    4  u16 version   6  u16 status    8  u32 effects (count)
//! 12  u16 next slot set             14  u16 wanted events (bit n: event n)
//! 16  ref continuation              24  ref effects (address, bytes)
//! ```
//! Refs hold absolute addresses and lie in constants, in the input of this call or
//! in this output (`length` bytes from its address). Effects are back to back.

/// Bytes of the header.
pub const HEADER: u32 = 32;
/// Offset of the record's length, all that its refs may reach included.
pub const LENGTH: u32 = 0;
/// Offset of the ABI version.
pub const VERSION: u32 = 4;
/// Offset of the [`Status`].
pub const STATUS: u32 = 6;
/// Offset of the number of effects.
pub const EFFECTS: u32 = 8;
/// Offset of the slot set wanted with the next call; 0: no further call is wanted.
pub const NEXT_SLOTS: u32 = 12;
/// Offset of the mask of events for which a further call is wanted.
pub const WANTED: u32 = 14;
/// Offset of the continuation's ref.
pub const CONTINUATION: u32 = 16;
/// Offset of the effects' ref.
pub const EFFECTS_REF: u32 = 24;

/// Most effects in one output.
pub const MAX_EFFECTS: u32 = 256;
/// Most edits in one list.
pub const MAX_EDITS: u32 = 64;
/// Most segments in one list.
pub const MAX_SEGMENTS: u32 = 1024;
/// Most tags in one `admit`.
pub const MAX_TAGS: u32 = 64;
/// Longest body of a request, in bytes, whose answer a cache keeps: its hash joins the key.
pub const MAX_KEYED_BODY: u32 = 64 << 10;
/// Most rules in one list of hits.
pub const MAX_HITS: u32 = 16_384;

/// How the guest took its input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Status {
    /// The effects say what to do.
    Ok = 0,
    /// The bytes are not an input of this module: a fault of the host.
    InvalidInput = 1,
    /// The continuation is not one of this module's.
    StaleContinuation = 2,
}

/// Header of an effect: `u16 op · u16 flags · u32 size`, the size in bytes with the header.
pub mod effect {
    /// Offset of the [`Op`](super::Op).
    pub const OP: u32 = 0;
    /// Offset of the flags.
    pub const FLAGS: u32 = 2;
    /// Offset of the size.
    pub const SIZE: u32 = 4;
    /// Bytes of the header.
    pub const HEADER: u32 = 8;
    /// Flag: an answer is wanted, as a result of the next call.
    pub const ANSWER: u16 = 1;
    /// Flag: only if the wait before it succeeded.
    pub const CHAINED: u16 = 2;
}

/// What an effect does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Op {
    /// Terminal: answer.
    Respond = 1,
    /// Terminal: ask an origin and hand its answer on.
    Proxy = 2,
    /// Terminal of a response phase: let the response go on.
    Pass = 3,
    /// Terminal: the request or a value of the policy can't be used.
    Fault = 4,
    /// Charge a rate limit: a [`state`] record.
    Limit = 16,
    /// Ask who is calling.
    Verify = 17,
    /// Ask an origin for something.
    Fetch = 18,
    /// Read a store: a [`state`] record, as the next two are.
    StoreGet = 19,
    /// Add to a counter.
    CounterAdd = 20,
    /// List counters.
    CounterList = 21,
    /// Read the request's body.
    Body = 22,
    /// Seal a value.
    Seal = 23,
    /// Unseal a value.
    Unseal = 24,
    /// Compute a keyed hash.
    Hmac = 25,
    /// Read a counter: a [`state`] record.
    CounterGet = 26,
    /// Write to a store: a [`state`] record, as the next two are.
    Put = 32,
    /// Delete from a store.
    Delete = 33,
    /// Purge from the cache.
    Purge = 34,
    /// Write a line to the log.
    Log = 35,
    /// Count in a metric.
    Count = 36,
    /// Something to be remembered about this request: a [`note`](note).
    Note = 37,
    /// Terminal of `admit`: may the response be kept, and how: an [`admit`].
    Admit = 38,
    /// Edits of the answer, known before a wait: the host keeps them for whatever answer follows.
    Edits = 39,
    /// Rules that matched without deciding: [`hits`].
    Hits = 40,
    /// A body is to be scanned as it streams, or its scan goes on: a [`scan`](scan).
    Scan = 41,
}

/// `respond`: 40 bytes.
pub mod respond {
    /// The deciding rule.
    pub const RULE: u32 = 8;
    /// `u16`: the status.
    pub const STATUS: u32 = 12;
    /// Ref: the content type; (0, 0) for none. An edit may overwrite it.
    pub const CONTENT_TYPE: u32 = 16;
    /// Ref to a table of edits.
    pub const EDITS: u32 = 24;
    /// Ref to a table of segments.
    pub const BODY: u32 = 32;
    /// Size of the effect.
    pub const SIZE: u32 = 40;
}

/// `proxy`: 96 bytes.
pub mod proxy {
    /// The deciding rule.
    pub const RULE: u32 = 8;
    /// Index of the target in the manifest.
    pub const TARGET: u32 = 12;
    /// Ref: the method; (0, 0) for the client's.
    pub const METHOD: u32 = 16;
    /// Ref: the path, as it goes upstream.
    pub const PATH: u32 = 24;
    /// Ref: the query string without `?`; (0, 0) for none.
    pub const QUERY: u32 = 32;
    /// Ref: the `Host` to send; (0, 0) for the origin's authority.
    pub const HOST: u32 = 40;
    /// Ref to a table of edits of the request.
    pub const REQUEST_EDITS: u32 = 48;
    /// Ref to a table of edits of the response, known already: they hold for whatever answer the
    /// client gets, also for one made by `on error`.
    pub const RESPONSE_EDITS: u32 = 56;
    /// Index of the proxy's options in the manifest.
    pub const OPTIONS: u32 = 64;
    /// Index of the cache in the manifest; [`NONE`](super::NONE) for none.
    pub const CACHE: u32 = 68;
    /// Ref: what the policy adds to the cache's key; (0, 0) for nothing.
    pub const KEY: u32 = 72;
    /// Reserved: a ref and a `u32`, 0.
    pub const RESERVED: u32 = 80;
    /// Size of the effect.
    pub const SIZE: u32 = 96;
}

/// `admit`: 32 bytes. The only effect in the answer to its event.
pub mod admit {
    /// `u32`: [`STORE`] and [`TTL_GIVEN`], or 0.
    pub const FLAGS: u32 = 8;
    /// `i64`: how long it is fresh, in milliseconds; 0 where it isn't given.
    pub const TTL: u32 = 16;
    /// Ref to a table of refs: its tags. An empty one is none.
    pub const TAGS: u32 = 24;
    /// Bytes of one entry of that table: a ref.
    pub const TAG: u32 = 8;
    /// Size of the effect.
    pub const SIZE: u32 = 32;
    /// Flag: it may be kept.
    pub const STORE: u32 = 1;
    /// Flag: [`TTL`] says how long.
    pub const TTL_GIVEN: u32 = 2;
}

/// `pass`: 24 bytes.
pub mod pass {
    /// The deciding rule.
    pub const RULE: u32 = 8;
    /// Ref to a table of edits.
    pub const EDITS: u32 = 16;
    /// Size of the effect.
    pub const SIZE: u32 = 24;
}

/// `fault`: 24 bytes.
pub mod fault {
    /// The rule that was deciding.
    pub const RULE: u32 = 8;
    /// Index of the statement's place in the manifest.
    pub const PLACE: u32 = 12;
    /// Why: a [`Reason`].
    pub const REASON: u32 = 16;
    /// Size of the effect.
    pub const SIZE: u32 = 24;

    /// Why a request can't be answered as the policy says.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[repr(u32)]
    pub enum Reason {
        /// The request's path cannot be normalised: 400.
        RequestPath = 1,
        /// A value in an upstream path holds `?`, `#`, a control or a new dot segment: 500.
        UpstreamPath = 2,
        /// `redirect` to a place with a control character: 500.
        Location = 3,
    }
}

/// `body`: 16 bytes. The answer is a result without payload; the bytes are the fact `request.body`.
pub mod body {
    /// Most bytes to read.
    pub const LIMIT: u32 = 8;
    /// Size of the effect.
    pub const SIZE: u32 = 16;
}

/// All that the host remembers between requests is asked for and changed by one record: 40 bytes.
///
/// | op | `ID` | `KEY` | `VALUE` | `NUMBER` | answer |
/// | --- | --- | --- | --- | --- | --- |
/// | `limit` | limit | by what | | cost; negative counts as 0 | bool: may go on |
/// | `store_get` | store | key | | | bytes |
/// | `counter_get` | counter | key | | | i64 |
/// | `counter_add` | counter | key | | what is added | i64: the sum |
/// | `counter_list` | counter | prefix | | most entries | bytes: [entries](entry) |
/// | `put` | store | key | value | ttl in ms; 0: the store's own | bool: done |
/// | `delete` | store | key | | | bool: done |
/// | `purge` | a [`Purge`] | tag or path | | | bool: done |
///
/// With [`ANSWER`](effect::ANSWER) the guest waits, and what is answered is the fact `answer` of that `ASK` in
/// later calls: absent where there is nothing of that key, and where the service failed. Without, it is
/// done before what follows in the same output.
pub mod state {
    /// The answer's number, below [`Limits::asks`](crate::manifest::Limits::asks);
    /// [`NONE`](super::NONE) where no answer is wanted.
    pub const ASK: u32 = 8;
    /// Index in the manifest of what is asked.
    pub const ID: u32 = 12;
    /// Ref: the key.
    pub const KEY: u32 = 16;
    /// Ref: the value.
    pub const VALUE: u32 = 24;
    /// `i64`
    pub const NUMBER: u32 = 32;
    /// Size of the effect.
    pub const SIZE: u32 = 40;

    /// Most answers that a request may ask for.
    pub const MAX_ASKS: u32 = 1 << 16;
    /// Most that a store's `max_value` may be, in bytes.
    pub const MAX_VALUE: u32 = 16 << 20;
    /// Most that a limit allows of which each admission is recorded: a sliding window, `at_once`.
    pub const MAX_RECORDED: u64 = 10_000;
    /// Most of a token bucket's amount and burst times its period in milliseconds: hosts count in parts of a token.
    pub const MAX_PRODUCT: u64 = 1 << 52;
    /// Most bytes of the name of a limit, a store or a counter. Hosts put a namespace before it.
    pub const MAX_NAME: usize = 200;
    /// Most bytes of a list of counters; what doesn't fit is left out.
    pub const MAX_LIST: u32 = 64 << 10;

    /// What is purged.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[repr(u32)]
    pub enum Purge {
        /// What bears a tag.
        Tag = 0,
        /// What answers a path.
        Path = 1,
    }

    /// An entry of a list of counters: `u32` length of the key, the key, `i64` value; back to back, on no
    /// particular boundary, ascending by key.
    pub mod entry {
        /// Bytes beside the key.
        pub const HEAD: usize = 12;
    }
}

/// `log`: 24 bytes.
pub mod log {
    /// Index of the statement's place in the manifest.
    pub const PLACE: u32 = 8;
    /// Ref: the text.
    pub const TEXT: u32 = 16;
    /// Size of the effect.
    pub const SIZE: u32 = 24;
}

/// `edits`: 16 bytes. A guest keeps nothing, so what it has queued before a wait goes to the
/// host: these edits come before those of the terminal that follows.
pub mod edits {
    /// Ref to a table of edits of the response.
    pub const EDITS: u32 = 8;
    /// Size of the effect.
    pub const SIZE: u32 = 16;
}

/// `note`: 24 bytes. The same note twice in a request counts once.
pub mod note {
    /// A [`Kind`].
    pub const KIND: u32 = 8;
    /// Index of what it is about.
    pub const ID: u32 = 12;
    /// The value: an experiment's arm.
    pub const VALUE: u32 = 16;
    /// Size of the effect.
    pub const SIZE: u32 = 24;

    /// What a note is about.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[repr(u32)]
    pub enum Kind {
        /// An experiment's value was read.
        Exposure = 1,
    }
}

/// `hits`: 24 bytes. The same rule twice in a request counts once.
pub mod hits {
    /// A [`Kind`].
    pub const KIND: u32 = 8;
    /// Ref: the rules' indexes, `u32` each, on no particular boundary.
    pub const RULES: u32 = 16;
    /// Size of the effect.
    pub const SIZE: u32 = 24;

    /// Why the rules did not decide.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[repr(u32)]
    pub enum Kind {
        /// Their group only watches: they would have denied.
        Shadow = 1,
        /// They add to their group's score.
        Scored = 2,
    }
}

/// `scan`: 32 bytes. In an output of the main lane: the body that the answer to this output sends on is
/// to be shown to the guest, piece by piece, before each piece goes on. In the answer to a piece:
/// the only terminal that lets it go on.
pub mod scan {
    /// A [`Lane`].
    pub const LANE: u32 = 8;
    /// Most bytes of the body to show; 0 in the answer to a piece.
    pub const LIMIT: u32 = 12;
    /// What becomes of a longer body: an [`OverLimit`].
    pub const OVER_LIMIT: u32 = 16;
    /// The slot set of the calls with pieces.
    pub const SLOTS: u32 = 20;
    /// Ref: the lane's continuation, to be handed in with the next piece.
    pub const CONTINUATION: u32 = 24;
    /// Size of the effect.
    pub const SIZE: u32 = 32;

    /// Which body.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    #[repr(u32)]
    pub enum Lane {
        /// The request's, on its way to an origin or into `request.body`.
        Request = 0,
        /// The response's, on its way to the client.
        Response = 1,
    }

    /// What becomes of a body that is longer than the scan's limit.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[repr(u32)]
    pub enum OverLimit {
        /// The guest is called with [`OVER`](crate::input::flags::OVER) and answers.
        Block = 0,
        /// It goes on; where its length is known beforehand, nothing of it is shown.
        Pass = 1,
        /// Its first bytes, up to the limit, are shown; the rest goes on.
        Truncate = 2,
    }
}

/// One header edit: 24 bytes.
pub mod edit {
    /// `u8`: an [`Op`].
    pub const OP: u32 = 0;
    /// `u8`: [`SEGMENTS`] or 0.
    pub const FLAGS: u32 = 1;
    /// Index of the statement's place in the manifest.
    pub const PLACE: u32 = 4;
    /// Ref: the header's name in lower case; in a removal it may end in `*`.
    pub const NAME: u32 = 8;
    /// Ref: the value's bytes or, with [`SEGMENTS`], a table of segments. To *set* what is absent, `(0, 0)`, is to
    /// remove.
    pub const VALUE: u32 = 16;
    /// Bytes of one edit.
    pub const SIZE: u32 = 24;
    /// Flag: the value is a table of segments. Only in edits of a request to an origin.
    pub const SEGMENTS: u8 = 1;

    /// What an edit does.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[repr(u8)]
    pub enum Op {
        /// Replace all fields of that name.
        Set = 1,
        /// Add a field.
        Add = 2,
        /// Remove all fields of that name.
        Remove = 3,
    }
}

/// One segment: `u32 kind · u32 id · ref bytes`, 16 bytes.
pub mod segment {
    /// A [`Kind`].
    pub const KIND: u32 = 0;
    /// Index of the secret.
    pub const ID: u32 = 4;
    /// Ref: the bytes.
    pub const BYTES: u32 = 8;
    /// Bytes of one segment.
    pub const SIZE: u32 = 16;

    /// What a segment stands for.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    #[repr(u32)]
    pub enum Kind {
        /// The bytes that it refers to.
        Bytes = 0,
        /// A secret that the host fills in.
        Secret = 1,
    }
}

/// "None" where an index stands.
pub const NONE: u32 = u32::MAX;
