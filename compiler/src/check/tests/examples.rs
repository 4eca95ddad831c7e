//! Whole policies, and what they become.

use super::{Files, front, front_with};
use crate::hir::{Const, Elements, Expr, Matcher, Segment, StmtKind};

/// A policy that has nearly everything.
pub(super) const SHOP: &str = r#"
use std.waf

origin shop   { url "https://shop.internal:8443"  connect 1s  timeout 10s }
origin shop_b { url "https://shop-b.internal" }
pool api { failover shop, shop_b }
pool canary { weighted shop rest, shop_b ramp }

param ramp: percent = 5%
secret API_KEY

set office = ["10.0.0.0/8", "2001:db8::/32"]
const greeting = "hello"
fn page(title: string) = "{greeting}, {title}"

waf shield {
  include waf.traversal, waf.xss
  rule no_dotfiles { when request.path matches r"/\.(git|svn|env)(/|$)" }
}

experiment homepage {
  unit  request.header["X-User-ID"] else client.ip
  split control 90%, redesign 10%
}

on request { waf shield }

route home GET "/" {
  set response.header "X-AB-Variant" = homepage
  on response when response.status == 200 {
    set response.header "X-Page" = "{params_count}"
  }
  proxy choose homepage { control => shop, redesign => shop_b } { timeout 2s }
}

route geo GET "/geo" {
  respond json {
    country: geo.country else "Unknown",
    asn: geo.asn else "Unknown",
    nested: [1, true, null, { path: request.path }],
  }
}

route api "/api/*rest" {
  require client.ip in office else { respond 403 text "no" }
  proxy api {
    path "/v2/{params.rest}"
    query "from" = "edge"
    remove query "utm_*"
    set header "Authorization" = "Bearer {API_KEY}"
    retry 2 on connect, timeout
    fallback shop on connect, 5xx
  }
}

route GET "/hello/:name" {
  respond html "<h1 title='{params.name}'>{page(params.name)}</h1>"
}

on response { set response.header "X-Frame-Options" = "DENY" }
on error { respond 503 text "later" }
default { respond 404 text "Not found" }

test "home" {
  given client.ip "203.0.113.9"
  given origin shop responds 200 "home"
  get "/"
  expect status 200, header "X-Frame-Options" == "DENY", because route.home
}
"#;

#[test]
fn a_whole_policy_is_typed() {
    let policy = SHOP.replace("{params_count}", "{response.status}");
    let hir = front(&policy).unwrap();
    assert_eq!(hir.name, "policy");
    let routes: Vec<&str> = hir
        .routes
        .iter()
        .map(|route| hir.rules[route.rule.0 as usize].name.as_str())
        .collect();
    assert_eq!(
        routes,
        [
            "route.home",
            "route.geo",
            "route.api",
            "route.GET /hello/:name"
        ]
    );
    assert_eq!(hir.routes[0].methods, ["GET", "HEAD"]);
    assert_eq!(hir.routes[0].on_response.len(), 1);
    assert_eq!(
        hir.experiments[0].arms,
        [
            ("control".to_owned(), 900_000),
            ("redesign".to_owned(), 100_000)
        ]
    );
    assert_eq!(hir.pools[1].members[1].weight_param, Some(0));
    assert!(
        hir.rules
            .iter()
            .any(|rule| rule.name == "waf.shield.traversal.raw_path")
    );
    assert!(
        hir.rules
            .iter()
            .any(|rule| rule.name == "waf.shield.no_dotfiles")
    );
    assert!(
        hir.rules
            .iter()
            .any(|rule| rule.name == "route.api.require")
    );
    assert_eq!(hir.tests[0].steps.len(), 6);
    let StmtKind::Deny(rules) = &hir.on_request[0].kind else {
        panic!("{:?}", hir.on_request);
    };
    assert_eq!(rules.len(), 9);
}

