//! What stands in several places of a bundle is kept once: whole texts, and blocks of them.
//!
//! Items are gone through in their order. A text that an earlier item has becomes a reference to
//! that item; a run of blocks that stands earlier, in another item or in the same one, becomes a
//! reference to those lines. What is referred to is always there in full, so that nothing refers to
//! a reference. `briefing::reference` writes the references and puts the texts back.

use super::blocks::{Block, Blocks, Key};
use super::texts::Texts;
use crate::error::Result;
use crate::model::{BlockReference, ContextItem, DedupMode, ItemType, Selection};
use rayon::prelude::*;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The shortest run of blocks that is referred to, in bytes: about 50 tokens, of three to four and a
/// half bytes each in code and in prose.
const SHORTEST: usize = 200;

/// How many times as long as the line that refers to it a run must be: that line is mostly a path,
/// which has more tokens for its length than text has.
const WORTH: usize = 3;

/// How many earlier places of a block are tried for the longest run.
const TRIED: usize = 16;

/// Marks in `items` what stands earlier already; what was marked before is forgotten. References are
/// named by the blake3 of their text when they are counted.
pub fn deduplicate(items: &mut [ContextItem], texts: &Texts, mode: DedupMode) -> Result<()> {
    for item in items.iter_mut() {
        item.duplicate_of = None;
        item.references.clear();
    }
    if mode == DedupMode::Off {
        return Ok(());
    }
    whole_texts(items);
    if mode == DedupMode::Blocks {
        let found = Search::new(items, texts)?.run();
        for (item, references) in items.iter_mut().zip(found) {
            item.references = references;
        }
    }
    Ok(())
}

fn whole_texts(items: &mut [ContextItem]) {
    let mut first: HashMap<String, String> = HashMap::new();
    // A reference to nothing would be longer than nothing.
    let sent = items.iter_mut().filter(|it| it.item_type != ItemType::Briefing && it.bytes > 0);
    for item in sent {
        match first.get(&item.content_hash) {
            Some(label) => item.duplicate_of = Some(label.clone()),
            None => drop(first.insert(item.content_hash.clone(), item.label())),
        }
    }
}

/// Those of an item's blocks that may stand somewhere else, too.
#[derive(Default)]
struct Laid {
    blocks: Vec<Block>,
    /// How far they were gone through, and which became references.
    referred: Vec<bool>,
}

/// A block's place: item, then its place among the item's.
type Place = (usize, usize);

struct Search<'i> {
    items: &'i [ContextItem],
    laid: Vec<Laid>,
    /// Where each block stands in full, the first places only.
    places: HashMap<Key, Vec<Place>, BuildHasherDefault<KeyHasher>>,
}

/// A run of blocks that stands earlier.
struct Run {
    from: Place,
    blocks: usize,
    bytes: usize,
}

impl<'i> Search<'i> {
    fn new(items: &'i [ContextItem], texts: &Texts) -> Result<Self> {
        let has_own = |item: &ContextItem| {
            item.item_type != ItemType::Briefing && item.duplicate_of.is_none()
        };
        let blocks = |item: &ContextItem| match has_own(item) {
            true => texts.blocks(&item.content_hash),
            false => Ok(Arc::default()),
        };
        let seen = Seen::room_for(items.iter().map(|item| item.bytes).sum());
        items.par_iter().try_for_each(|item| -> Result<()> {
            blocks(item)?.iter().for_each(|block| seen.add(&block));
            Ok(())
        })?;
        let lay = |item: &ContextItem| {
            let blocks = seen.repeated(&*blocks(item)?);
            Ok(Laid { blocks, referred: Vec::new() })
        };
        let laid = items.par_iter().map(lay).collect::<Result<_>>()?;
        Ok(Search { items, laid, places: HashMap::default() })
    }

    fn run(mut self) -> Vec<Vec<BlockReference>> {
        let count = self.items.len();
        (0..count).map(|item| self.references(item)).collect()
    }

    fn references(&mut self, item: usize) -> Vec<BlockReference> {
        let mut found = Vec::new();
        let mut at = 0;
        while at < self.laid[item].blocks.len() {
            let run = self.longest(item, at);
            let length = run.as_ref().map_or(1, |run| run.blocks);
            let reference = run.and_then(|run| self.reference((item, at), &run));
            // A run that is not worth a line is passed over whole, else a long path would have it
            // looked for again from each of its blocks.
            if reference.is_none() {
                (at..at + length).for_each(|block| self.remember((item, block)));
            }
            let referred = reference.is_some();
            self.laid[item].referred.extend(std::iter::repeat_n(referred, length));
            found.extend(reference);
            at += length;
        }
        found
    }

    fn remember(&mut self, place: Place) {
        let laid = &self.laid[place.0];
        let block = &laid.blocks[place.1];
        if !block.is_blank {
            let places = self.places.entry(block.key).or_default();
            if places.len() < TRIED {
                places.push(place);
            }
        }
    }

