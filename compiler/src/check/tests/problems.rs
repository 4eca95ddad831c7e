//! Problems that need files, or more than one line; and that one run reports all.

use super::{Files, codes, codes_with, messages};

#[test]
fn one_run_reports_everything() {
    let policy = r#"
origin shop { url "ftp://shop"  timeout 5 }
set office = ["10.0.0.1/8"]
route home GET "/" {
  log request.header["X"]
  proxy shp
}
route "/a" {
  if request.path == 5 { respond 42 }
}
default { respond text lower(geo.country) }
"#;
    assert_eq!(
        codes(policy),
        [
            "E0509", "E0311", "E0302", "E0201", "E0304", "E0501", "E0401", "E0302"
        ],
        "{}",
        messages(policy)
    );
}

#[test]
fn a_file_that_uses_itself_is_reported_with_the_chain() {
    let files = Files::of(&[
        ("a.edge", "use \"./b.edge\"\n"),
        ("b.edge", "use \"./a.edge\"\n"),
    ]);
    let policy = "use \"./a.edge\"\ndefault { respond 404 }\n";
    assert_eq!(codes_with(policy, &files), ["E0205"]);
}

#[test]
fn used_files_hold_no_behaviour() {
    let files = Files::of(&[("a.edge", "route \"/\" { respond 200 }\non error { }\n")]);
    let policy = "use \"./a.edge\"\ndefault { respond 404 }\n";
    assert_eq!(codes_with(policy, &files), ["E0207", "E0207"]);
}

#[test]
fn files_must_be_text_and_inside() {
    let mut files = Files::of(&[]);
    files.0.insert("a.edge".to_owned(), vec![b'#', 0xFF]);
    let policy = "use \"./a.edge\"\ndefault { respond 404 }\n";
    assert_eq!(codes_with(policy, &files), ["E0206"]);
    let policy = "use \"../a.edge\"\ndefault { respond 404 }\n";
    assert_eq!(codes_with(policy, &files), ["E0204"]);
}

#[test]
fn chains_of_files_end() {
    let names = (0..20).map(|n| (format!("f{n}.edge"), format!("use \"./f{}.edge\"\n", n + 1)));
    let files = Files(
        names
            .map(|(name, text)| (name, text.into_bytes()))
            .collect(),
    );
    let policy = "use \"./f0.edge\"\ndefault { respond 404 }\n";
    assert_eq!(codes_with(policy, &files), ["E0601"]);
}

#[test]
fn circles_are_reported_with_their_chain() {
    for (policy, chain) in [
        (
            "fn f(a: string) = g(a)\nfn g(a: string) = f(a)\n",
            "f → g → f",
        ),
        ("const a = \"{b}\"\nconst b = \"{a}\"\n", "a → b → a"),
        ("waf a { include b }\nwaf b { include a }\n", "a → b → a"),
        (
            "experiment a { unit f()  split x 50%, y 50% }\nfn f() = \"{a}\"\n",
            "a → f → a",
        ),
    ] {
        let text = messages(&format!("{policy}default {{ respond 404 }}\n"));
        assert!(text.starts_with("E0210") && text.contains(chain), "{text}");
    }
}

#[test]
fn what_multiplies_is_bounded() {
    let mut policy = String::from("const c0 = \"0123456789\"\n");
    for n in 1..40 {
        policy += &format!("const c{n} = \"{{c{m}}}{{c{m}}}\"\n", m = n - 1);
    }
    policy += "default { respond text c39 }\n";
    assert_eq!(codes(&policy), ["E0604"]);
    let mut policy = String::from("fn f0(a: string) = \"{a}{a}\"\n");
    for n in 1..40 {
        policy += &format!(
            "fn f{n}(a: string) = \"{{f{m}(a)}}{{f{m}(a)}}\"\n",
            m = n - 1
        );
    }
    policy += "default { respond text f39(request.path) }\n";
    assert!(codes(&policy).is_empty(), "{}", messages(&policy));
    let mut policy = String::from("waf g0 { rule r { when request.path == \"/\" } }\n");
    for n in 1..40 {
        policy += &format!("waf g{n} {{ include g{m}, g{m} }}\n", m = n - 1);
    }
    policy += "default { respond 404 }\n";
    assert!(
        codes(&policy).iter().all(|code| code == "E0514"),
        "{}",
        messages(&policy)
    );
}

