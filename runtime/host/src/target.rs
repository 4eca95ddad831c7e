//! Origins and pools: which origin a try goes to.

use edge_abi::manifest::{Choice, Manifest, Origin, Pool, Target};
use http::{HeaderValue, Uri};

use crate::settings::ParamValue;
use crate::sources::Entropy;

/// The whole, in the unit of weights.
const WHOLE: u64 = 1_000_000;

/// A target's name in the policy.
#[must_use]
pub fn name(target: &Target) -> &str {
    match target {
        Target::Origin(origin) => &origin.name,
        Target::Pool(pool) => &pool.name,
    }
}

/// The origin of this index; none when it is a pool.
#[must_use]
pub fn origin(manifest: &Manifest, target: u32) -> Option<&Origin> {
    match manifest.targets.get(target as usize)? {
        Target::Origin(origin) => Some(origin),
        Target::Pool(_) => None,
    }
}

/// The `Host` that an origin is asked with: its own setting, else its URL's authority.
pub(crate) fn host(target: &Target) -> Option<HeaderValue> {
    let Target::Origin(origin) = target else {
        return None;
    };
    if let Some(host) = &origin.host {
        return HeaderValue::from_str(host).ok();
    }
    let uri: Uri = origin.url.parse().ok()?;
    HeaderValue::from_str(uri.authority()?.as_str()).ok()
}

/// The origins that one round of tries goes through, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Round<'m> {
    /// One origin and no other.
    One(u32),
    /// The next one when one can't be reached.
    InOrder(&'m Pool),
}

impl Round<'_> {
    /// The origin to be tried at this step.
    pub(crate) fn origin(&self, step: usize) -> Option<u32> {
        match self {
            Round::One(origin) => (step == 0).then_some(*origin),
            Round::InOrder(pool) => pool.members.get(step).map(|member| member.target),
        }
    }

    /// How many origins there are.
    pub(crate) fn len(&self) -> usize {
        match self {
            Round::One(_) => 1,
            Round::InOrder(pool) => pool.members.len(),
        }
    }
}

/// Begins a round at a target. None when there is no such target.
pub(crate) fn round<'m>(
    manifest: &'m Manifest,
    params: &[ParamValue],
    entropy: &dyn Entropy,
    target: u32,
) -> Option<Round<'m>> {
    match manifest.targets.get(target as usize)? {
        Target::Origin(_) => Some(Round::One(target)),
        Target::Pool(pool) => match pool.choice {
            Choice::Failover => Some(Round::InOrder(pool)),
            Choice::Weighted => weighted(pool, params, entropy.next_u64()).map(Round::One),
        },
    }
}

/// The member whose share of the whole holds the random point.
///
/// A param may make the sum of all weights other than the whole: shares are of that
/// sum then, and members with `rest` share what is left of the whole.
fn weighted(pool: &Pool, params: &[ParamValue], random: u64) -> Option<u32> {
    let given = |index: Option<u32>, weight: u32| match index
        .and_then(|index| params.get(index as usize))
    {
        Some(ParamValue::I64(value)) => u64::try_from(*value).unwrap_or(0).min(WHOLE),
        _ => u64::from(weight),
    };
    let known: u64 = pool
        .members
        .iter()
        .filter(|member| !member.rest)
        .map(|member| given(member.weight_param, member.weight))
        .sum();
    let rests = pool.members.iter().filter(|member| member.rest).count() as u64;
    let share = WHOLE.saturating_sub(known).checked_div(rests).unwrap_or(0);
    let weight = |member: &edge_abi::manifest::Member| {
        if member.rest {
            share
        } else {
            given(member.weight_param, member.weight)
        }
    };
    let sum: u64 = pool.members.iter().map(weight).sum();
    // Multiplying and taking the high half maps 64 random bits evenly to 0..sum.
    let mut point = u64::try_from((u128::from(random) * u128::from(sum)) >> 64).unwrap_or(0);
    for member in &pool.members {
        let weight = weight(member);
        if point < weight {
            return Some(member.target);
        }
        point -= weight;
    }
    pool.members.first().map(|member| member.target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::SeededEntropy;
    use edge_abi::manifest::Member;

    fn pool(members: &[(u32, Option<u32>, bool)]) -> Pool {
        let member =
            |(index, (weight, weight_param, rest)): (usize, &(u32, Option<u32>, bool))| Member {
                target: u32::try_from(index).unwrap_or(0),
                weight: *weight,
                weight_param: *weight_param,
                rest: *rest,
            };
        Pool {
            name: "p".into(),
            choice: Choice::Weighted,
            members: members.iter().enumerate().map(member).collect(),
        }
    }

    fn shares(pool: &Pool, params: &[ParamValue]) -> Vec<u32> {
        let random = SeededEntropy::from_text("weights");
        let mut counts = vec![0; pool.members.len()];
        for _ in 0..10_000 {
            let chosen =
                weighted(pool, params, random.next_u64()).map_or(0, |index| index as usize);
            if let Some(count) = counts.get_mut(chosen) {
                *count += 1;
            }
        }
        counts
    }

    #[test]
    fn each_member_gets_its_share() {
        let counts = shares(
            &pool(&[(900_000, None, false), (100_000, None, false)]),
            &[],
        );
        assert!(
            matches!(counts.as_slice(), [8_800..=9_200, 800..=1_200]),
            "{counts:?}"
        );
    }

    #[test]
    fn a_param_moves_the_rest() {
        let pool = pool(&[(0, None, true), (0, Some(0), false)]);
        assert_eq!(shares(&pool, &[ParamValue::I64(0)]), [10_000, 0]);
        assert_eq!(shares(&pool, &[ParamValue::I64(1_000_000)]), [0, 10_000]);
        let counts = shares(&pool, &[ParamValue::I64(250_000)]);
        assert!(
            matches!(counts.as_slice(), [7_300..=7_700, _]),
            "{counts:?}"
        );
    }

    #[test]
    fn a_pool_of_nothing_but_zeros_still_answers() {
        assert_eq!(
            shares(&pool(&[(0, None, false), (0, None, false)]), &[]),
            [10_000, 0]
        );
    }
}
