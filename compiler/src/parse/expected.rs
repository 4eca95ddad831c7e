//! What the grammar's rules are called in diagnostics.

use super::grammar::{Rule, is_keyword};
use super::words::STATEMENTS;

/// What a row holds, and the words that begin its parts.
pub(super) type Choice = (&'static str, &'static [&'static str]);

/// Rules of which one stands in a row of its kind: what they are called, and the words that begin them.
pub(super) fn choices(rule: Rule) -> Option<Choice> {
    Some(match rule {
        Rule::statement => ("statement", STATEMENTS),
        Rule::origin_setting => (
            "setting of an origin",
            &[
                "url", "connect", "timeout", "idle", "host", "region", "protocol", "health", "tls",
            ],
        ),
        Rule::pool_setting => (
            "setting of a pool",
            &[
                "failover",
                "weighted",
                "nearest",
                "hash",
                "round_robin",
                "sticky",
                "health",
                "eject",
            ],
        ),
        Rule::experiment_setting => (
            "setting of an experiment",
            &["unit", "split", "when", "force", "salt", "sticky"],
        ),
        Rule::waf_entry => (
            "setting of a waf",
            &[
                "include",
                "rule",
                "respond",
                "inspect",
                "threshold",
                "exclude",
                "mode",
            ],
        ),
        Rule::inspect_target => (
            "text to inspect",
            &[
                "path", "query", "args", "headers", "header", "cookies", "body",
            ],
        ),
        Rule::rule_setting => ("setting of a rule", &["when", "severity", "tags", "score"]),
        Rule::proxy_setting => (
            "setting of `proxy`",
            &[
                "path", "query", "method", "host", "set", "add", "remove", "keep", "timeout",
                "retry", "fallback", "cache", "unkeyed",
            ],
        ),
        Rule::cache_setting => (
            "setting of a cache",
            &[
                "tier", "key", "ignore", "only", "ttl", "methods", "stale", "strip", "tag",
                "coalesce", "etag", "respect", "forward",
            ],
        ),
        Rule::limit_setting => (
            "setting of a limit",
            &["burst", "algorithm", "mode", "fail", "respond"],
        ),
        Rule::keyed_setting => (
            "setting of a store or counter",
            &["ttl", "max_value", "expire", "on_failure"],
        ),
        Rule::site_entry => ("declaration in a site", &["route", "on", "default"]),
        Rule::fetch_setting => ("setting of `fetch`", &["method", "set", "body", "timeout"]),
        Rule::step => (
            "step of a test",
            &[
                "given", "get", "head", "post", "put", "delete", "options", "patch", "expect",
                "after", "repeat",
            ],
        ),
        Rule::expectation => (
            "expectation",
            &[
                "status", "header", "body", "because", "shadow", "scored", "origin", "store",
                "counter", "purged", "cache",
            ],
        ),
        Rule::received_part => (
            "part of a request",
            &["method", "path", "query", "header", "body"],
        ),
        Rule::request_setting => (
            "setting of a request",
            &["header", "cookie", "body", "client.ip"],
        ),
        Rule::responds_setting => ("setting of an answer", &["header", "body", "delay"]),
        Rule::format | Rule::respond_body => ("format", &["text", "html", "json", "bytes"]),
        _ => return None,
    })
}

/// A rule in words, for `expected …`.
pub(super) fn words(rule: Rule) -> String {
    if is_keyword(rule) {
        let name = format!("{rule:?}");
        return format!("`{}`", name.trim_start_matches("kw_"));
    }
    if let Some((kind, _)) = choices(rule) {
        let article = if kind.starts_with(['a', 'e']) {
            "an"
        } else {
            "a"
        };
        return format!("{article} {kind}");
    }
    name(rule).to_owned()
}

fn name(rule: Rule) -> &'static str {
    match rule {
        Rule::lbrace | Rule::soup | Rule::block => "`{`",
        Rule::rbrace => "`}`",
        Rule::lparen => "`(`",
        Rule::rparen => "`)`",
        Rule::lbracket => "`[`",
        Rule::rbracket => "`]`",
        Rule::equals => "`=`",
        Rule::eq => "`==`",
        Rule::arrow => "`=>`",
        Rule::comma | Rule::arm_comma | Rule::list_comma => "a comma",
        Rule::colon => "`:`",
        Rule::question => "`?`",
        Rule::EOI => "the end of the declaration",
        Rule::name | Rule::std_name | Rule::fn_param | Rule::map_entry => "a name",
        Rule::word | Rule::failure => "a word",
        Rule::path => "a name",
        Rule::type_name => "a type",
        Rule::number | Rule::rate | Rule::at_once => "a number",
        Rule::share | Rule::weight | Rule::split_arm => "a percentage",
        Rule::text
        | Rule::str_plain
        | Rule::str_triple
        | Rule::str_raw
        | Rule::str_hash
        | Rule::responds_body => "a string in quotes",
        Rule::list => "a list in brackets",
        Rule::object => "`{`",
        Rule::entry => "a key",
        Rule::infix
        | Rule::is_test
        | Rule::field
        | Rule::index
        | Rule::call
        | Rule::cast
        | Rule::arith => "an operator",
        Rule::compare_sign | Rule::predicate => "a comparison",
        Rule::arm | Rule::arm_keys => "an arm (`value => result`)",
        Rule::method | Rule::methods => "a method",
        Rule::route_head => "a name, a method or a pattern",
        Rule::response_header => "`response.header`",
        Rule::response_cookie => "`response.cookie`",
        Rule::response_body => "`response.body`",
        Rule::load => "`load`",
        Rule::request_method => "a method",
        Rule::given => "a fact, `origin`, `store`, `counter`, `limit`, `secret` or `param`",
        _ => "an expression",
    }
}

/// Whether a rule only says that an expression could go on: not named when something else could follow.
pub(super) fn continues(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::infix
            | Rule::is_test
            | Rule::field
            | Rule::index
            | Rule::call
            | Rule::cast
            | Rule::arith
            | Rule::kw_is
            | Rule::kw_as
            | Rule::question
    )
}

/// Whether a rule is punctuation: named last.
pub(super) fn is_sign(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::lbrace
            | Rule::rbrace
            | Rule::rparen
            | Rule::rbracket
            | Rule::comma
            | Rule::arm_comma
            | Rule::list_comma
            | Rule::EOI
    )
}

/// Whether a word begins an expectation of a test, and no step.
pub(super) fn is_expectation(word: &str) -> bool {
    matches!(
        word,
        "status"
            | "header"
            | "body"
            | "because"
            | "shadow"
            | "scored"
            | "origin"
            | "store"
            | "counter"
            | "purged"
            | "cache"
    )
}
