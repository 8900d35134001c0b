//! Where bars and marks stand.

use super::*;

fn at(time: &str) -> Timestamp {
    format!("2025-01-17T{time}Z").parse().unwrap()
}

#[test]
fn marks_are_round_times_with_room() {
    let labels = |from: &str, ms: i64| {
        let ticks = ticks(at(from), ms);
        ticks.iter().map(|it| format!("{} {}", it.at, it.label)).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(labels("09:31:00", 3_600_000), "23.33 09:45, 48.33 10:00, 73.33 10:15, 98.33 10:30");
    assert_eq!(
        labels("09:30:00", 4_000),
        "0 09:30:00, 25 09:30:01, 50 09:30:02, 75 09:30:03, 100 09:30:04"
    );
    assert_eq!(labels("09:30:00", 1), "0 09:30:00");
    assert_eq!(
        labels("23:00:00", 200_000_000),
        "1.8 18 Jan 00:00, 23.4 18 Jan 12:00, 45 19 Jan 00:00, 66.6 19 Jan 12:00, 88.2 20 Jan 00:00"
    );
}

proptest::proptest! {
    #[test]
    fn marks_are_few_and_on_the_axis(from in 0i64..4_000_000_000_000, whole in 1i64..4_000_000_000_000) {
        let begun = at("00:00:00").plus_millis(from - 1_700_000_000_000);
        let ticks = ticks(begun, whole);
        proptest::prop_assert!(ticks.len() <= TICKS as usize + 2, "{}", ticks.len());
        proptest::prop_assert!(ticks.iter().all(|it| (0.0..=100.0).contains(&it.at)));
    }
}
