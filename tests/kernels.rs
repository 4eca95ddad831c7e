//! Each kernel in wasm does what the same source does natively, for any bytes, and writes nowhere
//! but into its buffer.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use edge_compiler::automata::{
    pattern::{LiteralKind, Pattern},
    stream::{self, Chain, MOST_STEPS, Plan, Step},
};
use edge_kernels::{
    bounds::BOUNDS,
    decode, ip, json, number, query,
    table::{KERNELS, Kernel},
    text,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use std::{cell::RefCell, collections::BTreeMap};
use wasmtime::{Engine, Instance, Memory, Module, Store, Val};

/// Where texts and buffers go, beyond the kernels' own memory.
struct Wasm {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
    base: usize,
}

/// What a buffer is filled with before a call.
const FILL: u8 = 0xA5;
/// Bytes behind each buffer that must stay.
const GUARD: usize = 64;

impl Wasm {
    fn new(module: &[u8]) -> Wasm {
        Wasm::of(&Engine::default(), module)
    }

    fn of(engine: &Engine, module: &[u8]) -> Wasm {
        let module = Module::new(engine, module).unwrap();
        let mut store = Store::new(engine, ());
        // An engine that does not count refuses the fuel.
        let _ = store.set_fuel(u64::MAX);
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&mut store, "memory").unwrap();
        let base = instance.get_global(&mut store, "__heap_base").unwrap();
        let base = base.get(&mut store).unwrap_i32().cast_unsigned() as usize;
        memory.grow(&mut store, 4).unwrap();
        Wasm {
            store,
            instance,
            memory,
            base: base.next_multiple_of(16),
        }
    }

    /// Puts texts into memory, one behind the other, and gives their addresses.
    fn put(&mut self, texts: &[&[u8]]) -> Vec<usize> {
        let mut at = self.base;
        let data = self.memory.data_mut(&mut self.store);
        data[self.base..].fill(FILL);
        let mut places = Vec::new();
        for text in texts {
            data[at..at + text.len()].copy_from_slice(text);
            places.push(at);
            at = (at + text.len() + 7).next_multiple_of(8);
        }
        places.push(at);
        places
    }

    fn call(&mut self, name: &str, parameters: &[Val], result: Val) -> Val {
        let function = self
            .instance
            .get_func(&mut self.store, name)
            .unwrap_or_else(|| panic!("no {name}"));
        let mut results = [result];
        function
            .call(&mut self.store, parameters, &mut results)
            .unwrap();
        results[0]
    }

    /// The bytes of `address << 32 | length`; 0 is absent.
    fn packed(&self, value: &Val) -> Option<Vec<u8>> {
        let packed = value.unwrap_i64().cast_unsigned();
        let (at, length) = ((packed >> 32) as usize, (packed & 0xffff_ffff) as usize);
        (packed >> 32 != 0).then(|| self.memory.data(&self.store)[at..at + length].to_vec())
    }

    /// Nothing behind the buffer was written.
    fn guarded(&self, end: usize, what: &dyn std::fmt::Debug) {
        let data = &self.memory.data(&self.store)[end..end + GUARD];
        assert!(data.iter().all(|&byte| byte == FILL), "{what:?}");
    }
}

fn i32_of(n: usize) -> Val {
    Val::I32(i32::try_from(n).unwrap())
}

fn capacity(name: &str, length: usize) -> usize {
    let row = BOUNDS.iter().find(|(kernel, ..)| *kernel == name);
    row.map_or(0, |(_, per_byte, base)| {
        length * *per_byte as usize + *base as usize
    })
}

