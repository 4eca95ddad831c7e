//! What stands behind the `?` of a URL.

use std::time::Duration;

use url::Url;

use crate::OpenError;

/// What stands behind the `?`.
pub(super) struct Options {
    scheme: String,
    pairs: Vec<(String, String)>,
}

impl Options {
    pub(super) fn of(url: &Url) -> Self {
        Self {
            scheme: url.scheme().to_owned(),
            pairs: url.query_pairs().into_owned().collect(),
        }
    }

    pub(super) fn only(&self, names: &[&str], known: &'static str) -> Result<(), OpenError> {
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

    pub(super) fn all<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs
            .iter()
            .filter(move |(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).last()
    }

    pub(super) fn bytes(&self, default: u64, least: u64) -> Result<u64, OpenError> {
        const WANTED: &str = "a number of bytes of at least 1MiB, as `64MiB` or `1GiB`";
        self.read("bytes", default, WANTED, |text| {
            size(text).filter(|&bytes| bytes >= least)
        })
    }

    /// A time of at least so many milliseconds, and at most a minute.
    pub(super) fn time(
        &self,
        name: &'static str,
        default: Duration,
        least: u64,
    ) -> Result<Duration, OpenError> {
        let wanted = if least == 1 {
            "a time between 1ms and 60s, as `250ms` or `1s`"
        } else {
            "a time between 1s and 60s, as `1500ms` or `30s`"
        };
        self.read(name, default, wanted, |text| {
            let millis = match text.strip_suffix("ms") {
                Some(millis) => millis.parse().ok()?,
                None => text
                    .strip_suffix('s')?
                    .parse::<u64>()
                    .ok()?
                    .checked_mul(1000)?,
            };
            (least..=60_000)
                .contains(&millis)
                .then(|| Duration::from_millis(millis))
        })
    }

    /// Millionths.
    pub(super) fn share(&self) -> Result<u32, OpenError> {
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
