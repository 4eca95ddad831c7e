//! Bodies over the limit of their scan, and any cut of any body.

use edge_abi::output::scan::{Lane, OverLimit};
use proptest::prelude::*;

use super::request_scans::{proxying, send, shown};
use super::sent::frames;
use super::*;
use crate::fixture::{Next, effect};

/// Status, pieces that were shown, and whether an origin got the whole body.
fn over_limit(over: OverLimit, sized: bool, body: &[&str]) -> (u16, Vec<i64>, bool) {
    let (seen, origins) = send(&proxying(4, over), frames(body, sized));
    assert_eq!(seen.fault(), "");
    let got = origins.got.borrow();
    let whole = got
        .first()
        .is_some_and(|(_, request, _)| *request.body() == body.concat());
    (seen.status, shown(&seen), whole)
}

#[test]
fn a_body_over_the_limit_is_blocked_let_go_on_or_shown_in_part() {
    use OverLimit::{Block, Pass, Truncate};
    let long = &["ab", "cdef", "evil!"];
    assert_eq!(over_limit(Block, true, long), (413, vec![], false));
    assert_eq!(over_limit(Block, false, long), (413, vec![2, 2], false));
    assert_eq!(over_limit(Pass, true, long), (200, vec![], true));
    assert_eq!(over_limit(Pass, false, long), (200, vec![2, 2], true));
    assert_eq!(over_limit(Truncate, true, long), (200, vec![2, 2], true));
    assert_eq!(over_limit(Truncate, false, long), (200, vec![2, 2], true));
    for over in [Block, Pass, Truncate] {
        let just = &["ab", "cd"];
        assert_eq!(over_limit(over, true, just), (200, vec![2, -2], true));
        assert_eq!(over_limit(over, false, just), (200, vec![2, 2, 0], true));
    }
}

#[test]
fn a_policy_may_let_a_body_over_the_limit_go_on() {
    for sized in [true, false] {
        let mut guest = GuestFixture::new();
        let hit = guest.respond(1, 403, (0, 0), b"no");
        let go_on = effect(Op::Scan, 0, &[0, 0, 0, 0, 0, 0]);
        guest.scanning(Lane::Request, (hit, Next::default()), go_on);
        let scan = guest.scan(Lane::Request, 4, OverLimit::Block);
        let proxy = guest.proxy(0, "/", (0, 0), (0, 0));
        guest.output(Event::Start, &[scan, proxy], Next::default());
        let (seen, origins) = send(&guest, frames(&["abcde", "evil!"], sized));
        assert_eq!((seen.status, seen.fault()), (200, ""));
        assert_eq!(origins.got.borrow()[0].1.body(), "abcdeevil!");
    }
}

/// The status by the table of limits, worked out from the whole body.
fn expected(body: &str, limit: usize, over: OverLimit, sized: bool) -> u16 {
    let fits = body.len() <= limit;
    let seen = match (fits, over, sized) {
        (false, OverLimit::Block, true) => return 413,
        (false, OverLimit::Pass, true) => return 200,
        _ => &body[..body.len().min(limit)],
    };
    match (seen.contains("evil!"), over) {
        (true, _) => 403,
        (false, OverLimit::Block) if !fits => 413,
        (false, _) => 200,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// However a body is cut, whatever the limit: the same decision, and the same bytes.
    #[test]
    fn cuts_decide_nothing(
        pieces in prop::collection::vec("[evil!]{0,3}|evil!|vil!", 0..12),
        limit in 0_usize..40,
        over in prop_oneof![Just(OverLimit::Block), Just(OverLimit::Pass), Just(OverLimit::Truncate)],
        sized in any::<bool>(),
    ) {
        let body = pieces.concat();
        let (seen, origins) = send(&proxying(u32::try_from(limit).unwrap(), over), frames(&pieces, sized));
        prop_assert_eq!(seen.fault(), "");
        prop_assert_eq!(seen.status, expected(&body, limit, over, sized));
        let got = origins.got.borrow();
        let whole = got.first().map(|(_, request, _)| request.body().clone());
        prop_assert_eq!(whole, (seen.status == 200).then(|| Bytes::from(body)));
        let last = seen.record.findings.logs.iter().filter(|line| line.place == 1);
        let to_its_end = seen.status == 200 && (1..=limit).contains(&got[0].1.body().len());
        prop_assert_eq!(last.count(), usize::from(to_its_end));
    }
}
