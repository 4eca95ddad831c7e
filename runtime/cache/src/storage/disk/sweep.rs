//! Taking out what was purged.

use super::inner::Inner;
use super::tier::DiskTier;
use crate::storage::key::Key;
use crate::storage::purge::{Left, Purges};
use crate::storage::record::Decoded;
use std::sync::Arc;

impl DiskTier {
    /// Removes what purges until a number cover, and writes down what is stale. False when it could not see everything.
    pub async fn sweep(&self, purges: &Arc<Purges>, until: u64) -> bool {
        let all = self.inner.index.lock().born_before(until);
        for some in all.chunks(64) {
            let (some, inner, purges) = (some.to_vec(), self.inner.clone(), purges.clone());
            let swept = self.readers.ask(move || {
                some.iter()
                    .all(|(key, id)| swept(&inner, &purges, key, *id, until))
            });
            if !matches!(swept.await, Ok(true)) {
                return false;
            }
        }
        true
    }
}

/// Sweeps one answer.
fn swept(tier: &Inner, purges: &Purges, key: &Key, id: u64, until: u64) -> bool {
    let read = match tier.files.head(id) {
        Ok(read) => read,
        Err(error) => {
            let gone = error.kind() == std::io::ErrorKind::NotFound;
            if gone {
                tier.remove(key, id);
            } else {
                tier.failed();
            }
            return gone;
        }
    };
    let Some((decoded, _)) = read else {
        tier.damaged(key, id);
        return true;
    };
    match purges.left(&decoded.entry) {
        Left::Gone => tier.remove(key, id),
        Left::Valid => tier.index.lock().reborn(key, id, until),
        Left::Stale(at) => match tier.files.record(id) {
            Ok((
                _,
                Some((
                    Decoded {
                        mut entry, body, ..
                    },
                    bytes,
                )),
            )) => {
                entry.terms = entry.terms.stale_from(at);
                entry.born = entry.born.max(until);
                tier.replace(key, id, &entry, body, &bytes);
            }
            _ => tier.damaged(key, id),
        },
    }
    true
}
