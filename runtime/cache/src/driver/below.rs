//! The tiers below memory: the one who leads a fetch looks there before it asks the origin.

use super::answer::Answer;
use super::ask::{Ask, Asked, Found};
use super::cache::Cache;
use super::client::Client;
use super::flight::{Lead, Outcome};
use super::note::Note;
use crate::semantics::reuse::{Reuse, reuse};
use crate::semantics::status::Forward;
use crate::semantics::terms::Terms;
use crate::storage::content::Content;
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use crate::storage::purge::Left;
use std::sync::Arc;

/// A tier below memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tier {
    Disk,
    Regional,
}

impl Tier {
    /// Its name in `Cache-Status`.
    fn name(self) -> &'static str {
        match self {
            Tier::Disk => "disk",
            Tier::Regional => "regional",
        }
    }
}

impl Cache {
    /// Answers from the tiers below memory, or fetches. What is found there is told to those who follow.
    pub(crate) async fn below(
        &self,
        ask: &Ask<'_>,
        client: Client,
        mut found: Found,
        lead: Option<Lead>,
        now: u64,
    ) -> Asked {
        let tier = self.look_below(ask, &client, &mut found, now).await;
        if tier.is_none() && !self.is_fresher_below(ask, &found, now) {
            return self.fetch(ask, client, found, lead);
        }
        let servable = found.entry.as_ref().filter(|(_, terms)| {
            let reuse = reuse(terms, &client.directives, now);
            matches!(reuse, Reuse::Fresh | Reuse::WhileRevalidate)
        });
        if tier.is_some()
            && let (Some(lead), Some((entry, _))) = (&lead, servable)
        {
            lead.tell(Outcome::Entry(entry.clone()));
        } else if let (Some(lead), Some(_)) = (&lead, servable) {
            // what memory has is stale and will do: one validates it, nobody waits
            lead.tell(Outcome::Gone);
        }
        match self.serve(ask, &client, &mut found, now) {
            Some(answer) => self.hit(answer, tier),
            None => self.fetch(ask, client, found, lead),
        }
    }

    /// Answers a client that wants nothing but what is stored (RFC 9111 5.2.1.7).
    pub(crate) async fn if_cached(
        &self,
        ask: &Ask<'_>,
        client: &Client,
        mut found: Found,
        now: u64,
    ) -> Asked {
        let tier = self.look_below(ask, client, &mut found, now).await;
        match self.serve(ask, client, &mut found, now) {
            Some(answer) => self.hit(answer, tier),
            None => Asked::Answer(Box::new(Answer::gateway_timeout())),
        }
    }

    /// Counts an answer that is served from a tier, and says from which.
    pub(crate) fn hit(&self, mut answer: Answer, tier: Option<Tier>) -> Asked {
        let counters = &self.0.counters;
        match tier {
            None => counters.memory_hits.one(),
            Some(Tier::Disk) => counters.disk_hits.one(),
            Some(Tier::Regional) => counters.regional_hits.one(),
        }
        if let Some(tier) = tier {
            answer.cache_status.detail = Some(tier.name());
        }
        Asked::Answer(Box::new(answer))
    }

    /// Whether the edge's copy is out only by the edge's own duration, so that the regional tier may have it fresh.
    pub(crate) fn is_fresher_below(&self, ask: &Ask<'_>, found: &Found, now: u64) -> bool {
        let Some((_, terms)) = &found.entry else {
            return false;
        };
        ask.rules.regional_ttl.is_some()
            && self.0.region.is_some()
            && terms.stale_for(now).is_some()
            && terms.regional_stale_at.is_some_and(|at| now < at)
    }

