//! Case, prefixes, searching and replacing: against `std`.
#![allow(clippy::unwrap_used)]

use edge_kernels::compare::{compare, contains};
use edge_kernels::find::first;
use edge_kernels::text::{lower, remove_prefix, remove_suffix, replace, split_first, trim, upper};
use proptest::prelude::*;

#[test]
fn parts() {
    assert_eq!(trim(b" \t\r\n a b \n"), b"a b");
    assert_eq!(remove_prefix(b"/api/x", b"/api"), b"/x");
    assert_eq!(remove_prefix(b"/ap", b"/api"), b"/ap");
    assert_eq!(remove_suffix(b"a.html", b".html"), b"a");
    assert_eq!(remove_suffix(b"a.html", b""), b"a.html");
    assert_eq!(split_first(b"a,b,c", b","), b"a");
    assert_eq!(split_first(b",b", b","), b"");
    assert_eq!(split_first(b"abc", b";"), b"abc");
    assert_eq!(split_first(b"abc", b""), b"abc");
}

#[test]
fn an_empty_result_has_an_address_inside_the_input() {
    let input = b"abc".as_slice();
    let inside = |part: &[u8]| {
        input.as_ptr_range().contains(&part.as_ptr()) || part.as_ptr() == input.as_ptr_range().end
    };
    assert!(inside(remove_prefix(input, input)));
    assert!(inside(remove_suffix(input, input)));
    assert!(inside(split_first(input, b"a")));
    assert!(inside(trim(input)));
}

#[test]
fn case_is_ascii() {
    assert_eq!(lower("ÀBC[z".as_bytes(), &mut [0; 8]), "Àbc[z".as_bytes());
    assert_eq!(upper("àbc{Z".as_bytes(), &mut [0; 8]), "àBC{Z".as_bytes());
    let same = b"abc-1".as_slice();
    assert_eq!(lower(same, &mut []).as_ptr(), same.as_ptr());
}

/// A search that compared the needle anew at each place would take 10^11 steps here.
#[test]
fn searching_is_linear() {
    let input = vec![b'a'; 1 << 20];
    let mut needle = vec![b'a'; 1 << 19];
    needle.push(b'b');
    assert_eq!(first(&input, &needle), None);
    needle.reverse();
    assert_eq!(first(&input, &needle), None);
}

proptest! {
    #[test]
    fn finding_agrees_with_the_plain_search(input in "[ab]{0,40}", needle in "[ab]{0,8}") {
        prop_assert_eq!(first(input.as_bytes(), needle.as_bytes()), input.find(&needle));
        prop_assert_eq!(contains(input.as_bytes(), needle.as_bytes()), input.contains(&needle));
    }

    #[test]
    fn finding_periodic_needles(unit in "[abc]{1,4}", times in 1usize..5, tail in "[abc]{0,3}", input in "[abc]{0,30}") {
        let needle = unit.repeat(times) + &tail;
        let input = input + &unit.repeat(times + 1) + &tail + &unit;
        prop_assert_eq!(first(input.as_bytes(), needle.as_bytes()), input.find(&needle));
    }

    #[test]
    fn replacing_agrees_with_std(input in "[ab]{0,40}", from in "[ab]{1,3}", to in "[a-z]{0,5}") {
        let n = input.len();
        let capacity = n.max(n / from.len() * to.len() + n % from.len());
        let mut out = vec![0; capacity];
        let made = replace(input.as_bytes(), from.as_bytes(), to.as_bytes(), &mut out);
        prop_assert_eq!(made.to_vec(), input.replace(&from, &to).into_bytes());
    }

    #[test]
    fn case_and_order_agree_with_std(left in prop::collection::vec(any::<u8>(), 0..20), right in prop::collection::vec(any::<u8>(), 0..20)) {
        let mut out = [0; 20];
        prop_assert_eq!(lower(&left, &mut out), left.to_ascii_lowercase());
        prop_assert_eq!(upper(&left, &mut out), left.to_ascii_uppercase());
        prop_assert_eq!(compare(&left, &right), left.cmp(&right));
    }
}
