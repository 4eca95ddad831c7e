//! A disk that is really full: a small file system of its own.

use crate::checked::*;
use crate::site::*;
use edge_cache::*;
use std::path::Path;
use std::process::Command;

/// Where the small file system is, for the process that has it.
const DIRECTORY: &str = "EDGE_CACHE_TEST_FULL";

/// Runs the test below in a mount namespace of its own, with 8 MiB of memory as a disk.
#[test]
fn on_a_small_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mount = "mount -t tmpfs -o size=8m tmpfs \"$0\" || exit 77; exec \"$@\"";
    let ran = Command::new("unshare")
        .args(["-rm", "sh", "-c", mount])
        .arg(folder.path())
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "full::a_full_disk_costs_hits_only",
            "--nocapture",
        ])
        .env(DIRECTORY, folder.path())
        .output();
    match ran {
        Ok(ran) if ran.status.success() => {}
        Ok(ran) if String::from_utf8_lossy(&ran.stdout).contains("running 1 test") => {
            panic!("{}", String::from_utf8_lossy(&ran.stderr))
        }
        _ => println!("skipped: needs unshare with user namespaces"),
    }
}

#[tokio::test]
async fn a_full_disk_costs_hits_only() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let directory = Path::new(&directory);
    let open = || {
        Site::on_with(directory, |config| {
            config.memory = 1;
            config.max_object = 100_000;
        })
    };
    let site = open().await;
    let lens = [1000, 200_000, 90_000, 700_000];
    let len = |what: u32| lens[what as usize % lens.len()];
    let (mut hits, mut misses) = (0, 0);
    for what in 0..100 {
        let fetch = site.fetch(&format!("/{what}"), &[], NOW).await;
        let (_, filler) = filled(fetch, 200, &["Cache-Control: max-age=86400"], NOW);
        write_all(filler, &body(what, 0, len(what))).await;
        site.cache.flush().await;
        for back in [0, 3, 9] {
            let what = u32::saturating_sub(what, back);
            match site.ask(&format!("/{what}"), &[], NOW).await {
                Asked::Answer(it) => {
                    check(*it, what, 0, len(what), 0)
                        .await
                        .expect("it is whole");
                    hits += 1;
                }
                _ => misses += 1,
            }
        }
    }
    let disk = &site.cache.counters().disk;
    assert!(disk.errors.get() > 0, "it was full");
    assert_eq!(disk.corrupt.get(), 0);
    assert!(hits > 100 && misses > 0, "{hits} {misses}");
    // a purge that can't be written down gives up everything, and holds after a restart
    std::fs::write(directory.join("ballast"), vec![0; 8 << 20]).unwrap_err();
    for _ in 0..200 {
        site.cache.purge(Purge::Tag(&[b't'; 4000]), false, NOW);
        site.cache.purged().await;
    }
    assert!(disk.lost_purges.get() > 0);
    assert!(site.cache.purged().await, "there is room for a new log now");
    drop(site);
    let site = open().await;
    for what in 0..100 {
        site.fetch(&format!("/{what}"), &[], NOW).await;
    }
    std::fs::remove_file(directory.join("ballast")).unwrap();
}
