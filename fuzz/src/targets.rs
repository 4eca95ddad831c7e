//! One function a target: each takes any bytes and panics only when it has found something.

use edge_abi::output::Status;
use edge_compiler::{
    automata::{
        self,
        pattern::Pattern,
        stream::{Chain, Plan, Step},
    },
    source::NoFiles,
};
use edge_host::{
    engine::{Engine, EngineOptions, Guest, GuestError, Policy},
    output::{Bounds, EditValue, Edits, Effect, Output, OutputError, Segments, check_output},
};
use edge_kernels::stream;
use std::{
    cell::RefCell,
    sync::{Arc, LazyLock},
};

/// Any text through everything up to the typed tree.
pub fn parse(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Err(report) = edge_compiler::check("policy.edge", &text, &NoFiles) {
        assert!(!report.problems.is_empty(), "refused without a reason");
    }
}

/// Any text through the compiler; what it makes, a host loads and runs.
pub fn compile(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match edge_compiler::compile("policy.edge", &text, &NoFiles) {
        Err(report) => assert!(!report.problems.is_empty(), "refused without a reason"),
        Ok((_, lowered)) => {
            let policy = Policy::load(&ENGINE, &lowered.wasm).expect("the host refuses it");
            let mut guest = Guest::new(&Arc::new(policy)).expect("the host can't make it");
            take(guest.run(&[]));
        }
    }
}

/// Any bytes as the input of a policy that has a bit of everything.
pub fn guest_input(data: &[u8]) {
    thread_local! {
        static GUEST: RefCell<Guest> = RefCell::new({
            let (_, lowered) =
                edge_compiler::compile("policy.edge", POLICY, &NoFiles).expect("the policy is right");
            let policy = Policy::load(&ENGINE, &lowered.wasm).expect("the module is right");
            Guest::new(&Arc::new(policy)).expect("the module is small")
        });
    }
    GUEST.with_borrow_mut(|guest| take(guest.run(data)));
}

/// Any bytes as a memory, with an output somewhere in it.
pub fn output_check(data: &[u8]) {
    let Some((head, memory)) = data.split_at_checked(8) else {
        return;
    };
    let number = |at: usize| {
        let bytes = head.get(at..at + 2).and_then(|bytes| bytes.try_into().ok());
        u32::from(u16::from_le_bytes(bytes.unwrap_or_default()))
    };
    // Most addresses are 16-aligned, so that the checker gets further than that.
    let at = if number(6) % 8 == 0 {
        number(0)
    } else {
        number(0) & !15
    };
    let bounds = Bounds {
        rules: 3,
        places: 3,
        targets: 2,
        proxies: 2,
        caches: 2,
        secrets: 2,
        arms: vec![2, 3],
        slot_sets: 3,
        body: 1024,
        rate_limits: 2,
        stores: 2,
        counters: 2,
        asks: 4,
    };
    // Every event has rules of its own about what may answer it.
    for event in 1..=8 {
        let input = number(2)..number(4);
        if let Ok(output) = check_output(memory, at, input, event, &bounds) {
            read(&output);
        }
    }
}

/// Any bytes as a body, in pieces and in one: the same is found, and nothing panics whatever plan and state are.
pub fn stream_scan(data: &[u8]) {
    let Some((&[kind, first, second, third], body)) = data.split_first_chunk() else {
        return;
    };
    let content_type = [
        None,
        Some(&b"application/x-www-form-urlencoded"[..]),
        Some(b"application/json"),
        Some(b"multipart/form-data; boundary=B"),
    ]
    .get(usize::from(kind % 5))
    .copied()
    .unwrap_or(Some(body));
    let plan = &*PLAN;
    let whole = scanned(plan, content_type, &[body]);
    let mut pieces = Vec::new();
    let mut rest = body;
    for cut in [first, second, third] {
        let (piece, behind) = rest.split_at(usize::from(cut).min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    assert_eq!(scanned(plan, content_type, &pieces), whole);
    let mut state = data.repeat(2000 / data.len() + 1);
    stream::scan(&plan.bytes, &mut state, body, content_type, first % 2 == 0);
    stream::scan(body, &mut state, &plan.bytes, content_type, false);
}

/// The bits after the pieces of a body.
fn scanned(plan: &Plan, content_type: Option<&[u8]>, pieces: &[&[u8]]) -> Vec<u8> {
    let mut state = vec![0; plan.state_len as usize];
    for (index, piece) in pieces.iter().enumerate() {
        let last = index + 1 == pieces.len();
        stream::scan(&plan.bytes, &mut state, piece, content_type, last);
    }
    state.truncate(plan.bits.div_ceil(8) as usize);
    state
}

/// Patterns that tell much of a text, as it is and behind every step.
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let regexes = [
        "^=",
        "=$",
        "^$",
        "^.$",
        "^[^=]*=[^=]*$",
        "^[a-m]",
        "[\"'\\\\]$",
        "\r$",
        "  ",
        "-{3}",
        "<",
        "[^ -~]",
        "^(..)*$",
        "^(...)*$",
        "a.{200}b",
    ];
    let patterns: Vec<Pattern> = regexes.map(|regex| Pattern::Regex(regex.into())).into();
    let chains = [
        vec![],
        vec![Step::Lower, Step::UrlDecode, Step::HtmlDecode],
        vec![Step::UrlDecodeUni, Step::JsDecode, Step::Upper],
        vec![Step::CssDecode, Step::RemoveNulls, Step::CmdLine],
        vec![Step::RemoveComments, Step::CompressWhitespace],
        vec![Step::Base64DecodeLenient, Step::Utf8ToUnicode],
        vec![Step::Replace(b"aab".to_vec(), b"b".to_vec())],
    ];
    let chains = chains.map(|steps| Chain {
        steps,
        patterns: patterns.clone(),
    });
    automata::stream::plan(&chains).expect("the patterns are small")
});

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(&EngineOptions::default()).expect("the machine can run wasm"));

