//! Files that were damaged, and disks that fail: no wrong byte is served, and it is counted.

use crate::checked::*;
use crate::site::*;
use edge_cache::*;
use std::fs;
use std::path::{Path, PathBuf};

const DAY: &str = "Cache-Control: max-age=86400";

fn objects(directory: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(directory.join("objects")).unwrap();
    let mut all: Vec<_> = folders
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    all.sort();
    all
}

/// A cheap generator of numbers: the tests are the same each time.
fn random(state: &mut u64) -> usize {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1);
    (*state >> 33) as usize
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Flip,
    Cut,
    Grow,
    Zero,
    Remove,
    Swap,
}

fn damage(files: &[PathBuf], how: Damage, state: &mut u64) {
    let path = &files[random(state) % files.len()];
    let mut bytes = fs::read(path).unwrap();
    let at = random(state) % bytes.len().max(1);
    match how {
        _ if bytes.is_empty() => return,
        Damage::Flip => bytes[at] ^= 1 << (random(state) % 8),
        Damage::Cut => bytes.truncate(at),
        Damage::Grow => bytes.push(0),
        Damage::Zero => bytes[at..].fill(0),
        Damage::Remove => return fs::remove_file(path).unwrap(),
        Damage::Swap => bytes = fs::read(&files[random(state) % files.len()]).unwrap(),
    }
    fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn damaged_files_are_never_served() {
    let mut state = 1;
    let mut broken = 0;
    for how in [
        Damage::Flip,
        Damage::Cut,
        Damage::Grow,
        Damage::Zero,
        Damage::Remove,
        Damage::Swap,
    ] {
        for restart in [false, true] {
            let folder = folder();
            let small = |config: &mut Config| config.memory = 1;
            let mut site = Site::on_with(folder.path(), small).await;
            let lens = [10, 1000, 300_000, 2_000_000];
            for (what, len) in lens.iter().enumerate() {
                site.put(&format!("/{what}"), &[DAY], &body(what as u32, 0, *len))
                    .await;
            }
            for _ in 0..5 {
                damage(&objects(folder.path()), how, &mut state);
            }
            if restart {
                drop(site);
                site = Site::on_with(folder.path(), small).await;
            }
            for _ in 0..2 {
                for (what, len) in lens.iter().enumerate() {
                    match site.ask(&format!("/{what}"), &[], NOW).await {
                        Asked::Answer(answer) => {
                            let whole = check(*answer, what as u32, 0, *len, 0).await;
                            broken += usize::from(whole.is_none());
                        }
                        Asked::Fetch(_) => broken += 1,
                        Asked::Failed => panic!("nobody fetches"),
                    }
                }
            }
            site.cache.flush().await;
            let disk = &site.cache.counters().disk;
            let seen = disk.corrupt.get() + disk.errors.get();
            assert!(
                seen > 0 || matches!(how, Damage::Remove | Damage::Swap),
                "{how:?} {restart}"
            );
            // it can be stored again
            site.put("/new", &[DAY], &body(9, 0, 1000)).await;
            check(site.answer("/new", &[], NOW).await, 9, 0, 1000, 0)
                .await
                .unwrap();
        }
    }
    assert!(broken > 20, "{broken}");
}

#[tokio::test]
async fn a_chunk_that_is_bad_breaks_the_body_off_and_removes_it() {
    let folder = folder();
    let site = Site::on(folder.path()).await;
    site.put("/", &[DAY], &body(1, 0, 3_000_000)).await;
    let path = objects(folder.path())
        .into_iter()
        .find(|path| path.extension().unwrap() == "body")
        .unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[2_500_000] ^= 1;
    fs::write(&path, bytes).unwrap();
    let it = site.answer("/", &["Range: bytes=0-999999"], NOW).await;
    check(it, 1, 0, 3_000_000, 0).await.expect("these are good");
    assert!(
        check(site.answer("/", &[], NOW).await, 1, 0, 3_000_000, 0)
            .await
            .is_none()
    );
    assert_eq!(site.cache.counters().disk.corrupt.get(), 1);
    assert_eq!(site.fetch("/", &[], NOW).await.forward(), Forward::UriMiss);
}

#[tokio::test]
async fn without_its_log_of_purges_nothing_is_trusted() {
    for how in 0..4 {
        let folder = folder();
        let site = Site::on(folder.path()).await;
        for what in 0..3 {
            site.put(&format!("/{what}"), &[DAY], &body(what, 0, 1000))
                .await;
        }
        site.cache.purge(Purge::Path(None, b"/1"), false, NOW);
        assert!(site.cache.purged().await);
        drop(site);
        let log = folder.path().join("purges");
        let mut bytes = fs::read(&log).unwrap();
        match how {
            0 => fs::remove_file(&log).unwrap(),
            1 => fs::write(&log, &bytes[..bytes.len() - 1]).unwrap(),
            2 => fs::write(&log, b"").unwrap(),
            _ => {
                bytes[20] ^= 1;
                fs::write(&log, &bytes).unwrap();
            }
        }
        let site = Site::on(folder.path()).await;
        for what in 0..3 {
            site.fetch(&format!("/{what}"), &[], NOW).await;
        }
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            3,
            "nothing is set aside"
        );
    }
}

#[tokio::test]
async fn a_disk_that_fails_is_left_alone_and_tried_again() {
    let folder = folder();
    let site = Site::on(folder.path()).await;
    site.put("/kept", &[DAY], &body(1, 0, 1000)).await;
    let (objects, away) = (folder.path().join("objects"), folder.path().join("away"));
    fs::rename(&objects, &away).unwrap();
    for what in 0..20 {
        site.put(&format!("/{what}"), &[DAY], &body(what, 0, 1000))
            .await;
        check(
            site.answer(&format!("/{what}"), &[], NOW).await,
            what,
            0,
            1000,
            0,
        )
        .await
        .unwrap();
    }
    let disk = &site.cache.counters().disk;
    assert_eq!(
        (disk.errors.get(), disk.skipped.get()),
        (3, 17),
        "it rests after three"
    );
    fs::rename(&away, &objects).unwrap();
    let tried = std::time::Instant::now();
    loop {
        site.put("/again", &[DAY, "ETag: \"a\""], &body(7, 0, 1000))
            .await;
        if disk.writes.get() > 1 {
            break;
        }
        site.cache.purge(Purge::Path(None, b"/again"), false, NOW);
        assert!(tried.elapsed().as_secs() < 60);
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    drop(site);
    let site = Site::on(folder.path()).await;
    check(site.answer("/kept", &[], NOW).await, 1, 0, 1000, 0)
        .await
        .unwrap();
    check(site.answer("/again", &[], NOW).await, 7, 0, 1000, 0)
        .await
        .unwrap();
}
