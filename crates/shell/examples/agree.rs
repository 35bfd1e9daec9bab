//! tmp
use aegis_shell::*;
fn main(){
 for f in ["shell_cases","shell_bypasses","shell_evasions"] {
  let t=std::fs::read_to_string(format!("tests/corpus/{f}.jsonl")).unwrap();
  for l in t.lines() { let v: serde_json::Value = serde_json::from_str(l).unwrap();
   let c=v["command"].as_str().unwrap();
   let s=parse(c, Dialect::Bash);
   if !s.unknown.is_empty() { println!("{} {:?}\n    {:?}", v["id"], c, s.unknown.iter().map(|u| u.cause.text()).collect::<Vec<_>>()); }
  }}
}
