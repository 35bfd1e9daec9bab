//! Two readings of rules for the tests: the kernel's machine running the program, and what the rules say without a program.

use libc::sock_filter;

use super::assemble::{ALLOW, AND, ERRNO, IF_ANY_BIT, IF_AT_LEAST, IF_EQUAL, IF_GREATER, JUMP, KILL, LOAD, RETURN};
use super::{Rule, Test, Verdict};

/// What the program returns, and after how many instructions.
pub fn run(filter: &[sock_filter], nr: u32, arch: u32, args: [u64; 6]) -> (u32, usize) {
    let mut data = [0u8; 64];
    data[0..4].copy_from_slice(&nr.to_le_bytes());
    data[4..8].copy_from_slice(&arch.to_le_bytes());
    for (place, arg) in args.iter().enumerate() {
        data[16 + 8 * place..24 + 8 * place].copy_from_slice(&arg.to_le_bytes());
    }
    let (mut accumulator, mut at) = (0u32, 0usize);
    for count in 1.. {
        let sock_filter { code, jt, jf, k } = filter[at];
        at += 1;
        let skip = |holds: bool| usize::from(if holds { jt } else { jf });
        match code {
            LOAD => accumulator = u32::from_le_bytes(data[k as usize..k as usize + 4].try_into().unwrap()),
            AND => accumulator &= k,
            JUMP => at += k as usize,
            IF_EQUAL => at += skip(accumulator == k),
            IF_GREATER => at += skip(accumulator > k),
            IF_AT_LEAST => at += skip(accumulator >= k),
            IF_ANY_BIT => at += skip(accumulator & k != 0),
            RETURN => return (k, count),
            other => panic!("{other:#x}"),
        }
    }
    unreachable!("a jump leads forward")
}

/// What the rules say; `None` if none names the call.
pub fn meant(rules: &[Rule], nr: u32, args: [u64; 6]) -> Option<u32> {
    let rule = rules.iter().find(|rule| rule.nr == nr)?;
    let low = |arg: u8| args[usize::from(arg)] as u32;
    let holds = |test: &Test| match *test {
        Test::Low { arg, mask, value } => low(arg) & mask == value,
        Test::OneOf { arg, mask, values } => values.iter().any(|value| low(arg) & mask == *value),
        Test::Full { arg, mask, value } => args[usize::from(arg)] & mask == value,
        Test::AtMost { arg, most } => low(arg) <= most,
    };
    let case = rule.cases.iter().find(|case| case.tests.iter().all(holds));
    Some(match case.map_or(rule.otherwise, |case| case.then) {
        Verdict::Allow => ALLOW,
        Verdict::Errno(errno) => ERRNO | u32::from(errno),
        Verdict::Kill => KILL,
    })
}
