//! Modules in, answers out: loading a policy and calling it.

mod consistency;
mod declared;
mod guest;
mod inspect;

use std::path::PathBuf;

use edge_abi::export;
use edge_abi::manifest::Manifest;
use http::HeaderValue;
use wasmtime::{Config, OptLevel};

pub use guest::{Guest, GuestError};
pub use inspect::{LoadError, check};

use crate::input::Plan;
use crate::output::Bounds;

/// How modules are compiled and run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EngineOptions {
    /// Count instructions and stop a call that uses more than its manifest allows.
    ///
    /// Off for modules that this process compiled: their code is bounded by
    /// construction, and counting costs 11–75 %. A module that came from
    /// elsewhere needs it, since having no imports does not prove that it ends.
    pub fuel: bool,
    /// A folder for compiled code, kept by wasmtime's own cache. Only its owner
    /// may be able to write there.
    pub cache: Option<PathBuf>,
}

/// The WebAssembly engine, shared by all policies and threads.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: wasmtime::Engine,
    pub(crate) fuel: bool,
}

impl Engine {
    /// An engine with these options.
    ///
    /// # Errors
    /// The machine can't run wasmtime so, or the cache's folder can't be used.
    pub fn new(options: &EngineOptions) -> Result<Self, EngineError> {
        let mut config = Config::new();
        config
            .cranelift_opt_level(OptLevel::Speed)
            .consume_fuel(options.fuel)
            .max_wasm_stack(256 << 10);
        if let Some(folder) = &options.cache {
            let mut cache = wasmtime::CacheConfig::new();
            cache.with_directory(folder);
            config.cache(Some(wasmtime::Cache::new(cache).map_err(EngineError::new)?));
        }
        let inner = wasmtime::Engine::new(&config).map_err(EngineError::new)?;
        Ok(Engine {
            inner,
            fuel: options.fuel,
        })
    }
}

/// The engine can't be set up.
#[derive(Debug, thiserror::Error)]
#[error("the WebAssembly engine can't start: {0}")]
pub struct EngineError(String);

impl EngineError {
    fn new(error: wasmtime::Error) -> Self {
        EngineError(format!("{error:#}"))
    }
}

/// A loaded policy: compiled code, manifest, and what is worked out from it once.
pub struct Policy {
    engine: Engine,
    module: wasmtime::Module,
    manifest: Manifest,
    plans: Vec<Plan>,
    bounds: Bounds,
    rule_names: Vec<Option<HeaderValue>>,
    hosts: Vec<Option<HeaderValue>>,
    scans_responses: bool,
}

impl Policy {
    /// Checks and compiles a module.
    ///
    /// # Errors
    /// [`LoadError`] names what is not as the ABI says; no bytes make this panic.
    pub fn load(engine: &Engine, wasm: &[u8]) -> Result<Self, LoadError> {
        let manifest = inspect::inspect(wasm)?;
        let plans: Vec<Plan> = manifest
            .slot_sets
            .iter()
            .map(|set| Plan::new(set, &manifest))
            .collect::<Result<_, _>>()?;
        let scans_responses = plans.iter().any(Plan::reads_response_chunk);
        let module = wasmtime::Module::from_binary(&engine.inner, wasm)
            .map_err(|error| LoadError::Wasm(format!("{error:#}")))?;
        check_functions(&module)?;
        let rule_names = manifest
            .rules
            .iter()
            .map(|rule| HeaderValue::from_str(&rule.name).ok())
            .collect();
        let hosts = manifest.targets.iter().map(crate::target::host).collect();
        let bounds = Bounds::of(&manifest);
        Ok(Policy {
            engine: engine.clone(),
            module,
            manifest,
            plans,
            bounds,
            rule_names,
            hosts,
            scans_responses,
        })
    }

    /// What the module says about itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// A rule's name, as in logs and `X-Edge-Rule`.
    #[must_use]
    pub fn rule_name(&self, rule: u32) -> Option<&str> {
        self.manifest
            .rules
            .get(rule as usize)
            .map(|rule| rule.name.as_str())
    }

    /// A target's name.
    #[must_use]
    pub fn target_name(&self, target: u32) -> Option<&str> {
        self.manifest
            .targets
            .get(target as usize)
            .map(crate::target::name)
    }

    /// A place as `file:line:column`.
    #[must_use]
    pub fn place(&self, place: u32) -> String {
        let Some([file, line, column]) = self.manifest.places.get(place as usize).copied() else {
            return String::from("an unknown place");
        };
        let file = self
            .manifest
            .files
            .get(file as usize)
            .map_or("?", String::as_str);
        format!("{file}:{line}:{column}")
    }

    pub(crate) fn rule_header(&self, rule: u32) -> Option<&HeaderValue> {
        self.rule_names.get(rule as usize)?.as_ref()
    }

    /// The `Host` that an origin is asked with.
    pub(crate) fn host_header(&self, origin: u32) -> Option<&HeaderValue> {
        self.hosts.get(origin as usize)?.as_ref()
    }

    /// Whether any of its calls sees a piece of a response's body.
    pub(crate) fn scans_responses(&self) -> bool {
        self.scans_responses
    }

    pub(crate) fn plan(&self, slot_set: u16) -> Option<&Plan> {
        self.plans.get(usize::from(slot_set))
    }
}

/// Both functions take one `i32` and give one.
fn check_functions(module: &wasmtime::Module) -> Result<(), LoadError> {
    for name in [export::INPUT, export::RUN] {
        let function = module
            .get_export(name)
            .and_then(|export| export.func().cloned())
            .ok_or(LoadError::ExportType(name))?;
        let takes_i32 =
            function.params().len() == 1 && function.params().all(|r#type| r#type.is_i32());
        let gives_i32 =
            function.results().len() == 1 && function.results().all(|r#type| r#type.is_i32());
        if !(takes_i32 && gives_i32) {
            return Err(LoadError::ExportType(name));
        }
    }
    Ok(())
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Policy")
            .field("name", &self.manifest.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
