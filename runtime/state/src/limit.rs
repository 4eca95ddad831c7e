//! Limits as they are declared, and charges against them.

use std::time::Duration;

/// The most charges in a window, or requests at once, that a limit may allow.
pub const MAX_LOGGED: u64 = 10_000;
/// The largest product of a bucket's capacity and its period in milliseconds: what Redis' numbers hold exactly.
pub const MAX_PRODUCT: u64 = 1 << 52;
/// The longest name of a limit, a store or a counter, in bytes.
pub const MAX_NAME: usize = 255;

/// A limit. Its state belongs to its name, its kind and its period: an `amount` or a `burst` can change while keys are in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    name: Box<str>,
    kind: Kind,
    /// Name, kind and period, so that no two limits share a state.
    identity: Box<[u8]>,
}

/// How a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bucket of `amount + burst` tokens, full at first, refilled evenly with `amount` per `per` milliseconds.
    TokenBucket {
        /// Tokens that come back in a period.
        amount: u64,
        /// The period, in milliseconds.
        per: u64,
        /// Tokens beyond `amount` that can be saved up.
        burst: u64,
    },
    /// At most `amount` in any half-open interval of `per` milliseconds.
    SlidingWindow {
        /// The most in an interval; at most [`MAX_LOGGED`].
        amount: u64,
        /// The interval's length, in milliseconds.
        per: u64,
    },
    /// At most `amount` at the same time.
    AtOnce {
        /// The most; at most [`MAX_LOGGED`].
        amount: u64,
    },
}

/// Why a limit can't be declared so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// The name is too long.
    #[error("a limit's name has at most {MAX_NAME} bytes")]
    Name,
    /// It would allow nothing.
    #[error("a limit allows at least 1")]
    Nothing,
    /// The period is under a millisecond, or not a whole number of them.
    #[error("a limit's period is a whole number of milliseconds, and at least 1")]
    Period,
    /// A bucket's capacity times its period is too large.
    #[error(
        "a limit's amount and burst are too large for its period: (amount + burst) × period must stay within {MAX_PRODUCT} ms"
    )]
    Product,
    /// Too many for a kind that keeps a record of each.
    #[error("a sliding window, or a limit of requests at once, allows at most {MAX_LOGGED}")]
    Amount,
}

impl Limit {
    /// Evenly refilled tokens.
    ///
    /// # Errors
    /// See [`LimitError`].
    pub fn token_bucket(
        name: &str,
        amount: u64,
        per: Duration,
        burst: u64,
    ) -> Result<Self, LimitError> {
        let per = period(per)?;
        let product = amount
            .checked_add(burst)
            .and_then(|capacity| capacity.checked_mul(per));
        if product.is_none_or(|product| product > MAX_PRODUCT) {
            return Err(LimitError::Product);
        }
        Self::new(name, Kind::TokenBucket { amount, per, burst })
    }

    /// A bound that holds for every interval of the length `per`.
    ///
    /// # Errors
    /// See [`LimitError`].
    pub fn sliding_window(name: &str, amount: u64, per: Duration) -> Result<Self, LimitError> {
        let per = period(per)?;
        if amount > MAX_LOGGED {
            return Err(LimitError::Amount);
        }
        Self::new(name, Kind::SlidingWindow { amount, per })
    }

    /// A bound on what happens at the same time.
    ///
    /// # Errors
    /// See [`LimitError`].
    pub fn at_once(name: &str, amount: u64) -> Result<Self, LimitError> {
        if amount > MAX_LOGGED {
            return Err(LimitError::Amount);
        }
        Self::new(name, Kind::AtOnce { amount })
    }

    fn new(name: &str, kind: Kind) -> Result<Self, LimitError> {
        let length = u8::try_from(name.len()).map_err(|_| LimitError::Name)?;
        let (tag, amount, per) = match kind {
            Kind::TokenBucket { amount, per, .. } => (0, amount, per),
            Kind::SlidingWindow { amount, per } => (1, amount, per),
            Kind::AtOnce { amount } => (2, amount, 0),
        };
        if amount == 0 {
            return Err(LimitError::Nothing);
        }
        let mut identity = vec![tag, length];
        identity.extend_from_slice(name.as_bytes());
        identity.extend_from_slice(&per.to_le_bytes());
        Ok(Self {
            name: name.into(),
            kind,
            identity: identity.into(),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it counts.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The most that one charge can cost.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        match self.kind {
            Kind::TokenBucket { amount, burst, .. } => amount.saturating_add(burst),
            Kind::SlidingWindow { amount, .. } | Kind::AtOnce { amount } => amount,
        }
    }

    /// How long it takes until everything is back, in milliseconds.
    pub(crate) fn longest_reset(&self) -> u64 {
        match self.kind {
            Kind::TokenBucket { amount, per, .. } => {
                self.capacity().saturating_mul(per).div_ceil(amount.max(1))
            }
            Kind::SlidingWindow { per, .. } => per,
            Kind::AtOnce { .. } => 0,
        }
    }

    pub(crate) fn identity(&self) -> &[u8] {
        &self.identity
    }
}

fn period(per: Duration) -> Result<u64, LimitError> {
    let millis = u64::try_from(per.as_millis()).map_err(|_| LimitError::Product)?;
    if millis == 0 || !per.subsec_nanos().is_multiple_of(1_000_000) {
        return Err(LimitError::Period);
    }
    // The sum of a time and a period stays exact.
    if millis > 1 << 48 {
        Err(LimitError::Product)
    } else {
        Ok(millis)
    }
}

/// What a request takes from a limit.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// The limit.
    pub limit: &'a Limit,
    /// Whose; of any length.
    pub key: &'a [u8],
    /// How much. 0 only looks: it is allowed when 1 would be, and takes nothing.
    pub cost: u64,
}
