//! Text of a bounded length: what does not fit is counted, never dropped in silence.

use super::figures::grouped;

/// Sections, one below the other, with a limit for all of them together.
#[derive(Debug, Clone, Default)]
pub struct Bounded {
    /// Characters, newlines included.
    pub limit: usize,
    pub sections: Vec<Section>,
}

/// A heading and lines, of which the first stay when there is little room.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// A line of our own words; none if empty.
    pub heading: String,
    pub lines: Vec<Vec<Span>>,
    /// Characters that this section has before the others take what is left.
    pub least: usize,
    /// Where the lines that do not fit can be read, in our own words.
    pub more: String,
}

/// A piece of a line.
#[derive(Debug, Clone)]
pub enum Span {
    /// Our own words: written as they are.
    Own(String),
    /// Anyone's words: made harmless for the format, and cut to so many characters.
    Foreign(String, usize),
}

impl Bounded {
    /// The text, with foreign words made harmless by `escape`; at most `limit` characters.
    pub(super) fn fitted(&self, escape: fn(&str) -> String) -> String {
        let parts: Vec<Part> = self.sections.iter().map(|it| Part::new(it, escape)).collect();
        let fixed: usize = parts.iter().map(|part| part.fixed).sum();
        let mut room = self.limit.saturating_sub(fixed);
        let mut taken = vec![Taken::default(); parts.len()];
        for ((part, section), taken) in parts.iter().zip(&self.sections).zip(&mut taken) {
            taken.extend(part, section.least.min(room), &mut room);
        }
        for (part, taken) in parts.iter().zip(&mut taken) {
            taken.extend(part, room, &mut room);
        }
        let written: Vec<String> = parts
            .iter()
            .zip(&self.sections)
            .zip(&taken)
            .map(|((part, section), taken)| part.written(section, taken.lines))
            .filter(|text| !text.is_empty())
            .collect();
        written.join("\n")
    }
}

/// The lines of a section as they are written.
struct Part {
    lines: Vec<String>,
    sizes: Vec<usize>,
    /// What the section costs without its lines: heading, blank line, count of what is left out.
    fixed: usize,
}

#[derive(Clone, Default)]
struct Taken {
    lines: usize,
}

impl Taken {
    /// Takes the next lines of `part` while they fit into `allowed`, which is a part of `room`.
    fn extend(&mut self, part: &Part, mut allowed: usize, room: &mut usize) {
        while let Some(size) = part.sizes.get(self.lines).filter(|size| **size <= allowed) {
            allowed -= size;
            *room -= size;
            self.lines += 1;
        }
    }
}

impl Part {
    fn new(section: &Section, escape: fn(&str) -> String) -> Part {
        let line = |spans: &Vec<Span>| {
            spans.iter().map(|span| span.written(escape)).collect::<String>() + "\n"
        };
        let lines: Vec<String> = section.lines.iter().map(line).collect();
        let sizes = lines.iter().map(|line| line.chars().count()).collect();
        let count = more(section, lines.len()).chars().count();
        let fixed = if lines.is_empty() { 0 } else { section.heading.chars().count() + 3 + count };
        Part { lines, sizes, fixed }
    }

    fn written(&self, section: &Section, shown: usize) -> String {
        if self.lines.is_empty() {
            return String::new();
        }
        let mut text = match section.heading.is_empty() {
            true => String::new(),
            false => format!("{}\n\n", section.heading),
        };
        text.extend(self.lines[..shown].iter().map(String::as_str));
        if shown < self.lines.len() {
            text += &more(section, self.lines.len() - shown);
        }
        text
    }
}

fn more(section: &Section, left: usize) -> String {
    format!("- … and {} more: {}\n", grouped(left as u64), section.more)
}

impl Span {
    fn written(&self, escape: fn(&str) -> String) -> String {
        match self {
            Span::Own(text) => text.clone(),
            Span::Foreign(text, most) => {
                // What is cut off need not be escaped first.
                let beginning: String = text.chars().take(most + 1).collect();
                cut(&escape(&beginning), *most)
            }
        }
    }
}

/// The first `most` characters, the last of them `…` if there are more.
fn cut(text: &str, most: usize) -> String {
    match text.chars().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(heading: &str, lines: usize, least: usize) -> Section {
        let line = |n| vec![Span::Own("- ".into()), Span::Foreign(format!("line {n}"), 20)];
        let (heading, more) = (heading.to_owned(), "`all`".to_owned());
        Section { heading, lines: (0..lines).map(line).collect(), least, more }
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let sections = vec![section("# One", 100, 30), section("# Two", 3, 30)];
        let text = Bounded { limit: 120, sections }.fitted(str::to_owned);
        assert_eq!(
            text,
            "# One\n\n- line 0\n- line 1\n- line 2\n- … and 97 more: `all`\n\n\
             # Two\n\n- line 0\n- line 1\n- line 2\n"
        );
        assert!(text.chars().count() <= 120);
    }

    #[test]
    fn foreign_words_are_cut_after_they_were_escaped() {
        let escape: fn(&str) -> String = |text| text.replace('<', "\\<");
        assert_eq!(Span::Foreign("<<<<".into(), 5).written(escape), "\\<\\<…");
        assert_eq!(Span::Foreign("<<".into(), 5).written(escape), "\\<\\<");
    }
}
