//! What `brush-parser` sees.

use brush_parser::ast::{
    AndOr, AndOrList, AssignmentName, AssignmentValue, Command, CommandPrefixOrSuffixItem, CompoundCommand, CompoundList, ExtendedTestExpr,
    IoFileRedirectTarget, IoRedirect, Pipeline, RedirectList, SimpleCommand, Word,
};
use brush_parser::word::{WordPiece, WordPieceWithSource};
use brush_parser::{Parser, ParserOptions};

use super::Opinion;
use crate::limits::MAX_DEPTH;
use crate::read::SEPARATOR;

const MAX_DOUBLE_PARENTHESES: usize = 8;

/// The commands of a text. Where the parser panics, which it does at a number that is too large for it, it has no opinion.
pub(super) fn opinion(text: &str) -> Opinion {
    if has_large_descriptor(text) || has_many_double_parentheses(text) {
        return Opinion::None;
    }
    std::panic::catch_unwind(|| commands(text)).unwrap_or(Opinion::None)
}

/// More digits in front of a redirect than a number has.
fn has_large_descriptor(text: &str) -> bool {
    text.match_indices(['<', '>']).any(|(at, _)| {
        let before = text.get(..at).unwrap_or("");
        before.bytes().rev().take_while(u8::is_ascii_digit).count() > 9
    })
}

/// Each `((` is tried in two ways, and so is what is in it: more than a few would take too long.
fn has_many_double_parentheses(text: &str) -> bool {
    let doubled = |at: &usize| {
        let (before, after) = (text.get(..*at).unwrap_or(""), text.get(at + 1..).unwrap_or(""));
        !before.ends_with('$') && after.trim_start().starts_with('(')
    };
    text.match_indices('(').map(|(at, _)| at).filter(doubled).nth(MAX_DOUBLE_PARENTHESES).is_some()
}

fn commands(text: &str) -> Opinion {
    let mut seen = Seen { options: ParserOptions::default(), commands: Vec::new(), depth: 0, failed: false };
    seen.text(text);
    if seen.failed { Opinion::None } else { Opinion::Commands(seen.commands) }
}

struct Seen {
    options: ParserOptions,
    commands: Vec<String>,
    depth: usize,
    failed: bool,
}

impl Seen {
    fn text(&mut self, text: &str) {
        if self.depth > MAX_DEPTH {
            self.failed = true;
            return;
        }
        self.depth += 1;
        match Parser::new(text.as_bytes(), &self.options).parse_program() {
            Ok(program) => program.complete_commands.iter().for_each(|list| self.list(list)),
            Err(_) => self.failed = true,
        }
        self.depth -= 1;
    }

