//! A cluster of three.

use std::time::{Duration, Instant};

use edge_state::open;

use crate::agreement::agrees;
use crate::server::{self, Server};

#[test]
fn three_nodes_agree_with_the_model() {
    if !server::is_there() {
        return;
    }
    let nodes = [0, 1, 2].map(|_| Server::start(&["--cluster-enabled", "yes"]));
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
    while !nodes
        .iter()
        .all(|node| node.ask("CLUSTER INFO").contains("cluster_state:ok"))
    {
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
    let mut number = 0;
    agrees(12, |clock| {
        number += 1;
        let port = nodes[0].port;
        open(
            &format!("redis-cluster://127.0.0.1:{port}?prefix=case{number}&timeout=10s{others}"),
            clock,
        )
        .unwrap()
    });
}
