//! What ran when, drawn on one axis in the width there is.

use super::cells::{Table, Tone};
use super::sanitize::visible;
use std::ops::Range;
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
    /// Labels of places on the axis that are always told; earlier ones win where there is no room.
    pub ticks: Vec<(u64, String)>,
    /// Labels between them, from many to few: the first of these that fit are told.
    pub between: Vec<Vec<(u64, String)>>,
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
            before: format!("{}  ", padded(&ending(&lane.label, widths.label), widths.label)),
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
        let between = self.between.iter().find(|ticks| self.fit(ticks, columns));
        let mut line = vec![' '; columns];
        for (at, label) in self.ticks.iter().chain(between.into_iter().flatten()) {
            let taken = self.taken(*at, label, columns);
            let around = taken.start.saturating_sub(2)..(taken.end + 2).min(columns);
            if line[around].iter().all(|c| *c == ' ') {
                for (place, c) in line[taken].iter_mut().zip(label.chars()) {
                    *place = c;
                }
            }
        }
        line.into_iter().collect()
    }

    /// The columns of a label; the last one ends with the axis.
    fn taken(&self, at: u64, label: &str, columns: usize) -> Range<usize> {
        let length = label.chars().count().min(columns);
        let start = self.column(at, columns).min(columns - length);
        start..start + length
    }

    /// Whether labels stand apart from each other.
    fn fit(&self, ticks: &[(u64, String)], columns: usize) -> bool {
        let taken = |tick: &(u64, String)| self.taken(tick.0, &tick.1, columns);
        ticks.windows(2).all(|pair| taken(&pair[0]).end + 2 <= taken(&pair[1]).start)
    }

    fn bar(&self, lane: &Lane, columns: usize) -> String {
        let first = self.column(lane.start, columns).min(columns - 1);
        let last = self.column(lane.end, columns).max(first + 1);
        let cuts: Vec<usize> = self.cuts.iter().map(|at| self.column(*at, columns)).collect();
        let cell = |at: usize| match (cuts.contains(&at), (first..last).contains(&at)) {
            // However short a lane is, its beginning is seen.
            (true, _) if at != first => '┊',
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

/// As much of the end of a name as stands in so many columns: its beginning is what all have alike.
fn ending(name: &str, columns: usize) -> String {
    let name = visible(name);
    if name.width() <= columns {
        return name;
    }
    let (mut used, mut from) = (1, name.len());
    for (at, c) in name.char_indices().rev() {
        used += c.width().unwrap_or(0);
        if used > columns {
            break;
        }
        from = at;
    }
    format!("…{}", &name[from..])
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
    use proptest::collection::vec;
    use proptest::prelude::*;

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
            between: vec![
                vec![(20, "09:12".into()), (25, "09:15".into())],
                vec![(50, "09:30".into())],
            ],
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
                "      09:00      09:30  10:00",
                "a     ███████████      ┊       1m  agent",
                "漢字             █     ┊       1m  agent",
                "c                      ┊    █  1m  agent",
            ]
        );
        assert!(lines.iter().all(|line| line.width() <= 40), "{lines:#?}");
    }

    proptest! {
        /// Whatever stands on the axis: in 60 columns or more nothing is wider, every lane is seen.
        #[test]
        fn no_line_is_wider_than_there_is_room(
            length in 0..5_000u64,
            runs in vec((0..5_000u64, 0..5_000u64, "\\PC{0,40}"), 0..6),
            cuts in vec(0..5_000u64, 0..4),
            width in 60..200usize,
        ) {
            let ticks = vec![(0, "09:00".to_owned()), (length, "01-17 10:00".to_owned())];
            let row = |(start, end, label): &(u64, u64, String)| {
                Lane { words: label.clone(), ..lane(label, *start.min(end), *start.max(end)) }
            };
            let rows: Vec<Lane> = runs.iter().map(row).collect();
            let between = vec![ticks.clone()];
            let lanes = Lanes { length, rows, ticks, between, cuts, listed: None };
            for line in lanes.drawn(width).into_iter().skip(1) {
                let text = format!("{}{}{}", line.before, line.bar, line.after);
                prop_assert!(text.width() <= width, "{} > {width}: {text}", text.width());
                prop_assert!(line.bar.contains('█'), "{text}");
            }
        }
    }
}