#[test]
fn a_set_holds_text_or_addresses_as_it_is_used() {
    let hir = front(
        r#"
        set seen = ["10.0.0.0/8"]
        default {
          if client.ip in seen { respond 200 }
          if request.header["X"] in seen { respond 201 }
          respond 404
        }"#,
    )
    .unwrap();
    assert_eq!(hir.sets.len(), 2);
    assert!(matches!(hir.sets[0].elements, Elements::Networks(_)));
    assert!(matches!(hir.sets[1].elements, Elements::Bytes(_)));
}

#[test]
fn constants_are_worked_out() {
    let hir = front(
        r#"
        const a = "x"
        const b = "{a}-{1 + 2 * 3}-{a}"
        default { respond text upper(b) }"#,
    )
    .unwrap();
    let StmtKind::Respond(it) = &hir.default[0].kind else {
        panic!("{:?}", hir.default);
    };
    let Some(Expr::Const(Const::Bytes(bytes))) = &it.body else {
        panic!("{:?}", it.body);
    };
    assert_eq!(bytes, b"X-7-X");
}

#[test]
fn comparisons_become_matchers() {
    let hir = front(
        r#"
        default {
          if request.path in ["/a", "/b"] and client.port < 1024 { respond 200 }
          if request.path matches any [r"a", r"b"] { respond 201 }
          respond 404
        }"#,
    )
    .unwrap();
    let StmtKind::If { arms, .. } = &hir.default[0].kind else {
        panic!("{:?}", hir.default);
    };
    let Expr::And(both) = &arms[0].0 else {
        panic!("{:?}", arms[0].0);
    };
    let Expr::Test(_, Matcher::Equals(values)) = &both[0] else {
        panic!("{:?}", both[0]);
    };
    assert_eq!(values.len(), 2);
    assert!(matches!(
        &both[1],
        Expr::Test(_, Matcher::Range(i64::MIN, 1023))
    ));
    let StmtKind::If { arms, .. } = &hir.default[1].kind else {
        panic!("{:?}", hir.default);
    };
    assert!(matches!(&arms[0].0, Expr::Test(_, Matcher::Matches(regex)) if regex == "(?:a)|(?:b)"));
}

#[test]
fn used_files_bring_names() {
    let files = Files::of(&[
        (
            "lib/shared.edge",
            "set banned = load \"banned.txt\"\nfn hello(n: string) = \"hello {n}\"\norigin o { url \"http://o\" }\n",
        ),
        (
            "lib/banned.txt",
            "# who\n203.0.113.9\n\n198.51.100.0/24 # all\n",
        ),
    ]);
    let policy = r#"
        use "./lib/shared.edge" as s
        route "/:n" {
          if client.ip in s.banned { respond 403 }
          if request.method == "POST" { proxy s.o }
          respond text s.hello(params.n)
        }
        default { respond 404 }"#;
    let hir = front_with(policy, &files).unwrap();
    assert_eq!(hir.origins[0].name, "shared.o");
    let Elements::Networks(networks) = &hir.sets[0].elements else {
        panic!("{:?}", hir.sets);
    };
    assert_eq!(networks.len(), 2);
    assert_eq!(networks[1].1, 120);
    assert_eq!(
        hir.routes[0].pattern.as_ref().unwrap().segments,
        [Segment::Param]
    );
}

#[test]
fn the_typed_tree_prints() {
    let hir = front(&SHOP.replace("{params_count}", "{response.status}")).unwrap();
    insta::assert_snapshot!(hir);
}

#[test]
fn what_is_typed_can_be_built() {
    let shop = SHOP.replace("{params_count}", "{response.status}");
    for policy in [shop.as_str(), include_str!("policies/sound.edge")] {
        let built = crate::compile("policy.edge", policy, &crate::source::NoFiles);
        assert!(built.is_ok(), "{:?}", built.err());
    }
}

#[test]
fn expressions_of_all_kinds_are_typed() {
    let hir = front(include_str!("policies/sound.edge")).unwrap();
    insta::assert_snapshot!(hir);
}

#[test]
fn tests_become_a_plan() {
    let hir = front(include_str!("policies/sound.edge")).unwrap();
    let plan = serde_json::to_string_pretty(&hir.tests).unwrap();
    insta::assert_snapshot!(plan);
}
