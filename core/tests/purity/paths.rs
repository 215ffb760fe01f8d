//! Words put together to paths, and what a path says.

use std::fmt;

use crate::words::{Word, is_name};

/// A path as the source names it: `std::io`, `crate::base::Now`, `println!`, or a word alone.
pub(crate) struct Named<'a> {
    pub(crate) line: usize,
    segments: Vec<&'a str>,
}

impl Named<'_> {
    /// Whether the segments of `banned` stand side by side in here; a crate's name counts in front only.
    pub(crate) fn says(&self, banned: &str) -> bool {
        match banned {
            "rand" | "getrandom" => self.segments[0] == banned,
            _ => format!("::{self}::").contains(&format!("::{banned}::")),
        }
    }

    /// What stands first below the crate's root, if the path goes there from a module `depth` levels down.
    pub(crate) fn below_the_root(&self, depth: usize) -> Option<&str> {
        let ups = self
            .segments
            .iter()
            .take_while(|segment| **segment == "super")
            .count();
        let root = match self.segments[0] {
            "crate" => 1,
            "super" if ups == depth => ups,
            _ => return None,
        };
        self.segments.get(root).copied()
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.segments.join("::"))
    }
}

/// Every path in there, in order. A word that stands alone is one too.
pub(crate) fn paths(words: &[Word]) -> Vec<Named<'_>> {
    let mut cursor = Cursor {
        words,
        at: 0,
        found: Vec::new(),
    };
    while cursor.at < words.len() {
        if is_name(cursor.text()) {
            cursor.path(&[]);
        } else {
            cursor.at += 1;
        }
    }
    cursor.found
}

struct Cursor<'a> {
    words: &'a [Word],
    at: usize,
    found: Vec<Named<'a>>,
}

impl<'a> Cursor<'a> {
    fn text(&self) -> &'a str {
        self.words.get(self.at).map_or("", |word| &word.text)
    }

    /// Reads the path that begins here and continues `above`: a group in it gives one path for each of its members.
    fn path(&mut self, above: &[&'a str]) {
        let line = self.words[self.at].line;
        let mut segments = above.to_vec();
        loop {
            match self.text() {
                "<" => self.generics(),
                "{" => return self.group(&segments),
                name => {
                    segments.push(name);
                    self.at += 1;
                }
            }
            if self.text() != "::" {
                break;
            }
            self.at += 1;
        }
        self.found.push(Named { line, segments });
    }

    fn group(&mut self, above: &[&'a str]) {
        self.at += 1;
        loop {
            match self.text() {
                "" => return,
                "}" => break,
                "," => self.at += 1,
                "as" => self.at += 2,
                _ => self.path(above),
            }
        }
        self.at += 1;
    }

    fn generics(&mut self) {
        let mut open = 0_usize;
        loop {
            match self.text() {
                "" => return,
                "<" => open += 1,
                ">" => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }
}
