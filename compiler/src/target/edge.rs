//! The `edge` target: the module itself, with its manifest.

use crate::{
    emit::Module,
    hir::Hir,
    source::{Lines, SourceMap, Span},
};
use edge_abi::{
    MANIFEST_SECTION, VERSION,
    manifest::{Capability, Experiment, Fact, Limits, Manifest, Pool, Rule, Target},
};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

/// The version of the language.
pub const LANGUAGE: u16 = 1;

/// Appends the manifest to a linked module.
#[must_use]
pub fn wrap(linked: &[u8], module: &Module, hir: &Hir, sources: &SourceMap) -> (Vec<u8>, Manifest) {
    let manifest = manifest(linked, module, hir, sources);
    let json = serde_json::to_vec(&manifest).unwrap_or_default();
    let section = wasm_encoder::CustomSection {
        name: MANIFEST_SECTION.into(),
        data: json.into(),
    };
    let mut wasm = linked.to_vec();
    wasm_encoder::Section::append_to(&section, &mut wasm);
    (wasm, manifest)
}

fn manifest(linked: &[u8], module: &Module, hir: &Hir, sources: &SourceMap) -> Manifest {
    let lines: Vec<Lines<'_>> = sources.files.iter().map(|f| Lines::new(&f.text)).collect();
    let place = |span: Span| {
        let lines = lines.get(span.file.0 as usize);
        let (line, column) = lines.map_or((1, 1), |lines| lines.line_column(span.start));
        [span.file.0, line, column]
    };
    let mut places: Vec<[u32; 3]> = hir.places.iter().map(|span| place(*span)).collect();
    let mut known: HashMap<[u32; 3], usize> = HashMap::new();
    for (index, place) in places.iter().enumerate() {
        known.entry(*place).or_insert(index);
    }
    let mut place_of = |span: Span| {
        let place = place(span);
        let index = *known.entry(place).or_insert_with(|| {
            places.push(place);
            places.len() - 1
        });
        u32::try_from(index).unwrap_or(u32::MAX)
    };
    let rules = hir.rules.iter().map(|rule| Rule {
        name: rule.name.clone(),
        kind: rule.kind,
        place: place_of(rule.span),
        bytes: 0,
    });
    let mut rules: Vec<Rule> = rules.collect();
    for cost in &module.costs {
        if let Some(rule) = rules.get_mut(cost.rule as usize) {
            rule.bytes = cost.bytes;
        }
    }
    if places.is_empty() {
        places.push([0, 1, 1]);
    }
    let pools = hir.pools.iter().map(|pool| {
        Target::Pool(Pool {
            name: pool.name.clone(),
            choice: pool.choice,
            members: pool.members.clone(),
        })
    });
    Manifest {
        abi: VERSION,
        language: LANGUAGE,
        name: hir.name.clone(),
        source_digest: source_digest(sources),
        module_digest: hex(&Sha256::digest(linked)),
        files: sources.files.iter().map(|file| file.name.clone()).collect(),
        targets: hir
            .origins
            .iter()
            .cloned()
            .map(Target::Origin)
            .chain(pools)
            .collect(),
        proxies: hir.proxies.clone(),
        experiments: hir
            .experiments
            .iter()
            .map(|e| Experiment {
                name: e.name.clone(),
                arms: e.arms.iter().map(|(name, _)| name.clone()).collect(),
            })
            .collect(),
        rate_limits: hir.rate_limits.clone(),
        stores: hir.stores.clone(),
        counters: hir.counters.clone(),
        caches: hir.caches.iter().map(|it| it.declared.clone()).collect(),
        cached: hir.cached.clone(),
        finishes: module.finishes,
        secrets: hir.secrets.clone(),
        params: hir.params.clone(),
        slot_sets: module.slots.clone(),
        rules,
        severities: of_rules(hir, |rule| Vec::from_iter(rule.severity)),
        tags: of_rules(hir, |rule| rule.tags.clone()),
        places,
        limits: Limits {
            input: module.input_limit,
            body: hir.body_limit,
            asks: u32::try_from(hir.asks.len()).unwrap_or(u32::MAX),
            output: module.output,
            fuel: module.fuel,
            memory: module.memory,
        },
        capabilities: capabilities(module, hir),
    }
}

/// The rules that have something, by what they have.
fn of_rules<T: Ord>(
    hir: &Hir,
    have: impl Fn(&crate::hir::Rule) -> Vec<T>,
) -> BTreeMap<T, Vec<u32>> {
    let mut found: BTreeMap<T, Vec<u32>> = BTreeMap::new();
    for (index, rule) in (0..).zip(&hir.rules) {
        for key in have(rule) {
            found.entry(key).or_default().push(index);
        }
    }
    found
}

fn capabilities(module: &Module, hir: &Hir) -> Vec<Capability> {
    let uses = |is: fn(&Fact) -> bool| module.slots.iter().flatten().any(|slot| is(&slot.fact));
    let mut list = Vec::new();
    if hir.body_limit > 0 {
        list.push(Capability::Body);
    }
    if !hir.secrets.is_empty() {
        list.push(Capability::Secrets);
    }
    if uses(|fact| {
        matches!(
            fact,
            Fact::HeaderList { .. } | Fact::ResponseHeaderList { .. }
        )
    }) {
        list.push(Capability::HeaderList);
    }
    if uses(|fact| *fact == Fact::Fields) {
        list.push(Capability::Fields);
    }
    if uses(|fact| matches!(fact, Fact::RequestChunk | Fact::ResponseChunk)) {
        list.push(Capability::Scan);
    }
    if !hir.rate_limits.is_empty() {
        list.push(Capability::Limit);
    }
    if !hir.stores.is_empty() {
        list.push(Capability::Store);
    }
    if !hir.counters.is_empty() {
        list.push(Capability::Counter);
    }
    if hir.purges {
        list.push(Capability::Purge);
    }
    if !hir.caches.is_empty() {
        list.push(Capability::Cache);
    }
    list
}

/// SHA-256 over names and contents of all that the policy is made from.
#[must_use]
pub fn source_digest(sources: &SourceMap) -> String {
    let mut hash = Sha256::new();
    let files = sources
        .files
        .iter()
        .map(|file| (&file.name, file.text.as_bytes()));
    let loaded = sources
        .loaded
        .iter()
        .map(|(name, bytes)| (name, bytes.as_slice()));
    for (name, bytes) in files.chain(loaded) {
        for part in [name.as_bytes(), bytes] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hex(&hash.finalize())
}

/// The module's tag in its continuations: the head of the digest of what it was made from.
#[must_use]
pub fn tag(sources: &SourceMap) -> u64 {
    u64::from_str_radix(source_digest(sources).get(..16).unwrap_or("0"), 16).unwrap_or(0)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
