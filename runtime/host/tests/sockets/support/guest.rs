//! A policy written by hand: `/0/…` goes to the first origin, `/1/…` to the second and so
//! on; all else is answered with `hello`.

use edge_abi::manifest::{
    Fact, Kind, Limits, Line, Manifest, Origin, ProxyOptions, Rule, RuleKind, Slot, Target,
};
use edge_abi::output::{self, NONE, Op};

/// Where the guest takes its input, and the most bytes of it.
const INPUT: u32 = 0x1_0000;
const INPUT_LIMIT: u32 = 0x3_0000;
/// Where its constants lie.
const PROXY: u32 = 0x400;
const RESPOND: u32 = 0x800;
const TEXT: u32 = 0xc00;
const SEGMENT: u32 = 0xc10;

/// The policy's origins and secrets.
#[derive(Default)]
pub struct Guest {
    targets: Vec<Target>,
    secrets: Vec<String>,
}

impl Guest {
    /// A policy with an origin `shop` at this URL.
    pub fn shop(url: &str) -> Self {
        Self::default().origin("shop", url, |_| {})
    }

    /// One more origin. It has two seconds for each step unless `set` says otherwise.
    pub fn origin(mut self, name: &str, url: &str, set: impl FnOnce(&mut Origin)) -> Self {
        let mut origin = Origin {
            name: name.to_owned(),
            url: url.to_owned(),
            host: None,
            connect_ms: 2000,
            timeout_ms: 2000,
            idle_ms: 2000,
        };
        set(&mut origin);
        self.targets.push(Target::Origin(origin));
        self
    }

    /// A secret that the policy needs.
    pub fn secret(mut self, name: &str) -> Self {
        self.secrets.push(name.to_owned());
        self
    }

    /// The module.
    pub fn wasm(&self) -> Vec<u8> {
        let count = self.targets.len();
        let text = format!(
            r#"(module
  (memory (export "memory") 4 4)
  (global (export "edge_abi") i32 (i32.const 1))
  (data (i32.const {PROXY}) "{proxy}")
  (data (i32.const {RESPOND}) "{respond}")
  (data (i32.const {TEXT}) "hello")
  (data (i32.const {SEGMENT}) "{segment}")
  (func (export "edge_input") (param i32) (result i32)
    (select (i32.const 0) (i32.const {INPUT}) (i32.gt_u (local.get 0) (i32.const {INPUT_LIMIT}))))
  (func (export "edge_run") (param i32) (result i32)
    (local $path i32) (local $target i32) (local $at i32) (local $end i32)
    (local.set $path (i32.add (i32.const {INPUT}) (i32.load (i32.const {slot}))))
    (local.set $target (i32.sub (i32.load8_u offset=1 (local.get $path)) (i32.const 48)))
    (if (i32.ge_u (local.get $target) (i32.const {count})) (then (return (i32.const {RESPOND}))))
    (i32.store (i32.const {target}) (local.get $target))
    (local.set $at (local.get $path))
    (local.set $end (i32.add (local.get $path) (i32.load offset=4 (i32.const {slot}))))
    (block $found (loop $next
      (br_if $found (i32.ge_u (local.get $at) (local.get $end)))
      (br_if $found (i32.eq (i32.load8_u (local.get $at)) (i32.const 63)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
    (i64.store (i32.const {query}) (i64.const 0))
    (i32.store (i32.const {path}) (local.get $path))
    (i32.store offset=4 (i32.const {path}) (i32.sub (local.get $at) (local.get $path)))
    (if (i32.lt_u (local.get $at) (local.get $end)) (then
      (i32.store (i32.const {query}) (i32.add (local.get $at) (i32.const 1)))
      (i32.store offset=4 (i32.const {query}) (i32.sub (i32.sub (local.get $end) (local.get $at)) (i32.const 1)))))
    (i32.const {PROXY})))"#,
            proxy = escaped(&proxy()),
            respond = escaped(&respond()),
            segment = escaped(&[0, 0, TEXT, 5]),
            slot = INPUT + edge_abi::input::HEADER,
            target = PROXY + output::HEADER + output::proxy::TARGET,
            path = PROXY + output::HEADER + output::proxy::PATH,
            query = PROXY + output::HEADER + output::proxy::QUERY,
        );
        let mut wasm = wat::parse_str(text).unwrap();
        append_section(
            &mut wasm,
            edge_abi::MANIFEST_SECTION,
            &serde_json::to_vec(&self.manifest()).unwrap(),
        );
        wasm
    }

    fn manifest(&self) -> Manifest {
        Manifest {
            abi: 1,
            language: 1,
            name: "test".to_owned(),
            source_digest: String::new(),
            module_digest: String::new(),
            files: vec!["test.edge".to_owned()],
            targets: self.targets.clone(),
            proxies: vec![ProxyOptions::default()],
            experiments: Vec::new(),
            secrets: self.secrets.clone(),
            params: Vec::new(),
            slot_sets: vec![vec![Slot {
                fact: Fact::RequestTarget,
                kind: Kind::Bytes,
            }]],
            rules: vec![Rule {
                name: "route.test".to_owned(),
                kind: RuleKind::Route,
                place: 0,
                bytes: 0,
            }],
            severities: std::collections::BTreeMap::new(),
            tags: std::collections::BTreeMap::new(),
            places: vec![[0, 1, 1]],
            limits: Limits {
                input: INPUT_LIMIT,
                body: 0,
                output: Line {
                    base: 0x1000,
                    per_byte: 1,
                },
                fuel: Line {
                    base: 1000,
                    per_byte: 1,
                },
                memory: 4 << 16,
            },
            capabilities: Vec::new(),
        }
    }
}

/// An output that proxies; the guest fills in target and path.
fn proxy() -> Vec<u32> {
    let mut words = header(PROXY, output::proxy::SIZE);
    let effect = words.len();
    words.resize(effect + output::proxy::SIZE as usize / 4, 0);
    words[effect] = Op::Proxy as u32;
    words[effect + 1] = output::proxy::SIZE;
    words[effect + output::proxy::CACHE as usize / 4] = NONE;
    words
}

/// An output that answers `hello`.
fn respond() -> Vec<u32> {
    let mut words = header(RESPOND, output::respond::SIZE);
    let effect = words.len();
    words.resize(effect + output::respond::SIZE as usize / 4, 0);
    words[effect] = Op::Respond as u32;
    words[effect + 1] = output::respond::SIZE;
    words[effect + output::respond::STATUS as usize / 4] = 200;
    words[effect + output::respond::BODY as usize / 4] = SEGMENT;
    words[effect + output::respond::BODY as usize / 4 + 1] = 1;
    words
}

/// The header of an output at `at` with one effect of `size` bytes.
fn header(at: u32, size: u32) -> Vec<u32> {
    let length = output::HEADER + size;
    vec![
        length.next_multiple_of(16),
        1,
        1,
        0,
        0,
        0,
        at + output::HEADER,
        size,
    ]
}

fn escaped(words: &[u32]) -> String {
    words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .map(|byte| format!("\\{byte:02x}"))
        .collect()
}

fn append_section(wasm: &mut Vec<u8>, name: &str, content: &[u8]) {
    let mut section = Vec::new();
    append_length(&mut section, name.len());
    section.extend_from_slice(name.as_bytes());
    section.extend_from_slice(content);
    wasm.push(0);
    append_length(wasm, section.len());
    wasm.extend_from_slice(&section);
}

/// Unsigned LEB128.
fn append_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}
