//! Routes, `default`, and the blocks around them.

use super::Checker;
use super::reach::Covered;
use super::scope::{PathParams, Place, Scope};
use crate::ast::{self, ItemKind};
use crate::diagnostics::{BadMethod, DeclaredTwice, NoDefault};
use crate::hir::{Handler, Route};
use crate::source::{FileId, Span};
use edge_abi::manifest::RuleKind;
use std::rc::Rc;

impl Checker<'_> {
    /// `on request`, and the blocks that run once there is an answer.
    pub(super) fn check_handlers(&mut self) {
        let resolved = self.resolved;
        let mut on_request = None;
        let mut on_error: Option<Span> = None;
        for (_, item) in resolved.items().filter(|(id, _)| id.unit == 0) {
            match &item.kind {
                ItemKind::OnRequest(block) => {
                    let rule = *on_request.get_or_insert_with(|| {
                        self.rule("on_request", RuleKind::OnRequest, item.span)
                    });
                    let scope = self.block_scope("on_request", rule, Place::Request);
                    let ((made, _), _) = self.within(scope, |checker| checker.block(block));
                    self.hir.on_request.extend(made);
                }
                ItemKind::OnResponse(handler) => {
                    let made = self.handler(handler, "on_response", item.span, None);
                    self.hir.on_response.extend(made);
                }
                ItemKind::OnError(block) => {
                    self.once("the block", "on error", &mut on_error, item.span);
                    let rule = self.rule("on_error", RuleKind::OnError, item.span);
                    let scope = self.block_scope("on_error", rule, Place::Error);
                    let ((made, _), _) = self.within(scope, |checker| checker.block(block));
                    self.hir.on_error = Some(made);
                }
                _ => {}
            }
        }
    }

    /// The routes and `default`.
    pub(super) fn check_routes(&mut self) {
        let resolved = self.resolved;
        let mut default: Option<Span> = None;
        let mut names = Vec::new();
        let mut covered = Covered::default();
        for (_, item) in resolved.items().filter(|(id, _)| id.unit == 0) {
            match &item.kind {
                ItemKind::Route(route) => {
                    names.extend(&route.name);
                    let made = self.route(route);
                    if let Some(made) = &made {
                        self.check_reached(made, route.head, &mut covered);
                    }
                    self.hir.routes.extend(made);
                }
                ItemKind::Default(block) => {
                    self.once("the block", "default", &mut default, item.span);
                    let rule = self.rule("default", RuleKind::Default, item.span);
                    let scope = self.block_scope("default", rule, Place::Request);
                    let (made, _) =
                        self.within(scope, |checker| checker.answering(block, "`default`"));
                    self.hir.default = made;
                }
                _ => {}
            }
        }
        self.unique("the route", names.into_iter());
        if default.is_none() && !resolved.partial {
            let end = self
                .sources
                .get(FileId(0))
                .map_or(0, |file| file.text.trim_end().len());
            let end = u32::try_from(end).unwrap_or(u32::MAX);
            self.problems.push(NoDefault {
                span: Span {
                    file: FileId(0),
                    start: end,
                    end,
                },
            });
        }
    }

    /// Reports a block that a policy has once.
    fn once(&mut self, what: &'static str, name: &str, first: &mut Option<Span>, span: Span) {
        match *first {
            None => *first = Some(span),
            Some(first) => self.problems.push(DeclaredTwice {
                what,
                name: name.to_owned(),
                span,
                first: Some(first),
            }),
        }
    }

    fn block_scope(&self, name: &str, rule: crate::hir::RuleId, place: Place) -> Scope {
        let mut scope = Scope::at(0, place);
        name.clone_into(&mut scope.name);
        scope.rule = rule;
        scope
    }

    fn route(&mut self, it: &ast::Route) -> Option<Route> {
        self.check_not_method(it);
        let name = self.route_name(it);
        let rule = self.rule(&name, RuleKind::Route, it.head);
        let name = self.hir.rules.last().map_or(name, |rule| rule.name.clone());
        let mut methods = Some(Vec::new());
        for method in &it.methods {
            match (self.method(method), &mut methods) {
                (Some(method), Some(methods)) => {
                    if !methods.contains(&method) {
                        methods.push(method);
                    }
                }
                _ => methods = None,
            }
        }
        let pattern = it.pattern.as_ref().map(|pattern| self.pattern(pattern));
        let (pattern, params) = match pattern {
            Some(Some((pattern, params))) => (Some(Some(pattern)), Some(Rc::new(params))),
            Some(None) => (None, None),
            None => (Some(None), None),
        };
        let mut scope = self.block_scope(&name, rule, Place::When);
        scope.path_params = params;
        scope.broken_pattern = pattern.is_none();
        scope.in_route = true;
        let ((when, body), scope) = self.within(scope, |checker| {
            let when = it.when.as_ref().map(|when| checker.condition(when));
            if let Some(Some(when)) = &when {
                checker.scope.prove(&when.yes);
            }
            checker.scope.place = Place::Request;
            let body = checker.answering(&it.body, &format!("`{name}`"));
            (when, body)
        });
        let mut methods = methods?;
        if methods.iter().any(|it| it == "GET") && !methods.iter().any(|it| it == "HEAD") {
            methods.push("HEAD".to_owned());
        }
        let when = match when {
            Some(when) => Some(when?.expr),
            None => None,
        };
        Some(Route {
            rule,
            methods,
            pattern: pattern?,
            when,
            body,
            on_response: scope.handlers,
        })
    }

    /// `route.home`; without a name `route.GET /geo`, `route./geo` or `route.when@12`.
    fn route_name(&mut self, it: &ast::Route) -> String {
        if let Some(name) = &it.name {
            return format!("route.{}", name.text);
        }
        let methods: Vec<&str> = it.methods.iter().map(|name| name.text.as_str()).collect();
        let methods = methods.join(",");
        match (&it.pattern, methods.is_empty()) {
            (Some(pattern), true) => format!("route.{}", pattern.value),
            (Some(pattern), false) => format!("route.{methods} {}", pattern.value),
            (None, _) => {
                let (line, _) = self.line_column(it.head);
                format!("route.when@{line}")
            }
        }
    }

    /// `route get "/"`: the method's word would be the route's name.
    fn check_not_method(&mut self, it: &ast::Route) {
        let Some(name) = it.name.as_ref().filter(|_| it.methods.is_empty()) else {
            return;
        };
        let upper = name.text.to_ascii_uppercase();
        if name.text != upper && super::letter_case::METHODS.contains(&upper.as_str()) {
            self.problems.push(BadMethod {
                name: name.text.clone(),
                why: "methods are in upper case, so this would be the route's name",
                span: name.span,
                help: Some(format!("write `{upper}`, or give the route another name")),
            });
        }
    }

    /// `on response` at the top of a route.
    pub(super) fn route_handler(&mut self, handler: &ast::Handler, span: Span) {
        let name = format!("{}.on_response", self.scope.name);
        let params = self.scope.path_params.clone();
        let broken = self.scope.broken_pattern;
        let made = self.handler(handler, &name, span, Some((params, broken)));
        self.scope.handlers.extend(made);
    }

    fn handler(
        &mut self,
        it: &ast::Handler,
        name: &str,
        span: Span,
        route: Option<(Option<PathParams>, bool)>,
    ) -> Option<Handler> {
        let rule = self.rule(name, RuleKind::OnResponse, span);
        let mut scope = self.block_scope(name, rule, Place::Response);
        scope.of_route = route.is_some();
        (scope.path_params, scope.broken_pattern) = route.unwrap_or_default();
        let ((when, body), _) = self.within(scope, |checker| {
            let when = it.when.as_ref().map(|when| checker.condition(when));
            if let Some(Some(when)) = &when {
                checker.scope.prove(&when.yes);
            }
            let (body, _) = checker.block(&it.body);
            (when, body)
        });
        let when = match when {
            Some(when) => Some(when?.expr),
            None => None,
        };
        Some(Handler { rule, when, body })
    }
}
