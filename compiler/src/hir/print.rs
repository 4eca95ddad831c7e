//! The typed tree as text, for `--emit hir` and for tests: one statement a line.

mod expr;

use super::{
    Block, EditValue, Elements, Expr, Hir, QueryEdit, SecretPart, Segment, State, Stmt, StmtKind,
};
use crate::ast::EditOp;
use expr::{Bytes, List};
use std::fmt::{self, Display};

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
        for cache in &self.caches {
            write!(f, "cache {}", cache.declared.name)?;
            optional(f, " only when ", cache.only_when.as_ref())?;
            for (ttl, when) in &cache.ttl {
                write!(f, " ttl {ttl}ms")?;
                optional(f, " when ", when.as_ref())?;
            }
            cache
                .tags
                .iter()
                .try_for_each(|tag| write!(f, " tag {tag}"))?;
            writeln!(f)?;
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
            StmtKind::Hits(it) => {
                writeln!(f, "{indent}{:?}", it.kind)?;
                for (rule, condition) in &it.rules {
                    writeln!(f, "{indent}  {} if {condition}", self.rule(*rule))?;
                }
                self.block(f, &it.then, depth + 1)
            }
            StmtKind::Scan(it) => writeln!(
                f,
                "{indent}scan {:?} body up to {}B, else {:?}, as {}",
                it.lane,
                it.limit,
                it.over_limit,
                self.rule(it.rule)
            ),
            StmtKind::Ask(it) => {
                write!(f, "{indent}ask {} ", it.ask)?;
                state(f, &it.state)
            }
            StmtKind::Do(it) => {
                write!(f, "{indent}do ")?;
                state(f, it)
            }
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
        if let Some(cached) = &it.cache {
            let cache = self.caches.get(cached.cache as usize);
            let name = cache.map_or("?", |cache| &cache.declared.name);
            write!(f, "{indent}  cache {name}")?;
            optional(f, " key ", cached.key.as_ref())?;
            writeln!(f)?;
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

fn state(f: &mut fmt::Formatter<'_>, it: &State) -> fmt::Result {
    write!(f, "{:?} {} {}", it.op, it.id, it.key)?;
    optional(f, " = ", it.value.as_ref())?;
    optional(f, " number ", it.number.as_ref())?;
    writeln!(f)
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