    /// The longest run from a block on that stands earlier in full; of several the first.
    fn longest(&self, item: usize, at: usize) -> Option<Run> {
        let places = self.places.get(&self.laid[item].blocks[at].key)?;
        let mut best: Option<Run> = None;
        for from in places {
            let run = self.run_from(*from, (item, at));
            if best.as_ref().is_none_or(|best| run.bytes > best.bytes) {
                best = Some(run);
            }
        }
        best.filter(|run| run.bytes >= SHORTEST)
    }

    fn run_from(&self, from: Place, here: Place) -> Run {
        let (there, this) = (&self.laid[from.0], &self.laid[here.0]);
        let (theirs, ours) = (&there.blocks[from.1..], &this.blocks[here.1..]);
        let alike = |n: &usize| {
            // In the item itself only what was gone through stands in full, and it must not overlap.
            let in_full = there.referred.get(from.1 + n) == Some(&false);
            let follows = |blocks: &[Block]| blocks[*n].at as usize == blocks[0].at as usize + n;
            in_full && theirs[*n].key == ours[*n].key && follows(theirs) && follows(ours)
        };
        let blocks = (0..ours.len()).take_while(alike).count();
        let bytes = match blocks {
            0 => 0,
            _ => (ours[blocks - 1].end - ours[0].start) as usize,
        };
        Run { from, blocks, bytes }
    }

    /// The reference to a run; none where the line that refers to it is too long for it.
    fn reference(&self, here: Place, run: &Run) -> Option<BlockReference> {
        let there = &self.laid[run.from.0].blocks[run.from.1];
        let ours = &self.laid[here.0].blocks[here.1..here.1 + run.blocks];
        let (start, end) = (ours[0].start, ours[run.blocks - 1].end);
        let lines: u32 = ours.iter().map(|block| block.lines).sum();
        let same_as = lines_of(&self.items[run.from.0], there.line as usize, lines as usize);
        let is_worthwhile = run.bytes >= WORTH * (same_as.len() + "[[same: ]]\n".len());
        is_worthwhile.then(|| BlockReference {
            start: start.into(),
            end: end.into(),
            content_hash: String::new(),
            item: run.from.0,
            offset: there.start.into(),
            same_as,
        })
    }
}

/// Which blocks were met twice, roughly: a bit for each of their keys, and no matter if two share one.
struct Seen {
    once: Vec<AtomicU64>,
    twice: Vec<AtomicU64>,
}

impl Seen {
    /// For texts of so many bytes in all, with some bits for each block of a hundred bytes.
    fn room_for(bytes: u64) -> Seen {
        let words = (bytes as usize / 16 / 64).next_power_of_two();
        let bits = || (0..words).map(|_| AtomicU64::new(0)).collect();
        Seen { once: bits(), twice: bits() }
    }

    fn place(&self, block: &Block) -> (usize, u64) {
        ((block.key >> 6) as usize & (self.once.len() - 1), 1 << (block.key & 63))
    }

    fn add(&self, block: &Block) {
        let (word, bit) = self.place(block);
        if self.once[word].fetch_or(bit, Ordering::Relaxed) & bit != 0 {
            self.twice[word].fetch_or(bit, Ordering::Relaxed);
        }
    }

    fn has_twice(&self, block: &Block) -> bool {
        let (word, bit) = self.place(block);
        self.twice[word].load(Ordering::Relaxed) & bit != 0
    }

    /// The blocks that may be repeated with enough of their neighbours to be referred to.
    fn repeated(&self, blocks: &Blocks) -> Vec<Block> {
        let mut kept: Vec<Block> = Vec::new();
        // Where those begin that follow each other up to the last.
        let mut begun = 0;
        for block in blocks.iter().filter(|block| self.has_twice(block)) {
            if kept.last().is_none_or(|last| last.at + 1 != block.at) {
                leave_long(&mut kept, begun);
                begun = kept.len();
            }
            kept.push(block);
        }
        leave_long(&mut kept, begun);
        kept.shrink_to_fit();
        kept
    }
}

/// Takes the blocks from `begun` on away again if they are too short together.
fn leave_long(kept: &mut Vec<Block>, begun: usize) {
    let ends = kept.get(begun).zip(kept.last());
    if ends.is_some_and(|(first, last)| ((last.end - first.start) as usize) < SHORTEST) {
        kept.truncate(begun);
    }
}

/// Lines of an item as one would ask for them: of the file, and of sections those of their text.
fn lines_of(item: &ContextItem, first: usize, lines: usize) -> String {
    let (label, before) = match &item.selection {
        Selection::Whole => (item.source.clone(), 0),
        Selection::Lines { first, .. } => (item.source.clone(), first.saturating_sub(1)),
        Selection::Sections(_) => (item.label(), 0),
    };
    format!("{label}:{}-{}", before + first + 1, before + first + lines)
}

