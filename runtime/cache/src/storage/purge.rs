//! Purges in constant time.
//!
//! A purge touches no stored answer: it leaves a mark under a label (a tag, a path, a URI), a prefix, or for everything. An
//! answer that was asked for before the mark was made is purged. Purging a tag that 100,000 answers bear costs one insertion,
//! and an answer that is still on its way from the origin is covered too.
//!
//! What is purged is found when it is asked for, and swept out piece by piece ([`crate::Cache::tidy`]); a sweep that
//! has seen everything forgets the marks before it. Marks are bounded: when there are too many, the oldest becomes a mark
//! for everything, which costs hits and never serves what was purged.

use super::entry::Entry;
use super::marks::{Mark, Marks};
use super::place::{Place, path, tag};
use parking_lot::{Mutex, RwLock};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is to be purged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge<'a> {
    /// What bears a tag.
    Tag(&'a [u8]),
    /// One URI, in all its variants.
    Uri(&'a Place),
    /// A path with any query, on one host or on all.
    Path(Option<&'a str>, &'a [u8]),
    /// All paths that begin so, on one host or on all.
    Prefix(Option<&'a str>, &'a [u8]),
    /// Everything.
    All,
}

/// What purges leave of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// It is not purged.
    Valid,
    /// It is stale since this time: a soft purge.
    Stale(u64),
    /// It is gone.
    Gone,
}

/// All marks, and the numbers that order purges and requests.
#[derive(Debug, Default)]
pub struct Purges {
    next: AtomicU64,
    latest: AtomicU64,
    marks: RwLock<Marks>,
    under_way: Mutex<BTreeMap<u64, usize>>,
}

/// A request to the origin that is under way: as long as it is, marks that could cover its answer are kept.
#[derive(Debug)]
pub struct UnderWay {
    purges: Arc<Purges>,
    born: u64,
}

impl UnderWay {
    /// The number that its answer is born with.
    pub fn born(&self) -> u64 {
        self.born
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let mut all = self.purges.under_way.lock();
        if let Some(count) = all.get_mut(&self.born) {
            *count -= 1;
            if *count == 0 {
                all.remove(&self.born);
            }
        }
    }
}

impl Purges {
    /// Says that a request is sent now.
    pub fn begin(self: &Arc<Self>) -> UnderWay {
        let mut all = self.under_way.lock();
        let born = self.next.load(Ordering::SeqCst);
        *all.entry(born).or_default() += 1;
        UnderWay {
            purges: self.clone(),
            born,
        }
    }

    /// Keeps the marks that may cover an answer which was born with a number, while it is moved from tier to tier.
    pub fn hold(self: &Arc<Self>, born: u64) -> UnderWay {
        *self.under_way.lock().entry(born).or_default() += 1;
        UnderWay {
            purges: self.clone(),
            born,
        }
    }

    /// Purges, hard or (with the time of the purge, milliseconds since 1970) soft. Returns the purge's number.
    pub fn purge(&self, what: Purge<'_>, soft_at: Option<u64>) -> u64 {
        let mut marks = self.marks.write();
        let number = self.next.fetch_add(1, Ordering::SeqCst) + 1;
        self.mark(&mut marks, number, what, soft_at);
        number
    }

    /// Marks a purge that has a number already; new ones have greater numbers.
    pub fn restore(&self, number: u64, what: Purge<'_>, soft_at: Option<u64>) {
        let mut marks = self.marks.write();
        self.next.fetch_max(number, Ordering::SeqCst);
        self.mark(&mut marks, number, what, soft_at);
    }

    /// Lets new purges have greater numbers than this.
    pub fn go_on_from(&self, number: u64) {
        self.next.fetch_max(number, Ordering::SeqCst);
    }

    fn mark(&self, marks: &mut Marks, number: u64, what: Purge<'_>, soft_at: Option<u64>) {
        match what {
            Purge::Tag(name) => marks.label(tag(name), number, soft_at),
            Purge::Uri(place) => marks.label(place.uri(), number, soft_at),
            Purge::Path(host, name) => marks.label(path(host, name), number, soft_at),
            Purge::Prefix(host, name) => marks.prefix(host, name, number, soft_at),
            Purge::All => marks.all.add(number, soft_at),
        }
        self.latest.fetch_max(number, Ordering::SeqCst);
    }

    /// What purges left of an answer.
    pub fn left(&self, entry: &Entry) -> Left {
        self.left_since(entry, entry.born)
    }

    /// What purges after a number left of an answer.
    pub fn left_since(&self, entry: &Entry, born: u64) -> Left {
        if born >= self.latest.load(Ordering::SeqCst) {
            return Left::Valid;
        }
        let marks = self.marks.read();
        let mut mark = marks.all;
        for label in entry.labels() {
            mark.merge(marks.labels.get(&label).copied().unwrap_or_default());
        }
        for (host, prefix, of) in &marks.prefixes {
            if entry.place.path.starts_with(prefix)
                && host.as_ref().is_none_or(|host| *host == entry.place.host)
            {
                mark.merge(*of);
            }
        }
        mark.left(born)
    }

