use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use crate::support::Place;

const WRONG: &str = "default {\n  respond 404 text missing\n}\nroute a GET \"/\" { respond 999 }\n";

#[test]
fn a_good_policy_has_no_problems() {
    let place = Place::good();
    place
        .edge(&["check", "policy.edge"])
        .exits(0)
        .says(&["no problems in 1 file"]);
    place
        .edge(&["check", "./policy.edge", "policy.edge"])
        .exits(0);
}

#[test]
fn all_problems_are_reported_with_their_places() {
    let place = Place::new();
    place.write("sub/policy.edge", WRONG);
    let ran = place.edge(&["check", "sub/policy.edge"]);
    ran.exits(1).says(&[
        "E0201",
        "E0501",
        "sub/policy.edge:2:20",
        "missing",
        "2 problems",
    ]);
    assert!(ran.err().is_ascii(), "{}", ran.err());
    assert_eq!(ran.out(), "");
}

#[test]
fn the_json_is_as_promised() {
    let place = Place::new();
    place.write("policy.edge", WRONG);
    let ran = place.edge(&["check", "--format", "json", "policy.edge"]);
    ran.exits(1);
    assert_eq!(ran.err(), "");
    let list = ran.json();
    let first = &list[0];
    assert_eq!(first["code"], "E0201");
    assert_eq!(first["severity"], "error");
    assert_eq!(first["file"], "policy.edge");
    assert!(first["message"].as_str().unwrap().contains("`missing`"));
    assert!(first.get("help").is_some());
    let span = &first["span"];
    let (start, end) = (
        span["start"].as_u64().unwrap(),
        span["end"].as_u64().unwrap(),
    );
    assert_eq!(&WRONG[start as usize..end as usize], "missing");
    assert_eq!((&span["line"], &span["column"]), (&2.into(), &20.into()));
    assert_eq!(
        (&span["end_line"], &span["end_column"]),
        (&2.into(), &27.into())
    );
    assert_eq!(first["labels"][0]["span"]["line"], 2);
    assert_eq!(list[1]["code"], "E0501");
    let place = Place::good();
    let ran = place.edge(&["check", "--format", "json", "policy.edge"]);
    assert_eq!(ran.exits(0).json(), serde_json::json!([]));
}

#[test]
fn limits_that_show_when_building_are_found() {
    let place = Place::new();
    let mut policy = String::from("default {\n  let a0 = request.path\n");
    for n in 1..=40 {
        policy.push_str(&format!("  let a{n} = \"{{a{0}}}{{a{0}}}\"\n", n - 1));
    }
    policy.push_str("  respond text a40\n}\n");
    place.write("policy.edge", policy);
    place
        .edge(&["check", "policy.edge"])
        .exits(1)
        .says(&["E06"]);
}

#[test]
fn other_files_are_read_from_the_policys_folder_alone() {
    let place = Place::new();
    place.write("secret.txt", "10.0.0.0/8\n");
    place.write("shop/list.txt", "10.0.0.0/8\n");
    place.write("shop/shared.edge", "set nets = load \"list.txt\"\n");
    let policy = |load: &str| {
        format!(
            "set more = load \"{load}\"\nuse \"./shared.edge\"\ndefault {{ if client.ip in shared.nets {{ respond 200 }} respond 404 }}\n"
        )
    };
    place.write("shop/policy.edge", policy("list.txt"));
    place.edge(&["check", "shop/policy.edge"]).exits(0);
    symlink(place.path("secret.txt"), place.path("shop/link.txt")).unwrap();
    for (load, why) in [
        ("../secret.txt", "outside"),
        ("/etc/passwd", "outside"),
        ("link.txt", "outside"),
        ("none.txt", "no such file"),
        (".", "E0204"),
    ] {
        place.write("shop/policy.edge", policy(load));
        place
            .edge(&["check", "shop/policy.edge"])
            .exits(1)
            .says(&["E0204", why]);
    }
}

#[test]
fn problems_of_used_files_name_them() {
    let place = Place::new();
    place.write("shop/shared.edge", "const a = b\n");
    place.write(
        "shop/policy.edge",
        "use \"./shared.edge\"\ndefault { respond text shared.a }\n",
    );
    place
        .edge(&["check", "shop/policy.edge"])
        .exits(1)
        .says(&["shop/shared.edge:1:11"]);
}

#[test]
fn whatever_is_named_is_answered() {
    let place = Place::good();
    fs::create_dir(place.path("folder")).unwrap();
    symlink("policy.edge", place.path("link.edge")).unwrap();
    symlink("loop.edge", place.path("loop.edge")).unwrap();
    let _socket = UnixListener::bind(place.path("socket")).unwrap();
    place.write("bytes.edge", b"default { respond 404 } # \xff\xfe");
    place.write("empty.edge", "");
    place.write("nul.edge", "default { respond 404 }\0\u{1b}[31m\n");
    place.write("large.edge", vec![b'#'; (4 << 20) + 1]);
    for (name, code, says) in [
        ("link.edge", 0, "no problems"),
        ("bytes.edge", 1, "E0206"),
        ("empty.edge", 1, "E0403"),
        ("nul.edge", 1, "E0002"),
        ("large.edge", 1, "E0001"),
        ("folder", 2, "there is no policy in `folder`"),
        ("loop.edge", 2, "loop.edge"),
        ("socket", 2, "not a regular file"),
        ("/dev/null", 2, "not a regular file"),
        ("none.edge", 2, "there is no file `none.edge`"),
        ("policy.edge/x", 2, "there is no file"),
        ("", 2, "error: "),
    ] {
        let ran = place.edge(&["check", name]);
        ran.exits(code).says(&[says]);
        assert!(!ran.err().contains('\u{1b}'), "{}", ran.err());
    }
    place
        .edge(&["check", "none.edge", "bytes.edge"])
        .exits(2)
        .says(&["E0206", "none.edge"]);
    place.edge(&["check"]).exits(2).says(&["Usage"]);
}

#[test]
fn lines_that_nobody_could_read_are_left_out() {
    let place = Place::new();
    let policy = format!("default {{ {} respond text missing }}", " ".repeat(100_000));
    place.write("policy.edge", policy);
    let ran = place.edge(&["check", "policy.edge"]);
    ran.exits(1).says(&["policy.edge:1:100025: E0201: "]);
    assert!(ran.err().len() < 2000);
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let place = Place::new();
    place.write("policy.edge", WRONG.repeat(40));
    let mut command = place.command(&["check", "--format", "json", "policy.edge"]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_folder_stands_for_its_policies() {
    let place = Place::new();
    place.write(
        "all/a/policy.edge",
        "use \"./names.edge\"\ndefault { respond text names.hello }\n",
    );
    place.write("all/a/names.edge", "const hello = \"hello\"\n");
    place.write("all/b.edge", "default { respond 404 }\n");
    place.write("all/notes.txt", "nonsense");
    place
        .edge(&["check", "all"])
        .exits(0)
        .says(&["no problems in 2 files"]);
    place.write("all/c.edge", WRONG);
    place
        .edge(&["check", "all"])
        .exits(1)
        .says(&["all/c.edge:2:20", "2 problems in 1 of 3 files"]);
}

#[test]
fn a_module_is_not_a_policy() {
    let place = Place::good();
    place.edge(&["build", "policy.edge"]).exits(0);
    for command in ["check", "build", "test"] {
        place.edge(&[command, "policy.wasm"]).exits(2).says(&[
            "`policy.wasm` is a module that was built, not a policy",
            "help: `edge inspect policy.wasm`",
        ]);
    }
}
