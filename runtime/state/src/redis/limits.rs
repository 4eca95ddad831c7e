//! Limits in Redis: one script charges all of a request's limits in one round trip.
//!
//! In a cluster their keys may be on several nodes, so there each limit is a round trip of its own, in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::RedisLease;
use super::lease::Leases;
use super::link::Link;
use super::names::{Names, hex};
use super::script::{Input, Scripts};
use super::share::{Granted, Shares};
use crate::clock::Clock;
use crate::limit::Kind;
use crate::taken::{Lease, Outcome};
use crate::{Charge, Failure, Taken, Takings};

/// What charging needs.
pub(super) struct Limits {
    pub link: Link,
    pub scripts: Arc<Scripts>,
    pub names: Arc<Names>,
    pub leases: Arc<Leases>,
    pub clock: Clock,
    pub cluster: bool,
    pub shares: Option<Shares>,
    /// Makes the names of leases: this process, and which one.
    pub instance: u64,
    pub next: AtomicU64,
}

impl Limits {
    /// What can be answered without Redis: all of it, or the first few.
    pub(super) fn at_hand(&self, charges: &[Charge<'_>]) -> Takings {
        let mut takings = Takings::new();
        let Some(shares) = &self.shares else {
            return takings;
        };
        for charge in charges {
            let Some(outcome) = shares.spend(charge) else {
                return takings;
            };
            takings.push(outcome.taken(None));
            if !outcome.allowed {
                skip(&mut takings, charges.len());
                return takings;
            }
        }
        takings
    }

    /// Asks Redis for the charges that are not answered yet.
    pub(super) async fn ask(
        &self,
        charges: &[Charge<'_>],
        mut takings: Takings,
    ) -> Result<Takings, Failure> {
        while takings.len() < charges.len() {
            let rest = charges.get(takings.len()..).unwrap_or_default();
            let together = if self.cluster {
                rest.get(..1).unwrap_or_default()
            } else {
                rest
            };
            takings.extend(self.round_trip(together).await?);
            if takings.last().is_none_or(|last| !last.is_allowed()) {
                skip(&mut takings, charges.len());
            }
        }
        Ok(takings)
    }

    async fn round_trip(&self, charges: &[Charge<'_>]) -> Result<Takings, Failure> {
        let mut input = Input::default();
        input
            .time(self.clock.given())
            .arg(self.leases.life().as_millis().to_string());
        let mut asked: Vec<Asked> = charges
            .iter()
            .map(|charge| self.add(charge, &mut input))
            .collect();
        let numbers: Vec<i64> = self.scripts.take.run(&self.link, &input).await?;
        complete(&numbers, charges.len())?;
        let mut takings = Takings::new();
        for (answer, (charge, asked)) in numbers.chunks(5).zip(charges.iter().zip(&mut asked)) {
            takings.push(self.taken(answer, charge, asked)?);
        }
        // Charges that were not made have no leases.
        asked
            .into_iter()
            .filter_map(|asked| asked.lease)
            .for_each(RedisLease::refused);
        Ok(takings)
    }

    /// Writes a charge for the script.
    fn add(&self, charge: &Charge<'_>, input: &mut Input) -> Asked<'_> {
        let mut asked = Asked::default();
        let keys = self.names.limit(charge.limit, charge.key);
        if let (Kind::AtOnce { .. }, [leases, sum]) = (charge.limit.kind(), &keys[..]) {
            let id = self.next.fetch_add(1, Ordering::Relaxed);
            let id = format!("{}.{id:x}", hex(&self.instance.to_be_bytes()));
            asked.lease = (charge.cost > 0).then(|| {
                self.leases
                    .ask((leases.clone(), sum.clone()), &id, charge.cost)
            });
            asked.id = id;
        }
        for key in keys {
            input.key(key);
        }
        let grant = self.shares.as_ref().and_then(|shares| shares.want(charge));
        let want = grant.as_ref().map_or(charge.cost, Granted::want);
        asked.grant = grant;
        // Beyond the capacity all costs are alike.
        let cost = charge.cost.min(charge.limit.capacity().saturating_add(1));
        match charge.limit.kind() {
            Kind::TokenBucket { amount, per, burst } => input
                .arg("t")
                .arg(cost)
                .arg(want)
                .arg(amount)
                .arg(per)
                .arg(burst),
            Kind::SlidingWindow { amount, per } => input
                .arg("w")
                .arg(cost)
                .arg(cost)
                .arg(amount)
                .arg(per)
                .arg(0),
            Kind::AtOnce { amount } => input
                .arg("a")
                .arg(cost)
                .arg(cost)
                .arg(amount)
                .arg(0)
                .arg(&asked.id),
        };
        asked
    }

    /// Understands the script's five numbers.
    fn taken(
        &self,
        answer: &[i64],
        charge: &Charge<'_>,
        asked: &mut Asked,
    ) -> Result<Taken, Failure> {
        let &[allowed, remaining, reset, retry_after, taken] = answer else {
            return Err(Failure::Corrupt(
                "Redis answers with too few numbers".into(),
            ));
        };
        let [remaining, reset, taken] =
            [remaining, reset, taken].map(|number| u64::try_from(number).unwrap_or(0));
        let retry_after = u64::try_from(retry_after).ok();
        let mut outcome = Outcome {
            allowed: allowed == 1,
            remaining,
            reset,
            retry_after,
        };
        if let Some(grant) = asked.grant.take() {
            grant.settle(charge, &mut outcome, taken);
        }
        let outcome = outcome.within(charge.limit);
        let lease = asked.lease.take().and_then(|lease| {
            if outcome.allowed {
                return Some(Lease::redis(lease.granted()));
            }
            lease.refused();
            None
        });
        Ok(outcome.taken(lease))
    }
}

/// What was asked for beside the charge itself.
#[derive(Default)]
struct Asked<'a> {
    id: String,
    lease: Option<RedisLease>,
    grant: Option<Granted<'a>>,
}

/// Whether there are five numbers for each charge, or up to the first that refuses: no answer is not a refusal.
fn complete(numbers: &[i64], charges: usize) -> Result<(), Failure> {
    let (answers, rest) = numbers.as_chunks::<5>();
    let refuses = answers.last().is_some_and(|&[allowed, ..]| allowed == 0);
    let known = answers.iter().all(|[allowed, ..]| matches!(allowed, 0 | 1));
    let enough = answers.len() == charges || (answers.len() < charges && refuses);
    if rest.is_empty() && known && enough {
        return Ok(());
    }
    Err(Failure::Corrupt(
        "Redis does not answer with five numbers for each limit".into(),
    ))
}

fn skip(takings: &mut Takings, length: usize) {
    takings.resize_with(length, || Taken::Skipped);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_answer_is_a_failure() {
        for numbers in [
            &[][..],
            &[1],
            &[1, 2, 3, 4],
            &[1, 2, 3, -1, 1],
            &[2, 2, 3, -1, 1, 0, 2, 3, 4, 0],
            &[0, 2, 3, 4, 0, 7],
        ] {
            assert!(complete(numbers, 2).is_err(), "{numbers:?}");
        }
        assert!(complete(&[1, 2, 3, -1, 1, 0, 2, 3, 4, 0], 1).is_err());
        assert_eq!(complete(&[1, 2, 3, -1, 1, 0, 2, 3, 4, 0], 2), Ok(()));
        assert_eq!(complete(&[0, 2, 3, 4, 0], 2), Ok(()));
    }
}
