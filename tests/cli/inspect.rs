use crate::support::Place;

#[test]
fn a_module_tells_what_it_is() {
    let place = Place::good();
    place.edge(&["build", "policy.edge"]).exits(0);
    place.edge(&["inspect", "policy.wasm"]).exits(0).says(&[
        "policy `policy`",
        "imports: none",
        "exports: memory (memory), edge_abi (global), edge_input (func), edge_run (func)",
        "edge.manifest",
        "route.home",
        "waf.shield.no_dotfiles",
        "policy.edge:9:1",
        "origin app",
        "most instructions",
        "set 0",
    ]);
}

#[test]
fn the_json_adds_up() {
    let place = Place::good();
    place.edge(&["build", "policy.edge"]).exits(0);
    let ran = place.edge(&["inspect", "--format", "json", "policy.wasm"]);
    let json = ran.exits(0).json();
    assert_eq!(json["bytes"], place.read("policy.wasm").len());
    assert_eq!(json["imports"], serde_json::json!([]));
    assert_eq!(json["manifest"]["abi"], 1);
    assert!(json["functions"].as_u64().unwrap() > 0);
    let rules = json["manifest"]["rules"].as_array().unwrap();
    assert!(
        rules.iter().any(|rule| rule["bytes"].as_u64() > Some(0)),
        "{rules:?}"
    );
    let sections = json["sections"].as_array().unwrap();
    let bytes: u64 = sections
        .iter()
        .map(|section| section["bytes"].as_u64().unwrap())
        .sum();
    let all = json["bytes"].as_u64().unwrap();
    assert!(
        bytes < all && all <= bytes + 8 + 6 * sections.len() as u64,
        "{bytes} of {all}"
    );
}

#[test]
fn whatever_is_named_is_answered() {
    let place = Place::good();
    place.edge(&["build", "policy.edge"]).exits(0);
    let module = place.read("policy.wasm");
    place.write("half.wasm", &module[..module.len() / 2]);
    place.write("bare.wasm", b"\0asm\x01\0\0\0");
    place.write("component.wasm", b"\0asm\x0d\0\x01\0");
    place.write("empty.wasm", "");
    for (name, says) in [
        ("policy.edge", "it is not WebAssembly"),
        ("empty.wasm", "it is not WebAssembly"),
        ("component.wasm", "not a core module"),
        ("half.wasm", "not valid WebAssembly"),
        ("bare.wasm", "no section `edge.manifest`"),
        ("none.wasm", "there is no file"),
        (".", "is a folder"),
        ("/dev/zero", "not a regular file"),
    ] {
        place
            .edge(&["inspect", name])
            .exits(2)
            .says(&["error: ", "help: ", says]);
    }
}

#[test]
fn a_module_that_no_host_serves_is_shown_and_refused() {
    let place = Place::good();
    place.edge(&["build", "policy.edge"]).exits(0);
    let mut module = place.read("policy.wasm");
    let abi = b"\"abi\":1";
    let at = module
        .windows(abi.len())
        .position(|window| window == abi)
        .unwrap();
    module[at + abi.len() - 1] = b'9';
    place.write("other.wasm", module);
    place.edge(&["inspect", "other.wasm"]).exits(1).says(&[
        "route.home",
        "this module can't be served: ",
        "9",
    ]);
    let ran = place.edge(&["inspect", "--format", "json", "other.wasm"]);
    assert!(ran.exits(1).json()["refused"].is_string());
}

#[test]
fn a_module_whose_bytes_have_changed_is_refused() {
    let place = Place::good();
    place.edge(&["build", "policy.edge"]).exits(0);
    let mut module = place.read("policy.wasm");
    // A text that the module answers with.
    let at = module
        .windows(5)
        .position(|window| window == b"home\n")
        .unwrap();
    module[at] = b'H';
    place.write("other.wasm", module);
    let says = "the module's bytes have changed since it was built";
    place
        .edge(&["inspect", "other.wasm"])
        .exits(1)
        .says(&[says]);
    place.edge(&["serve", "other.wasm"]).exits(2).says(&[says]);
}

#[test]
fn the_key_of_each_cached_route_is_shown() {
    let place = Place::good();
    let policy = r#"
        origin shop { url "http://shop.internal" }
        cache pages { tier edge 5m  ignore query "utm_*" }
        route page "/page" {
          proxy shop { cache pages  set header "X-Country" = geo.country else ""  unkeyed header "X-Trace" }
        }
        default { respond 404 }
    "#;
    place.write("cached.edge", policy);
    let built = place.edge(&["build", "cached.edge"]);
    built.exits(0).says(&["E0701", "x-trace: a"]);
    place
        .edge(&["check", "cached.edge"])
        .exits(0)
        .says(&["E0701"]);
    place.edge(&["inspect", "cached.wasm"]).exits(0).says(&[
        "route.page",
        "key: cache pages, origin shop, GET, HEAD, scheme, host, codings, path, query without utm_*, header X-Country; not in it: header x-trace",
        "needs a host with: cache",
    ]);
}
