//! What is loaded, and what is refused and how it is named.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use edge_abi::input::Event;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::fixture::{GuestFixture, Next, load_wat};

fn guest() -> GuestFixture {
    let mut guest = GuestFixture::new();
    let respond = guest.respond(0, 200, (0, 0), b"");
    guest.output(Event::Start, &[respond], Next::default());
    guest
}

/// The error after a part of a good module's text has been replaced.
fn error(from: &str, to: &str) -> LoadError {
    let wat = guest().wat();
    assert!(wat.contains(from), "{from}");
    load_wat(&wat.replacen(from, to, 1), &EngineOptions::default()).unwrap_err()
}

fn manifest_error(change: impl FnOnce(&mut serde_json::Value)) -> String {
    let mut guest = guest();
    change(&mut guest.manifest);
    guest.load().unwrap_err().to_string()
}

#[test]
fn a_good_module_is_loaded() {
    let policy = guest().policy();
    assert_eq!(policy.manifest().name, "fixture");
    assert_eq!(
        (policy.rule_name(1), policy.target_name(2)),
        (Some("require.login"), Some("both"))
    );
    assert_eq!(policy.place(1), "policy.edge:7:9");
}

#[test]
fn a_module_that_reaches_out_is_refused() {
    let import = r#"(module (import "env" "clock" (func))"#;
    assert_eq!(
        error("(module", import),
        LoadError::Import("env.clock".into())
    );
    assert_eq!(
        error(
            "(data (i32.const 16)",
            "(func $s) (start $s) (data (i32.const 16)"
        ),
        LoadError::Start
    );
}

