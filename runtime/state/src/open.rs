//! From a URL to a backend.

use std::sync::Arc;

use crate::address::{Address, parse};
use crate::file::File;
use crate::memory::Memory;
use crate::redis::Redis;
use crate::{Backend, Clock, OpenError};

/// Opens the backend of a URL: `memory://`, `file:///path`, `redis://host` and so on; docs/state.md lists their options.
///
/// A file is opened and checked now. A Redis need not be there yet: operations fail until it is.
///
/// # Errors
/// What is wrong with the URL or the file, without passwords.
pub fn open(url: &str, clock: Clock) -> Result<Arc<dyn Backend>, OpenError> {
    Ok(match parse(url)? {
        Address::Memory { bytes } => Arc::new(Memory::new(bytes, clock)),
        Address::File {
            folder,
            bytes,
            timeout,
        } => Arc::new(File::open(&folder, bytes, timeout, clock)?),
        Address::Redis(address) => Arc::new(Redis::open(address, clock)?),
    })
}
