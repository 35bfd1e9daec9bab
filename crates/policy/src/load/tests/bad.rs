//! Texts that do not load, with the exact error.

use super::*;

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(message(text), format!("policy.toml:{expected}"), "{text}");
    }
}

#[test]
fn unknown_names() {
    check(&[
        (
            "\n\n[filesystem]\n\nread_allow = []\n\nread_alow = []\n",
            "7:1: unknown key \"read_alow\" in [filesystem]; did you mean \"read_allow\"?",
        ),
        ("[filesytem]\n", "1:2: unknown section [filesytem]; did you mean \"filesystem\"?"),
        ("[functions]\n", "1:2: unknown section [functions]"),
        ("[[flows]]\n", "1:3: unknown section [flows]; did you mean \"flow\"?"),
        ("inherit = \"x\"\n", "1:1: unknown key \"inherit\" at the top of the file; did you mean \"inherits\"?"),
        ("read_allow = []\n", "1:1: unknown key \"read_allow\" at the top of the file; it belongs to [filesystem]"),
        ("[filesystem]\nallow_vars = []\n", "2:1: unknown key \"allow_vars\" in [filesystem]; it belongs to [environment]"),
        ("[filesystem]\n\"a\\u001bb\" = 1\n", "2:1: unknown key \"a\\u{1b}b\" in [filesystem]"),
        ("[filesystem.denny]\n", "1:13: unknown key \"denny\" in [filesystem]; did you mean \"deny\"?"),
        ("[[flow]]\nfrom = \"env:X\"\nto = []\nvia = 1\n", "4:1: unknown key \"via\" in [[flow]]"),
        ("[tools.Read]\ncapabilites = []\n", "2:1: unknown key \"capabilites\" in [tools]; did you mean \"capabilities\"?"),
        (
            "[filesystem]\ndeny = [{ match = \"x\", resaon = \"y\" }]\n",
            "2:24: unknown key \"resaon\" in an entry of [filesystem].deny; did you mean \"reason\"?",
        ),
        ("requires_approval = [\"database.write\"]\n", "1:22: unknown capability \"database.write\" in requires_approval"),
        (
            "requires_approval = [\"fs.wrte src/**\"]\n",
            "1:22: unknown capability \"fs.wrte\" in requires_approval; did you mean \"fs.write\"?",
        ),
        (
            "[runtime]\nmax_calls_per_capability = { \"net.post\" = 1 }\n",
            "2:30: unknown capability \"net.post\" in [runtime].max_calls_per_capability",
        ),
        (
            "[runtime]\nmax_calls_per_capability = { fs.read = 1 }\n",
            "2:30: unknown capability \"fs\" in [runtime].max_calls_per_capability",
        ),
        ("[tools]\nRead = [\"fs.raed\"]\n", "2:9: unknown capability \"fs.raed\" in [tools].capabilities; did you mean \"fs.read\"?"),
        ("inherits = \"base-rule\"\n", "1:12: unknown preset \"base-rule\"; did you mean \"base-rules\"?"),
        ("inherits = [\"base-rules\", \"zzz\"]\n", "1:27: unknown preset \"zzz\""),
        ("inherits = \"team.toml\"\n", "1:12: unknown preset \"team.toml\"; a file is written \"./team.toml\""),
    ]);
}

