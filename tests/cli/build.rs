use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{GOOD, Place};

#[test]
fn a_module_is_written_to_the_current_folder() {
    let place = Place::new();
    place.write("shop/policy.edge", GOOD);
    place.edge(&["build", "shop/policy.edge"]).exits(0).says(&[
        "policy.wasm: ",
        " bytes, ",
        "5 rules",
        "1 target",
        "2 tests",
    ]);
    assert!(place.read("policy.wasm").starts_with(b"\0asm"));
    let names: Vec<_> = fs::read_dir(&place)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn the_same_sources_give_the_same_bytes_anywhere() {
    let place = Place::good();
    place.write("deep/er/policy.edge", GOOD);
    let bytes = place.edge(&["build", "policy.edge", "-o", "-"]);
    let again = place.edge(&["build", "deep/er/policy.edge", "-o", "-"]);
    let absolute = place.path("policy.edge");
    let third = place.edge(&["build", absolute.to_str().unwrap(), "-o", "-"]);
    assert!(bytes.exits(0).bytes().starts_with(b"\0asm"));
    assert_eq!(bytes.bytes(), again.exits(0).bytes());
    assert_eq!(bytes.bytes(), third.exits(0).bytes());
}

#[test]
fn stages_are_printed() {
    let place = Place::good();
    for (stage, says) in [
        ("ast", "(route"),
        ("hir", "policy policy"),
        ("decision", "step 0 on"),
        ("wat", "(module"),
    ] {
        place
            .edge(&["build", "policy.edge", "--emit", stage])
            .exits(0)
            .says(&[says]);
    }
    assert!(!place.path("policy.wasm").exists());
    place
        .edge(&["build", "policy.edge", "--emit", "asm"])
        .exits(2);
}

#[test]
fn an_earlier_module_is_replaced_whole() {
    let place = Place::good();
    place.write("real.wasm", "old");
    symlink("real.wasm", place.path("out.wasm")).unwrap();
    place
        .edge(&["build", "policy.edge", "-o", "out.wasm"])
        .exits(0);
    assert!(place.read("real.wasm").starts_with(b"\0asm"));
    assert!(place.path("out.wasm").is_symlink());
    // A device stays what it is.
    place
        .edge(&["build", "policy.edge", "-o", "/dev/null"])
        .exits(0);
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn what_can_not_be_written_is_said() {
    let place = Place::good();
    place.write("folder/x", "");
    place
        .edge(&["build", "policy.edge", "-o", "folder"])
        .exits(2)
        .says(&["error: cannot write", "help: "]);
    place
        .edge(&["build", "policy.edge", "-o", "policy.edge"])
        .exits(2)
        .says(&["would replace the policy"]);
    assert_eq!(place.read("policy.edge"), GOOD.as_bytes());
}

#[test]
fn a_policy_with_problems_leaves_no_file() {
    let place = Place::new();
    place.write("policy.edge", "default { respond 404");
    place
        .edge(&["build", "policy.edge"])
        .exits(1)
        .says(&["E0004", "1 problem"]);
    assert!(!place.path("policy.wasm").exists());
    place.edge(&["build", "none.edge"]).exits(2);
}

#[test]
fn a_missing_folder_is_made() {
    let place = Place::good();
    place
        .edge(&["build", "policy.edge", "-o", "out/deep/shop.wasm"])
        .exits(0);
    assert!(place.read("out/deep/shop.wasm").starts_with(b"\0asm"));
    place.write("file", "");
    place
        .edge(&["build", "policy.edge", "-o", "file/shop.wasm"])
        .exits(2)
        .says(&["cannot write `file/shop.wasm`", "help: "]);
}
