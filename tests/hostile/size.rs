//! Inputs as large as they may be, in policies that copy them as often as they may: the output
//! and the instructions stay below the manifest's lines.

use crate::{policies::compile, raw::Raw, record};
use edge_abi::manifest::{Fact, Kind, Manifest, Slot};
use edge_compiler::eval::{Facts, RawValue};
use edge_host::output::OutputError;
use std::fmt::Write;

const LET: &str = "let h = request.header[\"H\"] else \"\"\n";

fn edits(count: u32, value: &str) -> String {
    (0..count).fold(String::new(), |mut all, i| {
        writeln!(all, "set response.header \"X-{i}\" = \"{value}\"").unwrap();
        all
    })
}

/// A hundred names.
fn names(stem: &str) -> String {
    let names: Vec<String> = (0..100).map(|i| format!("\"{stem}{i}*\"")).collect();
    names.join(", ")
}

/// Policies by what they do with long texts.
fn greedy() -> Vec<(&'static str, String)> {
    let respond = |body: &str| format!("default {{\n{LET}{body}\n}}");
    let chain = |name: &str| {
        respond(&format!(
            "respond 200 text \"{{{name}(h)}}{{{name}({name}(h))}}\""
        ))
    };
    let mut list = vec![
        ("64 edits of the path", format!("default {{\n{}respond 200\n}}", edits(64, "{request.path}!"))),
        ("64 edits of a header", respond(&(edits(64, "<{h}>") + "respond 200"))),
        ("64 log lines", respond(&("log \"{request.path} {h}\"\n".repeat(64) + "respond 200"))),
        ("JSON", respond("respond json { a: h, b: request.path, c: [h, h, h, request.raw_path], d: request.query[\"q\"] else \"\" }")),
        ("HTML", respond("respond html \"<p>{h}{request.path}{request.query[\"q\"] else \"\"}{h}</p>\"")),
        ("queries", format!("origin o {{ url \"http://o.test\" }}\ndefault {{\n{LET}proxy o {{ {} remove query \"u*\"  path \"/x{{request.path}}\" }}\n}}",
            (0..8).fold(String::new(), |mut all, i| { write!(all, "query \"q{i}\" = h  ").unwrap(); all }))),
        ("a cached proxy", format!("origin o {{ url \"http://o.test\" }}\ncache c {{ key request.header[\"H\"] else \"\", request.path  ignore query {}  only when response.status == 200  tag response.header[\"H\"] else \"\", request.path }}\ndefault {{ proxy o {{ cache c  keep cookie {}  remove cookie \"q2\"  query \"v\" = request.path }} }}", names("u"), names("q"))),
        ("request edits with secrets", format!("secret S\norigin o {{ url \"http://o.test\" }}\ndefault {{\n{LET}proxy o {{ {} }}\n}}",
            (0..64).fold(String::new(), |mut all, i| { write!(all, "set header \"X-{i}\" = \"{{h}}{{S}}{{request.path}}{{S}}\"  ").unwrap(); all }))),
        ("a redirect", respond("redirect 302 \"{h}{request.path}{h}\"")),
        ("lists", respond("if any request.queries[\"q\"] == \"never\" or any request.headers[\"L\"] contains \"zz\" or any request.queries[\"q\"] matches r\"(a|b)*c$\" { respond 200 }\nrespond 404 text \"{request.query[\"q\"] else \"\"}{request.cookie[\"q\"] else \"\"}\"")),
        ("matchers", "use std.waf\nset words = [\"alpha\", \"beta\"]\non request { waf waf.traversal  waf waf.xss  waf waf.scanners }\nroute \"/a/:x/*rest\" { respond 200 text \"{params.x}{params.rest}\" }\ndefault { if request.path in words or request.path contains any [\"needle\", \"pin\"] or request.header[\"H\"] matches r\"(?i)(select|union)[^a]*from\" { respond 200 } respond 404 }".into()),
        ("firewall", "use std.waf\nwaf all { include waf.sqli, waf.rce, waf.lfi, waf.protocol }\non request { waf all }\ndefault { respond 200 }".into()),
        ("parts", respond("respond 200 text \"{trim(h)}{remove_prefix(h, \"a\")}{remove_suffix(h, \"b\")}{split_first(h, \"zz\")}{len(h)}{int(h) else 0}{float(h) else 0.5}{h == request.path}{h < request.path}{h contains request.path}{lower(request.host)}\"")),
        ("functions", format!("fn twice(x: string) = \"{{x}}{{lower(x)}}\"\nfn four(x: string) = \"{{twice(x)}}{{twice(upper(x))}}\"\ndefault {{\n{LET}respond 200 text \"{{four(h)}}{{four(request.path)}}\"\n}}")),
        ("replace", respond("respond 200 text \"{replace(h, \"a\", \"0123456789\")}{replace(h, \"ab\", \"\")}{replace(h, \"b\", \"\")}\"")),
        ("choose", respond("let c = choose { h starts_with \"a\" => \"{h}{h}\", h ends_with \"b\" => \"{upper(h)}\", otherwise => \"{h}{request.path}{h}\" }\nset response.header \"X\" = c\nrespond 200 text \"{c}{c}\"")),
        ("an experiment", format!("experiment e {{ unit request.header[\"H\"] else \"\"  split a 50%, b 50%  force request.query[\"q\"] }}\ndefault {{\n{LET}respond 200 text \"{{e}}{{h}}\"\n}}")),
        ("a body", format!("default {{\n{LET}if request.body(1MiB) contains \"needle\" {{ respond 200 }}\nrespond 200 json {{ body: request.body(1MiB), again: \"{{request.body(1MiB)}}{{h}}\" }}\n}}")),
        ("response headers", "origin o { url \"http://o.test\" }\ndefault { proxy o }\non response { set response.header \"X\" = \"{request.path}{response.header[\"H\"] else \"\"}\"  if any response.headers[\"L\"] == \"x\" { remove response.header \"L\" } }".into()),
    ];
    for name in [
        "lower",
        "upper",
        "trim",
        "url_decode",
        "html_decode",
        "url_decode_uni",
        "js_decode",
        "css_decode",
        "base64_decode_lenient",
        "remove_nulls",
        "compress_whitespace",
        "remove_comments",
        "normalise_path",
        "cmd_line",
        "utf8_to_unicode",
        "base64url_encode",
        "hex",
        "sha256",
    ] {
        list.push((name, chain(name)));
    }
    list.push(("base64_decode", respond("respond 200 text \"{base64_decode(h) else \"\"}{base64_decode(base64_decode(h) else \"\") else \"\"}\"")));
    list
}

