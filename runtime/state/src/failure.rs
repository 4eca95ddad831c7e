//! Why a backend did not do what it was asked, or could not be opened.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

/// Why an operation has no answer. Never names a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The backend can't be reached or can't take more at the moment. What was asked may have
    /// happened when a connection broke after it was sent; it was not asked twice.
    #[error("the state is unavailable: {0}")]
    Unavailable(Cow<'static, str>),
    /// No answer in time. What was asked may have happened, or may happen still.
    #[error("no answer from the state within {} ms", .0.as_millis())]
    Timeout(Duration),
    /// A key, a name or a value is longer than it may be. Nothing has changed.
    #[error("a {what} of {bytes} bytes, the limit is {limit}")]
    TooLarge {
        /// `key`, `name` or `value`.
        what: &'static str,
        /// How long it is.
        bytes: usize,
        /// How long it may be.
        limit: usize,
    },
    /// There is no room for another key, and nothing may be thrown away for it. Nothing has changed.
    #[error("the state is full: {0}")]
    Full(Cow<'static, str>),
    /// What is stored there was not written by this crate, or is damaged.
    #[error("the state can't be read: {0}")]
    Corrupt(Cow<'static, str>),
}

/// Why a backend can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not a URL.
    #[error(
        "`{0}` is not a URL of a state backend; there are `memory://`, `file:///path`, `redis://host`, `rediss://host`, `redis-cluster://host` and `rediss-cluster://host`"
    )]
    Url(String),
    /// No backend has that scheme.
    #[error(
        "there is no state backend `{0}://`; there are `memory`, `file`, `redis`, `rediss`, `redis-cluster` and `rediss-cluster`"
    )]
    Scheme(String),
    /// The backend has no such option.
    #[error("`{scheme}://` has no option `{name}`; it has {known}")]
    Option {
        /// The URL's scheme.
        scheme: String,
        /// The option.
        name: String,
        /// The options that there are.
        known: &'static str,
    },
    /// An option's value is not of its kind.
    #[error("the option `{name}` can't be `{value}`: it is {wanted}")]
    Value {
        /// The option.
        name: &'static str,
        /// What was given.
        value: String,
        /// What it should look like.
        wanted: &'static str,
    },
    /// The URL says something that its backend does not know, or lacks what it needs.
    #[error("{0}")]
    Place(String),
    /// Another process has the file open.
    #[error("`{0}` is in use by another process: one host at a time can have it open")]
    InUse(PathBuf),
    /// The file is not a database, or is damaged.
    #[error("`{path}` is not a state database, or is damaged: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What the storage says.
        reason: String,
    },
    /// The system refuses.
    #[error("`{path}` can't be opened: {reason}")]
    System {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
}
