//! What holds for every kernel of a common shape: no input makes it panic, the published bound is
//! long enough, and a shorter buffer only cuts.
#![allow(clippy::unwrap_used, clippy::panic)]

use edge_kernels::bounds::{BOUNDS, Bound};
use edge_kernels::table::{KERNELS, Kernel};
use proptest::prelude::*;

fn bound(name: &str) -> Bound {
    let row = BOUNDS
        .iter()
        .find(|row| row.0 == name)
        .unwrap_or_else(|| panic!("{name} has no bound"));
    Bound {
        per_byte: row.1,
        base: row.2,
    }
}

/// Runs `kernel` with a buffer of its bound, a much longer one, and one of `short` bytes.
fn with_buffers(
    name: &str,
    length: usize,
    short: usize,
    kernel: impl Fn(&mut [u8]) -> Option<Vec<u8>>,
) {
    let capacity = bound(name).capacity(length);
    let enough = kernel(&mut vec![0; capacity]);
    assert_eq!(
        enough,
        kernel(&mut vec![0; capacity + 100]),
        "{name}: its bound is too short"
    );
    assert!(
        enough.is_none_or(|made| made.len() <= length.max(capacity)),
        "{name}"
    );
    kernel(&mut vec![0; short]);
}

fn run(left: &[u8], right: &[u8], value: i64, short: usize) {
    for &(name, kernel) in KERNELS {
        match kernel {
            Kernel::Text(kernel) => {
                with_buffers(name, left.len(), short, |out| {
                    kernel(left, out).map(<[u8]>::to_vec)
                });
            }
            Kernel::Pair(kernel) => {
                with_buffers(name, left.len(), short, |out| {
                    kernel(left, right, out).map(<[u8]>::to_vec)
                });
            }
            Kernel::Format(kernel) => {
                with_buffers(name, 0, short, |out| Some(kernel(value, out).to_vec()))
            }
            Kernel::Part(kernel) => {
                assert!(kernel(left, right).is_none_or(|part| part.len() <= left.len()))
            }
            Kernel::Test(kernel) => assert!((-1..=1).contains(&kernel(left, right)), "{name}"),
            Kernel::Property(kernel) => assert!(
                (0..=left.len().max(1) as i32).contains(&kernel(left)),
                "{name}"
            ),
            Kernel::Number(kernel) => assert_eq!(kernel(left), kernel(left), "{name}"),
        }
    }
}

/// Bytes that mean something to some kernel, among any.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let telling = prop::sample::select(
        b"%+&;=#x/.?\"'<>\\:[]*- 02eEaAzZ\0\x1f\x7f\x80\xc3\xe2\xf4\xff".to_vec(),
    );
    prop::collection::vec(prop_oneof![3 => telling, 1 => any::<u8>()], 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn every_kernel(left in bytes(), right in bytes(), value in any::<i64>(), short in 0usize..40) {
        run(&left, &right, value, short);
    }
}

#[test]
fn the_worst_of_each_byte() {
    for byte in 0..=255 {
        run(&[byte; 33], &[byte], i64::MIN, 3);
        run(&[b'/', byte, byte], b"", i64::MAX, 0);
    }
}