/// What `guest_input` attacks.
pub const POLICY: &str = r#"
origin shop { url "http://shop.internal" }
secret KEY
param on: bool = true
param share: percent = 10%
set inside = ["10.0.0.0/8", "::1"]
experiment e { unit request.cookie["sid"] else "{client.ip}"  split a 50%, b 50% }
waf shield {
  rule path { when request.raw_path matches r"(?i)\.\./|%2e%2e" }
  rule agent { when request.header["User-Agent"] contains any ["sqlmap", "nikto"] }
  respond 403 text "no"
}
on request { waf shield  set response.header "X-Path" = request.path }
route user GET "/users/:id/*rest" {
  respond json { id: params.id, rest: params.rest, q: request.query["q"] else "none", lat: geo.latitude else 0.5 }
}
route POST "/body" {
  if request.body(64KiB) matches r"[0-9]{3}" { respond 200 html "<p>{request.body(64KiB)}" }
  respond 204
}
route "/list" when any request.queries["q"] == "b" or any request.headers["X-L"] contains "c" {
  log "{html_decode(request.query["q"] else "")} {url_decode(request.raw_path)}"
  redirect "/{request.query["to"] else "home"}"
}
default {
  if on and client.ip in inside and (geo.asn else 7) == 7 { respond 200 text "{e} {share} {now}" }
  proxy shop {
    path "/v1{request.path}"
    query "lang" = request.header["Accept-Language"] else "en"
    set header "Authorization" = "Bearer {KEY}"
  }
}
on response when response.status >= 400 { set response.header "X-Was" = response.header["X-Was"] else "{response.status}" }
on error { respond 503 text "later" }
"#;

/// A call may say that its input was none; nothing else may go wrong.
fn take(result: Result<Output<'_>, GuestError>) {
    match result {
        Ok(output) => read(&output),
        Err(GuestError::TooLong) => {}
        Err(GuestError::Output(OutputError::Refused(status))) => {
            assert!(matches!(
                status,
                Status::InvalidInput | Status::StaleContinuation
            ));
        }
        Err(error) => panic!("{error}"),
    }
}

/// Follows every ref of an output.
fn read(output: &Output<'_>) {
    let mut bytes = output.continuation().len();
    for effect in output.effects() {
        bytes += match effect {
            Effect::Respond(respond) => edits(respond.edits()) + segments(respond.body()),
            Effect::Proxy(proxy) => {
                edits(proxy.request_edits()) + edits(proxy.response_edits()) + proxy.path().len()
            }
            Effect::Pass(pass) => edits(pass.edits()),
            Effect::Admit(admit) => admit.tags().map(<[u8]>::len).sum::<usize>(),
            Effect::Edits(list) => edits(list),
            Effect::Log(log) => log.text().len(),
            Effect::Hits(hits) => hits.rules().count(),
            Effect::Scan(scan) => scan.continuation().len(),
            Effect::State(state) => state.key().len() + state.value().len(),
            Effect::Fault(_) | Effect::Body(_) | Effect::Note(_) => 0,
        };
    }
    std::hint::black_box(bytes);
}

fn edits(list: Edits<'_>) -> usize {
    let one = |edit: edge_host::output::Edit<'_>| {
        edit.name().len()
            + match edit.value() {
                EditValue::Bytes(bytes) => bytes.len(),
                EditValue::Segments(list) => segments(list),
            }
    };
    list.map(one).sum()
}

fn segments(list: Segments<'_>) -> usize {
    use edge_host::output::SegmentValue;
    let one = |segment: edge_host::output::Segment<'_>| match segment.value() {
        SegmentValue::Bytes(bytes) => bytes.len(),
        SegmentValue::Secret(_) => 0,
    };
    list.map(one).sum()
}
