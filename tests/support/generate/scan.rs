//! Groups that look at the body as it streams.

use super::{Maker, STRING, Source};
use edge_abi::{manifest::RuleKind, output::hits::Kind};
use edge_compiler::{
    ast::ArithOp,
    hir::{
        Base, Block, Builtin, Const, DenyRule, Expr, Fact, Hits, Lane, Matcher, Over, OverLimit,
        Respond, RuleId, Scan, Stmt, StmtKind, Type,
    },
    source::Span,
};

const INT: Type = Type::of(Base::Int);

/// Transforms that can be made piece by piece.
const STEPS: &[Builtin] = &[
    Builtin::Lower,
    Builtin::Upper,
    Builtin::UrlDecode,
    Builtin::UrlDecodeUni,
    Builtin::HtmlDecode,
    Builtin::JsDecode,
    Builtin::CssDecode,
    Builtin::Base64DecodeLenient,
    Builtin::RemoveNulls,
    Builtin::CompressWhitespace,
    Builtin::RemoveComments,
    Builtin::CmdLine,
    Builtin::Utf8ToUnicode,
    Builtin::Replace,
];

impl Maker<'_, '_> {
    /// What a group does, before anything reads the body; sometimes under a condition.
    pub(super) fn scan(&mut self, lane: Lane) -> Block {
        let warm = std::mem::replace(&mut self.warm_ok, false);
        // All groups of a policy agree.
        let over_limit = match self.over_limit {
            Some(over_limit) => over_limit,
            None => *self
                .source
                .pick(&[OverLimit::Block, OverLimit::Pass, OverLimit::Truncate]),
        };
        self.over_limit = Some(over_limit);
        let mut block = Vec::new();
        for _ in 0..=self.source.below(2) {
            block.extend(self.group(lane, over_limit).into_iter().map(plain));
        }
        if self.source.rarely(3) {
            let arms = vec![(self.condition(1), block)];
            let otherwise = Vec::new();
            block = vec![plain(StmtKind::If { arms, otherwise })];
        }
        if self.source.rarely(3) {
            let edit = StmtKind::Edit(self.edit());
            block.insert(0, plain(edit));
        }
        self.warm_ok = warm;
        block
    }

    fn group(&mut self, lane: Lane, over_limit: OverLimit) -> Vec<StmtKind> {
        let rule = self.rule(RuleKind::Deny);
        let over = match self.source.below(3) {
            0 => Over::GoesOn,
            1 => Over::Answered(answer(rule, 413)),
            _ => Over::Told,
        };
        let scan = StmtKind::Scan(Scan {
            lane,
            limit: 1000,
            over_limit,
            over,
            rule,
        });
        let rules = match self.source.below(3) {
            0 => self.denying(lane),
            1 => self.shadowing(lane),
            _ => self.scoring(lane),
        };
        vec![scan, rules]
    }

    fn denying(&mut self, lane: Lane) -> StmtKind {
        let rules = (0..=self.source.below(3)).map(|_| {
            let rule = self.rule(RuleKind::Deny);
            // Rules that don't look at the body stand among those that do.
            let condition = match self.source.rarely(4) {
                true => self.condition(1),
                false => self.streamed(lane, 2),
            };
            deny(rule, condition)
        });
        StmtKind::Deny(rules.collect())
    }

    fn shadowing(&mut self, lane: Lane) -> StmtKind {
        let rules = (0..=self.source.below(3))
            .map(|_| (self.rule(RuleKind::Shadow), self.streamed(lane, 2)));
        StmtKind::Hits(Hits {
            kind: Kind::Shadow,
            rules: rules.collect(),
            then: Vec::new(),
        })
    }

    fn scoring(&mut self, lane: Lane) -> StmtKind {
        let scored: Vec<(RuleId, Expr)> = (0..=self.source.below(3))
            .map(|_| (self.rule(RuleKind::Scored), self.streamed(lane, 1)))
            .collect();
        let int = |n: i64| Expr::Const(Const::Int(n, Base::Int));
        let total = scored.iter().map(|(_, condition)| {
            let arms = vec![(condition.clone(), int(1))];
            Expr::Choose(arms, Box::new(int(0)), INT)
        });
        let total = total.reduce(|a, b| Expr::Arith(ArithOp::Add, Box::new(a), Box::new(b), INT));
        let least = 1 + i64::from(self.source.byte() % 3);
        let condition = Expr::Test(Box::new(total.unwrap()), Matcher::Range(least, i64::MAX));
        let rule = self.rule(RuleKind::Deny);
        let then = StmtKind::Deny(vec![deny(rule, condition)]);
        StmtKind::Hits(Hits {
            kind: Kind::Scored,
            rules: scored,
            then: vec![plain(then)],
        })
    }

