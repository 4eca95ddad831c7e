//! The outputs of the policy written by hand, and where in its memory they lie.

use edge_abi::output::{self, NONE, Op};

pub const PROXY: u32 = 0x400;
pub const RESPOND: u32 = 0x800;
pub const TEXT: u32 = 0xc00;
pub const SEGMENT: u32 = 0xc10;
/// Outputs of scans.
pub const PASS: u32 = 0x1000;
pub const GO_ON: u32 = 0x1100;
pub const DENY: u32 = 0x1200;
pub const TOO_LONG: u32 = 0x1300;
pub const WORD: u32 = 0x1400;
pub const STATE: u32 = 0x1410;
/// Outputs of limits.
pub const ASK: u32 = 0x1500;
pub const REFUSE: u32 = 0x1700;
pub const KEY: u32 = 0x1800;

/// The effect `limit`, chained to the one before it.
pub fn limit(number: u32) -> Vec<u32> {
    let flags = u32::from(output::effect::ANSWER | output::effect::CHAINED);
    let (op, size) = (Op::Limit as u32 | flags << 16, output::state::SIZE);
    vec![op, size, number, number, KEY, 9, 0, 0, 1, 0]
}

/// The effect `scan`.
pub fn scan(lane: u32, limit: u32, over: u32, slots: u32, state: u32) -> Vec<u32> {
    let (op, size) = (Op::Scan as u32, output::scan::SIZE);
    vec![op, size, lane, limit, over, slots, state, 4]
}

/// The answer to a piece that may go on; the guest fills in lane and state.
pub fn go_on() -> Vec<u32> {
    let mut words = header(GO_ON, 1, output::scan::SIZE);
    words.extend(scan(0, 0, 0, 0, STATE));
    words
}

/// The effect `proxy`; the guest fills in target and path.
pub fn proxy() -> Vec<u32> {
    let mut words = Vec::new();
    let effect = words.len();
    words.resize(effect + output::proxy::SIZE as usize / 4, 0);
    words[effect] = Op::Proxy as u32;
    words[effect + 1] = output::proxy::SIZE;
    words[effect + output::proxy::CACHE as usize / 4] = NONE;
    words
}

/// An output at `at` that answers `hello`.
pub fn respond(at: u32, rule: u32, status: u32) -> Vec<u32> {
    let mut words = header(at, 1, output::respond::SIZE);
    let effect = words.len();
    words.resize(effect + output::respond::SIZE as usize / 4, 0);
    words[effect] = Op::Respond as u32;
    words[effect + 1] = output::respond::SIZE;
    words[effect + output::respond::RULE as usize / 4] = rule;
    words[effect + output::respond::STATUS as usize / 4] = status;
    words[effect + output::respond::BODY as usize / 4] = SEGMENT;
    words[effect + output::respond::BODY as usize / 4 + 1] = 1;
    words
}

/// The header of an output at `at` with `count` effects of `size` bytes together.
pub fn header(at: u32, count: u32, size: u32) -> Vec<u32> {
    let length = output::HEADER + size;
    vec![
        length.next_multiple_of(16),
        1,
        count,
        0,
        0,
        0,
        at + output::HEADER,
        size,
    ]
}

/// Numbers as a string of WAT.
pub fn escaped(words: &[u32]) -> String {
    words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .map(|byte| format!("\\{byte:02x}"))
        .collect()
}
