//! The file backend's file: kept, shared by accident, full, and damaged.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use edge_state::{Backend, Clock, Counter, Failure, OpenError, Store, open};
use tokio::runtime::Runtime;

const STORE: Store<'static> = Store {
    name: "items",
    ttl: None,
    max_value: 1 << 20,
};
const COUNTER: Counter<'static> = Counter {
    name: "views",
    expire: Some(Duration::from_secs(60)),
    listed: true,
};

fn opened(folder: &Path, clock: Clock) -> Result<Arc<dyn Backend>, OpenError> {
    open(&format!("file://{}?bytes=1MiB", folder.display()), clock)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    Runtime::new().unwrap().block_on(future)
}

#[test]
fn stores_and_counters_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, time) = Clock::at(1_700_000_000_000);
    wait(async {
        let backend = opened(folder.path(), clock.clone()).unwrap();
        backend.put(&STORE, b"kept", b"value", None).await.unwrap();
        backend
            .put(&STORE, b"short", b"value", Some(Duration::from_secs(5)))
            .await
            .unwrap();
        assert_eq!(backend.increment(&COUNTER, b"a", 41).await, Ok(41));
    });
    time.fetch_add(10_000, Ordering::Relaxed);
    wait(async {
        let backend = opened(folder.path(), clock).unwrap();
        assert_eq!(
            backend.get(&STORE, b"kept").await.unwrap().unwrap(),
            &b"value"[..]
        );
        assert_eq!(backend.get(&STORE, b"short").await, Ok(None));
        assert_eq!(backend.increment(&COUNTER, b"a", 1).await, Ok(42));
    });
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let first = opened(folder.path(), Clock::System).unwrap();
    let path = folder.path().to_str().unwrap();
    let second = crate::child("damage::second_process", "EDGE_STATE_SECOND", path)
        .output()
        .unwrap();
    assert!(
        second.status.success(),
        "{}",
        String::from_utf8_lossy(&second.stdout)
    );
    assert!(matches!(
        opened(folder.path(), Clock::System),
        Err(OpenError::InUse(_))
    ));
    drop(first);
    opened(folder.path(), Clock::System).unwrap();
}

#[test]
fn second_process() {
    if let Some(folder) = std::env::var_os("EDGE_STATE_SECOND") {
        let error = opened(Path::new(&folder), Clock::System).err().unwrap();
        assert!(
            error.to_string().contains("in use by another process"),
            "{error}"
        );
    }
}

#[test]
fn a_full_file_refuses_and_has_room_again_when_something_goes() {
    let folder = tempfile::tempdir().unwrap();
    let (clock, time) = Clock::at(1_700_000_000_000);
    let backend = opened(folder.path(), clock).unwrap();
    wait(async {
        let value = vec![7; 10_000];
        let minute = Some(Duration::from_secs(60));
        let mut kept = 0_u64;
        let failure = loop {
            match backend
                .put(&STORE, &kept.to_le_bytes(), &value, minute)
                .await
            {
                Ok(()) => kept += 1,
                Err(failure) => break failure,
            }
        };
        assert!(matches!(failure, Failure::Full(_)), "{failure}");
        assert_eq!(kept, (1 << 20) / (10_000 + 64 + 8 + 7));
        backend
            .put(&STORE, &0_u64.to_le_bytes(), b"less", minute)
            .await
            .unwrap();
        backend
            .put(&STORE, &kept.to_le_bytes(), &value, minute)
            .await
            .unwrap();
        backend
            .put(&STORE, b"another", &value, minute)
            .await
            .unwrap_err();
        time.fetch_add(60_000, Ordering::Relaxed);
        for key in 0..kept {
            backend
                .put(&STORE, &(1000 + key).to_le_bytes(), &value, minute)
                .await
                .unwrap();
        }
    });
}

