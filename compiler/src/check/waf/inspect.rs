//! `inspect T, …`: what the rules of a group look at where they say `inspected`.
//!
//! A rule that says `inspected` is a function of one text. It matches if its condition holds for one
//! of the texts. The body is one of them, as a whole, and is seen piece by piece, so that a rule can only
//! ask what is decided for good once it holds.

use super::super::{Checker, scope::Place};
use super::group::{Group, Member};
use crate::ast::{InspectKind, InspectTarget, Name};
use crate::diagnostics::{GivenTwice, MissingSetting, NoSuchWord, NotStreamed, OutOfRange};
use crate::hir::{
    Base, Builtin, Const, DenyRule, Elements, Expr, Fact, Lane, Matcher, OverLimit, Respond,
    RuleId, Scan, Stmt, StmtKind, Type,
};
use crate::resolve::suggest;
use crate::source::Span;
use edge_abi::manifest::{Fact as RawFact, RuleKind};

const STRING: Type = Type::of(Base::String);
const TEXT: Type = Type::optional(Base::String);

/// How much of a body is looked at unless it is said.
const BODY: u32 = 128 << 10;
/// The most that can be said.
const MOST_BODY: i64 = 1 << 30;

const WORDS: &[&str] = &[
    "path", "query", "args", "headers", "header", "cookies", "body",
];

/// A text of the request's head, or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// The path as it came, and decoded: normalised, it has lost its dot segments.
    Path,
    /// The query string as it came.
    Query,
    /// The query string decoded.
    Args,
    /// All fields.
    Headers,
    /// `Cookie`, decoded.
    Cookies,
    /// The fields of that name.
    Header(String),
    /// The body, as it streams: in `on response` the answer's.
    Body,
}

/// `body SIZE over_limit W`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) struct Body {
    pub(super) limit: u32,
    pub(super) over_limit: OverLimit,
    pub(super) span: Span,
}

impl Target {
    fn texts(&self, lane: Lane) -> Vec<Expr> {
        let raw_path = || Expr::Fact(Fact::RawPath, STRING);
        let query = || or_empty(Expr::Fact(Fact::QueryString, TEXT));
        let header = |name: &str| {
            let name = name.to_owned();
            or_empty(Expr::Fact(Fact::Raw(RawFact::Header { name }), TEXT))
        };
        match self {
            Target::Path => vec![raw_path(), decoded(raw_path())],
            Target::Query => vec![query()],
            Target::Args => vec![decoded(query())],
            Target::Headers => vec![Expr::Fact(Fact::Raw(RawFact::Fields), STRING)],
            Target::Cookies => vec![decoded(header("cookie"))],
            Target::Header(name) => vec![header(name)],
            Target::Body => vec![Expr::Fact(Fact::Stream(lane), STRING)],
        }
    }
}

fn decoded(text: Expr) -> Expr {
    Expr::Builtin(Builtin::UrlDecode, vec![text])
}

fn or_empty(text: Expr) -> Expr {
    let empty = Expr::Const(Const::Bytes(Vec::new()));
    Expr::OrElse(vec![text, empty], STRING)
}

/// Whether a condition depends on what is inspected.
pub(super) fn looks(condition: &Expr) -> bool {
    condition.any(&|part| matches!(part, Expr::FnParam(..)))
}

/// Whether an expression is, or is made of, a body as it streams.
pub(super) fn is_streamed(expr: &Expr) -> bool {
    expr.any(&|part| matches!(part, Expr::Fact(Fact::Stream(_), _)))
}

