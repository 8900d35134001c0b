//! What is fuzzed, in one place: for `benches/fuzz.rs`, which needs no special toolchain, and for any
//! other driver. Not part of the library: only with the feature `fuzzing`.
//!
//! A target takes any bytes and panics where a promise is broken. It returns what it made of them: an
//! input that has it do something new is worth keeping.

mod briefings;
mod bundles;
mod history;
mod requests;

use std::hash::{DefaultHasher, Hash, Hasher};

/// Something that reads bytes it did not write.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    /// Inputs to begin with.
    pub seeds: &'static [&'static str],
    /// Pieces that mean something to it.
    pub words: &'static [&'static str],
    pub run: fn(&[u8]) -> u64,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    bundles::BUNDLE,
    briefings::BRIEFING,
    briefings::TEMPLATE,
    requests::CONFIG,
    requests::SELECTION,
    bundles::SANITIZER,
    requests::TOKENS,
    requests::ARGUMENTS,
    history::LINES,
    history::IMPORT,
    history::SEARCH,
    history::PAGES,
];

/// What was done, told by words: figures and positions are left out.
fn done(words: impl AsRef<str>) -> u64 {
    let mut hasher = DefaultHasher::new();
    let letters = words.as_ref().chars().filter(|c| c.is_ascii_alphabetic()).take(48);
    letters.for_each(|c| c.hash(&mut hasher));
    hasher.finish()
}

/// How it ended, told by the words of an error, or by `value` where there is none.
fn ended<T>(outcome: Result<T, impl std::fmt::Display>, value: impl FnOnce(T) -> String) -> u64 {
    match outcome {
        Ok(it) => done(value(it)),
        Err(error) => done(error.to_string()),
    }
}
