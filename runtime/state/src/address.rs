//! URLs of backends and their options. Passwords stay in here: errors and logs never show what stands before an `@`.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::OpenError;

/// Where a backend is.
#[derive(Clone)]
pub(crate) enum Address {
    Memory {
        bytes: u64,
    },
    File {
        folder: PathBuf,
        bytes: u64,
        timeout: Duration,
    },
    Redis(RedisAddress),
}

/// Where a Redis is, and how it is used.
#[derive(Clone)]
pub(crate) struct RedisAddress {
    /// As the client library takes them; more than one only in a cluster.
    pub nodes: Vec<String>,
    pub cluster: bool,
    /// For logs.
    pub place: String,
    pub timeout: Duration,
    /// What all keys begin with.
    pub prefix: String,
    /// Tokens taken at a time, in millionths of a limit's amount; 0 when each charge asks.
    pub local_share: u32,
}

/// How long an operation of Redis may take when the URL does not say.
const REDIS_TIMEOUT: Duration = Duration::from_millis(100);
/// How long a write to a file may take when the URL does not say.
const FILE_TIMEOUT: Duration = Duration::from_secs(5);

/// Understands a URL.
pub(crate) fn parse(text: &str) -> Result<Address, OpenError> {
    let mut url = Url::parse(text).map_err(|_| OpenError::Url(without_password(text)))?;
    let options = Options::of(&url);
    url.set_query(None);
    match url.scheme() {
        "memory" => memory(&url, &options),
        "file" => file(&url, &options),
        "redis" | "rediss" | "redis-cluster" | "rediss-cluster" => redis(&url, &options),
        scheme => Err(OpenError::Scheme(scheme.to_owned())),
    }
}

fn memory(url: &Url, options: &Options) -> Result<Address, OpenError> {
    options.only(&["bytes"], "`bytes`")?;
    if url.host_str().is_some_and(|host| !host.is_empty()) || !matches!(url.path(), "" | "/") {
        return Err(OpenError::Place(
            "`memory://` has no host and no path".into(),
        ));
    }
    Ok(Address::Memory {
        bytes: options.bytes(crate::memory::DEFAULT_BYTES, crate::memory::MIN_BYTES)?,
    })
}

fn file(url: &Url, options: &Options) -> Result<Address, OpenError> {
    options.only(&["bytes", "timeout"], "`bytes` and `timeout`")?;
    let folder = url.to_file_path().map_err(|()| {
        OpenError::Place("`file://` needs an absolute path, as in `file:///var/lib/edge`".into())
    })?;
    Ok(Address::File {
        folder,
        bytes: options.bytes(crate::file::DEFAULT_BYTES, crate::memory::MIN_BYTES)?,
        timeout: options.timeout(FILE_TIMEOUT)?,
    })
}

fn redis(url: &Url, options: &Options) -> Result<Address, OpenError> {
    let cluster = url.scheme().ends_with("-cluster");
    if cluster {
        options.only(
            &["timeout", "prefix", "node"],
            "`timeout`, `prefix` and `node`",
        )?;
    } else {
        options.only(
            &["timeout", "prefix", "local_share"],
            "`timeout`, `prefix` and `local_share`",
        )?;
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let host =
        host.ok_or_else(|| OpenError::Place(format!("`{}://` needs a host", url.scheme())))?;
    let scheme = url.scheme().trim_end_matches("-cluster");
    let secret = url
        .as_str()
        .split_once("://")
        .and_then(|(_, rest)| rest.rsplit_once('@'))
        .map(|(secret, _)| secret);
    let login = secret.map_or(String::new(), |secret| format!("{secret}@"));
    let first = format!("{host}:{}", url.port().unwrap_or(6379));
    let path = url.path();
    let nodes = std::iter::once(first.as_str()).chain(options.all("node"));
    Ok(Address::Redis(RedisAddress {
        nodes: nodes
            .map(|node| format!("{scheme}://{login}{node}{path}"))
            .collect(),
        cluster,
        place: format!("{}://{first}{path}", url.scheme()),
        timeout: options.timeout(REDIS_TIMEOUT)?,
        prefix: options.get("prefix").unwrap_or("edge").to_owned(),
        local_share: options.share()?,
    }))
}

/// A text that is not a URL, safe to show.
fn without_password(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!(
                "{}…{}",
                text.get(..scheme + 3).unwrap_or(""),
                text.get(at..).unwrap_or("")
            )
        }
        (None, Some(at)) => format!("…{}", text.get(at..).unwrap_or("")),
        _ => text.to_owned(),
    }
}

/// What stands behind the `?`.
struct Options {
    scheme: String,
    pairs: Vec<(String, String)>,
}

