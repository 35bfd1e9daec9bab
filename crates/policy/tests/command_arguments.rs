//! `deny_args`: one entry catches every spelling, and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod command_line;

use aegis_policy::ArgPattern;
use command_line::request;

/// Command, words of the entry, command lines that it catches, command lines that it does not.
fn check(command: &str, words: &str, caught: &[&str], free: &[&str]) {
    let pattern = ArgPattern::parse(command, words).unwrap();
    for (lines, expected) in [(caught, true), (free, false)] {
        for line in lines {
            let request = request(line);
            assert_eq!(pattern.matches(&request), expected, "{command} `{words}` on `{line}`: {:?}", request.normalised());
        }
    }
}

#[test]
fn git_push() {
    let forced = [
        "git push --force",
        "git push origin main --force",
        "git push -f",
        "git push origin main -f",
        "git push -uf origin main",
        "git push -fu origin main",
        "git push origin +main",
        "git push origin +HEAD:main",
        "git push --forc",
        "git push --fo origin",
        "git push --force=x",
        "git -C dir push -f",
        "git -c a=b --no-pager push origin main -f",
        "git --git-dir=x push -f",
        "/usr/bin/git push -f",
        "env git push -f",
        "env A=1 nice -n 5 git push -f",
        "find . -exec git push -f ;",
        "xargs -n1 git push -f",
        "sh -c 'git push -f'",
        "timeout 5 git push origin +x",
    ];
    let free = [
        "git push origin main",
        "git push --force-with-lease origin main",
        "git push --force-if-includes",
        "git status --force",
        "git push -- origin main",
        "git commit -m --force",
    ];
    check("git", "push --force", &forced, &free);
    check("git", "push -f", &forced, &free);
    check("git", "--force", &["git push -f", "git push --force", "git checkout -f", "git clean -f"], &["git push", "git log --format=%h"]);
    check("git", "push --force-with-lease", &["git push --force-with-lease", "git push --force-with-lease=main origin"], &["git push -f"]);
    check(
        "git",
        "push --delete",
        &["git push origin :main", "git push -d origin main", "git push --del origin main"],
        &["git push origin a:b"],
    );
    check(
        "git",
        "push origin main",
        &["git push origin main", "git push -u origin main", "git push origin --tags main"],
        &["git push other main", "git push origin dev"],
    );
    check("git", "push --mirror", &["git push --mirror", "git push --mir x"], &["git push"]);
    check("git", "push --no-verify", &["git push --no-verify", "git push --no-ver"], &["git push", "git push --verify"]);
}

#[test]
fn git_others() {
    check(
        "git",
        "reset --hard",
        &["git reset --hard", "git reset -q --hard HEAD~3", "git reset HEAD~3 --hard", "git reset --har", "git -C x reset --hard"],
        &["git reset", "git reset --soft HEAD", "git reset -- --hard"],
    );
    check(
        "git",
        "commit --amend",
        &["git commit --amend", "git commit -m x --am", "git commit -a --amend --no-edit"],
        &["git commit -m --amend", "git commit"],
    );
    check("git", "commit --no-verify", &["git commit -n", "git commit -nm x", "git commit -anm x"], &["git commit -m -n"]);
    check("git", "-c", &["git -c a=b log", "git -ca=b log"], &["git log", "git commit -c HEAD"]);
    check("git", "-c core.pager=*", &["git -c core.pager=x log"], &["git -c color.ui=never log"]);
    check("git", "remote add", &["git remote add x y", "git remote -v add x y"], &["git remote", "git remote rm x", "git add remote"]);
    check("git", "remote remove", &["git remote rm x", "git remote remove x"], &["git remote add x y"]);
    check("git", "checkout -B", &["git checkout -B x", "git checkout -qB x"], &["git checkout -b x"]);
    check("git", "clean -f", &["git clean -fdx", "git clean --force", "git clean -d -x -f"], &["git clean -n"]);
    check("git", "branch -D", &["git branch -D x"], &["git branch -d x"]);
    check("git", "rebase --exec", &["git rebase -x make", "git rebase --exec=make", "git rebase -xmake"], &["git rebase main"]);
}

