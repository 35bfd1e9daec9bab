//! Ordinary programs under the filter for children. A program that is missing here is said so.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use aegis_sandbox::calls::{Filter, Sockets};

use crate::calls::{NONE, OWN, SHARED, UNIX};
use crate::{CHILD, Test};

pub const TESTS: &[Test] = &[
    ("programs_sh", sh),
    ("programs_git", git),
    ("programs_python", python),
    ("programs_node", node),
    ("programs_make_and_cc", make_and_cc),
    ("programs_cargo", cargo),
    ("programs_java", java),
];

const LAYOUTS: [(&str, Sockets); 4] = [("none", NONE), ("shared", SHARED), ("own", OWN), ("unix", UNIX)];

/// The child: binds itself and becomes the program.
pub fn child(layout: &str, argv: &[String]) {
    let (_, sockets) = LAYOUTS.iter().find(|(name, _)| *name == layout).unwrap();
    Filter::new(*sockets).unwrap().bind().unwrap();
    panic!("{}", Command::new(&argv[0]).args(&argv[1..]).exec());
}

/// Where the program is, if this user may execute it.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap();
    let there = std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|path| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok());
    if there.is_none() {
        println!("MISSING: there is no `{program}` for this user; that it works under the filter was not shown");
    }
    there
}

/// What the shell script wrote, in an empty directory; it must succeed.
fn shell(layout: &str, script: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .arg0(CHILD)
        .args(["program", layout, "/bin/sh", "-euc", script])
        .current_dir(&directory)
        .env("TMPDIR", directory.path())
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{}: {out}{err}", output.status);
    out.into_owned()
}

fn sh() {
    const SCRIPT: &str = "
        grep -q 'Seccomp:.2' /proc/self/status
        echo a | tr a b
        (sleep 0; echo c) & wait $!
        ulimit -n 64
        trap 'echo d' USR1; kill -USR1 $$
        mkdir -p x/y; umask 022; echo e > x/y/f; chmod 755 x/y/f; ln -s f x/y/g; cp -a x z; mv z w; tar cf - w | tar tf - | wc -l; cat w/y/g
        touch -d 2020-01-01 x; rm -r x w; mktemp > /dev/null
        nice -n 1 timeout 5 setsid -w true; setarch -R true; taskset -c \"$(cut -d- -f1 /sys/devices/system/cpu/online)\" true; id -u > /dev/null";
    assert_eq!(shell("none", SCRIPT), "b\nc\nd\n4\ne\n");
    if find("bash").is_some() {
        assert_eq!(shell("none", "bash -c 'set -o pipefail; coproc cat; echo a <(echo b) | wc -w; cat <(echo c)'"), "2\nc\n");
    }
}

fn git() {
    const SCRIPT: &str = "
        export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
        git init -q a; cd a; git config user.name n; git config user.email e@example.org
        echo 1 > f; git add f; git commit -qm one; git mv f g; git commit -qam two
        git checkout -qb other; git stash list; git gc -q; git fsck --no-progress; git clone -q . ../b; git worktree add -q ../c HEAD~1
        cd ../b; git log --format=%s; git grep 1; git status --porcelain";
    if find("git").is_some() {
        assert_eq!(shell("none", SCRIPT), "two\none\ng:1\n");
    }
}

