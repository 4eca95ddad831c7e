//! The connections to Redis: made anew when they break, and what goes over them.

use super::stream::{Followed, Stream};
use super::{Job, Shared};
use crate::storage::regional::outbox::Outbox;
use crate::storage::said::Said;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// How long connecting and catching up may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The pauses between attempts to connect grow from here …
const PAUSE: Duration = Duration::from_millis(50);
/// … up to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How many values are sent together.
const BATCH: usize = 32;

/// Keeps the connections, on a thread of its own.
pub(super) struct Keeper {
    pub shared: Arc<Shared>,
    pub stream: Stream,
    pub jobs: mpsc::UnboundedReceiver<Job>,
    /// Purges that are not in the stream yet.
    pub outbox: Outbox,
}

impl Keeper {
    /// Connects, works, and connects again.
    pub async fn run(mut self) {
        let mut pause = PAUSE;
        loop {
            match timeout(PATIENCE, self.connect()).await {
                Ok(Ok((connection, follower))) => {
                    pause = PAUSE;
                    *self.shared.connection.write() = Some(connection.clone());
                    self.work(connection, follower).await;
                    *self.shared.connection.write() = None;
                }
                _ => self.shared.counters.regional.errors.one(),
            }
            let rest = sleep(pause);
            tokio::pin!(rest);
            pause = (pause * 2).min(LONGEST_PAUSE);
            loop {
                tokio::select! {
                    () = &mut rest => break,
                    job = self.jobs.recv() => match job {
                        Some(job) => self.put_off(job),
                        None => return,
                    },
                }
            }
        }
    }

    /// Connects, adds what was purged meanwhile, and hears what others purged.
    async fn connect(
        &mut self,
    ) -> Result<(MultiplexedConnection, MultiplexedConnection), RedisError> {
        let client = Client::open(self.shared.config.address.as_str())?;
        let config = AsyncConnectionConfig::new().set_response_timeout(None);
        let mut commands = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        let follower = client
            .get_multiplexed_async_connection_with_config(&config)
            .await?;
        match self.stream.catch_up(&mut commands).await? {
            Followed::All(purges) => self.hear(&purges),
            // at the start, older answers may have been purged by what the stream has no more
            Followed::From(floor, purges) => {
                for (number, said, _) in purges {
                    self.shared.known.mark(number, &said);
                }
                self.shared.known.trust_from(floor);
            }
            Followed::Gap(since) => {
                self.hear(&since);
                self.forget_everything(&mut commands, &since).await?;
            }
        }
        self.empty_outbox(&mut commands).await?;
        Ok((commands, follower))
    }

    fn hear(&self, purges: &[(u64, Said, bool)]) {
        for (number, said, own) in purges {
            match own {
                true => self.shared.known.mark(*number, said),
                false => self.shared.known.hear(*number, said),
            }
        }
    }

    /// What the stream has lost may have been anything. Another instance may have seen that before, and said so.
    async fn forget_everything(
        &mut self,
        commands: &mut MultiplexedConnection,
        since: &[(u64, Said, bool)],
    ) -> Result<(), RedisError> {
        let everything = Said::everything();
        let said = since.iter().rfind(|(_, said, _)| *said == everything);
        let number = match said {
            Some((number, ..)) => *number,
            None => {
                let added = self.stream.add(commands, &everything, None);
                added.await?.unwrap_or(0)
            }
        };
        self.shared.known.hear(number, &everything);
        self.shared.known.trust_from(number);
        Ok(())
    }

    /// Sends, and follows the stream, until something breaks.
    async fn work(&mut self, mut commands: MultiplexedConnection, follower: MultiplexedConnection) {
        let (shared, mut stream) = (self.shared.clone(), self.stream.clone());
        let followed = async {
            let mut follower = follower;
            while let Ok(purges) = stream.follow(&mut follower).await {
                for (number, said, own) in purges {
                    if !own {
                        shared.known.hear(number, &said);
                    }
                }
            }
        };
        tokio::select! {
            () = followed => {}
            () = self.send(&mut commands) => {}
        }
        // what was heard is heard, even if the connection ended before it said so
        self.stream = stream;
    }

    /// Sends what comes, many at a time, until something breaks.
    async fn send(&mut self, connection: &mut MultiplexedConnection) {
        let mut jobs = Vec::with_capacity(BATCH);
        while self.jobs.recv_many(&mut jobs, BATCH).await > 0 {
            let (mut pipe, mut sets, mut flushed) = (redis::pipe(), 0, Vec::new());
            let mut sent = Vec::new();
            for job in jobs.drain(..) {
                match job {
                    Job::Set(name, value, ms, queued) => {
                        sent.push(queued);
                        sets += 1;
                        let command = pipe.cmd("SET").arg(name).arg(&*value);
                        command.arg("PX").arg(ms.max(1)).ignore();
                    }
                    Job::Remove(name) => {
                        sets += 1;
                        pipe.cmd("DEL").arg(name).ignore();
                    }
                    Job::Purge(outgoing) => self.outbox.push(outgoing),
                    Job::Flush(sender) => flushed.push(sender),
                }
            }
            let mut result = Ok(());
            if sets > 0 {
                result = bounded(pipe.query_async::<()>(connection)).await;
            }
            drop(sent);
            let emptied = self.empty_outbox(connection).await;
            for sender in flushed {
                // whoever asked may be gone
                let _ = sender.send(emptied.is_ok());
            }
            if let Err(error) = result.and(emptied) {
                self.shared.counters.regional.errors.one();
                // a server that refuses one value, for lack of memory, is as good for the next
                if error.is_io_error() || error.is_unrecoverable_error() {
                    return;
                }
            }
        }
        std::future::pending::<()>().await;
    }

    /// Adds the purges that wait to the stream.
    async fn empty_outbox(
        &mut self,
        connection: &mut MultiplexedConnection,
    ) -> Result<(), RedisError> {
        while let Some(outgoing) = self.outbox.first() {
            let only_if = outgoing.only_if.as_deref();
            let only_if = only_if.map(|name| self.shared.name(name));
            let added = self
                .stream
                .add(connection, &outgoing.said, only_if.as_deref());
            let number = bounded(added).await?;
            self.shared.known.told(outgoing, number);
            self.outbox.told();
        }
        Ok(())
    }

    /// What is to be sent while there is no connection: purges wait, values are dropped.
    fn put_off(&mut self, job: Job) {
        match job {
            Job::Set(..) => self.shared.counters.regional.skipped.one(),
            Job::Remove(_) => self.shared.counters.regional.errors.one(),
            Job::Purge(outgoing) => self.outbox.push(outgoing),
            Job::Flush(sender) => {
                // whoever asked may be gone
                let _ = sender.send(self.outbox.is_empty());
            }
        }
    }
}

/// A command that takes too long is a broken connection.
async fn bounded<T>(command: impl Future<Output = Result<T, RedisError>>) -> Result<T, RedisError> {
    match timeout(PATIENCE, command).await {
        Ok(result) => result,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}
