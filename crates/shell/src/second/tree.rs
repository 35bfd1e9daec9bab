//! What `tree-sitter-bash` sees.

use std::borrow::Cow;

use tree_sitter::{Node, Parser};

use super::Opinion;
use crate::read::SEPARATOR;

/// The commands of a text.
pub(super) fn opinion(text: &str) -> Opinion {
    let mut parser = Parser::new();
    if parser.set_language(&tree_sitter_bash::LANGUAGE.into()).is_err() {
        return Opinion::None;
    }
    let Some(tree) = parser.parse(masked(text).as_ref(), None) else { return Opinion::None };
    let root = tree.root_node();
    if root.has_error() {
        return Opinion::None;
    }
    let mut seen = Seen { text, commands: Vec::new() };
    seen.walk(root);
    Opinion::Commands(seen.commands.into_iter().map(|command| command.words.join(&SEPARATOR.to_string())).collect())
}

/// The text with letters in the place of all that is not ASCII, byte for byte: to a shell those are letters like any others, but the
/// scanner of the grammar looks them up in a table of the C library that ends at 255, and can read far behind it.
fn masked(text: &str) -> Cow<'_, [u8]> {
    if text.is_ascii() {
        return Cow::Borrowed(text.as_bytes());
    }
    Cow::Owned(text.bytes().map(|byte| if byte.is_ascii() { byte } else { b'x' }).collect())
}

struct Simple<'t> {
    words: Vec<&'t str>,
    start: usize,
    end: usize,
}

struct Seen<'t> {
    text: &'t str,
    commands: Vec<Simple<'t>>,
}

impl<'t> Seen<'t> {
    fn source(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.start_byte()..node.end_byte()).unwrap_or("")
    }

    /// Visits every node, without recursion: a list of many commands is as many levels deep.
    fn walk(&mut self, root: Node<'_>) {
        let mut cursor = root.walk();
        loop {
            self.visit(cursor.node());
            if cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return;
                }
            }
        }
    }

    fn visit(&mut self, node: Node<'_>) {
        match node.kind() {
            "command" => self.command(node),
            "declaration_command" | "unset_command" => {
                let mut cursor = node.walk();
                let words = node.children(&mut cursor).map(|child| self.source(child)).collect();
                self.push(words, node);
            }
            // words behind the file of a redirect belong to the command in front of it
            "file_redirect" => {
                let mut cursor = node.walk();
                let more: Vec<&str> =
                    node.children_by_field_name("destination", &mut cursor).skip(1).map(|child| self.source(child)).collect();
                self.append(node, &more);
            }
            "heredoc_redirect" => {
                let mut cursor = node.walk();
                let more: Vec<&str> = node.children_by_field_name("argument", &mut cursor).map(|child| self.source(child)).collect();
                self.append(node, &more);
            }
            _ => {}
        }
    }

    fn command(&mut self, node: Node<'_>) {
        let mut cursor = node.walk();
        let mut words = Vec::new();
        for (index, child) in node.children(&mut cursor).enumerate() {
            let field = u32::try_from(index).ok().and_then(|index| node.field_name_for_child(index));
            if matches!(field, Some("name" | "argument")) {
                words.push(self.source(child));
            }
        }
        // keywords that it does not know
        while words.first().is_some_and(|word| matches!(*word, "time" | "coproc")) {
            words.remove(0);
            if words.first() == Some(&"-p") {
                words.remove(0);
            }
        }
        if !words.is_empty() {
            self.push(words, node);
        }
    }

    fn push(&mut self, words: Vec<&'t str>, node: Node<'_>) {
        self.commands.push(Simple { words, start: node.start_byte(), end: node.end_byte() });
    }

    /// Adds words to the command that ends last in front of a redirect, or surrounds it.
    fn append(&mut self, redirect: Node<'_>, words: &[&'t str]) {
        let at = redirect.start_byte();
        if words.is_empty() {
            return;
        }
        let own = self.commands.iter_mut().filter(|c| c.start <= at).max_by_key(|c| c.end.min(at));
        if let Some(own) = own {
            own.words.extend(words);
        }
    }
}
