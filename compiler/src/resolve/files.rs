//! Reading the files of a policy.

use super::{CONST_FILE_LIMIT, DeclId, MOST_FILES, SET_FILE_LIMIT, STD_WAF, USE_DEPTH, Unit};
use crate::ast::{self, ConstValue, Elements, ItemKind, UseTarget};
use crate::diagnostics::{
    CannotLoad, ImportedBehaviour, MissingSetting, NotText, Problems, TooManyFiles, UnknownName,
    UseCycle,
};
use crate::parse;
use crate::source::{FileId, LoadError, Loader, SourceFile, SourceMap, Span};
use std::collections::HashMap;

/// Which file each `use` brought.
pub(super) type Uses = HashMap<DeclId, usize>;

/// All files of a policy.
pub(super) struct Files {
    pub(super) units: Vec<Unit>,
    pub(super) uses: Uses,
    pub(super) loaded: HashMap<Span, Vec<u8>>,
    pub(super) partial: bool,
}

/// Reads files, each once.
pub(super) struct Reader<'a> {
    loader: &'a dyn Loader,
    sources: &'a mut SourceMap,
    problems: &'a mut Problems,
    units: Vec<Unit>,
    uses: Uses,
    loaded: HashMap<Span, Vec<u8>>,
    /// The file of each path that was read.
    known: HashMap<String, usize>,
    /// Paths of the files being read, outermost first.
    open: Vec<String>,
    /// Some declaration could not be read.
    partial: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        loader: &'a dyn Loader,
        sources: &'a mut SourceMap,
        problems: &'a mut Problems,
    ) -> Self {
        Reader {
            loader,
            sources,
            units: Vec::new(),
            uses: HashMap::new(),
            loaded: HashMap::new(),
            known: HashMap::new(),
            partial: !problems.is_empty(),
            open: Vec::new(),
            problems,
        }
    }

    /// Reads the policy and, through its `use`s, all its files.
    pub(super) fn read(&mut self, root: ast::File) {
        let name = self.sources.get(root.id).map_or("", |file| &file.name);
        let path = name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
        self.unit(path, String::new(), root);
    }

    pub(super) fn finish(self) -> Files {
        Files {
            units: self.units,
            uses: self.uses,
            loaded: self.loaded,
            partial: self.partial,
        }
    }

    fn unit(&mut self, path: String, prefix: String, ast: ast::File) -> usize {
        let index = self.units.len();
        let items = ast.items.clone();
        self.units.push(Unit {
            ast,
            prefix,
            names: HashMap::new(),
        });
        self.known.insert(path.clone(), index);
        self.open.push(path.clone());
        for (item, it) in items.iter().enumerate() {
            let id = DeclId { unit: index, item };
            match &it.kind {
                ItemKind::Use(used) => {
                    if let Some(unit) = self.follow(used, &path, it.span) {
                        self.uses.insert(id, unit);
                    }
                }
                ItemKind::Set {
                    value: Elements::Load(file),
                    ..
                } => self.load(file, &path, SET_FILE_LIMIT),
                ItemKind::Const {
                    value: ConstValue::Load(file),
                    ..
                } => self.load(file, &path, CONST_FILE_LIMIT),
                kind if index > 0 => self.forbid_behaviour(kind, &path, it.span),
                _ => {}
            }
        }
        self.open.pop();
        index
    }

    fn follow(&mut self, used: &ast::Use, from: &str, span: Span) -> Option<usize> {
        match &used.target {
            UseTarget::Std(name) if name.text == "waf" => self.standard_waf(),
            UseTarget::Std(name) => {
                self.problems.push(UnknownName {
                    what: "part of the standard library",
                    name: format!("std.{}", name.text),
                    span: name.span,
                    help: Some("there is `std.waf`".to_owned()),
                });
                None
            }
            UseTarget::Path(path) => self.file(path, used.alias.is_some(), from, span),
        }
    }

    fn standard_waf(&mut self) -> Option<usize> {
        const PATH: &str = "std/waf.edge";
        if let Some(&unit) = self.known.get(PATH) {
            return Some(unit);
        }
        let ast = self.parse(PATH, STD_WAF.to_owned());
        Some(self.unit(PATH.to_owned(), "waf".to_owned(), ast))
    }

    fn file(
        &mut self,
        text: &ast::Text,
        aliased: bool,
        from: &str,
        use_span: Span,
    ) -> Option<usize> {
        let path = match join(from, &text.value) {
            Ok(path) => path,
            Err(why) => {
                self.cannot_load(text, why);
                return None;
            }
        };
        if !aliased && !is_name(stem(&path)) {
            self.problems.push(MissingSetting {
                what: format!("`use` of `{}`", text.value),
                setting: "a name, since the file's own can't be one: `as …`",
                span: use_span,
            });
            return None;
        }
        if let Some(start) = self.open.iter().position(|open| *open == path) {
            let mut chain: Vec<&str> = self.open.iter().skip(start).map(String::as_str).collect();
            chain.push(&path);
            self.problems.push(UseCycle {
                name: path.clone(),
                chain: chain.join(" → "),
                span: text.span,
            });
            return None;
        }
        if let Some(&unit) = self.known.get(&path) {
            return Some(unit);
        }
        self.check_bounds(text.span)?;
        let text = self.text(text, &path)?;
        let prefix = self.prefix(&path);
        let ast = self.parse(&path, text);
        Some(self.unit(path, prefix, ast))
    }

    fn check_bounds(&mut self, span: Span) -> Option<()> {
        let why = if self.units.len() >= MOST_FILES {
            format!("the policy has more than {MOST_FILES} files")
        } else if self.open.len() > USE_DEPTH {
            format!("files use each other more than {USE_DEPTH} deep")
        } else {
            return Some(());
        };
        self.problems.push(TooManyFiles { why, span });
        None
    }

    fn text(&mut self, text: &ast::Text, path: &str) -> Option<String> {
        let bytes = match self.loader.load(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                self.cannot_load(text, why);
                return None;
            }
        };
        String::from_utf8(bytes)
            .map_err(|error| {
                self.problems.push(NotText {
                    path: text.value.clone(),
                    offset: error.utf8_error().valid_up_to(),
                    span: text.span,
                });
            })
            .ok()
    }

    /// What stands before the file's names: its stem or, where another file has that, its path.
    fn prefix(&self, path: &str) -> String {
        let short = stem(path);
        if self.units.iter().any(|unit| unit.prefix == short) {
            path.strip_suffix(".edge").unwrap_or(path).to_owned()
        } else {
            short.to_owned()
        }
    }

    fn parse(&mut self, name: &str, text: String) -> ast::File {
        let id = FileId(u32::try_from(self.sources.files.len()).unwrap_or(u32::MAX));
        let before = self.problems.len();
        let file = parse::parse(id, &text, self.problems);
        self.partial |= self.problems.len() > before;
        self.sources.files.push(SourceFile {
            name: name.to_owned(),
            text,
        });
        file
    }

    fn load(&mut self, text: &ast::Text, from: &str, limit: usize) {
        let found = join(from, &text.value).and_then(|path| self.loader.load(&path));
        match found {
            Ok(bytes) if bytes.len() > limit => {
                self.cannot_load(text, LoadError::TooLarge(limit as u64));
            }
            Ok(bytes) => {
                self.sources
                    .loaded
                    .push((text.value.clone(), bytes.clone()));
                self.loaded.insert(text.span, bytes);
            }
            Err(why) => self.cannot_load(text, why),
        }
    }

    fn cannot_load(&mut self, text: &ast::Text, why: LoadError) {
        let help = match &why {
            LoadError::NotFound => "paths are relative to the file that names them",
            LoadError::Outside => "keep what belongs to a policy in its folder",
            LoadError::TooLarge(_) => "share it out over several files, or keep it at an origin",
            LoadError::Other(_) => "name a file: folders on the way to it are parted by `/`",
        };
        self.problems.push(CannotLoad {
            path: text.value.escape_debug().to_string(),
            why: why.to_string(),
            span: text.span,
            help: Some(help.to_owned()),
        });
    }

    fn forbid_behaviour(&mut self, kind: &ItemKind, path: &str, span: Span) {
        let what = match kind {
            ItemKind::Route(_) => "route",
            ItemKind::OnRequest(_) => "on request",
            ItemKind::OnResponse(_) => "on response",
            ItemKind::OnError(_) => "on error",
            ItemKind::Default(_) => "default",
            ItemKind::Test(_) => "test",
            _ => return,
        };
        self.problems.push(ImportedBehaviour {
            path: path.to_owned(),
            what,
            span,
        });
    }
}

