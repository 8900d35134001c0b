//! What ran when, drawn on one axis in the width there is.

use super::sanitize::visible;
use super::view::{Table, Tone};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of a drawing where nobody says how many there are.
pub(super) const WIDTH: usize = 100;

/// What a drawing keeps for its bars before it cuts the words beside them.
const LEAST: usize = 30;

/// What words beside the bars keep.
const KEPT: usize = 12;

/// Stretches on one axis.
#[derive(Debug, Clone, Default)]
pub struct Lanes {
    /// The axis goes from 0 to this.
    pub length: u64,
    pub rows: Vec<Lane>,
    /// Labels of places on the axis; earlier ones win where there is no room for all.
    pub ticks: Vec<(u64, String)>,
    /// Places where a part of the axis was left out.
    pub cuts: Vec<u64>,
    /// The same in figures, for formats whose readers may not see the drawing as it is.
    pub listed: Option<Table>,
}

/// One stretch, and what is said beside it.
#[derive(Debug, Clone)]
pub struct Lane {
    /// Left of the bar.
    pub label: String,
    pub start: u64,
    pub end: u64,
    /// How it is drawn.
    pub fill: char,
    pub tone: Tone,
    /// Right of the bar: a figure and words.
    pub figure: String,
    pub words: String,
}

/// A line of the drawing: the bar alone is coloured.
pub(super) struct Drawn {
    pub before: String,
    pub bar: String,
    pub tone: Tone,
    pub after: String,
}

/// Columns of the parts of a line.
struct Widths {
    label: usize,
    bar: usize,
    figure: usize,
    words: usize,
}

impl Lanes {
    /// The axis, then a line for each lane; none is wider than `width` where that is possible.
    pub(super) fn drawn(&self, width: usize) -> Vec<Drawn> {
        let widths = self.widths(width);
        let axis = Drawn {
            before: " ".repeat(widths.label + 2),
            bar: self.axis(widths.bar),
            tone: Tone::Faint,
            after: String::new(),
        };
        let lane = |lane: &Lane| Drawn {
            before: format!("{}  ", padded(&lane.label, widths.label)),
            bar: self.bar(lane, widths.bar),
            tone: lane.tone,
            after: format!(
                "  {}{}  {}",
                " ".repeat(widths.figure.saturating_sub(lane.figure.width())),
                lane.figure,
                padded(&lane.words, widths.words)
            ),
        };
        [axis].into_iter().chain(self.rows.iter().map(lane)).collect()
    }

    fn widths(&self, width: usize) -> Widths {
        let widest = |text: fn(&Lane) -> &String| {
            self.rows.iter().map(|lane| visible(text(lane)).width()).max().unwrap_or(0)
        };
        let mut label = widest(|lane| &lane.label);
        let mut words = widest(|lane| &lane.words);
        let figure = widest(|lane| &lane.figure);
        let left = |label, words| (width as i64) - (label + figure + words + 6) as i64;
        let lacking = |label, words| (LEAST as i64 - left(label, words)).max(0) as usize;
        words = words.saturating_sub(lacking(label, words)).max(words.min(KEPT));
        label = label.saturating_sub(lacking(label, words)).max(label.min(KEPT));
        Widths { label, bar: left(label, words).max(10) as usize, figure, words }
    }

    /// The column of a place on the axis.
    fn column(&self, at: u64, columns: usize) -> usize {
        let place = u128::from(at) * columns as u128 / u128::from(self.length.max(1));
        (place as usize).min(columns)
    }

    fn axis(&self, columns: usize) -> String {
        let mut line = vec![' '; columns];
        for (at, label) in &self.ticks {
            let (start, length) = (self.column(*at, columns), label.chars().count());
            // The last label ends with the axis.
            let start = start.min(columns.saturating_sub(length));
            let around = start.saturating_sub(2)..(start + length + 2).min(columns);
            if line[around].iter().all(|c| *c == ' ') {
                for (place, c) in line[start..].iter_mut().zip(label.chars()) {
                    *place = c;
                }
            }
        }
        line.into_iter().collect()
    }

    fn bar(&self, lane: &Lane, columns: usize) -> String {
        let first = self.column(lane.start, columns).min(columns - 1);
        let last = self.column(lane.end, columns).max(first + 1);
        let cuts: Vec<usize> = self.cuts.iter().map(|at| self.column(*at, columns)).collect();
        let cell = |at: usize| match (cuts.contains(&at), (first..last).contains(&at)) {
            // A lane that is one column wide must be seen.
            (true, inside) if !inside || last > first + 1 => '┊',
            (_, true) => lane.fill,
            (_, false) => ' ',
        };
        (0..columns).map(cell).collect()
    }
}

/// `text` made harmless, in just so many columns.
fn padded(text: &str, columns: usize) -> String {
    let text = cut(&visible(text), columns);
    let rest = columns.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(rest))
}

/// As much of `text` as stands in so many columns, with `…` for the rest.
pub(super) fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let (mut cut, mut used) = (String::new(), 0);
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if used + wide + 1 > columns {
            break;
        }
        cut.push(c);
        used += wide;
    }
    cut + "…"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(label: &str, start: u64, end: u64) -> Lane {
        let (label, tone) = (label.to_owned(), Tone::Plain);
        Lane { label, start, end, fill: '█', tone, figure: "1m".into(), words: "agent".into() }
    }

    #[test]
    fn lanes_fit_their_width() {
        let lanes = Lanes {
            length: 100,
            rows: vec![lane("a", 0, 50), lane("漢字", 50, 50), lane("c", 100, 100)],
            ticks: vec![(0, "09:00".into()), (5, "09:01".into()), (99, "10:00".into())],
            cuts: vec![75],
            listed: None,
        };
        let lines: Vec<String> = lanes
            .drawn(40)
            .into_iter()
            .map(|it| format!("{}{}{}", it.before, it.bar, it.after))
            .collect();
        assert_eq!(
            lines,
            [
                "      09:00              10:00",
                "a     ████████████      ┊        1m  agent",
                "漢字              █     ┊        1m  agent",
                "c                       ┊    █  1m  agent",
            ]
        );
        assert!(lines.iter().all(|line| line.width() <= 40), "{lines:#?}");
    }
}