fn python() {
    const SCRIPT: &str = r#"
cat > t.py << 'END'
import asyncio, ctypes, hashlib, mmap, multiprocessing, os, signal, socket, subprocess, sys, tempfile, threading

def square(n):
    return n * n

def threads():
    found = []
    all = [threading.Thread(target=lambda n=n: found.append(n)) for n in range(8)]
    [thread.start() for thread in all]
    [thread.join() for thread in all]
    return len(found)

async def child():
    process = await asyncio.create_subprocess_exec("echo", "x", stdout=subprocess.PIPE)
    return (await process.communicate())[0]

if __name__ == "__main__":
    assert threads() == 8
    for method in sys.argv[1:]:
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(square, range(4)) == [0, 1, 4, 9], method
    assert asyncio.run(child()) == b"x\n"
    assert subprocess.check_output(["echo", "x"], start_new_session=True) == b"x\n"
    with tempfile.TemporaryFile() as file:
        file.truncate(4096)
        mmap.mmap(file.fileno(), 4096)[0:1] = b"x"
    a, b = socket.socketpair()
    a.sendall(b"x")
    assert b.recv(1) == b"x"
    hashlib.sha256(b"x"), os.cpu_count(), ctypes.CDLL(None).getpid()
    print("done")
END
python3 t.py "#;
    if find("python3").is_some() {
        assert_eq!(shell("none", &format!("{SCRIPT} fork spawn")), "done\n");
        // Its server listens on a Unix socket.
        assert_eq!(shell("unix", &format!("{SCRIPT} fork spawn forkserver")), "done\n");
        const SERVE: &str = "python3 -c 'import socket; s = socket.create_server((\"127.0.0.1\", 0));
c = socket.create_connection(s.getsockname()); c.sendall(b\"x\"); print(s.accept()[0].recv(1))'";
        assert_eq!(shell("shared", SERVE), "b'x'\n");
        const DATAGRAM: &str = "python3 -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.bind((\"127.0.0.1\", 0));
s.sendto(b\"x\", s.getsockname()); print(s.recv(1))'";
        assert_eq!(shell("own", DATAGRAM), "b'x'\n");
    }
}

fn node() {
    const SCRIPT: &str = r#"
cat > t.js << 'END'
const { Worker, isMainThread, parentPort } = require('worker_threads');
const child = require('child_process'), crypto = require('crypto'), fs = require('fs'), zlib = require('zlib');
if (!isMainThread) { parentPort.postMessage(fs.readFileSync(__filename).length); return; }
const said = child.execFileSync('echo', ['x']).toString();
const forked = () => new Promise(done => child.exec('echo y | cat', (_, out) => done(out)));
const worker = () => new Promise(done => new Worker(__filename).on('message', done));
const hashed = () => new Promise(done => crypto.pbkdf2('a', 'b', 1000, 8, 'sha256', (_, key) => done(key.length)));
const zipped = () => new Promise(done => zlib.gzip('x'.repeat(9999), (_, out) => done(out.length < 999)));
Promise.all([forked(), worker(), hashed(), zipped(), fs.promises.writeFile('w', 'z')])
  .then(([a, b, c, d]) => console.log(said.trim(), a.trim(), b > 9, c, d, process.memoryUsage().rss > 0));
END
node t.js"#;
    if find("node").is_some() {
        assert_eq!(shell("none", SCRIPT), "x y true 8 true true\n");
        const SERVE: &str =
            "node -e \"const http = require('http'); const s = http.createServer((q, a) => a.end('x')).listen(0, '127.0.0.1', () =>
            http.get({ port: s.address().port, host: '127.0.0.1' }, a => a.on('data', d => { console.log(d + ''); s.close(); })))\"";
        assert_eq!(shell("shared", SERVE), "x\n");
        // Asks by netlink.
        assert_eq!(shell("own", "node -e 'console.log(typeof os.networkInterfaces())'"), "object\n");
    }
    if find("npm").is_some() {
        shell(
            "none",
            "export HOME=$PWD; mkdir a b; cd a; npm init -y; npm pack --offline; cd ../b; npm install --offline ../a/*.tgz; npm ls",
        );
    }
}

fn make_and_cc() {
    const SCRIPT: &str = r#"
cat > t.c << 'END'
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static void *run(void *x) { return x; }
int main(void) {
    pthread_t thread; void *out; int status;
    if (pthread_create(&thread, 0, run, "done") || pthread_join(thread, &out)) return 1;
    if (!fork()) _exit(7);
    wait(&status);
    printf("%s %d\n", (char *)out, WEXITSTATUS(status));
}
END
printf 'all: t\n\t./t\nt: t.c\n\tcc -O1 -pthread -o t t.c\n' > Makefile
make -sj2"#;
    if find("make").is_some() && find("cc").is_some() {
        assert_eq!(shell("none", SCRIPT), "done 7\n");
    }
}

fn cargo() {
    if find("cargo").is_some() {
        assert!(shell("none", "cargo --version").starts_with("cargo "));
        let script = "cargo new -q --vcs none t; cd t; cargo run -q --offline; cargo test -q --offline > /dev/null";
        assert_eq!(shell("none", script), "Hello, world!\n");
    }
}

fn java() {
    const SCRIPT: &str = "
        echo 'class T { public static void main(String[] a) throws Exception { var t = new Thread(() -> System.out.println(\"done\")); t.start(); t.join();
        new ProcessBuilder(\"true\").start().waitFor(); java.nio.channels.Selector.open().close(); } }' > T.java
        java -XX:-UsePerfData T.java; java -XX:+UseZGC -XX:-UsePerfData -Xmx64m T.java";
    if find("java").is_some() && find("javac").is_some() {
        assert_eq!(shell("none", SCRIPT), "done\ndone\n");
    }
}
