//! How often something went well, and how sure that is after so many tries.

use serde::Serialize;

/// The 97.5 % quantile of the normal distribution: 95 % lie within so many deviations.
const Z: f64 = 1.959_963_984_540_054;

/// With fewer tries than this, a share says little.
pub const FEW: u64 = 10;

/// A share of tries that went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Proportion {
    /// How many were tried to the end.
    pub finished: u64,
    /// How many of them went well.
    pub completed: u64,
}

impl Proportion {
    /// The share, 0 to 1; none without a try.
    pub fn rate(self) -> Option<f64> {
        (self.finished > 0).then(|| self.completed as f64 / self.finished as f64)
    }

    /// Wilson's score interval at 95 %: between which shares the true one is likely to be. It stays
    /// within 0 and 1 and holds for few tries too; none without a try.
    pub fn interval(self) -> Option<[f64; 2]> {
        let (n, share) = (self.finished as f64, self.rate()?);
        let shrink = 1.0 + Z * Z / n;
        let middle = (share + Z * Z / (2.0 * n)) / shrink;
        let half = Z / shrink * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
        Some([(middle - half).max(0.0), (middle + half).min(1.0)])
    }

    /// How far two intervals stand apart; negative where they overlap. Where they do not, the shares
    /// differ by more than chance makes likely.
    pub fn apart(self, other: Proportion) -> Option<f64> {
        let ([low, high], [other_low, other_high]) = (self.interval()?, other.interval()?);
        Some((low - other_high).max(other_low - high))
    }
}

/// The nearest-rank percentile of sorted values: the smallest that at least `percent` of a hundred of
/// them do not exceed. It is always one of the values; none of none.
pub fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interval(completed: u64, finished: u64) -> [f64; 2] {
        let interval = Proportion { finished, completed }.interval().unwrap();
        interval.map(|bound| (bound * 10_000.0).round() / 10_000.0)
    }

    #[test]
    fn intervals_are_wilsons() {
        // As R's binom.confint(x, n, methods = "wilson") has them.
        assert_eq!(interval(0, 10), [0.0, 0.2775]);
        assert_eq!(interval(10, 10), [0.7225, 1.0]);
        assert_eq!(interval(5, 10), [0.2366, 0.7634]);
        assert_eq!(interval(1, 1), [0.2065, 1.0]);
        assert_eq!(interval(81, 263), [0.2553, 0.3662]);
        assert_eq!(Proportion { finished: 0, completed: 0 }.interval(), None);
    }

    #[test]
    fn shares_are_apart_where_intervals_do_not_meet() {
        let of = |completed, finished| Proportion { finished, completed };
        assert!(of(5, 6).apart(of(12, 14)).unwrap() < 0.0);
        assert!(of(2, 20).apart(of(18, 20)).unwrap() > 0.0);
        assert_eq!(of(1, 2).apart(of(0, 0)), None);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<i64> = (1..=20).collect();
        assert_eq!([50, 95, 100].map(|p| percentile(&values, p)), [Some(10), Some(19), Some(20)]);
        assert_eq!([50, 95].map(|p| percentile(&[7], p)), [Some(7), Some(7)]);
        assert_eq!(percentile(&[15, 20, 35, 40, 50], 50), Some(35));
        assert_eq!(percentile(&[], 50), None);
    }
}
