//! `inspect T, …`: what the rules of a group look at where they say `inspected`.
//!
//! A rule that says `inspected` is a function of one text. It matches if its condition holds for one
//! of the texts. The body is one of them, as a whole, and is seen piece by piece, so that a rule can only
//! ask what is decided for good once it holds.

use super::super::Checker;
use super::group::Group;
use super::streamed::looks;
use crate::ast::{InspectKind, InspectTarget, Name};
use crate::diagnostics::{GivenTwice, MissingSetting, NoSuchWord, OutOfRange};
use crate::hir::{Base, Builtin, Const, Expr, Fact, Lane, OverLimit, Type};
use crate::resolve::suggest;
use crate::source::Span;
use edge_abi::manifest::Fact as RawFact;

const STRING: Type = Type::of(Base::String);
pub(super) const TEXT: Type = Type::optional(Base::String);

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

impl Body {
    /// Whether both look at as much, and mean the same by more.
    pub(super) fn agrees(self, other: Body) -> bool {
        (self.limit, self.over_limit) == (other.limit, other.over_limit)
    }
}

impl Target {
    pub(super) fn texts(&self, lane: Lane) -> Vec<Expr> {
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

pub(super) fn or_empty(text: Expr) -> Expr {
    let empty = Expr::Const(Const::Bytes(Vec::new()));
    Expr::OrElse(vec![text, empty], STRING)
}

impl Checker<'_> {
    /// `inspect T, …`
    pub(super) fn inspect(&mut self, group: &mut Group, targets: &[InspectTarget]) {
        for target in targets {
            // What is in error is reported; that nothing is inspected then needn't be.
            let made = self.inspect_target(group, target).unwrap_or(Target::Query);
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

    /// How the body is inspected: as the group says, else as those say that it includes.
    pub(super) fn settle_body(&mut self, group: &mut Group) {
        if let (Some(span), None) = (group.disagreement, group.own_body) {
            self.problems.push(GivenTwice {
                what:
                    "how the body is inspected, by two groups that this one includes and otherwise,"
                        .to_owned(),
                span,
            });
        }
        group.body = group.own_body.or(group.body).or(group.plain_body);
        let targets = !group.inspected.is_empty();
        if targets && !group.members.iter().any(|it| looks(&it.rule.condition)) {
            self.problems.push(MissingSetting {
                what: format!("the group `{}`, which says what it inspects,", group.name),
                setting: "a rule that looks at it, for instance `rule r { when inspected contains \"…\" }`",
                span: group.span,
            });
        }
    }

    fn inspect_target(&mut self, group: &mut Group, target: &InspectTarget) -> Option<Target> {
        match &target.kind {
            InspectKind::Header(name) => {
                let name = self.header_name(name.value.as_bytes(), name.span)?;
                Some(Target::Header(name))
            }
            InspectKind::Body { limit, over_limit } => {
                let is_said = limit.is_some() || over_limit.is_some();
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
                let body = Body {
                    limit,
                    over_limit,
                    span: target.span,
                };
                // One that says nothing more means what an included group says.
                match is_said {
                    true => group.own_body = Some(body),
                    false => group.plain_body = Some(body),
                }
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
            "header" => {
                return self.misplaced(
                    "`header` without a name",
                    word.span,
                    "name the field: `header \"User-Agent\"`; all of them are `headers`",
                );
            }
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
}
