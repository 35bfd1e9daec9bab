//! The rules of the corpora as a policy.

use std::fmt::Write as _;
use std::path::Path;

use aegis_policy::{Finder, Policy, Surroundings};
use serde_json::Value;

/// Rules that were read.
pub struct Rules {
    lists: [Vec<String>; 3],
    options: Vec<(bool, String, String)>,
}

impl Rules {
    /// Reads the rules of a row. An error if one of them says what no pattern of a policy can: a wildcard for the command, any words in
    /// the middle, a star that is no wildcard, no words at all behind a lone name.
    pub fn read(rules: &Value) -> Result<Rules, String> {
        if rules.is_string() {
            // an example of that mediator, which allows commands that run others
            let allow = ["env", "xargs", "find", "awk", "make", "sort", "git grep **", "node", "echo", "git status **"];
            let allow = allow.map(str::to_owned).to_vec();
            return Ok(Rules { lists: [allow, vec![], vec!["rm".to_owned()]], options: vec![] });
        }
        let mut out = Rules { lists: [vec![], vec![], vec![]], options: vec![] };
        for (index, list) in ["allow", "ask", "deny"].into_iter().enumerate() {
            for rule in rules[list].as_array().unwrap_or(&vec![]) {
                match rule.as_str() {
                    Some(text) => out.lists[index].push(pattern(text)?),
                    None => {
                        let many = |v: &Value| v.as_array().map_or_else(|| vec![v.clone()], Clone::clone);
                        for command in many(&rule["command"]) {
                            for option in many(&rule["when"]["hasOption"]) {
                                out.options.push((
                                    list == "deny",
                                    command.as_str().unwrap().to_owned(),
                                    option.as_str().unwrap().to_owned(),
                                ));
                            }
                        }
                    }
                }
            }
        }
        Ok(out)
    }

    /// The policy. Files may be read, all but one that a row calls secret; writing is asked about; where `rm` is denied, nothing is removed.
    pub fn policy(&self) -> Policy {
        let list = |words: &[String]| words.iter().map(|w| format!("{w:?}")).collect::<Vec<_>>().join(", ");
        let removes = if self.lists[2].iter().any(|rule| rule.starts_with("rm")) { "" } else { "\"/**\", \"/\"" };
        let mut text = format!(
            "requires_approval = [\"fs.write\"]\n[filesystem]\nread_allow = [\"/**\"]\nwrite_allow = [\"/**\"]\ndelete_allow = [{removes}]\ndeny = [\"secret\"]\n\
             [subprocess]\nallow_commands = [{}]\nask_commands = [{}]\ndeny_commands = [{}]\n",
            list(&self.lists[0]),
            list(&self.lists[1]),
            list(&self.lists[2])
        );
        for (denies, key) in [(true, "deny_args"), (false, "requires_approval_args")] {
            let mut commands: Vec<&String> = self.options.iter().filter(|o| o.0 == denies).map(|o| &o.1).collect();
            commands.dedup();
            let entries = commands.iter().map(|command| {
                let options: Vec<String> = self.options.iter().filter(|o| o.0 == denies && o.1 == **command).map(|o| o.2.clone()).collect();
                format!("{command} = [{}]", list(&options))
            });
            let entries = entries.collect::<Vec<_>>().join(", ");
            writeln!(text, "{key} = {{ {entries} }}").unwrap();
        }
        let finder = Finder::of_this_user().with_home(Path::new("/home/mia"));
        Policy::from_text("corpus.toml", &text, Path::new("/work"), &finder, &Surroundings::default())
            .unwrap_or_else(|e| panic!("{e}\n{text}"))
    }
}

fn pattern(rule: &str) -> Result<String, String> {
    let inside = rule.strip_prefix("Bash(").and_then(|r| r.strip_suffix(')')).ok_or(rule)?;
    let (words, open) = inside.strip_suffix(":*").map_or((inside, false), |words| (words, true));
    let words: Vec<&str> = words.split_whitespace().collect();
    let part = |word: &&str| word.contains('*') && *word != "*";
    if words[0].contains('*') || words.iter().any(part) || (words.len() == 1 && !open) {
        return Err(rule.to_owned());
    }
    let quoted = words.iter().map(|w| if w.contains('$') { format!("'{w}'") } else { (*w).to_owned() });
    let text = quoted.collect::<Vec<_>>().join(" ");
    Ok(if open && words.len() > 1 { format!("{text} **") } else { text })
}
