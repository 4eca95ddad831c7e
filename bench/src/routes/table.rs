//! The routes themselves: the same patterns for both tables, and paths to look up.

use crate::Outcome;
use edge_compiler::automata::route::{PathPattern, RouteTable, Segment};
use std::fmt::Write;

/// First segments, as sites have them.
const AREAS: [&str; 12] = [
    "products", "users", "orders", "blog", "account", "search", "help", "media", "admin", "cart",
    "reports", "teams",
];
/// Segments further back.
const ITEMS: [&str; 8] = [
    "settings", "reviews", "images", "history", "comments", "invoices", "members", "details",
];

/// Routes of a site: of ten, six are fixed, three have a param and one a rest.
pub struct Routes {
    /// Segments; `:id` is a param, `*rest` a rest.
    patterns: Vec<Vec<String>>,
}

impl Routes {
    /// So many routes, always the same.
    pub fn new(count: usize) -> Routes {
        let patterns = (0..count).map(pattern).collect();
        Routes { patterns }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// A policy that has them and asks an origin for everything.
    pub fn policy(&self) -> String {
        let mut text = String::from("origin shop { url \"http://shop.internal\" }\n\n");
        for (index, pattern) in self.patterns.iter().enumerate() {
            // Writing to a string can't fail.
            let _ = writeln!(
                text,
                "route r{index} \"/{}\" {{ proxy shop }}",
                pattern.join("/")
            );
        }
        text.push_str("default { proxy shop }\n");
        text
    }

    /// `matchit`'s router.
    pub fn matchit(&self) -> Outcome<matchit::Router<usize>> {
        let mut router = matchit::Router::new();
        for (index, pattern) in self.patterns.iter().enumerate() {
            let mut text = String::new();
            for segment in pattern {
                let _ = match segment.as_str() {
                    ":id" => write!(text, "/{{id}}"),
                    "*rest" => write!(text, "/{{*rest}}"),
                    literal => write!(text, "/{literal}"),
                };
            }
            router.insert(text, index)?;
        }
        Ok(router)
    }

    /// Our table.
    pub fn table(&self) -> Outcome<RouteTable> {
        let patterns: Vec<PathPattern> = self
            .patterns
            .iter()
            .map(|pattern| PathPattern {
                segments: pattern.iter().map(|segment| kind(segment)).collect(),
            })
            .collect();
        Ok(RouteTable::build(&patterns)?)
    }

    /// At most so many paths, in no order; one in five has no route.
    pub fn paths(&self, most: usize) -> Vec<String> {
        let step = (self.len() / most).max(1);
        let mut paths: Vec<String> = (0..self.len())
            .step_by(step)
            .take(most)
            .filter_map(|index| self.patterns.get(index).map(|pattern| path(index, pattern)))
            .collect();
        let length = paths.len();
        // A step that has no divisor in common with the length meets every path once.
        let stride = (1..)
            .map(|n| length / 3 + n)
            .find(|n| coprime(*n, length))
            .unwrap_or(1);
        paths = (0..length)
            .filter_map(|index| paths.get(index * stride % length).cloned())
            .collect();
        paths
    }

    /// Both say the same of every path.
    pub fn compare(
        &self,
        paths: &[String],
        router: &matchit::Router<usize>,
        table: &RouteTable,
    ) -> Outcome<()> {
        for path in paths {
            let leaf = edge_lookup::route::find(table.bytes(), path.as_bytes());
            let ours = table
                .leaves()
                .get(leaf as usize)
                .and_then(|leaf| leaf.first());
            let theirs = router.at(path).ok().map(|found| *found.value);
            if ours.map(|index| *index as usize) != theirs {
                return Err(format!("{path}: {ours:?}, but matchit says {theirs:?}").into());
            }
        }
        Ok(())
    }
}

fn coprime(mut a: usize, mut b: usize) -> bool {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a == 1
}

fn word(list: &[&str], index: usize) -> String {
    list.get(index % list.len())
        .copied()
        .unwrap_or_default()
        .to_owned()
}

fn pattern(index: usize) -> Vec<String> {
    let area = format!("{}{}", word(&AREAS, index), index / 40);
    let item = word(&ITEMS, index / 3);
    match index % 10 {
        0..=3 => vec![area, item, format!("page-{index}")],
        4..=5 => vec![area, format!("landing-page-number-{index}")],
        6..=7 => vec![area, format!("list-{index}"), ":id".into()],
        8 => vec![area, format!("list-{index}"), ":id".into(), item],
        _ => vec!["files".into(), format!("{area}-{index}"), "*rest".into()],
    }
}

fn kind(segment: &str) -> Segment {
    match segment {
        ":id" => Segment::Param,
        "*rest" => Segment::Rest,
        literal => Segment::Literal(literal.as_bytes().to_vec()),
    }
}

/// A path of this route, or one like it that has none.
fn path(index: usize, pattern: &[String]) -> String {
    let mut path = String::new();
    for segment in pattern {
        path.push('/');
        path.push_str(match segment.as_str() {
            ":id" => "184467",
            "*rest" => "2026/winter/catalogue.pdf",
            literal => literal,
        });
    }
    match index.wrapping_mul(0x9e37_79b1) >> 7 & 0xff {
        0..26 => path.insert_str(1, "no-"),
        26..52 => path.push_str("/nothing"),
        _ => {}
    }
    path
}
