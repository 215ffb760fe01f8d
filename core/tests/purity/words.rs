//! Source text cut into words. Comments and literals are not code.

pub(crate) struct Word {
    pub(crate) line: usize,
    pub(crate) text: String,
}

pub(crate) fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

/// The words of the code: names (a macro's with its `!`), `::`, arrows, and single signs.
pub(crate) fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for (line, code) in (1..).zip(code_alone(text).lines()) {
        let mut rest = code.trim_start();
        while !rest.is_empty() {
            let (word, after) = rest.split_at(word_length(rest));
            match words.last_mut() {
                Some(last) if last.text == "static" && word == "mut" => last.text.push_str(" mut"),
                _ => words.push(Word {
                    line,
                    text: word.to_owned(),
                }),
            }
            rest = after.trim_start();
        }
    }
    words
}

fn word_length(rest: &str) -> usize {
    let is_sign = |c: char| !c.is_alphanumeric() && c != '_';
    match rest.find(is_sign).unwrap_or(rest.len()) {
        0 if ["::", "->", "=>"].iter().any(|sign| rest.starts_with(sign)) => 2,
        0 => rest.chars().next().map_or(0, char::len_utf8),
        name if rest[name..].starts_with('!') && !rest[name..].starts_with("!=") => name + 1,
        name => name,
    }
}

/// The text with comments and literals blanked, line for line.
fn code_alone(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = not_code(rest);
        let (piece, after) = rest.split_at(length.unwrap_or(first.len_utf8()));
        match length {
            Some(_) => code.extend(piece.chars().map(|c| if c == '\n' { c } else { ' ' })),
            None => code.push_str(piece),
        }
        rest = after;
    }
    code
}

/// The length of the comment or literal that begins here.
fn not_code(rest: &str) -> Option<usize> {
    let until = |from: usize, end: &str| {
        rest[from..]
            .find(end)
            .map_or(rest.len(), |at| from + at + end.len())
    };
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if let Some(raw) = rest.strip_prefix('r') {
        let fence = raw.len() - raw.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(fence));
        return raw[fence..]
            .starts_with('"')
            .then(|| until(fence + 2, &end));
    }
    if rest.starts_with('"') {
        return Some(string(rest));
    }
    let mut quoted = rest.strip_prefix('\'')?.char_indices();
    match (quoted.next()?, quoted.next()?) {
        ((_, '\\'), (_, escaped)) => Some(until(2 + escaped.len_utf8(), "'")),
        (_, (end, '\'')) => Some(end + 2),
        _ => None, // a lifetime
    }
}

/// Block comments nest.
fn block_comment(rest: &str) -> usize {
    let mut open = 1_usize;
    let mut at = 2;
    while open > 0 {
        let Some(next) = rest[at..].find(['/', '*']) else {
            return rest.len();
        };
        at += next;
        let (step, now_open) = match rest[at..].get(..2) {
            Some("/*") => (2, open + 1),
            Some("*/") => (2, open - 1),
            _ => (1, open),
        };
        at += step;
        open = now_open;
    }
    at
}

fn string(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}
