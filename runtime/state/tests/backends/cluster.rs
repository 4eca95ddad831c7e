//! A cluster of three.

use std::time::{Duration, Instant};

use edge_state::{Backend, Clock, Counter, Failure, open};
use tokio::runtime::Runtime;

use crate::agreement::agrees;
use crate::server::{self, Server};

const COUNTER: Counter<'static> = Counter {
    name: "c",
    expire: None,
    listed: false,
};

/// Three nodes that know each other, and the URL of all.
fn cluster() -> ([Server; 3], String) {
    let options = [
        "--cluster-enabled",
        "yes",
        "--cluster-require-full-coverage",
        "no",
        "--appendonly",
        "yes",
    ];
    let nodes = [0, 1, 2].map(|_| Server::start(&options));
    for (node, slots) in nodes.iter().zip(["0 5000", "5001 11000", "11001 16383"]) {
        assert!(
            node.ask(&format!("CLUSTER ADDSLOTSRANGE {slots}"))
                .starts_with("+OK")
        );
        assert!(
            node.ask(&format!("CLUSTER MEET 127.0.0.1 {}", nodes[0].port))
                .starts_with("+OK")
        );
    }
    let deadline = Instant::now() + Duration::from_secs(60);
    // Every node has to know where all slots are.
    let ready = |node: &Server| {
        let info = node.ask("CLUSTER INFO");
        info.contains("cluster_state:ok") && info.contains("cluster_slots_assigned:16384")
    };
    while !nodes.iter().all(ready) {
        assert!(
            Instant::now() < deadline,
            "the cluster does not come together"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let others: String = nodes[1..]
        .iter()
        .map(|node| format!("&node=127.0.0.1:{}", node.port))
        .collect();
    let url = format!(
        "redis-cluster://127.0.0.1:{}?timeout=10s{others}",
        nodes[0].port
    );
    (nodes, url)
}

#[test]
fn three_nodes_agree_with_the_model() {
    if !server::is_there() {
        return;
    }
    let (_nodes, url) = cluster();
    let mut number = 0;
    agrees(12, |clock| {
        number += 1;
        open(&format!("{url}&prefix=case{number}"), clock).unwrap()
    });
}

/// How many of thirty keys can be incremented.
async fn reachable(backend: &dyn Backend) -> usize {
    let mut reached = 0;
    for key in 0..30_u8 {
        match backend.increment(&COUNTER, &[key], 1).await {
            Ok(_) => reached += 1,
            Err(Failure::Unavailable(_) | Failure::Timeout(_)) => {}
            Err(failure) => panic!("{failure}"),
        }
    }
    reached
}

#[test]
fn a_node_that_is_away_takes_only_its_own_keys_with_it() {
    if !server::is_there() {
        return;
    }
    let (mut nodes, url) = cluster();
    let backend = open(&url.replace("timeout=10s", "timeout=500ms"), Clock::System).unwrap();
    Runtime::new().unwrap().block_on(async {
        assert_eq!(reachable(&*backend).await, 30);
        nodes[1].kill();
        for _ in 0..3 {
            let reached = reachable(&*backend).await;
            assert!((10..30).contains(&reached), "{reached}");
        }
        nodes[1].restart();
        let deadline = Instant::now() + Duration::from_secs(30);
        while reachable(&*backend).await < 30 {
            assert!(Instant::now() < deadline, "not back");
        }
    });
}