/// Runs one kernel of the table on both sides.
fn same(wasm: &mut Wasm, name: &str, kernel: &Kernel, a: &[u8], b: &[u8], n: i64) {
    let what = (
        name,
        String::from_utf8_lossy(a).into_owned(),
        String::from_utf8_lossy(b).into_owned(),
        n,
    );
    let places = wasm.put(&[a, b]);
    let first = [i32_of(places[0]), i32_of(a.len())];
    let second = [i32_of(places[1]), i32_of(b.len())];
    let out = places[2];
    let (packed, short) = (Val::I64(0), Val::I32(0));
    let both = || [first.as_slice(), second.as_slice()].concat();
    match kernel {
        Kernel::Text(native) => {
            let room = capacity(name, a.len());
            let mut buffer = vec![0; room];
            let result = wasm.call(name, &[&first[..], &[i32_of(out)]].concat(), packed);
            assert_eq!(
                wasm.packed(&result),
                native(a, &mut buffer).map(<[u8]>::to_vec),
                "{what:?}"
            );
            wasm.guarded(out + room, &what);
        }
        Kernel::Part(native) => {
            let result = wasm.call(name, &both(), packed);
            assert_eq!(
                wasm.packed(&result),
                native(a, b).map(<[u8]>::to_vec),
                "{what:?}"
            );
            wasm.guarded(out, &what);
        }
        Kernel::Pair(native) => {
            let room = capacity(name, a.len());
            let mut buffer = vec![0; room];
            let result = wasm.call(name, &[&both()[..], &[i32_of(out)]].concat(), packed);
            assert_eq!(
                wasm.packed(&result),
                native(a, b, &mut buffer).map(<[u8]>::to_vec),
                "{what:?}"
            );
            wasm.guarded(out + room, &what);
        }
        Kernel::Test(native) => {
            assert_eq!(
                wasm.call(name, &both(), short).unwrap_i32(),
                native(a, b),
                "{what:?}"
            );
        }
        Kernel::Property(native) => {
            assert_eq!(
                wasm.call(name, &first, short).unwrap_i32(),
                native(a),
                "{what:?}"
            );
        }
        Kernel::Number(native) => {
            let result = wasm.call(name, &first, packed).unwrap_i64();
            assert_eq!(result.cast_unsigned(), native(a), "{what:?}");
        }
        Kernel::Format(native) => {
            let room = capacity(name, 0);
            let mut buffer = vec![0; room];
            let result = wasm.call(name, &[Val::I64(n), i32_of(out)], packed);
            assert_eq!(
                wasm.packed(&result).unwrap(),
                native(n, &mut buffer),
                "{what:?}"
            );
            wasm.guarded(out + room, &what);
        }
    }
}