    /// Looks into the lower tiers for something better than what was found, and takes it up into the edge. Says which tier
    /// what is now in `found` comes from, if it changed.
    async fn look_below(
        &self,
        ask: &Ask<'_>,
        client: &Client,
        found: &mut Found,
        now: u64,
    ) -> Option<Tier> {
        let wanted = matches!(
            found.forward,
            Forward::UriMiss | Forward::VaryMiss | Forward::Stale
        );
        if !wanted || client.directives.no_cache {
            return None;
        }
        let mut tier = None;
        // what memory has, even stale, is as new as what the disk has
        if found.entry.is_none()
            && let Some(entry) = self.on_disk(ask).await
        {
            let will_do = matches!(
                reuse(&entry.terms, &client.directives, now),
                Reuse::Fresh | Reuse::WhileRevalidate
            );
            self.take(found, entry);
            if will_do && !self.is_fresher_below(ask, found, now) {
                return Some(Tier::Disk);
            }
            tier = Some(Tier::Disk);
        }
        if let Some(entry) = self.regional(ask, found, now).await {
            self.take(found, entry);
            tier = Some(Tier::Regional);
        }
        tier
    }

    /// What the disk has, as purges left it: now in memory, if it is not too long for that.
    async fn on_disk(&self, ask: &Ask<'_>) -> Option<Arc<Entry>> {
        let disk = self.0.disk.as_ref()?;
        let _under_way = self.0.purges.begin();
        let (mut entry, id) = disk.get(&ask.key, ask.sent).await?;
        match self.left(&entry) {
            Left::Gone => {
                disk.remove_numbered(&ask.key, id);
                return None;
            }
            Left::Stale(at) => entry.terms = entry.terms.stale_from(at),
            Left::Valid => {}
        }
        let entry = Arc::new(entry);
        if matches!(entry.content, Content::Whole(_)) {
            self.0.memory.put(ask.key, entry.clone());
        }
        Some(entry)
    }

    fn take(&self, found: &mut Found, entry: Arc<Entry>) {
        let terms = entry.terms;
        found.entry = Some((entry, terms));
        found.forward = Forward::Stale;
    }

    /// What the regional tier has, if the block uses it: now in the edge, on the edge's terms.
    async fn regional(&self, ask: &Ask<'_>, found: &Found, now: u64) -> Option<Arc<Entry>> {
        let region = self.0.region.as_ref()?;
        ask.rules.regional_ttl?;
        if self.0.notes.get(&ask.key, now) == Some(Note::Pass) {
            return None;
        }
        let under_way = self.0.purges.begin();
        let mut entry = region.get(&ask.key, ask.sent, now).await?;
        entry.born = under_way.born();
        entry.terms = entry.terms.in_edge(ask.rules, now);
        let better = found.entry.as_ref().is_none_or(|(_, have)| {
            let of = |terms: &Terms| (terms.received, terms.stale_at);
            of(&entry.terms) > of(have)
        });
        match self.left(&entry) {
            _ if !better => return None,
            Left::Gone => return None,
            Left::Stale(at) => entry.terms = entry.terms.stale_from(at),
            Left::Valid => {}
        }
        let entry = Arc::new(entry);
        self.in_edge(ask.key, entry.clone());
        Some(entry)
    }

    /// Stores an answer in all tiers that may have it.
    pub(crate) fn keep(&self, key: Key, entry: Arc<Entry>) {
        if let Some(region) = &self.0.region {
            region.put(&key, &entry);
        }
        self.in_edge(key, entry);
    }

    /// Stores an answer in memory and on the disk.
    fn in_edge(&self, key: Key, entry: Arc<Entry>) {
        match &entry.content {
            Content::Disk(_) => self.0.memory.remove(&key, &entry),
            _ => self.0.memory.put(key, entry.clone()),
        }
        if let Some(disk) = &self.0.disk {
            let under_way = self.0.purges.hold(entry.born);
            disk.put(key, entry, under_way);
        }
    }

    /// Removes what memory and the region have in place of an answer that only the disk will have.
    pub(crate) fn forget_above_disk(&self, key: &Key, entry: &Entry) {
        self.0.memory.remove(key, entry);
        if let Some(region) = &self.0.region
            && entry.terms.regional_stale_at.is_some()
        {
            region.remove(key, entry);
        }
    }

    /// Removes an answer from all tiers.
    pub(crate) fn discard(&self, key: &Key, entry: &Entry) {
        self.forget_above_disk(key, entry);
        if let Some(disk) = &self.0.disk {
            disk.remove(key, entry);
        }
    }
}
