//! Replays the seeds of a fuzz target and mutations of them, the same ones each time, so that `cargo test` runs what a fuzzer would
//! start from. A failing input is written to a file that the message names.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Calls `target` with every file of `fuzz/seeds/<name>` and with `mutations` changed ones.
///
/// # Panics
/// If there are no seeds, or `target` panics.
pub fn replay(name: &str, mutations: usize, target: impl Fn(&[u8])) {
    let seeds = seeds(name);
    assert!(!seeds.is_empty(), "no seeds for {name}");
    for (file, seed) in &seeds {
        check(name, seed, &target, || file.display().to_string());
    }
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for round in 0..mutations {
        let (_, seed) = &seeds[random.below(seeds.len())];
        let (_, other) = &seeds[random.below(seeds.len())];
        let mut data = seed.clone();
        for _ in 0..=random.below(4) {
            mutate(&mut data, other, &mut random);
        }
        check(name, &data, &target, || format!("mutation {round}"));
    }
}

fn seeds(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds").join(name);
    let mut files: Vec<PathBuf> = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read(&file).unwrap())).collect()
}

fn check(name: &str, data: &[u8], target: &impl Fn(&[u8]), which: impl Fn() -> String) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(data))) {
        let kept = std::env::temp_dir().join(format!("aegis-fuzz-{name}-{}", std::process::id()));
        fs::write(&kept, data).unwrap();
        eprintln!("{name}: {} fails; the input is in {}", which(), kept.display());
        std::panic::resume_unwind(panic);
    }
}

/// Pieces that parsers stumble over.
const NASTY: &[&[u8]] = &[
    b"\0",
    b"\n",
    b"\r\n",
    b"\\",
    b"\"",
    b"'",
    b"**",
    b"*",
    b"?",
    b"[",
    b"]",
    b"{a,b}",
    b"{",
    b"}",
    b"..",
    b"/",
    b"//",
    b"./",
    b"~",
    b"~/",
    b"!",
    b"-",
    b"--",
    b"=",
    b"@",
    b":",
    b"#",
    b"%2e",
    b"%2f",
    b"%00",
    b"\xff",
    b"\xc3\xa9",
    b"e\xcc\x81",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x98\x80",
    b"[::1]",
    b"0x7f.1",
    b"999999999999999999999",
    b"-1",
    b"((((((((",
    b"]]]]]]]]",
    b"not not not ",
    b"\"\"\"",
    b"f\"{",
    b"\t",
    b"\xff\xff\xff\xff",
    b"\x04\0\0\0",
];

fn mutate(data: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(data.len() + 1);
    match random.below(8) {
        0 if at < data.len() => data[at] ^= 1 << random.below(8),
        1 if at < data.len() => data[at] = random.byte(),
        2 => data.truncate(at),
        3 => {
            let end = (at + random.below(32)).min(data.len());
            data.drain(at..end);
        }
        4 => {
            let end = (at + random.below(64)).min(data.len());
            let piece = data[at..end].repeat(1 + random.below(6));
            data.splice(at..at, piece);
        }
        5 if !other.is_empty() => {
            let from = random.below(other.len());
            let to = (from + random.below(64)).min(other.len());
            data.splice(at..at, other[from..to].iter().copied());
        }
        6 => data.insert(at, random.byte()),
        _ => {
            data.splice(at..at, NASTY[random.below(NASTY.len())].iter().copied());
        }
    }
    data.truncate(1 << 16);
}

/// xorshift64*: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % bound.max(1)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_be_bytes()[0]
    }
}
