//! Amounts as people write them: `40k` tokens, `2MB`, `20%`.

use serde::{Deserialize, Deserializer};

/// A number of tokens: `40000`, `40_000`, `40k`, `1.5M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenAmount(pub u64);

/// A number of bytes: `1048576`, `1MB`, `512k` (powers of 1024).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByteAmount(pub u64);

/// A share or an amount of tokens: `20%` of a window, or `40k`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reserve {
    /// So many tokens.
    Tokens(u64),
    /// Percent of the window, 0 to below 100.
    Percent(f64),
}

impl Reserve {
    /// The tokens it stands for in a window of so many.
    pub fn of(self, window: u64) -> u64 {
        match self {
            Self::Tokens(tokens) => tokens,
            Self::Percent(percent) => (window as f64 * percent / 100.0).round() as u64,
        }
    }
}

/// `12345` → `12,345`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// The same with its sign.
pub fn grouped_signed(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

/// `part` of `whole` in percent, to a tenth; nothing of nothing is 0.
pub(crate) fn percent(part: u64, whole: u64) -> f64 {
    (part as f64 * 1000.0 / whole.max(1) as f64).round() / 10.0
}

/// How many tokens a text has for a model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// The likely number; the number where the count is exact.
    pub tokens: u64,
    /// The upper end of the estimate, which budgets are checked against.
    pub upper: u64,
}

impl std::ops::Add for Count {
    type Output = Count;

    fn add(self, other: Count) -> Count {
        Count { tokens: self.tokens + other.tokens, upper: self.upper + other.upper }
    }
}

impl std::iter::Sum for Count {
    fn sum<I: Iterator<Item = Count>>(counts: I) -> Count {
        counts.fold(Count::default(), std::ops::Add::add)
    }
}

/// The largest number that JSON keeps exactly everywhere, 2^53; nothing that is counted comes near it.
const COUNTABLE: f64 = 9_007_199_254_740_992.0;

/// Whether no number anywhere in `value` is too large to be added up.
pub fn is_countable(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Number(number) => {
            number.as_f64().is_some_and(|number| number.abs() <= COUNTABLE)
        }
        serde_json::Value::Array(list) => list.iter().all(is_countable),
        serde_json::Value::Object(map) => map.values().all(is_countable),
        _ => true,
    }
}

/// `text` as a whole number with a unit from `units`; the first unit that fits at the end counts.
/// Decimals are allowed where a whole number comes of them: `1.5k`, not `1.0005k`.
fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase().replace('_', "");
    let (digits, unit) = units
        .iter()
        .find_map(|(unit, factor)| lower.strip_suffix(unit).map(|rest| (rest, *factor)))
        .unwrap_or((&lower, 1));
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |text: &str| {
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u128>().ok()).flatten()
    };
    let scale = 10u128.checked_pow(decimals.len().try_into().ok()?)?;
    let parts = number(whole)?.checked_mul(scale)?.checked_add(number(decimals)?)?;
    let value = parts.checked_mul(u128::from(unit))?;
    // What a signed column can hold.
    (value % scale == 0 && value / scale <= i64::MAX as u128).then_some((value / scale) as u64)
}

impl std::str::FromStr for TokenAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, &[("k", 1_000), ("m", 1_000_000)])
            .map(Self)
            .ok_or_else(|| format!("'{text}' is no number of tokens: give 40000, 40k or 1.5M"))
    }
}

impl std::str::FromStr for ByteAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const MIB: u64 = 1 << 20;
        let units = [
            ("kb", 1024),
            ("mb", MIB),
            ("gb", 1024 * MIB),
            ("k", 1024),
            ("m", MIB),
            ("g", 1024 * MIB),
            ("b", 1),
        ];
        parse(text, &units)
            .map(Self)
            .ok_or_else(|| format!("'{text}' is no number of bytes: give 500000, 512k or 2MB"))
    }
}

impl std::str::FromStr for Reserve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no reserve: give 40k or 20%");
        match text.trim().strip_suffix('%') {
            Some(percent) => match percent.parse::<f64>() {
                Ok(percent) if (0.0..100.0).contains(&percent) => Ok(Self::Percent(percent)),
                _ => Err(wrong()),
            },
            None => text.parse::<TokenAmount>().map(|t| Self::Tokens(t.0)).map_err(|_| wrong()),
        }
    }
}

/// A number, or the text of an amount.
#[derive(Deserialize)]
#[serde(untagged, expecting = "give a number, or a text such as '40k'")]
enum NumberOrText {
    Number(i64),
    Text(String),
}

macro_rules! from_number_or_text {
    ($($name:ty),+) => { $(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = match NumberOrText::deserialize(from)? {
                    NumberOrText::Number(number) => number.to_string(),
                    NumberOrText::Text(text) => text,
                };
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+ };
}

from_number_or_text!(TokenAmount, ByteAmount, Reserve);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        let tokens = |t: &str| t.parse::<TokenAmount>().map(|t| t.0).ok();
        assert_eq!(tokens("40k"), Some(40_000));
        assert_eq!(tokens("1.5M"), Some(1_500_000));
        assert_eq!(tokens("200_000"), Some(200_000));
        assert_eq!(tokens("16.1k"), Some(16_100));
        for bad in [
            "",
            "k",
            "-4",
            "40q",
            "1e3",
            "0.0001k",
            "inf",
            "4 k",
            "1.",
            ".5",
            "10000000000000000000",
        ] {
            assert_eq!(tokens(bad), None, "{bad}");
        }
        assert_eq!("2MB".parse::<ByteAmount>().unwrap().0, 2 << 20);
        assert_eq!("20%".parse::<Reserve>().unwrap().of(200_000), 40_000);
        assert!("100%".parse::<Reserve>().is_err());
    }
}
