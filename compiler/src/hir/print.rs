//! The typed tree as text, for `--emit hir` and for tests: one statement a line.

use super::{
    Block, Const, EditValue, Elements, Expr, Fact, Hir, Matcher, QueryEdit, SecretPart, Segment,
    Stmt, StmtKind, Type,
};
use crate::ast::EditOp;
use std::fmt::{self, Display, Write};

impl Display for Hir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "policy {}", self.name)?;
        self.declarations(f)?;
        self.handlers(f)?;
        for route in &self.routes {
            let pattern = route.pattern.as_ref().map(|it| pattern(&it.segments));
            let methods = route.methods.join(",");
            let pattern = pattern.unwrap_or_default();
            write!(f, "{} [{methods}] {pattern}", self.rule(route.rule))?;
            match &route.when {
                Some(when) => writeln!(f, " when {when}")?,
                None => writeln!(f)?,
            }
            self.block(f, &route.body, 1)?;
            for handler in &route.on_response {
                self.handler(f, handler)?;
            }
        }
        writeln!(f, "default")?;
        self.block(f, &self.default, 1)
    }
}

impl Hir {
    fn declarations(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, origin) in self.origins.iter().enumerate() {
            writeln!(f, "target {n} origin {} {}", origin.name, origin.url)?;
        }
        for (n, pool) in self.pools.iter().enumerate() {
            let members: Vec<String> = pool
                .members
                .iter()
                .map(|it| it.target.to_string())
                .collect();
            let n = n + self.origins.len();
            writeln!(
                f,
                "target {n} pool {} {:?} {}",
                pool.name,
                pool.choice,
                members.join(" ")
            )?;
        }
        for (n, it) in self.experiments.iter().enumerate() {
            write!(f, "experiment {n} {} by {}", it.name, it.unit)?;
            for (arm, share) in &it.arms {
                write!(f, " {arm}:{share}")?;
            }
            optional(f, " when ", it.when.as_ref())?;
            optional(f, " force ", it.force.as_ref())?;
            writeln!(f)?;
        }
        for (n, set) in self.sets.iter().enumerate() {
            let (kind, count) = match &set.elements {
                Elements::Bytes(list) => ("strings", list.len()),
                Elements::Ints(list) => ("integers", list.len()),
                Elements::Networks(list) => ("networks", list.len()),
            };
            writeln!(f, "set {n} {} of {count} {kind}", set.name)?;
        }
        for it in &self.fns {
            writeln!(
                f,
                "fn {}/{}: {} = {}",
                it.name,
                it.params.len(),
                it.ty,
                it.body
            )?;
        }
        for (n, it) in self.lets.iter().enumerate() {
            writeln!(f, "let {n} {}: {} = {}", it.name, it.ty, it.value)?;
        }
        Ok(())
    }

    fn handlers(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.on_request.is_empty() {
            writeln!(f, "on request")?;
            self.block(f, &self.on_request, 1)?;
        }
        for handler in &self.on_response {
            self.handler(f, handler)?;
        }
        if let Some(block) = &self.on_error {
            writeln!(f, "on error")?;
            self.block(f, block, 1)?;
        }
        Ok(())
    }

    fn handler(&self, f: &mut fmt::Formatter<'_>, it: &super::Handler) -> fmt::Result {
        f.write_str(self.rule(it.rule))?;
        optional(f, " when ", it.when.as_ref())?;
        writeln!(f)?;
        self.block(f, &it.body, 1)
    }

    fn rule(&self, id: super::RuleId) -> &str {
        self.rules.get(id.0 as usize).map_or("?", |rule| &rule.name)
    }

    fn block(&self, f: &mut fmt::Formatter<'_>, block: &Block, depth: usize) -> fmt::Result {
        block
            .iter()
            .try_for_each(|stmt| self.statement(f, stmt, depth))
    }

    fn statement(&self, f: &mut fmt::Formatter<'_>, stmt: &Stmt, depth: usize) -> fmt::Result {
        let indent = "  ".repeat(depth);
        match &stmt.kind {
            StmtKind::LetElse(id, block) => {
                writeln!(f, "{indent}unless let {} is present", id.0)?;
                self.block(f, block, depth + 1)
            }
            StmtKind::If { arms, otherwise } => {
                for (condition, block) in arms {
                    writeln!(f, "{indent}if {condition}")?;
                    self.block(f, block, depth + 1)?;
                }
                if otherwise.is_empty() {
                    return Ok(());
                }
                writeln!(f, "{indent}else")?;
                self.block(f, otherwise, depth + 1)
            }
            StmtKind::Deny(rules) => rules.iter().try_for_each(|rule| {
                writeln!(f, "{indent}deny if {}", rule.condition)?;
                self.block(f, &rule.body, depth + 1)
            }),
            StmtKind::Edit(it) => writeln!(f, "{indent}response {}", Edited(it)),
            StmtKind::Log { text, .. } => writeln!(f, "{indent}log {text}"),
            StmtKind::Respond(it) => {
                write!(f, "{indent}respond {} as {}", it.status, self.rule(it.rule))?;
                if let Some(content_type) = &it.content_type {
                    write!(f, " {content_type}")?;
                }
                optional(f, ": ", it.body.as_ref())?;
                writeln!(f)
            }
            StmtKind::Redirect {
                rule, status, to, ..
            } => {
                writeln!(f, "{indent}redirect {status} as {}: {to}", self.rule(*rule))
            }
            StmtKind::Proxy(it) => self.proxy(f, it, &indent),
        }
    }

    fn proxy(&self, f: &mut fmt::Formatter<'_>, it: &super::Proxy, indent: &str) -> fmt::Result {
        writeln!(f, "{indent}proxy {} as {}", it.target, self.rule(it.rule))?;
        if let Some(method) = &it.method {
            writeln!(f, "{indent}  method {method}")?;
        }
        if let Some(path) = &it.path {
            writeln!(f, "{indent}  path {}", List(&path.parts))?;
        }
        for edit in &it.query {
            match edit {
                QueryEdit::Set(name, value) => {
                    writeln!(f, "{indent}  query {} = {value}", Bytes(name))?;
                }
                QueryEdit::Remove(name) => writeln!(f, "{indent}  remove query {}", Bytes(name))?,
            }
        }
        if let Some(host) = &it.host {
            writeln!(f, "{indent}  host {host}")?;
        }
        for edit in &it.edits {
            writeln!(f, "{indent}  {}", Edited(edit))?;
        }
        match self.proxies.get(it.options as usize) {
            Some(options) if *options != edge_abi::manifest::ProxyOptions::default() => {
                writeln!(f, "{indent}  {options:?}")
            }
            _ => Ok(()),
        }
    }
}

