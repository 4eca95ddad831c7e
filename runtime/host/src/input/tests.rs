#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::net::{IpAddr, Ipv4Addr};

use edge_abi::input::{Event, result::Status};
use edge_abi::manifest::{Manifest, Slot};
use edge_abi::output::Op;
use http::{HeaderMap, HeaderValue, Method, Version};
use proptest::prelude::*;

use super::*;
use crate::settings::{Geo, ParamValue};

fn manifest(slots: serde_json::Value) -> Manifest {
    serde_json::from_value(serde_json::json!({
        "abi": 1, "language": 1, "name": "t", "source_digest": "", "module_digest": "", "files": [],
        "params": [{"name": "p", "type": "int", "kind": "i64"}],
        "slot_sets": [slots], "rules": [], "places": [],
        "limits": {"input": 0, "body": 0, "asks": 4, "output": {"base": 0, "per_byte": 0}, "fuel": {"base": 0, "per_byte": 0}, "memory": 0}
    }))
    .unwrap()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn slot(bytes: &[u8], index: usize) -> Option<&[u8]> {
    let (start, length) = (
        u32_at(bytes, 48 + 8 * index) as usize,
        u32_at(bytes, 52 + 8 * index) as usize,
    );
    (start != 0).then(|| &bytes[start..start + length])
}

fn with_facts(headers: &HeaderMap, check: impl FnOnce(&Facts<'_>)) {
    let geo = Geo {
        country: Some("DE".into()),
        latitude: Some(f64::NAN),
        ..Geo::default()
    };
    check(&Facts {
        method: &Method::GET,
        target: "/a?b",
        scheme: "https",
        authority: Some(b"example.org"),
        version: Version::HTTP_11,
        id: "id",
        headers,
        body: Some(b""),
        request_chunk: None,
        response_chunk: None,
        ip: IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
        port: 80,
        tls_version: None,
        geo: Some(&geo),
        pop: Some("fra"),
        region: None,
        params: &[ParamValue::I64(-2)],
        answers: &[],
        response: None,
    });
}

#[test]
fn every_slot_holds_its_fact() {
    let manifest = manifest(serde_json::json!([
        {"fact": "request.method", "kind": "bytes"},
        {"fact": "request.header", "name": "accept", "kind": "bytes"},
        {"fact": "request.header", "name": "cookie", "kind": "bytes"},
        {"fact": "request.header", "name": "absent", "kind": "bytes"},
        {"fact": "request.header", "name": "empty", "kind": "bytes"},
        {"fact": "request.headers", "name": "accept", "kind": "list"},
        {"fact": "client.ip", "kind": "ip"},
        {"fact": "param", "name": "p", "kind": "i64"},
        {"fact": "geo.country", "kind": "bytes"},
        {"fact": "geo.latitude", "kind": "f64"},
        {"fact": "request.body", "kind": "bytes"},
        {"fact": "response.status", "kind": "i64"},
    ]));
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("accept", "a"),
        ("accept", "b"),
        ("cookie", "x=1"),
        ("cookie", "y=2"),
        ("empty", ""),
    ] {
        headers.append(name, HeaderValue::from_static(value));
    }
    let plan = Plan::new(&manifest.slot_sets[0], &manifest).unwrap();
    assert!(plan.reads_request_headers());
    let call = Call {
        event: Event::Results,
        flags: 0,
        now: 7,
        random: 9,
        results: &[ResultEntry {
            status: Status::TooLarge,
            op: Op::Body,
            aux: 3,
        }],
        continuation: b"again",
    };
    let mut bytes = vec![0xaa; 4000];
    with_facts(&headers, |facts| plan.write(&mut bytes, &call, facts));

    assert_eq!(u32_at(&bytes, 0) as usize, bytes.len());
    assert_eq!(
        (
            bytes[4], bytes[6], bytes[12], bytes[16], bytes[24], bytes[32], bytes[34]
        ),
        (1, 2, 48, 7, 9, 12, 1)
    );
    assert_eq!(slot(&bytes, 0), Some(&b"GET"[..]));
    assert_eq!(slot(&bytes, 1), Some(&b"a, b"[..]));
    assert_eq!(slot(&bytes, 2), Some(&b"x=1; y=2"[..]));
    assert_eq!(slot(&bytes, 3), None);
    assert_eq!(slot(&bytes, 4), Some(&b""[..]), "present and empty");
    let list = slot(&bytes, 5).unwrap();
    assert_eq!(u32_at(list, 0), 2);
    let second = (u32_at(list, 12) as usize, u32_at(list, 16) as usize);
    assert_eq!(&bytes[second.0..second.0 + second.1], b"b");
    assert_eq!(slot(&bytes, 6).unwrap()[10..], [255, 255, 192, 0, 2, 1]);
    assert_eq!(slot(&bytes, 7), Some(&(-2_i64).to_le_bytes()[..]));
    assert_eq!(slot(&bytes, 8), Some(&b"DE"[..]));
    assert_eq!(
        slot(&bytes, 9),
        None,
        "a number that is not finite is absent"
    );
    assert_eq!(slot(&bytes, 10), Some(&b""[..]));
    assert_eq!(slot(&bytes, 11), None, "there is no response yet");
    let result = 48 + 8 * 12;
    assert_eq!(
        (bytes[result], bytes[result + 2], bytes[result + 4]),
        (6, 22, 3)
    );
    let continuation = (u32_at(&bytes, 40) as usize, u32_at(&bytes, 44) as usize);
    assert_eq!(
        &bytes[continuation.0..continuation.0 + continuation.1],
        b"again"
    );
}

#[test]
fn nothing_of_an_earlier_record_is_left_in_the_buffer() {
    let manifest = manifest(serde_json::json!([
        {"fact": "request.method", "kind": "bytes"},
        {"fact": "client.port", "kind": "i64"},
    ]));
    let plan = Plan::new(&manifest.slot_sets[0], &manifest).unwrap();
    let call = Call {
        event: Event::Start,
        flags: 0,
        now: 0,
        random: 0,
        results: &[],
        continuation: b"",
    };
    let (mut clean, mut used) = (Vec::new(), vec![0xff; 300]);
    with_facts(&HeaderMap::new(), |facts| {
        plan.write(&mut clean, &call, facts);
        plan.write(&mut used, &call, facts);
    });
    assert_eq!(clean, used);
}

#[test]
fn a_call_of_a_scan_has_its_piece_and_its_flags() {
    let manifest = manifest(serde_json::json!([
        {"fact": "request.chunk"},
        {"fact": "response.chunk"},
        {"fact": "request.body"},
    ]));
    let plan = Plan::new(&manifest.slot_sets[0], &manifest).unwrap();
    assert!(plan.reads_response_chunk() && !plan.reads_request_headers());
    let call = Call {
        event: Event::RequestChunk,
        flags: edge_abi::input::flags::LAST,
        now: 0,
        random: 0,
        results: &[],
        continuation: b"state",
    };
    for (piece, expected) in [
        (Some(&b"abc"[..]), Some(&b"abc"[..])),
        (Some(b""), Some(b"")),
        (None, None),
    ] {
        let mut bytes = Vec::new();
        with_facts(&HeaderMap::new(), |facts| {
            let facts = Facts {
                request_chunk: piece,
                body: None,
                ..*facts
            };
            plan.write(&mut bytes, &call, &facts);
        });
        assert_eq!((bytes[6], u32_at(&bytes, 8)), (4, 1));
        let slots = [0, 1, 2].map(|index| slot(&bytes, index));
        assert_eq!(slots, [expected, None, None]);
    }
}

#[test]
fn an_answer_is_there_in_its_own_kind_only() {
    let answers = |kind: &str| {
        let held = |ask: u32| serde_json::json!({"fact": "answer", "ask": ask, "kind": kind});
        let manifest = manifest((0..4).map(held).collect());
        let plan = Plan::new(&manifest.slot_sets[0], &manifest).unwrap();
        let call = Call {
            event: Event::Results,
            flags: 0,
            now: 0,
            random: 0,
            results: &[],
            continuation: b"",
        };
        let mut record = Vec::new();
        let known = [
            (0, Answer::Bool(false)),
            (1, Answer::I64(-3)),
            (2, Answer::Bytes(bytes::Bytes::from_static(b""))),
        ];
        with_facts(&HeaderMap::new(), |facts| {
            let facts = Facts {
                answers: &known,
                ..*facts
            };
            plan.write(&mut record, &call, &facts);
        });
        [0, 1, 2, 3].map(|index| slot(&record, index).map(<[u8]>::to_vec))
    };
    assert_eq!(answers("bool"), [Some(vec![0]), None, None, None]);
    let number = (-3_i64).to_le_bytes().to_vec();
    assert_eq!(answers("i64"), [None, Some(number), None, None]);
    assert_eq!(answers("bytes"), [None, None, Some(vec![]), None]);
}

#[test]
fn all_fields_are_one_text() {
    let manifest = manifest(serde_json::json!([{"fact": "request.fields"}]));
    let plan = Plan::new(&manifest.slot_sets[0], &manifest).unwrap();
    assert!(plan.reads_request_headers());
    let text = |fields: &[(&'static str, &'static [u8])]| {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_bytes(value).unwrap());
        }
        let call = Call {
            event: Event::Start,
            flags: 0,
            now: 0,
            random: 0,
            results: &[],
            continuation: b"",
        };
        let mut bytes = Vec::new();
        with_facts(&headers, |facts| plan.write(&mut bytes, &call, facts));
        slot(&bytes, 0).unwrap().to_vec()
    };
    let fields: [(_, &[u8]); 4] = [
        ("host", b"a"),
        ("x-b", b"1, 2"),
        ("connection", b"close"),
        ("x-b", b"\xff"),
    ];
    // The fields of one name stand together, where the first of them stood.
    assert_eq!(
        text(&fields),
        b"host: a\nx-b: 1, 2\nx-b: \xff\nconnection: close\n"
    );
    assert_eq!(text(&[]), b"", "present and empty");
}

