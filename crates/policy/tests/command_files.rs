//! What an argv means: the files it names (`r` read, `w` written, `d` removed; `~` likely, `?` possible) and the options a policy must name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod command_line;

use aegis_policy::{Certainty, ExecRequest, PathOp};
use command_line::request;

fn files(request: &ExecRequest) -> String {
    let one = |file: &aegis_policy::FileArgument| {
        let path = file.path.strip_prefix("/work").unwrap_or(&file.path).to_str().unwrap();
        let op = match file.op {
            PathOp::Read => "r",
            PathOp::Write => "w",
            PathOp::Delete => "d",
        };
        let certainty = match file.certainty {
            Certainty::Certain => "",
            Certainty::Likely => "~",
            Certainty::Possible => "?",
        };
        format!("{op}{certainty} {}", if path.is_empty() { "." } else { path })
    };
    request.files().iter().map(one).collect::<Vec<_>>().join(", ")
}

fn hazards(request: &ExecRequest) -> String {
    let named = request.hazards().iter().map(|h| format!("{} {}", h.role.name(), h.option));
    let never = request.built_in_deny().map(|words| format!("never {words}"));
    named.chain(never).collect::<Vec<_>>().join(", ")
}

/// Command line, files, hazards.
fn check(rows: &[(&str, &str, &str)]) {
    for (line, expected_files, expected_hazards) in rows {
        let request = request(line);
        assert_eq!((files(&request).as_str(), hazards(&request).as_str()), (*expected_files, *expected_hazards), "{line}");
        assert_eq!(request.malformed(), None, "{line}");
    }
}

#[test]
fn git() {
    check(&[
        ("git status", "", ""),
        ("git -C sub status", "r sub", ""),
        ("git -C sub --git-dir=../x status", "r sub, r x", "config --git-dir"),
        ("git -c core.pager=evil log", "", "config -c"),
        ("git -ccore.pager=evil log", "", "config -c"),
        ("git --config-env=core.pager=X log", "", "config --config-env"),
        ("git --exec-path=/tmp/x log", "", "exec --exec-path"),
        ("git --exec-path", "", ""),
        ("git --unknown-option status", "", "config --unknown-option"),
        ("git frobnicate", "r? frobnicate", "exec frobnicate"),
        ("git lfs pull", "r? lfs, r? pull", "exec lfs"),
        ("git clone ext::sh -c evil", "", "exec ext::, config --config"),
        ("git clone 'ext::sh -c evil' x", "w x", "exec ext::"),
        ("git clone https://example.com/r.git dir", "w dir", "net https://example.com/r.git"),
        ("git clone git@example.com:r.git", "", "net git@example.com:r.git"),
        ("git clone file:///srv/r.git", "r /srv/r.git", ""),
        ("git clone /srv/r.git", "r /srv/r.git", ""),
        ("git clone -u evil host:r.git", "", "exec --upload-pack, net host:r.git"),
        ("git clone --upload-pack=evil host:r.git", "", "exec --upload-pack, net host:r.git"),
        ("git clone --upload evil host:r.git", "", "exec --upload-pack, net host:r.git"),
        ("git clone --template=tpl host:r.git", "r tpl", "exec --template, net host:r.git"),
        ("git clone -c core.fsmonitor=evil host:r.git", "", "config --config, net host:r.git"),
        ("git fetch --upload-pack evil origin", "r? origin", "exec --upload-pack"),
        ("git push origin main", "r? origin", ""),
        ("git push --receive-pack=evil origin", "r? origin", "exec --receive-pack"),
        ("git push --exec evil origin", "r? origin", "exec --exec"),
        ("git push foo::bar main", "", "exec foo::"),
        ("git ls-remote --exec=evil host:r", "", "exec --exec, net host:r"),
        ("git archive --remote=ext::evil HEAD", "r? HEAD", "exec ext::"),
        ("git archive --remote=host:r --exec=evil HEAD", "r? HEAD", "net --remote, exec --exec"),
        ("git archive -o out.tar HEAD", "w out.tar, r? HEAD", ""),
        ("git diff --output=out HEAD", "w out, r? HEAD", ""),
        ("git diff --ext-diff", "", "exec --ext-diff"),
        ("git diff --no-index a b", "r a, r b", ""),
        ("git diff /etc/passwd /dev/null", "r~ /etc/passwd", ""),
        ("git diff -Oorder HEAD", "r order, r? HEAD", ""),
        ("git log --output=x -p", "w x", ""),
        ("git log -5 --format=%h -- src", "r? src", ""),
        ("git show HEAD:secret.env", "r? HEAD:secret.env, r? secret.env", ""),
        ("git grep -O foo", "", "exec --open-files-in-pager"),
        ("git grep -Oless foo", "", "exec --open-files-in-pager"),
        ("git grep --open-files-in-pager=evil foo", "", "exec --open-files-in-pager"),
        ("git grep -f patterns", "r patterns", ""),
        ("git grep -n foo src", "r? src", ""),
        ("git difftool HEAD", "r? HEAD", "exec difftool"),
        ("git difftool -x evil HEAD", "r? HEAD", "exec difftool, exec --extcmd"),
        ("git bisect run make test", "", "exec bisect run, exec make"),
        ("git bisect start", "r? start", ""),
        ("git submodule foreach evil", "", "exec submodule foreach, exec evil"),
        ("git submodule add ext::x sub", "w sub", "exec ext::"),
        ("git rebase -x 'make test' main", "r? main", "exec --exec"),
        ("git rebase --exec=evil main", "r? main", "exec --exec"),
        ("git rebase -i main", "r? main", ""),
        ("git commit -m msg", "", ""),
        ("git commit -F msg.txt --no-verify", "r msg.txt", ""),
        ("git commit -nm msg", "", ""),
        ("git config core.pager evil", "", "config config"),
        ("git config --get user.name", "", "config config"),
        ("git remote add evil ext::x", "", "exec ext::"),
        ("git remote rm origin", "", ""),
        ("git rm -r src/a", "d src/a", ""),
        ("git mv a b", "d a, w b", ""),
        ("git init --template=tpl", "r tpl", "exec --template"),
        ("git worktree add ../wt main", "w /wt, r? main", ""),
        ("git filter-branch --tree-filter evil", "r? evil", "exec filter-branch"),
        ("git apply fix.patch", "r fix.patch", ""),
        ("git stash push -m x", "", ""),
        ("git blame --contents secret file", "r secret, r? file", ""),
        ("git help -a", "", ""),
        ("git credential fill", "", "config credential"),
    ]);
}

