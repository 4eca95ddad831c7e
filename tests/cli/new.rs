use crate::support::Place;

#[test]
fn a_new_policy_is_right_and_its_tests_pass() {
    let place = Place::new();
    let ran = place.edge(&["new", "shop"]);
    ran.exits(0).says(&[
        "edge test shop",
        "edge serve --demo --config shop/host.toml shop/policy.edge",
    ]);
    place.edge(&["check", "shop/policy.edge"]).exits(0);
    place
        .edge(&["test", "shop"])
        .exits(0)
        .says(&["7 passed, 0 failed"]);
    let readme = String::from_utf8(place.read("shop/README.md")).unwrap();
    assert!(readme.starts_with("# shop\n"));
    let settings = String::from_utf8(place.read("shop/host.toml")).unwrap();
    assert!(settings.contains("--set NAME=VALUE"));
    // The settings are good ones: the host gets as far as the port.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let serve = [
        "serve",
        "--config",
        "shop/host.toml",
        "--listen",
        &address,
        "shop/policy.edge",
    ];
    place.edge(&serve).exits(2).says(&["cannot listen on"]);
}

#[test]
fn nothing_is_overwritten() {
    let place = Place::new();
    place.write("shop/policy.edge", "mine");
    place
        .edge(&["new", "shop"])
        .exits(2)
        .says(&["error: `shop` exists", "help: "]);
    assert_eq!(place.read("shop/policy.edge"), b"mine");
    place
        .edge(&["new", "none/shop"])
        .exits(2)
        .says(&["does not exist"]);
    place.edge(&["new", ""]).exits(2).says(&["error: "]);
}
