//! Counts as a scraper reads them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use edge_abi::manifest::{Manifest, RuleKind, Target as Declared};
use edge_cache::{Cache, Counters};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::{CACHED, CHARGES, CLASSES, FAILURES, Kept, Metrics, STATE_FAILURES, kind};
use crate::access_log::Dropped;
use crate::cache::Caches;
use crate::settings::Deployment;
use crate::target;

/// Everything that a host can tell about itself.
#[derive(Debug)]
pub(crate) struct Exposition(Registry);

impl Exposition {
    /// Of a deployment, its host's connections, and the lines that its access log has dropped.
    pub(crate) fn new(
        deployment: Arc<Deployment>,
        connections: Arc<AtomicUsize>,
        lines_dropped: Arc<Dropped>,
    ) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Host {
            deployment,
            connections,
            lines_dropped,
        }));
        Exposition(registry)
    }

    /// In the text format of OpenMetrics 1.0.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string can't fail.
        let _ = encode(&mut text, &self.0);
        text
    }
}

#[derive(Debug)]
struct Host {
    deployment: Arc<Deployment>,
    connections: Arc<AtomicUsize>,
    lines_dropped: Arc<Dropped>,
}

impl Collector for Host {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Out(encoder);
        let metrics = self.deployment.metrics();
        let manifest = self.deployment.policy().manifest();
        out.info(manifest)?;
        requests(&mut out, metrics, manifest)?;
        hits(&mut out, metrics, manifest)?;
        limits(&mut out, metrics, manifest)?;
        state(&mut out, metrics)?;
        caches(&mut out, metrics, manifest)?;
        kept(&mut out, self.deployment.caches().map(Caches::store))?;
        origins(&mut out, metrics, manifest)?;
        bodies(&mut out, metrics)?;
        out.gauge(
            "edge_connections",
            "Connections of clients that are open.",
            self.connections.load(Ordering::Relaxed) as u64,
        )?;
        out.counter(
            "edge_access_log_lines_dropped",
            "Lines that the access log had no room for or could not write.",
            self.lines_dropped.total(),
        )
    }
}

fn requests(out: &mut Out<'_>, metrics: &Metrics, manifest: &Manifest) -> fmt::Result {
    let mut family = out.counters(
        "edge_requests",
        "Answered requests, by the rule that decided.",
    )?;
    for (rule, counts) in manifest.rules.iter().zip(&metrics.rules) {
        let kind = kind(rule.kind, counts.limits);
        // Most rules that deny never do. All others have their series from the beginning.
        let silent = matches!(
            rule.kind,
            RuleKind::Deny | RuleKind::Scored | RuleKind::Shadow
        );
        for (number, (class, count)) in CLASSES.iter().zip(&counts.answered).enumerate() {
            let always = !silent && number < CLASSES.len() - 1;
            if always || count.get() > 0 {
                let labels = [("kind", kind), ("rule", &rule.name), ("status", class)];
                series(&mut family, labels, count.get())?;
            }
        }
    }
    for (class, count) in CLASSES.iter().zip(&metrics.host) {
        let labels = [("kind", "host"), ("rule", ""), ("status", class)];
        series(&mut family, labels, count.get())?;
    }
    out.counter(
        "edge_requests_abandoned",
        "Requests that ended without an answer.",
        metrics.abandoned.get(),
    )?;
    out.counter(
        "edge_requests_malformed",
        "What was sent in place of a request and is none.",
        metrics.malformed.get(),
    )?;
    out.gauge(
        "edge_requests_in_flight",
        "Requests whose answer is not over.",
        metrics.in_flight.get(),
    )?;
    let duration = metrics.duration.read();
    let mut histogram = out.0.encode_descriptor(
        "edge_request_duration",
        "Time from a request's head to the end of its answer.",
        Some(&Unit::Seconds),
        MetricType::Histogram,
    )?;
    histogram.encode_histogram::<NoLabelSet>(
        duration.sum,
        duration.count,
        &duration.buckets,
        None,
    )?;
    out.counter(
        "edge_policy_faults",
        "Requests at which the policy failed.",
        metrics.faults.get(),
    )
}

