//! What keeps an instance and a region elsewhere together, on a thread of its own.

use std::thread;
use tokio::sync::oneshot;

/// A thread that ends when this is dropped.
pub(super) struct Background(#[expect(dead_code, reason = "it is dropped")] oneshot::Sender<()>);

impl Background {
    /// None when the system has no thread for it.
    pub fn start(name: &str, work: impl Future<Output = ()> + Send + 'static) -> Option<Self> {
        let (running, ended) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .ok()?;
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = work => {}
                    _ = ended => {}
                }
            });
        };
        let name = name.to_owned();
        thread::Builder::new().name(name).spawn(run).ok()?;
        Some(Self(running))
    }
}

/// What tells one instance from another.
pub(super) fn instance() -> u64 {
    let mut id = [0; 8];
    if getrandom::fill(&mut id).is_err() {
        id = u64::from(std::process::id()).to_le_bytes();
    }
    u64::from_le_bytes(id)
}
