//! Timestamps after RFC 3339, in UTC, to the nanosecond.

use std::time::{SystemTime, UNIX_EPOCH};

/// Length of every timestamp: `2026-11-20T11:33:38.123456789Z`.
pub(crate) const STAMP_BYTES: usize = 30;

/// Formats the time; keeps the text of the second it formatted last.
#[derive(Debug)]
pub(crate) struct Clock {
    second: Option<u64>,
    text: String,
}

impl Clock {
    pub(crate) const fn new() -> Clock {
        Clock { second: None, text: String::new() }
    }

    /// Appends the present time.
    pub(crate) fn stamp(&mut self, out: &mut Vec<u8>) {
        // A clock before 1970 is a machine without a clock: it gets the epoch rather than no record.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        if self.second != Some(now.as_secs()) {
            self.text = second_text(now.as_secs());
            self.second = Some(now.as_secs());
        }
        out.extend_from_slice(self.text.as_bytes());
        let mut digits = [b'0'; 9];
        let mut rest = now.subsec_nanos();
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        out.extend_from_slice(&digits);
        out.push(b'Z');
    }
}

/// `2026-11-20T11:33:38.` of seconds since the epoch. The date is Howard Hinnant's `civil_from_days`, for days from 1970 on.
fn second_text(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let shifted = days + 719_468; // days since 0000-03-01
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    // Four digits, as RFC 3339 has it, whatever the clock says.
    format!("{:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.", year.min(9999), second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00."),
            (951_782_400, "2000-02-29T00:00:00."),
            (951_868_799, "2000-02-29T23:59:59."),
            (1_709_164_800, "2024-02-29T00:00:00."),
            (1_735_689_599, "2024-12-31T23:59:59."),
            (4_107_542_400, "2100-03-01T00:00:00."),
        ] {
            assert_eq!(second_text(seconds), text);
        }
    }

    #[test]
    fn every_stamp_has_the_same_length() {
        let mut clock = Clock::new();
        for _ in 0..100 {
            let mut out = Vec::new();
            clock.stamp(&mut out);
            assert_eq!(out.len(), STAMP_BYTES);
        }
        assert_eq!(second_text(u64::MAX / 1_000).len(), STAMP_BYTES - 10);
    }
}