    /// Whether there are marks that a sweep could remove.
    pub fn any(&self) -> bool {
        self.latest.load(Ordering::SeqCst) != 0
    }

    /// The number of the last purge: what is born with it is covered by none so far.
    pub fn latest(&self) -> u64 {
        self.next.load(Ordering::SeqCst)
    }

    /// Forgets marks up to a number, after a sweep that began with it has seen everything that is stored, removed what is
    /// gone and written down what is stale. Marks that a request under way may still need stay. Returns the number up to
    /// which there are none any more.
    pub fn forget(&self, until: u64) -> u64 {
        let oldest = self
            .under_way
            .lock()
            .keys()
            .next()
            .copied()
            .unwrap_or(u64::MAX);
        let mut marks = self.marks.write();
        let done = |mark: &Mark| mark.last() <= until && mark.last() <= oldest;
        marks.labels.retain(|_, mark| !done(mark));
        marks.prefixes.retain(|(_, _, mark)| !done(mark));
        if done(&marks.all) {
            marks.all = Mark::default();
        }
        if marks.labels.is_empty() && marks.prefixes.is_empty() && marks.all.last() == 0 {
            self.latest.store(0, Ordering::SeqCst);
        }
        until.min(oldest)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use crate::storage::entry::tests::entry;
    use crate::storage::marks::{MAX_MARKS, MAX_PREFIXES};

    fn of(purges: &Arc<Purges>, host: &str, path: &str, tags: &[&str]) -> Entry {
        let mut entry = entry(b"body");
        entry.place = Arc::new(Place::new(host, path.as_bytes(), b"q=1"));
        entry.tags = tags.iter().map(|tag| Box::from(tag.as_bytes())).collect();
        entry.born = purges.begin().born();
        entry
    }

    #[test]
    fn each_kind_covers_what_it_names() {
        let place = Place::new("a", b"/x/y", b"q=1");
        for (purge, covered) in [
            (Purge::Tag(b"t"), [true, false, false]),
            (Purge::Uri(&place), [true, false, false]),
            (Purge::Path(Some("a"), b"/x/y"), [true, false, false]),
            (Purge::Path(None, b"/x/y"), [true, true, false]),
            (Purge::Prefix(Some("a"), b"/x"), [true, false, true]),
            (Purge::Prefix(None, b"/x/"), [true, true, true]),
            (Purge::All, [true, true, true]),
        ] {
            let purges = Arc::new(Purges::default());
            let before = [
                of(&purges, "a", "/x/y", &["t"]),
                of(&purges, "b", "/x/y", &["u"]),
                of(&purges, "a", "/x/z", &[]),
            ];
            purges.purge(purge, None);
            assert_eq!(
                before
                    .each_ref()
                    .map(|entry| purges.left(entry) == Left::Gone),
                covered,
                "{purge:?}"
            );
            assert_eq!(
                purges.left(&of(&purges, "a", "/x/y", &["t"])),
                Left::Valid,
                "asked for afterwards"
            );
        }
    }

    #[test]
    fn soft_purges_make_stale_and_hard_ones_win() {
        let purges = Arc::new(Purges::default());
        let it = of(&purges, "a", "/", &["t"]);
        purges.purge(Purge::Tag(b"t"), Some(77));
        assert_eq!(purges.left(&it), Left::Stale(77));
        purges.purge(Purge::All, None);
        assert_eq!(purges.left(&it), Left::Gone);
    }

    #[test]
    fn marks_are_kept_for_what_is_under_way() {
        let purges = Arc::new(Purges::default());
        let under_way = purges.begin();
        purges.purge(Purge::Tag(b"t"), None);
        purges.forget(purges.latest());
        let mut late = of(&purges, "a", "/", &["t"]);
        late.born = under_way.born();
        assert_eq!(purges.left(&late), Left::Gone);
        drop(under_way);
        purges.forget(purges.latest());
        assert!(!purges.any());
    }

    #[test]
    fn too_many_marks_cover_too_much_never_too_little() {
        let purges = Arc::new(Purges::default());
        let it = of(&purges, "a", "/x", &["t"]);
        purges.purge(Purge::Tag(b"t"), None);
        for at in 0..MAX_MARKS {
            purges.purge(Purge::Tag(&at.to_le_bytes()), None);
        }
        for at in 0..=MAX_PREFIXES {
            purges.purge(Purge::Prefix(None, format!("/{at}").as_bytes()), None);
        }
        assert_eq!(purges.left(&it), Left::Gone);
        assert!(purges.marks.read().labels.len() <= MAX_MARKS);
        assert_eq!(purges.left(&of(&purges, "a", "/x", &["t"])), Left::Valid);
    }
}
