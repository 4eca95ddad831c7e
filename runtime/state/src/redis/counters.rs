//! Counters in Redis: a hash each, and an index of those that are listed.

use bytes::Bytes;
use redis::Value;

use super::Redis;
use super::script::{Input, read};
use crate::backend::Counter;
use crate::clock::lifetime;
use crate::key::{MAX_KEY, check};
use crate::{Answer, Failure};

/// How many keys of an index are looked at in one step.
const PIECE: usize = 512;

pub(super) fn increment<'a>(
    redis: &'a Redis,
    counter: &Counter<'_>,
    key: &[u8],
    by: i64,
) -> Answer<'a, i64> {
    let base = match base(redis, counter, key) {
        Ok(base) => base,
        Err(failure) => return Answer::failed(failure),
    };
    let mut input = Input::default();
    input.key([&base, key].concat());
    input.time(redis.time.given()).arg(by);
    match counter.expire {
        Some(expire) => input.arg(lifetime(expire)),
        None => input.arg(""),
    };
    if counter.listed {
        for index in redis.names.index(counter.name) {
            input.key(index);
        }
        input.arg(base).arg(key);
    }
    Answer::wait(async move {
        let digits: String = redis.scripts.increment.run(&redis.link, &input).await?;
        number(&digits)
    })
}

pub(super) fn read_value<'a>(
    redis: &'a Redis,
    counter: &Counter<'_>,
    key: &[u8],
) -> Answer<'a, Option<i64>> {
    let base = match base(redis, counter, key) {
        Ok(base) => base,
        Err(failure) => return Answer::failed(failure),
    };
    let given = redis.time.given();
    let mut command = redis::cmd("HMGET");
    command.arg([&base, key].concat()).arg("v").arg("e");
    Answer::wait(async move {
        let (value, end): (Option<String>, Option<u64>) = read(redis.link.send(&command).await?)?;
        let ended = given.zip(end).is_some_and(|(now, end)| end <= now);
        value
            .filter(|_| !ended)
            .map(|digits| number(&digits))
            .transpose()
    })
}

pub(super) fn list<'a>(
    redis: &'a Redis,
    counter: &Counter<'_>,
    prefix: &[u8],
    at_most: usize,
) -> Answer<'a, Vec<(Bytes, i64)>> {
    let given = redis.time.given();
    if prefix.len() > MAX_KEY || at_most == 0 {
        return Answer::Ready(Ok(Vec::new()));
    }
    let base = match base(redis, counter, prefix) {
        Ok(base) => base,
        Err(failure) => return Answer::failed(failure),
    };
    let index = redis.names.index(counter.name);
    let (mut from, to) = ([b"[", prefix].concat(), end_of(prefix));
    Answer::wait(async move {
        let mut found = Vec::new();
        loop {
            let piece = PIECE.min(at_most - found.len());
            let mut input = Input::default();
            for key in &index {
                input.key(key.clone());
            }
            input.time(given).arg(&base).arg(&from).arg(&to).arg(piece);
            let values: Vec<Value> = redis.scripts.list.run(&redis.link, &input).await?;
            let (more, last) = collect(values, &mut found)?;
            if !more || found.len() >= at_most {
                return Ok(found);
            }
            from = [b"(", &last[..]].concat();
        }
    })
}

/// Takes the script's answer apart: whether there may be more, and behind which key.
fn collect(values: Vec<Value>, found: &mut Vec<(Bytes, i64)>) -> Result<(bool, Vec<u8>), Failure> {
    let mut values = values.into_iter();
    let mut next = || values.next();
    let (Some(more), Some(last)) = (next(), next()) else {
        return Err(Failure::Corrupt("Redis answers with too few values".into()));
    };
    let (more, last) = (read::<i64>(more)? == 1, read::<Vec<u8>>(last)?);
    while let (Some(key), Some(value)) = (next(), next()) {
        found.push((
            Bytes::from(read::<Vec<u8>>(key)?),
            number(&read::<String>(value)?)?,
        ));
    }
    Ok((more, last))
}

/// Where the keys that begin with `prefix` end, for a range of an index: at the first key that is greater than all of them.
fn end_of(prefix: &[u8]) -> Vec<u8> {
    let kept = prefix.iter().rposition(|&byte| byte != u8::MAX);
    let Some((kept, last)) = kept.and_then(|at| prefix.get(..at).zip(prefix.get(at))) else {
        return b"+".to_vec();
    };
    [b"(", kept, &[last + 1]].concat()
}

fn base(redis: &Redis, counter: &Counter<'_>, key: &[u8]) -> Result<Vec<u8>, Failure> {
    check("key", key.len(), MAX_KEY)?;
    redis.names.counter(counter.name, counter.listed)
}

fn number(digits: &str) -> Result<i64, Failure> {
    digits
        .parse()
        .map_err(|_| Failure::Corrupt("a counter in Redis is not a number".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next() {
        assert_eq!(end_of(b"ab"), b"(ac");
        assert_eq!(end_of(b"a\xff\xff"), b"(b");
        assert_eq!(end_of(b"\xff"), b"+");
        assert_eq!(end_of(b""), b"+");
    }
}