/// The kernels that have a shape of their own.
fn same_again(wasm: &mut Wasm, a: &[u8], b: &[u8], c: &[u8], n: i64) {
    let pair = |at: usize, text: &[u8]| [i32_of(at), i32_of(text.len())];
    let what = (a, b, c, n);
    let places = wasm.put(&[a, b, c]);
    let out = places[3];
    let three = [pair(places[0], a), pair(places[1], b), pair(places[2], c)].concat();

    let room = a.len() * (c.len() + 1);
    let mut buffer = vec![0; room];
    let parameters = [&three[..], &[i32_of(out), i32_of(room)]].concat();
    let result = wasm.call("replace", &parameters, Val::I64(0));
    assert_eq!(
        wasm.packed(&result).unwrap(),
        text::replace(a, b, c, &mut buffer),
        "{what:?}"
    );
    wasm.guarded(out + room, &what);

    let room = capacity("query_set", a.len() + b.len() + c.len());
    let mut buffer = vec![0; room];
    let places = wasm.put(&[a, b, c]);
    let parameters = [&three[..], &[i32_of(places[3])]].concat();
    let result = wasm.call("query_set", &parameters, Val::I64(0));
    assert_eq!(
        wasm.packed(&result).unwrap(),
        query::query_set(a, b, c, &mut buffer),
        "{what:?}"
    );
    wasm.guarded(places[3] + room, &what);

    // Addresses in the table are those of the buffer, so both sides get the same one.
    let room = capacity("query_all", a.len());
    let out = places[3] + usize::from(n.to_le_bytes()[0] % 4);
    wasm.put(&[a, b, c]);
    let parameters = [&three[..4], &[i32_of(out)]].concat();
    let result = wasm
        .call("query_all", &parameters, Val::I64(0))
        .unwrap_i64()
        .cast_unsigned();
    let mut buffer = vec![FILL; room];
    let (table, count) = query::query_all(a, b, &mut buffer, u32::try_from(out).unwrap());
    assert_eq!(
        result,
        u64::from(table) << 32 | u64::from(count),
        "{what:?}"
    );
    assert_eq!(
        &wasm.memory.data(&wasm.store)[out..out + room],
        buffer,
        "{what:?}"
    );
    wasm.guarded(out + room, &what);

    let places = wasm.put(&[a]);
    let index = u32::from(n.to_le_bytes()[1] % 4);
    let parameters = [&pair(places[0], a)[..], &[i32_of(index as usize)]].concat();
    let result = wasm.call("json_item", &parameters, Val::I64(0));
    let native = json::read::json_item(a, index).map(<[u8]>::to_vec);
    assert_eq!(wasm.packed(&result), native, "{what:?}");

    let places = wasm.put(&[a]);
    let parameters = [&pair(places[0], a)[..], &[i32_of(places[1])]].concat();
    let found = wasm
        .call("int_parse", &parameters, Val::I32(0))
        .unwrap_i32()
        == 1;
    let at = places[1];
    let value = i64::from_le_bytes(
        wasm.memory.data(&wasm.store)[at..at + 8]
            .try_into()
            .unwrap(),
    );
    assert_eq!(found.then_some(value), number::int_parse(a), "{what:?}");
    wasm.guarded(at + 8, &what);

    let mut address = [0; 16];
    address[..8].copy_from_slice(&n.to_le_bytes());
    address[8..]
        .iter_mut()
        .zip(a)
        .for_each(|(to, from)| *to = *from);
    let places = wasm.put(&[&address]);
    let result = wasm.call(
        "ip_format",
        &[i32_of(places[0]), i32_of(places[1])],
        Val::I64(0),
    );
    let mut buffer = [0; 39];
    assert_eq!(
        wasm.packed(&result).unwrap(),
        ip::ip_format(&address, &mut buffer),
        "{address:?}"
    );
    wasm.guarded(places[1] + 39, &what);

    // A record that may be one: the verdict, and what is left of it, are the same.
    let (record, kinds) = (a, b);
    let places = wasm.put(&[record, kinds]);
    let base = places[0];
    let parameters = [pair(base, record), pair(places[1], kinds)].concat();
    let verdict = wasm
        .call("input_check", &parameters, Val::I32(0))
        .unwrap_i32()
        == 1;
    let mut native = record.to_vec();
    let base32 = u32::try_from(base).unwrap();
    assert_eq!(
        verdict,
        decode::input_check(&mut native, base32, kinds),
        "{what:?}"
    );
    assert_eq!(
        &wasm.memory.data(&wasm.store)[base..base + record.len()],
        native,
        "{what:?}"
    );
}

/// Texts that kernels are made for, put together at random, and any bytes.
fn text_strategy() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"a",
        b"B",
        b"/",
        b"..",
        b".",
        b"%41",
        b"%2e",
        b"%2F",
        b"%zz",
        b"%",
        b"&",
        b"=",
        b"q",
        b"q=1",
        b"+",
        b";",
        b" ",
        b"&amp;",
        b"&#x41",
        b"&lt",
        b"&#0;",
        b"\"",
        b"<",
        b"'",
        b"\\",
        b"\n",
        b"\t",
        b"\x00",
        b"\x7f",
        b"\xff",
        b"\xc3\xa4",
        b"\xe2\x82",
        b"\xf0\x9f\x98\x80",
        b"YWJj",
        b"==",
        b"-",
        b"_",
        b"0",
        b"9",
        b"12",
        b"-9223372036854775808",
        b"9223372036854775807",
        b"1e3",
        b":",
        b"[",
        b"]",
        b"::1",
        b":443",
        b"sid=",
        b"sid=1; ",
        b"?",
        b"#",
        b"*",
        b"Shop.Test",
        b"%u0041",
        b"%uD83D%uDE00",
        b"%uFF1c",
        b"\\x41",
        b"\\u00e9",
        b"\\u{1f600}",
        b"\\101",
        b"\\41 ",
        b"/*",
        b"/*!50000",
        b"*/",
        b"--",
        b"<!--",
        b"-->",
        b"../",
        b"^",
        b",",
        b"(",
        b"\r\n",
    ];
    let pieces = proptest::collection::vec(0..PIECES.len(), 0..24);
    let pieces = pieces.prop_map(|list| {
        list.into_iter()
            .flat_map(|i| PIECES[i].iter().copied())
            .collect()
    });
    prop_oneof![
        3 => pieces,
        1 => proptest::collection::vec(any::<u8>(), 0..300),
        1 => (any::<u8>(), 0usize..200).prop_map(|(byte, count)| vec![byte; count]),
    ]
}

