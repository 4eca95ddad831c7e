//! A module run with nothing between the test and its memory.

use edge_abi::manifest::Manifest;
use edge_host::output::{Bounds, Output, OutputError, check_output};
use std::sync::LazyLock;
use wasmtime::{Config, Engine, Instance, Memory, Module, Store, TypedFunc};

static PLAIN: LazyLock<Engine> = LazyLock::new(|| Engine::new(&Config::new()).unwrap());
static COUNTED: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(Config::new().consume_fuel(true)).unwrap());

/// An instance, with its memory open.
pub struct Raw {
    store: Store<()>,
    memory: Memory,
    input: TypedFunc<u32, u32>,
    run: TypedFunc<u32, u32>,
    bounds: Bounds,
    pub manifest: Manifest,
}

/// What a call left behind.
pub struct Ran {
    /// Where the input lies, and how long it is.
    input: (u32, u32),
    event: u16,
    /// Where the output is.
    pub at: u32,
    /// The instructions that ran, where they are counted.
    pub fuel: u64,
}

impl Raw {
    pub fn new(wasm: &[u8], manifest: &Manifest) -> Raw {
        Raw::on(&PLAIN, wasm, manifest)
    }

    pub fn counted(wasm: &[u8], manifest: &Manifest) -> Raw {
        Raw::on(&COUNTED, wasm, manifest)
    }

    fn on(engine: &Engine, wasm: &[u8], manifest: &Manifest) -> Raw {
        let module = Module::new(engine, wasm).unwrap();
        let mut store = Store::new(engine, ());
        let _ = store.set_fuel(u64::MAX);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        Raw {
            memory: instance.get_memory(&mut store, "memory").unwrap(),
            input: instance.get_typed_func(&mut store, "edge_input").unwrap(),
            run: instance.get_typed_func(&mut store, "edge_run").unwrap(),
            store,
            bounds: Bounds::of(manifest),
            manifest: manifest.clone(),
        }
    }

    /// Where an input of that length goes; 0 when it is too long.
    pub fn place(&mut self, length: u32) -> u32 {
        self.input.call(&mut self.store, length).unwrap()
    }

    /// Fills the memory from the input on with a byte.
    pub fn poison(&mut self, byte: u8) {
        let start = self.place(0) as usize;
        self.memory.data_mut(&mut self.store)[start..].fill(byte);
    }

    /// Runs on an input that is not too long. A trap panics.
    pub fn run(&mut self, input: &[u8]) -> Ran {
        let length = u32::try_from(input.len()).unwrap();
        let start = self.place(length);
        assert!(start != 0 && start.is_multiple_of(16));
        let range = start as usize..start as usize + input.len();
        self.memory.data_mut(&mut self.store)[range].copy_from_slice(input);
        let before = self.store.get_fuel().unwrap_or(0);
        let at = self.run.call(&mut self.store, length).unwrap();
        let fuel = before - self.store.get_fuel().unwrap_or(0);
        let _ = self.store.set_fuel(u64::MAX);
        Ran {
            input: (start, length),
            event: input
                .get(6..8)
                .map_or(0, |bytes| u16::from_le_bytes([bytes[0], bytes[1]])),
            at,
            fuel,
        }
    }

    /// The output, if the host's checker takes it.
    pub fn checked(&self, ran: &Ran) -> Result<Output<'_>, OutputError> {
        let (start, length) = ran.input;
        let memory = self.memory.data(&self.store);
        check_output(
            memory,
            ran.at,
            start..start + length,
            ran.event,
            &self.bounds,
        )
    }

    /// The output record, as long as it says.
    pub fn output(&self, ran: &Ran) -> &[u8] {
        let record = &self.memory.data(&self.store)[ran.at as usize..];
        let length = u32::from_le_bytes(record[..4].try_into().unwrap());
        &record[..length as usize]
    }

    /// The input as the call left it.
    pub fn input_after(&self, ran: &Ran) -> &[u8] {
        let (start, length) = ran.input;
        &self.memory.data(&self.store)[start as usize..][..length as usize]
    }

    /// Everything below the input: constants, and what calls leave behind there.
    pub fn below(&self, ran: &Ran) -> &[u8] {
        &self.memory.data(&self.store)[..ran.input.0 as usize]
    }
}