/// Texts that grow, or are slow to read.
const FILLERS: &[&[u8]] = &[
    b"a",
    b"ab",
    b"%41",
    b"%2f",
    b"\xff",
    b"\xc3\xa4",
    b"/../",
    b"/./",
    b"//",
    b"\"",
    b"\x01",
    b"<",
    b"'&",
    b"&amp;",
    b"&#x41;",
    b"&#1114111;",
    b"q=1&",
    b"q&",
    b"&",
    b"q=%41&",
    b"+",
    b"%",
    b"=",
    b"; q=1",
    b"q=;",
    b"YWJj",
    b"=",
    b"0",
    b"9",
    b"1e",
    b".",
    b",",
    b" ",
    b"..",
    b"%2e%2e/",
    b"zzz",
    b"select",
    b"<script",
    b"union\n",
    b"%u0041",
    b"\\",
    b"\\u{0",
    b"\\41 ",
    b"/*",
    b"/*!50000",
    b"--\n",
    b"<!--",
    b"../",
    b"a/../",
    b" ;",
    b"A",
];

/// The longest record whose one fact is long; the others are short.
fn longest(
    manifest: &Manifest,
    slots: &[Slot],
    long: &Slot,
    filler: &[u8],
    calls: Calls<'_>,
) -> Vec<u8> {
    let mut facts = Facts::default();
    let short = |fact: &Fact| match fact {
        Fact::Method => "GET".into(),
        Fact::RequestTarget => "/a/b/c?q=1".into(),
        _ => b"ab".to_vec(),
    };
    let fill = |length: usize| {
        let start: &[u8] = match &long.fact {
            Fact::RequestTarget if filler.contains(&b'q') || filler.contains(&b'&') => b"/?",
            Fact::RequestTarget => b"/",
            _ => b"",
        };
        let all = start.iter().chain(filler.iter().cycle()).copied();
        all.take(length).collect::<Vec<u8>>()
    };
    let record = |facts: &Facts| {
        let input = record::Input {
            event: calls.event,
            slots,
            continuation: calls.continuation,
            results: calls.results,
            ..record::Input::default()
        };
        record::write(&input, facts)
    };
    for slot in slots {
        let value = match slot.kind {
            Kind::Bytes => RawValue::Bytes(short(&slot.fact)),
            Kind::I64 => RawValue::Int(200),
            Kind::Ip => RawValue::Ip([0x20; 16]),
            Kind::Bool => RawValue::Bool(true),
            Kind::F64 => RawValue::Float(0.1),
            Kind::List => RawValue::List(vec![b"ab".to_vec()]),
        };
        facts.raw.insert(slot.fact.clone(), value);
    }
    let room = manifest.limits.input as usize - record(&facts).len();
    let value = match long.kind {
        // Refs count too: the most elements are the empty ones.
        Kind::List if filler.len() == 1 => RawValue::List(vec![Vec::new(); room / 8]),
        Kind::List => RawValue::List(vec![filler.to_vec(); room / (8 + filler.len())]),
        _ => RawValue::Bytes(fill(room)),
    };
    facts.raw.insert(long.fact.clone(), value);
    let mut bytes = record(&facts);
    // What is left is padding at the end.
    bytes.resize(manifest.limits.input as usize, 0);
    let length = manifest.limits.input;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes
}

