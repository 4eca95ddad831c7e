//! The stream of purges in Redis.

use crate::storage::regional::background::instance;
use crate::storage::said::Said;
use redis::RedisError;
use redis::aio::MultiplexedConnection;
use std::time::Duration;
use tokio::time::timeout;

/// How many purges the stream holds.
pub(super) const LENGTH: usize = 10_000;
/// How long it may be silent before it is asked again.
const BLOCK: Duration = Duration::from_secs(1);
/// How long that may take before the connection counts as broken.
const SILENCE: Duration = Duration::from_secs(3);
/// How many are read at once.
const COUNT: usize = 1000;

/// Adds a purge; with a second key, only if that exists.
const ADD: &str = "if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 0 then return false end \
    return redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], '*', 'from', ARGV[2], 'said', ARGV[3])";

/// A place in the stream.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    key: String,
    instance: String,
    /// The last entry that was heard.
    last: Option<String>,
}

/// What an instance missed. Each purge has its number, and whether it was made here.
pub(super) enum Followed {
    /// All of it.
    All(Vec<(u64, Said, bool)>),
    /// At the start: what the stream has, and the number from which on that is all.
    From(u64, Vec<(u64, Said, bool)>),
    /// It can't be known. This is what the stream has since.
    Gap(Vec<(u64, Said, bool)>),
}

type Entries = Vec<(String, Vec<Vec<u8>>)>;

impl Stream {
    pub fn new(prefix: &str) -> Self {
        Self {
            key: format!("{prefix}purges"),
            instance: format!("{:016x}", instance()),
            last: None,
        }
    }

    /// Reads what came since it last heard anything.
    pub async fn catch_up(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Followed, RedisError> {
        let first = self.range(connection, "-", 1).await?;
        let first = first.first().map(|(id, _)| id.clone());
        let number = |id: &Option<String>| id.as_deref().and_then(position).unwrap_or(0);
        let Some(last) = self.last.clone() else {
            let full = self.len(connection).await? >= LENGTH;
            let floor = if full { number(&first) } else { 0 };
            self.last = Some("0-0".to_owned());
            return Ok(Followed::From(floor, self.rest(connection).await?));
        };
        let heard = position(&last).unwrap_or(0);
        let still_there = heard == 0 || !self.range_one(connection, &last).await?.is_empty();
        if !still_there {
            // cut off from the beginning, or lost with the server's memory
            self.last = Some("0-0".to_owned());
            return Ok(Followed::Gap(self.rest(connection).await?));
        }
        Ok(Followed::All(self.rest(connection).await?))
    }

    async fn rest(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Vec<(u64, Said, bool)>, RedisError> {
        let mut all = Vec::new();
        loop {
            let after = format!("({}", self.last.as_deref().unwrap_or("0-0"));
            let entries = self.range(connection, &after, COUNT).await?;
            if entries.is_empty() {
                return Ok(all);
            }
            all.extend(self.understand(entries));
        }
    }

    async fn len(&self, connection: &mut MultiplexedConnection) -> Result<usize, RedisError> {
        redis::cmd("XLEN")
            .arg(&self.key)
            .query_async(connection)
            .await
    }

    async fn range(
        &self,
        connection: &mut MultiplexedConnection,
        from: &str,
        count: usize,
    ) -> Result<Entries, RedisError> {
        let mut command = redis::cmd("XRANGE");
        command.arg(&self.key).arg(from).arg("+");
        command
            .arg("COUNT")
            .arg(count)
            .query_async(connection)
            .await
    }

    async fn range_one(
        &self,
        connection: &mut MultiplexedConnection,
        id: &str,
    ) -> Result<Entries, RedisError> {
        let mut command = redis::cmd("XRANGE");
        command.arg(&self.key).arg(id).arg(id);
        command.query_async(connection).await
    }

    /// Waits for what comes next.
    pub async fn follow(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Vec<(u64, Said, bool)>, RedisError> {
        let mut command = redis::cmd("XREAD");
        command.arg("COUNT").arg(COUNT);
        command.arg("BLOCK").arg(BLOCK.as_millis() as usize);
        command.arg("STREAMS").arg(&self.key);
        command.arg(self.last.as_deref().unwrap_or("0-0"));
        let read = command.query_async::<Option<Vec<(String, Entries)>>>(connection);
        match timeout(SILENCE, read).await {
            Ok(streams) => {
                let entries = streams?.unwrap_or_default();
                let entries = entries.into_iter().flat_map(|(_, entries)| entries);
                Ok(self.understand(entries.collect()))
            }
            Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
        }
    }

    /// Adds a purge, and says its number; `None` when nothing is there that it names.
    pub async fn add(
        &self,
        connection: &mut MultiplexedConnection,
        said: &Said,
        only_if: Option<&[u8]>,
    ) -> Result<Option<u64>, RedisError> {
        let mut command = redis::cmd("EVAL");
        command.arg(ADD).arg(1 + usize::from(only_if.is_some()));
        command.arg(&self.key).arg(only_if);
        command.arg(LENGTH).arg(&self.instance).arg(said.encode());
        let id: Option<String> = command.query_async(connection).await?;
        Ok(id.as_deref().and_then(position))
    }

    /// Purges with their numbers. One that can't be understood, of a newer version say, is one of everything.
    fn understand(&mut self, entries: Entries) -> Vec<(u64, Said, bool)> {
        let mut purges = Vec::with_capacity(entries.len());
        for (id, fields) in entries {
            let number = position(&id).unwrap_or(0);
            let field = |name: &[u8]| {
                let mut pairs = fields.chunks_exact(2);
                pairs.find_map(|pair| match pair {
                    [field, value] if field == name => Some(value),
                    _ => None,
                })
            };
            let own = field(b"from").is_some_and(|from| from == self.instance.as_bytes());
            let said = field(b"said").and_then(|said| Said::decode(said));
            let said = said.unwrap_or_else(Said::everything);
            purges.push((number, said, own));
            self.last = Some(id);
        }
        purges
    }
}

/// An id of Redis, milliseconds and a count, as one number of the same order.
pub(super) fn position(id: &str) -> Option<u64> {
    let (ms, count) = id.split_once('-')?;
    let (ms, count): (u64, u64) = (ms.parse().ok()?, count.parse().ok()?);
    Some(ms << 20 | count.min((1 << 20) - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_in_order() {
        let numbers = ["0-0", "0-1", "1-0", "1800000000000-0", "1800000000000-7"].map(position);
        assert!(numbers.is_sorted());
        assert_eq!(numbers.first(), Some(&Some(0)));
        assert_eq!([position("1"), position("a-b"), position("")], [None; 3]);
    }
}
