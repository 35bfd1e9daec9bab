//! Ways out that do not begin with a file or a host, each as a command would try it.

use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixListener;

use crate::place::wait;
use crate::{Held, POLICY};

fn with(lines: &str) -> String {
    format!("{POLICY}\n[subprocess]\n{lines}\n")
}

/// A program that it wrote, one in memory alone, the loader by name, a preloaded library: none reaches what its parent could not.
#[test]
fn programs_of_its_own_reach_no_more() {
    let Some(held) = Held::new(POLICY) else { return };
    let ended = held.sh(
        "cp /bin/cat out/own && chmod 755 out/own; out/own a.txt && echo RAN; for ld in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.*; do test -e $ld && $ld /bin/cat .env token.txt secret/key; done; \
         cp /bin/cat /tmp/own && /tmp/own .env token.txt; LD_PRELOAD=/lib/x86_64-linux-gnu/libc.so.6 cat .env; \
         python3 -c 'import os; f = os.memfd_create(\"m\"); os.write(f, open(\"/bin/cat\", \"rb\").read()); os.execv(\"/proc/self/fd/%d\" % f, [\"cat\", \".env\"])'; echo end",
    );
    assert!(ended.out.ends_with("end\n") && !ended.out.contains("RAN") && !ended.out.contains("swordfish"), "{}", ended.out);
    // where the policy lets it start what it wrote, that sees what its parent saw
    let Some(held) = Held::new(&with("exec_allow = [\"out/**\"]")) else { return };
    let ended = held.sh("cp /bin/cat out/own && chmod 755 out/own; out/own a.txt && echo RAN; out/own .env token.txt secret/key");
    assert!(ended.out.contains("hello\nRAN\n") && !ended.out.contains("swordfish"), "{}", ended.out);
}

#[test]
fn it_inherits_no_descriptor() {
    let Some(held) = Held::new(POLICY) else { return };
    let secret = std::fs::File::open(held.place.project.join("token.txt")).unwrap();
    // 9 is open in whoever starts aegis, and stays so
    let mut command = held.place.program("sh");
    let binary = crate::place::binary().display().to_string();
    let line = format!("exec 9<&{}; {binary} exec --policy aegis.toml --no-audit -- sh -c 'ls /proc/self/fd; cat <&9'", 5);
    rustix::io::fcntl_setfd(&secret, rustix::io::FdFlags::empty()).unwrap();
    let line = line.replace("<&5", &format!("<&{}", secret.as_raw_fd()));
    command.args(["-c", &line]);
    let ended = wait(command);
    assert!(ended.out.starts_with("0\n1\n2\n3\n") && !ended.out.contains("swordfish") && !ended.out.contains('9'), "{ended:#?}");
}

#[test]
fn sockets_are_reached_that_the_policy_names() {
    let client = "python3 -c 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.send(b\"came\")'";
    for (lines, comes) in [("unix_sockets = []", false), ("unix_sockets = [\"run/open\"]", true)] {
        let Some(held) = Held::new(&with(lines)) else { return };
        if held.sh("command -v python3").code != Some(0) {
            let _ = writeln!(std::io::stderr(), "SKIPPED: no python3 here");
            return;
        }
        held.place.dir("run");
        let listen = |name: &str| {
            let at = held.place.project.join(name);
            let listener = UnixListener::bind(&at).unwrap();
            std::fs::set_permissions(&at, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
            listener.set_nonblocking(true).unwrap();
            listener
        };
        let (open, closed) = (listen("run/open"), listen("run/closed"));
        held.sh(&format!("{client} run/open; {client} run/closed"));
        let mut said = String::new();
        let came = open.accept().is_ok_and(|(mut stream, _)| stream.read_to_string(&mut said).is_ok());
        assert_eq!((came, said.as_str()), (comes, if comes { "came" } else { "" }));
        assert!(closed.accept().is_err(), "nobody came there");
        // one without a name in the file system
        use std::os::linux::net::SocketAddrExt;
        let name = format!("aegis-test-{}", std::process::id());
        let hidden = UnixListener::bind_addr(&std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        hidden.set_nonblocking(true).unwrap();
        held.sh(&format!(
            "python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect(\"\\0{name}\")'; systemd-run --user true"
        ));
        assert!(hidden.accept().is_err(), "nobody came there");
    }
}

#[test]
fn memory_has_an_end() {
    let Some(held) = Held::new(&with("max_memory_bytes = 300000000")) else { return };
    let take = |bytes: usize| held.sh(&format!("python3 -c 'x = bytearray({bytes}); print(len(x))'"));
    if held.sh("command -v python3").code != Some(0) {
        let _ = writeln!(std::io::stderr(), "SKIPPED: no python3 here");
        return;
    }
    assert_eq!(take(100_000_000).out, "100000000\n");
    let ended = take(400_000_000);
    assert!(ended.code != Some(0) && ended.out.is_empty(), "{ended:#?}");
}

#[test]
fn rights_of_files_give_it_none() {
    let Some(held) = Held::new(POLICY) else { return };
    let ended =
        held.sh("grep -E 'NoNewPrivs|Cap(Eff|Prm|Bnd|Amb)' /proc/self/status; cp /bin/cat out/own; chmod 4755 out/own; stat -c %a out/own");
    let lines: Vec<String> = ended.out.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert!(lines.contains(&"NoNewPrivs: 1".to_owned()), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("Cap") && line.ends_with("0000000000000000")).count(), 4, "{lines:?}");
    assert!(!lines.last().unwrap().starts_with('4'), "{lines:?}");
}