#[test]
fn languages() {
    check(&[
        ("sed ':a w out' f", "r f, w out", ""),
        ("sed 'b a w out' f", "r f, w out", ""),
        ("sed 'v 4.2 w out' f", "r f, w out", ""),
        ("sed 's/a/b/ w out' f", "r f, w out", ""),
        ("sed 's/a/b/ e' f", "r f", "exec s/a/b/ e"),
        ("sed '{w out' f", "r f, w out", ""),
        ("sed ':n ~w out' f", "r f", "exec :n ~w out"),
        ("awk '1system(\"id\")'", "", "exec 1system(\"id\")"),
        ("awk '1print > \"out\"'", "w out", ""),
        ("awk '{x=1 \\\n/2|\"sh\"}'", "", "exec {x=1 \\\n/2|\"sh\"}"),
        ("sed -n 1,10p foo", "r foo", ""),
        ("sed -i s/a/b/ f", "r f, w f", ""),
        ("sed -iE s/a/b/ f", "r f, w f", ""),
        ("sed --in-pl=.bak s/a/b/ f", "r f, w f", ""),
        ("sed -e s/x/y/ f", "r f", ""),
        ("sed s/x/y/e f", "r f", "exec s/x/y/e"),
        ("sed 's/x/y/w out' f", "r f, w out", ""),
        ("sed '1e id' f", "r f", "exec 1e id"),
        ("sed -n '/a/w out' f", "r f, w out", ""),
        ("sed 'r /etc/passwd' f", "r f, r /etc/passwd", ""),
        ("sed '1,3{s/a/b/;w out' f", "r f, w out", ""),
        ("sed -f script f", "r script, r f", "exec --file"),
        ("sed '$!N;s/\\n/ /' f", "r f", ""),
        ("sed 's/[/]e/x/' f", "r f", ""),
        ("sed 's|a|b|;e' f", "r f", "exec s|a|b|;e"),
        ("sed -e 'a\\' -e 'e text' f", "r f", ""),
        ("sed ':a;N;$!ba;s/\\n/,/g' f", "r f", ""),
        ("sed 'y/abc/xyz/;W log' f", "r f, w log", ""),
        ("sed 'k' f", "r f", "exec k"),
        ("awk '{print $1}' f", "r f", ""),
        ("awk -F: '$3 > 5 {print $1}' f", "r f", ""),
        ("awk 'BEGIN{system(\"id\")}'", "", "exec BEGIN{system(\"id\")}"),
        ("awk '{print > \"out\"}' f", "r f, w out", ""),
        ("awk '{print > $1}' f", "r f", "exec {print > $1}"),
        ("awk '{print | \"sh\"}' f", "r f", "exec {print | \"sh\"}"),
        ("awk 'BEGIN{while((getline l < \"/etc/passwd\")>0) print l}'", "", "exec BEGIN{while((getline l < \"/etc/passwd\")>0) print l}"),
        ("awk '/a|b/ {print}' f", "r f", ""),
        ("awk '{print $1/2, ($2)/3}' f", "r f", ""),
        ("awk -f prog f", "r prog, r f", "exec --file"),
        ("awk -v x=1 '{print x}' f", "r f", ""),
        ("gawk -i inplace '{print}' f", "r inplace, r f", "exec --include"),
    ]);
}

