//! Markdown pages and their fences.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A page.
pub struct Page {
    /// Its path, for messages.
    pub name: String,
    pub fences: Vec<Fence>,
}

/// A block between ``` and ```.
pub struct Fence {
    /// What stands behind the opening.
    pub info: String,
    /// What stands in it.
    pub text: String,
    /// The line of its opening, from 1.
    pub line: usize,
}

impl Page {
    pub fn read(path: &Path) -> Page {
        let text =
            fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path
            .strip_prefix(env!("CARGO_MANIFEST_DIR"))
            .unwrap_or(path);
        let mut page = Page {
            name: name.display().to_string(),
            fences: Vec::new(),
        };
        let mut open: Option<(usize, Fence)> = None;
        for (line, number) in text.lines().zip(1..) {
            let ticks = line.len() - line.trim_start_matches('`').len();
            match &mut open {
                None if ticks >= 3 => {
                    let info = line[ticks..].trim().to_owned();
                    open = Some((
                        ticks,
                        Fence {
                            info,
                            text: String::new(),
                            line: number,
                        },
                    ));
                }
                None => {}
                Some((ticks_of_open, _)) if ticks >= *ticks_of_open && line.len() == ticks => {
                    page.fences.extend(open.take().map(|(_, fence)| fence));
                }
                Some((_, fence)) => {
                    fence.text.push_str(line);
                    fence.text.push('\n');
                }
            }
        }
        assert!(open.is_none(), "{}: a fence is never closed", page.name);
        page
    }
}

/// Adds the pages of a folder and of those in it.
pub fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, pages);
        } else if path.extension().is_some_and(|it| it == "md") {
            pages.push(path);
        }
    }
}
