//! Measuring things that take turns.

use cpu_time::ThreadTime;
use std::time::Duration;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Rounds; what is reported is their median.
    pub rounds: usize,
    /// CPU time of one contender in one round, at least.
    pub sample: Duration,
    /// Whether only to see that everything runs: small inputs, no meaningful figures.
    pub quick: bool,
}

impl Budget {
    /// What figures are made with.
    pub fn full() -> Budget {
        Budget {
            rounds: 11,
            sample: Duration::from_millis(4),
            quick: false,
        }
    }

    /// What shows that the benchmark still runs.
    pub fn quick() -> Budget {
        Budget {
            rounds: 1,
            sample: Duration::ZERO,
            quick: true,
        }
    }
}

/// One thing that is measured.
pub struct Contender<'a> {
    /// How many operations one call is.
    operations: usize,
    /// The CPU time of so many calls.
    time: Box<dyn FnMut(u32) -> Duration + 'a>,
    calls: u32,
    samples: Vec<f64>,
}

impl<'a> Contender<'a> {
    /// Something on this thread, whose every call does so many operations.
    pub fn new(operations: usize, mut run: impl FnMut() + 'a) -> Contender<'a> {
        let time = move |calls| {
            let begun = ThreadTime::now();
            for _ in 0..calls {
                run();
            }
            begun.elapsed()
        };
        Contender {
            operations,
            ..Contender::elsewhere(time)
        }
    }

    /// Something in another process: does as many operations as it is told and says what CPU time
    /// that process took.
    pub fn elsewhere(time: impl FnMut(u32) -> Duration + 'a) -> Contender<'a> {
        Contender {
            operations: 1,
            time: Box::new(time),
            calls: 1,
            samples: Vec::new(),
        }
    }

    /// Finds how many calls take at least `sample`; warms up on the way.
    fn calibrate(&mut self, sample: Duration) {
        while (self.time)(self.calls) < sample && self.calls < 1 << 24 {
            self.calls *= 2;
        }
    }

    fn sample(&mut self) {
        let operations = f64::from(self.calls) * self.operations as f64;
        let time = (self.time)(self.calls);
        self.samples.push(time.as_nanos() as f64 / operations);
    }
}

/// The median time of one operation of each contender, in nanoseconds of CPU time.
pub fn race<const N: usize>(contenders: [Contender<'_>; N], budget: &Budget) -> [f64; N] {
    rounds(contenders, budget).map(median)
}

/// What [`race`] takes the medians of: a time of each contender in each round.
pub fn rounds<const N: usize>(
    mut contenders: [Contender<'_>; N],
    budget: &Budget,
) -> [Vec<f64>; N] {
    for contender in &mut contenders {
        contender.calibrate(budget.sample);
    }
    for _ in 0..budget.rounds {
        contenders.iter_mut().for_each(Contender::sample);
    }
    contenders.map(|contender| contender.samples)
}

/// The middle of some samples.
pub fn median(samples: Vec<f64>) -> f64 {
    let [_, middle, _] = quartiles(samples);
    middle
}

/// Below which a quarter, a half and three quarters of some samples lie.
fn quartiles(mut samples: Vec<f64>) -> [f64; 3] {
    samples.sort_by(f64::total_cmp);
    let at = |quarters: usize| samples.get(samples.len() * quarters / 4).copied();
    [1, 2, 3].map(|quarters| at(quarters).unwrap_or(f64::NAN))
}

/// What one thing takes more than another, in nanoseconds: medians, and the quartiles of the rounds' differences.
pub struct Added {
    pub without: f64,
    pub with: f64,
    pub by: f64,
    pub low: f64,
    pub high: f64,
}

impl Added {
    /// Of the times of two contenders, round by round.
    pub fn of(without: &[f64], with: &[f64]) -> Added {
        let differences = without.iter().zip(with).map(|(less, more)| more - less);
        let [low, by, high] = quartiles(differences.collect());
        Added {
            without: median(without.to_vec()),
            with: median(with.to_vec()),
            by,
            low,
            high,
        }
    }
}

/// The CPU time that something takes on this thread, in milliseconds.
pub fn milliseconds<T>(what: impl FnOnce() -> T) -> (f64, T) {
    let begun = ThreadTime::now();
    let result = what();
    (begun.elapsed().as_secs_f64() * 1000.0, result)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]).to_bits(), 2f64.to_bits());
        assert!(median(Vec::new()).is_nan());
        assert_eq!(quartiles((0..8).map(f64::from).collect()), [2.0, 4.0, 6.0]);
    }

    #[test]
    fn what_is_added_is_the_middle_of_the_differences() {
        let added = Added::of(&[1.0, 2.0, 3.0, 9.0], &[2.0, 4.0, 6.0, 13.0]);
        let all = [added.without, added.with, added.low, added.by, added.high];
        assert_eq!(all, [3.0, 6.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn all_contenders_run() {
        let (mut a, mut b) = (0, 0);
        let times = race(
            [
                Contender::new(1, || a += 1),
                Contender::new(2, || b += 1),
                Contender::elsewhere(|calls| Duration::from_nanos(7) * calls),
            ],
            &Budget::quick(),
        );
        assert!(times.iter().all(|time| *time >= 0.0));
        assert_eq!(times[2].to_bits(), 7f64.to_bits());
        assert!(a > 0 && b > 0);
    }
}
