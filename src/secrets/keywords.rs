//! The one pass over a text: at each byte, whether the next four may be of a keyword.

use super::filter::{self, FOLD};
use super::rules::{BUCKETS, FILTER, GRAMS, TRIGGERS, Trigger};

/// Calls `look` with whom each keyword wakes, and where the keyword begins.
pub fn each(text: &[u8], mut look: impl FnMut(Trigger, usize)) {
    for (at, four) in text.windows(4).enumerate() {
        let four: [u8; 4] = four.try_into().expect("four bytes");
        let gram = u32::from_le_bytes(four) | FOLD;
        let bit = filter::bit(gram);
        if FILTER[bit / 64] >> (bit % 64) & 1 == 1 {
            woken(gram, at, &mut look);
        }
    }
}

#[cold]
#[inline(never)]
fn woken(gram: u32, at: usize, look: &mut impl FnMut(Trigger, usize)) {
    let bucket = filter::bucket(gram);
    let (from, to) = (usize::from(BUCKETS[bucket]), usize::from(BUCKETS[bucket + 1]));
    for entry in GRAMS[from..to].iter().filter(|entry| entry.gram == gram) {
        if let Some(key) = at.checked_sub(usize::from(entry.offset)) {
            look(TRIGGERS[usize::from(entry.trigger)], key);
        }
    }
}
