//! A process that is killed while it fills: what is served afterwards is whole or not at all, and nothing that was purged.

use crate::checked::*;
use crate::site::*;
use edge_cache::*;
use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// The directory to fill, for the process that is killed.
const DIRECTORY: &str = "EDGE_CACHE_TEST_FILL";
/// How often it is killed; 10 times when this is not set.
const ROUNDS: &str = "EDGE_CACHE_TEST_KILLS";
const LENS: [usize; 5] = [1000, 300_000, 10, 1_500_000, 4_000_000];
const PATHS: u32 = 8;

/// Stores, purges, and stores again, and says which purges are safe.
#[tokio::test]
async fn fill_until_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let site = Site::on(Path::new(&directory)).await;
    for number in 0_u32.. {
        let what = number % PATHS;
        let path = format!("/{what}");
        let mut asked = site.ask(&path, &[], NOW).await;
        if let Asked::Answer(answer) = asked {
            site.cache
                .purge(Purge::Path(None, path.as_bytes()), false, NOW);
            assert!(site.cache.purged().await);
            println!("gone {}", answer.headers["version"].to_str().unwrap());
            asked = site.ask(&path, &[], NOW).await;
        }
        let Asked::Fetch(fetch) = asked else {
            panic!("it was purged")
        };
        let version = u32::from_le_bytes(
            Key::of([&std::process::id().to_le_bytes()[..], &number.to_le_bytes()]).0[..4]
                .try_into()
                .unwrap(),
        );
        let len = LENS[number as usize % LENS.len()];
        let lines = [
            "Cache-Control: max-age=86400".to_owned(),
            format!("Version: {version}"),
            format!("Length: {len}"),
        ];
        let lines = lines.each_ref().map(String::as_str);
        let (_, filler) = filled(*fetch, 200, &lines, NOW);
        write_all(filler, &body(what, version, len)).await;
        if number % 3 == 0 {
            site.cache.flush().await;
        }
        println!("filled");
    }
}

#[tokio::test]
async fn what_is_left_is_whole() {
    let rounds = std::env::var(ROUNDS).map_or(10, |rounds| rounds.parse().unwrap());
    let folder = folder();
    let mut gone = HashSet::new();
    let mut served = 0;
    for round in 0..rounds {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "killed::fill_until_killed", "--nocapture"])
            .env(DIRECTORY, folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut wanted = 20 + round * 7 % 40;
        for line in lines {
            let line = line.unwrap();
            if let Some(version) = line.strip_prefix("gone ") {
                gone.insert(version.to_owned());
            }
            wanted -= i32::from(line == "filled");
            if wanted == 0 {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(wanted <= 0, "it was killed, it did not end");
        let site = Site::on(folder.path()).await;
        for what in 0..PATHS {
            let Asked::Answer(it) = site.ask(&format!("/{what}"), &[], NOW).await else {
                continue;
            };
            let of = |name| it.headers[name].to_str().unwrap().to_owned();
            assert!(!gone.contains(&of("version")), "it was purged");
            let (version, len) = (
                of("version").parse().unwrap(),
                of("length").parse().unwrap(),
            );
            check(*it, what, version, len, 0)
                .await
                .expect("it is whole");
            served += 1;
        }
        let disk = &site.cache.counters().disk;
        assert_eq!(disk.errors.get(), 0);
    }
    assert!(served > 0, "nothing was left in {rounds} rounds");
}