fn optional(f: &mut fmt::Formatter<'_>, word: &str, expr: Option<&Expr>) -> fmt::Result {
    expr.map_or(Ok(()), |expr| write!(f, "{word}{expr}"))
}

fn pattern(segments: &[Segment]) -> String {
    let mut text = String::new();
    for segment in segments {
        match segment {
            Segment::Literal(bytes) => {
                text.push('/');
                text.push_str(&String::from_utf8_lossy(bytes));
            }
            Segment::Param => text.push_str("/:"),
            Segment::Rest => text.push_str("/*"),
        }
    }
    text
}

/// Bytes in quotes.
struct Bytes<'a>(&'a [u8]);

impl Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.escape_ascii())
    }
}

/// Expressions between commas.
struct List<'a>(&'a [Expr]);

impl Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, self.0, ", ")
    }
}

/// An edit of a header.
struct Edited<'a>(&'a super::Edit);

impl Display for Edited<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let op = match self.0.op {
            EditOp::Set => "set",
            EditOp::Add => "add",
            EditOp::Remove => "remove",
        };
        write!(f, "{op} header {}", self.0.name)?;
        match &self.0.value {
            None => Ok(()),
            Some(EditValue::Text(text)) => write!(f, " = {text}"),
            Some(EditValue::WithSecrets(parts)) => {
                f.write_str(" =")?;
                parts.iter().try_for_each(|part| match part {
                    SecretPart::Text(text) => write!(f, " {text}"),
                    SecretPart::Secret(index) => write!(f, " secret {index}"),
                })
            }
        }
    }
}

fn joined<T: Display>(f: &mut fmt::Formatter<'_>, items: &[T], between: &str) -> fmt::Result {
    for (n, item) in items.iter().enumerate() {
        if n > 0 {
            f.write_str(between)?;
        }
        item.fmt(f)?;
    }
    Ok(())
}

impl Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base = format!("{:?}", self.base).to_lowercase();
        write!(f, "{base}{}", if self.optional { "?" } else { "" })
    }
}

