//! Caches, in policies made from bytes.

use super::Maker;
use edge_abi::manifest;
use edge_compiler::hir::{Builtin, Cache, Cached, Const, Edit, EditValue, Expr, Fact, Type};
use edge_compiler::{ast::EditOp, hir::Base};

/// A list of names, as the compiler writes it.
fn list(keeps: bool, names: &[&[u8]]) -> Vec<u8> {
    let mut list = vec![if keeps { b'+' } else { b'-' }];
    for name in names {
        list.extend(u32::try_from(name.len()).unwrap().to_le_bytes());
        list.extend(*name);
    }
    list
}

impl Maker<'_, '_> {
    /// Caches: the first asks nothing of an answer.
    pub fn caches(&mut self) {
        self.cache("plain", |_, _| {});
        for name in ["first", "second"] {
            let warm = std::mem::replace(&mut self.warm_ok, false);
            self.response = true;
            self.cache(name, |maker, cache| {
                cache.only_when = maker.source.flip().then(|| maker.condition(2));
                for ttl in 0..maker.source.below(3) {
                    let condition = maker.condition(1);
                    cache.ttl.push((ttl as u64 * 1000 + 1, Some(condition)));
                }
                if maker.source.rarely(3) {
                    cache.ttl.push((7, None));
                }
                cache.tags = (0..maker.source.below(3))
                    .map(|_| maker.string(1))
                    .collect();
            });
            self.response = false;
            self.warm_ok = warm;
        }
    }

    fn cache(&mut self, name: &str, fill: impl FnOnce(&mut Self, &mut Cache)) {
        let mut cache = Cache {
            declared: manifest::Cache {
                name: name.into(),
                edge_ms: None,
                regional_ms: None,
                respect: manifest::Respect::Origin,
                methods: vec!["GET".into(), "HEAD".into()],
                stale_while_revalidate_ms: None,
                stale_if_error_ms: None,
                strip: Vec::new(),
                coalesce: true,
                etag: false,
                forward: manifest::Forward::Nothing,
                admits: false,
            },
            query: None,
            key: Vec::new(),
            only_when: None,
            ttl: Vec::new(),
            tags: Vec::new(),
        };
        fill(self, &mut cache);
        cache.declared.admits = cache.admits();
        self.hir.caches.push(cache);
    }

    /// What a `proxy` says of its cache.
    pub fn cached(&mut self) -> Option<Cached> {
        if self.source.flip() {
            return None;
        }
        let key = self.source.flip().then(|| {
            let part = self.string(1);
            let length = Expr::Builtin(Builtin::Len, vec![part.clone()]);
            let colon = Expr::Const(Const::Bytes(b":".to_vec()));
            Expr::Concat(vec![Expr::ToText(Box::new(length)), colon, part])
        });
        let query = self.source.flip().then(|| self.names());
        Some(Cached {
            cache: u32::try_from(self.source.below(3)).unwrap(),
            key,
            query,
            sorts: !self.source.rarely(4),
        })
    }

    /// Only some cookies reach the origin.
    pub fn cookies(&mut self) -> Option<Edit> {
        if !self.source.rarely(3) {
            return None;
        }
        let name = "cookie".to_owned();
        let header = Fact::Raw(manifest::Fact::Header { name: name.clone() });
        let cookies = Expr::Fact(header, Type::optional(Base::String));
        let list = Expr::Const(Const::Bytes(self.names()));
        let filtered = Expr::Builtin(Builtin::CookieFilter, vec![cookies, list]);
        Some(Edit {
            op: EditOp::Set,
            name,
            value: Some(EditValue::Text(filtered)),
            place: self.place(),
        })
    }

    fn names(&mut self) -> Vec<u8> {
        let keeps = self.source.flip();
        let names = [&b"a"[..], b"a*", b"*", b"x", b"ab"];
        let picked: Vec<&[u8]> = (0..self.source.below(3))
            .map(|_| *self.source.pick(&names))
            .collect();
        list(keeps, &picked)
    }
}
