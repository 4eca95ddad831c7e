//! Made-up signatures: words as attacks have them, put together by a fixed rule.

/// First halves.
const STEMS: [&str; 40] = [
    "union", "select", "insert", "delete", "drop", "exec", "eval", "system", "passwd", "shadow",
    "script", "iframe", "onload", "cookie", "alert", "sleep", "bench", "concat", "char", "cast",
    "wget", "curl", "bash", "perl", "python", "ruby", "nikto", "sqlmap", "nmap", "proc", "environ",
    "htaccess", "config", "backup", "shell", "cmd", "power", "include", "require", "base64",
];

/// What stands between two halves.
const JOINTS: [&str; 5] = [" ", "(", "/", "=", "_"];

/// Patterns of one kind.
#[derive(Debug, Default)]
pub struct Patterns {
    literals: Vec<String>,
    regexes: Vec<String>,
}

impl Patterns {
    /// So many literals, at most 8,000.
    pub fn literals(count: usize) -> Patterns {
        Patterns {
            literals: (0..count).map(joined).collect(),
            regexes: Vec::new(),
        }
    }

    /// So many regexes of four shapes.
    pub fn regexes(count: usize) -> Patterns {
        Patterns {
            literals: Vec::new(),
            regexes: (0..count).map(regex).collect(),
        }
    }

    /// As many literals as regexes.
    pub fn mixed(count: usize) -> Patterns {
        Patterns {
            literals: (0..count / 2).map(joined).collect(),
            regexes: (count / 2..count).map(regex).collect(),
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.literals.len() + self.regexes.len()
    }

    /// As conditions of the language.
    pub fn conditions(&self) -> impl Iterator<Item = String> + '_ {
        let literals = self
            .literals
            .iter()
            .map(|text| format!("contains {text:?}"));
        literals.chain(
            self.regexes
                .iter()
                .map(|regex| format!("matches r{regex:?}").replace("\\\\", "\\")),
        )
    }

    /// As regexes.
    pub fn regex_sources(&self) -> Vec<String> {
        let literals = self.literals.iter().map(|text| regex::escape(text));
        literals.chain(self.regexes.iter().cloned()).collect()
    }

    /// The literals, if there is nothing else.
    pub fn plain(&self) -> Option<&[String]> {
        (!self.literals.is_empty() && self.regexes.is_empty()).then_some(&self.literals)
    }

    /// Text without a match, as forms and queries have it.
    pub fn ordinary(&self, length: usize) -> String {
        const TEXT: &str = "name=Ada+Lovelace&address=12+St+James%27s+Square%2C+London&note=please+ring+the+\
            bell+twice%2C+the+dog+is+friendly&items=184467%2C184470&total=1290.00&currency=EUR&\
            newsletter=yes&referrer=spring-catalogue-2026&token=b1946ac92492d2347c6235b4d2611184&";
        TEXT.chars().cycle().take(length).collect()
    }

    /// Text that holds every pattern. Only for [`Patterns::literals`] and [`Patterns::regexes`].
    pub fn everything(&self) -> String {
        let literals = self.literals.iter().cloned();
        let parts: Vec<String> = literals
            .chain((0..self.regexes.len()).map(witness))
            .collect();
        parts.join("\n")
    }

    /// Text full of patterns that lack their last letters.
    pub fn hostile(&self, length: usize) -> String {
        let nearly = (0..).map(|index: usize| {
            let text = joined(index % self.len().max(1) + 1);
            text.get(..text.len() - 2).unwrap_or_default().to_owned() + "~"
        });
        let mut text = String::new();
        for part in nearly {
            if text.len() >= length {
                break;
            }
            text.push_str(&part);
        }
        text.truncate(length);
        text
    }
}

fn regex(index: usize) -> String {
    let (a, b) = halves(index);
    match index % 4 {
        0 => format!(r"(?i){a}\s+{b}"),
        1 => format!(r"{a}\s*=\s*\d{{1,5}}{b}"),
        2 => format!(r"/{a}(/|\\)+[a-z]+{b}"),
        _ => format!(r"(?i)<{a}[^>]*{b}\s*="),
    }
}

/// What the regex of this number matches.
fn witness(index: usize) -> String {
    let (a, b) = halves(index);
    match index % 4 {
        0 => format!("{a} {b}"),
        1 => format!("{a} = 184{b}"),
        2 => format!("/{a}//x{b}"),
        _ => format!("<{a} {b} ="),
    }
}

fn halves(index: usize) -> (&'static str, &'static str) {
    let stem = |at: usize| STEMS.get(at % STEMS.len()).copied().unwrap_or_default();
    // Each pair once in 40 x 40.
    (stem(index), stem(index / STEMS.len() + index * 7 + 3))
}

fn joined(index: usize) -> String {
    let (a, b) = halves(index);
    let joint = JOINTS.get(index / (STEMS.len() * STEMS.len()) % JOINTS.len() + index % 3);
    format!("{a}{}{b}", joint.copied().unwrap_or("::"))
}