#[test]
fn sets_and_constants_of_files_are_bounded() {
    let lines = "a\n".repeat(1_000_001);
    let files = Files::of(&[("set.txt", lines.as_str()), ("const.txt", lines.as_str())]);
    let policy = "set s = load \"set.txt\"\ndefault { respond 404 }\n";
    assert_eq!(codes_with(policy, &files), ["E0607"]);
    let policy = "const c = load \"const.txt\"\ndefault { respond text c }\n";
    assert_eq!(codes_with(policy, &files), ["E0204"]);
    let bad = Files::of(&[("nets.txt", "10.0.0.0/8\nten\n")]);
    let policy = "set s = load \"nets.txt\"\ndefault {\n if client.ip in s { respond 403 }\n respond 404\n}\n";
    assert_eq!(codes_with(policy, &bad), ["E0512"]);
}

#[test]
fn texts_are_bounded_however_they_are_written() {
    let long = "x".repeat((1 << 20) + 1);
    for text in [
        format!("\"{long}\""),
        format!("r\"{long}\""),
        format!("\"{long}{{request.path}}\""),
    ] {
        let policy = format!("default {{ respond text {text} }}\n");
        assert_eq!(codes(&policy), ["E0604"]);
    }
    let policy = format!("default {{ respond html \"{long}\" }}\n");
    assert_eq!(codes(&policy), ["E0604"]);
    let policy = format!("default {{ respond text \"{}\" }}\n", &long[1..]);
    assert!(codes(&policy).is_empty());
}

#[test]
fn the_least_int_can_be_written() {
    let least =
        "default { if request.path == \"{-9223372036854775808}\" { respond 200 } respond 404 }\n";
    assert!(codes(least).is_empty(), "{}", messages(least));
    for wrong in ["9223372036854775808", "-9223372036854775809"] {
        let policy = format!("default {{ respond text {wrong} }}\n");
        assert_eq!(codes(&policy), ["E0107"], "{wrong}");
    }
}

#[test]
fn paths_that_can_not_be_are_explained() {
    let policy = "set s = load \"a\\u{0}b\"\ndefault { respond 404 }\n";
    let said = messages(policy);
    assert!(
        said.starts_with("E0204 can't load `a\\0b`: a path holds no `\\`, no `:` and no control character | name a file"),
        "{said}"
    );
}

#[test]
fn an_origin_is_no_value() {
    let policy = "origin a { url \"http://a\" }\norigin b { url \"http://b\" }\nexperiment e { unit client.ip  split x 50%, y 50% }\ndefault { let o = choose e { x => a, y => b }  proxy o }\n";
    let said = messages(policy);
    assert_eq!(codes(policy).len(), 1, "{said}");
    assert!(said.contains("`proxy choose … {"), "{said}");
}

#[test]
fn a_target_is_what_a_client_could_send() {
    for (target, why) in [
        ("/<script>", "`%3C`"),
        ("/a b", "`%20`"),
        ("a", "does not begin with `/`"),
    ] {
        let policy = format!(
            "default {{ respond 404 }}\ntest \"t\" {{ get \"{target}\"  expect status 404 }}\n"
        );
        let said = messages(&policy);
        assert!(said.starts_with("E0507") && said.contains(why), "{said}");
    }
}

#[test]
fn two_groups_of_one_name_have_rules_of_their_own() {
    use super::front;
    let policy = "use std.waf\nwaf traversal { rule raw_path { when request.path == \"/x\" } }\n\
                  default { waf traversal waf waf.traversal waf traversal respond 404 }\n";
    let hir = front(policy).unwrap();
    let names: Vec<&str> = hir.rules.iter().map(|rule| rule.name.as_str()).collect();
    assert!(names.contains(&"waf.traversal.raw_path"), "{names:?}");
    assert!(names.contains(&"waf.traversal.raw_path.2"), "{names:?}");
    assert!(!names.contains(&"waf.traversal.raw_path.3"), "{names:?}");
}

