//! What was there at the start.

use super::files::Kind;
use super::inner::Inner;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::sync::atomic::Ordering;

/// Makes known what a former process wrote: files with numbers below `session`. Records that were not finished and bodies
/// without a record are removed. Until it is through, what is not known yet counts as absent.
pub(crate) fn recover(tier: &Inner, session: u64) {
    let mut bodies = Vec::new();
    for directory in 0..=u8::MAX {
        for (kind, id) in tier.files.list(directory) {
            if tier.closing.load(Ordering::Relaxed) {
                return;
            }
            if id >= session {
                continue;
            }
            match kind {
                Kind::Body => bodies.push(id),
                Kind::Record => record(tier, id),
            }
        }
    }
    let known: HashSet<u64> = {
        let mut index = tier.index.lock();
        index.sort();
        index.bodies().collect()
    };
    for id in bodies {
        if !known.contains(&id) {
            tier.files.remove(Kind::Body, id);
        }
    }
    tier.make_room(0);
    remove_old(tier);
    tier.loaded.store(true, Ordering::SeqCst);
}

/// Deletes what was set aside.
fn remove_old(tier: &Inner) {
    let Ok(files) = fs::read_dir(&tier.config.directory) else {
        return;
    };
    for file in files.flatten() {
        if file.file_name().to_string_lossy().starts_with("old-") {
            // what can't be deleted now is tried at the next start
            let _ = fs::remove_dir_all(file.path());
        }
    }
}

fn record(tier: &Inner, id: u64) {
    match tier.files.head(id) {
        Ok(Some((decoded, bytes))) => tier.recovered(id, decoded, bytes),
        Ok(None) => {
            tier.counters.disk.corrupt.one();
            tier.files.remove(Kind::Record, id);
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => tier.counters.disk.errors.one(),
    }
}