#[test]
fn what_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    for bytes in [
        &b"this is a text, and not a database"[..],
        &[0; 8192],
        &[0xff; 100_000],
    ] {
        fs::write(&path, bytes).unwrap();
        let error = opened(folder.path(), Clock::System).err().unwrap();
        assert!(matches!(error, OpenError::Corrupt { .. }), "{error}");
        assert!(error.to_string().contains("state.redb"), "{error}");
    }
    let error = opened(&folder.path().join("no/such"), Clock::System)
        .err()
        .unwrap();
    assert!(matches!(error, OpenError::System { .. }), "{error}");
    let error = opened(&path, Clock::System).err().unwrap();
    assert!(matches!(error, OpenError::System { .. }), "{error}");
}

/// Whatever page is damaged or missing: an error when it is opened, or the right values; never other ones, and no panic.
#[test]
fn damaged_and_torn_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.redb");
    let backend = opened(folder.path(), Clock::System).unwrap();
    wait(async {
        for key in 0..200_u64 {
            backend
                .put(&STORE, &key.to_le_bytes(), &[key as u8; 1000], None)
                .await
                .unwrap();
        }
    });
    drop(backend);
    let whole = fs::read(&path).unwrap();
    let mut refused = 0;
    let steps = 40;
    for step in 0..steps {
        let mut bytes = whole.clone();
        let at = whole.len() / steps * step;
        if step % 2 == 0 {
            bytes[at..(at + 512).min(whole.len())].fill(0x5a);
        } else {
            bytes.truncate(at);
        }
        fs::write(&path, &bytes).unwrap();
        match opened(folder.path(), Clock::System) {
            Err(OpenError::Corrupt { .. }) => refused += 1,
            Err(error) => panic!("at {at}: {error}"),
            Ok(backend) => wait(async {
                for key in 0..200_u64 {
                    match backend.get(&STORE, &key.to_le_bytes()).await {
                        Ok(Some(value)) => assert_eq!(value, vec![key as u8; 1000], "at {at}"),
                        Ok(None) => panic!("{key} is lost, at {at}"),
                        Err(Failure::Corrupt(_)) => {}
                        Err(failure) => panic!("{failure}"),
                    }
                }
            }),
        }
    }
    assert!(refused >= 5, "{refused}");
}

/// On a small file system of its own, where the system lets one be mounted.
#[test]
fn a_full_disk_keeps_what_was_answered_and_takes_writes_when_it_has_room() {
    let folder = tempfile::tempdir().unwrap();
    let mount = |command: &str, options: &[&str]| {
        let mut command = std::process::Command::new(command);
        command.args(options).arg(folder.path());
        command.output().is_ok_and(|output| output.status.success())
    };
    if !mount("mount", &["-t", "tmpfs", "-o", "size=8m", "tmpfs"]) {
        eprintln!("no file system can be mounted");
        return;
    }
    let url = format!("file://{}/state", folder.path().display());
    let backend = open(&url, Clock::System).unwrap();
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        wait(fill_twice(&*backend, &folder.path().join("filler")));
    }));
    drop(backend);
    mount("umount", &[]);
    outcome.unwrap();
}

async fn fill_twice(backend: &dyn Backend, filler: &Path) {
    let value = vec![7; 100_000];
    let mut kept = 0_u64;
    for _ in 0..2 {
        // Whatever room is left is another's.
        let _ = fs::write(filler, vec![0; 8 << 20]);
        let failure = loop {
            match backend.put(&STORE, &kept.to_le_bytes(), &value, None).await {
                Ok(()) => kept += 1,
                Err(failure) => break failure,
            }
        };
        assert!(matches!(failure, Failure::Unavailable(_)), "{failure}");
        fs::remove_file(filler).unwrap();
        let since = std::time::Instant::now();
        while let Err(failure) = backend.put(&STORE, b"after", &value, None).await {
            assert!(since.elapsed() < Duration::from_secs(60), "{failure}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for key in 0..kept {
            let found = backend.get(&STORE, &key.to_le_bytes()).await.unwrap();
            assert_eq!(found.unwrap(), value, "{key}");
        }
    }
}
