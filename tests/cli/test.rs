use crate::support::{GOOD, Place};

/// The good policy with a test that fails, on line 25.
fn failing() -> String {
    format!("{GOOD}\ntest \"wrong\" {{\n  get \"/none\"\n  expect status 200\n}}\n")
}

#[test]
fn each_test_has_a_line() {
    let place = Place::good();
    let ran = place.edge(&["test", "policy.edge"]);
    ran.exits(0).says(&[
        "policy.edge\n",
        "  ok     home\n",
        "  ok     dotfiles are refused\n",
        "2 passed, 0 failed in 1 file",
    ]);
    assert!(!ran.out().contains('\u{1b}'));
}

#[test]
fn a_failure_says_what_and_where() {
    let place = Place::new();
    place.write("shop/policy.edge", failing());
    let line = failing()
        .lines()
        .position(|line| line == "  expect status 200")
        .unwrap()
        + 1;
    let ran = place.edge(&["test", "shop/policy.edge"]);
    ran.exits(1).says(&[
        "  FAILED wrong\n",
        &format!("shop/policy.edge:{line}:"),
        &format!("{line} | expect status 200\n         |        ^\n"),
        "request   GET /none",
        "expected  200",
        "got       404",
        "decided   default",
        "2 passed, 1 failed in 1 file",
    ]);
}

#[test]
fn the_json_is_as_promised() {
    let place = Place::new();
    place.write("policy.edge", failing());
    let ran = place.edge(&["test", "--format", "json", "policy.edge"]);
    ran.exits(1);
    let json = ran.json();
    assert_eq!(
        (&json["passed"], &json["failed"], &json["problems"]),
        (&2.into(), &1.into(), &0.into())
    );
    let file = &json["files"][0];
    assert_eq!(file["file"], "policy.edge");
    assert_eq!(file["problems"], serde_json::json!([]));
    assert_eq!(file["tests"][0]["name"], "home");
    let failure = &file["tests"][2]["failures"][0];
    assert_eq!(failure["place"]["file"], "policy.edge");
    assert_eq!(
        (&failure["expected"], &failure["got"], &failure["rule"]),
        (&"200".into(), &"404".into(), &"default".into())
    );
}

#[test]
fn a_filter_chooses() {
    let place = Place::new();
    place.write("policy.edge", failing());
    place
        .edge(&["test", "--filter", "dot", "policy.edge"])
        .exits(0)
        .says(&["1 passed, 0 failed"]);
    place
        .edge(&["test", "--filter", "Dot", "policy.edge"])
        .exits(2)
        .says(&["no tests named `Dot`", "help: "]);
}

#[test]
fn folders_are_searched_for_policies_with_tests() {
    let place = Place::new();
    place.write("all/b/policy.edge", GOOD);
    place.write("all/a/policy.edge", failing());
    place.write("all/a/shared.edge", "const x = \"y\"\n");
    place.write("all/.hidden/policy.edge", "nonsense");
    place.write("all/notes.txt", "nonsense");
    std::os::unix::fs::symlink("..", place.path("all/a/up")).unwrap();
    let ran = place.edge(&["test", "all"]);
    ran.exits(1).says(&["4 passed, 1 failed in 2 files"]);
    let (a, b) = (
        ran.out().find("all/a/policy.edge").unwrap(),
        ran.out().find("all/b/policy.edge").unwrap(),
    );
    assert!(a < b);
    place.write("all/c/policy.edge", "default { respond 404");
    place
        .edge(&["test", "all"])
        .exits(1)
        .says(&["E0004", "4 passed, 1 failed in 2 files; 1 problem"]);
}

#[test]
fn nothing_to_run_is_said() {
    let place = Place::new();
    place.write("policy.edge", "default { respond 404 }\n");
    place.edge(&["test", "policy.edge"]).exits(2).says(&[
        "no tests in policy.edge",
        "no test was run",
        "help: ",
    ]);
    std::fs::create_dir(place.path("empty")).unwrap();
    place
        .edge(&["test", "empty"])
        .exits(2)
        .says(&["no tests in empty"]);
    place
        .edge(&["test", "none"])
        .exits(2)
        .says(&["there is no file `none`"]);
    place.write("good.edge", GOOD);
    place
        .edge(&["test", "policy.edge", "good.edge"])
        .exits(0)
        .says(&["no tests in policy.edge", "2 passed"]);
}

#[test]
fn a_failure_points_at_what_failed() {
    let place = Place::new();
    let test = "test \"wrong\" {\n  get \"/\"\n  expect status 200, header \"X-App\" \"1\"\n}\n";
    place.write("policy.edge", format!("default {{ respond 200 }}\n{test}"));
    place.edge(&["test", "policy.edge"]).exits(1).says(&[
        "      4 | expect status 200, header \"X-App\" \"1\"\n        |                    ^\n",
        "expected  x-app: \"1\"",
        "got       x-app: nothing",
    ]);
}
