//! Figures for people.

pub use crate::model::{grouped, grouped_signed};
use std::fmt::Display;

/// A number of tokens, marked `≈` where it is an estimate.
pub fn tokens(number: u64, exact: bool) -> String {
    format!("{}{}", if exact { "" } else { "≈" }, grouped(number))
}

/// US dollars: `$0.0123`, `$12.34`, `$1,234.56`; below a dollar to what a few tokens cost.
pub fn dollars(usd: f64) -> String {
    match usd {
        _ if usd > 0.0 && usd < 0.00005 => "<$0.0001".to_owned(),
        _ if usd < 1.0 => format!("${usd:.4}"),
        _ => {
            let cents = (usd * 100.0).round() as u64;
            format!("${}.{:02}", grouped(cents / 100), cents % 100)
        }
    }
}

/// `one` or `many` by the number: `1 file`, `3 files`.
pub fn counted(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number as u64), if number == 1 { one } else { many })
}

/// “3 ignored, 1 binary”: of what each is there how often, without what is not there at all.
pub fn tally(counts: impl IntoIterator<Item = (usize, impl Display)>) -> Option<String> {
    let told = counts.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> =
        told.map(|(count, what)| format!("{} {what}", grouped(count as u64))).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

/// The first `most` characters, and `…` behind them if there are more.
pub fn beginning(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// As much of a hash as tells one from another at a glance.
pub fn short_hash(hash: &str) -> &str {
    &hash[..hash.len().min(8)]
}

/// Milliseconds for people: `0.4s`, `12s`, `4m 10s`, `2h 5m`.
pub fn duration(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    match seconds {
        0..10 => format!("{:.1}s", ms.max(0) as f64 / 1000.0),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        _ => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
    }
}

/// How long ago something was, in its largest unit: `now`, `42s ago`, `3h ago`; `in 5m` if it is to come.
pub fn ago(ms: i64) -> String {
    let seconds = ms.unsigned_abs() / 1000;
    let told = match seconds {
        0 => return "now".to_owned(),
        1..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400..31_536_000 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_536_000),
    };
    if ms < 0 { format!("in {told}") } else { format!("{told} ago") }
}

/// Bytes for people: `812 B`, `3.4 KB`, `2.0 MB` (powers of 1024).
pub fn bytes(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for larger in ["KB", "MB", "GB", "TB"] {
        if value < 1024.0 {
            break;
        }
        value /= 1024.0;
        unit = larger;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(grouped_signed(-1_000), "-1,000");
        assert_eq!(tokens(1_000, false), "≈1,000");
    }

    #[test]
    fn what_is_not_there_is_not_told() {
        let told = tally([(1_200, "same"), (0, "added"), (1, "removed")]);
        assert_eq!(told.as_deref(), Some("1,200 same, 1 removed"));
        assert_eq!(tally([(0, "added")]), None);
    }

    #[test]
    fn dollars_have_cents_and_less_where_there_is_less() {
        let told = [0.0, 0.000_01, 0.012_34, 0.999_99, 1.0, 12.345, 1_234_567.891].map(dollars);
        let expected =
            ["$0.0000", "<$0.0001", "$0.0123", "$1.0000", "$1.00", "$12.35", "$1,234,567.89"];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_beginning_counts_characters() {
        assert_eq!(beginning("naïve", 5), "naïve");
        assert_eq!(beginning("naïve", 3), "naï…");
        assert_eq!(short_hash("0123456789"), "01234567");
        assert_eq!(short_hash("0123"), "0123");
    }

    #[test]
    fn ages_have_one_unit() {
        let told = [0, 42_000, 7_500_000, 86_400_000 * 12, -300_000].map(ago);
        assert_eq!(told, ["now", "42s ago", "2h ago", "12d ago", "in 5m"]);
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let told = [400, 12_000, 250_000, 7_500_000].map(duration);
        assert_eq!(told, ["0.4s", "12s", "4m 10s", "2h 5m"]);
    }
}
