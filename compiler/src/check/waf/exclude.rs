//! `exclude RULE [when C]`: what a group leaves out.

use super::super::Checker;
use super::group::{Group, Member};
use crate::ast::{Path, WafEntry};
use crate::diagnostics::UnknownName;
use crate::resolve::suggest;
use std::rc::Rc;

/// So many rules are named where none fits.
const NAMED: usize = 8;

impl Checker<'_> {
    /// What the group leaves out, wherever in it that stands.
    pub(super) fn exclusions(&mut self, group: &mut Group, entries: &[WafEntry]) {
        // Names are looked for among all members, also where two entries leave out one.
        let mut gone = vec![false; group.members.len()];
        for entry in entries {
            let WafEntry::Exclude { rule, when } = entry else {
                continue;
            };
            let named = self.code(rule.span);
            let found: Vec<usize> = (0..)
                .zip(&group.members)
                .filter(|(_, member)| is_named(group, member, &named))
                .map(|(at, _)| at)
                .collect();
            if found.is_empty() {
                self.not_in_group(group, rule, &named);
            }
            let condition = match when {
                Some(when) => match self.condition(when) {
                    Some(condition) => Some(Rc::new(condition.expr)),
                    None => continue,
                },
                None => None,
            };
            for at in found {
                match (&condition, group.members.get_mut(at), gone.get_mut(at)) {
                    (Some(condition), Some(member), _) => member.unless.push(condition.clone()),
                    (None, _, Some(gone)) => *gone = true,
                    _ => {}
                }
            }
        }
        let mut gone = gone.into_iter();
        group.members.retain(|_| gone.next() != Some(true));
    }

    fn not_in_group(&mut self, group: &Group, rule: &Path, named: &str) {
        let names = || group.members.iter().map(|member| member.name.as_str());
        let all = || {
            let also = group.members.iter().flat_map(|member| &member.also);
            names().chain(also.map(String::as_str))
        };
        let below = format!("{named}.");
        let behind = format!(".{named}");
        let inside = all().find(|name| name.starts_with(&below));
        let outside = names().find(|name| name.ends_with(&behind));
        let help = match (inside, outside) {
            (Some(one), _) => {
                format!("it is a group: leave out its rules one by one, as `exclude {one}`")
            }
            (None, Some(one)) => format!("did you mean `{one}`?"),
            (None, None) => suggest(named, all()).unwrap_or_else(|| listed(names())),
        };
        self.problems.push(UnknownName {
            what: "rule in this group called",
            name: named.to_owned(),
            span: rule.span,
            help: Some(help),
        });
    }
}

/// Whether a name means a member: by its name in the group, by the path of an `include`, or as
/// logs call it.
fn is_named(group: &Group, member: &Member, named: &str) -> bool {
    let as_logged = || {
        let rest = named.strip_prefix("waf.")?.strip_prefix(&group.name)?;
        rest.strip_prefix('.')
    };
    member.name == named
        || member.also.iter().any(|name| name == named)
        || as_logged() == Some(&member.name)
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<&str> = names.collect();
    let more = names.len() > NAMED;
    names.truncate(NAMED);
    if names.is_empty() {
        return "the group has no rules: leave this out".to_owned();
    }
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let rest = if more { ", …" } else { "" };
    format!("its rules are {}{rest}", names.join(", "))
}
