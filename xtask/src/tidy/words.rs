//! Checks that code says what it means in the field's words: some pictures were once used for the system's parts, and
//! a newcomer had to learn each of them.

use proc_macro2::TokenTree;
use quote::ToTokens as _;

use super::borders::{is_test_file, is_test_item, walk};
use super::{Problem, SourceFile};

/// Words that neither an identifier's part nor a comment may be, and what is said instead. Only words that English
/// comments about this system do not need; `books` is also a verb, so comments are checked for [`PHRASES`].
const WORDS: &[(&str, &str)] = &[
    ("gate", "ingestion endpoint"),
    ("gates", "ingestion endpoints"),
    ("desk", "ledger, or the name of the test's subject"),
    ("desks", "ledgers"),
    ("road", "transport, delivery loop or journal"),
    ("roads", "transports"),
    ("bell", "notification"),
    ("bells", "notifications"),
    ("door", "program or interface"),
    ("doors", "programs or interfaces"),
    ("dice", "random generator"),
    ("safes", "stores"),
    ("furnish", "set up"),
];

/// Words that only identifiers may not have as a part.
const PARTS: &[(&str, &str)] = &[("books", "ledger")];

/// Words that are no name of their own outside tests: they say that somebody spoke, not what the value is.
const NAMES: &[(&str, &str)] = &[("told", "what the value is"), ("heard", "what the value is")];

/// What comments may not say.
const PHRASES: &[(&str, &str)] = &[
    ("the books", "the ledger"),
    ("its books", "its ledger"),
    ("our books", "our ledger"),
    ("the safe", "the store"),
    ("a safe of", "a store of"),
];

/// This file, which contains the words.
const RULE: &str = "xtask/src/tidy/words.rs";

/// Every identifier and comment of a file that uses such a word.
pub(super) fn check(source: &SourceFile) -> Vec<Problem> {
    if source.path == RULE {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for item in &source.syntax.items {
        let is_test = is_test_file(&source.path) || is_test_item(item);
        walk(item.to_token_stream(), &mut |tokens| {
            let TokenTree::Ident(ident) = &tokens[0] else { return };
            let name = ident.to_string();
            let alone = NAMES.iter().find(|(word, _)| !is_test && *word == name);
            if let Some((word, instead)) = alone.or_else(|| in_identifier(&name)) {
                let text = format!("`{name}`: not «{word}», but {instead}");
                problems.push(source.problem(ident.span().start().line, text));
            }
        });
    }
    for (number, line) in source.text.lines().enumerate() {
        if let Some((word, instead)) = comment(line).and_then(in_comment) {
            problems.push(source.problem(number + 1, format!("a comment says «{word}»: say {instead}")));
        }
    }
    problems
}

fn in_identifier(name: &str) -> Option<&'static (&'static str, &'static str)> {
    let parts = parts(name);
    // `product_book` is API v2's word for an entry of the catalogue.
    let is_catalogue = parts.windows(2).any(|pair| pair == ["product", "books"]);
    let banned = WORDS.iter().chain(PARTS);
    banned
        .filter(|(word, _)| !(is_catalogue && *word == "books"))
        .find(|(word, _)| parts.iter().any(|part| part == word))
}

/// The words of an identifier, in lower case: `GateProgram`, `gate_programs` and `GATE_PROGRAMS` begin with `gate`.
fn parts(name: &str) -> Vec<String> {
    let mut parts = Vec::new();
    for piece in name.split('_').filter(|piece| !piece.is_empty()) {
        let constant = !piece.chars().any(char::is_lowercase);
        for letter in piece.chars() {
            let begins = parts.is_empty() || (letter.is_uppercase() && !constant);
            if begins {
                parts.push(String::new());
            }
            if let Some(last) = parts.last_mut() {
                last.extend(letter.to_lowercase());
            }
        }
        parts.push(String::new());
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// The comment of a line. `//` inside an address follows a colon, so it must stand at the beginning or after a space.
fn comment(line: &str) -> Option<&str> {
    let text = line.trim_start();
    if text.starts_with("//") {
        return Some(text);
    }
    line.find(" //").map(|at| &line[at..])
}

fn in_comment(comment: &str) -> Option<&'static (&'static str, &'static str)> {
    let text = comment.to_lowercase();
    let words: Vec<_> = text.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect();
    let word = WORDS.iter().find(|(word, _)| words.contains(word));
    let said =
        format!(" {} ", words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(" "));
    word.or_else(|| PHRASES.iter().find(|(phrase, _)| said.contains(&format!(" {phrase} "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        let source = SourceFile::parse("src/a.rs", text.to_owned()).unwrap();
        check(&source).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_identifier_has_no_such_part() {
        let found = problems("fn f() {}\nfn open_gate() {}");
        assert_eq!(found, ["src/a.rs:2: `open_gate`: not «gate», but ingestion endpoint"]);
        for text in [
            "struct GateProgram;",
            "const GATE_MAX: u8 = 1;",
            "use a::roads;",
            "fn f(books: u8) {}",
            "m!(desk);",
        ] {
            assert_eq!(problems(text).len(), 1, "{text}");
        }
        for text in ["struct Aggregate;", "fn navigate() {}", "fn list_product_books() {}", "struct Indoors;"]
        {
            assert_eq!(problems(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_name_says_what_the_value_is() {
        assert_eq!(problems("fn f(told: u8) {}"), ["src/a.rs:1: `told`: not «told», but what the value is"]);
        for text in ["fn nobody_is_told() {}", "#[cfg(test)]\nmod tests { fn f(heard: u8) {} }"] {
            assert_eq!(problems(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_comment_has_no_such_word() {
        let found = problems("/// Rings the bell.\nfn f() {} // by the road");
        assert_eq!(
            found,
            [
                "src/a.rs:1: a comment says «bell»: say notification",
                "src/a.rs:2: a comment says «road»: say transport, delivery loop or journal"
            ]
        );
        for text in
            ["//! Writes into the books.", "// Its books, and\nfn f() {}", "// Locks the safe.\nfn f() {}"]
        {
            assert_eq!(problems(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn ordinary_english_is_allowed() {
        let texts = [
            "// The ledger books a payment.",
            "// Thread-safe, and safe to repeat: a safe default.",
            "// In-door, broadly.",
            "const A: &str = \"https://gate.example\";",
            "const A: &str = \"the gate\";",
        ];
        for text in texts {
            assert_eq!(problems(&format!("{text}\nfn f() {{}}")), Vec::<String>::new(), "{text}");
        }
    }
}