impl Checker<'_> {
    /// `inspect T, …`
    pub(super) fn inspect(&mut self, group: &mut Group, targets: &[InspectTarget]) {
        for target in targets {
            let Some(made) = self.inspect_target(group, target) else {
                continue;
            };
            if group.inspected.contains(&made) {
                self.problems.push(GivenTwice {
                    what: format!("`{}` in `inspect`", self.code(target.span)),
                    span: target.span,
                });
            } else {
                group.inspected.push(made);
            }
        }
    }

    fn inspect_target(&mut self, group: &mut Group, target: &InspectTarget) -> Option<Target> {
        match &target.kind {
            InspectKind::Header(name) => {
                let name = self.header_name(name.value.as_bytes(), name.span)?;
                Some(Target::Header(name))
            }
            InspectKind::Body { limit, over_limit } => {
                let limit = match limit {
                    Some(limit) => {
                        let what = "how much of a body is inspected";
                        let bytes = self.constant_integer(limit, Base::Size, what)?;
                        if !(1..=MOST_BODY).contains(&bytes) {
                            return self.fail(OutOfRange {
                                what: what.to_owned(),
                                range: "from 1B to 1GiB".to_owned(),
                                span: limit.span,
                            });
                        }
                        u32::try_from(bytes).unwrap_or(BODY)
                    }
                    None => BODY,
                };
                let over_limit = match over_limit {
                    Some(word) => self.over_limit(word)?,
                    None => OverLimit::Block,
                };
                group.body = Some(Body {
                    limit,
                    over_limit,
                    span: target.span,
                });
                Some(Target::Body)
            }
            InspectKind::Named(word) => self.inspect_word(word),
        }
    }

    fn inspect_word(&mut self, word: &Name) -> Option<Target> {
        Some(match word.text.as_str() {
            "path" => Target::Path,
            "query" => Target::Query,
            "args" => Target::Args,
            "headers" => Target::Headers,
            "cookies" => Target::Cookies,
            "files" => {
                return self.misplaced(
                    "`files`",
                    word.span,
                    "leave it out: the names of files that are sent are among the texts of `body`",
                );
            }
            text => {
                let help = suggest(text, WORDS.iter().copied())
                    .unwrap_or_else(|| format!("it is one of {}", WORDS.join(", ")));
                return self.fail(NoSuchWord {
                    word: text.to_owned(),
                    what: "a text to inspect",
                    span: word.span,
                    help: Some(help),
                });
            }
        })
    }

    fn over_limit(&mut self, word: &Name) -> Option<OverLimit> {
        match word.text.as_str() {
            "block" => Some(OverLimit::Block),
            "pass" => Some(OverLimit::Pass),
            "truncate" => Some(OverLimit::Truncate),
            text => self.fail(NoSuchWord {
                word: text.to_owned(),
                what: "what becomes of a longer body",
                span: word.span,
                help: Some(
                    "it is `block` (413), which is meant without it, `pass` (the body goes on unseen) or \
                     `truncate` (its beginning is looked at)"
                        .to_owned(),
                ),
            }),
        }
    }

    /// What a group does first that inspects the body: it asks to see it, and where it denies it refuses one
    /// that it can't read.
    pub(super) fn body_scan(
        &mut self,
        group: &Group,
        denies: bool,
        used: Span,
    ) -> Option<Vec<StmtKind>> {
        let mut members = group.members.iter();
        let sees = |it: &Member| it.inspected.contains(&Target::Body) && looks(&it.rule.condition);
        let Some(body) = group.body.filter(|_| members.any(sees)) else {
            return Some(Vec::new());
        };
        let lane = self.lane();
        let known = *self.scanned.entry(lane).or_insert(body);
        if (known.limit, known.over_limit) != (body.limit, body.over_limit) {
            return self.fail(GivenTwice {
                what: "how the body is inspected, in another group and otherwise,".to_owned(),
                span: body.span,
            });
        }
        let name = format!("waf.{}.body", group.name);
        let kind = if denies {
            RuleKind::Deny
        } else {
            RuleKind::Shadow
        };
        let rule = self.waf_rule_id(&name, body.span, kind);
        let blocks = denies && body.over_limit == OverLimit::Block;
        let mut made = Vec::new();
        let mut over = None;
        if blocks {
            let refusal = |checker: &mut Self, status| {
                let own = group.respond.as_deref();
                match own {
                    Some(_) => checker.answer(own, rule, body.span, used).map(|(it, _)| it),
                    None => Some(refused(rule, status)),
                }
            };
            let (too_long, encoded) = match lane {
                Lane::Request => (413, 415),
                Lane::Response => (502, 502),
            };
            over = Some(refusal(self, too_long)?);
            let respond = refusal(self, encoded)?;
            made.push(StmtKind::Deny(vec![DenyRule {
                condition: is_encoded(lane),
                body: vec![Stmt {
                    span: body.span,
                    kind: StmtKind::Respond(respond),
                }],
            }]));
        }
        made.push(StmtKind::Scan(Scan {
            lane,
            limit: body.limit,
            over_limit: body.over_limit,
            over,
            rule,
        }));
        Some(made)
    }

    /// The body that is meant where the code stands.
    fn lane(&self) -> Lane {
        match self.scope.place {
            Place::Response => Lane::Response,
            _ => Lane::Request,
        }
    }

    /// A rule's condition, over the texts that it looks at. A problem is at the rule.
    pub(super) fn over_texts(
        &mut self,
        condition: Expr,
        targets: &[Target],
        name: &str,
        span: Span,
    ) -> Option<Expr> {
        if !looks(&condition) {
            return Some(condition);
        }
        if targets.is_empty() {
            return self.fail(MissingSetting {
                what: format!("the group of the rule `{name}`, which says `inspected`,"),
                setting: "`inspect`: what its rules look at, for instance `inspect path, args, body`",
                span,
            });
        }
        // Tests of a text are found, and made together, only outside of functions.
        let condition = self.hir.inlined(&condition, &looks);
        let lane = self.lane();
        let texts: Vec<Expr> = targets.iter().flat_map(|it| it.texts(lane)).collect();
        let mut any = Vec::new();
        for text in texts {
            self.copy(&condition, span)?;
            let mut one = condition.applied(std::slice::from_ref(&text));
            if is_streamed(&text) {
                one = match self.as_streamed(&one) {
                    Ok(one) => one,
                    Err(what) => {
                        let name = name.to_owned();
                        return self.fail(NotStreamed { name, what, span });
                    }
                };
            }
            any.push(one);
        }
        match any.len() {
            1 => any.pop(),
            _ => Some(Expr::Or(any)),
        }
    }

    /// A condition on a body as it streams, or what in it can't be told piece by piece.
    fn as_streamed(&self, condition: &Expr) -> Result<Expr, String> {
        if !is_streamed(condition) {
            return Ok(condition.clone());
        }
        let each = |list: &[Expr]| {
            let list = list.iter().map(|part| self.as_streamed(part));
            list.collect::<Result<Vec<Expr>, String>>()
        };
        match condition {
            Expr::And(list) => Ok(Expr::And(each(list)?)),
            Expr::Or(list) => Ok(Expr::Or(each(list)?)),
            Expr::Test(subject, matcher) => {
                streamed_text(subject)?;
                let matcher = match matcher {
                    Matcher::In(set) => match self.hir.sets.get(*set as usize).map(|s| &s.elements)
                    {
                        Some(Elements::Bytes(list)) => Matcher::Equals(list.clone()),
                        _ => return Err("a set that holds no texts".to_owned()),
                    },
                    other => other.clone(),
                };
                Ok(Expr::Test(subject.clone(), matcher))
            }
            Expr::Not(_) => Err("`not`, `!=`".to_owned()),
            Expr::Compare(..) => Err("a comparison with a value that is not constant".to_owned()),
            Expr::Choose(..) => Err("`choose`".to_owned()),
            _ => Err(
                "anything but `contains`, `starts_with`, `ends_with`, `==`, `in` and `matches`"
                    .to_owned(),
            ),
        }
    }
}

