//! While a directory is swapped with a link to the outside, files are read and written. Nothing outside is ever reached.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod support;

use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use support::Project;

const ROUNDS: usize = 10_000;

#[test]
fn a_directory_that_is_swapped_with_a_link_never_leads_outside() {
    let p = Project::new();
    std::fs::create_dir(p.root.join("src/d")).unwrap();
    std::fs::write(p.root.join("src/d/f.txt"), "inside").unwrap();
    std::fs::write(p.outside.join("f.txt"), "outside").unwrap();
    std::fs::write(p.outside.join("gone.txt"), "outside").unwrap();
    symlink(&p.outside, p.root.join("src/swap")).unwrap();
    let before: Vec<_> = p.snapshot().into_iter().filter(|(path, _)| path.starts_with(&p.outside)).collect();
    let stop = AtomicBool::new(false);
    let (mut done, mut refused) = (0, 0);
    std::thread::scope(|scope| {
        let swapper = scope.spawn(|| {
            let mut swaps = 0u64;
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, p.root.join("src/d"), CWD, p.root.join("src/swap"), RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
            }
            swaps
        });
        for round in 0..ROUNDS {
            match p.read("src/d/f.txt") {
                Ok(text) => {
                    assert!(text.starts_with("inside"), "read {text:?}");
                    done += 1;
                }
                Err(_) => refused += 1,
            }
            let path = if round % 2 == 0 { "src/d/../d/f.txt" } else { "src/d/f.txt" };
            let result = match round % 7 {
                0 => p.write(path, "inside, written"),
                1 => p.append(path, "!"),
                2 => p.replace(path, "inside", "inside, replaced"),
                3 => p.write("src/d/new/deep.txt", "x"),
                4 => p.mkdir("src/d/made"),
                5 => p.delete("src/d/gone.txt"),
                _ => {
                    if let Ok(found) = p.glob("src/d/*.txt") {
                        assert!(!found.iter().any(|path| path.contains("secret")), "{found:?}");
                    }
                    if let Ok(listed) = p.list("src/d") {
                        assert!(!listed.contains(&"secret.txt".to_owned()), "{listed:?}");
                    }
                    p.write(path, "inside")
                }
            };
            match result {
                Ok(()) => done += 1,
                Err(_) => refused += 1,
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(swapper.join().unwrap() > 100, "the directory was hardly swapped");
    });
    assert!(done > 100 && refused > 100, "{done} done, {refused} refused: one of the two was hardly tried");
    let after: Vec<_> = p.snapshot().into_iter().filter(|(path, _)| path.starts_with(&p.outside)).collect();
    assert_eq!(after, before);
}
