//! The files of core, without their tests.

use std::fs;
use std::path::{Path, PathBuf};

use crate::paths::{Named, paths};
use crate::words::{Word, words};

/// A file of the core, as words.
pub(crate) struct Source {
    /// As seen from the package: `src/wire/framing.rs`.
    pub(crate) name: String,
    /// Without the tests.
    words: Vec<Word>,
    /// Without the tests.
    pub(crate) lines: usize,
}

impl Source {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let mut words = words(text);
        let test_lines = take_tests_out(&mut words);
        let lines = text.lines().count() - test_lines;
        Self {
            name: name.to_owned(),
            words,
            lines,
        }
    }

    /// The folder below `src/`, if there is one.
    pub(crate) fn folder(&self) -> Option<&str> {
        let (folder, _) = self.name.strip_prefix("src/")?.split_once('/')?;
        Some(folder)
    }

    /// How many `super` lead from this module to the root.
    pub(crate) fn depth(&self) -> usize {
        let face = self.name.ends_with("/mod.rs") || self.name.ends_with("/lib.rs");
        self.name.matches('/').count() - usize::from(face)
    }

    pub(crate) fn paths(&self) -> Vec<Named<'_>> {
        paths(&self.words)
    }
}

/// The files of core, but for those that are nothing but tests.
pub(crate) fn sources() -> Vec<Source> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(&package.join("src"), &mut files);
    assert!(
        files.contains(&package.join("src/lib.rs")),
        "this is not core"
    );
    files.sort();
    let read = |file: &PathBuf| {
        let name = file
            .strip_prefix(package)
            .expect("it lies below the package");
        let text = fs::read_to_string(file).expect("a file of ours is text");
        Source::new(&name.to_string_lossy().replace('\\', "/"), &text)
    };
    files.iter().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder of ours can be listed") {
        let path = entry.expect("a folder of ours can be listed").path();
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Removes each item that is `#[cfg(test)]` and says how many lines they took.
fn take_tests_out(words: &mut Vec<Word>) -> usize {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let is_mark = |window: &[Word]| window.iter().map(|word| &word.text).eq(MARK);
    let mut lines = 0;
    while let Some(start) = words.windows(MARK.len()).position(is_mark) {
        let end = item_end(words, start);
        lines += words[end - 1].line - words[start].line + 1;
        words.drain(start..end);
    }
    lines
}

/// An item ends with its body's brace or with a semicolon; attributes before it are part of it.
fn item_end(words: &[Word], start: usize) -> usize {
    let mut open = 0_usize;
    for (at, word) in words.iter().enumerate().skip(start) {
        match word.text.as_str() {
            "(" | "[" | "{" => open += 1,
            ")" | "]" | "}" if open == 0 => return at, // of what holds it: it was a field, an arm, an argument
            "}" if open == 1 => return at + 1,
            ")" | "]" | "}" => open -= 1,
            ";" if open == 0 => return at + 1,
            _ => {}
        }
    }
    words.len()
}
