//! Sets of patterns, texts that nearly match them, and what the `regex` crate says about both.

use edge_compiler::hir::Matcher;
use regex::bytes::{Regex, RegexBuilder};
use std::fmt::Write;

/// Texts that patterns are made of.
const WORDS: &[&str] = &[
    "select",
    "union",
    "from",
    "passwd",
    "script",
    "aaaa",
    "abab",
    "abcabcab",
    "sel",
    "un",
    "a",
    "b",
    "ab",
    "/",
    "=",
    "SELECT",
    "uNiOn",
    "\0\x01\0\x01",
    "onload",
    "selection",
    "unions",
    "fro",
];
/// What reads one byte, with bytes that it reads.
const CLASSES: &[(&str, &[u8])] = &[
    (".", b"ab \xff"),
    ("[ab]", b"ab"),
    ("[^a]", b"b \n\0\xff"),
    ("[a-m]", b"aefl"),
    (r"\d", b"019"),
    (r"\w", b"a_Z0"),
    (r"\s", b" \n\t"),
    (r"\S", b"a\xff"),
    (r"\W", b" -\x80"),
    (r"\x00", b"\0"),
    (r"\xff", b"\xff"),
    ("(?s:.)", b"\na"),
    (r"[\x80-\xff]", b"\x80\xfe"),
    ("(?i:[k-s])", b"kSn"),
];
/// What reads nothing.
const LOOKS: &[&str] = &[r"\b", r"\B", "^", "$", "(?m:^)", "(?m:$)", r"\A", r"\z", ""];
const COUNTS: &[(u32, Option<u32>)] = &[
    (0, None),
    (1, None),
    (0, Some(1)),
    (2, Some(2)),
    (1, Some(5)),
    (3, None),
    (0, Some(9)),
    (4, Some(30)),
];

/// Choices out of bytes; those that run out are the simplest.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn below(&mut self, n: usize) -> usize {
        usize::from(self.0.next().copied().unwrap_or(0)) % n
    }

    fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }

    fn word(&mut self, list: &'static [&'static str]) -> &'static str {
        list[self.below(list.len())]
    }
}

/// Numbers that look random, from a seed.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        // Steele, Lea and Flood's SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % n
    }

    fn pick<'t, T>(&mut self, list: &'t [T]) -> &'t T {
        &list[self.below(list.len())]
    }
}

/// A condition on a text.
#[derive(Debug, Clone)]
pub enum Pattern {
    Regex(Re),
    Literals(Kind, Vec<Vec<u8>>),
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Contains,
    StartsWith,
    EndsWith,
    Equals,
    In,
}

