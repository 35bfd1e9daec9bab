//! `aegis why`: a question about a real object, resolved as the gate would resolve it, without doing anything.

use std::path::Path;

use aegis_policy::{PathOp, Policy, Question};

use crate::environment::Environment;
use crate::resolve::{Binary, Tree, search_path};

/// Reads an access in words (`fs.write src/x.rs`, `exec git push -f`) and resolves what it names: links in paths, the program of a
/// command, the files its arguments name. What `why` answers is what a run would be told.
///
/// # Errors
/// What the words should be, or why the policy root cannot be opened.
pub fn resolve_question(words: &[String], policy: &Policy, home: Option<&Path>, environment: &Environment) -> Result<Question, String> {
    let question = Question::parse(words, policy.root()).map_err(|e| e.to_string())?;
    let tree = Tree::new(policy.root(), home).map_err(|e| format!("the policy root cannot be opened: {e}"))?;
    Ok(match question {
        Question::Path { op: PathOp::Delete, path } => Question::Path { op: PathOp::Delete, path: tree.name_leads_to(&path) },
        Question::Path { op, path } => Question::Path { op, path: tree.leads_to(&path).0 },
        Question::Exec(request) => {
            let word = request.argv().first().map(String::as_str).unwrap_or_default();
            let found = Binary::resolve(word, &search_path(environment.get("PATH")), policy.root());
            let mut resolved = match found {
                Ok(binary) => request.with_binary(binary.real),
                Err(_) => *request,
            };
            resolved.resolve_files(|path| tree.leads_to(path));
            Question::Exec(Box::new(resolved))
        }
        other => other,
    })
}
