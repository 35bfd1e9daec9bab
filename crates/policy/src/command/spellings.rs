//! Every spelling that the grammars allow of every option they list is caught by one pattern.

use std::collections::BTreeSet;
use std::path::Path;

use proptest::prelude::*;

use super::grammar::{self, Abbreviate, Arity, Grammar, Level, OptionSpec};
use super::{ArgPattern, ExecRequest};

fn with_value(name: &str, arity: Arity, style_is_single_dash: bool) -> Vec<Vec<String>> {
    let long = name.starts_with("--") || (style_is_single_dash && name.chars().count() > 2);
    let words = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    match arity {
        Arity::None => vec![words(&[name])],
        Arity::Required(_) if long => vec![words(&[name, "v"]), words(&[&format!("{name}=v")])],
        Arity::Required(_) => vec![words(&[name, "v"]), words(&[&format!("{name}v")])],
        Arity::Optional(_) if long => vec![words(&[name]), words(&[&format!("{name}=v")])],
        Arity::Optional(_) => vec![words(&[name]), words(&[&format!("{name}v")])],
        Arity::UntilSemicolon => vec![words(&[name, "v", ";"])],
    }
}

fn spellings(grammar: &Grammar, level: &Level, spec: &OptionSpec) -> Vec<Vec<String>> {
    let style = &grammar.style;
    let mut all = Vec::new();
    for name in spec.names().filter(|n| n.starts_with('-')) {
        all.extend(with_value(name, spec.arity, style.single_dash));
        if style.abbreviate != Abbreviate::None && name.starts_with("--") {
            for end in BTreeSet::from([3, 4, name.len() / 2, name.len() - 1]).into_iter().filter(|end| (3..name.len()).contains(end)) {
                // Where a prefix is another option's own name it is that option.
                if level.option(&name[..end]).is_none() && grammar.root().unwrap().option(&name[..end]).is_none() {
                    all.extend(with_value(&name[..end], spec.arity, style.single_dash));
                }
            }
        }
        if style.cluster && name.chars().count() == 2 {
            let flag = |o: &&OptionSpec| o.arity == Arity::None && !o.effects.rest;
            for other in level
                .options()
                .iter()
                .filter(flag)
                .flat_map(OptionSpec::names)
                .filter(|n| n.chars().count() == 2 && n.starts_with('-'))
                .take(3)
            {
                // A cluster may spell a longer option (`-pe`); that is tried first.
                if level.option(other).is_some_and(|o| o.arity == Arity::None) {
                    for mut words in with_value(name, spec.arity, style.single_dash) {
                        words[0] = format!("{other}{}", &words[0][1..]);
                        all.push(words);
                    }
                }
            }
        }
    }
    all
}

