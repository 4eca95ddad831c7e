//! A policy written by hand: `/0/…` goes to the first origin, `/1/…` to the second and so
//! on; all else is answered with `hello`. It may scan bodies for the word `evil!`, also where
//! it is cut in two: a request with it is denied, a response with it is replaced. A `~` in a
//! body traps. It may have limits, one for all clients together: who is refused gets 429.

use edge_abi::input::{self, Event};
use edge_abi::manifest::{
    Fact, Fail, Failure, Fallback, Kind, Limits, Line, Manifest, Origin, ProxyOptions, Rate,
    RateLimit, Rule, RuleKind, Slot, Target,
};
use edge_abi::output::scan::{Lane, OverLimit};
use edge_abi::output::{self, Op};

use super::outputs::{
    ASK, DENY, GO_ON, KEY, PASS, PROXY, REFUSE, RESPOND, SEGMENT, STATE, TEXT, TOO_LONG, WORD,
    escaped, go_on, header, limit, proxy, respond, scan,
};

/// Where the guest takes its input, and the most bytes of it.
const INPUT: u32 = 0x1_0000;
const INPUT_LIMIT: u32 = 0x3_0000;
/// The policy's origins and secrets.
#[derive(Default)]
pub struct Guest {
    targets: Vec<Target>,
    secrets: Vec<String>,
    options: ProxyOptions,
    limits: Vec<RateLimit>,
    /// By lane: the limit, and what becomes of longer bodies.
    scans: [Option<(u32, OverLimit)>; 2],
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

    /// The second origin stands in for one that can't be reached.
    pub fn fallback(mut self) -> Self {
        self.options.fallback = Some(Fallback {
            target: 1,
            on: vec![Failure::Connect],
        });
        self
    }

    /// Scans the bodies of requests to origins, or of their answers.
    pub fn scanning(mut self, lane: Lane, limit: u32, over: OverLimit) -> Self {
        self.scans[lane as usize] = Some((limit, over));
        self
    }

    /// One more limit, which is asked together with the others.
    pub fn limited(mut self, name: &str, rate: Rate, fail: Fail) -> Self {
        self.limits.push(RateLimit {
            name: name.to_owned(),
            rule: 2,
            rate,
            shadow: false,
            fail,
        });
        self
    }

