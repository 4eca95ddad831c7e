//! `kill -9` of a process that writes to the file backend: what it was told is written, is.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use edge_state::{Backend, Clock, Counter, Store, open};
use tokio::runtime::Runtime;

const STORE: Store<'static> = Store {
    name: "items",
    ttl: None,
    max_value: 1 << 20,
};
const COUNTER: Counter<'static> = Counter {
    name: "writes",
    expire: None,
    listed: false,
};
/// How many writes are under way at a time.
const TASKS: u64 = 16;

fn opened(folder: &Path) -> Arc<dyn Backend> {
    open(&format!("file://{}", folder.display()), Clock::System).unwrap()
}

/// A value that shows whether it is whole, and which write it is of.
fn value(write: u64) -> Vec<u8> {
    write.to_le_bytes().repeat(1 + (write as usize * 37) % 700)
}

#[test]
fn no_acknowledged_write_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = Runtime::new().unwrap();
    let mut acknowledged = BTreeMap::new();
    let (mut counted, mut slowest) = (0, 0.0_f64);
    for round in 0..crate::number("EDGE_STATE_KILLS", 5) as u64 {
        let path = folder.path().to_str().unwrap();
        let mut writer = crate::child("killed::writer", "EDGE_STATE_WRITER", path)
            .env("EDGE_STATE_ROUND", round.to_string())
            .spawn()
            .unwrap();
        let mut told = 0;
        let mut out = BufReader::new(writer.stdout.take().unwrap()).lines();
        for line in out.by_ref().map_while(Result::ok) {
            told += u64::from(note(&line, &mut acknowledged));
            if told >= 50 + round * 13 % 200 {
                break;
            }
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        // What it said until it died.
        told += out
            .map_while(Result::ok)
            .map(|line| u64::from(note(&line, &mut acknowledged)))
            .sum::<u64>();
        assert!(told >= 50);

        let start = Instant::now();
        let backend = opened(folder.path());
        slowest = slowest.max(start.elapsed().as_secs_f64());
        counted = runtime.block_on(check(&*backend, &acknowledged, counted, told));
    }
    println!("{} keys, opened within {slowest:.3} s", acknowledged.len());
}

/// Understands `key write`; a line that was cut off says nothing.
fn note(line: &str, acknowledged: &mut BTreeMap<u64, u64>) -> bool {
    let numbers = line.strip_suffix('.').and_then(|line| line.split_once(' '));
    let Some((Ok(key), Ok(write))) = numbers.map(|(key, write)| (key.parse(), write.parse()))
    else {
        return false;
    };
    acknowledged.insert(key, write);
    true
}

/// All that was acknowledged is there, or a later write of the same key; the counter has it all, and at most what was under way on top.
async fn check(
    backend: &dyn Backend,
    acknowledged: &BTreeMap<u64, u64>,
    before: u64,
    told: u64,
) -> u64 {
    for (key, write) in acknowledged {
        let found = backend
            .get(&STORE, &key.to_le_bytes())
            .await
            .unwrap()
            .expect("an acknowledged write is lost");
        let number = u64::from_le_bytes(found[..8].try_into().unwrap());
        assert!(
            number >= *write,
            "key {key} has the write {number}, {write} was acknowledged"
        );
        assert_eq!(found, value(number), "a torn value");
    }
    let count = backend.read(&COUNTER, b"").await.unwrap().unwrap() as u64;
    assert!(
        (before + told..=before + told + TASKS).contains(&count),
        "{before} + {told}: {count}"
    );
    count
}

#[test]
fn writer() {
    let Some(folder) = std::env::var_os("EDGE_STATE_WRITER") else {
        return;
    };
    let round: u64 = std::env::var("EDGE_STATE_ROUND").unwrap().parse().unwrap();
    let backend = opened(Path::new(&folder));
    // Behind what the test harness says.
    println!();
    Runtime::new().unwrap().block_on(async {
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| tokio::spawn(write(Arc::clone(&backend), task, round << 32)))
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// Writes for ever: new keys, and one of its own again and again.
async fn write(backend: Arc<dyn Backend>, task: u64, first: u64) {
    for write in first + 1.. {
        let key = if write % 3 == 0 {
            task
        } else {
            (first + write) << 8 | task
        };
        backend
            .put(&STORE, &key.to_le_bytes(), &value(write), None)
            .await
            .unwrap();
        backend.increment(&COUNTER, b"", 1).await.unwrap();
        // One call, so that a line is whole.
        std::io::stdout()
            .write_all(format!("{key} {write}.\n").as_bytes())
            .unwrap();
    }
}
