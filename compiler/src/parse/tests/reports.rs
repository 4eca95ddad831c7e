//! Each mistake, and what the user is told.

use super::{run, snapshot};
use crate::diagnostics::codes::{CODES, fence, page};

/// Each source with its reports below.
fn reported<'s>(sources: impl IntoIterator<Item = &'s str>) -> String {
    let mut out = String::new();
    for source in sources {
        let (_, problems) = run(source);
        out.push_str(&format!("{source}\n    {}\n\n", problems.join("\n    ")));
    }
    out
}

#[test]
fn every_page_has_a_source_that_fails_and_one_that_is_fixed() {
    for (code, name, file) in CODES.iter().filter(|(code, _, _)| *code < "E0200") {
        let page = page(file);
        assert!(page.starts_with(&format!("# {code}: {name}\n")), "{page}");
        if *code == "E0001" {
            continue;
        }
        let fails = fence(&page, "edge fails").unwrap();
        let (_, problems) = run(&fails);
        assert_eq!(problems.len(), 1, "{code}: {problems:#?}");
        assert!(problems[0].starts_with(code), "{code}: {problems:#?}");
        let fixed = fence(&page, "edge").unwrap();
        assert_eq!(run(&fixed).1, Vec::<String>::new(), "{code}");
    }
}

#[test]
fn reading() {
    snapshot(
        "reports_reading",
        &reported([
            "default { respond text \"abc }",
            "default { respond text \"abc\n}\nroute { respond 200 }",
            "const a = r\"abc\nconst b = 2",
            "const a = \"\"\"abc\nroute { respond 200 }\nconst b = 1",
            "const a = r#\"abc\nconst b = 1",
            "route {\n  if a {\n  respond 200\n}\ndefault { respond 404 }",
            "route { respond 200 ) }",
            "const a = (1\nconst b = 2",
            "const a = [1)",
            "}\ndefault { respond 404 }",
            "default { respond text \"a { b\" }",
            "default { respond text \"a {b\n} c\" }",
            "default { respond text \"a { b # c }\" }",
            "default { respond 404 }\r# x",
            "# \u{202e}\nconst a = 1",
            "const a = \"\u{1}\"",
        ]),
    );
}

#[test]
fn three_broken_declarations_give_three_reports() {
    let text = "origin a { ulr \"x\" }\norigin b { url \"https://b\" }\nroute home GET / { respond 200 }\n\
                default { respond 404 }\ntest \"t\" { get \"/\" expect stats 200 }\n";
    let (file, problems) = run(text);
    assert_eq!(file.items.len(), 2);
    assert_eq!(problems.len(), 3, "{problems:#?}");
}

#[test]
fn an_open_brace_hides_no_other_declaration() {
    let text = "origin a { url \"x\"\norigin b { ulr \"https://b\" }\nroute home {\n  if x {\n  respond 200\n}\ndefault { respond 404 }";
    let (file, problems) = run(text);
    assert_eq!(file.items.len(), 1, "{}", file.print());
    assert_eq!(problems.len(), 3, "{problems:#?}");
}

#[test]
fn declarations() {
    snapshot(
        "reports_declarations",
        &reported([
            "rout home { }",
            "orgin shop { }",
            "hello world",
            "import \"x\"",
            "// a comment\ndefault { respond 404 }",
            "respond 404",
            "set response.header \"A\" = \"b\"",
            "waf shield",
            "if a { respond 200 } else { respond 404 }",
            "\"text\"",
            "origin { url \"x\" }",
            "origin shop url \"x\"",
            "origin shop { url https://shop.internal }",
            "origin shop { url shop.internal }",
            "origin shop { url 'https://shop' }",
            "origin shop { timeout }",
            "origin shop { timeout 5 s }",
            "origin shop { protocol \"h2\" }",
            "pool p { weighted a 90% b 10% }",
            "pool p { weighted a, b }",
            "experiment e { unit client.ip split a 50% b 50% }",
            "secret \"x\"",
            "param p = 5",
            "set s = \"a\", \"b\"",
            "set s = [\"a\" \"b\"]",
            "set s = [\"a\", b c]",
            "const x 5",
            "const x == 5",
            "const any = 5",
            "fn f(a) = a",
            "map m = { \"a\" = \"b\" }",
            "map m = { \"a\" => \"b\" \"c\" => \"d\" }",
            "route home GET /path { respond 200 }",
            "route home GET|POST \"/\" { respond 200 }",
            "route home get \"/\" { respond 200 }",
            "route home \"/\" if a { respond 200 }",
            "route home \"/\"",
            "on requst { respond 200 }",
            "default { respond 404 };",
        ]),
    );
}

