//! The tree as text, for `edge build --emit ast` and for tests: S-expressions, without places.
//!
//! What is written is stable: `(word parts …)`, optional parts left out, strings in quotes as Rust
//! escapes them. A list that doesn't fit on a line has its later parts on lines of their own.

mod cache;
mod expr;
mod item;
mod state;
mod statement;
mod test;

use super::File;

/// The columns of a line.
const WIDTH: usize = 100;

impl File {
    /// The file's declarations, each from the first column.
    #[must_use]
    pub fn print(&self) -> String {
        let mut out = String::new();
        for item in &self.items {
            item::item(item).write(&mut out, 0);
            out.push('\n');
        }
        out
    }
}

/// An expression as `edge` prints it in messages and trees: one line.
#[must_use]
pub fn expr(expr: &super::Expr) -> String {
    expr::expr(expr).flat()
}

/// A piece of the printed tree.
enum Tree {
    Leaf(String),
    List(Vec<Tree>),
}

impl Tree {
    fn word(word: impl Into<String>) -> Tree {
        Tree::Leaf(word.into())
    }

    fn text(text: &str) -> Tree {
        Tree::Leaf(format!("{text:?}"))
    }

    fn list(word: &str, parts: impl IntoIterator<Item = Tree>) -> Tree {
        Tree::List(std::iter::once(Tree::word(word)).chain(parts).collect())
    }

    /// The length on one line; counting stops when it is clear that it doesn't fit.
    fn width(&self, limit: usize) -> usize {
        match self {
            Tree::Leaf(word) => word.len(),
            Tree::List(parts) => {
                let mut width = 1;
                for part in parts {
                    width += 1 + part.width(limit);
                    if width > limit {
                        break;
                    }
                }
                width
            }
        }
    }

    fn flat(&self) -> String {
        let mut out = String::new();
        self.write_flat(&mut out);
        out
    }

    fn write_flat(&self, out: &mut String) {
        match self {
            Tree::Leaf(word) => out.push_str(word),
            Tree::List(parts) => {
                out.push('(');
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        out.push(' ');
                    }
                    part.write_flat(out);
                }
                out.push(')');
            }
        }
    }

    fn write(&self, out: &mut String, indent: usize) {
        let parts = match self {
            Tree::List(parts) if indent + self.width(WIDTH) > WIDTH => parts,
            _ => return self.write_flat(out),
        };
        out.push('(');
        let mut first_line = true;
        for (at, part) in parts.iter().enumerate() {
            first_line &= matches!(part, Tree::Leaf(word) if at == 0 || word.len() < WIDTH / 2);
            if at > 0 && first_line {
                out.push(' ');
            } else if at > 0 {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indent + 2));
            }
            part.write(out, indent + 2);
        }
        out.push(')');
    }
}
