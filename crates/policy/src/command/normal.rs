//! One spelling for all command lines that mean the same.

use super::grammar::{self, Arity, OptionSpec};
use super::request::{ExecRequest, OptionArgument};

impl ExecRequest {
    /// The argv in its canonical spelling: program, then each subcommand with the options in front of it, then the options of the last one,
    /// then the words. For people; decisions are made on the parts.
    #[must_use]
    pub fn normalised(&self) -> Vec<String> {
        let Some((_, grammar)) = grammar::grammar_of(&self.program) else { return self.argv.clone() };
        let mut out = vec![self.program.clone()];
        if !grammar.style.end {
            out.extend(self.words.iter().cloned());
        }
        let mut rest = false;
        for depth in 0..=self.subcommand.len() {
            for (option, spec) in self.options.iter().zip(&self.specs).filter(|(option, _)| option.depth == depth) {
                push_option(&mut out, option, *spec);
                rest |= spec.is_some_and(|s| s.effects.rest);
            }
            out.extend(self.subcommand.get(depth).cloned());
        }
        if grammar.style.end {
            if !rest && !self.words.is_empty() {
                out.push("--".to_owned());
            }
            out.extend(self.words.iter().cloned());
        }
        out
    }
}

fn push_option(out: &mut Vec<String>, option: &OptionArgument, spec: Option<&OptionSpec>) {
    let is_long = option.name.starts_with("--");
    match (&option.value, spec.map(|s| s.arity)) {
        (Some(value), _) if is_long => out.push(format!("{}={value}", option.name)),
        (Some(value), Some(Arity::Required(_))) => out.extend([option.name.clone(), value.clone()]),
        (Some(value), _) if option.name.chars().count() > 2 => out.push(format!("{}={value}", option.name)),
        (Some(value), _) => out.push(format!("{}{value}", option.name)),
        (None, _) => out.push(option.name.clone()),
    }
    if spec.is_some_and(|s| s.arity == Arity::UntilSemicolon) {
        out.extend(option.command.iter().cloned());
        out.push(";".to_owned());
    }
}
