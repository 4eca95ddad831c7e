//! Peak memory of this process, as Linux counts it.

use std::fs;

/// The most memory that something needs beyond what was there before, in KiB; `None`
/// where the system does not say (`/proc/self/clear_refs` is Linux's).
pub fn peak<T>(what: impl FnOnce() -> T) -> (Option<u64>, T) {
    // `5` sets the peak to what is resident now.
    let reset = fs::write("/proc/self/clear_refs", "5").is_ok();
    let before = resident();
    let result = what();
    let after = field("VmHWM:");
    let peak = match (before, after) {
        (Some(before), Some(after)) if reset => Some(after.saturating_sub(before)),
        _ => None,
    };
    (peak, result)
}

/// Memory of this process that is there now, in KiB; `None` where the system does not say.
pub fn resident() -> Option<u64> {
    field("VmRSS:")
}

fn field(name: &str) -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
