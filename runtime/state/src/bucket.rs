//! The token bucket: the generic cell rate algorithm (GCRA) of ITU-T Recommendation I.371, annex A.
//!
//! The recommendation gives it in two equivalent forms. This is the second, the continuous-state leaky bucket: a key
//! has a debt that drains evenly, and a charge passes when the debt that it adds stays within the bucket. The debt is counted in
//! parts of a token, of which a token has as many as its period has milliseconds, so that `amount` parts drain in every
//! millisecond and nothing is ever rounded: 100 a minute are exactly 100 in each minute, for as long as it runs.

use crate::clock::{Moved, moved};
use crate::taken::Outcome;

/// The numbers of a limit: `(amount + burst) × per` is at most 2⁵².
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    pub amount: u64,
    pub per: u64,
    pub burst: u64,
}

/// What a key owes. A key that is not known owes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// Parts of tokens that were taken and have not come back, at the time `at`.
    debt: u64,
    /// Milliseconds.
    at: u64,
}

impl Bucket {
    /// Takes `cost` tokens, or none. The state changes only when tokens are taken or the clock was set back.
    pub(crate) fn take(&mut self, rate: Rate, now: u64, cost: u64) -> Outcome {
        let capacity = rate.amount.saturating_add(rate.burst);
        let full = capacity.saturating_mul(rate.per);
        // Nobody owes more than the bucket holds, also when it held more before.
        let owed = self.debt.min(full);
        let (debt, now) = match moved(self.at, now) {
            Moved::On(elapsed) => (
                owed.saturating_sub(elapsed.saturating_mul(rate.amount)),
                now.max(self.at),
            ),
            Moved::Back(_) => {
                (self.debt, self.at) = (owed, now);
                (owed, now)
            }
        };
        let room = full - debt;
        let asked = cost.max(1);
        if asked > capacity {
            return outcome(rate, false, room, debt, None);
        }
        let price = asked.saturating_mul(rate.per);
        if price > room {
            let wait = (price - room).div_ceil(rate.amount);
            return outcome(rate, false, room, debt, Some(wait));
        }
        if cost == 0 {
            return outcome(rate, true, room, debt, None);
        }
        (self.debt, self.at) = (debt + price, now);
        outcome(rate, true, room - price, self.debt, None)
    }
}

fn outcome(rate: Rate, allowed: bool, room: u64, debt: u64, retry_after: Option<u64>) -> Outcome {
    Outcome {
        allowed,
        remaining: room / rate.per,
        reset: debt.div_ceil(rate.amount),
        retry_after,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const MINUTE: u64 = 60_000;
    const DAY: u64 = 24 * 60 * MINUTE;
    const HUNDRED: Rate = Rate {
        amount: 100,
        per: MINUTE,
        burst: 0,
    };

    /// How many of one request a step are admitted from `from` to `to`.
    fn admitted(bucket: &mut Bucket, rate: Rate, from: u64, to: u64, step: usize) -> u64 {
        (from..to)
            .step_by(step)
            .filter(|&now| bucket.take(rate, now, 1).allowed)
            .count() as u64
    }

    #[test]
    fn a_hundred_a_minute_are_a_hundred_in_each_minute_of_a_day() {
        let mut bucket = Bucket::default();
        assert_eq!(admitted(&mut bucket, HUNDRED, DAY, DAY + 100, 1), 100);
        for minute in 0..24 * 60 {
            let from = DAY + 100 + minute * MINUTE;
            assert_eq!(
                admitted(&mut bucket, HUNDRED, from, from + MINUTE, 7),
                100,
                "minute {minute}"
            );
        }
    }

    #[test]
    fn rates_that_divide_unevenly_do_not_drift() {
        let rate = Rate {
            amount: 7,
            per: 1000,
            burst: 3,
        };
        let mut bucket = Bucket::default();
        let seconds = 100_000;
        let all = admitted(&mut bucket, rate, DAY, DAY + seconds * 1000, 13);
        assert_eq!(
            all,
            10 + 7 * seconds - 1,
            "capacity, and what came back until the last request"
        );
    }

    #[test]
    fn refusals_say_when() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(HUNDRED, DAY, 100).remaining, 0);
        let refused = bucket.take(HUNDRED, DAY, 1);
        assert_eq!((refused.allowed, refused.retry_after), (false, Some(600)));
        assert_eq!(refused.reset, MINUTE);
        assert!(!bucket.take(HUNDRED, DAY + 599, 1).allowed);
        assert!(bucket.take(HUNDRED, DAY + 600, 0).allowed, "looking");
        assert!(bucket.take(HUNDRED, DAY + 600, 1).allowed);
        assert!(!bucket.take(HUNDRED, DAY + 600, 0).allowed);
        let never = bucket.take(HUNDRED, DAY, 101);
        assert_eq!((never.allowed, never.retry_after), (false, None));
        assert_eq!(bucket.take(HUNDRED, DAY, u64::MAX).retry_after, None);
    }

    #[test]
    fn a_lower_amount_leaves_no_debt_beyond_it() {
        let mut bucket = Bucket::default();
        assert!(bucket.take(HUNDRED, DAY, 100).allowed);
        let lower = Rate {
            amount: 2,
            ..HUNDRED
        };
        let refused = bucket.take(lower, DAY, 1);
        assert_eq!((refused.reset, refused.retry_after), (MINUTE, Some(30_000)));
        assert!(!bucket.take(lower, DAY + 29_999, 1).allowed);
        assert!(bucket.take(lower, DAY + 30_000, 1).allowed);
    }

    #[test]
    fn a_clock_that_is_set_back_neither_locks_out_nor_gives_twice() {
        let mut bucket = Bucket::default();
        assert!(bucket.take(HUNDRED, 2 * DAY, 100).allowed);
        assert!(
            !bucket.take(HUNDRED, DAY, 1).allowed,
            "nothing has come back"
        );
        assert_eq!(bucket.take(HUNDRED, DAY, 1).retry_after, Some(600));
        assert!(bucket.take(HUNDRED, DAY + 600, 1).allowed);
        assert_eq!(bucket.take(HUNDRED, 3 * DAY, 0).remaining, 100, "a day on");
    }

    #[test]
    fn clocks_that_differ_a_little_give_nothing_twice() {
        let rate = Rate {
            amount: 1000,
            per: 1000,
            burst: 0,
        };
        let mut bucket = Bucket::default();
        assert!(bucket.take(rate, DAY, 1000).allowed);
        let mut taken = 0;
        for now in DAY..DAY + 1000 {
            for seen in [now, now - 1, now - 3, now] {
                taken += u64::from(bucket.take(rate, seen, 1).allowed);
            }
        }
        assert_eq!(taken, 999);
    }
}