/// Rules that have matched without deciding.
fn hits(out: &mut Out<'_>, metrics: &Metrics, manifest: &Manifest) -> fmt::Result {
    let rules = || manifest.rules.iter().zip(&metrics.rules);
    let mut family = out.counters(
        "edge_shadow_hits",
        "Requests that a rule or a limit in shadow mode would have refused.",
    )?;
    for (rule, counts) in rules().filter(|(_, counts)| counts.shadow.get() > 0) {
        series(&mut family, [("rule", &rule.name)], counts.shadow.get())?;
    }
    let mut family = out.counters(
        "edge_scored_hits",
        "Requests that a rule with a score has matched.",
    )?;
    for (rule, counts) in rules().filter(|(_, counts)| counts.scored.get() > 0) {
        series(&mut family, [("rule", &rule.name)], counts.scored.get())?;
    }
    Ok(())
}

fn limits(out: &mut Out<'_>, metrics: &Metrics, manifest: &Manifest) -> fmt::Result {
    let mut family = out.counters(
        "edge_limit_charges",
        "Charges of limits, by what came of them.",
    )?;
    for (limit, counts) in manifest.rate_limits.iter().zip(&metrics.limits) {
        let mode = match limit.shadow {
            true => "shadow",
            false => "enforce",
        };
        for (outcome, count) in CHARGES.iter().zip(counts) {
            let labels = [
                ("limit", limit.name.as_str()),
                ("mode", mode),
                ("outcome", outcome),
            ];
            series(&mut family, labels, count.get())?;
        }
    }
    Ok(())
}

fn caches(out: &mut Out<'_>, metrics: &Metrics, manifest: &Manifest) -> fmt::Result {
    let mut family = out.counters(
        "edge_cache_answers",
        "Answers of caches, by how they came about.",
    )?;
    for (cache, counts) in manifest.caches.iter().zip(&metrics.caches) {
        for (how, count) in CACHED.iter().zip(counts) {
            let labels = [("cache", cache.name.as_str()), ("how", how.name())];
            series(&mut family, labels, count.get())?;
        }
    }
    Ok(())
}

/// What answers take.
fn kept(out: &mut Out<'_>, store: Option<&Cache>) -> fmt::Result {
    out.gauge(
        "edge_cache_memory_bytes",
        "What answers take that are kept in memory.",
        store.map_or(0, Cache::weight),
    )?;
    out.gauge(
        "edge_cache_memory_keys",
        "Keys with answers in memory.",
        store.map_or(0, Cache::len) as u64,
    )?;
    tiers(out, store)?;
    out.gauge(
        "edge_cache_fetches",
        "Requests to origins whose answers others may share.",
        store.map_or(0, Cache::flights) as u64,
    )
}

/// What the tiers did.
fn tiers(out: &mut Out<'_>, store: Option<&Cache>) -> fmt::Result {
    let counters = store.map(Cache::counters);
    let count = |of: fn(&Counters) -> &edge_cache::Count| counters.map_or(0, |all| of(all).get());
    let mut family = out.counters(
        "edge_cache_tier_hits",
        "Answers served from a tier, fresh or stale.",
    )?;
    for (tier, hits) in [
        ("memory", count(|all| &all.memory_hits)),
        ("disk", count(|all| &all.disk_hits)),
        ("regional", count(|all| &all.regional_hits)),
    ] {
        series(&mut family, [("tier", tier)], hits)?;
    }
    let mut family = out.counters(
        "edge_cache_disk_events",
        "What happened at the cache's disk.",
    )?;
    for (event, times) in [
        ("read", count(|all| &all.disk.reads)),
        ("write", count(|all| &all.disk.writes)),
        ("evicted", count(|all| &all.disk.evictions)),
        ("skipped", count(|all| &all.disk.skipped)),
        ("error", count(|all| &all.disk.errors)),
        ("corrupt", count(|all| &all.disk.corrupt)),
        ("emptied", count(|all| &all.disk.lost_purges)),
    ] {
        series(&mut family, [("event", event)], times)?;
    }
    out.counter(
        "edge_cache_disk_read_bytes",
        "Bytes read from the cache's disk.",
        count(|all| &all.disk.read_bytes),
    )?;
    out.counter(
        "edge_cache_disk_written_bytes",
        "Bytes written to the cache's disk.",
        count(|all| &all.disk.written_bytes),
    )?;
    let (keys, bytes) = store.map_or((0, 0), Cache::on_disk_now);
    out.gauge(
        "edge_cache_disk_bytes",
        "What kept answers take on disk.",
        bytes,
    )?;
    out.gauge("edge_cache_disk_answers", "Answers on disk.", keys as u64)?;
    let mut family = out.counters(
        "edge_cache_regional_events",
        "What happened at the regional tier.",
    )?;
    for (event, times) in [
        ("get", count(|all| &all.regional.gets)),
        ("put", count(|all| &all.regional.puts)),
        ("skipped", count(|all| &all.regional.skipped)),
        ("error", count(|all| &all.regional.errors)),
        ("corrupt", count(|all| &all.regional.corrupt)),
        ("purge_heard", count(|all| &all.regional.heard)),
    ] {
        series(&mut family, [("event", event)], times)?;
    }
    Ok(())
}