    /// The module.
    pub fn wasm(&self) -> Vec<u8> {
        let count = self.targets.len();
        let proxy = self.proxy();
        let effect = PROXY + 4 * proxy.len() as u32 - output::proxy::SIZE;
        let text = format!(
            r#"(module
  (memory (export "memory") 4 4)
  (global (export "edge_abi") i32 (i32.const 1))
  (data (i32.const {PROXY}) "{proxy}")
  (data (i32.const {RESPOND}) "{respond}")
  (data (i32.const {TEXT}) "hello")
  (data (i32.const {SEGMENT}) "{segment}")
  (data (i32.const {PASS}) "{pass}")
  (data (i32.const {GO_ON}) "{go_on}")
  (data (i32.const {DENY}) "{deny}")
  (data (i32.const {TOO_LONG}) "{too_long}")
  (data (i32.const {WORD}) "evil!")
  (data (i32.const {ASK}) "{ask}")
  (data (i32.const {REFUSE}) "{refuse}")
  (data (i32.const {KEY}) "everybody")
  (func (export "edge_input") (param i32) (result i32)
    (select (i32.const 0) (i32.const {INPUT}) (i32.gt_u (local.get 0) (i32.const {INPUT_LIMIT}))))
  (func (export "edge_run") (param i32) (result i32)
    (local $path i32) (local $target i32) (local $at i32) (local $end i32)
    (local $event i32) (local $byte i32) (local $state i32)
    (local.set $event (i32.load16_u (i32.const {event})))
    (if (i32.eq (local.get $event) (i32.const {head})) (then (return (i32.const {PASS}))))
    (if (i32.const {limits}) (then
      (if (i32.eq (local.get $event) (i32.const 1)) (then (return (i32.const {ASK}))))
      (block $asked (loop $next
        (br_if $asked (i32.ge_u (local.get $at) (i32.const {limits})))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $end (i32.load (i32.add (i32.const {slot}) (i32.shl (local.get $at) (i32.const 3)))))
        (br_if $next (i32.eqz (local.get $end)))
        (br_if $next (i32.load8_u (i32.add (i32.const {INPUT}) (local.get $end))))
        (return (i32.const {REFUSE}))))))
    (if (i32.or (i32.eq (local.get $event) (i32.const {sent})) (i32.eq (local.get $event) (i32.const {received}))) (then
      (if (i32.and (i32.load (i32.const {flags})) (i32.const 2)) (then (return (i32.const {TOO_LONG}))))
      (local.set $state (i32.load (i32.add (i32.const {INPUT}) (i32.load (i32.const {continuation})))))
      (local.set $at (i32.add (i32.const {INPUT}) (i32.load (i32.const {slot}))))
      (local.set $end (i32.add (local.get $at) (i32.load offset=4 (i32.const {slot}))))
      (block $done (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.eq (local.get $byte) (i32.const 126)) (then unreachable))
        (local.set $state (select
          (i32.add (local.get $state) (i32.const 1))
          (i32.eq (local.get $byte) (i32.const 101))
          (i32.eq (local.get $byte) (i32.load8_u (i32.add (i32.const {WORD}) (local.get $state))))))
        (if (i32.eq (local.get $state) (i32.const 5)) (then (return (i32.const {DENY}))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
      (i32.store (i32.const {STATE}) (local.get $state))
      (i32.store (i32.const {lane}) (i32.sub (local.get $event) (i32.const {sent})))
      (return (i32.const {GO_ON}))))
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
            proxy = escaped(&proxy),
            respond = escaped(&respond(RESPOND, 0, 200)),
            pass = escaped(&self.pass()),
            go_on = escaped(&go_on()),
            deny = escaped(&respond(DENY, 1, 403)),
            too_long = escaped(&respond(TOO_LONG, 1, 413)),
            ask = escaped(&self.ask()),
            refuse = escaped(&respond(REFUSE, 2, 429)),
            limits = self.limits.len(),
            event = INPUT + input::EVENT,
            flags = INPUT + input::FLAGS,
            continuation = INPUT + input::CONTINUATION,
            head = Event::ResponseHead as u16,
            sent = Event::RequestChunk as u16,
            received = Event::ResponseChunk as u16,
            lane = GO_ON + output::HEADER + output::scan::LANE,
            segment = escaped(&[0, 0, TEXT, 5]),
            slot = INPUT + edge_abi::input::HEADER,
            target = effect + output::proxy::TARGET,
            path = effect + output::proxy::PATH,
            query = effect + output::proxy::QUERY,
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
            proxies: vec![self.options.clone()],
            experiments: Vec::new(),
            rate_limits: self.limits.clone(),
            stores: Vec::new(),
            counters: Vec::new(),
            caches: Vec::new(),
            cached: Vec::new(),
            finishes: false,
            secrets: self.secrets.clone(),
            params: Vec::new(),
            slot_sets: self.slot_sets(),
            rules: vec![
                rule("route.test", RuleKind::Route),
                rule("waf.body", RuleKind::Deny),
                rule("limit.test", RuleKind::Deny),
            ],
            severities: std::collections::BTreeMap::new(),
            tags: std::collections::BTreeMap::new(),
            places: vec![[0, 1, 1]],
            limits: Limits {
                input: INPUT_LIMIT,
                body: 0,
                asks: self.limits.len() as u32,
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

    fn slot_sets(&self) -> Vec<Vec<Slot>> {
        let facts = [Fact::RequestTarget, Fact::RequestChunk, Fact::ResponseChunk];
        let mut sets: Vec<Vec<Slot>> = facts.map(slot).into();
        let mut asked = slot(Fact::RequestTarget);
        asked.extend((0..self.limits.len() as u32).map(|ask| Slot {
            fact: Fact::Answer { ask },
            kind: Kind::Bool,
        }));
        sets.push(asked);
        sets
    }

    /// An output that asks all limits.
    fn ask(&self) -> Vec<u32> {
        let count = self.limits.len() as u32;
        let mut words = header(ASK, count, count * output::state::SIZE);
        words[output::NEXT_SLOTS as usize / 4] = 3 | u32::from(Event::Results.bit()) << 16;
        words.extend((0..count).flat_map(limit));
        words
    }

    /// An output that proxies; the guest fills in target and path.
    fn proxy(&self) -> Vec<u32> {
        let scan = self.scan(Lane::Request);
        let size = 4 * scan.len() as u32 + output::proxy::SIZE;
        let mut words = header(PROXY, 1 + u32::from(!scan.is_empty()), size);
        if self.scans[Lane::Response as usize].is_some() {
            // Any slot set but 0: it is not looked at.
            words[output::NEXT_SLOTS as usize / 4] = 1 | u32::from(Event::ResponseHead.bit()) << 16;
        }
        words.extend(scan);
        words.extend(proxy());
        words
    }

    /// An output that lets a response go on.
    fn pass(&self) -> Vec<u32> {
        let scan = self.scan(Lane::Response);
        let size = 4 * scan.len() as u32 + output::pass::SIZE;
        let mut words = header(PASS, 1 + u32::from(!scan.is_empty()), size);
        words.extend(scan);
        words.extend([Op::Pass as u32, output::pass::SIZE, 0, 0, 0, 0]);
        words
    }

    /// The effect that begins a scan, if this policy has one.
    fn scan(&self, lane: Lane) -> Vec<u32> {
        let Some((limit, over)) = self.scans[lane as usize] else {
            return Vec::new();
        };
        // The state of a beginning is 0: there are zeros behind the word.
        scan(lane as u32, limit, over as u32, 1 + lane as u32, WORD + 8)
    }
}

fn slot(fact: Fact) -> Vec<Slot> {
    let kind = Kind::Bytes;
    vec![Slot { fact, kind }]
}

fn rule(name: &str, kind: RuleKind) -> Rule {
    Rule {
        name: name.to_owned(),
        kind,
        place: 0,
        bytes: 0,
    }
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
