//! The sliding window, exact: a log of when how much was taken.

use std::collections::VecDeque;

use crate::clock::{Moved, moved};
use crate::taken::Outcome;

/// What was taken in the last period, oldest first; charges of one millisecond are one entry.
///
/// A charge at the time `t` counts at `now` while `now - t < per`: whatever half-open interval `[s, s + per)` one looks at,
/// at most `amount` lie in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    log: VecDeque<Entry>,
    total: u64,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Milliseconds; negative only when the clock was set to nearly zero.
    at: i64,
    count: u32,
}

impl Window {
    /// Takes `cost`, or nothing.
    pub(crate) fn take(&mut self, amount: u64, per: u64, now: u64, cost: u64) -> Outcome {
        let now = self.advance(per, now);
        let room = amount.saturating_sub(self.total);
        let asked = cost.max(1);
        let retry_after = match asked {
            _ if asked <= room => None,
            _ if asked > amount => return self.outcome(false, room, per, now, None),
            _ => Some(self.until(self.total + asked - amount, per, now)),
        };
        if retry_after.is_some() || cost == 0 {
            return self.outcome(retry_after.is_none(), room, per, now, retry_after);
        }
        self.record(now, cost);
        self.outcome(true, room - cost, per, now, None)
    }

    /// How many bytes its log holds.
    pub(crate) fn bytes(&self) -> usize {
        self.log.capacity() * size_of::<Entry>()
    }

    /// Forgets what is older than a period, and follows a clock that was set back. Gives the time that counts.
    fn advance(&mut self, per: u64, now: u64) -> i64 {
        let mut now = signed(now);
        if let Some(newest) = self.log.back().map(|entry| entry.at) {
            match moved(
                u64::try_from(newest).unwrap_or(0),
                u64::try_from(now).unwrap_or(0),
            ) {
                Moved::On(_) => now = now.max(newest),
                // No time has passed: the whole log moves with the clock.
                Moved::Back(_) => self
                    .log
                    .iter_mut()
                    .for_each(|entry| entry.at -= newest - now),
            }
        }
        while let Some(oldest) = self.log.front()
            && now - oldest.at >= signed(per)
        {
            self.total -= u64::from(oldest.count);
            self.log.pop_front();
        }
        now
    }

    fn record(&mut self, now: i64, cost: u64) {
        // At most a limit's amount, which is at most `MAX_LOGGED`.
        let count = u32::try_from(cost).unwrap_or(u32::MAX);
        self.total += u64::from(count);
        match self.log.back_mut() {
            Some(newest) if newest.at == now => newest.count += count,
            _ => self.log.push_back(Entry { at: now, count }),
        }
    }

    /// Milliseconds until `needed` are forgotten.
    fn until(&self, needed: u64, per: u64, now: i64) -> u64 {
        let mut forgotten = 0;
        for entry in &self.log {
            forgotten += u64::from(entry.count);
            if forgotten >= needed {
                return left(entry.at, per, now);
            }
        }
        0
    }

    fn outcome(
        &self,
        allowed: bool,
        remaining: u64,
        per: u64,
        now: i64,
        retry_after: Option<u64>,
    ) -> Outcome {
        let reset = self
            .log
            .back()
            .map_or(0, |newest| left(newest.at, per, now));
        Outcome {
            allowed,
            remaining,
            reset,
            retry_after,
        }
    }
}

/// Milliseconds until what was taken at `at` is forgotten.
fn left(at: i64, per: u64, now: i64) -> u64 {
    u64::try_from(at + signed(per) - now).unwrap_or(0)
}

/// Times and periods are below 2⁴⁹.
fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000;

    fn allowed(window: &mut Window, now: u64, cost: u64) -> bool {
        window.take(3, 1000, now, cost).allowed
    }

    #[test]
    fn exact_at_the_edge() {
        let mut window = Window::default();
        assert!(allowed(&mut window, DAY, 1));
        assert!(allowed(&mut window, DAY + 999, 2));
        assert!(!allowed(&mut window, DAY + 999, 1));
        assert!(
            allowed(&mut window, DAY + 1000, 1),
            "the first is a whole period ago"
        );
        assert!(!allowed(&mut window, DAY + 1998, 1));
        assert!(allowed(&mut window, DAY + 1999, 2));
    }

    #[test]
    fn refusals_say_when() {
        let mut window = Window::default();
        window.take(3, 1000, DAY, 2);
        window.take(3, 1000, DAY + 100, 1);
        let one = window.take(3, 1000, DAY + 200, 1);
        assert_eq!(
            (one.allowed, one.retry_after, one.reset),
            (false, Some(800), 900)
        );
        assert_eq!(window.take(3, 1000, DAY + 200, 3).retry_after, Some(900));
        assert_eq!(window.take(3, 1000, DAY + 200, 4).retry_after, None);
        assert!(!window.take(3, 1000, DAY + 200, 0).allowed);
        assert_eq!(window.take(3, 1000, DAY + 1000, 0).remaining, 2);
    }

    #[test]
    fn a_lower_amount_waits_for_all_that_is_too_much() {
        let mut window = Window::default();
        for at in 0..3 {
            assert!(allowed(&mut window, DAY + 100 * at, 1));
        }
        let refused = window.take(1, 1000, DAY + 200, 1);
        assert_eq!((refused.remaining, refused.retry_after), (0, Some(1000)));
        assert!(window.take(1, 1000, DAY + 1200, 1).allowed);
    }

    #[test]
    fn a_clock_set_back_a_day_does_not_lock_out() {
        let mut window = Window::default();
        assert!(allowed(&mut window, 2 * DAY, 1));
        assert!(allowed(&mut window, 2 * DAY + 500, 2));
        assert!(!allowed(&mut window, 5, 1), "no time has passed");
        assert!(!allowed(&mut window, 504, 1));
        assert!(
            allowed(&mut window, 505, 1),
            "500 ms later the first is forgotten"
        );
        assert!(!allowed(&mut window, 1004, 1));
        assert!(allowed(&mut window, 1005, 2));
    }
}
