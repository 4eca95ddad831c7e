//! Scripts that run in Redis, each as one step.

use redis::{Cmd, FromRedisValue, Script, ToRedisArgs};

use super::link::{Link, Refusal, printable};
use crate::Failure;

/// The scripts of this crate.
pub(super) struct Scripts {
    pub take: Source,
    pub renew: Source,
    pub release: Source,
    pub increment: Source,
    pub list: Source,
}

/// A script's text and its digest.
pub(super) struct Source {
    text: &'static str,
    digest: String,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            take: Source::new(include_str!("lua/take.lua")),
            renew: Source::new(include_str!("lua/renew.lua")),
            release: Source::new(include_str!("lua/release.lua")),
            increment: Source::new(include_str!("lua/increment.lua")),
            list: Source::new(include_str!("lua/list.lua")),
        }
    }
}

impl Source {
    fn new(text: &'static str) -> Self {
        Self {
            text,
            digest: Script::new(text).get_hash().to_owned(),
        }
    }

    /// Runs it: by its digest, and by its text if Redis does not know that yet.
    pub(super) async fn run<T: FromRedisValue>(
        &self,
        link: &Link,
        input: &Input,
    ) -> Result<T, Failure> {
        let known = link.send(&input.command("EVALSHA", &self.digest)).await;
        let value = match known {
            Err(Refusal::NoScript) => link.send(&input.command("EVAL", self.text)).await,
            known => known,
        };
        read(value?)
    }
}

/// What a script is given.
#[derive(Default)]
pub(super) struct Input {
    keys: Vec<Vec<u8>>,
    args: Vec<Vec<u8>>,
}

impl Input {
    pub(super) fn key(&mut self, key: Vec<u8>) -> &mut Self {
        self.keys.push(key);
        self
    }

    pub(super) fn arg(&mut self, arg: impl ToRedisArgs) -> &mut Self {
        self.args.extend(arg.to_redis_args());
        self
    }

    /// A time for the script, or none for Redis' own.
    pub(super) fn time(&mut self, given: Option<u64>) -> &mut Self {
        match given {
            Some(now) => self.arg(now),
            None => self.arg(""),
        }
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command
            .arg(script)
            .arg(self.keys.len())
            .arg(&self.keys)
            .arg(&self.args);
        command
    }
}

/// A value as what it should be.
pub(super) fn read<T: FromRedisValue>(value: redis::Value) -> Result<T, Failure> {
    T::from_redis_value(value).map_err(|error| {
        Failure::Corrupt(format!("Redis answers with {}", printable(&error)).into())
    })
}