fn state(out: &mut Out<'_>, metrics: &Metrics) -> fmt::Result {
    let mut family = out.counters(
        "edge_state_errors",
        "What could not be asked or changed where state is kept.",
    )?;
    for (kept, counts) in Kept::ALL.iter().zip(&metrics.state) {
        for (reason, count) in STATE_FAILURES.iter().zip(counts) {
            series(
                &mut family,
                [("kind", kept.word()), ("reason", reason)],
                count.get(),
            )?;
        }
    }
    Ok(())
}

fn origins(out: &mut Out<'_>, metrics: &Metrics, manifest: &Manifest) -> fmt::Result {
    let targets = || manifest.targets.iter().zip(&metrics.targets);
    let mut family = out.counters(
        "edge_origin_requests",
        "Requests to origins, by the status of the answer or why there was none.",
    )?;
    for (declared, counts) in targets().filter(|(target, _)| matches!(target, Declared::Origin(_)))
    {
        let outcomes = CLASSES.iter().chain(&FAILURES);
        for (outcome, count) in outcomes.zip(counts.answered.iter().chain(&counts.failed)) {
            let labels = [("origin", target::name(declared)), ("outcome", outcome)];
            series(&mut family, labels, count.get())?;
        }
    }
    let mut family = out.counters(
        "edge_origin_repeats",
        "Requests that went to an origin once more, by the origin or pool that had failed.",
    )?;
    for (declared, counts) in targets() {
        for (reason, count) in [
            ("retry", &counts.retries),
            ("fallback", &counts.fallbacks),
            ("failover", &counts.failovers),
        ] {
            let labels = [("target", target::name(declared)), ("reason", reason)];
            series(&mut family, labels, count.get())?;
        }
    }
    Ok(())
}

fn bodies(out: &mut Out<'_>, metrics: &Metrics) -> fmt::Result {
    let mut family = out.counters(
        "edge_bodies_refused",
        "Bodies that the policy refused while they streamed.",
    )?;
    for (body, count) in ["request", "response"].iter().zip(&metrics.scans_refused) {
        series(&mut family, [("body", body)], count.get())?;
    }
    Ok(())
}

/// Where families are written, one after the other.
struct Out<'a>(DescriptorEncoder<'a>);

impl Out<'_> {
    /// A family of counters with labels.
    fn counters<'s>(
        &'s mut self,
        name: &'s str,
        help: &str,
    ) -> Result<MetricEncoder<'s>, fmt::Error> {
        self.0
            .encode_descriptor(name, help, None, MetricType::Counter)
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        ConstCounter::new(value).encode(self.counters(name, help)?)
    }

    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        let metric = self
            .0
            .encode_descriptor(name, help, None, MetricType::Gauge)?;
        ConstGauge::new(value).encode(metric)
    }

    /// Which policy serves.
    fn info(&mut self, manifest: &Manifest) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(
            "edge_policy",
            "The policy that serves.",
            None,
            MetricType::Info,
        )?;
        metric.encode_info(&[
            ("policy", manifest.name.as_str()),
            ("source_digest", manifest.source_digest.as_str()),
        ])
    }
}

/// One counter of a family.
fn series<const N: usize>(
    family: &mut MetricEncoder<'_>,
    labels: [(&str, &str); N],
    value: u64,
) -> fmt::Result {
    ConstCounter::new(value).encode(family.encode_family(&labels)?)
}
