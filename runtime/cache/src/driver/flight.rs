//! Fetches under way, and who waits for them.

use super::client::Kind;
use super::fill::Fill;
use crate::semantics::vary::Selecting;
use crate::storage::entry::Entry;
use crate::storage::key::Key;
use http::{HeaderMap, HeaderName};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::watch;

/// The most fetches of one route (its variants) that others may join; more fetch for themselves.
const MAX_FLIGHTS: usize = 64;

/// What can be shared: one kind of request under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    pub key: Key,
    pub kind: Kind,
}

/// What came of a fetch, for those who wait.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// A stored answer was validated.
    Entry(Arc<Entry>),
    /// A body is on its way.
    Fill(Arc<Fill>),
    /// The answer is for its client only: everybody fetches for himself.
    Pass,
    /// The origin answered with an error where a stale answer was at hand.
    Error,
    /// There was no answer.
    Failed,
    /// Whoever fetched gave up: another may lead.
    Gone,
}

#[derive(Debug)]
struct Flight {
    selecting: Selecting,
    outcome: watch::Sender<Option<Outcome>>,
}

/// All flights, in shards.
#[derive(Debug)]
pub(crate) struct Flights(Box<[Mutex<Shard>]>);

type Shard = HashMap<Route, Vec<Arc<Flight>>>;

/// How a request takes part in a flight.
#[derive(Debug)]
pub(crate) enum Part {
    /// It fetches, and others may follow.
    Lead(Lead),
    /// It waits for the outcome.
    Follow(watch::Receiver<Option<Outcome>>),
    /// It reads what is on its way.
    Read(Arc<Fill>),
    /// It fetches for itself.
    Alone,
}

/// The lead of a flight; dropping it ends the flight.
#[derive(Debug)]
pub(crate) struct Lead {
    flights: Arc<Flights>,
    route: Route,
    flight: Arc<Flight>,
}

impl Flights {
    pub fn new() -> Self {
        Self((0..64).map(|_| Mutex::default()).collect())
    }

    /// Joins a flight whose answer fits the request, or leads one. `varying` are the header fields that answers are known
    /// to vary by; `usable` says whether a body on its way may be read.
    pub fn take_part(
        self: &Arc<Self>,
        route: Route,
        sent: &HeaderMap,
        mut varying: Vec<HeaderName>,
        usable: impl Fn(&Fill) -> bool,
    ) -> Part {
        let Some(shard) = self.shard(&route) else {
            return Part::Alone;
        };
        let fits = |fill: &Fill| fill.head.selecting.fits(sent, &fill.head.headers);
        let mut shard = shard.lock();
        let flights = shard.entry(route).or_default();
        for flight in flights.iter() {
            let outcome = flight.outcome.borrow();
            match &*outcome {
                None if flight.selecting.fits(sent, &HeaderMap::new()) => {
                    return Part::Follow(flight.outcome.subscribe());
                }
                Some(Outcome::Fill(fill)) if fits(fill) && usable(fill) => {
                    return Part::Read(fill.clone());
                }
                Some(Outcome::Fill(fill)) => varying.extend(fill.head.selecting.names().cloned()),
                _ => {}
            }
        }
        if flights.len() >= MAX_FLIGHTS {
            return Part::Alone;
        }
        varying.sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        varying.dedup();
        let flight = Arc::new(Flight {
            selecting: Selecting::of(&varying, sent),
            outcome: watch::Sender::new(None),
        });
        flights.push(flight.clone());
        Part::Lead(Lead {
            flights: self.clone(),
            route,
            flight,
        })
    }

    /// How many flights there are.
    pub fn len(&self) -> usize {
        self.0
            .iter()
            .map(|shard| shard.lock().values().map(Vec::len).sum::<usize>())
            .sum()
    }

    fn shard(&self, route: &Route) -> Option<&Mutex<Shard>> {
        self.0
            .get(usize::try_from(route.key.short() >> 48).unwrap_or(0) % self.0.len().max(1))
    }
}

impl Lead {
    /// Tells those who wait. With a body on its way the flight stays, for more to join, until the lead is dropped.
    pub fn tell(&self, outcome: Outcome) {
        if !matches!(outcome, Outcome::Fill(_)) {
            self.leave();
        }
        self.flight.outcome.send_replace(Some(outcome));
    }

    /// Lets nobody join any more.
    pub fn leave(&self) {
        let Some(shard) = self.flights.shard(&self.route) else {
            return;
        };
        let mut shard = shard.lock();
        if let Some(flights) = shard.get_mut(&self.route) {
            flights.retain(|flight| !Arc::ptr_eq(flight, &self.flight));
            if flights.is_empty() {
                shard.remove(&self.route);
            }
        }
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.leave();
        self.flight.outcome.send_if_modified(|outcome| {
            let gone = outcome.is_none();
            if gone {
                *outcome = Some(Outcome::Gone);
            }
            gone
        });
    }
}