#[derive(Clone, Copy)]
struct Calls<'a> {
    event: u16,
    continuation: &'a [u8],
    results: &'a [(u16, u16)],
}

/// The worst that was seen, as parts of the manifest's lines.
#[derive(Default)]
struct Worst {
    output: (f64, String),
    fuel: (f64, String),
    runs: u32,
}

impl Worst {
    fn see(&mut self, raw: &mut Raw, bytes: &[u8], what: &str) {
        let ran = raw.run(bytes);
        match raw.checked(&ran) {
            Ok(_) | Err(OutputError::TextLength(_)) => {}
            Err(error) => panic!("{what}: {error}"),
        }
        let at = |line: edge_abi::manifest::Line| line.base + line.per_byte * bytes.len() as u64;
        let limits = &raw.manifest.limits;
        let (output, fuel) = (raw.output(&ran).len() as u64, ran.fuel);
        self.runs += 1;
        for (worst, ratio) in [
            (&mut self.output, output as f64 / at(limits.output) as f64),
            (&mut self.fuel, fuel as f64 / at(limits.fuel) as f64),
        ] {
            if ratio > worst.0 {
                *worst = (ratio, what.to_owned());
            }
        }
    }
}

#[test]
fn at_the_limits_everything_fits() {
    let mut worst = Worst::default();
    for (name, policy) in greedy() {
        let (wasm, manifest) = compile(&policy);
        let mut raw = Raw::counted(&wasm, &manifest);
        let mut fuel = Worst::default();
        for (step, slots) in manifest.slot_sets.iter().enumerate() {
            let long = slots
                .iter()
                .filter(|slot| matches!(slot.kind, Kind::Bytes | Kind::List));
            for long in long.filter(|slot| slot.fact != Fact::Method) {
                for filler in FILLERS {
                    let continuation = continuation(&mut raw, step);
                    let ok = [(0, 22)];
                    let waits = slots.iter().any(|slot| slot.fact == Fact::Body);
                    let calls = Calls {
                        event: if step == 0 {
                            1
                        } else if waits {
                            2
                        } else if name == "a cached proxy" {
                            8
                        } else {
                            3
                        },
                        continuation: &continuation,
                        results: if waits { &ok } else { &[] },
                    };
                    let bytes = longest(&manifest, slots, long, filler, calls);
                    let what = format!(
                        "{name}: {:?} of {:?}",
                        long.fact,
                        String::from_utf8_lossy(filler)
                    );
                    worst.see(&mut raw, &bytes, &what);
                    fuel.see(&mut raw, &bytes, &what);
                }
            }
        }
        println!(
            "{name}: fuel {:.3} ({}), output {:.3}",
            fuel.fuel.0, fuel.fuel.1, fuel.output.0
        );
    }
    println!(
        "{} runs; worst fuel {:.3} ({}); worst output {:.3} ({})",
        worst.runs, worst.fuel.0, worst.fuel.1, worst.output.0, worst.output.1
    );
    assert!(worst.runs > 1_000);
    assert!(worst.output.0 <= 1.0 && worst.fuel.0 <= 1.0);
}