#[test]
fn exports_are_those_of_the_abi() {
    assert_eq!(
        error(r#"(export "edge_run")"#, ""),
        LoadError::MissingExport("edge_run")
    );
    assert_eq!(
        error(r#"(export "edge_abi")"#, r#"(export "edge_api")"#),
        LoadError::MissingExport("edge_abi")
    );
    let extra = r#"(func (export "helper")) (data (i32.const 16)"#;
    assert_eq!(
        error("(data (i32.const 16)", extra),
        LoadError::UnknownExport("helper".into())
    );
    let other = r#"(func (export "edge_input") (param $length i32) (param i32) (result i32)"#;
    assert_eq!(
        error(
            r#"(func (export "edge_input") (param $length i32) (result i32)"#,
            other
        ),
        LoadError::ExportType("edge_input")
    );
    assert_eq!(
        error("i32 (i32.const 1))", "(mut i32) (i32.const 1))"),
        LoadError::ExportType("edge_abi")
    );
    assert_eq!(
        error("i32 (i32.const 1))", "i32 (i32.const 2))"),
        LoadError::Version(2)
    );
}

#[test]
fn the_memory_never_grows() {
    assert!(matches!(error("16 16)", "16)"), LoadError::Memory(_)));
    assert!(matches!(error("16 16)", "16 17)"), LoadError::Memory(_)));
    assert!(matches!(
        error("16 16)", "4097 4097)"),
        LoadError::Memory(_)
    ));
    assert!(matches!(
        error("(memory", "(memory 1 1) (memory"),
        LoadError::Memory(_)
    ));
    assert!(matches!(
        error("16 16)", "i64 16 16)"),
        LoadError::Memory(_)
    ));
}

#[test]
fn the_manifest_is_there_once_and_readable() {
    assert_eq!(
        error("edge.manifest", "edge.manifesto"),
        LoadError::MissingManifest
    );
    let twice = r#"(@custom "edge.manifest" "{}") (@custom"#;
    assert_eq!(error("(@custom", twice), LoadError::ManyManifests);
    assert!(
        matches!(error(r"\7b", r"\5b"), LoadError::Manifest(_)),
        "not an object"
    );
}

#[test]
fn what_a_host_does_not_know_is_named() {
    let fact = manifest_error(|manifest| {
        manifest["slot_sets"][0][0] = json!({"fact": "client.mood", "kind": "bytes"})
    });
    assert!(fact.contains("client.mood"), "{fact}");
    let kind = manifest_error(|manifest| {
        manifest["slot_sets"][0][0] = json!({"fact": "request.method", "kind": "u128"})
    });
    assert!(kind.contains("u128"), "{kind}");
    let capability = manifest_error(|manifest| manifest["capabilities"] = json!(["teleport"]));
    assert!(capability.contains("teleport"), "{capability}");
    let abi = manifest_error(|manifest| manifest["abi"] = json!(2));
    assert_eq!(
        abi,
        "the module speaks version 2 of the ABI; this host speaks version 1"
    );
}

#[test]
fn a_manifest_agrees_with_itself() {
    for (change, named) in [
        (json!({"slot_sets": []}), "slot set 0"),
        (
            json!({"slot_sets": [[{"fact": "client.ip", "kind": "bytes"}]]}),
            "ClientIp",
        ),
        (
            json!({"slot_sets": [[{"fact": "param", "name": "p", "kind": "bytes"}]]}),
            "`p`",
        ),
        (
            json!({"slot_sets": [[{"fact": "request.header", "name": "a b", "kind": "bytes"}]]}),
            "`a b`",
        ),
        (
            json!({"proxies": [{"fallback": {"target": 9, "on": []}}]}),
            "target 9",
        ),
        (json!({"places": []}), "route.home"),
    ] {
        let error = manifest_error(|manifest| {
            for (key, value) in change.as_object().unwrap() {
                manifest[key] = value.clone();
            }
        });
        assert!(error.contains(named), "{error}");
    }
    for url in [
        "",
        "shop",
        "ftp://a",
        "http://",
        "http://a/path",
        "http://a?q",
        "http://user@a",
    ] {
        let error = manifest_error(|manifest| manifest["targets"][0]["url"] = json!(url));
        assert!(error.contains("`shop`"), "{url}: {error}");
    }
    let error =
        manifest_error(|manifest| manifest["targets"][2]["members"][0]["target"] = json!(2));
    assert!(error.contains("`both`"), "{error}");
}

#[test]
fn what_is_remembered_can_be_kept() {
    let bucket = |amount: u64, per_ms: u64| json!({"kind": "token_bucket", "amount": amount, "per_ms": per_ms});
    let limit = |rule: u32, rate: Value| json!({"name": "l", "rule": rule, "rate": rate});
    let store = |max: u32| json!({"name": "s", "max_value": max});
    let answer = |ask: u32, kind: &str| json!([[{"fact": "answer", "ask": ask, "kind": kind}]]);
    let window = |amount: u64| json!({"kind": "sliding_window", "amount": amount, "per_ms": 1});
    let at_once = |amount: u64| json!({"kind": "at_once", "amount": amount});
    for (member, value, named) in [
        (
            "rate_limits",
            json!([limit(3, bucket(1, 1))]),
            "`l` has no rule",
        ),
        (
            "rate_limits",
            json!([limit(0, bucket(0, 1))]),
            "allows nothing",
        ),
        (
            "rate_limits",
            json!([limit(0, bucket(1, 0))]),
            "allows nothing",
        ),
        ("rate_limits", json!([limit(0, window(10_001))]), "10000"),
        ("rate_limits", json!([limit(0, at_once(10_001))]), "10000"),
        (
            "rate_limits",
            json!([limit(0, at_once(0))]),
            "allows nothing",
        ),
        (
            "rate_limits",
            json!([limit(0, bucket(1, 1)), limit(0, bucket(1, 1))]),
            "two limits are called `l`",
        ),
        ("stores", json!([store((16 << 20) + 1)]), "16777217 bytes"),
        (
            "stores",
            json!([store(1), store(2)]),
            "two stores are called `s`",
        ),
        (
            "counters",
            json!([{"name": "c"}, {"name": "c"}]),
            "two counters",
        ),
        ("slot_sets", answer(1, "bool"), "the answer 1"),
        ("slot_sets", answer(0, "ip"), "Ip"),
    ] {
        let error = manifest_error(|manifest| {
            manifest["limits"]["asks"] = json!(1);
            manifest[member] = value.clone();
        });
        assert!(error.contains(named), "{error}");
    }
    let error = manifest_error(|manifest| manifest["limits"]["asks"] = json!(65537));
    assert!(error.contains("65537 answers"), "{error}");
    let mut guest = GuestFixture::remembering();
    guest.output(Event::Start, &[], Next::default());
    for kind in ["bool", "i64", "bytes"] {
        guest.manifest["slot_sets"][1] = answer(7, kind)[0].clone();
        assert!(guest.load().is_ok(), "{kind}");
    }
}

#[test]
fn a_component_is_no_module() {
    let component = wat::parse_str("(component)").unwrap();
    let engine = Engine::new(&EngineOptions::default()).unwrap();
    assert_eq!(
        Policy::load(&engine, &component).unwrap_err(),
        LoadError::NotAModule
    );
    assert_eq!(
        Policy::load(&engine, b"").unwrap_err(),
        LoadError::NotAModule
    );
}

#[test]
fn a_compiled_module_can_be_kept_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let options = EngineOptions {
        cache: Some(folder.path().to_owned()),
        ..EngineOptions::default()
    };
    let wat = guest().wat();
    assert!(load_wat(&wat, &options).is_ok());
    assert!(load_wat(&wat, &options).is_ok());
}

#[test]
fn an_instance_runs_again_and_again() {
    let mut guest = Guest::new(&guest().policy()).unwrap();
    let input = [0; 64];
    // Event 1 stands at offset 6.
    let input = [&input[..6], &[1], &input[7..]].concat();
    for _ in 0..3 {
        assert_eq!(guest.run(&input).unwrap().effects().count(), 1);
    }
    let long = vec![0; crate::fixture::LIMIT as usize + 1];
    assert_eq!(guest.run(&long).unwrap_err(), GuestError::TooLong);
    assert!(guest.run(&input).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// No bytes make loading panic.
    #[test]
    fn damaged_modules_are_refused_or_loaded(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)) {
        let mut wasm = wat::parse_str(guest().wat()).unwrap();
        for (at, byte) in changes {
            let at = at.index(wasm.len());
            wasm[at] = byte;
        }
        let engine = Engine::new(&EngineOptions { fuel: true, ..EngineOptions::default() }).unwrap();
        if let Ok(policy) = Policy::load(&engine, &wasm) {
            let policy = std::sync::Arc::new(policy);
            if let Ok(mut guest) = Guest::new(&policy) {
                drop(guest.run(&[0; 64]));
            }
        }
    }
}