/// Keys are hashes already.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::briefing::{expand, with_references};
    use crate::model::{Encoding, Priority};
    use crate::store::content;
    use proptest::prelude::*;

    fn item(name: &str, text: &str) -> ContextItem {
        ContextItem {
            item_type: ItemType::File,
            source: name.to_owned(),
            token_count: 0,
            priority: Priority::Required,
            sections: Vec::new(),
            shared_with: Vec::new(),
            content_hash: content::hash(text.as_bytes()),
            file_hash: None,
            bytes: text.len() as u64,
            selection: Selection::Whole,
            kind: "text".to_owned(),
            encoding: Encoding::Utf8,
            duplicate_of: None,
            references: Vec::new(),
            link_to: None,
            redacted: 0,
            suspected: 0,
        }
    }

    /// The items deduplicated, and what is sent of each.
    fn deduplicated(texts: &[String]) -> (Vec<ContextItem>, Vec<String>) {
        let names = texts.iter().enumerate();
        let mut items: Vec<ContextItem> =
            names.map(|(at, text)| item(&format!("{at}.rs"), text)).collect();
        let mut kept = Texts::default();
        texts.iter().for_each(|text| kept.hold(content::hash(text.as_bytes()), text.clone()));
        deduplicate(&mut items, &kept, DedupMode::Blocks).unwrap();
        let sent = items.iter().zip(texts).map(|(item, text)| match item.duplicate_of {
            Some(_) => String::new(),
            None => with_references(text, &item.references).into_owned(),
        });
        let sent = sent.collect();
        (items, sent)
    }

    const LICENCE: &str = "// Licensed under the Apache License, Version 2.0 (the \"License\");\n\
        // you may not use this file except in compliance with the License.\n\
        // You may obtain a copy at http://www.apache.org/licenses/LICENSE-2.0\n\
        // Unless required by applicable law or agreed to in writing, this is as is.\n";

    #[test]
    fn a_licence_is_kept_once() {
        let texts = [
            format!("{LICENCE}use a;\n\nfn a() {{}}\n"),
            format!("#!/usr/bin/env x\n{LICENCE}\nfn b() {{}}\n"),
            format!("fn c() {{}}\n\n{}", LICENCE.trim_end()),
        ];
        let (items, sent) = deduplicated(&texts);
        assert_eq!(sent[0], texts[0]);
        assert_eq!(sent[1], "#!/usr/bin/env x\n[[same: 0.rs:1-4]]\n\nfn b() {}\n");
        // Another text: it lacks the last newline.
        assert_eq!(sent[2], texts[2]);
        assert_eq!(items[1].references[0].offset, 0);
    }

    #[test]
    fn what_follows_each_other_is_one_reference() {
        let function = "fn long_name(argument: &str) -> Option<String> {\n    let first = argument.trim();\n\n    \
            let second = first.to_owned();\n\n    Some(second)\n}\n\n";
        let body = format!("{function}{}", function.replace("long_name", "longer_name"));
        let texts =
            [format!("use x;\n\n{body}fn own() {{}}\n"), format!("{body}fn other() {{}}\n")];
        let (items, sent) = deduplicated(&texts);
        assert_eq!(items[1].references.len(), 1);
        assert_eq!(sent[1], "[[same: 0.rs:3-18]]\nfn other() {}\n");
    }

    #[test]
    fn a_text_that_holds_such_a_line_gets_more_brackets() {
        let texts = [LICENCE.to_owned() + "\nx\n", format!("[[[same: y]]]\n\n{LICENCE}")];
        let (_, sent) = deduplicated(&texts);
        assert_eq!(sent[1], "[[[same: y]]]\n\n[[[[same: 0.rs:1-4]]]]\n");
    }

    /// Texts that share much: a few blocks in any order, and noise.
    fn texts() -> impl Strategy<Value = Vec<String>> {
        let block = prop_oneof![
            4 => Just(LICENCE.to_owned()),
            3 => Just(format!("fn f() {{\n    call(\"{}\");\n}}\n", "x".repeat(220))),
            2 => Just(format!("## Title\n\n{}\n\n", "Words and words. ".repeat(20))),
            2 => Just("\n\n".to_owned()),
            2 => Just("```\n".to_owned()),
            1 => Just("[[same: 0.rs:1-4]]\n".to_owned()),
            2 => "\\PC{0,30}\n?",
            1 => any::<String>(),
        ];
        let text = prop::collection::vec(block, 0..8).prop_map(|blocks| blocks.concat());
        prop::collection::vec(text, 1..6)
    }

    proptest! {
        /// What is sent, with its references put back, is what was read: from what is sent alone.
        #[test]
        fn every_text_comes_back(texts in texts()) {
            let (items, sent) = deduplicated(&texts);
            let written: Vec<(&str, &[BlockReference])> =
                sent.iter().zip(&items).map(|(text, item)| (text.as_str(), item.references.as_slice())).collect();
            let whole = expand(&written).unwrap();
            for ((item, text), back) in items.iter().zip(&texts).zip(&whole) {
                if item.duplicate_of.is_none() {
                    prop_assert_eq!(back, text);
                }
            }
            for (item, text) in items.iter().zip(&texts) {
                for reference in &item.references {
                    let block = &text[reference.start as usize..reference.end as usize];
                    let from = &texts[reference.item][reference.offset as usize..];
                    prop_assert!(from.starts_with(block));
                    prop_assert!(block.len() >= SHORTEST);
                }
            }
            let before: usize = texts.iter().map(String::len).sum();
            prop_assert!(sent.iter().map(String::len).sum::<usize>() <= before);
        }
    }
}
