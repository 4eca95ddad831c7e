//! Each construct of the language, and the tree that it becomes: the snapshots are reviewed by
//! eye. A case is a text; where the construct stands only in something else, that is added.

use super::{good, run, snapshot};

/// Each source with its tree below.
fn shown<'s>(sources: impl IntoIterator<Item = &'s str>, wrap: fn(&str) -> String) -> String {
    let mut out = String::new();
    for source in sources {
        let tree = good(&wrap(source)).print();
        out.push_str(&format!("{source}\n{tree}\n"));
    }
    out
}

fn alone(source: &str) -> String {
    source.to_owned()
}

fn in_block(source: &str) -> String {
    format!("default {{ {source} }}")
}

fn in_proxy(source: &str) -> String {
    format!("default {{ proxy shop {{ {source} }} }}")
}

fn in_test(source: &str) -> String {
    format!("test \"t\" {{ {source} }}")
}

fn as_value(source: &str) -> String {
    format!("const x = {source}")
}

#[test]
fn declarations() {
    snapshot(
        "constructs_declarations",
        &shown(
            [
                "use std.waf",
                "use std.waf as w",
                "use \"./shared.edge\" as s",
                "origin shop { url \"https://shop.internal:8443\"  connect 1s  timeout 10s  idle 1m }",
                "origin shop { host \"a.example\" region \"us-east\" protocol h2 health \"/healthz\" every 5s tls { sni \"x\" verify off } }",
                "pool api { failover a, b  eject after 5 failures for 30s }",
                "pool api { weighted a rest, b ramp, c 10%  sticky cookie \"n\" 1d }",
                "pool api { nearest a, b  health \"/healthz\" every 5s }",
                "pool api { hash a, b by client.ip }",
                "pool api { round_robin a, b }",
                "experiment home { unit request.header[\"X\"] else client.ip  split a 90%, b 10% }",
                "experiment home { unit client.ip split a 50%, b rest_share when geo.country == \"DE\" force request.query[\"arm\"] salt \"s\" sticky cookie \"n\" 1d unit client.ip }",
                "secret JWT_SECRET",
                "param ramp: percent = 5%",
                "param name: string",
                "set banned = [\"10.0.0.0/8\", \"::1\",]",
                "set empty = []",
                "set banned = load \"banned.txt\"",
                "const page = load \"page.html\"",
                "const limit_value = 10 * 4",
                "fn f(a: string, b: int?) = a + \"{b else 0}\"",
                "fn g() = 1",
                "route { respond 200 }",
                "route home { respond 200 }",
                "route GET \"/\" { respond 200 }",
                "route home GET, POST \"/a/:id/*rest\" when client.ip in banned { respond 200 }",
                "route when request.path in moved { respond 200 }",
                "route API GET \"/\" { respond 200 }",
                "on request { waf shield }",
                "on response { set response.header \"A\" = \"b\" }",
                "on response when response.status >= 500 { remove response.header \"A\" }",
                "on error { respond 502 }",
                "default { respond 404 }",
                "## one\n## two\ndefault { }",
            ],
            alone,
        ),
    );
}

#[test]
fn wafs() {
    snapshot(
        "constructs_wafs",
        &shown(
            [
                "waf shield { include waf.traversal, waf.xss }",
                "waf shield {\n  ## no dotfiles\n  rule no_dotfiles { when request.path matches r\"/\\.git\" severity high tags \"a\", \"b\" score 5 }\n}",
                "waf shield { rule a { when true } respond 403 text \"no\" threshold 5 inspect path, query exclude waf.xss when true mode shadow }",
            ],
            alone,
        ),
    );
}

