//! Policies, compiled and loaded as `edge serve` does it.

use crate::{
    Outcome,
    request::{Request, call},
};
use edge_abi::{input::Event, manifest::Manifest};
use edge_compiler::{
    Lowered, compile,
    source::{LoadError, Loader},
};
use edge_host::{
    engine::{Engine, EngineOptions, Guest, Policy},
    input::Plan,
    settings::ParamValue,
};
use std::{fs, path::PathBuf, sync::Arc};

/// The files of a folder.
pub struct Folder(pub PathBuf);

impl Loader for Folder {
    fn load(&self, path: &str) -> Result<Vec<u8>, LoadError> {
        if path.split('/').any(|part| part == "..") {
            return Err(LoadError::Outside);
        }
        fs::read(self.0.join(path)).map_err(|_| LoadError::NotFound)
    }
}

/// Compiles a policy.
pub fn lower(name: &str, text: &str, loader: &dyn Loader) -> Outcome<Lowered> {
    match compile(name, text, loader) {
        Ok((_, lowered)) => Ok(lowered),
        Err(report) => Err(format!("{name} does not compile: {report:?}").into()),
    }
}

/// A policy with one instance, ready to be asked.
pub struct Loaded {
    /// What the module says about itself.
    pub manifest: Manifest,
    /// The values of its params: the defaults.
    pub params: Vec<ParamValue>,
    /// The module.
    pub policy: Arc<Policy>,
}

impl Loaded {
    /// Loads a module.
    pub fn new(lowered: &Lowered) -> Outcome<Loaded> {
        Loaded::with(lowered, &EngineOptions::default())
    }

    /// Loads a module whose instructions are counted.
    fn counting(lowered: &Lowered) -> Outcome<Loaded> {
        let options = EngineOptions {
            fuel: true,
            ..EngineOptions::default()
        };
        Loaded::with(lowered, &options)
    }

    fn with(lowered: &Lowered, options: &EngineOptions) -> Outcome<Loaded> {
        let engine = Engine::new(options)?;
        let policy = Arc::new(Policy::load(&engine, &lowered.wasm)?);
        let manifest = lowered.manifest.clone();
        let params = manifest
            .params
            .iter()
            .map(|param| {
                let value = param.default.as_ref().ok_or("a param has no default")?;
                Ok(ParamValue::read(param, value)?)
            })
            .collect::<Outcome<_>>()?;
        Ok(Loaded {
            manifest,
            params,
            policy,
        })
    }

    /// A fresh instance.
    pub fn guest(&self) -> Outcome<Guest> {
        Ok(Guest::new(&self.policy)?)
    }

    /// How the inputs of a slot set are written.
    pub fn plan(&self, slots: u16) -> Outcome<Plan> {
        let set = self.manifest.slot_sets.get(usize::from(slots));
        Ok(Plan::new(
            set.ok_or("there is no such slot set")?,
            &self.manifest,
        )?)
    }

    /// The input of a request's first call.
    pub fn input(&self, request: &Request) -> Outcome<Vec<u8>> {
        let mut buffer = Vec::new();
        let facts = request.facts(&self.params, None);
        self.plan(0)?
            .write(&mut buffer, &call(Event::Start, &[]), &facts);
        Ok(buffer)
    }
}

/// Wasm instructions of a request's first call, as the engine counts them.
pub fn instructions(module: &Lowered, request: &Request) -> Outcome<u64> {
    let loaded = Loaded::counting(module)?;
    let input = loaded.input(request)?;
    let mut guest = loaded.guest()?;
    guest.run(&input)?;
    Ok(guest
        .fuel_used(input.len())
        .ok_or("instructions aren't counted")?)
}
