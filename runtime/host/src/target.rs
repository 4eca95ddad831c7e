//! Origins and pools: which origin a try goes to.

use edge_abi::manifest::{Choice, Manifest, Member, Origin, Pool, Target};
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

/// Whether an origin is this target, or a member of it.
pub(crate) fn has(manifest: &Manifest, target: u32, origin: u32) -> bool {
    match manifest.targets.get(target as usize) {
        Some(Target::Pool(pool)) => pool.members.iter().any(|member| member.target == origin),
        _ => target == origin,
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

/// Begins a round at a target. None when there is no such target. A weighted pool goes on with
/// a member that is not among `tried`, as long as it has one.
pub(crate) fn round<'m>(
    manifest: &'m Manifest,
    params: &[ParamValue],
    entropy: &dyn Entropy,
    target: u32,
    tried: &[u32],
) -> Option<Round<'m>> {
    match manifest.targets.get(target as usize)? {
        Target::Origin(_) => Some(Round::One(target)),
        Target::Pool(pool) => match pool.choice {
            Choice::Failover => Some(Round::InOrder(pool)),
            Choice::Weighted => weighted(pool, params, entropy.next_u64(), tried).map(Round::One),
        },
    }
}

/// The member whose share holds the random point: among those that are not in `tried`, or
/// among all when no other has a share.
fn weighted(pool: &Pool, params: &[ParamValue], random: u64, tried: &[u32]) -> Option<u32> {
    let share = shares(pool, params);
    let untried = |member: &Member| match tried.contains(&member.target) {
        true => 0,
        false => share(member),
    };
    member_at(pool, random, untried)
        .or_else(|| member_at(pool, random, &share))
        .or_else(|| pool.members.first().map(|member| member.target))
}

/// The shares of a pool's members.
///
/// A param may make the sum of all weights other than the whole: shares are of that
/// sum then, and members with `rest` share what is left of the whole.
fn shares(pool: &Pool, params: &[ParamValue]) -> impl Fn(&Member) -> u64 {
    let given = |member: &Member| match member
        .weight_param
        .and_then(|index| params.get(index as usize))
    {
        Some(ParamValue::I64(value)) => u64::try_from(*value).unwrap_or(0).min(WHOLE),
        _ => u64::from(member.weight),
    };
    let known = pool.members.iter().filter(|member| !member.rest);
    let known: u64 = known.map(given).sum();
    let rests = pool.members.iter().filter(|member| member.rest).count() as u64;
    let share = WHOLE.saturating_sub(known).checked_div(rests).unwrap_or(0);
    move |member| match member.rest {
        true => share,
        false => given(member),
    }
}

/// The member at a random point of all shares; none when these come to nothing.
fn member_at(pool: &Pool, random: u64, share: impl Fn(&Member) -> u64) -> Option<u32> {
    let sum: u64 = pool.members.iter().map(&share).sum();
    // Multiplying and taking the high half maps 64 random bits evenly to 0..sum.
    let mut point = u64::try_from((u128::from(random) * u128::from(sum)) >> 64).unwrap_or(0);
    for member in &pool.members {
        let share = share(member);
        if point < share {
            return Some(member.target);
        }
        point -= share;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::SeededEntropy;

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
                weighted(pool, params, random.next_u64(), &[]).map_or(0, |index| index as usize);
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

    #[test]
    fn who_was_tried_comes_last() {
        let pool = pool(&[
            (500_000, None, false),
            (500_000, None, false),
            (0, None, false),
        ]);
        let random = SeededEntropy::from_text("tried");
        for _ in 0..100 {
            let next = |tried: &[u32]| weighted(&pool, &[], random.next_u64(), tried);
            assert_eq!(next(&[0]), Some(1));
            assert_eq!(next(&[1]), Some(0));
            assert!(matches!(next(&[0, 1]), Some(0 | 1)), "2 has no share");
        }
    }
}
