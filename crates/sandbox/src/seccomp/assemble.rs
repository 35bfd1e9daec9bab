//! Rules into instructions of the kernel's filter machine (classic BPF).
//!
//! Two shapes: [`list`] asks rule after rule, the frequent ones first; [`tree`] finds the number by halves. The kernel runs the program
//! once per number when it is installed, and from then on not at all for calls that it allows whatever their arguments (Linux 5.11); so
//! a short way through the program is a short installation.

use libc::sock_filter;

use super::{Rule, Test, Verdict};

/// Offsets in the kernel's `struct seccomp_data`.
pub(crate) const NR: u32 = 0;
const ARCH: u32 = 4;
const ARGS: u32 = 16;

/// `AUDIT_ARCH_*` of linux/audit.h.
#[cfg(target_arch = "x86_64")]
pub(super) const THIS_ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
pub(super) const THIS_ARCH: u32 = 0xc000_00b7;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) const THIS_ARCH: u32 = 0;

pub(crate) const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
pub(super) const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
pub(super) const JUMP: u16 = 0x05; // BPF_JMP | BPF_JA
pub(crate) const IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
pub(super) const IF_GREATER: u16 = 0x25; // BPF_JMP | BPF_JGT | BPF_K
pub(super) const IF_AT_LEAST: u16 = 0x35; // BPF_JMP | BPF_JGE | BPF_K
pub(crate) const IF_ANY_BIT: u16 = 0x45; // BPF_JMP | BPF_JSET | BPF_K
pub(crate) const RETURN: u16 = 0x06; // BPF_RET | BPF_K

pub(super) const KILL: u32 = 0x8000_0000; // SECCOMP_RET_KILL_PROCESS
pub(crate) const ALLOW: u32 = 0x7fff_0000; // SECCOMP_RET_ALLOW
pub(crate) const ERRNO: u32 = 0x0005_0000; // SECCOMP_RET_ERRNO

/// A filter that applies the first rule with the call's number and kills the process if there is none. Calls of x86's x32 table have
/// numbers from 2^30, which no rule names.
pub(super) fn list(rules: &[Rule]) -> Vec<sock_filter> {
    let mut program = Program::default();
    let mut next = program.give(Verdict::Kill);
    for rule in rules.iter().rev() {
        let body = program.body(rule);
        next = program.branch(IF_EQUAL, rule.nr, body, next);
    }
    program.finish(next)
}

/// A filter that applies the first rule with the call's number, allows the call if there is none, and says ENOSYS to numbers above the
/// highest, thereby to all of x86's x32 table.
pub(super) fn tree(rules: &[Rule], highest: u32) -> Vec<sock_filter> {
    let mut program = Program::default();
    let known = program.search(&spans(rules));
    let unknown = program.give(Verdict::errno(libc::ENOSYS));
    let start = program.branch(IF_GREATER, highest, unknown, known);
    program.finish(start)
}

/// Neighbouring numbers with the same fate.
struct Span<'a> {
    first: u32,
    last: u32,
    rule: &'a Rule,
}

/// In order of their numbers.
fn spans(rules: &[Rule]) -> Vec<Span<'_>> {
    let mut sorted: Vec<&Rule> = rules.iter().collect();
    sorted.sort_by_key(|rule| rule.nr);
    sorted.dedup_by_key(|rule| rule.nr);
    let mut spans: Vec<Span<'_>> = Vec::with_capacity(sorted.len());
    for rule in sorted {
        let same = |span: &&mut Span<'_>| {
            let alike = span.rule.cases.is_empty() && rule.cases.is_empty() && span.rule.otherwise == rule.otherwise;
            alike && span.last.checked_add(1) == Some(rule.nr)
        };
        match spans.last_mut().filter(same) {
            Some(span) => span.last = rule.nr,
            None => spans.push(Span { first: rule.nr, last: rule.nr, rule }),
        }
    }
    spans
}

/// Where an instruction stands, counted from the program's end.
type Place = usize;

/// A program from its end to its start: what an instruction leads to is there before it, and jumps lead forward only, as the kernel
/// demands.
#[derive(Default)]
struct Program {
    reversed: Vec<sock_filter>,
}

