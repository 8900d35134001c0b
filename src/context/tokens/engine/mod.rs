//! The token engine: how many tokens a text is in o200k_base and cl100k_base, exactly as tiktoken says.
//!
//! A text is split into pieces by the vocabulary's pattern, and each piece is merged into tokens. The
//! pieces are found by [`window`], 64 bytes at a time, and by [`scan`] where a window cannot tell.
//! What most of them count is in the [`memory`]; the others are merged ([`merge`]) by the tables of
//! [`ranks`]. All tables are made while building, and used where they lie in the program: nothing is
//! set up when it starts.

pub mod classes;
mod masks;
mod memory;
mod merge;
mod packing;
mod passes;
mod ranks;
mod scan;
mod short;
#[cfg(test)]
mod tests;
mod window;

use masks::WINDOW;
use memory::{Key, Memory};
use merge::Merger;
use ranks::Ranks;
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
    /// Nearly all pieces have up to 14 bytes; of those up to 30, most are blanks.
    words: Memory<2>,
    lines: Memory<4>,
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
        State {
            words: Memory::of_places(1 << 15),
            lines: Memory::of_places(1 << 13),
            merger: Merger::new(),
        }
    }

    fn count<V: Vocabulary>(&mut self, text: &[u8]) -> u64 {
        let mut count = 0;
        let mut at = 0;
        while at < text.len() {
            let ahead = text[at..].first_chunk::<AHEAD>();
            if let Some(ahead) = ahead.filter(|ahead| ahead[0].is_ascii() && ahead[1].is_ascii()) {
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
        let starts = V::starts(window);
        let mut count = 0;
        let mut at = 0;
        for end in window::bits(starts & (starts - 1)) {
            let end = end as usize;
            let bytes = ahead[at..].first_chunk().expect("there is room behind the window");
            count += self.count_among::<V>(bytes, end - at);
            at = end;
        }
        (count, at)
    }

    fn count_piece<V: Vocabulary>(&mut self, piece: &[u8]) -> u64 {
        if piece.len() > ROOM {
            return self.merge::<V>(piece);
        }
        let mut bytes = [0; ROOM];
        bytes[..piece.len()].copy_from_slice(piece);
        self.count_among::<V>(&bytes, piece.len())
    }

    /// The tokens of the piece that the first bytes are.
    #[inline]
    fn count_among<V: Vocabulary>(&mut self, bytes: &[u8; ROOM], len: usize) -> u64 {
        let (words, _) = bytes.as_chunks();
        if len <= Key::<2>::LONGEST {
            let key = Key::of(words.first_chunk::<2>().expect("words enough"), len);
            match self.words.get(key) {
                0 => {
                    let count = self.merge::<V>(&bytes[..len]);
                    self.words.put(key, count);
                    count
                }
                known => known,
            }
        } else if len <= Key::<4>::LONGEST {
            let key = Key::of(words.first_chunk::<4>().expect("words enough"), len);
            match self.lines.get(key) {
                0 => {
                    let count = self.merge::<V>(&bytes[..len]);
                    self.lines.put(key, count);
                    count
                }
                known => known,
            }
        } else {
            self.merge::<V>(&bytes[..len])
        }
    }

    #[inline(never)]
    fn merge<V: Vocabulary>(&mut self, piece: &[u8]) -> u64 {
        self.merger.count(V::ranks(), piece) as u64
    }
}

/// The bytes that are read from the beginning of a piece: as many as the longest in a window has.
const ROOM: usize = WINDOW;

/// A window, and the room of the last piece that begins in it.
const AHEAD: usize = WINDOW + ROOM;