#[test]
fn wrong_types() {
    let list = "must be a list of strings or of tables { match, reason }";
    check(&[
        ("[filesystem]\ndeny = \"x\"\n", &format!("2:8: [filesystem].deny {list}, not a string")),
        ("[filesystem]\ndeny = [\"x\", 1]\n", &format!("2:14: [filesystem].deny {list}, not a whole number")),
        ("[filesystem]\ndeny = [[\"x\"]]\n", &format!("2:9: [filesystem].deny {list}, not a list")),
        ("[filesystem]\ndeny = [{ reason = \"x\" }]\n", "2:9: an entry of [filesystem].deny has no \"match\""),
        ("[filesystem]\ndeny = [{ match = 1 }]\n", "2:19: [filesystem].deny must be a string in match, not a whole number"),
        ("filesystem = 1\n", "1:1: [filesystem] must be a section, not a whole number"),
        ("[[filesystem]]\n", "1:3: [filesystem] must be a section, not a list"),
        ("[flow]\nfrom = \"env:X\"\n", "1:2: [[flow]] must be written with two brackets: it may stand any number of times"),
        ("flow = [1]\n", "1:9: [[flow]] must be a table, not a whole number"),
        ("name = 1979-05-27\n", "1:8: name must be a string, not a date"),
        ("[runtime]\noverride = \"yes\"\n", "2:12: [runtime].override must be true or false, not a string"),
        ("[runtime]\nmax_seconds = 1.5\n", "2:15: [runtime].max_seconds must be a whole number of seconds, not a number with a fraction"),
        (
            "[runtime]\nmax_calls_per_capability = 3\n",
            "2:28: [runtime].max_calls_per_capability must be a table of capability and number of calls, not a whole number",
        ),
        (
            "[subprocess]\ndeny_args = [\"x\"]\n",
            "2:13: [subprocess].deny_args must be a table of command and list of arguments, not a list",
        ),
        ("[subprocess]\ndeny_args = { git = \"x\" }\n", &format!("2:21: [subprocess].deny_args {list}, not a string")),
        ("[tools]\nRead = 1\n", "2:8: [tools].Read must be a list of capabilities or a table, not a whole number"),
        ("[agents]\nnative = 1\n", "2:10: [agents].native must be a table of settings per agent, not a whole number"),
        ("[agents]\nnative.claude = 1\n", "2:17: [agents].native must be a table of settings per agent, not a whole number"),
        ("inherits = [1]\n", "1:13: inherits must be a string or a list of strings, not a whole number"),
    ]);
}

#[test]
fn wrong_values() {
    check(&[
        ("version = 2\n", "1:11: version 2 is not known here; this program reads version 1"),
        ("strange = 1\nversion = 9\n", "2:11: version 9 is not known here; this program reads version 1"),
        ("version = \"1\"\n", "1:11: version must be the number 1, not a string"),
        ("[runtime]\nmax_steps = 0\n", "2:13: [runtime].max_steps must be at least 1: a limit bounds, it does not forbid"),
        ("[runtime]\nmax_steps = -5\n", "2:13: [runtime].max_steps must be at least 1: a limit bounds, it does not forbid"),
        ("[runtime]\nmax_callstack_size = 4294967296\n", "2:22: [runtime].max_callstack_size must be at most 4294967295 calls"),
        ("[network]\ntimeout_seconds = 9223372036854775807\n", "2:19: [network].timeout_seconds must be at most 3155760000 seconds"),
        (
            "[runtime]\nmax_steps = 99999999999999999999999999999999999999999999\n",
            "2:13: [runtime].max_steps must be at most 9223372036854775807 steps",
        ),
        (
            "[runtime]\nmax_calls_per_capability = { \"fs.read\" = 0 }\n",
            "2:42: [runtime].max_calls_per_capability.\"fs.read\" must be at least 1: a limit bounds, it does not forbid",
        ),
        ("[filesystem]\ndeny = [\"\"]\n", "2:9: [filesystem].deny has an empty string"),
        ("[filesystem]\ndeny = [\" \"]\n", "2:9: [filesystem].deny has an empty string"),
        ("[filesystem]\ndeny = [\"!\"]\n", "2:9: [filesystem].deny has a \"!\" that names nothing"),
        ("[filesystem]\ndeny = [\"a\\u0000b\"]\n", "2:9: [filesystem].deny has the control character U+0000"),
        ("[filesystem]\ndeny = [\"a\\nb\"]\n", "2:9: [filesystem].deny has the control character U+000A"),
        ("[filesystem]\ndeny = [\"a\\u009bb\"]\n", "2:9: [filesystem].deny has the control character U+009B"),
        ("name = \"\"\n", "1:8: name has an empty string"),
        (
            "[subprocess]\ndeny_args = { \"\" = [\"x\"] }\n",
            "2:15: [subprocess].deny_args has a command name that is empty or has control characters",
        ),
        (
            "[network]\nallow_ips = [\"10.0.0.0/33\"]\n",
            "2:14: \"10.0.0.0/33\" in [network].allow_ips is no address and no network such as 10.0.0.0/8",
        ),
        ("[network]\ndeny_hosts = [\"a b\"]\n", "2:15: \"a b\" in [network].deny_hosts has white space in a host"),
        ("[environment]\nallow_vars = [\"A=b\"]\n", "2:15: \"A=b\" in [environment].allow_vars is no name of a variable"),
        (
            "[subprocess]\nconfine = \"requird\"\n",
            "2:11: [subprocess].confine must be \"off\", \"auto\" or \"required\", not \"requird\"; did you mean \"required\"?",
        ),
        ("[subprocess]\nnetwork = \"none\"\n", "2:11: [subprocess].network must be \"proxy\" or \"deny\", not \"none\""),
        (
            "[subprocess]\nsandbox = \"none\"\nconfine = \"off\"\n",
            "2:1: \"sandbox\" is the older name of \"confine\"; state only \"confine\"",
        ),
        (
            "[[flow]]\nfrom = \"TOKEN\"\nto = []\n",
            "2:8: \"TOKEN\" in [flow].from must be one of env:..., file:..., host:..., command:..., arg:...",
        ),
        ("[[flow]]\nfrom = \"env:A\"\nto = [\"env:B\"]\n", "3:7: \"env:B\" in [flow].to must be one of host:..., command:..., file:..."),
        (
            "[[flow]]\nfrom = \"env:\"\nto = []\n",
            "2:8: \"env:\" in [flow].from must be one of env:..., file:..., host:..., command:..., arg:...",
        ),
        ("[[flow]]\nfrom = []\nto = []\n", "1:1: [flow].from names no source"),
        ("[[flow]]\nfrom = \"env:A\"\n", "1:1: [[flow]] has no \"to\""),
        ("\n  [[declassify]]\nfrom = \"env:A\"\nreason = \"r\"\nshape = \"int\"\n", "2:3: [[declassify]] has no \"max_bytes\""),
        ("[[declassify]]\nfrom = \"env:A\"\nreason = \"r\"\nmax_bytes = 1\n", "1:1: [[declassify]] has no \"shape\""),
        (
            "[[declassify]]\nfrom = \"env:A\"\nreason = \"r\"\nmax_bytes = 1\nshape = \"one-of\"\n",
            "5:9: [declassify].shape = \"one-of\" goes with one_of = [\"...\"] and nothing else",
        ),
        (
            "[[declassify]]\nfrom = \"env:A\"\nreason = \"r\"\nmax_bytes = 1\nshape = \"int\"\nregex = \"x\"\n",
            "5:9: [declassify].shape = \"int\" goes with neither one_of nor regex",
        ),
        (
            "[[test]]\naccess = \"exec ls\"\nexpect = \"denied\"\n",
            "3:10: [test].expect must be \"allow\", \"ask\" or \"deny\", not \"denied\"",
        ),
        ("[tools.X]\ndescription = \"d\"\n", "1:8: [tools] has no \"capabilities\""),
    ]);
}