/// Texts that are JSON, or nearly.
fn json_strategy() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "{}",
        "[]",
        "\"a\"",
        "\"a\":1",
        "\"b\":[1,2]",
        "\"\\u0061\":{\"a\":0}",
        "1",
        "-0.5e3",
        "true",
        "null",
        "\"\\n\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        " ",
        "\n",
        "\"é\"",
        "01",
        "\"x",
        ":",
        ",",
    ];
    let row = proptest::collection::vec(proptest::sample::select(PIECES), 0..7);
    (row, 0..4u8, 0..3u8).prop_map(|(row, around, depth)| {
        let mut text = row.join(if around == 3 { "" } else { "," });
        for _ in 0..=depth {
            text = match around {
                0 => format!("[{text}]"),
                1 => format!("{{{text}}}"),
                2 => format!("{{\"a\" :[{text}] , \"b\": {{{text}}}}}"),
                _ => text,
            };
        }
        text.into_bytes()
    })
}

fn numbers() -> impl Strategy<Value = i64> {
    prop_oneof![
        any::<i64>(),
        -2_000i64..2_000_000_000_000,
        Just(i64::MIN),
        Just(i64::MAX),
        any::<i64>().prop_map(|n| n >> 20)
    ]
}

fn config(usual: u32) -> Config {
    let cases = std::env::var("EDGE_CASES")
        .ok()
        .and_then(|n| n.parse().ok());
    Config {
        cases: cases.unwrap_or(usual),
        failure_persistence: None,
        ..Config::default()
    }
}

#[test]
fn native_and_wasm_agree() {
    let wasm = RefCell::new(Wasm::new(edge_kernels::WASM));
    let mut runner = TestRunner::new(config(2_000));
    let inputs = (text_strategy(), text_strategy(), text_strategy(), numbers());
    let done = runner.run(&inputs, |(a, b, c, n)| {
        let mut wasm = wasm.borrow_mut();
        // Needles are found now and then only if they come from the text.
        let part = a.get(a.len() / 3..a.len() / 2).unwrap_or_default().to_vec();
        for (name, kernel) in KERNELS {
            same(&mut wasm, name, kernel, &a, &b, n);
            same(&mut wasm, name, kernel, &a, &part, n);
        }
        same_again(&mut wasm, &a, &b, &c, n);
        same_again(&mut wasm, &a, &part, &c, n);
        Ok(())
    });
    done.unwrap();
}

#[test]
fn native_and_wasm_agree_on_json() {
    let wasm = RefCell::new(Wasm::new(edge_kernels::WASM));
    let mut runner = TestRunner::new(config(2_000));
    let valid = RefCell::new(0);
    let done = runner.run(&(json_strategy(), numbers()), |(text, n)| {
        let mut wasm = wasm.borrow_mut();
        let kernels = KERNELS.iter().filter(|it| it.0.starts_with("json_"));
        for (name, kernel) in kernels {
            same(&mut wasm, name, kernel, &text, b"a", n);
        }
        same_again(&mut wasm, &text, b"a", b"", n);
        let mut room = vec![0; json::text::ROOM];
        *valid.borrow_mut() += u32::from(json::text::json_text(&text, &mut room).is_some());
        Ok(())
    });
    done.unwrap();
    let (valid, all) = (valid.into_inner(), runner.config().cases);
    assert!(
        (all / 20..all * 19 / 20).contains(&valid),
        "{valid} of {all}"
    );
}

