//! What is proved present where.

use super::{codes, messages};

/// A policy whose default runs these statements, with `h` short for a header.
fn policy(body: &str) -> String {
    let body = body.replace("HDR", "request.header[\"X-H\"]");
    format!(
        "set names = [\"a\", \"b\"]\nfn shout(s: string) = upper(s)\ndefault {{\n{body}\n  respond 404\n}}\n"
    )
}

#[test]
fn these_uses_are_proved() {
    for body in [
        "if HDR is present { respond text HDR }",
        "if HDR == \"a\" { respond text HDR }",
        "if HDR in names { respond text shout(HDR) }",
        "if HDR matches r\"^a\" { respond text \"{HDR}\" }",
        "if HDR contains \"a\" { respond text HDR }",
        "if HDR starts_with any [\"a\", \"b\"] { respond text HDR }",
        "if HDR is absent { respond 400 } else { log HDR }",
        "if HDR is absent { respond 400 }\nlog HDR",
        "if not (HDR is present) { respond 400 }\nlog HDR",
        "require HDR is present else { respond 400 }\nlog HDR",
        "require HDR is present and len(HDR) > 3 else { respond 400 }\nlog HDR",
        "let x = HDR else { respond 400 }\nlog x\nlog HDR",
        "let x = HDR\nif x is present { respond text x }",
        "if HDR is absent or HDR != \"a\" { respond 400 }",
        "if HDR is absent or request.method == \"POST\" { respond 400 }\nlog HDR",
        "if HDR is present and not (HDR == \"a\") { respond 400 }",
        "log choose { HDR is present => HDR, otherwise => \"\" }",
        "log choose { HDR is absent => \"\", otherwise => HDR }",
        "log choose HDR { \"a\", \"b\" => HDR, otherwise => \"\" }",
        "log HDR else \"none\"",
        "log HDR else geo.asn else client.ip",
        "if HDR == \"a\" { log HDR } else { respond 400 }\nlog HDR",
        "if HDR == \"a\" and geo.country == \"DE\" { log \"{HDR}{geo.country}\" }",
        "if HDR == \"a\" { log \"x\" }",
        "if request.query[\"k\"] == HDR { log HDR }",
    ] {
        let policy = policy(body);
        assert!(codes(&policy).is_empty(), "{body}\n{}", messages(&policy));
    }
}

#[test]
fn these_uses_are_not_proved() {
    for body in [
        "log HDR",
        "log \"{HDR}\"",
        "log shout(HDR)",
        "log lower(HDR)",
        "if HDR != \"a\" { respond 400 }",
        "if not (HDR == \"a\") { respond 400 }",
        "if not (HDR in names) { respond 400 }",
        "if HDR is absent { log HDR }",
        "if HDR is present { log \"x\" }\nlog HDR",
        "if HDR is absent { log \"x\" }\nlog HDR",
        "if HDR is present or request.method == \"GET\" { log HDR }",
        "if HDR is absent and request.method == \"GET\" { respond 400 }\nlog HDR",
        "require request.header[\"X-I\"] is present else { respond 400 }\nlog HDR",
        "require HDR is present else { respond text HDR }",
        "set response.header \"X\" = HDR",
        "log geo.asn",
        "log HDR else geo.country",
        "if request.method == \"GET\" { let x = HDR else { respond 400 } }\nlog HDR",
        "log choose { HDR == \"a\" => \"x\", otherwise => HDR }",
    ] {
        let policy = policy(body);
        assert_eq!(codes(&policy), ["E0302"], "{body}\n{}", messages(&policy));
    }
}

#[test]
fn what_is_always_there_needs_no_else() {
    for body in [
        "log request.path else \"x\"",
        "if request.path is present { respond 400 }",
        "let x = request.path else { respond 400 }",
        "log HDR else \"a\" else \"b\"",
    ] {
        let policy = policy(body);
        assert_eq!(codes(&policy), ["E0303"], "{body}\n{}", messages(&policy));
    }
}
