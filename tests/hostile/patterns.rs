//! The nastiest regexes known: each compiles, or its diagnostic names what blows up.

use edge_compiler::source::NoFiles;

/// Nested and counted repeats, huge alternations, Unicode classes.
const NASTY: [&str; 40] = [
    "(a+)+$",
    "(a|aa)+$",
    "(a|a?)+$",
    "(.*a){20}",
    "(.*a){500}",
    "(a*)*b",
    "(a*)*(a*)*(a*)*b",
    "((a{1,40}){1,40}){1,40}",
    "(((a{1,9}){1,9}){1,9}){1,9}",
    "a{1000}",
    "a{1,1000}b",
    "(a{0,1000}){2}b",
    "x.{0,200}y",
    "x.{200}y",
    "x.{0,1000}y",
    "[ab]*a[ab]{12}c",
    "[ab]*a[ab]{60}c",
    "(?:a.{30}){4}z",
    "(.{0,50}x.{0,50}y){8}",
    "(?:(?:a|b)*c|d.{9}){30}",
    r"(?u)\w{100}",
    r"(?u)\pL{40}x",
    r"(?u)(?i)[äöü]{200}",
    r"(?u)\pL+\pN{50}\pL+",
    r"(?u).{0,300}\PL",
    "(?s).{1000}",
    "(?i)(select|union|insert).{0,100}(from|into|where).{0,100}(or|and)",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    r"^([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@)[a-z0-9]+[.](([a-z]{2,3})|([a-z]{2,3}[.][a-z]{2,3}))$",
    r"(\w+\s*){10}\(",
    r"(?:[^'\\]|\\.|''){0,500}'",
    "(a?){400}a{400}",
    "(0|(1(01*0)*1))*$",
    "((((((((((a)*)*)*)*)*)*)*)*)*)*",
    "(a{50}|b{60}|c{70}){9}",
    "[^a]{0,99}a[^b]{0,99}b[^c]{0,99}c",
    "(?:x{1,3}y{1,3}){1,100}z",
    "(?i)(?:%(?:25)*2e){2,90}",
    ".*.*.*.*.*.*.*.*=.*",
    "((ab){1,30}|(ba){1,30}){1,60}q",
];

/// Alternations that are written out.
fn long() -> Vec<String> {
    let words = |count: usize, word: &dyn Fn(usize) -> String| {
        (0..count).map(word).collect::<Vec<_>>().join("|")
    };
    vec![
        words(1000, &|i| format!("word{}", i * 7919 % 10_007)),
        format!("(?i)({})", words(1000, &|i| format!("w{:x}", i * i))),
        words(300, &|i| format!("a{{{}}}b", i + 1)),
        words(100, &|i| format!(".{{{}}}x{i}", i % 40)),
        words(200, &|i| {
            format!("[^{}]*{}", char::from(b'a' + (i % 26) as u8), i)
        }),
        format!("({})+$", words(500, &|i| format!("x{i}y?"))),
        "(".repeat(200) + "a" + &")*".repeat(200),
        "a?".repeat(900) + &"a".repeat(900),
        format!("[{}]{{900}}", "a-c".repeat(50)),
        words(26, &|i| format!(".*{0}.*{0}", char::from(b'a' + i as u8))),
    ]
}

#[test]
fn each_compiles_or_says_what_blows_up() {
    let all = NASTY.iter().map(|&regex| regex.to_owned()).chain(long());
    let mut compiled = 0;
    let mut count = 0;
    for regex in all {
        count += 1;
        let policy = format!(
            "default {{ if request.path matches r#\"{regex}\"# {{ respond 200 }} else {{ respond 404 }} }}"
        );
        let begun = std::time::Instant::now();
        let result = edge_compiler::compile("policy.edge", &policy, &NoFiles);
        let short: String = regex.chars().take(60).collect();
        let outcome = match result {
            Ok((_, lowered)) => {
                compiled += 1;
                format!("{} bytes", lowered.wasm.len())
            }
            Err(report) => {
                for problem in &report.problems {
                    let code = problem.code().unwrap().to_string();
                    assert!(
                        ["E0511", "E0101", "E0602"].contains(&code.as_str()),
                        "{short}: {code}: {problem}"
                    );
                }
                report.problems.first().unwrap().to_string()
            }
        };
        println!("{:>6} ms  {short}: {outcome}", begun.elapsed().as_millis());
    }
    assert_eq!(count, 50);
    assert!(compiled >= 30, "{compiled}");
}
