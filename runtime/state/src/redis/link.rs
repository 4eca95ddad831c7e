//! The connection to Redis: one, shared by all, and made again when it breaks.
//!
//! A thread of its own drives it, so that it lives on whatever the host's workers do. While Redis is away, an
//! operation fails at once; nothing is queued for later and nothing is sent twice, but for a command that a cluster's node
//! refused because its slot is elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, RedisError, RedisFuture, ServerErrorKind, Value,
};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::Failure;
use crate::address::RedisAddress;

/// How long a connection may take, and an answer when it seems dead.
const PATIENCE: Duration = Duration::from_secs(1);
/// The pauses between attempts to connect grow from here …
const PAUSE: Duration = Duration::from_millis(50);
/// … up to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How many operations wait for Redis at most; more are refused.
const IN_FLIGHT: usize = 16_384;
/// How many characters of an error are shown.
const LONGEST_TEXT: usize = 300;
/// How often a cluster may send a command elsewhere.
const REDIRECTS: usize = 3;

/// A handle to the connection.
#[derive(Clone)]
pub(super) struct Link {
    state: watch::Receiver<State>,
    doubts: mpsc::Sender<Doubt>,
    in_flight: Arc<AtomicUsize>,
    timeout: Duration,
}

#[derive(Clone)]
enum State {
    /// The first attempt, which an operation may wait for.
    Connecting,
    Up(Connection, u64),
    Down(Arc<str>),
}

#[derive(Clone)]
enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

/// A sign that the connection of that number may be dead; surely if it says so.
struct Doubt {
    number: u64,
    broken: bool,
}

impl Link {
    /// A link, and the work that keeps it: to be run as a task until all links are gone.
    pub(super) fn new(address: RedisAddress) -> (Self, impl Future<Output = ()>) {
        let (sender, state) = watch::channel(State::Connecting);
        let (doubts, doubted) = mpsc::channel(16);
        let link = Self {
            state,
            doubts,
            in_flight: Arc::default(),
            timeout: address.timeout,
        };
        (link, keep(address, sender, doubted))
    }

    /// Sends a command and waits for its answer, within the timeout.
    pub(super) async fn send(&self, command: &Cmd) -> Result<Value, Refusal> {
        let _place = Place::take(&self.in_flight)?;
        match timeout(self.timeout, self.try_send(command)).await {
            Ok(result) => result,
            Err(_) => {
                if let State::Up(_, number) = &*self.state.borrow() {
                    self.doubt(*number, false);
                }
                Err(Failure::Timeout(self.timeout).into())
            }
        }
    }

    async fn try_send(&self, command: &Cmd) -> Result<Value, Refusal> {
        let (mut connection, number) = self.connection().await?;
        let mut redirects = 0;
        loop {
            match connection
                .send(command)
                .await
                .and_then(Value::extract_error)
            {
                Ok(value) => return Ok(value),
                // It was not run; the client has the slots' new places now.
                Err(error)
                    if error.kind() == ErrorKind::Server(ServerErrorKind::Moved)
                        && redirects < REDIRECTS =>
                {
                    redirects += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                Err(error) => {
                    // A server that became a replica: there is another behind the name now.
                    let demoted = error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly);
                    if demoted || error.is_unrecoverable_error() || error.is_io_error() {
                        self.doubt(number, true);
                    }
                    return Err(error.into());
                }
            }
        }
    }

    async fn connection(&self) -> Result<(Connection, u64), Failure> {
        let mut state = self.state.clone();
        loop {
            match &*state.borrow_and_update() {
                State::Up(connection, number) => return Ok((connection.clone(), *number)),
                State::Down(reason) => return Err(Failure::Unavailable(reason.to_string().into())),
                State::Connecting => {}
            }
            if state.changed().await.is_err() {
                return Err(Failure::Unavailable(
                    "the connection's thread has ended".into(),
                ));
            }
        }
    }

    fn doubt(&self, number: u64, broken: bool) {
        // When there are doubts enough, one less does not matter.
        let _ = self.doubts.try_send(Doubt { number, broken });
    }
}

