//! The policy that the language's design shows, whole.

use super::good;
use crate::ast::ItemKind;

pub(super) const POLICY: &str = r##"use std.waf

origin shop   { url "https://shop.internal:8443"  connect 1s  timeout 10s }
origin shop_b { url "https://shop-b.internal" }
origin api_us { url "https://api-us.internal"  region "us-east" }
origin api_eu { url "https://api-eu.internal"  region "eu-west" }

pool api { nearest api_us, api_eu  health "/healthz" every 5s  eject after 5 failures for 30s }

cache pages {
  tier edge 5m
  tier regional 1h
  ignore query "utm_*", "gclid"
  only when response.status == 200
  ttl 30s when response.status == 404
  stale while_revalidate 30s, if_error 1d
}

limit per_ip { 100 per 1m by client.ip burst 20 }

waf shield {
  include waf.traversal, waf.xss, waf.scanners
  rule no_dotfiles { when request.path matches r"/\.(git|svn|env)(/|$)" }
}

experiment homepage {
  unit  request.header["X-User-ID"] else client.ip
  split control 90%, redesign 10%
}

secret JWT_SECRET
auth session { jwt hs256 JWT_SECRET from bearer  issuer "https://id.example"  leeway 30s }

map moved = load "moved.csv"

on request {
  waf shield
  limit per_ip
}

route when request.path in moved { redirect 301 moved[request.path] }

route home GET "/" {
  set response.header "X-AB-Variant" = homepage
  proxy choose homepage { control => shop, redesign => shop_b } { cache pages }
}

route geo GET "/geo" {
  respond json {
    country:       geo.country else "Unknown",
    city:          geo.city else "Unknown",
    edge_location: edge.pop else "Unknown",
  }
}

route api "/api/*rest" {
  auth session
  proxy api {
    path "/v2/{params.rest}"
    set header "X-User" = session.sub
    retry 2 on connect, timeout
    fallback shop on connect, 5xx
  }
}

default { respond 404 text "Not found" }

test "the hundred and twenty-first request of a minute is refused, and time heals it" {
  given client.ip "203.0.113.9"
  given origin shop responds 200 "home"
  repeat 120 { get "/"  expect status 200 }
  get "/"  expect status 429, because limit.per_ip
  after 1m
  get "/"  expect status 200
}
"##;

#[test]
fn the_whole_policy_parses() {
    let file = good(POLICY);
    let unbuilt = |item: &&crate::ast::Item| matches!(item.kind, ItemKind::Unbuilt { .. });
    assert_eq!(file.items.len(), 20);
    assert_eq!(file.items.iter().filter(unbuilt).count(), 2);
}
