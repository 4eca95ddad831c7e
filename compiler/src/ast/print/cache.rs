//! How answers of origins are kept.

use super::Tree;
use super::expr::{expr, exprs};
use crate::ast::{Cache, CacheSettingKind, Name, Text};

pub(super) fn cache(cache: &Cache) -> Tree {
    let settings = cache.settings.iter().map(|it| setting(&it.kind));
    let name = std::iter::once(Tree::word(&cache.name.text));
    Tree::list("cache", name.chain(settings))
}

fn setting(kind: &CacheSettingKind) -> Tree {
    match kind {
        CacheSettingKind::Tier(tier, of) => Tree::list("tier", [word(tier), expr(of)]),
        CacheSettingKind::Key(of) => Tree::list("key", exprs(of)),
        CacheSettingKind::IgnoreQuery(of) => Tree::list("ignore-query", texts(of)),
        CacheSettingKind::OnlyQuery(of) => Tree::list("only-query", texts(of)),
        CacheSettingKind::OnlyWhen(of) => Tree::list("only-when", [expr(of)]),
        CacheSettingKind::Ttl(of, when) => {
            let when = when.iter().map(|when| Tree::list("when", [expr(when)]));
            Tree::list("ttl", std::iter::once(expr(of)).chain(when))
        }
        CacheSettingKind::Methods(of) => Tree::list("methods", of.iter().map(word)),
        CacheSettingKind::Stale(of) => {
            let each = of
                .iter()
                .map(|(kind, of)| Tree::list(&kind.text, [expr(of)]));
            Tree::list("stale", each)
        }
        CacheSettingKind::Strip(of) => Tree::list("strip", [Tree::text(&of.value)]),
        CacheSettingKind::Tag(of) => Tree::list("tag", exprs(of)),
        CacheSettingKind::Coalesce(of) => Tree::list("coalesce", [word(of)]),
        CacheSettingKind::Etag(of) => Tree::list("etag", [word(of)]),
        CacheSettingKind::Respect(of) => Tree::list("respect", [word(of)]),
        CacheSettingKind::Forward(of) => Tree::list("forward", [word(of)]),
    }
}

pub(super) fn texts(texts: &[Text]) -> impl Iterator<Item = Tree> {
    texts.iter().map(|text| Tree::text(&text.value))
}

fn word(name: &Name) -> Tree {
    Tree::word(&name.text)
}