#[test]
fn native_and_wasm_agree_on_floats() {
    let wasm = RefCell::new(Wasm::new(edge_kernels::WASM_FLOAT));
    let mut runner = TestRunner::new(config(2_000));
    let done = runner.run(&(any::<u64>(), text_strategy()), |(bits, text)| {
        let mut wasm = wasm.borrow_mut();
        let float = f64::from_bits(bits);
        if float.is_finite() {
            let places = wasm.put(&[&[]]);
            let result = wasm.call(
                "float_format",
                &[Val::F64(bits), i32_of(places[1])],
                Val::I64(0),
            );
            let mut buffer = [0; 24];
            let native = number::float_format(float, &mut buffer);
            prop_assert_eq!(wasm.packed(&result).unwrap(), native);
            wasm.guarded(places[1] + 24, &float);
            parse(&mut wasm, native);
        }
        parse(&mut wasm, &text);
        Ok(())
    });
    done.unwrap();
}

fn parse(wasm: &mut Wasm, text: &[u8]) {
    let places = wasm.put(&[text]);
    let parameters = [i32_of(places[0]), i32_of(text.len()), i32_of(places[1])];
    let found = wasm
        .call("float_parse", &parameters, Val::I32(0))
        .unwrap_i32()
        == 1;
    let at = places[1];
    let value = f64::from_le_bytes(
        wasm.memory.data(&wasm.store)[at..at + 8]
            .try_into()
            .unwrap(),
    );
    let native = number::float_parse(text);
    assert_eq!(
        found.then(|| value.to_bits()),
        native.map(f64::to_bits),
        "{text:?}"
    );
}

/// Texts that hide the start of something in every byte or two.
const HOSTILE: &[&[u8]] = &[
    b"a",
    b"A",
    b"%",
    b"%u",
    b"%u0041",
    b"%uD83D",
    b"+",
    b"&",
    b"&#",
    b"&#x",
    b"&#1",
    b"&hat",
    b"&a",
    b"\\",
    b"\\x",
    b"\\u",
    b"\\u{",
    b"\\u{0",
    b"\\1",
    b"\\\n",
    b"/*",
    b"/*!",
    b"/*!99999",
    b"*/",
    b"-",
    b"->",
    b"--\n",
    b"#",
    b"#\n",
    b"<!--",
    b"<",
    b">",
    b"../",
    b"a/",
    b"\\..",
    b"a/../",
    b"//",
    b" ",
    b"\t",
    b" ;",
    b"\"",
    b"\0",
    b"=",
    b"\xc3\xa9",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x82",
    b"\xff",
];

/// No text makes a kernel run more than 80 instructions for each byte of the call's input, of its own
/// input, of its text and of its buffer, which is what the compiler's cost line counts (`emit::bounds::fuel`).
#[test]
fn time_is_linear_in_every_text() {
    const LENGTH: usize = 20_000;
    let engine = Engine::new(wasmtime::Config::new().consume_fuel(true)).unwrap();
    let mut wasm = Wasm::of(&engine, edge_kernels::WASM);
    for (name, kernel) in KERNELS {
        let Kernel::Text(_) = kernel else { continue };
        let room = capacity(name, LENGTH);
        let mut worst = (0, &b""[..]);
        for filler in HOSTILE {
            let text: Vec<u8> = filler.iter().copied().cycle().take(LENGTH).collect();
            let places = wasm.put(&[&text]);
            wasm.store.set_fuel(u64::MAX).unwrap();
            let parameters = [places[0], LENGTH, places[1]].map(i32_of);
            wasm.call(name, &parameters, Val::I64(0));
            worst = worst.max((u64::MAX - wasm.store.get_fuel().unwrap(), filler));
        }
        let bytes = (LENGTH + LENGTH + room + room) as u64;
        let (fuel, filler) = (worst.0, String::from_utf8_lossy(worst.1));
        println!(
            "{name}: {:.1} a byte of {filler:?}",
            fuel as f64 / bytes as f64
        );
        assert!(
            fuel < 80 * bytes,
            "{name} of {filler:?}: {fuel} instructions"
        );
    }
}