/// A body with a `Content-Encoding` (RFC 9110, 8.4): its texts can't be seen.
fn is_encoded(lane: Lane) -> Expr {
    let name = "content-encoding".to_owned();
    let coding = match lane {
        Lane::Request => RawFact::Header { name },
        Lane::Response => RawFact::ResponseHeader { name },
    };
    let coding = or_empty(Expr::Fact(Fact::Raw(coding), TEXT));
    let coding = Expr::Builtin(Builtin::Lower, vec![coding]);
    let plain = Matcher::Equals(vec![Vec::new(), b"identity".to_vec()]);
    Expr::Not(Box::new(Expr::Test(Box::new(coding), plain)))
}

fn refused(rule: RuleId, status: u16) -> Respond {
    let text = match status {
        413 => "413 Content Too Large\n",
        502 => "502 Bad Gateway\n",
        _ => "415 Unsupported Media Type\n",
    };
    Respond {
        rule,
        status,
        content_type: Some("text/plain; charset=utf-8".to_owned()),
        body: Some(Expr::Const(Const::Bytes(text.into()))),
    }
}

/// Whether a text can be made piece by piece, of one that comes so.
fn streamed_text(text: &Expr) -> Result<(), String> {
    match text {
        Expr::Fact(Fact::Stream(_), _) => Ok(()),
        Expr::Builtin(builtin, arguments) if is_streamable(*builtin) => {
            let mut arguments = arguments.iter();
            let inner = arguments.next();
            if arguments.any(is_streamed) {
                return Err("a text that is put into itself".to_owned());
            }
            inner.map_or(Ok(()), streamed_text)
        }
        Expr::Builtin(builtin, _) => {
            let name = super::super::builtins::name_of(*builtin).unwrap_or("this function");
            Err(format!("`{name}(…)`"))
        }
        _ => Err("a text put together of others".to_owned()),
    }
}

/// Transforms whose output up to here doesn't depend on what follows, but for a few bytes.
fn is_streamable(builtin: Builtin) -> bool {
    matches!(
        builtin,
        Builtin::Lower
            | Builtin::Upper
            | Builtin::UrlDecode
            | Builtin::UrlDecodeUni
            | Builtin::HtmlDecode
            | Builtin::JsDecode
            | Builtin::CssDecode
            | Builtin::Base64DecodeLenient
            | Builtin::RemoveNulls
            | Builtin::CompressWhitespace
            | Builtin::RemoveComments
            | Builtin::CmdLine
            | Builtin::Utf8ToUnicode
            | Builtin::Replace
    )
}