    /// A condition on the body that, once it holds, holds.
    fn streamed(&mut self, lane: Lane, depth: usize) -> Expr {
        match self.source.below(if depth == 0 { 1 } else { 4 }) {
            0 | 1 => Expr::Test(Box::new(self.stream_text(lane)), self.stream_matcher()),
            2 => Expr::And(vec![self.streamed(lane, depth - 1), self.condition(0)]),
            _ => Expr::Or(vec![
                self.streamed(lane, depth - 1),
                self.streamed(lane, depth - 1),
            ]),
        }
    }

    fn stream_text(&mut self, lane: Lane) -> Expr {
        let mut text = Expr::Fact(Fact::Stream(lane), STRING);
        for _ in 0..self.source.below(3) {
            let step = *self.source.pick(STEPS);
            let mut arguments = vec![text];
            if step == Builtin::Replace {
                let from = *self.source.pick(&["a", "ab", "+"]);
                for constant in [from, *self.source.pick(&["", "b", "xyz"])] {
                    arguments.push(Expr::Const(Const::Bytes(constant.into())));
                }
            }
            text = Expr::Builtin(step, arguments);
        }
        text
    }

    fn stream_matcher(&mut self) -> Matcher {
        match self.matcher() {
            Matcher::In(_) => Matcher::Matches("^$|b$".to_owned()),
            matcher => matcher,
        }
    }
}

fn plain(kind: StmtKind) -> Stmt {
    Stmt {
        span: Span::default(),
        kind,
    }
}

fn answer(rule: RuleId, status: u16) -> Respond {
    Respond {
        rule,
        status,
        content_type: None,
        body: None,
    }
}

fn deny(rule: RuleId, condition: Expr) -> DenyRule {
    let body = vec![plain(StmtKind::Respond(answer(rule, 403)))];
    DenyRule { condition, body }
}

/// A body as a client sends it.
pub struct Sent {
    pub content_type: Option<&'static str>,
    pub body: Vec<u8>,
    /// What a scan sees of it.
    pub texts: Vec<Vec<u8>>,
    /// Where it is cut.
    cuts: Vec<usize>,
}

impl Sent {
    pub fn new(source: &mut Source) -> Sent {
        let form = Some("application/x-www-form-urlencoded");
        let content_type = *source.pick(&[None, Some("text/plain"), form]);
        let mut body = Vec::new();
        for _ in 0..source.below(4) {
            let pair = [&source.text(), &b"="[..], &source.text(), b"&"].concat();
            body.extend(pair);
        }
        let texts = match content_type == form {
            true => pairs(&body),
            false => vec![body.clone()],
        };
        let cuts = (0..source.below(4)).map(|_| source.below(body.len() + 1));
        let mut cuts: Vec<usize> = cuts.collect();
        cuts.sort_unstable();
        Sent {
            content_type,
            body,
            texts,
            cuts,
        }
    }

    /// The pieces, and which is the last.
    pub fn pieces(&self) -> Vec<(&[u8], bool)> {
        let starts = std::iter::once(0).chain(self.cuts.iter().copied());
        let ends = self.cuts.iter().copied().chain([self.body.len()]);
        let last = self.cuts.len();
        let pieces = starts.zip(ends).enumerate();
        pieces
            .map(|(i, (start, end))| (&self.body[start..end], i == last))
            .collect()
    }
}

/// The texts of a form.
fn pairs(body: &[u8]) -> Vec<Vec<u8>> {
    let pairs = body.split(|&b| b == b'&').filter(|pair| !pair.is_empty());
    let decoded = pairs.map(|pair| {
        let mut out = vec![0; pair.len()];
        edge_kernels::percent::url_decode(pair, &mut out).to_vec()
    });
    decoded.collect()
}
