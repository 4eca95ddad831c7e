//! URLs of backends and their options. Passwords stay in here: errors and logs never show what stands before an `@`.

mod options;

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::OpenError;

use options::Options;

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
    /// How long a lease of what happens at once lives without being renewed.
    pub lease: Duration,
    /// What all keys begin with.
    pub prefix: String,
    /// Tokens taken at a time, in millionths of a limit's amount; 0 when each charge asks.
    pub local_share: u32,
}

/// How long an operation of Redis may take when the URL does not say.
const REDIS_TIMEOUT: Duration = Duration::from_millis(100);
/// How long a lease lives when the URL does not say.
const REDIS_LEASE: Duration = Duration::from_secs(30);
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
        timeout: options.time("timeout", FILE_TIMEOUT, 1)?,
    })
}

fn redis(url: &Url, options: &Options) -> Result<Address, OpenError> {
    let cluster = url.scheme().ends_with("-cluster");
    if cluster {
        options.only(
            &["timeout", "lease", "prefix", "node"],
            "`timeout`, `lease`, `prefix` and `node`",
        )?;
    } else {
        options.only(
            &["timeout", "lease", "prefix", "local_share"],
            "`timeout`, `lease`, `prefix` and `local_share`",
        )?;
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let host =
        host.ok_or_else(|| OpenError::Place(format!("`{}://` needs a host", url.scheme())))?;
    let scheme = url.scheme().trim_end_matches("-cluster");
    let login = match (url.username(), url.password()) {
        ("", None) => String::new(),
        (user, password) => format!("{user}:{}@", password.unwrap_or("")),
    };
    let first = format!("{host}:{}", url.port().unwrap_or(6379));
    let path = url.path();
    let nodes = std::iter::once(first.as_str()).chain(options.all("node"));
    Ok(Address::Redis(RedisAddress {
        nodes: nodes
            .map(|node| format!("{scheme}://{login}{node}{path}"))
            .collect(),
        cluster,
        place: format!("{}://{first}{path}", url.scheme()),
        timeout: options.time("timeout", REDIS_TIMEOUT, 1)?,
        lease: options.time("lease", REDIS_LEASE, 1000)?,
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
        assert!(error("redis://h?lease=500ms").contains("between 1s"));
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
