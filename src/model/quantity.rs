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

/// `text` as a number with a unit from `units`; the first unit that fits at the end counts.
fn parse(text: &str, units: &[(&str, f64)]) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase().replace('_', "");
    let (digits, factor) = units
        .iter()
        .find_map(|(unit, factor)| lower.strip_suffix(unit).map(|rest| (rest, *factor)))
        .unwrap_or((&lower, 1.0));
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let value = digits.parse::<f64>().ok().filter(|_| plain)? * factor;
    (value.fract() == 0.0 && value < u64::MAX as f64).then_some(value as u64)
}

impl std::str::FromStr for TokenAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse(text, &[("k", 1e3), ("m", 1e6)])
            .map(Self)
            .ok_or_else(|| format!("'{text}' is no number of tokens: give 40000, 40k or 1.5M"))
    }
}

impl std::str::FromStr for ByteAmount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const MIB: f64 = 1024.0 * 1024.0;
        let units = [
            ("kb", 1024.0),
            ("mb", MIB),
            ("gb", 1024.0 * MIB),
            ("k", 1024.0),
            ("m", MIB),
            ("g", 1024.0 * MIB),
            ("b", 1.0),
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
#[serde(untagged)]
enum NumberOrText {
    Number(u64),
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
        for bad in ["", "k", "-4", "40q", "1e3", "0.0001k", "inf", "4 k"] {
            assert_eq!(tokens(bad), None, "{bad}");
        }
        assert_eq!("2MB".parse::<ByteAmount>().unwrap().0, 2 << 20);
        assert_eq!("20%".parse::<Reserve>().unwrap().of(200_000), 40_000);
        assert!("100%".parse::<Reserve>().is_err());
    }
}
