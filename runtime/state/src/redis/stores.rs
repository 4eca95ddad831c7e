//! Stores in Redis: a string each, eight bytes with its end and then the value.
//!
//! Redis removes what has ended; the end in the value is only for clocks that tests move.

use std::time::Duration;

use bytes::Bytes;

use super::Redis;
use super::script::read;
use crate::backend::Store;
use crate::clock::{NEVER, lifetime};
use crate::key::{MAX_VALUE, check};
use crate::{Answer, Failure};

/// How much longer Redis keeps what ends by a test's clock, in milliseconds.
const SPARE: u64 = 86_400_000;

pub(super) fn get<'a>(
    redis: &'a Redis,
    store: &Store<'_>,
    key: &[u8],
) -> Answer<'a, Option<Bytes>> {
    let given = redis.time.given();
    let mut command = redis::cmd("GET");
    match redis.names.value(store.name, key) {
        Ok(key) => command.arg(key),
        Err(failure) => return Answer::failed(failure),
    };
    Answer::wait(async move {
        let Some(bytes) = read::<Option<Vec<u8>>>(redis.link.send(&command).await?)? else {
            return Ok(None);
        };
        let Some((end, _)) = bytes.split_first_chunk::<8>() else {
            return Err(Failure::Corrupt("a value in Redis is too short".into()));
        };
        let ended = given.is_some_and(|now| u64::from_be_bytes(*end) <= now);
        Ok((!ended).then(|| Bytes::from(bytes).slice(8..)))
    })
}

pub(super) fn put<'a>(
    redis: &'a Redis,
    store: &Store<'_>,
    key: &[u8],
    value: &[u8],
    ttl: Option<Duration>,
) -> Answer<'a, ()> {
    let life = ttl.or(store.ttl).map(lifetime);
    if life == Some(0) {
        return delete(redis, store, key);
    }
    let given = redis.time.given();
    let made = check("value", value.len(), MAX_VALUE.min(store.max_value))
        .and_then(|()| redis.names.value(store.name, key));
    let mut command = redis::cmd("SET");
    match made {
        Ok(key) => command.arg(key),
        Err(failure) => return Answer::failed(failure),
    };
    let end = given.zip(life).map_or(NEVER, |(now, life)| now + life);
    command.arg([&end.to_be_bytes(), value].concat());
    if let Some(life) = life {
        command.arg("PX").arg(life + given.map_or(0, |_| SPARE));
    }
    Answer::wait(async move {
        redis.link.send(&command).await?;
        Ok(())
    })
}

pub(super) fn delete<'a>(redis: &'a Redis, store: &Store<'_>, key: &[u8]) -> Answer<'a, ()> {
    redis.time.given();
    let mut command = redis::cmd("UNLINK");
    match redis.names.value(store.name, key) {
        Ok(key) => command.arg(key),
        Err(failure) => return Answer::failed(failure),
    };
    Answer::wait(async move {
        redis.link.send(&command).await?;
        Ok(())
    })
}