/// The continuation of a step: any output that has one shows the tag.
fn continuation(raw: &mut Raw, step: usize) -> Vec<u8> {
    if step == 0 {
        return Vec::new();
    }
    let digest = raw.manifest.source_digest.clone();
    let tag = u64::from_str_radix(&digest[..16], 16).unwrap();
    [
        &tag.to_le_bytes()[..],
        &u32::try_from(step).unwrap().to_le_bytes(),
    ]
    .concat()
}

#[test]
fn the_input_s_limit_is_exact() {
    for (_, policy) in greedy() {
        let (wasm, manifest) = compile(&policy);
        let mut raw = Raw::new(&wasm, &manifest);
        let limit = manifest.limits.input;
        assert_ne!(raw.place(limit), 0);
        for length in [
            limit + 1,
            limit + 16,
            i32::MAX.cast_unsigned(),
            1 << 31,
            u32::MAX,
        ] {
            assert_eq!(raw.place(length), 0);
        }
    }
}

/// Two long texts at once: what looks for one in the other must not multiply their lengths.
#[test]
fn a_long_text_in_a_long_text() {
    let (wasm, manifest) = compile(
        "default { let h = request.header[\"H\"] else \"\" let n = request.header[\"N\"] else \"\"
           if h contains n or h ends_with n or h starts_with n or h == n { respond 200 }
           respond 404 text \"{split_first(h, n)}{remove_suffix(h, n)}{remove_prefix(h, n)}\" }",
    );
    let mut raw = Raw::counted(&wasm, &manifest);
    let mut worst = Worst::default();
    let many =
        |pattern: &[u8], count: usize, last: &[u8]| [&pattern.repeat(count)[..], last].concat();
    let pairs = [
        (many(b"a", 80_000, b""), many(b"a", 40_000, b"b")),
        (
            many(b"a", 80_000, b""),
            [b"b".to_vec(), many(b"a", 40_000, b"")].concat(),
        ),
        (many(b"ab", 40_000, b""), many(b"ab", 20_000, b"b")),
        (many(b"aab", 27_000, b""), many(b"aab", 13_000, b"aaa")),
        (many(b"a", 60_000, b"b"), many(b"a", 60_000, b"c")),
    ];
    for (h, n) in pairs {
        let mut facts = Facts::default();
        for (name, value) in [("h", h), ("n", n)] {
            facts
                .raw
                .insert(Fact::Header { name: name.into() }, RawValue::Bytes(value));
        }
        let slots = &manifest.slot_sets[0];
        let target = RawValue::Bytes(b"/".to_vec());
        facts.raw.insert(Fact::RequestTarget, target);
        let input = record::Input {
            event: 1,
            slots,
            continuation: &[],
            results: &[],
            ..record::Input::default()
        };
        worst.see(&mut raw, &record::write(&input, &facts), "two long texts");
    }
    println!("fuel {:.3}", worst.fuel.0);
    assert!(worst.fuel.0 <= 1.0);
}

/// Parameters that have to be moved, and whose names differ only at their ends.
#[test]
fn a_long_query_that_is_sorted() {
    let (wasm, manifest) = compile(
        "origin o { url \"http://o.test\" }\ncache c { tier edge 1m }\ndefault { proxy o { cache c } }",
    );
    let mut raw = Raw::counted(&wasm, &manifest);
    let mut worst = Worst::default();
    for (stem, count) in [
        ("%61", 1),
        ("a", 1),
        ("a", 100),
        ("%61", 38),
        ("", 0),
        ("+", 100),
    ] {
        let stem = stem.repeat(count);
        let mut pairs: Vec<String> = (0..1024).map(|n| format!("{stem}{n:04}")).collect();
        pairs.reverse();
        // Neither the one way nor the other: each merge looks at all.
        for pair in pairs.chunks_mut(3) {
            pair.reverse();
        }
        let target = format!("/?{}", pairs.join("&"));
        let mut facts = Facts::default();
        let target = RawValue::Bytes(target.into_bytes());
        facts.raw.insert(Fact::RequestTarget, target);
        let method = RawValue::Bytes(b"GET".to_vec());
        facts.raw.insert(Fact::Method, method);
        let input = record::Input {
            event: 1,
            slots: &manifest.slot_sets[0],
            ..record::Input::default()
        };
        worst.see(&mut raw, &record::write(&input, &facts), &stem);
    }
    println!("fuel {:.3} ({})", worst.fuel.0, worst.fuel.1);
    assert!(worst.fuel.0 <= 1.0);
}
