//! What every run does, done once before there is one: the first script then finds code, tables and memory in place.

use starlark::environment::Module;
use starlark::eval::Evaluator;

use super::evaluate::parse;
use super::json::JsonWalk;
use crate::builtins::Builtins;
use crate::limits::Limits;
use crate::source::Source;
use crate::verify;

/// A little of everything that scripts are made of, but for what asks who runs it (`len`, `in`, `==`, effects): here nobody does. Nothing of it
/// is left when it has ended.
pub(super) const ALL: &str = r#"
def words(text, most = 3):
    found = {}
    for word in text.split(" "):
        if word:
            found[word] = [i for i in range(most)]
        else:
            continue
    return found

found = words("to be or not %s" % "".join(["a", "b"]))
result = {"keys": list(found.keys()), "line": f"{found}".strip()[:20], "pair": (1 + 2 * 3, None, True)}
"#;

/// The least that a script is: enough for the memory of one's own that a copied process still has to get.
pub(super) const LEAST: &str = "result = \"%s\" % 1\n";

/// Evaluates a script that has no effects; what came out.
pub(super) fn warm_up(builtins: &Builtins, script: &str) -> Option<String> {
    let source = Source::new("warm-up", script);
    let mut ast = parse(&source, &Limits::default()).ok()?;
    let _ = verify::facts(&ast, &source, builtins);
    builtins.compare_strictly(&mut ast);
    Module::with_temp_heap(|module| {
        let mut eval = Evaluator::new(&module);
        eval.eval_module(ast, builtins.globals()).ok()?;
        JsonWalk::new(4096).text(module.get("result")?).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_runs_to_its_end() {
        let builtins = Builtins::new();
        assert_eq!(warm_up(&builtins, LEAST).unwrap(), r#""1""#);
        let result = warm_up(&builtins, ALL).unwrap();
        assert!(result.starts_with(r#"{"keys":["to","be","or","not","ab"],"line":"#), "{result}");
    }
}