#[test]
fn statements() {
    let sources = [
        "respnd 404",
        "respond",
        "respond text",
        "respond 404 txt \"x\"",
        "respond text { a: 1 }",
        "respond json { a: 1 b: 2 }",
        "respond json { a = 1 }",
        "let x = { a: 1 }",
        "let if = 1",
        "let x == 1",
        "let x = if a { 1 } else { 2 }",
        "if a = b { respond 200 }",
        "if a === b { respond 200 }",
        "if a && b { respond 200 }",
        "if a || b { respond 200 }",
        "if !a { respond 200 }",
        "if a =~ r\"x\" { respond 200 }",
        "if (a { respond 200 }",
        "if a { respond 200 } elseif b { respond 201 }",
        "if a respond 200",
        "set header \"A\" = \"b\"",
        "set response.header A = \"b\"",
        "set response.header \"A\" \"b\"",
        "set response.header \"A\": \"b\"",
        "set respnse.header \"A\" = \"b\"",
        "header \"A\" = \"b\"",
        "respond 404; respond 200",
        "respond text 'x'",
        "respond text a ? b : c",
        "respond text choose a { \"x\" => 1 \"y\" => 2 }",
        "respond text choose a { \"x\": 1 }",
        "respond text \"a\" \"b\"",
        "redirect /x",
        "redirect https://a.example",
        "proxy shop { pth \"/x\" }",
        "proxy shop { path /x }",
        "proxy shop { timeout = 5s }",
        "proxy",
        "log a b",
        "require a",
    ];
    let sources: Vec<String> = sources
        .iter()
        .map(|s| format!("default {{ {s} }}"))
        .collect();
    snapshot(
        "reports_statements",
        &reported(sources.iter().map(String::as_str)),
    );
}

#[test]
fn expressions() {
    let sources = [
        "a == b == c",
        "a is present == true",
        "a == not b",
        "1 + any x == 2",
        "any x and y",
        "1 +",
        "(1",
        "f(1 2)",
        "a.",
        "a[1",
        "1.5s",
        "10sec",
        "5M",
        "5kb",
        "30m1h",
        "1h1h",
        "99999999999999999999",
        "99999999999999d",
        "12.34567%",
        "10.0.0.1",
        "10%3",
        "1e9",
        "0x1F",
        "\"\\d\"",
        "\"\\u{110000}\"",
        "\"\\x41\"",
        "\"\"\"a\\\nb\"\"\"",
        "\"a } b\"",
        "\"a {} b\"",
        "\"a {b c} d\"",
        "\"a {1 +} d\"",
        "\"a {b == 'c'} d\"",
        "\"a {99999999999999999999} d\"",
        "choose { a => 1, otherwise => 2, otherwise => 3 }",
        "choose choose a { b => c } { d => e }",
        "{ a: 1 }",
        "(1)(2)",
        "a ?? b",
        "!a",
        "é",
    ];
    let sources: Vec<String> = sources.iter().map(|s| format!("const x = {s}")).collect();
    snapshot(
        "reports_expressions",
        &reported(sources.iter().map(String::as_str)),
    );
}

#[test]
fn tests_and_wafs() {
    snapshot(
        "reports_tests_and_wafs",
        &reported([
            "test { get \"/\" }",
            "test \"t\" { fetch \"/\" }",
            "test \"t\" { get /x }",
            "test \"t\" { get \"/\" expect 200 }",
            "test \"t\" { get \"/\" expect status 200 header \"A\" \"b\" }",
            "test \"t\" { get \"/{x}\" }",
            "test \"t\" { given origin shop respond 200 }",
            "test \"t\" { given origin shop fails }",
            "test \"t\" { expect origin shop recieved path \"/x\" }",
            "waf w { rule { when a } }",
            "waf w { rule a { if b } }",
            "waf w { include \"x\" }",
            "waf w { rules a { when b } }",
        ]),
    );
}
