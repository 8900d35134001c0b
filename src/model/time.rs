//! Points in time as the record keeps them: UTC, to the millisecond, one text form.

use crate::error::{Fault, Kind};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A point in time, UTC, whole milliseconds. Its text, `2025-01-17T09:30:00.000Z`, has one width
/// and sorts as the times do.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Timestamp(DateTime<Utc>);

impl Timestamp {
    /// The system's clock.
    pub fn now() -> Self {
        Self::from(Utc::now())
    }

    /// The calendar day, UTC: `2025-01-17`.
    pub fn day(self) -> String {
        self.0.format("%Y-%m-%d").to_string()
    }

    /// Date and time to the minute, UTC, for people: `2025-01-17 09:30Z`.
    pub fn to_minute(self) -> String {
        self.0.format("%Y-%m-%d %H:%MZ").to_string()
    }

    /// The time of day to the second, UTC: `09:30:00`.
    pub fn clock(self) -> String {
        self.0.format("%H:%M:%S").to_string()
    }

    /// Milliseconds since 1970.
    pub fn unix_millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// So many milliseconds later.
    pub fn plus_millis(self, ms: i64) -> Timestamp {
        TimeDelta::try_milliseconds(ms)
            .and_then(|delta| self.0.checked_add_signed(delta))
            .map_or(self, Self)
    }

    /// Milliseconds from `earlier` to this; negative if the clock was set back.
    pub fn millis_since(self, earlier: Timestamp) -> i64 {
        (self.0 - earlier.0).num_milliseconds()
    }

    /// So many days of 24 hours before this; the earliest there is, if they lead further back.
    pub fn days_before(self, days: u32) -> Timestamp {
        let age = TimeDelta::days(i64::from(days));
        Self(self.0.checked_sub_signed(age).unwrap_or(DateTime::UNIX_EPOCH)).or_earliest()
    }

    /// Of years beyond four digits the text would have another width, and sort elsewhere.
    fn is_sortable(self) -> bool {
        (0..=9999).contains(&self.0.year())
    }

    fn or_earliest(self) -> Timestamp {
        let earliest = NaiveDate::from_ymd_opt(0, 1, 1).unwrap_or_default();
        self.max(Self(earliest.and_time(chrono::NaiveTime::MIN).and_utc()))
    }

    /// For names of files, to the second: `20250117T093000Z`.
    pub fn compact(self) -> String {
        self.0.format("%Y%m%dT%H%M%SZ").to_string()
    }

    /// As the mark of a time axis of so many milliseconds with a mark every `step`.
    pub fn for_axis(self, step: i64, whole: i64) -> String {
        const DAY: i64 = 86_400_000;
        let form = match (step, whole) {
            (DAY.., _) => "%Y-%m-%d",
            (_, DAY..) => "%d %b %H:%M",
            (60_000.., _) => "%H:%M",
            _ => "%H:%M:%S",
        };
        self.0.format(form).to_string()
    }

    /// A moment as people give one: RFC 3339, a day (its first instant), or an age such as `90s`,
    /// `15m`, `2h`, `3d`, `1w` before `now`.
    pub fn parse_since(text: &str, now: Timestamp) -> Result<Self, InvalidTime> {
        if let Ok(time) = text.parse() {
            return Ok(time);
        }
        let minute = text.trim_end_matches('Z');
        for form in ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"] {
            if let Ok(time) = NaiveDateTime::parse_from_str(minute, form) {
                return Self::from(time.and_utc()).checked(text);
            }
        }
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Self(day.and_time(chrono::NaiveTime::MIN).and_utc()).checked(text);
        }
        parse_age(text)
            .and_then(|age| now.0.checked_sub_signed(age))
            .map(|time| Self(time).or_earliest())
            .ok_or_else(|| InvalidTime(text.to_owned()))
    }
}

impl Timestamp {
    fn checked(self, text: &str) -> Result<Self, InvalidTime> {
        self.is_sortable().then_some(self).ok_or_else(|| InvalidTime(text.to_owned()))
    }
}

fn parse_age(text: &str) -> Option<TimeDelta> {
    let unit = text.chars().last()?;
    let count: i64 = text[..text.len() - unit.len_utf8()].parse().ok().filter(|n| *n >= 0)?;
    match unit {
        's' => TimeDelta::try_seconds(count),
        'm' => TimeDelta::try_minutes(count),
        'h' => TimeDelta::try_hours(count),
        'd' => TimeDelta::try_days(count),
        'w' => TimeDelta::try_weeks(count),
        _ => None,
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(time: DateTime<Utc>) -> Self {
        Self(DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl std::str::FromStr for Timestamp {
    type Err = InvalidTime;

    fn from_str(text: &str) -> Result<Self, InvalidTime> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTime(text.to_owned()))?;
        Self::from(time.to_utc()).checked(text)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = InvalidTime;

    fn try_from(text: String) -> Result<Self, InvalidTime> {
        text.parse()
    }
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> String {
        time.to_string()
    }
}

/// A text that is no time.
#[derive(Debug, thiserror::Error)]
#[error("'{0}' is not a time")]
pub struct InvalidTime(String);

impl Fault for InvalidTime {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(
            "give 2025-01-17T09:30:00Z, a day such as 2025-01-17, or an age such as 2h or 3d"
                .into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_counts_back_from_now() {
        let now: Timestamp = "2025-01-17T09:30:00Z".parse().unwrap();
        let text = |t: &str| Timestamp::parse_since(t, now).unwrap().to_string();
        assert_eq!(text("2h"), "2025-01-17T07:30:00.000Z");
        assert_eq!(text("2025-01-16"), "2025-01-16T00:00:00.000Z");
        assert_eq!(text("2025-01-16 10:20Z"), "2025-01-16T10:20:00.000Z");
        assert_eq!(text("2025-01-16T01:02:03+01:00"), "2025-01-16T00:02:03.000Z");
        for bad in ["", "2", "h", "-2h", "2 h", "yesterday", "99999999999999999d"] {
            assert!(Timestamp::parse_since(bad, now).is_err(), "{bad}");
        }
        // Texts of another width would sort elsewhere.
        for bad in
            ["9999-12-31T23:00:00-02:00", "0000-01-01T00:00:00+01:00", "12345-01-01", "-0001-01-01"]
        {
            assert!(Timestamp::parse_since(bad, now).is_err(), "{bad}");
            assert!(bad.parse::<Timestamp>().is_err(), "{bad}");
        }
        assert_eq!(text("3243534d"), "0000-01-01T00:00:00.000Z");
        assert_eq!(now.days_before(u32::MAX).to_string().len(), now.to_string().len());
    }
}