    fn list(&mut self, list: &CompoundList) {
        for item in &list.0 {
            let AndOrList { first, additional } = &item.0;
            self.pipeline(first);
            for next in additional {
                match next {
                    AndOr::And(pipeline) | AndOr::Or(pipeline) => self.pipeline(pipeline),
                }
            }
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        pipeline.seq.iter().for_each(|command| self.command(command));
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirects) => {
                self.compound(compound);
                self.redirects(redirects.as_ref());
            }
            Command::Function(function) => {
                self.compound(&function.body.0);
                self.redirects(function.body.1.as_ref());
            }
            Command::ExtendedTest(test, redirects) => {
                self.test(&test.expr);
                self.redirects(redirects.as_ref());
            }
        }
    }

    fn compound(&mut self, compound: &CompoundCommand) {
        match compound {
            CompoundCommand::Arithmetic(command) => self.expansions(&command.expr.value),
            CompoundCommand::ArithmeticForClause(command) => {
                for expression in [&command.initializer, &command.condition, &command.updater].into_iter().flatten() {
                    self.expansions(&expression.value);
                }
                self.list(&command.body.list);
            }
            CompoundCommand::BraceGroup(group) => self.list(&group.list),
            CompoundCommand::Subshell(subshell) => self.list(&subshell.list),
            CompoundCommand::ForClause(command) => {
                command.values.iter().flatten().for_each(|word| self.word(word));
                self.list(&command.body.list);
            }
            CompoundCommand::CaseClause(command) => {
                self.word(&command.value);
                for case in &command.cases {
                    case.patterns.iter().for_each(|pattern| self.word(pattern));
                    case.cmd.iter().for_each(|list| self.list(list));
                }
            }
            CompoundCommand::IfClause(command) => {
                self.list(&command.condition);
                self.list(&command.then);
                for next in command.elses.iter().flatten() {
                    next.condition.iter().for_each(|list| self.list(list));
                    self.list(&next.body);
                }
            }
            CompoundCommand::WhileClause(command) | CompoundCommand::UntilClause(command) => {
                self.list(&command.0);
                self.list(&command.1.list);
            }
            CompoundCommand::Coprocess(command) => self.command(&command.body),
        }
    }

    fn simple(&mut self, command: &SimpleCommand) {
        let mut words: Vec<String> = Vec::new();
        let prefix = command.prefix.iter().flat_map(|prefix| &prefix.0);
        prefix.for_each(|item| self.item(item, &mut Vec::new()));
        if let Some(word) = &command.word_or_name {
            self.word(word);
            words.push(word.value.clone());
        }
        let suffix = command.suffix.iter().flat_map(|suffix| &suffix.0);
        suffix.for_each(|item| self.item(item, &mut words));
        if !words.is_empty() {
            self.commands.push(words.join(&SEPARATOR.to_string()));
        }
    }

    fn item(&mut self, item: &CommandPrefixOrSuffixItem, words: &mut Vec<String>) {
        match item {
            CommandPrefixOrSuffixItem::IoRedirect(redirect) => self.redirect(redirect),
            CommandPrefixOrSuffixItem::Word(word) => {
                self.word(word);
                words.push(word.value.clone());
            }
            CommandPrefixOrSuffixItem::AssignmentWord(assignment, word) => {
                if let AssignmentName::ArrayElementName(_, subscript) = &assignment.name {
                    self.expansions(subscript);
                }
                match &assignment.value {
                    AssignmentValue::Scalar(value) => self.word(value),
                    AssignmentValue::Array(elements) => elements.iter().for_each(|(subscript, value)| {
                        subscript.iter().for_each(|word| self.word(word));
                        self.word(value);
                    }),
                }
                words.push(word.value.clone());
            }
            CommandPrefixOrSuffixItem::ProcessSubstitution(kind, subshell) => {
                self.list(&subshell.list);
                words.push(if matches!(kind, brush_parser::ast::ProcessSubstitutionKind::Read) { "<(" } else { ">(" }.to_owned());
            }
        }
    }

    fn redirects(&mut self, redirects: Option<&RedirectList>) {
        redirects.iter().flat_map(|list| &list.0).for_each(|redirect| self.redirect(redirect));
    }

    fn redirect(&mut self, redirect: &IoRedirect) {
        match redirect {
            IoRedirect::File(_, _, target) => match target {
                IoFileRedirectTarget::Filename(word) | IoFileRedirectTarget::Duplicate(word) => self.word(word),
                IoFileRedirectTarget::ProcessSubstitution(_, subshell) => self.list(&subshell.list),
                IoFileRedirectTarget::Fd(_) => {}
            },
            IoRedirect::HereDocument(_, document) if document.requires_expansion => self.expansions(&document.doc.value),
            IoRedirect::HereDocument(..) => {}
            IoRedirect::HereString(_, word) | IoRedirect::OutputAndError(word, _) => self.word(word),
        }
    }

    fn test(&mut self, test: &ExtendedTestExpr) {
        match test {
            ExtendedTestExpr::And(left, right) | ExtendedTestExpr::Or(left, right) => {
                self.test(left);
                self.test(right);
            }
            ExtendedTestExpr::Not(inner) | ExtendedTestExpr::Parenthesized(inner) => self.test(inner),
            ExtendedTestExpr::UnaryTest(_, word) => self.word(word),
            ExtendedTestExpr::BinaryTest(_, left, right) => {
                self.word(left);
                self.word(right);
            }
        }
    }

    fn word(&mut self, word: &Word) {
        if has_substitution(&word.value) {
            match brush_parser::word::parse(&word.value, &self.options) {
                Ok(pieces) => self.pieces(&word.value, &pieces),
                Err(_) => self.failed = true,
            }
        }
    }

    /// The substitutions of a text in which quotes are no quotes.
    fn expansions(&mut self, text: &str) {
        if self.depth > MAX_DEPTH {
            self.failed = true;
        } else if has_substitution(text) {
            match brush_parser::word::parse_heredoc(text, &self.options) {
                Ok(pieces) => self.pieces(text, &pieces),
                Err(_) => self.failed = true,
            }
        }
    }

    fn pieces(&mut self, text: &str, pieces: &[WordPieceWithSource]) {
        self.depth += 1;
        for piece in pieces {
            match &piece.piece {
                WordPiece::CommandSubstitution(text) | WordPiece::BackquotedCommandSubstitution(text) => self.text(text),
                WordPiece::DoubleQuotedSequence(inner) | WordPiece::GettextDoubleQuotedSequence(inner) => self.pieces(text, inner),
                WordPiece::ArithmeticExpression(expression) => self.expansions(&expression.value),
                WordPiece::ParameterExpansion(_) => {
                    let inside = text.get(piece.start_index..piece.end_index).and_then(|t| t.strip_prefix("${")?.strip_suffix('}'));
                    self.expansions(inside.unwrap_or(""));
                }
                WordPiece::Text(_)
                | WordPiece::SingleQuotedText(_)
                | WordPiece::AnsiCQuotedText(_)
                | WordPiece::TildeExpansion(_)
                | WordPiece::EscapeSequence(_) => {}
            }
        }
        self.depth -= 1;
    }
}

fn has_substitution(text: &str) -> bool {
    text.contains("$(") || text.contains('`') || text.contains("<(") || text.contains(">(")
}