#[test]
fn search() {
    check(&[
        ("sort -o out in", "w out, r in", ""),
        ("sort --output=out in", "w out, r in", ""),
        ("sort --outp out in", "w out, r in", ""),
        ("sort -uoout in", "w out, r in", ""),
        ("sort --files0-from=list", "r list", "config --files0-from"),
        ("sort --compress-program=evil in", "r in", "exec --compress-program"),
        ("sort -T /tmp/x in", "w /tmp/x, r in", ""),
        ("sort -k 2 -t : in", "r in", ""),
        ("sort -", "", ""),
        ("find . -name x", "r .", ""),
        ("find src lib -newer ref", "r src, r lib, r ref", ""),
        ("find . -exec rm {} ;", "r ., d .", "exec -exec"),
        ("find . -execdir sh -c evil ;", "r .", "exec -execdir, exec -c"),
        ("find . -ok rm {} +", "r ., d .", "exec -ok"),
        ("find . -delete", "r ., d .", ""),
        ("find . -name x -fprint out", "r ., w out", ""),
        ("find . -files0-from list", "r ., r list", "config -files0-from"),
        ("find -name x", "r .", ""),
        ("grep -r foo src", "r src", ""),
        ("grep foo", "", ""),
        ("grep -r foo", "r .", ""),
        ("grep -e foo a b", "r a, r b", ""),
        ("grep -f pats a", "r pats, r a", ""),
        ("grep --file=pats a", "r pats, r a", ""),
        ("grep -fpats a", "r pats, r a", ""),
        ("grep foo -- -x", "r -x", ""),
        ("egrep -rn foo .", "r .", ""),
        ("rg foo", "r .", ""),
        ("rg foo src", "r src", ""),
        ("rg --pre evil foo", "r .", "exec --pre"),
        ("rg --pre=evil foo src", "r src", "exec --pre"),
        ("rg -e foo src", "r src", ""),
        ("rg --files src", "r src", ""),
        ("rg -z foo", "r .", "exec --search-zip"),
    ]);
}

