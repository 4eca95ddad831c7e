//! What to do without the parts of the language that are not built yet.

/// Words of a part that is not built, and what does its work meanwhile. The first that fits counts.
const INSTEAD: &[(&[&str], &str)] = &[
    (
        &["client"],
        "leave it out: of a client's TLS only `client.tls.version` is known",
    ),
    (
        &["auth", "hmac", "seal", "random_token"],
        "leave it out, and check who is calling at the origin",
    ),
    (
        &["map"],
        "write `choose E { \"key\" => value, otherwise => … }`, or a `route when` for each",
    ),
    (&["count"], "leave it out, and write a line with `log`"),
    (
        &["site"],
        "ask in each route: `route when request.host == \"shop.example\" { … }`",
    ),
    (
        &["log"],
        "leave it out: the host logs every request, and `log E` adds to its entry",
    ),
    (
        &[
            "nearest",
            "hash",
            "round_robin",
            "sticky",
            "eject",
            "health",
        ],
        "write a `failover` or a `weighted` pool",
    ),
    (
        &["fetch", "gather", "mirror", "replace", "insert"],
        "leave it out, and do it at the origin",
    ),
    (
        &["cookie"],
        "write the header: `set response.header \"Set-Cookie\" = \"…\"`, or `remove header \"Cookie\"` in `proxy`",
    ),
    (&["if let"], "write `let m = … else { … }` before an `if`"),
    (
        &["tls", "protocol"],
        "leave it out: the host speaks HTTP/1.1 to origins, and checks certificates of `https` ones",
    ),
];

/// What to write, or to do, instead of a part that is not built.
pub(super) fn instead(what: &str) -> &'static str {
    let words: Vec<&str> = what
        .split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .collect();
    let fits = |part: &&str| {
        let part: Vec<&str> = part.split(' ').collect();
        words.windows(part.len()).any(|window| window == part)
            || part.len() == 1
                && words
                    .iter()
                    .any(|word| word.split('_').next() == part.first().copied())
    };
    INSTEAD
        .iter()
        .find(|(parts, _)| parts.iter().any(&fits))
        .map_or(
            "do without it for now; docs/language.md says what each section does not have yet",
            |(_, help)| help,
        )
}

#[cfg(test)]
mod tests {
    use super::instead;

    #[test]
    fn what_does_the_work_meanwhile_is_named() {
        for (what, help) in [
            ("`count`", "a line with `log`"),
            ("`nearest` pools", "`failover`"),
            ("`hmac_sha256`", "who is calling"),
            ("`negotiate`", "docs/language.md"),
        ] {
            assert!(instead(what).contains(help), "{what}: {}", instead(what));
        }
    }
}
