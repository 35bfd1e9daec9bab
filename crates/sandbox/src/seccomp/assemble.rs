//! Rules into instructions of the kernel's filter machine (classic BPF).

use libc::sock_filter;

use super::{Rule, Test, Then};

/// Offsets in the kernel's `struct seccomp_data`.
const NR: u32 = 0;
const ARCH: u32 = 4;
const ARGS: u32 = 16;

/// `AUDIT_ARCH_*` of linux/audit.h.
#[cfg(target_arch = "x86_64")]
pub(super) const THIS_ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
pub(super) const THIS_ARCH: u32 = 0xc000_00b7;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) const THIS_ARCH: u32 = 0;

const LOAD: u16 = 0x20; // BPF_LD | BPF_W | BPF_ABS
const AND: u16 = 0x54; // BPF_ALU | BPF_AND | BPF_K
const IF_EQUAL: u16 = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
const IF_GREATER: u16 = 0x25; // BPF_JMP | BPF_JGT | BPF_K
const RETURN: u16 = 0x06; // BPF_RET | BPF_K

pub(super) const KILL: u32 = 0x8000_0000; // SECCOMP_RET_KILL_PROCESS
pub(super) const ALLOW: u32 = 0x7fff_0000; // SECCOMP_RET_ALLOW
pub(super) const ERRNO: u32 = 0x0005_0000; // SECCOMP_RET_ERRNO

/// A filter that applies the first rule with the call's number and kills the process if there is none, or if the call comes in by
/// another architecture's table. Calls of x86's x32 table have numbers from 2^30, which no rule names.
pub(super) fn assemble(rules: &[Rule]) -> Vec<sock_filter> {
    let mut filter = vec![load(ARCH), jump(IF_EQUAL, THIS_ARCH, 1, 0), give(KILL), load(NR)];
    for rule in rules {
        let body = body(&rule.then);
        // The body ends in a return on every way, so the number is still loaded wherever the next rule is reached.
        filter.push(jump(IF_EQUAL, rule.nr, 0, u8::try_from(body.len()).unwrap_or(u8::MAX)));
        filter.extend(body);
    }
    filter.push(give(KILL));
    filter
}

fn body(then: &Then) -> Vec<sock_filter> {
    match then {
        Then::Allow => vec![give(ALLOW)],
        Then::Errno(errno) => vec![give(ERRNO | u32::from(*errno))],
        Then::AllowIf(tests) => {
            let mut body: Vec<sock_filter> = tests.iter().flat_map(test).collect();
            body.extend([give(ALLOW), give(KILL)]);
            // A failed test jumps to the last instruction.
            let last = body.len().saturating_sub(1);
            for (place, instruction) in body.iter_mut().enumerate() {
                let distance = u8::try_from(last.saturating_sub(place).saturating_sub(1)).unwrap_or(u8::MAX);
                match instruction.code {
                    IF_EQUAL => instruction.jf = distance,
                    IF_GREATER => instruction.jt = distance,
                    _ => {}
                }
            }
            body
        }
    }
}

/// The instructions of one test; where a jump leads if the test fails is filled in by the caller.
fn test(test: &Test) -> Vec<sock_filter> {
    match *test {
        Test::Low { arg, mask, value } => vec![load(low(arg)), and(mask), jump(IF_EQUAL, value, 0, 0)],
        Test::Full { arg, mask, value } => {
            let ((mask_high, mask_low), (value_high, value_low)) = (halves(mask), halves(value));
            vec![
                load(high(arg)),
                and(mask_high),
                jump(IF_EQUAL, value_high, 0, 0),
                load(low(arg)),
                and(mask_low),
                jump(IF_EQUAL, value_low, 0, 0),
            ]
        }
        Test::AtMost { arg, most } => vec![load(low(arg)), jump(IF_GREATER, most, 0, 0)],
    }
}

/// Both architectures are little-endian.
fn low(arg: u8) -> u32 {
    ARGS + 8 * u32::from(arg)
}

fn high(arg: u8) -> u32 {
    low(arg) + 4
}

fn halves(value: u64) -> (u32, u32) {
    let [a, b, c, d, e, f, g, h] = value.to_be_bytes();
    (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]))
}

fn load(offset: u32) -> sock_filter {
    sock_filter { code: LOAD, jt: 0, jf: 0, k: offset }
}

fn and(mask: u32) -> sock_filter {
    sock_filter { code: AND, jt: 0, jf: 0, k: mask }
}

fn jump(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

fn give(verdict: u32) -> sock_filter {
    sock_filter { code: RETURN, jt: 0, jf: 0, k: verdict }
}