/// Connects, watches, and connects again.
async fn keep(
    address: RedisAddress,
    state: watch::Sender<State>,
    mut doubts: mpsc::Receiver<Doubt>,
) {
    let mut number = 0;
    let mut pause = PAUSE;
    loop {
        match timeout(PATIENCE, connect(&address)).await {
            Ok(Ok(connection)) => {
                (number, pause) = (number + 1, PAUSE);
                state.send_replace(State::Up(connection.clone(), number));
                if !watch_over(connection, number, &mut doubts).await {
                    return;
                }
                state.send_replace(State::Connecting);
                continue;
            }
            Ok(Err(error)) => state.send_replace(State::Down(printable(&error).into())),
            Err(_) => state.send_replace(State::Down("no connection within 1 s".into())),
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            () = closed(&mut doubts) => return,
        }
    }
}

/// Until the connection is dead; false when nobody needs it any more.
async fn watch_over(
    mut connection: Connection,
    number: u64,
    doubts: &mut mpsc::Receiver<Doubt>,
) -> bool {
    while let Some(doubt) = doubts.recv().await {
        if doubt.number != number {
            continue;
        }
        // A cluster's client mends connections to single nodes itself.
        if doubt.broken && matches!(connection, Connection::Single(_)) {
            return true;
        }
        if !connection.is_alive().await {
            return true;
        }
    }
    false
}

/// Ends when all links are gone.
async fn closed(doubts: &mut mpsc::Receiver<Doubt>) {
    while doubts.recv().await.is_some() {}
}

async fn connect(address: &RedisAddress) -> Result<Connection, RedisError> {
    if address.cluster {
        let client = ClusterClientBuilder::new(address.nodes.iter().map(String::as_str))
            // It would also send again what may have been run.
            .retries(0)
            .connection_timeout(PATIENCE)
            .build()?;
        return client.get_async_connection().await.map(Connection::Cluster);
    }
    let first = address.nodes.first().map_or("", String::as_str);
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(None);
    let client = Client::open(first)?;
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .map(Connection::Single)
}

impl Connection {
    /// Whether it answers; a cluster, whether one of a few nodes does.
    async fn is_alive(&mut self) -> bool {
        let ping = redis::cmd("PING");
        let any = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
        let attempts = match self {
            Connection::Single(_) => 1,
            Connection::Cluster(_) => 3,
        };
        for _ in 0..attempts {
            let answer = match self {
                Connection::Single(_) => timeout(PATIENCE, self.send(&ping)).await,
                Connection::Cluster(nodes) => {
                    timeout(PATIENCE, nodes.route_command(ping.clone(), any.clone())).await
                }
            };
            if matches!(answer, Ok(Ok(_))) {
                return true;
            }
        }
        false
    }

    fn send<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        use redis::aio::ConnectionLike;
        match self {
            Connection::Single(connection) => connection.req_packed_command(command),
            Connection::Cluster(connection) => connection.req_packed_command(command),
        }
    }
}

/// Why there is no value.
pub(super) enum Refusal {
    /// Redis does not know the script.
    NoScript,
    /// Anything else.
    Failure(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Refusal::Failure(failure)
    }
}

impl From<RedisError> for Refusal {
    fn from(error: RedisError) -> Self {
        if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) {
            return Refusal::NoScript;
        }
        let text = printable(&error);
        Refusal::Failure(match error.code() {
            Some("WRONGTYPE" | "CORRUPT") => Failure::Corrupt(text.into()),
            Some("OOM") => Failure::Full("Redis has no memory left".into()),
            _ if text.contains("not an integer") => Failure::Corrupt(text.into()),
            _ => Failure::Unavailable(text.into()),
        })
    }
}

/// An error's text, of which a server writes a part: no control characters, no ends of lines, and of bounded length.
pub(super) fn printable(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let shown = text.chars().take(LONGEST_TEXT).map(|character| {
        // Beside controls, what ends a line or turns its direction.
        let moves = matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if character.is_control() || moves {
            ' '
        } else {
            character
        }
    });
    shown.collect()
}

/// One of the operations in flight.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(in_flight: &'a AtomicUsize) -> Result<Self, Failure> {
        let place = Place(in_flight);
        if in_flight.fetch_add(1, Ordering::Relaxed) >= IN_FLIGHT {
            return Err(Failure::Unavailable(
                "too many operations are waiting for Redis".into(),
            ));
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_errors_are_one_line() {
        let text = printable(&"ERR a\r\nlevel=info \x1b[2J\u{9b}\u{2028}\u{202e}ü");
        assert_eq!(text, "ERR a  level=info  [2J   ü");
        assert_eq!(printable(&"a".repeat(5000)).len(), LONGEST_TEXT);
    }
}