#[test]
fn broken_toml_and_its_places() {
    check(&[
        ("a", "1:2: not valid TOML: key with no value, expected `=`"),
        ("name = \"x\"\nname = \"y\"\n", "2:1: not valid TOML: duplicate key"),
        ("[runtime]\n[runtime]\n", "2:2: not valid TOML: duplicate key"),
        ("# é\r\nname = \"ü\"\r\nx = [\r\n  tru\r\n]\r\n", "4:3: not valid TOML: invalid boolean, expected `true`"),
    ]);
}

#[test]
fn places_behind_crlf_and_unicode() {
    check(&[
        ("name = \"ü\"\r\n\r\n[filesystem]\r\ndenny = []\r\n", "4:1: unknown key \"denny\" in [filesystem]; did you mean \"deny\"?"),
        ("[filesystem]\ndeny = [\"äöü\", \"\"]\n", "2:16: [filesystem].deny has an empty string"),
        ("[filesystem]\ndeny = [\"😀\", \"\"]\n", "2:14: [filesystem].deny has an empty string"),
        ("\u{feff}denny = 1\n", "1:1: unknown key \"denny\" at the top of the file"),
    ]);
}

#[test]
fn the_first_error_of_the_file_is_told() {
    check(&[
        ("[runtime]\nzz = 1\n[filesystem]\nzz = 2\n", "2:1: unknown key \"zz\" in [runtime]"),
        ("zz = 1\naa = 2\n", "1:1: unknown key \"zz\" at the top of the file"),
    ]);
}

#[test]
fn depth_and_size_are_bounded() {
    for text in [
        format!("{}a = 1", "a.".repeat(200_000)),
        format!("[{}a]", "a.".repeat(200_000)),
        format!("name = {}", "[".repeat(400_000)),
        format!("name = {}", "{a=".repeat(200_000)),
    ] {
        let error = message(&text);
        assert!(error.contains("not valid TOML") && error.contains("recur"), "{error}");
    }
    let long = format!("# {}\n", "x".repeat(1 << 20));
    assert_eq!(message(&long), "policy.toml: a policy has at most 1048576 bytes, not 1048579");
}