/// A level that is looked through often has an index, which finds what a look through all finds.
#[test]
fn an_option_is_found_by_its_first_name_however_often_it_is_asked_for() {
    let mut compared = 0;
    for name in ["git", "cargo", "tar", "find", "curl", "go"] {
        let (_, grammar) = grammar::grammar_of(name).unwrap();
        for (_, level) in grammar.levels() {
            let names: Vec<&str> = level.options().iter().flat_map(OptionSpec::names).chain(["--no-such-option", "-", ""]).collect();
            for _ in 0..20 {
                for name in &names {
                    let first = level.options().iter().find(|option| option.is_named(name));
                    assert!(level.option(name).map(std::ptr::from_ref) == first.map(std::ptr::from_ref), "{name}");
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 20_000, "{compared}");
}

#[test]
fn every_spelling_of_every_option_is_caught() {
    let mut count = 0;
    for (file, names) in grammar::all_names() {
        let command = names[0];
        let (_, grammar) = grammar::grammar_of(command).unwrap();
        for (path, level) in grammar.levels() {
            for (at, spec) in level.options().iter().enumerate() {
                let shadowed = level.options()[..at].iter().any(|o| o.names().any(|n| spec.is_named(n)));
                if shadowed || spec.canonical().starts_with('+') {
                    continue;
                }
                let pattern = ArgPattern::parse(command, &[path.as_slice(), &[spec.canonical()]].concat().join(" ")).unwrap();
                for option in spellings(grammar, level, spec) {
                    let front: Vec<String> = [command].iter().chain(&path).map(|w| (*w).to_owned()).collect();
                    let words = vec!["word".to_owned(), "other".to_owned()];
                    let mut orders = vec![[front.clone(), option.clone()].concat()];
                    if !grammar.has_subs(&front[1..]) {
                        orders.push([front.clone(), option.clone(), words.clone()].concat());
                        if !grammar.style.stop {
                            orders.push([front.clone(), words, option.clone()].concat());
                        }
                    }
                    for argv in orders {
                        let request = ExecRequest::parse(&argv, Path::new("/work"));
                        assert!(pattern.matches(&request), "{file}: {argv:?} is {:?} {:?}", request.subcommand(), request.options());
                        count += 1;
                    }
                }
            }
        }
    }
    assert!(count > 10_000, "{count}");
}

/// Words that mean something to some grammar.
fn word() -> impl Strategy<Value = String> {
    let mut known: Vec<String> =
        vec!["--", "-", "+x", ";", "{}", "+", "a=b", "@f", "x:y", "/etc/x", "../y", "file:///z", "https://h/", "", "-x", "--x=y", "--no-x"]
            .into_iter()
            .map(str::to_owned)
            .collect();
    for (_, names) in grammar::all_names() {
        let (_, grammar) = grammar::grammar_of(names[0]).unwrap();
        known.extend(names.iter().map(|n| n.replace('*', "")));
        for (path, level) in grammar.levels().take(20) {
            known.extend(path.iter().map(|p| (*p).to_owned()));
            known.extend(level.options().iter().flat_map(OptionSpec::names).map(|n| n.to_string()));
        }
    }
    prop_oneof![4 => prop::sample::select(known), 1 => "\\PC{0,6}", 1 => "-[a-zA-Z]{1,4}"]
}

fn command() -> impl Strategy<Value = Vec<String>> {
    let names: Vec<String> = grammar::all_names().map(|(_, names)| names[0].to_owned()).collect();
    (prop::sample::select(names), prop::collection::vec(word(), 0..8)).prop_map(|(name, words)| [vec![name], words].concat())
}

proptest! {
    #[test]
    fn reading_never_panics_and_keeps_the_argv(argv in prop::collection::vec(prop_oneof![word(), any::<String>()], 0..12)) {
        let request = ExecRequest::parse(&argv, Path::new("/work"));
        prop_assert_eq!(request.argv(), argv);
        prop_assert!(request.files().iter().all(|f| f.path.is_absolute() && !f.path.components().any(|c| matches!(c, std::path::Component::ParentDir))));
    }

    #[test]
    fn the_normal_form_is_its_own_normal_form(argv in command()) {
        let once = ExecRequest::parse(&argv, Path::new("/work"));
        let applet = once.program() != argv[0];
        let no_value = once.options.iter().zip(&once.specs).any(|(o, s)| o.value.is_none() && s.is_some_and(|s| matches!(s.arity, Arity::Required(_))));
        let unsure = once.hazards().iter().any(|h| h.option.starts_with('-') && h.role == crate::Role::Config);
        // An option without its value, and one that fits several, have no other spelling.
        prop_assume!(!applet && !no_value && !unsure);
        let twice = ExecRequest::parse(&once.normalised(), Path::new("/work"));
        prop_assert_eq!(once.normalised(), twice.normalised());
        prop_assert_eq!(once.words(), twice.words());
        prop_assert_eq!(once.subcommand(), twice.subcommand());
        prop_assert_eq!(once.options(), twice.options());
    }

    #[test]
    fn fuzz_entry_never_panics(data in prop::collection::vec(any::<u8>(), 0..200)) {
        super::fuzz::command(&data);
    }

    #[test]
    fn a_pattern_of_quoted_words_allows_exactly_them(words in prop::collection::vec("[^'\\p{Cc}]{0,8}", 1..5), other in "\\PC{0,8}") {
        let text = format!("tool {}", words.iter().map(|w| format!("'{w}'")).collect::<Vec<_>>().join(" "));
        let pattern = super::CommandPattern::parse(&text).unwrap();
        let argv = |words: &[String]| ExecRequest::parse(&[vec!["tool".to_owned()], words.to_vec()].concat(), Path::new("/work"));
        prop_assert!(pattern.allows(&argv(&words)));
        let mut changed = words.clone();
        changed[0] = other;
        prop_assert_eq!(pattern.allows(&argv(&changed)), changed == words);
        changed.push("more".to_owned());
        prop_assert!(!pattern.allows(&argv(&changed)));
    }
}