#[test]
fn groups_that_are_used_everywhere_are_counted() {
    let rules: String = (0..2000)
        .map(|n| format!("rule r{n} {{ when request.path == \"/{n}\" }}\n"))
        .collect();
    let routes = |n: usize| {
        (0..n)
            .map(|n| format!("route \"/{n}\" {{ waf big respond 200 }}\n"))
            .collect::<String>()
    };
    let policy = |n| {
        format!(
            "waf big {{ {rules} }}\n{}default {{ respond 404 }}\n",
            routes(n)
        )
    };
    assert!(codes(&policy(3)).is_empty());
    assert_eq!(codes(&policy(500)), ["E0605"]);
}

#[test]
fn depth_is_bounded_everywhere() {
    let nested = |n: usize| {
        let (open, close) = ("lower(".repeat(n), ")".repeat(n));
        format!("default {{ respond text {open}request.path{close} }}\n")
    };
    assert!(codes(&nested(55)).is_empty());
    assert!(!codes(&nested(80)).is_empty());
    let sum = |n: usize| {
        format!(
            "default {{ respond text \"{{1 {}}}\" }}\n",
            "+ client.port ".repeat(n)
        )
    };
    assert!(codes(&sum(50)).is_empty());
    assert_eq!(codes(&sum(100)), ["E0606"]);
    assert_eq!(codes(&sum(5000)), ["E0006"]);
    let blocks = |n: usize| {
        let (open, close) = ("if request.path == \"/\" { ".repeat(n), " }".repeat(n));
        format!(
            "default {{ {open} log lower(lower(lower(\"{{request.path}}\"))) {close} respond 404 }}\n"
        )
    };
    assert!(codes(&blocks(55)).is_empty());
    assert!(!codes(&blocks(300)).is_empty());
    // Each is used before it is declared.
    let chain = |n: usize| {
        let fns = (0..n).map(|k| format!("fn f{k}(a: string) = f{}(a)\n", k + 1));
        let last = format!("fn f{n}(a: string) = a\ndefault {{ respond text f0(request.path) }}\n");
        fns.collect::<String>() + &last
    };
    assert!(codes(&chain(40)).is_empty());
    let found = codes(&chain(2000));
    assert!(
        !found.is_empty() && found.iter().all(|code| code == "E0606"),
        "{found:?}"
    );
    let deep = chain(2000).replace(
        "default { respond text f0(request.path) }",
        &blocks(55).replace("lower(lower(lower(", "lower(f0(lower("),
    );
    let found = codes(&deep);
    assert!(
        !found.is_empty() && found.iter().all(|code| code == "E0606"),
        "{found:?}"
    );
}

#[test]
fn the_way_to_a_missing_answer_is_shown() {
    use super::front;
    let policy = "route \"/a\" {\n  if request.method == \"GET\" {\n    if request.host == \"a\" { respond 200 }\n  } else { respond 405 }\n}\ndefault { respond 404 }\n";
    let report = front(policy).unwrap_err();
    let labels: Vec<String> = report.problems[0]
        .labels()
        .unwrap()
        .filter_map(|label| label.label().map(str::to_owned))
        .collect();
    assert_eq!(
        labels,
        [
            "must end in `respond`, `redirect` or `proxy`",
            "where this holds",
            "where this does not hold"
        ]
    );
}

#[test]
fn too_many_edits_are_counted_on_the_worst_path() {
    let edits = |n: usize| "set response.header \"X\" = \"y\"\n".repeat(n);
    let policy = |n| {
        format!(
            "on response {{ {} }}\nroute \"/\" {{ if request.host == \"a\" {{ {} }} respond 200 }}\ndefault {{ respond 404 }}\n",
            edits(10),
            edits(n)
        )
    };
    assert!(codes(&policy(54)).is_empty());
    assert_eq!(codes(&policy(55)), ["E0602"]);
}

#[test]
fn what_is_not_built_is_named() {
    for (body, what) in [
        (
            "respond text sha256(hmac_sha256(\"a\", \"b\"))",
            "hmac_sha256",
        ),
        ("log client.tls.ja4", "client.tls.ja4"),
    ] {
        let text = messages(&format!("default {{ {body} respond 404 }}\n"));
        let expected = format!("E0901 not supported yet: `{what}` | ");
        assert!(text.starts_with(&expected), "{body}\n{text}");
    }
}

