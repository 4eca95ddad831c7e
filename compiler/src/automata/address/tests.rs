#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::net::Ipv4Addr;

use edge_lookup as lookup;
use proptest::prelude::*;

use super::*;

/// Networks that crowd together, at both ends of both families too.
fn network() -> impl Strategy<Value = Network> {
    let v4 = (0..4u32, 0..4u32, 0..=32u8).prop_map(|(high, low, prefix)| {
        let address =
            Ipv4Addr::from((high.wrapping_sub(2)) << 24 | low.wrapping_sub(2) & 0xff_ffff);
        Network::new(address.to_ipv6_mapped().octets(), 96 + prefix)
    });
    let v6 = (0..6u128, 0..4u128, 0..=128u8).prop_map(|(high, low, prefix)| {
        let high = high.wrapping_sub(3) << 32 & 0xffff_ffff_ffff_ffff_0000_0000_0000_0000;
        Network::new(
            (high | low.wrapping_sub(2) & 0xffff_ffff_ffff_ffff).to_be_bytes(),
            prefix,
        )
    });
    let near = (0..5u128, 90..=128u8).prop_map(|(low, prefix)| {
        Network::new((0xfffe_ffff_fffe + low * 0x7fff_ffff).to_be_bytes(), prefix)
    });
    prop_oneof![4 => v4, 1 => v6, 1 => near]
}

/// The addresses where a mistake would show: the ends of intervals and their neighbours.
fn telling(networks: &[Network]) -> Vec<u128> {
    let ends = networks
        .iter()
        .flat_map(|network| <[u128; 2]>::from(network.interval()));
    let ends = ends.chain([0, u128::MAX, MAPPED.0, MAPPED.1]);
    ends.flat_map(|end| [end.wrapping_sub(1), end, end.wrapping_add(1)])
        .collect()
}

fn covers(networks: &[Network], address: u128) -> bool {
    networks.iter().any(|network| {
        let (low, high) = network.interval();
        low <= address && address <= high
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn agrees_with_each_network(networks in prop::collection::vec(network(), 0..30)) {
        let set = AddressSet::from_networks(&networks);
        let table = set.table();
        for address in telling(&networks) {
            let expected = covers(&networks, address);
            prop_assert_eq!(set.contains(address.to_be_bytes()), expected);
            prop_assert_eq!(lookup::cidr::contains(&table, &address.to_be_bytes()), expected);
        }
    }

    #[test]
    fn operations_agree_with_their_parts(
        left in prop::collection::vec(network(), 0..8), right in prop::collection::vec(network(), 0..8),
    ) {
        let (a, b) = (AddressSet::from_networks(&left), AddressSet::from_networks(&right));
        let (both, either, others) = (a.intersect(&b), a.union(&b), a.complement());
        for address in telling(&[left.clone(), right.clone()].concat()) {
            let (in_a, in_b) = (covers(&left, address), covers(&right, address));
            let address = address.to_be_bytes();
            prop_assert_eq!(both.contains(address), in_a && in_b);
            prop_assert_eq!(either.contains(address), in_a || in_b);
            prop_assert_eq!(others.contains(address), !in_a);
        }
        prop_assert!(either.contains_all(&a) && a.contains_all(&both));
        prop_assert_eq!(a.contains_all(&b), either == a);
        prop_assert_eq!(&others.complement(), &a);
        prop_assert!(a.union(&others).is_universal());
        match both.witness() {
            Some(witness) => prop_assert!(a.contains(witness) && b.contains(witness)),
            None => prop_assert!(both.is_empty()),
        }
    }
}

#[test]
fn a_large_list_is_indexed() {
    let networks: Vec<Network> = (0..10_000u32)
        .map(|n| Ipv4Addr::from(n.wrapping_mul(2_654_435_761) & !0xff))
        .map(|address| Network::new(address.to_ipv6_mapped().octets(), 120))
        .collect();
    let set = AddressSet::from_networks(&networks);
    let table = set.table();
    for address in telling(&networks) {
        let address = address.to_be_bytes();
        assert_eq!(
            lookup::cidr::contains(&table, &address),
            set.contains(address)
        );
    }
}

#[test]
fn everything_and_nothing() {
    let all = AddressSet::default().complement();
    assert!(all.is_universal());
    assert!(
        lookup::cidr::contains(&all.table(), &[0; 16])
            && lookup::cidr::contains(&all.table(), &[255; 16])
    );
    assert!(!lookup::cidr::contains(
        &AddressSet::default().table(),
        &[0; 16]
    ));
    let v4 = AddressSet::from_networks(&[Network::parse("0.0.0.0/0").unwrap()]);
    assert_eq!(
        v4.witness().unwrap(),
        Ipv4Addr::UNSPECIFIED.to_ipv6_mapped().octets()
    );
    assert!(lookup::cidr::contains(
        &v4.table(),
        &Ipv4Addr::BROADCAST.to_ipv6_mapped().octets()
    ));
}
