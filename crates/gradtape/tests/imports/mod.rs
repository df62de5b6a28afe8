//! Reading from Rust source which paths of its own crate it names.

pub(crate) mod circles;

use std::collections::BTreeMap;

/// A module: its path from the crate's root, and the name of that crate.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) crate_name: &'a str,
    pub(crate) module: &'a [String],
}

/// What a module has under names of its own: `pub use tape::Tape` makes `Tape` stand for something of
/// `tape`.
pub(crate) struct Names(BTreeMap<String, Vec<String>>);

impl Names {
    /// The names that the text of a module takes over from others of its crate.
    pub(crate) fn of(text: &str, place: Place<'_>) -> Names {
        let used = imports(text, place).into_iter().filter(|import| import.used && !import.inner);
        Names(used.map(|import| (import.name, import.path)).collect())
    }

    /// The first part of a path from the root, or that of what it is another name for.
    pub(crate) fn room<'a>(&'a self, path: &'a [String]) -> Option<&'a str> {
        let first = path.first()?;
        Some(self.0.get(first).and_then(|path| path.first()).unwrap_or(first))
    }

    /// What a name stands for, as a path from the root.
    fn target(&self, name: &str) -> Option<&[String]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

/// Every path of at least two parts that a text names, wherever it starts, with its line and the name that
/// it is given there.
pub(crate) fn paths(text: &str) -> Vec<(usize, Vec<String>, String)> {
    let tokens = tokens(text);
    let mut paths = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let starts = tokens.get(at + 1).is_some_and(|next| next.text == "::");
        let follows = at > 0 && tokens[at - 1].text == "::";
        if starts && token.text != "::" && !follows {
            let mut found = Vec::new();
            tree(&tokens, at, Vec::new(), &mut found);
            paths.extend(found.into_iter().map(|(path, name)| (token.line, path, name)));
        }
    }
    paths.retain(|(_, path, _)| path.len() > 1);
    paths
}

/// A path that a text names.
pub(crate) struct Import {
    pub(crate) line: usize,
    /// From the crate's root.
    pub(crate) path: Vec<String>,
    /// What it is called from then on.
    name: String,
    /// Whether it stands in a `use`.
    used: bool,
    /// Whether it stands in a module that is written out inside the text, as tests are.
    inner: bool,
}

/// Every path of its own crate that the text of a module names, in `use` or elsewhere.
pub(crate) fn imports(text: &str, place: Place<'_>) -> Vec<Import> {
    let tokens = tokens(text);
    let mut imports = Vec::new();
    // Modules written out inside the text, with the depth of braces at which each ends.
    let mut inner: Vec<usize> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let is = |offset: usize, text: &str| is(&tokens, at + offset, text);
        match token.text.as_str() {
            "mod" if is(2, "{") => inner.push(depth),
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inner.pop_if(|end| *end == depth);
            }
            _ if is(1, "::") && !(at > 0 && tokens[at - 1].text == "::") => {
                if let Some((start, from)) = beginning(&tokens, at, place, inner.len()) {
                    let used = at > 0 && tokens[at - 1].text == "use";
                    let mut found = Vec::new();
                    at = tree(&tokens, from, start, &mut found);
                    let (line, inner) = (token.line, !inner.is_empty());
                    let import = |(path, name): (Vec<String>, String)| Import {
                        line,
                        path,
                        name,
                        used,
                        inner,
                    };
                    imports.extend(found.into_iter().map(import));
                    continue;
                }
            }
            _ => {}
        }
        at += 1;
    }
    imports
}

/// Where a path leads that begins at token `at`, and the token from which on it is still to be read. `inner`
/// is how many modules written out inside the text it stands in. `None` for a path of another crate.
fn beginning(
    tokens: &[Token],
    at: usize,
    place: Place<'_>,
    inner: usize,
) -> Option<(Vec<String>, usize)> {
    let here = place.module.len() + inner;
    match tokens.get(at)?.text.as_str() {
        "crate" => Some((Vec::new(), at + 2)),
        own if own == place.crate_name => Some((Vec::new(), at + 2)),
        "super" => Some((parents(place.module, here - 1), at + 2)),
        "self" if is(tokens, at + 1, "::") => Some((parents(place.module, here), at + 2)),
        child if inner == 0 && is_declared(tokens, child) => Some((place.module.to_vec(), at)),
        _ => None,
    }
}

fn is(tokens: &[Token], at: usize, text: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.text == text)
}

/// Whether the text has a module of this name in a file of its own.
fn is_declared(tokens: &[Token], name: &str) -> bool {
    tokens
        .windows(3)
        .any(|three| three[0].text == "mod" && three[1].text == name && three[2].text == ";")
}

/// The first `count` parts of a module's path, what is written out inside it by names of no room.
fn parents(module: &[String], count: usize) -> Vec<String> {
    module.iter().cloned().chain(std::iter::repeat("self".to_owned())).take(count).collect()
}

/// Reads the path or tree of paths from token `at` on: each with the name it is given. Gives the token
/// after it.
fn tree(
    tokens: &[Token],
    mut at: usize,
    mut path: Vec<String>,
    found: &mut Vec<(Vec<String>, String)>,
) -> usize {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    loop {
        match text(at) {
            "{" => {
                at += 1;
                while !matches!(text(at), "}" | "") {
                    at = tree(tokens, at, path.clone(), found);
                    at += usize::from(text(at) == ",");
                }
                return at + 1;
            }
            "super" => {
                path.pop();
            }
            "self" => {}
            part => path.push(part.to_owned()),
        }
        at += 1;
        if text(at) != "::" {
            let renamed = text(at) == "as";
            let name = if renamed { text(at + 1) } else { path.last().map_or("", |part| part) };
            found.push((path.clone(), name.to_owned()));
            return at + if renamed { 2 } else { 0 };
        }
        at += 1;
    }
}

struct Token {
    text: String,
    line: usize,
}

/// Words, `::` and single signs, without comments, strings and characters.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            'r' | 'b' if raw_string(rest).is_some() => raw_string(rest).unwrap_or(1),
            '\'' => character(rest),
            c if is_word(c) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            c => c.len_utf8(),
        };
        let token = &rest[..len];
        if is_word(first) && raw_string(rest).is_none() || "{},:;*".contains(first) {
            tokens.push(Token { text: token.to_owned(), line });
        }
        line += token.matches('\n').count();
        rest = &rest[len..];
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn block_comment(text: &str) -> usize {
    let (mut at, mut depth) = (0, 0);
    loop {
        let rest = &text[at..];
        match () {
            () if rest.starts_with("/*") => (at, depth) = (at + 2, depth + 1),
            () if rest.starts_with("*/") => (at, depth) = (at + 2, depth - 1),
            () => at += rest.chars().next().map_or(0, char::len_utf8),
        }
        if depth == 0 || at >= text.len() {
            return at;
        }
    }
}

fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

/// The length of a raw string, if one starts here.
fn raw_string(text: &str) -> Option<usize> {
    let hashes = text.trim_start_matches('b').strip_prefix('r')?;
    let body = hashes.trim_start_matches('#');
    let end = format!("\"{}", "#".repeat(hashes.len() - body.len()));
    let start = text.len() - body.len() + 1;
    let close = body.strip_prefix('"')?.find(&end)?;
    Some(start + close + end.len())
}

/// The length of a character, or of the mark before a lifetime.
fn character(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some((at, _))) => {
            text[at + 1..].find('\'').map_or(text.len(), |end| at + 1 + end + 1)
        }
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}