#[test]
fn messages_follow_the_style() {
    let pages = crate::diagnostics::codes::CODES.iter();
    for (code, _, file) in pages {
        let page = crate::diagnostics::codes::page(file);
        let Some(example) = crate::diagnostics::codes::fence(&page, "edge fails") else {
            continue;
        };
        for line in messages(&example).lines() {
            let message = line.split_once(' ').map_or("", |(_, rest)| rest);
            let first = message.chars().next().unwrap_or('a');
            assert!(
                !first.is_uppercase() || message.starts_with('`'),
                "{code}: {message}"
            );
            assert!(!message.ends_with('.'), "{code}: {message}");
        }
    }
}

#[test]
fn everything_wrong_with_declarations_is_said() {
    insta::assert_snapshot!(messages(include_str!("policies/declarations.edge")));
}

#[test]
fn everything_wrong_with_expressions_is_said() {
    insta::assert_snapshot!(messages(include_str!("policies/expressions.edge")));
}

#[test]
fn methods_and_hosts_are_compared_in_their_case() {
    for wrong in [
        "if request.method == \"get\" { respond 200 }",
        "if request.method != \"Get\" { respond 200 }",
        "if request.method in [\"GET\", \"post\"] { respond 200 }",
        "if request.host == \"Example.com\" { respond 200 }",
        "if request.host ends_with \".Example.com\" { respond 200 }",
        "respond choose request.method { \"put\" => 201, otherwise => 200 }",
    ] {
        let wrong = format!("default {{ {wrong} respond 404 }}\n");
        assert!(codes(&wrong).contains(&"E0314".to_owned()), "{wrong}");
    }
    for right in [
        "request.method == \"GET\"",
        "request.method == \"propfind\"",
        "lower(request.method) == \"get\"",
        "request.host == \"example.com\"",
    ] {
        let policy = format!("default {{ if {right} {{ respond 200 }} respond 404 }}\n");
        assert!(codes(&policy).is_empty(), "{right}");
    }
}

#[test]
fn a_route_behind_one_that_takes_everything_is_never_reached() {
    let policy = |routes: &[&str]| {
        let routes: Vec<String> = routes
            .iter()
            .map(|r| format!("route {r} {{ respond 200 }}\n"))
            .collect();
        codes(&format!("{}default {{ respond 404 }}\n", routes.concat()))
    };
    for never in [
        ["a \"/*rest\"", "b \"/x\""],
        ["a \"/x/*rest\"", "b \"/x/:id/y\""],
        ["a \"/x\"", "b GET \"/x\""],
        ["a GET \"/x\"", "b HEAD \"/x\" when request.host == \"h\""],
        ["a \"/:id\"", "b \"/x\""],
        ["a \"/:id\"", "b \"/:name\""],
        ["a GET", "b GET \"/x\""],
    ] {
        assert_eq!(policy(&never), ["E0402"], "{never:?}");
    }
    for reached in [
        ["a \"/x\"", "b \"/*rest\""],
        ["a \"/x/*rest\"", "b \"/x\""],
        ["a GET \"/x\"", "b POST \"/x\""],
        ["a GET \"/x\"", "b \"/x\""],
        ["a \"/:id\"", "b \"/\""],
        ["a \"/x\" when request.host == \"h\"", "b \"/x\""],
        ["a \"/:id/a\"", "b \"/x/b\""],
    ] {
        assert!(policy(&reached).is_empty(), "{reached:?}");
    }
    for never in [
        ["a GET \"/x\"", "b POST \"/x\"", "c GET, POST \"/x\""],
        ["a GET \"/:id\"", "b POST \"/*rest\"", "c POST, HEAD \"/x\""],
    ] {
        assert_eq!(policy(&never), ["E0402"], "{never:?}");
    }
    for reached in [
        ["a GET \"/x\"", "b POST \"/x\"", "c \"/x\""],
        ["a GET \"/x\"", "b POST \"/x\"", "c GET, PUT \"/x\""],
        ["a GET \"/x\"", "b POST \"/y\"", "c GET, POST \"/x\""],
    ] {
        assert!(policy(&reached).is_empty(), "{reached:?}");
    }
    assert_eq!(policy(&["get \"/x\""]), ["E0506"]);
    assert!(policy(&["get GET \"/x\""]).is_empty());
}
