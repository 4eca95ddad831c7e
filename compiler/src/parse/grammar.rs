//! The parser that pest makes from `grammar/edge.pest`.

use pest::iterators::Pair;

/// The rules of the grammar, applied to one declaration.
#[derive(pest_derive::Parser)]
#[grammar = "../grammar/edge.pest"]
pub(super) struct Grammar;

/// A piece of text that a rule matched.
pub(super) type Node<'t> = Pair<'t, Rule>;

/// What a node holds, without its keywords and punctuation.
pub(super) fn parts(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    node.into_inner()
        .filter(|part| !is_keyword(part.as_rule()) && !is_punctuation(part.as_rule()))
}

/// Whether a rule is a keyword; these stand last in the grammar.
pub(super) fn is_keyword(rule: Rule) -> bool {
    rule >= Rule::kw_absent
}

fn is_punctuation(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::lbrace
            | Rule::rbrace
            | Rule::lparen
            | Rule::rparen
            | Rule::lbracket
            | Rule::rbracket
            | Rule::equals
            | Rule::arrow
            | Rule::comma
            | Rule::colon
            | Rule::arm_comma
            | Rule::list_comma
            | Rule::eq
            | Rule::EOI
    )
}