impl Options {
    fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            pairs: url.query_pairs().into_owned().collect(),
        }
    }

    fn only(&self, names: &[&str], known: &'static str) -> Result<(), OpenError> {
        match self
            .pairs
            .iter()
            .find(|(name, _)| !names.contains(&name.as_str()))
        {
            Some((name, _)) => Err(OpenError::Option {
                scheme: self.scheme.clone(),
                name: name.clone(),
                known,
            }),
            None => Ok(()),
        }
    }

    fn all<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    }

    fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).last()
    }

    fn bytes(&self, default: u64, least: u64) -> Result<u64, OpenError> {
        const WANTED: &str = "a number of bytes of at least 1MiB, as `64MiB` or `1GiB`";
        self.read("bytes", default, WANTED, |text| {
            size(text).filter(|&bytes| bytes >= least)
        })
    }

    fn timeout(&self, default: Duration) -> Result<Duration, OpenError> {
        const WANTED: &str = "a time between 1ms and 60s, as `250ms` or `1s`";
        self.read("timeout", default, WANTED, |text| {
            let millis = match text.strip_suffix("ms") {
                Some(millis) => millis.parse().ok()?,
                None => text
                    .strip_suffix('s')?
                    .parse::<u64>()
                    .ok()?
                    .checked_mul(1000)?,
            };
            (1..=60_000)
                .contains(&millis)
                .then(|| Duration::from_millis(millis))
        })
    }

    /// Millionths.
    fn share(&self) -> Result<u32, OpenError> {
        const WANTED: &str = "a share above 0% and at most 50%, as `10%`";
        self.read("local_share", 0, WANTED, |text| {
            let percent: f64 = text.strip_suffix('%')?.parse().ok()?;
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "within the range"
            )]
            (percent > 0.0 && percent <= 50.0).then(|| ((percent * 10_000.0) as u32).max(1))
        })
    }

    fn read<T>(
        &self,
        name: &'static str,
        default: T,
        wanted: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, OpenError> {
        match self.get(name) {
            None => Ok(default),
            Some(text) => parse(text).ok_or_else(|| OpenError::Value {
                name,
                value: text.to_owned(),
                wanted,
            }),
        }
    }
}

fn size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let factor = match text.get(digits.len()..)? {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn error(text: &str) -> String {
        match parse(text) {
            Ok(_) => panic!("{text} is taken"),
            Err(error) => error.to_string(),
        }
    }

    fn redis(text: &str) -> RedisAddress {
        match parse(text).unwrap() {
            Address::Redis(address) => address,
            _ => panic!("{text} is not Redis"),
        }
    }

    #[test]
    fn options_have_units() {
        assert!(
            matches!(parse("memory://").unwrap(), Address::Memory { bytes } if bytes == 64 << 20)
        );
        assert!(
            matches!(parse("memory://?bytes=1GiB").unwrap(), Address::Memory { bytes } if bytes == 1 << 30)
        );
        let Address::File {
            folder, timeout, ..
        } = parse("file:///var/lib/ed%20ge?timeout=2s").unwrap()
        else {
            panic!("not a file");
        };
        assert_eq!(
            (folder, timeout),
            (PathBuf::from("/var/lib/ed ge"), Duration::from_secs(2))
        );
    }

    #[test]
    fn redis_has_nodes_and_a_share() {
        let one = redis("redis://10.0.0.1/2?local_share=12.5%25&timeout=250ms");
        assert_eq!(one.nodes, ["redis://10.0.0.1:6379/2"]);
        assert_eq!(
            (one.local_share, one.timeout),
            (125_000, Duration::from_millis(250))
        );
        let all = redis("rediss-cluster://edge:s3cret@a:7000?node=b:7001&node=c:7002&prefix=shop");
        assert_eq!(
            all.nodes,
            [
                "rediss://edge:s3cret@a:7000",
                "rediss://edge:s3cret@b:7001",
                "rediss://edge:s3cret@c:7002"
            ]
        );
        assert_eq!(
            (all.place.as_str(), all.prefix.as_str()),
            ("rediss-cluster://a:7000", "shop")
        );
    }

    #[test]
    fn errors_say_what_there_is() {
        assert!(error("memcached://x").contains("`redis-cluster`"));
        assert!(error("/var/lib/edge").contains("`file:///path`"));
        assert!(error("memory://?size=3").contains("has no option `size`; it has `bytes`"));
        assert!(error("memory://?bytes=3MB").contains("as `64MiB`"));
        assert!(error("memory://?bytes=99999999999GiB").contains("`bytes` can't be"));
        assert!(error("redis://h?timeout=100").contains("as `250ms`"));
        assert!(error("redis://h?local_share=90%25").contains("at most 50%"));
        assert!(
            error("redis-cluster://h?local_share=10%25").contains("has no option `local_share`")
        );
        assert!(error("redis://").contains("needs a host"));
        assert!(error("memory://host").contains("no host"));
    }

    #[test]
    fn no_error_shows_a_password() {
        for text in [
            "redis://u:s3cret@[bad",
            "redis://u:s3cret@h:99999999",
            "u:s3cret@host",
            "redis://:s3cret@h?x=1",
        ] {
            assert!(!error(text).contains("s3cret"), "{}", error(text));
        }
    }
}