#[test]
fn tools_with_a_grammar() {
    check(
        "sed",
        "-i",
        &[
            "sed -i s/a/b/ f",
            "sed -iE s/a/b/ f",
            "sed -Ei s/a/b/ f",
            "sed --in-place=.bak s/a/b/ f",
            "sed --in s/a/b/ f",
            "sed s/a/b/ f -i",
            "gsed -ni p f",
        ],
        &["sed -n p f", "sed -e -i f"],
    );
    check("find", "-delete", &["find . -delete", "find . -name x -delete"], &["find . -name -delete", "find delete"]);
    check("find", "-exec", &["find . -exec rm {} ;"], &["find . -execdir rm {} ;", "find . -name -exec"]);
    check("rm", "-r", &["rm -r x", "rm -R x", "rm --recursive x", "rm -fr x", "rm --rec x", "rm x -rf"], &["rm x", "rm -f x", "rm -- -r"]);
    check("rm", "-rf /", &["rm -rf /", "rm -f -r /", "rm -r --force x /"], &["rm -rf /tmp", "rm -r /"]);
    check("sort", "-o", &["sort -o x y", "sort -uox y", "sort --outp=x y"], &["sort y", "sort -k o"]);
    check("tar", "--to-command", &["tar --to-command=x -xf a", "tar --to-com x -xf a"], &["tar -xf a"]);
    check("tar", "-P", &["tar xPf a", "tar -xf a --absolute-names"], &["tar xf a"]);
    check("curl", "-T", &["curl -T f u", "curl -sTf u", "curl --upload-file f u", "curl --upload f u"], &["curl -o -T u"]);
    check(
        "python",
        "-c",
        &["python -c x", "python3 -Ic x", "python3.11 -c x", "env python3 -c x"],
        &["python run-checks.py", "python x.py -c"],
    );
    check("python", "-m pip", &["python -m pip install x", "python3 -Im pip"], &["python -m pytest", "python pip"]);
    check("npm", "run", &["npm run x", "npm run-script x", "npm --silent run x", "npm urn x"], &["npm test", "npm view run"]);
    check("npm", "install", &["npm i x", "npm insta x", "npm add x"], &["npm ci"]);
    check("cargo", "test", &["cargo t", "cargo +nightly test", "cargo -q test"], &["cargo build"]);
    check("go", "test -exec", &["go test -exec=x ./...", "go test --exec x", "go test ./... -exec x"], &["go test -run exec"]);
    check("make", "-f", &["make -f x", "make -Bf x", "make --makefile=x", "make --file x", "make --mak=x"], &["make x", "make -o f"]);
}

#[test]
fn tools_without_a_grammar() {
    check(
        "frob",
        "--delete",
        &["frob --delete x", "frob x --delete", "frob --delete=true", "frob --del"],
        &["frob --delete-after", "frob delete"],
    );
    check("frob", "-c", &["frob -c x", "frob -Ic x", "frob x -c"], &["frob x", "frob --c-thing"]);
    check("frob", "-rf", &["frob -rf", "frob -fr x", "frob -r -f"], &["frob -r"]);
    check(
        "frob",
        "compose up",
        &["frob compose up", "frob compose -f x.yml up -d", "frob --log debug compose up"],
        &["frob run compose", "frob up"],
    );
    check("frob", "run --privileged", &["frob run -it --privileged x"], &["frob run x"]);
}

#[test]
fn a_file_of_another_name_is_what_it_is() {
    let pattern = ArgPattern::parse("git", "push --force").unwrap();
    let link = request("g push -f");
    assert!(!pattern.matches(&link));
    assert!(pattern.matches(&link.with_binary("/usr/bin/git".into())));
    // A multi-call binary is what it was started as.
    assert!(!ArgPattern::parse("busybox", "-f").unwrap().matches(&request("rm -f x").with_binary("/bin/busybox".into())));
}

#[test]
fn what_is_no_pattern_is_refused() {
    for (command, words) in [
        ("git", ""),
        ("git", "  "),
        ("", "push"),
        ("/usr/bin/git", "push"),
        ("g*", "push"),
        ("git", "push 'x"),
        ("git", "** push"),
        ("git", "a\nb"),
    ] {
        assert!(ArgPattern::parse(command, words).is_err(), "{command} {words}");
    }
}