#[test]
fn archives_and_transfers() {
    check(&[
        ("tar xzf a.tgz", "r a.tgz, w .", ""),
        ("tar -xzf a.tgz -C out", "r a.tgz, r out, w out", ""),
        ("tar xfC a.tar out", "r a.tar, r out, w out", ""),
        ("tar czf a.tgz src", "w a.tgz, r src", ""),
        ("tar -cf a.tar -C src . -C ../lib x", "w a.tar, r src, r src, r lib, r lib/x", ""),
        ("tar tf a.tar", "r a.tar", ""),
        ("tar --to-command=evil -xf a.tar", "r a.tar, w .", "exec --to-command"),
        ("tar --checkpoint=1 --checkpoint-action=exec=evil -cf a.tar x", "w a.tar, r x", "exec --checkpoint-action"),
        ("tar -I evil -xf a.tar", "r a.tar, w .", "exec --use-compress-program"),
        ("tar --use-compress=evil -xf a.tar", "r a.tar, w .", "exec --use-compress-program"),
        ("tar -cf host:/a.tar x", "r x", "exec --file"),
        ("tar -xPf a.tar", "r a.tar, w .", "config --absolute-names"),
        ("tar -T list -cf a.tar", "r list, w a.tar", "config --files-from"),
        ("curl https://example.com/", "", "net https://example.com/"),
        ("curl -o out https://example.com/", "w out", "net https://example.com/"),
        ("curl -O https://example.com/x", "w .", "net https://example.com/x"),
        ("curl -T file https://example.com/", "r file", "net https://example.com/"),
        ("curl -K cfg", "r cfg", "config --config"),
        ("curl -d @secret https://example.com/", "r secret", "net https://example.com/"),
        ("curl -d x=1 https://example.com/", "", "net https://example.com/"),
        ("curl --data-binary @- https://example.com/", "", "net https://example.com/"),
        ("curl -F 'a=@secret;type=x' https://example.com/", "r secret, r? secret;type=x", "net https://example.com/"),
        ("curl file:///etc/passwd", "r /etc/passwd", ""),
        ("curl FILE:///etc/%70asswd", "r /etc/passwd", ""),
        ("curl 'f{i,o}le:///etc/passwd'", "", "config f{i,o}le:///etc/passwd"),
        ("curl -sSfLo out https://example.com/", "w out", "net https://example.com/"),
        ("curl --config=cfg", "r cfg", "config --config"),
        ("curl -x proxy:1 https://example.com/", "", "net --proxy, net https://example.com/"),
        ("curl -w '%{http_code}' https://example.com/", "", "net https://example.com/"),
        ("curl -w '%output{x}' https://example.com/", "", "config --write-out, net https://example.com/"),
        ("curl -H @headers https://example.com/", "r headers", "net https://example.com/"),
        ("curl --unix-socket /run/docker.sock http://x/", "r /run/docker.sock, w /run/docker.sock", "net http://x/"),
    ]);
}

#[test]
fn builders() {
    check(&[
        ("make", "", ""),
        ("make test", "", ""),
        ("make -C sub all", "r sub", ""),
        ("make -f other.mk", "r other.mk", ""),
        ("make --eval='$(shell evil)'", "", "exec --eval"),
        ("make SHELL=/bin/evil", "", "config SHELL="),
        ("make -j4 -k", "", ""),
        ("make -j 4", "", ""),
        ("cargo test", "", ""),
        ("cargo +nightly build", "", "config +nightly"),
        ("cargo build --config 'build.rustc=\"evil\"'", "", "config --config"),
        ("cargo -Z unstable build", "", "config -Z"),
        ("cargo build --manifest-path sub/Cargo.toml", "r sub/Cargo.toml", ""),
        ("cargo build --target-dir /tmp/x", "w /tmp/x", ""),
        ("cargo run -- --flag file", "r? file", ""),
        ("cargo nextest run", "r? nextest, r? run", "exec nextest"),
        ("cargo install foo", "", "exec install"),
        ("npm test", "", ""),
        ("npm install", "", ""),
        ("npm i left-pad", "r? left-pad", ""),
        ("npm i ./local", "r~ local", ""),
        ("npm i @scope/pkg", "", ""),
        ("npm --prefix sub test", "r sub", ""),
        ("npm exec evil", "", "exec exec, exec evil"),
        ("npm x evil", "", "exec exec, exec evil"),
        ("npm run build", "", ""),
        ("npm run build --script-shell=evil", "", "exec --script-shell"),
        ("npm run-script build", "", ""),
        ("npm config set x y", "r? set, r? x, r? y", "config config"),
        ("npm --registry=http://evil i", "", "config --registry"),
        ("npx evil arg", "r? arg", "exec evil"),
        ("npx -c 'rm x'", "d x", "exec --call"),
        ("pip install foo", "r? foo", ""),
        ("pip install -r req.txt", "r req.txt", "config --requirement"),
        ("pip install -e .", "r~ .", ""),
        ("pip install --target=out foo", "w out, r? foo", ""),
        ("pip install -t out foo", "w out, r? foo", ""),
        ("pip install --index-url http://evil foo", "r? foo", "config --index-url"),
        ("pip install -c con.txt foo", "r con.txt, r? foo", "config --constraint"),
        ("pip list", "", ""),
        ("go build ./...", "r~ .", ""),
        ("go build -toolexec evil ./...", "r~ .", "exec -toolexec"),
        ("go build -toolexec=evil ./...", "r~ .", "exec -toolexec"),
        ("go build --toolexec=evil ./...", "r~ .", "exec -toolexec"),
        ("go build -o /tmp/x ./cmd", "w /tmp/x, r~ cmd", ""),
        ("go test -exec evil ./...", "r~ .", "exec -exec"),
        ("go test ./... -exec evil", "r~ .", "exec -exec"),
        ("go run -exec=evil .", "r~ .", "exec -exec"),
        ("go build -modfile=x.mod ./...", "r x.mod, r~ .", "config -modfile"),
        ("go -C sub build", "r sub", ""),
        ("go build -C sub", "r sub", ""),
        ("go generate ./...", "r~ .", "exec generate"),
        ("go env -w GOFLAGS=-toolexec=evil", "", "config -w"),
        ("go vet ./...", "r~ .", ""),
        ("go mod tidy", "", ""),
    ]);
}