/// The name of a file without its folder and its last extension.
pub(super) fn stem(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    }
}

/// The path that `path`, written in the file `from`, names in the policy's folder.
fn join(from: &str, path: &str) -> Result<String, LoadError> {
    if path.contains(['\\', ':']) || path.contains(char::is_control) {
        let why = "a path holds no `\\`, no `:` and no control character";
        return Err(LoadError::Other(why.to_owned()));
    }
    if path.starts_with('/') {
        return Err(LoadError::Outside);
    }
    let folder = from.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().ok_or(LoadError::Outside)?;
            }
            part => parts.push(part),
        }
    }
    if parts.is_empty() {
        return Err(LoadError::NotFound);
    }
    Ok(parts.join("/"))
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{LoadError, join, stem};

    #[test]
    fn paths_are_relative_to_the_file_and_stay_in_the_folder() {
        assert_eq!(join("policy.edge", "./a/b.edge").unwrap(), "a/b.edge");
        assert_eq!(join("a/b.edge", "c.txt").unwrap(), "a/c.txt");
        assert_eq!(join("a/b.edge", "../c.txt").unwrap(), "c.txt");
        assert_eq!(join("a/b.edge", "../../c.txt"), Err(LoadError::Outside));
        assert_eq!(join("policy.edge", "/etc/passwd"), Err(LoadError::Outside));
        assert_eq!(join("policy.edge", "."), Err(LoadError::NotFound));
        for path in ["a\0b", "C:/a", "a\\b", "a\n"] {
            let refused = join("policy.edge", path);
            assert!(matches!(refused, Err(LoadError::Other(_))), "{path:?}");
        }
    }

    #[test]
    fn a_stem_has_neither_folder_nor_extension() {
        assert_eq!(stem("a/b/shop.edge"), "shop");
        assert_eq!(stem("shop"), "shop");
        assert_eq!(stem(".edge"), ".edge");
    }
}
