//! Declaring the names of one file.

use super::files::Uses;
use super::{DeclId, Unit, files};
use crate::ast::{ItemKind, Name, Use, UseTarget};
use crate::diagnostics::{DeclaredTwice, NameTaken, Problems};
use crate::source::Span;

/// What a name stands for.
#[derive(Debug, Clone)]
pub struct Decl {
    /// What it is.
    pub kind: DeclKind,
    /// Where it is declared.
    pub id: DeclId,
    /// Where the name stands.
    pub span: Span,
}

/// The kinds of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclKind {
    /// An upstream server.
    Origin,
    /// A choice among origins.
    Pool,
    /// An experiment.
    Experiment,
    /// A WAF group.
    Waf,
    /// A secret.
    Secret,
    /// A param.
    Param,
    /// A set.
    Set,
    /// A constant.
    Const,
    /// A function.
    Fn,
    /// A rate limit.
    Limit,
    /// A store.
    Store,
    /// A counter.
    Counter,
    /// A cache.
    Cache,
    /// A used file, by index; `None` when it could not be read.
    Unit(Option<usize>),
    /// Not built yet; reported where it is declared.
    Unbuilt(&'static str),
}

impl DeclKind {
    /// What a diagnostic calls it, with its article.
    #[must_use]
    pub fn noun(self) -> String {
        let noun = match self {
            DeclKind::Origin => "an origin",
            DeclKind::Pool => "a pool",
            DeclKind::Experiment => "an experiment",
            DeclKind::Waf => "a waf group",
            DeclKind::Secret => "a secret",
            DeclKind::Param => "a param",
            DeclKind::Set => "a set",
            DeclKind::Const => "a constant",
            DeclKind::Fn => "a function",
            DeclKind::Limit => "a limit",
            DeclKind::Store => "a store",
            DeclKind::Counter => "a counter",
            DeclKind::Cache => "a cache",
            DeclKind::Unit(_) => "a used file",
            DeclKind::Unbuilt(what) => return format!("a {what}"),
        };
        noun.to_owned()
    }
}

/// Names that no declaration may take: groups of facts and built-in functions.
pub const RESERVED: &[&str] = &[
    "request",
    "response",
    "client",
    "geo",
    "edge",
    "now",
    "params",
    "param",
    "std",
    "raw",
    "lower",
    "upper",
    "trim",
    "len",
    "remove_prefix",
    "remove_suffix",
    "replace",
    "split_first",
    "url_decode",
    "html_decode",
    "base64_decode",
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
    "hmac_sha256",
    "int",
    "float",
    "unix",
    "time",
    "http_date",
    "json",
    "negotiate",
    "random_token",
    "seal",
    "unseal",
];

/// Enters the names of a file into its table.
pub(super) fn declare(unit: usize, units: &mut [Unit], uses: &Uses, problems: &mut Problems) {
    let Some(file) = units.get_mut(unit) else {
        return;
    };
    for (item, it) in file.ast.items.iter().enumerate() {
        let id = DeclId { unit, item };
        let Some((name, kind)) = named(id, &it.kind, uses) else {
            continue;
        };
        let decl = Decl {
            kind,
            id,
            span: name.span,
        };
        if RESERVED.contains(&name.text.as_str()) {
            problems.push(NameTaken {
                name: name.text,
                span: name.span,
            });
        } else if let Some(first) = file.names.get(&name.text) {
            problems.push(DeclaredTwice {
                what: "the name",
                name: name.text.clone(),
                span: name.span,
                first: Some(first.span),
            });
        } else {
            file.names.insert(name.text, decl);
        }
    }
}

fn named(id: DeclId, kind: &ItemKind, uses: &Uses) -> Option<(Name, DeclKind)> {
    Some(match kind {
        ItemKind::Use(used) => (use_name(used), DeclKind::Unit(uses.get(&id).copied())),
        ItemKind::Origin(it) => (it.name.clone(), DeclKind::Origin),
        ItemKind::Pool(it) => (it.name.clone(), DeclKind::Pool),
        ItemKind::Experiment(it) => (it.name.clone(), DeclKind::Experiment),
        ItemKind::Waf(it) => (it.name.clone(), DeclKind::Waf),
        ItemKind::Secret(name) => (name.clone(), DeclKind::Secret),
        ItemKind::Param { name, .. } => (name.clone(), DeclKind::Param),
        ItemKind::Set { name, .. } => (name.clone(), DeclKind::Set),
        ItemKind::Const { name, .. } => (name.clone(), DeclKind::Const),
        ItemKind::Fn(it) => (it.name.clone(), DeclKind::Fn),
        ItemKind::Limit(it) => (it.name.clone(), DeclKind::Limit),
        ItemKind::Store(it) => (it.name.clone(), DeclKind::Store),
        ItemKind::Counter(it) => (it.name.clone(), DeclKind::Counter),
        ItemKind::Cache(it) => (it.name.clone(), DeclKind::Cache),
        ItemKind::Unbuilt { what, name } => (name.clone()?, DeclKind::Unbuilt(what)),
        ItemKind::Route(_)
        | ItemKind::OnRequest(_)
        | ItemKind::OnResponse(_)
        | ItemKind::OnError(_)
        | ItemKind::Default(_)
        | ItemKind::Test(_) => return None,
    })
}

/// The name through which a used file is reached: its alias, else its stem.
fn use_name(used: &Use) -> Name {
    if let Some(alias) = &used.alias {
        return alias.clone();
    }
    match &used.target {
        UseTarget::Std(name) => name.clone(),
        UseTarget::Path(path) => Name {
            text: files::stem(&path.value).to_owned(),
            span: path.span,
        },
    }
}