#[test]
fn interpreters() {
    check(&[
        ("python script.py data.txt", "r script.py, r? data.txt", ""),
        ("python -c 'print(1)'", "", "exec -c"),
        ("python3 -Ic 'print(1)'", "", "exec -c"),
        ("python3 -m timeit", "", "exec -m"),
        ("python3.11 -m pytest tests", "r? tests", "exec -m"),
        ("python -", "", "exec -"),
        ("python", "", "exec -"),
        ("python --version", "", ""),
        ("python run-checks.py -c x", "r run-checks.py, r? x", ""),
        ("python -i x.py", "r x.py", "exec -i"),
        ("python -W error x.py", "r x.py", "config -W"),
        ("node app.js", "r app.js", ""),
        ("node -e code", "", "exec --eval"),
        ("node --eval=code", "", "exec --eval"),
        ("node -p code", "", "exec --print"),
        ("node -r ./evil app.js", "r app.js", "exec --require"),
        ("node --require=./evil app.js", "r app.js", "exec --require"),
        ("node --import ./evil app.js", "r app.js", "exec --import"),
        ("node --loader ./evil app.js", "r app.js", "exec --loader"),
        ("node --env-file=.env app.js", "r .env, r app.js", "config --env-file"),
        ("node", "", "exec -"),
        ("node --version", "", ""),
        ("ruby x.rb", "r x.rb", ""),
        ("ruby -e code", "", "exec -e"),
        ("ruby -ne code f", "r? f", "exec -e"),
        ("ruby -r ./evil x.rb", "r x.rb", "exec -r"),
        ("ruby -I lib x.rb", "r lib, r x.rb", "exec -I"),
        ("ruby -S rake", "r rake", "exec -S"),
        ("ruby", "", "exec -"),
        ("perl -e code", "", "exec -e"),
        ("perl -ne code f", "r? f", "exec -e"),
        ("perl x.pl", "r x.pl", ""),
        ("perl -pi -e code f", "r? f", "exec -e"),
        ("sh -c 'rm -rf x'", "d x", "exec -c"),
        ("bash -lc 'rm x'", "d x", "config -l, exec -c"),
        ("bash -c -e 'rm x'", "d x", "exec -c"),
        ("bash script.sh arg", "r script.sh, r? arg", ""),
        ("bash", "", "exec -"),
    ]);
}

