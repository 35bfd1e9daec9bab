//! `aegis init`: five languages, each a policy that loads, passes its own tests and is trusted.

use crate::place::Place;

#[test]
fn each_language() {
    let Some(place) = Place::with_home("init::each_language") else { return };
    place.file("script.star", "print(fs.exists(\"README.md\"))");
    for lang in ["python", "node", "ruby", "rust", "go"] {
        let ended = place.aegis(&["init", "--lang", lang, "--force"]);
        assert!(ended.is(0, &[]).out.starts_with("wrote aegis.toml\n"), "{ended:#?}");
        let ended = place.aegis(&["policy", "validate"]);
        assert!(ended.is(0, &[]).out.contains("valid; "), "{ended:#?}");
        // in full, without a banner: it is trusted
        let ended = place.aegis(&["run", "script.star"]);
        ended.is(0, &[]).prints("False\n");
        assert_eq!(ended.err, "");
        assert!(place.aegis(&["why", "exec", "git", "status"]).is(0, &[]).out.starts_with("allowed"));
        place.aegis(&["why", "exec", "git", "push", "--force"]).is(2, &[]);
        place.aegis(&["why", "fs.read", ".env"]).is(2, &[]);
        place.aegis(&["why", "fs.write", "aegis.toml"]).is(2, &[]);
    }
}

#[test]
fn an_existing_file_stays_unless_forced() {
    let Some(place) = Place::with_home("init::an_existing_file_stays_unless_forced") else { return };
    place.file("aegis.toml", "# mine\n");
    place.aegis(&["init", "--lang", "go"]).is(5, &["aegis: aegis.toml exists; --force replaces it\n"]).in_one_line();
    assert_eq!(place.read("aegis.toml"), "# mine\n");
    place.aegis(&["init", "--lang", "go", "--force"]).is(0, &[]);
    assert!(place.read("aegis.toml").contains("go "));
}

#[test]
fn elsewhere_and_to_standard_output() {
    let Some(place) = Place::with_home("init::elsewhere_and_to_standard_output") else { return };
    let shown = place.aegis(&["init", "--lang", "python", "--output", "-"]);
    assert!(shown.is(0, &[]).out.contains("inherits = \"secure-defaults\""));
    assert_eq!(std::fs::read_dir(&place.project).unwrap().count(), 0, "nothing written");
    place.aegis(&["init", "--lang", "python", "-o", "agents.aegis.toml"]).is(0, &[]);
    assert_eq!(place.read("agents.aegis.toml"), shown.out);
    place.aegis(&["init", "--lang", "python", "-o", "no/such/dir.toml"]).is(5, &["no/such/dir.toml: "]).in_one_line();
    place.aegis(&["init", "--lang", "cobol"]).is(64, &["cobol", "python"]);
}
