//! The literals without which a regex can't match.
//!
//! A text in which none of them is found need not be walked by the regex's automaton. (The idea
//! is old; `git grep` and Hyperscan, Wang et al., NSDI 2019, do it too.)

use regex_syntax::hir::{Class, Hir, HirKind};

/// Literals of which every match holds one, in lower case: they are to be sought without regard
/// to case. `None` where there are none that tell much.
pub fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let set = best(hir, MOST, 0)?;
    (set.len() <= MOST && shortest(&set) >= SHORTEST).then_some(set)
}

/// The same for an automaton that looks for them: they may be more, and two bytes will do where
/// neither is of a word.
pub fn gate(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let set = best(hir, MOST_OF_GATE, 0)?;
    let is_rare = |text: &Vec<u8>| match text.as_slice() {
        [] | [_] => false,
        [a, b] => !is_of_words(*a) && !is_of_words(*b),
        longer => longer.len() >= SHORTEST || !longer.iter().all(|byte| is_of_words(*byte)),
    };
    (set.len() <= MOST_OF_GATE && set.iter().all(is_rare)).then_some(set)
}

/// Whether ordinary text is full of a byte.
fn is_of_words(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte.is_ascii_whitespace()
}

/// The shortest literal that is worth looking for.
pub const SHORTEST: usize = 4;
/// The most that stand for one regex.
const MOST: usize = 16;
/// The most that an automaton looks for.
const MOST_OF_GATE: usize = 48;
/// Expressions nested deeper say nothing.
const DEEPEST: u32 = 64;

/// The set that tells the most of those that an expression's parts give.
fn best(hir: &Hir, most: usize, depth: u32) -> Option<Vec<Vec<u8>>> {
    if depth > DEEPEST {
        return None;
    }
    match hir.kind() {
        HirKind::Capture(capture) => best(&capture.sub, most, depth + 1),
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            best(&repetition.sub, most, depth + 1)
        }
        HirKind::Alternation(branches) => {
            let mut all = Vec::new();
            for branch in branches {
                all.extend(best(branch, most, depth + 1)?);
                if all.len() > 4 * most {
                    return None;
                }
            }
            all.sort();
            all.dedup();
            Some(all)
        }
        HirKind::Concat(parts) => of_sequence(parts, most, depth),
        _ => of_sequence(std::slice::from_ref(hir), most, depth),
    }
}

/// Runs of bytes whose only choice is the case, and the sets of the other parts.
fn of_sequence(parts: &[Hir], most: usize, depth: u32) -> Option<Vec<Vec<u8>>> {
    let mut sets = Vec::new();
    let mut run: Vec<u8> = Vec::new();
    for part in parts {
        match one_text(part) {
            Some(bytes) => run.extend(bytes),
            None => {
                sets.push(vec![std::mem::take(&mut run)]);
                if parts.len() > 1 {
                    sets.extend(best(part, most, depth + 1));
                }
            }
        }
    }
    sets.push(vec![run]);
    sets.into_iter()
        .filter(|set| set.len() <= most)
        .max_by_key(|set| (shortest(set), std::cmp::Reverse(set.len())))
        .filter(|set| shortest(set) > 0)
}

/// The text that an expression stands for, but for case; a look-around is no text.
fn one_text(hir: &Hir) -> Option<Vec<u8>> {
    match hir.kind() {
        HirKind::Literal(literal) => Some(literal.0.to_ascii_lowercase()),
        HirKind::Class(Class::Bytes(class)) => {
            let mut bytes = class
                .ranges()
                .iter()
                .flat_map(|range| range.start()..=range.end());
            let (first, second) = (bytes.next()?, bytes.next());
            let same = second.is_none_or(|second| second.eq_ignore_ascii_case(&first));
            (same && bytes.next().is_none()).then(|| vec![first.to_ascii_lowercase()])
        }
        HirKind::Look(_) | HirKind::Empty => Some(Vec::new()),
        _ => None,
    }
}

fn shortest(set: &[Vec<u8>]) -> usize {
    set.iter().map(Vec::len).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::automata::pattern::Pattern;

    fn of(regex: &str) -> Option<Vec<String>> {
        let set = required(&Pattern::Regex(regex.into()).hir().unwrap())?;
        Some(
            set.into_iter()
                .map(|text| String::from_utf8(text).unwrap())
                .collect(),
        )
    }

    #[test]
    fn a_run_of_letters_whatever_their_case() {
        assert_eq!(of(r"(?i)UNION\s+select"), Some(vec!["select".into()]));
        assert_eq!(of(r"\bunion\b.{0,9}x"), Some(vec!["union".into()]));
    }

    #[test]
    fn an_automaton_may_look_for_two_bytes_that_no_word_has() {
        let of = |regex: &str| gate(&Pattern::Regex(regex.into()).hir().unwrap());
        let both = Some(vec![b"${".to_vec(), b"{{".to_vec()]);
        assert_eq!(of(r"(\{\{|\$\{)\s*\d"), both);
        assert_eq!(of(r"o:\d+"), None);
        assert_eq!(of("[;|]\\s*ls"), None);
        assert_eq!(of("<a.*"), None);
    }

    #[test]
    fn one_of_each_branch() {
        let both = Some(vec!["passwd".into(), "shadow".into()]);
        assert_eq!(of("/etc/(passwd|shadow)$"), both);
        assert_eq!(of("(?:x*)(passwd|shadow)"), both);
        assert_eq!(of("passwd|[a-z]+"), None);
    }

    #[test]
    fn what_may_be_absent_or_is_short_says_nothing() {
        assert_eq!(of("(select)?a"), None);
        assert_eq!(of("abc"), None);
        assert_eq!(of("[0-9]+"), None);
        assert_eq!(of("(abcd){2,}"), Some(vec!["abcd".into()]));
    }
}
