//! Counting: a text is split into pieces, and each piece merged into tokens.

use super::masks::WINDOW;
use super::memory::{Key, LONGEST, Memory};
use super::merge::Merger;
use super::ranks::{self, Ranks};
use super::{scan, window};
use std::cell::RefCell;

/// A vocabulary: how it splits, and what merges.
pub trait Vocabulary {
    /// The end of the piece that begins at `at < text.len()`.
    fn end(text: &[u8], at: usize) -> usize;
    /// The pieces that begin in a window, whose first byte begins one.
    fn starts(window: &[u8; WINDOW]) -> u64;
    fn ranks() -> &'static Ranks;
    /// This thread's memory of pieces.
    fn with<T>(work: impl FnOnce(&mut State) -> T) -> T;
}

pub struct O200k;
pub struct Cl100k;

/// What a thread keeps from one text to the next.
pub struct State {
    memory: Memory,
    merger: Merger,
}

macro_rules! vocabulary {
    ($name:ident, $lower:ident, $ranks:ident) => {
        impl Vocabulary for $name {
            #[inline]
            fn end(text: &[u8], at: usize) -> usize {
                scan::$lower(text, at)
            }
            #[inline]
            fn starts(window: &[u8; WINDOW]) -> u64 {
                window::$lower(window)
            }
            fn ranks() -> &'static Ranks {
                &ranks::$ranks
            }
            fn with<T>(work: impl FnOnce(&mut State) -> T) -> T {
                thread_local! {
                    static STATE: RefCell<State> = RefCell::new(State::new());
                }
                STATE.with_borrow_mut(work)
            }
        }
    };
}

vocabulary!(O200k, o200k, O200K);
vocabulary!(Cl100k, cl100k, CL100K);

/// How many tokens `text` is.
pub fn count<V: Vocabulary>(text: &str) -> u64 {
    V::with(|state| state.count::<V>(text.as_bytes()))
}

impl State {
    fn new() -> State {
        State { memory: Memory::new(), merger: Merger::default() }
    }

    fn count<V: Vocabulary>(&mut self, text: &[u8]) -> u64 {
        let mut count = 0;
        let mut at = 0;
        while at < text.len() {
            if let Some(ahead) = text[at..].first_chunk::<AHEAD>() {
                let (tokens, behind) = self.count_window::<V>(ahead);
                if behind > 0 {
                    count += tokens;
                    at += behind;
                    continue;
                }
            }
            let end = V::end(text, at);
            count += self.count_piece::<V>(&text[at..end]);
            at = end;
        }
        count
    }

    /// The tokens of all pieces that end in the window, and where they end.
    #[inline]
    fn count_window<V: Vocabulary>(&mut self, ahead: &[u8; AHEAD]) -> (u64, usize) {
        let window = ahead.first_chunk().expect("a window is shorter");
        let mut starts = V::starts(window);
        let mut count = 0;
        let mut at = 0;
        starts &= starts - 1;
        while starts != 0 {
            let end = starts.trailing_zeros() as usize;
            starts &= starts - 1;
            let len = end - at;
            let bytes = ahead[at..at + 16].first_chunk().expect("sixteen");
            count += if len <= LONGEST {
                let key = Key::of(bytes, len);
                match self.memory.get(key) {
                    0 => self.learn::<V>(&ahead[at..end], key),
                    known => known,
                }
            } else {
                self.merger.count(V::ranks(), &ahead[at..end]) as u64
            };
            at = end;
        }
        (count, at)
    }

    fn count_piece<V: Vocabulary>(&mut self, piece: &[u8]) -> u64 {
        if piece.len() > LONGEST {
            return self.merger.count(V::ranks(), piece) as u64;
        }
        let mut bytes = [0; 16];
        bytes[..piece.len()].copy_from_slice(piece);
        let key = Key::of(&bytes, piece.len());
        match self.memory.get(key) {
            0 => self.learn::<V>(piece, key),
            known => known,
        }
    }

    #[inline(never)]
    fn learn<V: Vocabulary>(&mut self, piece: &[u8], key: Key) -> u64 {
        let count = self.merger.count(V::ranks(), piece) as u64;
        self.memory.put(key, count);
        count
    }
}

/// A window, and what is read with the last piece that begins in it.
const AHEAD: usize = WINDOW + 16;
