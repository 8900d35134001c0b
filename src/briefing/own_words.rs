//! What of a template did not come with the program: it may hold what must not go out.

use super::embedded::{EMBEDDED, PARTIALS};
use super::library::{Origin, Template};
use std::path::Path;

/// A text of a template that somebody wrote.
#[derive(Debug, Clone, Copy)]
pub struct OwnWords<'t> {
    /// The file it was read from; none for a partial, and for what was kept.
    pub file: Option<&'t Path>,
    /// None for the template itself.
    pub partial: Option<&'t str>,
    pub text: &'t str,
}

impl Template {
    /// Its own text and its partials', without those that are the program's.
    pub fn own_words(&self) -> Vec<OwnWords<'_>> {
        let file = match &self.origin {
            Origin::File(path) => Some(path.as_path()),
            Origin::Embedded | Origin::Kept => None,
        };
        let is_own = !EMBEDDED.iter().any(|it| it.source == self.source);
        let own = is_own.then_some(OwnWords { file, partial: None, text: &self.source });
        let partials = self.partials().iter();
        let partials = partials.filter(|(_, text)| !PARTIALS.iter().any(|it| it.1 == *text));
        let partials =
            partials.map(|(name, text)| OwnWords { file: None, partial: Some(name), text });
        own.into_iter().chain(partials).collect()
    }

    /// The same with other words in the place of some of its own.
    pub fn reworded(mut self, other: impl Fn(OwnWords<'_>) -> Option<String>) -> Template {
        let words = self.own_words().into_iter();
        let changed = words.filter_map(|it| Some((it.partial.map(str::to_owned), other(it)?)));
        for (partial, text) in changed.collect::<Vec<_>>() {
            match partial {
                None => self.source = text,
                Some(name) => self.set_partial(name, text),
            }
        }
        self
    }
}