/// Chains of all steps, patterns of all automata.
fn plan() -> Plan {
    let regexes = [
        "^=",
        "a+b?$",
        "x.{300}y",
        "(?i)select",
        "[a-f]{2}[^a]{3}",
        "^$",
    ];
    let mut patterns: Vec<Pattern> = regexes.map(|regex| Pattern::Regex(regex.into())).into();
    patterns.push(Pattern::Literals {
        kind: LiteralKind::EndsWith,
        any: vec![b"41".to_vec(), b"%".to_vec()],
    });
    let chain = |steps: &[Step]| Chain {
        steps: steps.to_vec(),
        patterns: patterns.clone(),
    };
    let decoders = [
        Step::UrlDecodeUni,
        Step::HtmlDecode,
        Step::JsDecode,
        Step::CssDecode,
        Step::RemoveNulls,
        Step::RemoveComments,
        Step::CompressWhitespace,
        Step::Lower,
    ];
    let others = [
        Step::UrlDecode,
        Step::Upper,
        Step::Replace(b"A".to_vec(), b"xyx".to_vec()),
        Step::CmdLine,
        Step::Utf8ToUnicode,
    ];
    // What each byte becomes many of goes through every buffer on the stack.
    let deepest = vec![Step::Replace(b"a".to_vec(), b"aa".to_vec()); MOST_STEPS];
    let base64 = [Step::Base64DecodeLenient];
    let chains = [&[][..], &decoders, &others, &deepest, &base64].map(chain);
    stream::plan(&chains).unwrap()
}

/// A body in pieces of a length through the kernel, with its state in memory: the state at the end.
fn streamed(
    wasm: &mut Wasm,
    plan: &Plan,
    body: &[u8],
    content_type: Option<&[u8]>,
    piece: usize,
) -> Vec<u8> {
    let mut state = vec![0; plan.state_len as usize];
    let mut native = state.clone();
    let mut rest = body;
    loop {
        let (now, later) = rest.split_at(piece.min(rest.len()));
        let last = later.is_empty();
        let named = content_type.unwrap_or_default();
        let places = wasm.put(&[&plan.bytes, now, named, &state]);
        let at = places[3];
        let parameters = [
            places[0],
            plan.bytes.len(),
            at,
            places[1],
            now.len(),
            if content_type.is_some() { places[2] } else { 0 },
            named.len(),
            usize::from(last),
        ];
        let parameters = parameters.map(i32_of);
        let added = wasm.call("stream_scan", &parameters, Val::I32(0));
        let end = at + state.len();
        state.copy_from_slice(&wasm.memory.data(&wasm.store)[at..end]);
        wasm.guarded(places[4], &"the state");
        let expected =
            edge_kernels::stream::scan(&plan.bytes, &mut native, now, content_type, last);
        assert_eq!(added.unwrap_i32() == 1, expected);
        assert!(state == native, "{:?}", String::from_utf8_lossy(body));
        if last {
            return state;
        }
        rest = later;
    }
}

const CONTENT_TYPES: [Option<&[u8]>; 4] = [
    None,
    Some(b"application/x-www-form-urlencoded"),
    Some(b"application/json"),
    Some(b"multipart/form-data; boundary=B"),
];

#[test]
fn bodies_are_scanned_alike() {
    let wasm = RefCell::new(Wasm::new(edge_kernels::WASM));
    let plan = plan();
    let mut runner = TestRunner::new(config(100));
    let inputs = (text_strategy(), 0..4usize, 1..400usize);
    let done = runner.run(&inputs, |(body, content_type, piece)| {
        let head = &b"\r\n--B\nContent-Disposition: form-data; name=\"a\"\n\n"[..];
        let body = [head, &body, b"\r\n--B--", b"{\"k\":[1,\"", &body, b"\"]}"].concat();
        let content_type = CONTENT_TYPES[content_type];
        let state = streamed(&mut wasm.borrow_mut(), &plan, &body, content_type, piece);
        let whole = streamed(
            &mut wasm.borrow_mut(),
            &plan,
            &body,
            content_type,
            body.len(),
        );
        let bits = plan.bits.div_ceil(8) as usize;
        assert_eq!(state[..bits], whole[..bits]);
        Ok(())
    });
    done.unwrap();
}

