//! Reads a file of 1 KiB many times through resolution, judgement and read. `cargo run --release -p aegis-gate --example read_bench`
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::sync::Arc;
use std::time::Instant;

use aegis_gate::{Intent, Tree};
use aegis_policy::Verdict;

fn main() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("src/inner")).unwrap();
    std::fs::create_dir(dir.path().join("real")).unwrap();
    for i in 0..1000 {
        std::fs::write(dir.path().join(format!("src/inner/f{i}.txt")), vec![b'x'; 1024]).unwrap();
    }
    std::os::unix::fs::symlink("src/inner", dir.path().join("link")).unwrap();
    let tree = Tree::new(dir.path(), None).unwrap();
    for (name, prefix) in [("fast path", "src/inner"), ("through a link", "link"), ("with ..", "real/../src/inner")] {
        let paths: Vec<String> = (0..1000).map(|i| format!("{prefix}/f{i}.txt")).collect();
        let mut best = f64::MAX;
        for _ in 0..20 {
            let start = Instant::now();
            for path in &paths {
                let prepared = tree.resolve(path, Intent::Read, &mut |_, _| Verdict::Allow, &|| Arc::from([])).unwrap();
                assert_eq!(prepared.read(1 << 20).unwrap().len(), 1024);
            }
            best = best.min(start.elapsed().as_secs_f64());
        }
        println!("{name}: {:.2} µs for each of 1,000 reads of 1 KiB", best * 1e3);
    }
}