impl Program {
    /// So many spans are asked one by one.
    const FEW: usize = 4;
    /// A conditional jump skips 255 instructions at most; some are left for those that make a way shorter.
    const FAR: usize = 250;

    /// The whole program, in order; `start` finds the number loaded.
    fn finish(mut self, start: Place) -> Vec<sock_filter> {
        let number = self.load(NR, start);
        let foreign = self.give(Verdict::Kill);
        let arch = self.branch(IF_EQUAL, THIS_ARCH, number, foreign);
        self.load(ARCH, arch);
        self.reversed.reverse();
        self.reversed
    }

    /// Finds the span with the loaded number.
    fn search(&mut self, spans: &[Span<'_>]) -> Place {
        if spans.len() > Self::FEW {
            let (low, high) = spans.split_at(spans.len() / 2);
            let middle = high.first().map_or(0, |span| span.first);
            let high = self.search(high);
            let low = self.search(low);
            return self.branch(IF_AT_LEAST, middle, high, low);
        }
        let mut next = self.give(Verdict::Allow);
        for span in spans.iter().rev() {
            let body = self.body(span.rule);
            next = if span.first == span.last {
                self.branch(IF_EQUAL, span.first, body, next)
            } else {
                let up_to_last = self.branch(IF_GREATER, span.last, next, body);
                self.branch(IF_AT_LEAST, span.first, up_to_last, next)
            };
        }
        next
    }

    /// What a rule says. It ends in a return on every way, so that it may load arguments over the number.
    fn body(&mut self, rule: &Rule) -> Place {
        let mut next = self.give(rule.otherwise);
        for case in rule.cases.iter().rev() {
            let mut place = self.give(case.then);
            for test in case.tests.iter().rev() {
                place = self.test(test, place, next);
            }
            next = place;
        }
        next
    }

    fn test(&mut self, test: &Test, yes: Place, no: Place) -> Place {
        match *test {
            Test::Low { arg, mask, value } => self.compare(low(arg), mask, &[value], yes, no),
            Test::OneOf { arg, mask, values } => self.compare(low(arg), mask, values, yes, no),
            Test::Full { arg, mask, value } => {
                let ((mask_high, mask_low), (value_high, value_low)) = (halves(mask), halves(value));
                let yes = self.compare(low(arg), mask_low, &[value_low], yes, no);
                self.compare(high(arg), mask_high, &[value_high], yes, no)
            }
            Test::AtMost { arg, most } => {
                let place = self.branch(IF_GREATER, most, no, yes);
                self.load(low(arg), place)
            }
        }
    }

    fn compare(&mut self, offset: u32, mask: u32, values: &[u32], yes: Place, no: Place) -> Place {
        let mut place = no;
        if values == [0] && mask != u32::MAX {
            place = self.branch(IF_ANY_BIT, mask, no, yes);
        } else {
            for value in values.iter().rev() {
                place = self.branch(IF_EQUAL, *value, yes, place);
            }
            if mask != u32::MAX {
                self.lead_to(place);
                place = self.push(AND, mask, 0, 0);
            }
        }
        self.load(offset, place)
    }

    /// Loads, and goes on at `next`.
    fn load(&mut self, offset: u32, next: Place) -> Place {
        self.lead_to(next);
        self.push(LOAD, offset, 0, 0)
    }

    fn branch(&mut self, code: u16, k: u32, yes: Place, no: Place) -> Place {
        let (yes, no) = (self.near(yes), self.near(no));
        // `near` keeps them below that.
        let [jt, jf] = [yes, no].map(|target| u8::try_from(self.distance(target)).unwrap_or(u8::MAX));
        self.push(code, k, jt, jf)
    }

    /// An instruction within reach that returns the verdict.
    fn give(&mut self, verdict: Verdict) -> Place {
        let k = match verdict {
            Verdict::Allow => ALLOW,
            Verdict::Errno(errno) => ERRNO | u32::from(errno),
            Verdict::Kill => KILL,
        };
        self.give_raw(k)
    }

    fn give_raw(&mut self, k: u32) -> Place {
        let reach = self.reversed.iter().enumerate().rev().take(Self::FAR);
        let there = reach.filter(|(_, one)| one.code == RETURN && one.k == k).map(|(place, _)| place).next();
        there.unwrap_or_else(|| self.push(RETURN, k, 0, 0))
    }

    /// The place itself, or one within reach that leads to it.
    fn near(&mut self, target: Place) -> Place {
        if self.distance(target) < Self::FAR { target } else { self.stand_in(target) }
    }

    /// Makes the place the one that the next instruction falls through to.
    fn lead_to(&mut self, target: Place) {
        if self.distance(target) != 0 {
            self.jump(target);
        }
    }

    fn stand_in(&mut self, target: Place) -> Place {
        match self.reversed.get(target) {
            Some(sock_filter { code: RETURN, k, .. }) => self.give_raw(*k),
            _ => self.jump(target),
        }
    }

    fn jump(&mut self, target: Place) -> Place {
        let skipped = u32::try_from(self.distance(target)).unwrap_or(u32::MAX);
        self.push(JUMP, skipped, 0, 0)
    }

    /// How many instructions the next one would have to skip.
    fn distance(&self, target: Place) -> usize {
        self.reversed.len().saturating_sub(target).saturating_sub(1)
    }

    fn push(&mut self, code: u16, k: u32, jt: u8, jf: u8) -> Place {
        self.reversed.push(sock_filter { code, jt, jf, k });
        self.reversed.len().saturating_sub(1)
    }
}

/// Both architectures are little-endian.
pub(crate) fn low(arg: u8) -> u32 {
    ARGS + 8 * u32::from(arg)
}

fn high(arg: u8) -> u32 {
    low(arg) + 4
}

fn halves(value: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

#[cfg(test)]
mod tests {
    use super::super::Case;
    use super::super::machine::{meant, run};
    use super::*;

    /// Far more rules than there are, so that jumps are longer than an instruction can hold.
    #[test]
    fn long_programs_say_what_the_rules_say() {
        let test = |seed: u32| match seed % 4 {
            0 => Test::Low { arg: 0, mask: 0xff, value: seed % 5 },
            1 => Test::OneOf { arg: 1, mask: u32::MAX, values: &[1, 3, 9] },
            2 => Test::Full { arg: 2, mask: !6, value: 1 << 32 },
            _ => Test::AtMost { arg: 3, most: seed % 7 },
        };
        let verdict = |seed: u32| match seed % 5 {
            0 => Verdict::Kill,
            1 | 2 => Verdict::Errno(u16::try_from(seed % 97).unwrap()),
            _ => Verdict::Allow,
        };
        let rule = |nr: u32| {
            let case = |seed: u32| Case { tests: (0..seed % 4).map(|more| test(seed + more)).collect(), then: verdict(seed / 3) };
            Rule { nr, cases: (0..nr / 2 % 5).map(|one| case(nr * 7 + one * 3)).collect(), otherwise: verdict(nr / 4) }
        };
        let rules: Vec<Rule> = (0..800).filter(|nr| nr % 11 != 0).map(rule).collect();
        let (list, tree) = (list(&rules), tree(&rules, 900));
        assert!(list.len() > 1000 && tree.len() > 1000);
        assert!(list.iter().chain(&tree).any(|one| one.code == JUMP));
        let values = [0, 1, 2, 3, 9, 0x103, 1 << 32, 1 << 32 | 2, u64::MAX];
        for nr in (0..1000).chain([u32::MAX]) {
            for (first, other) in values.iter().flat_map(|first| values.iter().map(move |other| (*first, *other))) {
                let args = [first, other, first, other, 0, 0];
                let meant = meant(&rules, nr, args);
                assert_eq!(run(&list, nr, THIS_ARCH, args).0, meant.unwrap_or(KILL), "{nr} {args:x?}");
                let unknown = if nr > 900 { ERRNO | 38 } else { ALLOW };
                assert_eq!(run(&tree, nr, THIS_ARCH, args).0, meant.unwrap_or(unknown), "{nr} {args:x?}");
            }
        }
    }
}