/// No body takes more instructions than its plan says. The worst are those that are nothing but short texts.
#[test]
fn scans_of_bodies_are_linear() {
    const LENGTH: usize = 16_000;
    let engine = Engine::new(wasmtime::Config::new().consume_fuel(true)).unwrap();
    let mut wasm = Wasm::of(&engine, edge_kernels::WASM);
    let chain = |steps: Vec<Step>, regexes: &[&str]| Chain {
        steps,
        patterns: regexes
            .iter()
            .map(|regex| Pattern::Regex((*regex).into()))
            .collect(),
    };
    // Any text might match the second one; each byte of many texts matches one of the last.
    let few = ["union.*select", "^x?$"];
    let many = [
        "[a-z]",
        "[0-9]",
        "[%\\\\&#]",
        "a.{300}b",
        "x?(q|w.){40}[0-9]{3}$",
    ];
    let steps = [
        Step::UrlDecodeUni,
        Step::HtmlDecode,
        Step::JsDecode,
        Step::CssDecode,
        Step::RemoveComments,
        Step::CompressWhitespace,
        Step::CmdLine,
        Step::Replace(b"aab".to_vec(), b"x".to_vec()),
        Step::Utf8ToUnicode,
        Step::Replace(b"a".to_vec(), vec![b'a'; 40]),
    ];
    let single = steps.map(|step| chain(vec![step], &few)).to_vec();
    let plans = [
        vec![],
        vec![chain(vec![], &few)],
        vec![chain(vec![], &many)],
        single,
    ];
    let more: [&[u8]; 8] = [
        b"--B\n", b"\r\n--", b"[", b"{\"", b"&a=", b"\\\"", b",", b"1 ",
    ];
    for chains in plans {
        let plan = stream::plan(&chains).unwrap();
        for content_type in CONTENT_TYPES {
            let mut worst = (0, &b""[..]);
            for filler in HOSTILE.iter().chain(&more) {
                let text: Vec<u8> = filler.iter().copied().cycle().take(LENGTH).collect();
                for piece in [1_000, 10] {
                    wasm.store.set_fuel(u64::MAX).unwrap();
                    streamed(&mut wasm, &plan, &text[..10 * piece], content_type, piece);
                    let fuel = u64::MAX - wasm.store.get_fuel().unwrap();
                    let bytes = 10 * (piece as u64 + stream::CALL);
                    worst = worst.max((1_000 * fuel / bytes / plan.work, filler));
                }
            }
            let (share, filler) = (worst.0, String::from_utf8_lossy(worst.1));
            println!("{} chains: {share} of a thousand, {filler:?}", chains.len());
            assert!(share < 1_000, "{filler:?}");
        }
    }
}