#[test]
fn what_is_not_built_yet() {
    snapshot(
        "constructs_what_is_not_built_yet",
        &shown(
            [
                "cache pages { tier edge 5m tier regional 1h key request.host, geo.country ignore query \"utm_*\", \"gclid\" only query \"q\" only when response.status == 200 ttl 30s when response.status == 404 methods GET, POST stale while_revalidate 30s, if_error 1d strip response.header \"Set-Cookie\" tag \"a\", \"b\" coalesce on etag on respect origin forward client_headers }",
                "limit per_ip { 100 per 1m by client.ip burst 20 algorithm sliding_window mode shadow respond 429 text \"slow\" }",
                "limit jobs { 5 at_once by client.ip, request.path }",
                "auth session { jwt hs256 JWT_SECRET from bearer  issuer \"https://id.example\"  leeway 30s }",
                "store sessions { ttl 1d max_value 64KiB }",
                "counter hits { expire 1d }",
                "map moved = load \"moved.csv\"",
                "map moved = { \"/a\" => \"/b\", \"/c\" => \"/d\" }",
                "site \"a.example\", \"*.a.example\" { route GET \"/\" { respond 200 } default { respond 404 } }",
                "log access { request.path, response.status  sample 1%  when true }",
            ],
            alone,
        ),
    );
    snapshot(
        "constructs_unbuilt_statements",
        &shown(
            [
                "limit per_ip",
                "limit per_ip cost 0 else { respond 429 }",
                "auth session",
                "put sessions[\"a\"] = \"b\" ttl 1h",
                "delete sessions[\"a\"]",
                "purge tag \"a\", \"b\"",
                "purge path \"/x\"",
                "count hits by client.ip",
                "set response.cookie \"n\" = \"v\" { max_age 1d path \"/\" same_site strict }",
                "remove response.cookie \"n\"",
                "gather { a = fetch shop \"/a\"  b = fetch shop \"/b\" { method POST set header \"A\" = \"b\" body \"x\" timeout 1s } }",
                "mirror shop 10%",
                "replace response.body \"a\" with \"b\"",
                "insert \"<script>\" before \"</body>\"",
                "if let m = request.path matches r\"/(?<id>.*)\" { respond text m.id } else { respond 404 }",
                "let n = increment hits[client.ip] by 2",
                "let n = list hits",
                "let a = sessions[request.cookie[\"s\"]] else { respond 401 }",
            ],
            in_block,
        ),
    );
}

#[test]
fn statements() {
    snapshot(
        "constructs_statements",
        &shown(
            [
                "let x = 1 let y = x",
                "let x = request.header[\"A\"] else { respond 400 }",
                "let x = a else b else { respond 400 }",
                "if a { respond 200 } else if b { respond 201 } else if c { } else { respond 202 }",
                "require client.ip in office else { respond 403 text \"no\" }",
                "waf shield waf shared.group",
                "set response.header \"A\" = \"b\" add response.header \"A\" = 1 remove response.header \"A\"",
                "log \"{request.path}\"",
                "respond 404",
                "respond text \"x\"",
                "respond 404 html page",
                "respond json { a: 1, \"b c\": [1, { d: null }], }",
                "respond json [1, 2]",
                "respond bytes request.body(256KiB)",
                "respond code text \"x\"",
                "redirect \"/x\"",
                "redirect 301 moved[request.path]",
                "redirect 308 \"https://{request.host}{request.target}\"",
                "proxy shop",
                "proxy choose home { a => shop, b => shop_b } { path \"/x\" }",
                "proxy choose { geo.country == \"US\" => api_us, otherwise => api_eu }",
                "on response when response.status == 404 { set response.header \"A\" = \"b\" } proxy shop",
            ],
            in_block,
        ),
    );
}

#[test]
fn proxy_settings() {
    snapshot(
        "constructs_proxy_settings",
        &shown(
            [
                "path \"/v2/{params.rest}\" query \"k\" = 1 remove query \"utm_*\" method POST host \"a.example\"",
                "set header \"A\" = \"b\" add header \"A\" = \"c\" remove header \"A\" timeout 5s",
                "retry 2 on connect, timeout, 502 fallback shop on connect, 5xx",
                "retry 1 fallback shop",
                "cache pages keep cookie \"a*\" remove cookie \"b\" unkeyed header \"A\"",
            ],
            in_proxy,
        ),
    );
}

#[test]
fn tests_in_policies() {
    snapshot(
        "constructs_tests_in_policies",
        &shown(
            [
                "given client.ip \"203.0.113.9\" given geo.country \"DE\" given geo.latitude -1.5",
                "given secret K \"v\" given param ramp 5% given store s[\"k\"] = \"v\"",
                "given origin shop responds 200 \"home\" given origin shop responds given origin shop responds \"x\"",
                "given origin shop responds 503 { header \"A\" = \"b\" body \"x\" delay 5s }",
                "given origin shop fails connect",
                "get \"/\" expect status 200",
                "post \"/a?b\" { header \"A\" = \"b\" cookie \"n\" = \"v\" body \"x\" client.ip \"::1\" }",
                "expect status 429, because limit.per_ip",
                "expect because \"route.GET /geo\"",
                "expect header \"A\" \"b\", header \"B\" contains \"c\", header \"C\" is absent, body matches r\"x\", body == \"y\"",
                "expect origin api_us received header \"X-Client-Country\" == \"US\" and path == \"/x\" and method POST and query \"a=b\"",
                "expect origin api_us received, origin api_eu not called, cache hit",
                "after 1m repeat 120 { get \"/\"  expect status 200 }",
            ],
            in_test,
        ),
    );
}