#[test]
fn file_tools() {
    check(&[
        ("cat a b", "r a, r b", ""),
        ("cat -n a", "r a", ""),
        ("cp a b", "r a, w b, w? b/a", ""),
        ("cp -r a b dir", "r a, r b, w dir, w? dir/a, w? dir/b", ""),
        ("cp -t dir a b", "w dir, r a, r b, w? dir/a, w? dir/b", ""),
        ("cp --target-directory=dir a", "w dir, r a, w? dir/a", ""),
        ("cp evil dir/.env d2", "r evil, r dir/.env, w d2, w? d2/evil, w? d2/.env", ""),
        ("mv a b", "r a, d a, w b, w? b/a", ""),
        ("ln -s /etc/passwd x", "r /etc/passwd, w /etc/passwd, w x, w? x/passwd", ""),
        ("ln a b", "r a, w a, w b, w? b/a", ""),
        ("rm -rf a", "d a", ""),
        ("rm -- -x", "d -x", ""),
        ("mkdir -p a/b", "w a/b", ""),
        ("touch a", "w a", ""),
        ("touch -r ref a", "r ref, w a", ""),
        ("tee -a out", "w out", ""),
        ("head -5 f", "r f", ""),
        ("head -n 5 f", "r f", ""),
        ("tail -f log", "r log", ""),
        ("wc -l f", "r f", ""),
        ("wc --files0-from=/proc/self/stat", "r /proc/self/stat", "config --files0-from"),
        ("ls", "r .", ""),
        ("ls -la /tmp", "r /tmp", ""),
    ]);
}

#[test]
fn wrappers() {
    check(&[
        ("xargs rm", "", "exec rm"),
        ("xargs -n1 rm -rf", "", "exec rm"),
        ("xargs -a list rm", "r list", "exec rm"),
        ("env", "", ""),
        ("env rm -rf x", "d x", "exec rm"),
        ("env FOO=1 rm x", "d x", "config FOO=, exec rm"),
        ("env -i PATH=/x rm x", "d x", "config PATH=, exec rm"),
        ("env -S 'rm -rf x'", "d x", "exec --split-string"),
        ("env -u X rm x", "d x", "exec rm"),
        ("env -C sub rm x", "r sub, d sub/x", "exec rm"),
        ("env env env rm x", "d x", "exec env, exec env, exec rm"),
        ("busybox rm x", "d x", ""),
        ("busybox sh -c x", "", "exec -c"),
        ("toybox cat x", "r x", ""),
        ("sudo rm x", "d x", "exec rm"),
        ("sudo -u root rm x", "d x", "exec rm"),
        ("nice -n 5 rm x", "d x", "exec rm"),
        ("nice -5 rm x", "d x", "exec rm"),
        ("nohup rm x", "d x", "exec rm"),
        ("timeout 5 rm x", "d x", "exec rm"),
        ("timeout -k 1 5 rm x", "d x", "exec rm"),
        ("time -p rm x", "d x", "exec rm"),
        ("stdbuf -oL rm x", "d x", "exec rm"),
        ("flock lock rm x", "r lock, w lock, d x", "exec rm"),
        ("watch rm x", "d x", "exec rm"),
    ]);
}

#[test]
fn aegis() {
    check(&[
        ("aegis run x.star", "r x.star", ""),
        ("aegis run --policy p.toml x.star", "r p.toml, r x.star", "config --policy, never --policy"),
        ("aegis run --pol p.toml x.star", "r p.toml, r x.star", "config --policy, never --policy"),
        ("aegis approve 1", "", "config approve, never approve"),
        ("aegis trust p.toml", "r p.toml", "config trust, never trust"),
        ("aegis agents generate", "", "config agents, never agents"),
        ("aegis policy edit", "", "config policy edit, never policy edit"),
        ("aegis policy show", "", ""),
        ("aegis --no-audit run x.star", "r x.star", "config --no-audit, never --no-audit"),
        ("aegis exec -- rm x", "d x", "exec rm"),
    ]);
}

#[test]
fn without_a_grammar() {
    check(&[
        ("frob -o out in", "r? out, r? in", ""),
        ("frob --config=cfg/x.toml", "r~ cfg/x.toml", ""),
        ("frob -I/usr/include user@host:path", "r~ /usr/include, r? user@host:path, r? user, r? host, r? path", ""),
        ("frob @list https://example.com/x", "r? @list, r? list, r? https:/example.com/x", "net https://example.com/x"),
        ("frob key=val/x --url=file:///etc/passwd", "r~ key=val/x, r? key, r~ val/x, r~ /etc/passwd, r? file:/etc/passwd", ""),
        ("frob plain", "r? plain", ""),
        ("yarn --cwd ../x test", "r~ /x, r? test", ""),
        ("deno run --allow-read=/etc app.ts", "r? run, r~ /etc, r? app.ts", ""),
    ]);
}
