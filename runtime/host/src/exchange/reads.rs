//! Reads of what is remembered, asked at the same time.

use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use edge_abi::output::Op;
use edge_abi::output::state::{MAX_LIST, entry};
use edge_state::{Awaited, Failure, Takings};

use super::ask::StateAsk;
use super::state::undeclared;
use crate::input::Answer;
use crate::state::{MAX_LISTED, State};

type Read = Result<Option<Answer>, Failure>;

/// A read on its way.
pub(super) enum Reading<'a> {
    /// With the longest value that the policy has room for.
    Value(Awaited<'a, Option<Bytes>>, usize),
    Count(Awaited<'a, Option<i64>>),
    List(Awaited<'a, Vec<(Bytes, i64)>>),
    Over(Read),
}

impl<'a> Reading<'a> {
    /// Asks the backend of what is read.
    pub(super) fn start(state: &'a State, ask: &StateAsk) -> Self {
        let backends = state.backends();
        let key = ask.key.as_slice();
        match ask.op {
            Op::StoreGet => match state.store(ask.id) {
                Some(store) => {
                    let value = backends.stores.get(&store.declared(), key);
                    Reading::Value(value.into_future(), store.max_value)
                }
                None => Reading::Over(Err(undeclared())),
            },
            op => match state.counter(ask.id) {
                Some(counter) if op == Op::CounterList && !counter.listed => {
                    let why = "it is not declared as one that is listed";
                    Reading::Over(Err(Failure::Unavailable(why.into())))
                }
                Some(counter) if op == Op::CounterList => {
                    let most = usize::try_from(ask.number).unwrap_or(0).min(MAX_LISTED);
                    let list = backends.counters.list(&counter.declared(), key, most);
                    Reading::List(list.into_future())
                }
                Some(counter) => {
                    let count = backends.counters.read(&counter.declared(), key);
                    Reading::Count(count.into_future())
                }
                None => Reading::Over(Err(undeclared())),
            },
        }
    }

    /// What was read; to be asked when it is over.
    pub(super) fn into_answer(self) -> Read {
        match self {
            Reading::Over(read) => read,
            _ => Err(Failure::Unavailable("it was not waited for".into())),
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let read = match self {
            Reading::Value(reading, limit) => Pin::new(reading)
                .poll(context)
                .map(|read| read.and_then(|value| within(value, *limit))),
            Reading::Count(reading) => Pin::new(reading)
                .poll(context)
                .map_ok(|count| count.map(Answer::I64)),
            Reading::List(reading) => Pin::new(reading)
                .poll(context)
                .map_ok(|list| Some(Answer::Bytes(entries(&list)))),
            Reading::Over(_) => return Poll::Ready(()),
        };
        read.map(|read| *self = Reading::Over(read))
    }
}

/// Waits for limits and reads together. What is known at once costs no wait.
pub(super) async fn join(
    taking: Option<edge_state::Answer<'_, Takings>>,
    readings: &mut [Reading<'_>],
) -> Option<Result<Takings, Failure>> {
    let (mut taking, mut taken) = (taking.map(IntoFuture::into_future), None);
    poll_fn(|context| {
        if let (Some(taking), None) = (&mut taking, &taken) {
            match Pin::new(taking).poll(context) {
                Poll::Ready(result) => taken = Some(result),
                Poll::Pending => {}
            }
        }
        let over = |reading: &mut Reading<'_>| reading.poll(context).is_ready();
        // All are polled, also behind one that is not there yet.
        let waiting = readings.iter_mut().map(over).filter(|over| !over).count();
        match (waiting, taking.is_some() == taken.is_some()) {
            (0, true) => Poll::Ready(()),
            _ => Poll::Pending,
        }
    })
    .await;
    taken
}

/// A value that is not longer than its store says: another policy, or an older one, may have put it there.
fn within(value: Option<Bytes>, limit: usize) -> Read {
    match value {
        Some(value) if value.len() > limit => Err(Failure::TooLarge {
            what: "value",
            bytes: value.len(),
            limit,
        }),
        value => Ok(value.map(Answer::Bytes)),
    }
}

/// Entries as the ABI has them, as many as there is room for.
fn entries(list: &[(Bytes, i64)]) -> Bytes {
    let mut bytes = Vec::new();
    for (key, value) in list {
        if bytes.len() + entry::HEAD + key.len() > MAX_LIST as usize {
            break;
        }
        let length = u32::try_from(key.len()).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(key);
        bytes.extend_from_slice(&value.to_le_bytes());
    }
    bytes.into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn what_is_read_has_room_in_the_guest() {
        let value = |length: usize| Some(Bytes::from(vec![b'v'; length]));
        assert_eq!(within(value(3), 3).unwrap(), value(3).map(Answer::Bytes));
        assert!(matches!(within(value(4), 3), Err(Failure::TooLarge { .. })));
        assert_eq!(within(None, 3).unwrap(), None);
        let key = Bytes::from(vec![b'k'; 1000]);
        let listed = entries(&vec![(key, 7); 100]);
        assert_eq!(listed.len(), 64 * (entry::HEAD + 1000));
    }
}