#[test]
fn expressions() {
    snapshot(
        "constructs_expressions",
        &shown(
            [
                "true or false and not null == 1",
                "a or b or c and d and e",
                "not not a",
                "a == b and c != d or e < f and g <= h or i > j and k >= l",
                "1 + 2 * 3 - 4 / 5 % 6",
                "(1 + 2) * 3",
                "a else b + c else d == e",
                "-a.b + -5 - -1.5",
                "a in b and a matches r\"x\" and a contains \"b\" and a starts_with \"c\" and a ends_with \"d\"",
                "a contains any [\"x\", \"y\"] or any request.headers[\"A\"] == \"b\" or any a else b in c",
                "a is present and b is absent and home is control",
                "request.header[\"X-{a}\"] and params[\"id\"] and moved[request.path]",
                "json(request.body).user.id as string",
                "a as int? == 5",
                "f(1, g(2), \"x\",)",
                "std.f()",
                "hmac_sha256(K, \"a\")[0].b",
                "choose { a => 1, b == c => 2, otherwise => 3 }",
                "choose geo.country else \"US\" { \"US\", \"CA\" => \"x\", otherwise => \"y\", }",
                "[1, [2, { a: 3 }], []]",
                "t\"2026-12-01T00:00:00Z\" < now",
                "fetch == 1 and list.x and increment + 1",
                "a.in.any.else",
            ],
            as_value,
        ),
    );
}

#[test]
fn literals() {
    snapshot(
        "constructs_literals",
        &shown(
            [
                "[0, 42, 1.5, 9223372036854775807]",
                "[250ms, 5s, 1h30m, 7d, 1d2h3m4s5ms, 0s]",
                "[1B, 64KiB, 10MiB, 1GiB]",
                "[0%, 10%, 12.5%, 0.0001%, 100%]",
                "[10 % 3, x%3, x % 3]",
                "\"a\\n\\r\\t\\\\\\\"\\u{e9}\\u{1F600}\"",
                "\"{{}} {{a}}\"",
                "\"a{b}c{d[\"e{f}\"]}\"",
                "\"{choose a { \"x\" => \"{y}\", otherwise => b }}\"",
                "\"{bar[\"a\\\"\"]}{r\"\\\"}{t\"\\\"}\"",
                "r\"/\\.(git|svn){2}\"",
                "r#\"say \"hi\"\nand {x}\"#",
                "\"\"\"one line\"\"\"",
                "\"\"\"\n    a\n      b \"quoted\" {c}\n\n    d\n    \"\"\"",
                "\"\"\"\n    a\n  \"\"\"",
                "\"\"",
            ],
            as_value,
        ),
    );
}

#[test]
fn blanks_and_comments_mean_nothing() {
    let plain = good("origin a { url \"https://a\" }\ndefault { respond 404 }").print();
    let odd =
        "\u{feff}# c\r\norigin\ta {# c }\r\n url # {\r\n\"https://a\"}default{respond 404}# end";
    assert_eq!(good(odd).print(), plain);
    assert_eq!(good("").print(), "");
    assert_eq!(good("\u{feff}").print(), "");
    assert_eq!(good("# nothing\n\n").print(), "");
}

#[test]
fn lines_of_strings_end_alike_on_all_systems() {
    let text = "const a = \"\"\"\n  x\n  y\n  \"\"\"\nconst b = r#\"x\ny\"#";
    assert_eq!(
        good(&text.replace('\n', "\r\n")).print(),
        good(text).print()
    );
}

#[test]
fn places_are_those_of_the_file() {
    let text = "\u{feff}# é\nconst a = 1\nconst b = \"x{ name }\"";
    let file = good(text);
    let crate::ast::ItemKind::Const {
        value: crate::ast::ConstValue::Expr(value),
        ..
    } = &file.items[1].kind
    else {
        panic!("a const")
    };
    let crate::ast::ExprKind::Str(parts) = &value.kind else {
        panic!("a string")
    };
    let crate::ast::StrPart::Expr(name) = &parts[1] else {
        panic!("an expression")
    };
    assert_eq!(
        &text[name.span.start as usize..name.span.end as usize],
        "name"
    );
    let item = file.items[1].span;
    assert_eq!(
        &text[item.start as usize..item.end as usize],
        "const b = \"x{ name }\""
    );
}

#[test]
fn a_route_head_ends_before_its_brace() {
    let text = "route home GET \"/\" when a   { respond 200 }";
    let crate::ast::ItemKind::Route(route) = &good(text).items[0].kind else {
        panic!("a route")
    };
    assert_eq!(
        &text[..route.head.end as usize],
        "route home GET \"/\" when a"
    );
}

#[test]
fn declarations_are_found_however_they_are_laid_out() {
    let text = "origin a { url \"https://a\" } origin b { url \"https://b\" }\n\
                set s = [\n\"x\",\n]\n  const c = a or\nb\nconst d = choose {\na => b,\notherwise => c\n} else e\n\
                route x\n  GET \"/\"\n  when y\n{ waf z\nset response.header \"A\" = \"b\"\nrespond 200 }\nsecret K\n";
    let (file, problems) = run(text);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(file.items.len(), 7);
}
