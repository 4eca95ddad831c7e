//! Does a manifest agree with itself? After this, indexes in it need no further doubt.

use edge_abi::manifest::{Fact, Kind, Manifest, Member, Origin, Slot, Target};
use http::{HeaderName, HeaderValue, Uri};

use super::{LoadError, declared};

/// Checks indexes, kinds, URLs and names.
pub(super) fn check(manifest: &Manifest) -> Result<(), LoadError> {
    if manifest.abi != edge_abi::VERSION {
        return Err(LoadError::Version(i64::from(manifest.abi)));
    }
    if manifest.slot_sets.is_empty() {
        return wrong("there is no slot set 0".into());
    }
    for slot in manifest.slot_sets.iter().flatten() {
        check_slot(manifest, slot)?;
    }
    if manifest
        .slot_sets
        .iter()
        .any(|set| set.len() > usize::from(u16::MAX))
    {
        return wrong("a slot set has more than 65535 slots".into());
    }
    for target in &manifest.targets {
        match target {
            Target::Origin(origin) => check_origin(origin)?,
            Target::Pool(pool) if pool.members.is_empty() => {
                return wrong(format!("the pool `{}` is empty", pool.name));
            }
            Target::Pool(pool) => {
                pool.members
                    .iter()
                    .try_for_each(|member| check_member(manifest, &pool.name, member))?;
            }
        }
    }
    for fallback in manifest
        .proxies
        .iter()
        .filter_map(|proxy| proxy.fallback.as_ref())
    {
        if manifest.targets.get(fallback.target as usize).is_none() {
            return wrong(format!(
                "there is no target {} to fall back to",
                fallback.target
            ));
        }
    }
    for rule in &manifest.rules {
        if manifest.places.get(rule.place as usize).is_none() {
            return wrong(format!("the rule `{}` has no place", rule.name));
        }
        if HeaderValue::from_str(&rule.name).is_err() {
            return wrong(format!(
                "`{}` can't be the name of a rule",
                rule.name.escape_default()
            ));
        }
    }
    declared::check(manifest)?;
    let severities = manifest.severities.values();
    let named = severities.chain(manifest.tags.values()).flatten();
    let mut unknown = named.filter(|rule| manifest.rules.get(**rule as usize).is_none());
    match unknown.next() {
        Some(rule) => wrong(format!("there is no rule {rule} to have a severity or tag")),
        None => Ok(()),
    }
}

fn check_slot(manifest: &Manifest, slot: &Slot) -> Result<(), LoadError> {
    let kind = match &slot.fact {
        Fact::ClientIp => Kind::Ip,
        Fact::ClientPort | Fact::Asn | Fact::ResponseStatus => Kind::I64,
        Fact::Latitude | Fact::Longitude => Kind::F64,
        Fact::HeaderList { .. } | Fact::ResponseHeaderList { .. } => Kind::List,
        Fact::Param { name } => match manifest.params.iter().find(|param| param.name == *name) {
            Some(param) => param.kind,
            None => {
                return wrong(format!(
                    "a slot holds the param `{name}`, which is not declared"
                ));
            }
        },
        Fact::Answer { ask } => return declared::check_answer(manifest, *ask, slot.kind),
        _ => Kind::Bytes,
    };
    if slot.kind != kind {
        return wrong(format!(
            "{:?} can't be held by a slot of kind {:?}",
            slot.fact, slot.kind
        ));
    }
    match &slot.fact {
        Fact::Header { name }
        | Fact::HeaderList { name }
        | Fact::ResponseHeader { name }
        | Fact::ResponseHeaderList { name }
            if HeaderName::from_bytes(name.as_bytes()).is_err() =>
        {
            wrong(format!(
                "`{}` can't be the name of a header",
                name.escape_default()
            ))
        }
        _ => Ok(()),
    }
}

fn check_origin(origin: &Origin) -> Result<(), LoadError> {
    let uri: Option<Uri> = origin.url.parse().ok();
    let usable = uri.is_some_and(|uri| {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        matches!(uri.scheme_str(), Some("http" | "https"))
            && !authority.is_empty()
            && !authority.contains('@')
            && matches!(uri.path(), "" | "/")
            && uri.query().is_none()
    });
    if !usable {
        return wrong(format!(
            "the origin `{}`: `{}` is not a URL like `https://host:port`",
            origin.name, origin.url
        ));
    }
    match &origin.host {
        Some(host) if HeaderValue::from_str(host).is_err() => wrong(format!(
            "the origin `{}`: `{}` can't be a `Host`",
            origin.name,
            host.escape_default()
        )),
        _ => Ok(()),
    }
}

fn check_member(manifest: &Manifest, pool: &str, member: &Member) -> Result<(), LoadError> {
    if !matches!(
        manifest.targets.get(member.target as usize),
        Some(Target::Origin(_))
    ) {
        return wrong(format!(
            "the pool `{pool}` has a member that is not an origin"
        ));
    }
    match member.weight_param {
        Some(param)
            if manifest
                .params
                .get(param as usize)
                .is_none_or(|param| param.kind != Kind::I64) =>
        {
            wrong(format!(
                "the pool `{pool}` has a weight that is not a param"
            ))
        }
        _ => Ok(()),
    }
}

pub(super) fn wrong<T>(what: String) -> Result<T, LoadError> {
    Err(LoadError::Inconsistent(what))
}
