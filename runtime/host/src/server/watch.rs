//! What a connection is doing and since when: the ground on which time limits are decided.
//!
//! Nothing here sets a timer. Reads, writes and bodies note the time; the connection's
//! one timer looks at the notes when it fires. A request costs no timer that way.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Limits;

/// The notes of one connection.
pub struct Watch {
    start: Instant,
    phase: Cell<Phase>,
    /// When the phase began.
    since: Moment,
    /// Since when the client takes nothing of what is sent.
    write_blocked: Moment,
    /// Since when a piece of a body is awaited from the client.
    body_awaited: Moment,
    /// Whether the client may still be sending what nobody will read.
    unread: Cell<bool>,
    /// Why the connection ends, if it does in the middle of a request.
    cut: Cell<Cut>,
}

/// Why a connection ended in the middle of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The client left.
    Left,
    /// A time limit was reached.
    Slow,
    /// The server ended.
    Ending,
}

impl Cut {
    /// For the log.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Left => "the client left",
            Self::Slow => "the client was too slow",
            Self::Ending => "the server ended",
        }
    }
}

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Between two requests.
    Idle,
    /// A head is arriving.
    Head,
    /// A request is being answered, or the connection is being closed.
    Busy,
    /// Nothing has come yet. The time for the first head counts from here.
    New,
}

impl Watch {
    /// A connection that was accepted just now.
    pub fn new() -> Self {
        let watch = Self {
            start: Instant::now(),
            phase: Cell::new(Phase::New),
            since: Moment::default(),
            write_blocked: Moment::default(),
            body_awaited: Moment::default(),
            unread: Cell::new(false),
            cut: Cell::new(Cut::Left),
        };
        watch.since.set(watch.start);
        watch
    }

    /// Notes that a request begins; the one before was read to its end.
    pub fn begin(&self) {
        self.unread.set(false);
        self.enter(Phase::Busy);
    }

    /// Notes what begins now.
    pub fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(self.start);
    }

    /// Notes that bytes have arrived.
    pub fn received(&self) {
        if self.is(Phase::Idle) {
            self.enter(Phase::Head);
        } else if self.is(Phase::New) {
            self.phase.set(Phase::Head);
        }
    }

    /// Notes whether a write found no room.
    pub fn write(&self, blocked: bool) {
        self.write_blocked.note(self.start, blocked);
    }

    /// Notes whether a piece of a body was missing.
    pub fn body(&self, awaited: bool) {
        self.body_awaited.note(self.start, awaited);
    }

    /// Notes that a body was given up before its end.
    pub fn leave_unread(&self) {
        self.body_awaited.clear();
        self.unread.set(true);
    }

    /// Notes that this side ends the connection.
    pub fn cut(&self, cut: Cut) {
        self.cut.set(cut);
    }

    /// Why the connection ended, if it has.
    pub fn why_cut(&self) -> Cut {
        self.cut.get()
    }

    /// Whether the client may be in the middle of sending something.
    pub fn may_be_sending(&self) -> bool {
        self.is(Phase::Head) || self.unread.get()
    }

    /// When the first of the limits that apply now is over.
    pub fn deadline(&self, limits: &Limits) -> Option<Instant> {
        let phase = match self.phase.get() {
            Phase::Idle => self.since.after(self.start, limits.idle_timeout.0),
            Phase::Busy => None,
            Phase::Head | Phase::New => self.since.after(self.start, limits.head_timeout.0),
        };
        let write = self.write_blocked.after(self.start, limits.write_timeout.0);
        let body = self.body_awaited.after(self.start, limits.body_timeout.0);
        [phase, write, body].into_iter().flatten().min()
    }

    fn is(&self, phase: Phase) -> bool {
        self.phase.get() == phase
    }
}

/// A moment in milliseconds after the connection's start, plus one; 0 for none.
#[derive(Default)]
struct Moment(Cell<u64>);

impl Moment {
    fn set(&self, start: Instant) {
        let elapsed = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX - 1);
        self.0.set(elapsed + 1);
    }

    fn clear(&self) {
        self.0.set(0);
    }

    /// Keeps the first moment for as long as the state lasts.
    fn note(&self, start: Instant, lasts: bool) {
        let noted = self.0.get() != 0;
        if lasts && !noted {
            self.set(start);
        } else if !lasts && noted {
            self.clear();
        }
    }

    fn after(&self, start: Instant, limit: Duration) -> Option<Instant> {
        let elapsed = self.0.get().checked_sub(1)?;
        start
            .checked_add(Duration::from_millis(elapsed))?
            .checked_add(limit)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::config::Span;

    fn limits() -> Limits {
        let seconds = Span::from_secs;
        Limits {
            head_timeout: seconds(10),
            idle_timeout: seconds(60),
            body_timeout: seconds(20),
            write_timeout: seconds(30),
            ..Limits::default()
        }
    }

    fn left(watch: &Watch) -> Option<u64> {
        watch
            .deadline(&limits())
            .map(|deadline| (deadline - Instant::now()).as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn the_earliest_limit_counts() {
        let watch = Watch::new();
        assert_eq!(left(&watch), Some(10));
        watch.enter(Phase::Busy);
        assert_eq!(left(&watch), None);
        watch.write(true);
        tokio::time::advance(Duration::from_secs(5)).await;
        watch.write(true);
        assert_eq!(left(&watch), Some(25));
        watch.body(true);
        assert_eq!(left(&watch), Some(20));
        watch.body(false);
        watch.write(false);
        watch.enter(Phase::Idle);
        assert_eq!(left(&watch), Some(60));
        watch.received();
        assert_eq!(left(&watch), Some(10));
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_do_not_prolong_a_head() {
        let watch = Watch::new();
        for _ in 0..3 {
            tokio::time::advance(Duration::from_secs(2)).await;
            watch.received();
        }
        assert_eq!(left(&watch), Some(4));
    }
}