/// Names that are chosen to make it long to find two that are the same: in an order that merges don't
/// like, alike up to their end, full of escapes.
#[test]
fn names_of_json_take_time_that_is_linear() {
    let engine = Engine::new(wasmtime::Config::new().consume_fuel(true)).unwrap();
    let mut wasm = Wasm::of(&engine, edge_kernels::WASM);
    let grow = wasm.memory.grow(&mut wasm.store, 100).unwrap();
    assert!(grow > 0);
    let most = json::text::MOST_MEMBERS;
    let tight = |n: usize| format!("{:x}", n.wrapping_mul(40_503) % 65_536);
    let alike = |n: usize| format!("{}{}", "x".repeat(60), tight(n));
    let escaped = |n: usize| {
        let name = format!("aaaaaaaa{}", tight(n));
        name.bytes().map(|byte| format!("\\u{byte:04x}")).collect()
    };
    let short = |n: usize| format!("\\n\\n\\n\\n{}", tight(n));
    let name_of: [(&str, &dyn Fn(usize) -> String); 4] = [
        ("short", &tight),
        ("alike", &alike),
        ("escaped", &escaped),
        ("short escapes", &short),
    ];
    for (what, name) in name_of {
        for (members, objects) in [(most, 3), (1_000, 30), (10, 3_000), (1, 10_000)] {
            let members: Vec<String> = (0..members).map(|n| format!("\"{}\":0", name(n))).collect();
            let object = format!("{{{}}}", members.join(","));
            let text = format!("[{}]", vec![object; objects].join(","));
            let places = wasm.put(&[text.as_bytes()]);
            wasm.store.set_fuel(u64::MAX).unwrap();
            let parameters = [places[0], text.len(), places[1]].map(i32_of);
            let result = wasm.call("json_text", &parameters, Val::I64(0));
            assert!(wasm.packed(&result).is_some(), "{what}");
            let fuel = u64::MAX - wasm.store.get_fuel().unwrap();
            let share = fuel / text.len() as u64;
            println!("{what}: {share} a byte of {} bytes", text.len());
            // What `emit::bounds::fuel` counts, without what it counts for the room.
            assert!(share < 3 * 80, "{what}: {share}");
        }
    }
}

/// Floats whose digits don't settle at once what they are nearest to: what the compiler counts for
/// reading one (`emit::bounds::fuel`) is enough.
#[test]
fn floats_take_time_that_is_linear() {
    const FLOAT: u64 = 1_000_000;
    let engine = Engine::new(wasmtime::Config::new().consume_fuel(true)).unwrap();
    let mut wasm = Wasm::of(&engine, edge_kernels::WASM_FLOAT);
    let mut texts = Vec::new();
    for count in [1, 20, 60, 300, 767, 800, 5_000] {
        let (zeros, nines) = ("0".repeat(count), "9".repeat(count));
        for exponent in ["", "e300", "e-300", "e-330", "e-1000", "e22"] {
            texts.push(format!("9007199254740993{zeros}1{exponent}"));
            texts.push(format!("9007199254740992.{nines}{exponent}"));
            texts.push(format!("0.{zeros}9007199254740993{nines}{exponent}"));
            texts.push(format!(
                "2.47032822920623272088284396434110686182{nines}e-324"
            ));
        }
    }
    for text in texts {
        let places = wasm.put(&[text.as_bytes()]);
        wasm.store.set_fuel(u64::MAX).unwrap();
        let parameters = [places[0], text.len(), places[1]].map(i32_of);
        wasm.call("float_parse", &parameters, Val::I32(0));
        let fuel = u64::MAX - wasm.store.get_fuel().unwrap();
        println!("{fuel} for {} bytes", text.len());
        assert!(fuel < FLOAT + 2 * 80 * text.len() as u64, "{text}: {fuel}");
    }
}

/// Every function that the module exports is held against its source, here or with the tables
/// that the compiler makes.
#[test]
fn no_kernel_is_forgotten() {
    let module = Module::new(&Engine::default(), edge_kernels::WASM_FLOAT).unwrap();
    let exported = module
        .exports()
        .filter(|export| export.ty().func().is_some());
    let mut left: BTreeMap<String, ()> = exported
        .map(|export| (export.name().to_owned(), ()))
        .collect();
    for (name, _) in KERNELS {
        assert!(left.remove(*name).is_some(), "{name}");
    }
    for name in [
        "replace",
        "query_set",
        "query_all",
        "int_parse",
        "ip_format",
        "json_item",
        "input_check",
        "float_format",
        "float_parse",
    ] {
        assert!(left.remove(name).is_some(), "{name}");
    }
    // These read tables: `tests/differential.rs` meets them with every policy.
    let tables = [
        "cidr_contains",
        "dfa_match",
        "dfa_scan",
        "dfa_scans",
        "int_set_contains",
        "literal_scan",
        "nfa_match",
        "path_rest",
        "path_segment",
        "route_find",
        "set_find",
        "stream_scan",
    ];
    let left: Vec<String> = left.into_keys().collect();
    assert_eq!(left, tables);
}
