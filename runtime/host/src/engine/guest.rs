//! One instance of a policy, called for one request after another.

use std::sync::Arc;

use edge_abi::{export, input};
use wasmtime::{Instance, Memory, Store, TypedFunc};

use super::Policy;
use crate::output::{Output, OutputError, check_output};

/// An instance with its functions and memory looked up once.
///
/// A guest keeps nothing between two calls, so any call may be for any request.
/// After an error the instance must be [renewed](Guest::renew).
pub struct Guest {
    policy: Arc<Policy>,
    instance: Live,
}

struct Live {
    store: Store<()>,
    memory: Memory,
    input: TypedFunc<u32, u32>,
    run: TypedFunc<u32, u32>,
}

impl Guest {
    /// A fresh instance.
    ///
    /// # Errors
    /// The module can't be instantiated, for lack of memory say.
    pub fn new(policy: &Arc<Policy>) -> Result<Self, GuestError> {
        Ok(Guest {
            policy: Arc::clone(policy),
            instance: Live::new(policy)?,
        })
    }

    /// Throws the instance away and takes a fresh one.
    ///
    /// # Errors
    /// As [`Guest::new`]; the old instance is then still there.
    pub fn renew(&mut self) -> Result<(), GuestError> {
        self.instance = Live::new(&self.policy)?;
        Ok(())
    }

    /// Hands an input in and gives back the checked output, in place.
    ///
    /// # Errors
    /// The input is over the module's limit ([`GuestError::TooLong`]; the instance is
    /// still good), the call trapped, or the output is not as the ABI says.
    pub fn run(&mut self, input: &[u8]) -> Result<Output<'_>, GuestError> {
        let Live {
            store,
            memory,
            input: edge_input,
            run,
        } = &mut self.instance;
        let length = u32::try_from(input.len()).map_err(|_| GuestError::TooLong)?;
        if self.policy.engine.fuel {
            store
                .set_fuel(fuel(&self.policy, input.len()))
                .map_err(|error| trap(&error))?;
        }
        let at = edge_input
            .call(&mut *store, length)
            .map_err(|error| trap(&error))?;
        if at == 0 {
            return Err(GuestError::TooLong);
        }
        let start = at as usize;
        let place = memory
            .data_mut(&mut *store)
            .get_mut(start..)
            .and_then(|rest| rest.get_mut(..input.len()));
        place
            .filter(|_| at.is_multiple_of(16))
            .ok_or(GuestError::InputAddress(at))?
            .copy_from_slice(input);
        let output = run
            .call(&mut *store, length)
            .map_err(|error| trap(&error))?;
        Ok(check_output(
            memory.data(&*store),
            output,
            at..at.saturating_add(length),
            event(input),
            &self.policy.bounds,
        )?)
    }

    /// Instructions that the last call used, where they are counted.
    #[must_use]
    pub fn fuel_used(&self, length: usize) -> Option<u64> {
        self.instance
            .store
            .get_fuel()
            .ok()
            .map(|left| fuel(&self.policy, length).saturating_sub(left))
    }
}

/// Why the guest is called, by the input; 0 when that is none.
fn event(input: &[u8]) -> u16 {
    let number = input.get(input::EVENT as usize..);
    number
        .and_then(|rest| rest.first_chunk())
        .map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

/// Instructions that a call with an input of this length may run, `edge_input` included.
fn fuel(policy: &Policy, length: usize) -> u64 {
    const EDGE_INPUT: u64 = 1_000;
    let line = policy.manifest.limits.fuel;
    line.base
        .saturating_add(line.per_byte.saturating_mul(length as u64))
        .saturating_add(EDGE_INPUT)
}

impl Live {
    fn new(policy: &Policy) -> Result<Self, GuestError> {
        let failed = |error: wasmtime::Error| GuestError::Instantiate(format!("{error:#}"));
        let mut store = Store::new(&policy.engine.inner, ());
        if policy.engine.fuel {
            store.set_fuel(u64::MAX).map_err(failed)?;
        }
        let instance = Instance::new(&mut store, &policy.module, &[]).map_err(failed)?;
        let memory = instance
            .get_memory(&mut store, export::MEMORY)
            .ok_or_else(|| GuestError::Instantiate(String::from("there is no memory")))?;
        let input = instance
            .get_typed_func(&mut store, export::INPUT)
            .map_err(failed)?;
        let run = instance
            .get_typed_func(&mut store, export::RUN)
            .map_err(failed)?;
        Ok(Live {
            store,
            memory,
            input,
            run,
        })
    }
}

/// A call that gave no usable output.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuestError {
    /// The module can't be instantiated.
    #[error("the policy can't be instantiated: {0}")]
    Instantiate(String),
    /// The input is over the module's limit.
    #[error("the input is over the policy's limit")]
    TooLong,
    /// The place for the input is outside the memory or not aligned.
    #[error("the policy wants its input at {0:#x}, which is not a usable address")]
    InputAddress(u32),
    /// The call trapped.
    #[error("the policy trapped: {0}")]
    Trap(String),
    /// The output is not as the ABI says.
    #[error("the policy's output is not usable: {0}")]
    Output(#[from] OutputError),
}

fn trap(error: &wasmtime::Error) -> GuestError {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(trap) => GuestError::Trap(trap.to_string()),
        None => GuestError::Trap(error.root_cause().to_string()),
    }
}