/// A regex whose matches can be made up.
#[derive(Debug, Clone)]
pub enum Re {
    Word(&'static str, bool),
    Class(usize),
    Look(&'static str),
    Repeat(Box<Re>, u32, Option<u32>, bool),
    All(Vec<Re>),
    Any(Vec<Re>),
}

/// What a set of patterns is made of.
#[derive(Debug, Clone, Copy)]
pub enum Mix {
    All,
    Literals,
    /// Regexes that hold a word, so that the word is sought first.
    Wordy,
    Regexes,
    /// Among them some whose deterministic automata are huge.
    Huge,
}

pub const MIXES: [Mix; 5] = [Mix::All, Mix::Literals, Mix::Wordy, Mix::Regexes, Mix::Huge];

/// The pattern that some bytes choose. `huge`: whether it may be one of those.
pub fn pattern(bytes: &[u8], mix: Mix, huge: bool) -> Pattern {
    let mut choices = Choices(bytes.iter());
    let literal = match mix {
        Mix::All | Mix::Huge => choices.below(3) == 0,
        Mix::Literals => true,
        Mix::Wordy => choices.below(8) == 7,
        Mix::Regexes => false,
    };
    if literal {
        return literals(&mut choices);
    }
    Pattern::Regex(match mix {
        Mix::Huge if huge => {
            let word = Re::Word(choices.word(WORDS), false);
            let wide = Box::new(Re::Class(*choices.pick(&[0, 1, 2, 3])));
            let many = 12 + u32::try_from(choices.below(200)).unwrap();
            let least = *choices.pick(&[many, 0, 3]);
            let gap = Re::Repeat(wide, least, Some(many), true);
            Re::All(vec![word, gap, sequence(&mut choices, 0)])
        }
        Mix::Wordy => {
            let (before, after) = (part(&mut choices, 1), part(&mut choices, 1));
            let fold = choices.below(2) == 1;
            let word = |choices: &mut Choices| Re::Word(choices.word(&WORDS[..8]), fold);
            let words = match choices.below(3) {
                0 => Re::Any(vec![word(&mut choices), word(&mut choices)]),
                _ => word(&mut choices),
            };
            Re::All(vec![before, words, after])
        }
        _ => alternatives(&mut choices, 2),
    })
}

fn literals(choices: &mut Choices) -> Pattern {
    let kinds = [
        Kind::Contains,
        Kind::Contains,
        Kind::StartsWith,
        Kind::EndsWith,
        Kind::Equals,
        Kind::In,
    ];
    let kind = *choices.pick(&kinds);
    let most = *choices.pick(&[1, 1, 1, 3, 12]);
    let list = (0..most).map(|_| {
        let mut text = choices.pick(WORDS).as_bytes().to_vec();
        match choices.below(4) {
            0 | 1 => text.extend(choices.pick(WORDS).bytes()),
            2 => {
                // Any bytes behind a word, so that sets grow.
                text.push(*choices.pick(b" =(\xff\n\0z9"));
                text.extend(choices.pick(WORDS).bytes());
            }
            _ => {}
        }
        text
    });
    Pattern::Literals(kind, list.collect())
}

fn alternatives(choices: &mut Choices, depth: usize) -> Re {
    match choices.below(4) {
        0..=2 => sequence(choices, depth),
        _ => {
            let list = (0..2 + choices.below(2)).map(|_| sequence(choices, depth));
            Re::Any(list.collect())
        }
    }
}

fn sequence(choices: &mut Choices, depth: usize) -> Re {
    let list = (0..1 + choices.below(4)).map(|_| part(choices, depth));
    Re::All(list.collect())
}

fn part(choices: &mut Choices, depth: usize) -> Re {
    match choices.below(9) {
        0..=2 => Re::Word(choices.word(WORDS), choices.below(3) == 2),
        3 | 4 => Re::Class(choices.below(CLASSES.len())),
        5 => Re::Look(choices.word(LOOKS)),
        6 | 7 => {
            let inner = match choices.below(3) {
                0 | 1 => Re::Class(choices.below(CLASSES.len())),
                _ if depth > 0 => alternatives(choices, depth - 1),
                _ => Re::Word(choices.word(WORDS), false),
            };
            let &(least, most) = choices.pick(COUNTS);
            // Counts of counts grow too large.
            let most = if depth < 2 {
                most.map(|n| n.min(5))
            } else {
                most
            };
            Re::Repeat(Box::new(inner), least.min(3), most, choices.below(2) == 0)
        }
        _ if depth > 0 => alternatives(choices, depth - 1),
        _ => Re::Word(choices.word(WORDS), true),
    }
}

impl Re {
    fn write(&self, out: &mut String) {
        match self {
            Re::Word(word, fold) => {
                let word = regex::escape(word)
                    .replace('\0', r"\x00")
                    .replace('\x01', r"\x01");
                match fold {
                    true => write!(out, "(?i:{word})").unwrap(),
                    false => out.push_str(&word),
                }
            }
            Re::Class(number) => out.push_str(CLASSES[*number].0),
            Re::Look(look) => out.push_str(look),
            Re::Repeat(inner, least, most, greedy) => {
                out.push_str("(?:");
                inner.write(out);
                match most {
                    Some(most) => write!(out, "){{{least},{most}}}").unwrap(),
                    None => write!(out, "){{{least},}}").unwrap(),
                }
                if !greedy {
                    out.push('?');
                }
            }
            Re::All(list) => list.iter().for_each(|it| it.write(out)),
            Re::Any(list) => {
                for (number, it) in list.iter().enumerate() {
                    out.push_str(if number == 0 { "(?:" } else { "|" });
                    it.write(out);
                }
                out.push(')');
            }
        }
    }

    /// Adds bytes that it reads; what it looks at may not be there.
    fn sample(&self, random: &mut Random, out: &mut Vec<u8>) {
        match self {
            Re::Word(word, fold) => {
                let cased = word
                    .bytes()
                    .map(|byte| match *fold && random.below(2) == 1 {
                        true if byte.is_ascii_lowercase() => byte.to_ascii_uppercase(),
                        true => byte.to_ascii_lowercase(),
                        false => byte,
                    });
                out.extend(cased.collect::<Vec<u8>>());
            }
            Re::Class(number) => out.push(*random.pick(CLASSES[*number].1)),
            Re::Look(_) => {}
            Re::Repeat(inner, least, most, _) => {
                let most = most.unwrap_or(least + 4);
                let more = random.below((most - least + 1) as usize);
                let times = match random.below(4) {
                    0 => *least as usize,
                    1 => most as usize,
                    _ => *least as usize + more,
                };
                (0..times).for_each(|_| inner.sample(random, out));
            }
            Re::All(list) => list.iter().for_each(|it| it.sample(random, out)),
            Re::Any(list) => random.pick(list).sample(random, out),
        }
    }
}

impl Pattern {
    /// As the compiler takes it. `In` is a set, and no matcher of its own.
    pub fn matcher(&self) -> Matcher {
        match self {
            Pattern::Regex(re) => {
                let mut text = String::new();
                re.write(&mut text);
                Matcher::Matches(text)
            }
            Pattern::Literals(kind, any) => match kind {
                Kind::Contains => Matcher::Contains(any.clone()),
                Kind::StartsWith => Matcher::StartsWith(any.clone()),
                Kind::EndsWith => Matcher::EndsWith(any.clone()),
                Kind::Equals | Kind::In => Matcher::Equals(any.clone()),
            },
        }
    }

    fn sample(&self, random: &mut Random) -> Vec<u8> {
        let mut text = Vec::new();
        match self {
            Pattern::Regex(re) => re.sample(random, &mut text),
            Pattern::Literals(_, any) => text.extend(random.pick(any)),
        }
        text
    }
}

/// What a pattern must say.
pub enum Oracle {
    Regex(Regex),
    Literals(Kind, Vec<Vec<u8>>),
}

impl Oracle {
    /// None where the crate does not take the pattern.
    pub fn new(pattern: &Pattern) -> Option<Oracle> {
        match (pattern, pattern.matcher()) {
            (_, Matcher::Matches(regex)) => {
                let regex = RegexBuilder::new(&regex).unicode(false).build().ok()?;
                Some(Oracle::Regex(regex))
            }
            (Pattern::Literals(kind, any), _) => Some(Oracle::Literals(*kind, any.clone())),
            _ => None,
        }
    }

    pub fn holds(&self, text: &[u8]) -> bool {
        match self {
            Oracle::Regex(regex) => regex.is_match(text),
            Oracle::Literals(kind, any) => any.iter().any(|it| match kind {
                Kind::Contains => it.is_empty() || text.windows(it.len()).any(|part| part == it),
                Kind::StartsWith => text.starts_with(it),
                Kind::EndsWith => text.ends_with(it),
                Kind::Equals | Kind::In => text == it,
            }),
        }
    }
}

/// A text of at most 2,000 bytes.
pub fn text(patterns: &[Pattern], random: &mut Random) -> Vec<u8> {
    let most = *random.pick(&[0, 3, 8, 20, 20, 60, 60, 200, 200, 600, 2000]);
    let mut text = Vec::new();
    match random.below(5) {
        0 => {
            let alphabet = b"abcselctunifrompwd/= <>AB09_-\0\x01\n\xff\x80";
            text.extend((0..random.below(most + 1)).map(|_| *random.pick(alphabet)));
        }
        // One piece again and again, whole or without its end.
        1 => {
            let piece = piece(patterns, random);
            let length = random.below(most + 1);
            text.extend(piece.iter().cycle().take(length));
            text.extend(random.pick(patterns).sample(random));
        }
        // What matches by itself.
        2 => text = random.pick(patterns).sample(random),
        _ => {
            while text.len() < most {
                text.extend(piece(patterns, random));
                if random.below(3) == 0 {
                    text.push(*random.pick(b" a/\n\0\xff="));
                }
            }
        }
    }
    text.truncate(2000);
    text
}

/// What a pattern matches, mostly damaged.
fn piece(patterns: &[Pattern], random: &mut Random) -> Vec<u8> {
    let mut piece = random.pick(patterns).sample(random);
    let length = piece.len();
    match random.below(6) {
        0 => {
            piece.pop();
        }
        1 if length > 0 => {
            piece.remove(random.below(length));
        }
        2 if length > 0 => piece[random.below(length)] ^= *random.pick(&[0x20, 1, 0x80]),
        3 if length > 0 => piece.truncate(random.below(length)),
        4 if length > 0 => {
            piece.drain(..random.below(length));
        }
        _ => {}
    }
    piece
}