#[test]
fn a_fact_has_only_its_own_kind() {
    let slot: Result<Slot, _> =
        serde_json::from_value(serde_json::json!({"fact": "request.mood", "kind": "bytes"}));
    assert!(slot.unwrap_err().to_string().contains("request.mood"));
}

proptest! {
    /// What a guest checks first holds for every input that is written here.
    #[test]
    fn a_guest_takes_every_input(
        fields in prop::collection::vec(("[a-c]", "[ -~]{0,40}"), 0..8),
        body in prop::collection::vec(any::<u8>(), 0..50),
        continuation in prop::collection::vec(any::<u8>(), 0..40),
        results in 0_usize..3,
    ) {
        let manifest = manifest(serde_json::json!([
            {"fact": "request.header", "name": "a", "kind": "bytes"},
            {"fact": "request.headers", "name": "b", "kind": "list"},
            {"fact": "client.ip", "kind": "ip"},
            {"fact": "client.port", "kind": "i64"},
            {"fact": "request.header", "name": "c", "kind": "bytes"},
            {"fact": "request.body", "kind": "bytes"},
            {"fact": "response.status", "kind": "i64"},
            {"fact": "request.headers", "name": "a", "kind": "list"},
            {"fact": "request.fields"},
            {"fact": "request.chunk"},
            {"fact": "answer", "ask": 0, "kind": "bool"},
            {"fact": "answer", "ask": 1, "kind": "i64"},
            {"fact": "answer", "ask": 2},
        ]));
        let known = [(0, Answer::Bool(true)), (1, Answer::I64(i64::MIN))];
        let kinds: Vec<u8> = manifest.slot_sets[0].iter().map(|slot| slot.kind as u8).collect();
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(http::HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
        }
        let plan = Plan::new(&manifest.slot_sets[0], &manifest).unwrap();
        let entry = ResultEntry { status: Status::Ok, op: Op::Body, aux: 0 };
        let results = vec![entry; results];
        let call = Call { event: Event::Start, flags: 0, now: 1, random: 2, results: &results, continuation: &continuation };
        let mut record = Vec::new();
        with_facts(&headers, |facts| plan.write(&mut record, &call, &Facts { body: Some(&body), answers: &known, ..*facts }));
        prop_assert!(edge_kernels::decode::input_check(&mut record, 0x1000, &kinds));
    }
}