impl Display for Const {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Const::Bool(value) => value.fmt(f),
            Const::Int(n, super::Base::Int) => n.fmt(f),
            Const::Int(n, base) => write!(f, "{n}{}", Type::of(*base)),
            Const::Float(x) => write!(f, "{x:?}"),
            Const::Bytes(bytes) => Bytes(bytes).fmt(f),
            Const::Ip(octets) => std::net::Ipv6Addr::from(*octets).to_canonical().fmt(f),
            Const::Target(index) => write!(f, "target {index}"),
            Const::Absent(_) => f.write_str("absent"),
        }
    }
}

impl Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, list) = match self {
            Matcher::Equals(list) => ("==", list),
            Matcher::Contains(list) => ("contains", list),
            Matcher::StartsWith(list) => ("starts_with", list),
            Matcher::EndsWith(list) => ("ends_with", list),
            Matcher::Matches(regex) => return write!(f, "matches {regex:?}"),
            Matcher::In(set) => return write!(f, "in set {set}"),
            Matcher::Range(low, high) if low == high => return write!(f, "== {low}"),
            Matcher::Range(i64::MIN, high) => return write!(f, "<= {high}"),
            Matcher::Range(low, i64::MAX) => return write!(f, ">= {low}"),
            Matcher::Range(low, high) => return write!(f, "in {low}..={high}"),
        };
        write!(f, "{word} ")?;
        let list: Vec<Bytes<'_>> = list.iter().map(|bytes| Bytes(bytes)).collect();
        joined(f, &list, "|")
    }
}

impl Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Raw(raw) => {
                let json = serde_json::to_value(raw).unwrap_or_default();
                let word = |key: &str| json.get(key).and_then(|it| it.as_str()).unwrap_or_default();
                f.write_str(word("fact"))?;
                match word("name") {
                    "" => Ok(()),
                    name => write!(f, "[{name:?}]"),
                }
            }
            Fact::Now => f.write_str("now"),
            Fact::Host => f.write_str("request.host"),
            Fact::Path => f.write_str("request.path"),
            Fact::RawPath => f.write_str("request.raw_path"),
            Fact::QueryString => f.write_str("request.query_string"),
            Fact::Query(name) => write!(f, "request.query[{}]", Bytes(name)),
            Fact::QueryList(name) => write!(f, "request.queries[{}]", Bytes(name)),
            Fact::Cookie(name) => write!(f, "request.cookie[{}]", Bytes(name)),
            Fact::PathSegment(index) => write!(f, "segment {index}"),
            Fact::PathRest(index) => write!(f, "segments {index}.."),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, word: &str, list: &[Expr], between: &str| {
            write!(f, "{word}(")?;
            joined(f, list, between)?;
            f.write_char(')')
        };
        match self {
            Expr::Const(value) => value.fmt(f),
            Expr::Fact(fact, _) => fact.fmt(f),
            Expr::Let(id, _) => write!(f, "let {}", id.0),
            Expr::FnParam(index, _) => write!(f, "${index}"),
            Expr::CallFn(index, arguments, _) => list(f, &format!("fn {index}"), arguments, ", "),
            Expr::Builtin(builtin, arguments) => list(f, &format!("{builtin:?}"), arguments, ", "),
            Expr::Concat(parts) => list(f, "concat", parts, ", "),
            Expr::ToText(inner) => write!(f, "text({inner})"),
            Expr::ToJson(inner) => write!(f, "json({inner})"),
            Expr::Not(inner) => write!(f, "not({inner})"),
            Expr::And(all) => list(f, "", all, " and "),
            Expr::Or(all) => list(f, "", all, " or "),
            Expr::Test(inner, matcher) => write!(f, "{inner} {matcher}"),
            Expr::AnyOf(inner, matcher) => write!(f, "any {inner} {matcher}"),
            Expr::Compare(op, left, right) => write!(f, "({left} {op:?} {right})"),
            Expr::Present(inner) => write!(f, "{inner} is present"),
            Expr::OrElse(all, _) => list(f, "", all, " else "),
            Expr::Narrowed(inner) => write!(f, "{inner}!"),
            Expr::Arith(op, left, right, _) => write!(f, "({left} {op:?} {right})"),
            Expr::Choose(arms, last, _) => {
                f.write_str("choose(")?;
                for (condition, value) in arms {
                    write!(f, "{condition} => {value}, ")?;
                }
                write!(f, "{last})")
            }
            Expr::Experiment(index) => write!(f, "experiment {index}"),
            Expr::IsArm(inner, arm) => write!(f, "{inner} is {arm}"),
        }
    }
}
