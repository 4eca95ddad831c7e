//! Transforms of texts in pieces.

use super::*;
use edge_kernels::table::{KERNELS, Kernel};

/// What a step does to a whole text.
pub(super) fn apply(step: &Step, text: &[u8]) -> Vec<u8> {
    let name = match step {
        Step::Replace(from, to) => {
            let mut out = vec![0; text.len() * (to.len() + 1)];
            return edge_kernels::text::replace(text, from, to, &mut out).to_vec();
        }
        Step::Lower => "lower",
        Step::Upper => "upper",
        Step::UrlDecode => "url_decode",
        Step::UrlDecodeUni => "url_decode_uni",
        Step::HtmlDecode => "html_decode",
        Step::JsDecode => "js_decode",
        Step::CssDecode => "css_decode",
        Step::Base64DecodeLenient => "base64_decode_lenient",
        Step::RemoveNulls => "remove_nulls",
        Step::CompressWhitespace => "compress_whitespace",
        Step::RemoveComments => "remove_comments",
        Step::CmdLine => "cmd_line",
        Step::Utf8ToUnicode => "utf8_to_unicode",
    };
    match KERNELS.iter().find(|(known, _)| *known == name) {
        Some((_, Kernel::Text(kernel))) => {
            kernel(text, &mut vec![0; 3 * text.len()]).unwrap().to_vec()
        }
        _ => panic!("{name}"),
    }
}

pub(super) fn apply_all(steps: &[Step], text: &[u8]) -> Vec<u8> {
    steps
        .iter()
        .fold(text.to_vec(), |text, step| apply(step, &text))
}

/// The steps make of a text what the functions make of it, however it is cut.
fn does_as_whole(steps: &[Step], text: &[u8], cuts: &[usize]) {
    let expected = apply_all(steps, text);
    let plan = plan(&[chain(steps, &[equals(&expected)])]).unwrap();
    assert_eq!(
        bits(&plan, None, text, cuts),
        [true],
        "{steps:?} of {:?}, cut at {cuts:?}, should be {:?}",
        String::from_utf8_lossy(text),
        String::from_utf8_lossy(&expected),
    );
}

#[test]
fn what_is_open_for_long_is_kept_short() {
    let long = |piece: &str| piece.repeat(120);
    let texts = [
        (
            Step::CompressWhitespace,
            format!("a{}b{}", long(" \t"), long("\n")),
        ),
        (
            Step::HtmlDecode,
            format!("&#{}60;&#x{}3C&#{}", long("0"), long("00"), long("9")),
        ),
        (
            Step::HtmlDecode,
            format!("&#x{};{}", long("f"), long("&amp;")),
        ),
        (
            Step::JsDecode,
            format!("\\u{{{}41}}\\u{{{}41", long("0"), long("0")),
        ),
        (
            Step::JsDecode,
            format!("\\u{{{}x\\u{{0{}}}\\u{{{}", long("0"), long("1"), long("0")),
        ),
        (
            Step::RemoveComments,
            format!(
                "/*{}*/b/*!{}*/{}",
                long("a*"),
                long("/*! x*/"),
                long("/**/")
            ),
        ),
        (
            Step::RemoveComments,
            format!(
                "{}>a{}b\n-- {}\n#{}",
                long("-"),
                long("-"),
                long("--"),
                long("x")
            ),
        ),
        (
            Step::RemoveComments,
            format!(
                "<!--{}->--!><!-{}<!-->{}",
                long("- >"),
                long("-"),
                long("<!---")
            ),
        ),
        (
            Step::Replace(b"aab".to_vec(), long("xy").into_bytes()),
            long("aaab"),
        ),
        (Step::UrlDecode, long("%2%41+%")),
    ];
    for (step, text) in texts {
        let text = text.as_bytes();
        let steps = std::slice::from_ref(&step);
        does_as_whole(steps, text, &[]);
        for cut in [1, 2, 3, 5, 30, 31, 33, 64, 100] {
            let cuts: Vec<usize> = (0..text.len()).step_by(cut).collect();
            does_as_whole(steps, text, &cuts);
        }
    }
}

#[test]
fn every_step_of_the_longest_chain_is_taken() {
    let steps: Vec<Step> = (0..MOST_STEPS)
        .map(|n| {
            let byte = |n: usize| vec![b'a' + u8::try_from(n).unwrap()];
            Step::Replace(byte(n), byte(n + 1))
        })
        .collect();
    let body = vec![b'a'; 1000];
    does_as_whole(&steps, &body, &[500]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn steps_do_as_the_functions_do(steps in steps(), text in text(), cuts in cuts()) {
        does_as_whole(&steps, &text, &cuts);
    }
}
