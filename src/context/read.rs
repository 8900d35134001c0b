//! From files to texts: read, decoded, cut to the part that is wanted, hashed.

use super::decode::decode;
use super::fault::SelectFault;
use super::kind;
use super::progress::{Progress, Running, Task};
use super::root::{Content, FoundFile, Refusal, Root, too_large};
use super::sections::{self, Miss};
use super::select::{Part, Selected};
use super::texts::{Learnt, OnDisk, Place, Texts};
use super::trace::Seen;
use crate::error::Result;
use crate::model::{Encoding, ItemType, Priority, Selection, Skipped};
use crate::store::{Cache, Stamp, content};
use rayon::prelude::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

/// How large a file may be of which only a part is taken.
pub(super) const PART_OF: u64 = 1 << 30;

/// How many bytes of text are held in memory; what is more is read again when it is wanted.
const HELD: usize = 32 << 20;

/// A text that goes into a bundle.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub source: String,
    pub item_type: ItemType,
    pub priority: Priority,
    pub selection: Selection,
    pub kind: &'static str,
    pub encoding: Encoding,
    /// Length of the text.
    pub bytes: usize,
    /// blake3 of the text.
    pub content_hash: String,
    /// blake3 of the whole file's bytes.
    pub file_hash: String,
    /// Where links led, from the root.
    pub link_to: Option<String>,
    /// How many secrets were taken out of the text.
    pub redacted: u32,
    /// How many places in it may be secrets; known once somebody looked.
    pub suspected: u32,
}

impl Loaded {
    pub fn label(&self) -> String {
        format!("{}{}", self.source, self.selection.suffix())
    }
}

/// What was read: in the order it was asked for, and what was left out.
#[derive(Debug, Default)]
pub struct Reading {
    pub loaded: Vec<Loaded>,
    pub texts: Texts,
    pub skipped: Vec<Skipped>,
    /// What the selection follows from; nothing if that is not all.
    pub seen: Vec<Seen>,
}

/// What was found in a file: its text, or why there is none.
type Found = Result<FileFound, Refusal>;

/// A whole text that a file has.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FileFound {
    /// blake3 of the file's bytes, lower-case hex.
    file: String,
    /// blake3 of the text.
    text: String,
    bytes: usize,
    encoding: Encoding,
}

/// A file that goes into the bundle, and where its text is to be had.
struct FileRead {
    loaded: Loaded,
    place: Place,
    /// Nothing where the text was not read.
    learnt: Learnt,
}

/// Reads `files` in parallel, in their order, but those that are as they were when they were last read.
/// What cannot be included is skipped with its reason, or, if it was named itself, an error.
pub fn read_all(
    reader: &FileReader<'_>,
    files: &[Selected],
    progress: &dyn Progress,
) -> Result<Reading> {
    let running = Running::begin(progress, Task::Read, files.len(), None);
    let read = |file| {
        let outcome = reader.read(file);
        running.advance(match &outcome {
            Ok(Ok(read)) => read.loaded.bytes as u64,
            _ => 0,
        });
        outcome
    };
    let outcomes: Vec<_> = files.par_iter().map(read).collect();
    drop(running);
    let mut reading = Reading { texts: reader.texts.clone(), ..Reading::default() };
    for (file, outcome) in files.iter().zip(outcomes) {
        match outcome? {
            Ok(read) => {
                reading.texts.add(read.loaded.content_hash.clone(), read.place, read.learnt);
                reading.loaded.push(read.loaded);
            }
            Err(refusal) if file.explicit => {
                return Err(SelectFault::refused(file.source.clone(), refusal).into());
            }
            Err(refusal) => reading.skipped.push(Skipped {
                source: file.source.clone(),
                reason: refusal.reason,
                detail: refusal.detail,
                token_count: None,
                priority: None,
                item_type: None,
            }),
        }
    }
    Ok(reading)
}

/// How files are read.
pub struct FileReader<'c> {
    root: Arc<Root>,
    cache: &'c Cache,
    /// Read even what seems unchanged.
    paranoid: bool,
    max_file_size: u64,
    texts: Texts,
    /// Bytes of text held so far.
    held: AtomicUsize,
}

impl<'c> FileReader<'c> {
    pub fn new(root: &Root, cache: &'c Arc<Cache>, max_file_size: u64, paranoid: bool) -> Self {
        FileReader {
            root: Arc::new(root.clone()),
            cache,
            paranoid,
            max_file_size,
            texts: Texts::cached(cache),
            held: AtomicUsize::new(0),
        }
    }

    fn read(&self, file: &Selected) -> Result<Result<FileRead, Refusal>> {
        match file.part {
            Part::Whole => Ok(self.whole(file)),
            _ => self.part(file),
        }
    }

    /// A whole file, from the cache where it is as it was.
    fn whole(&self, file: &Selected) -> Result<FileRead, Refusal> {
        let found = self.root.find(&file.path, file.walked)?;
        if found.metadata.len() > self.max_file_size {
            return Err(too_large(found.metadata.len(), self.max_file_size));
        }
        let stamp = Stamp::of(&found.metadata);
        let known = stamp.filter(|_| !self.paranoid);
        let known = known.and_then(|stamp| self.cache.file(&found.path, &stamp));
        if let Some(known) = known.and_then(from_kept) {
            let place = Place::File(self.on_disk(file));
            return Ok(self.file_read(file, &found, known?, place, Learnt::default()));
        }
        let read_at = SystemTime::now();
        let Content { bytes, metadata } = self.root.read(&found, self.max_file_size)?;
        // Of the file that was opened, whatever it was before.
        let stamp = Stamp::of(&metadata);
        let hash = content::hash(&bytes);
        let decoded = decode(bytes).map(|(text, encoding)| {
            // Of plain UTF-8 the text is the file.
            let text_hash = match encoding {
                Encoding::Utf8 => hash.clone(),
                _ => content::hash(text.as_bytes()),
            };
            let bytes = text.len();
            (FileFound { file: hash, text: text_hash, bytes, encoding }, text)
        });
        if let Some(stamp) = stamp {
            let kept = to_kept(&decoded.as_ref().map(|(found, _)| found));
            self.cache.keep_file(&found.path, stamp, read_at, &kept);
        }
        let (whole, text) = decoded?;
        let learnt = self.texts.learn(&whole.text, &text);
        Ok(self.file_read(file, &found, whole, self.place(file, text), learnt))
    }

    /// A part of a file. What is named part by part is little, and held.
    fn part(&self, file: &Selected) -> Result<Result<FileRead, Refusal>> {
        let found = self.root.find(&file.path, file.walked);
        let decoded = found.and_then(|found| {
            let bytes = self.root.read(&found, PART_OF)?.bytes;
            let file_hash = content::hash(&bytes);
            decode(bytes).map(|(text, encoding)| (found, text, encoding, file_hash))
        });
        let (found, whole, encoding, file_hash) = match decoded {
            Ok(decoded) => decoded,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let (text, selection) = cut(&file.source, whole, &file.part)?;
        let hash = content::hash(text.as_bytes());
        let learnt = self.texts.learn(&hash, &text);
        let part = FileFound { file: file_hash, text: hash, bytes: text.len(), encoding };
        let mut read = self.file_read(file, &found, part, Place::Held(text.into()), learnt);
        read.loaded.selection = selection;
        Ok(Ok(read))
    }

    fn place(&self, file: &Selected, text: String) -> Place {
        let held = self.held.fetch_add(text.len(), Ordering::Relaxed);
        match held + text.len() > HELD {
            true => Place::File(self.on_disk(file)),
            false => Place::Held(text.into()),
        }
    }

    fn on_disk(&self, file: &Selected) -> OnDisk {
        let (root, limit) = (Arc::clone(&self.root), self.max_file_size);
        OnDisk { root, path: file.path.clone(), limit }
    }

    fn file_read(
        &self,
        file: &Selected,
        at: &FoundFile,
        found: FileFound,
        place: Place,
        learnt: Learnt,
    ) -> FileRead {
        let loaded = Loaded {
            source: file.source.clone(),
            item_type: file.item_type,
            priority: file.priority,
            selection: Selection::Whole,
            kind: kind::of_name(&file.source),
            encoding: found.encoding,
            bytes: found.bytes,
            content_hash: found.text,
            file_hash: found.file,
            redacted: 0,
            suspected: 0,
            link_to: at.by_link.then(|| self.root.name(&at.path)),
        };
        FileRead { loaded, place, learnt }
    }
}

/// What was found, as a cache keeps it: a text by its hashes and its length, a refusal as JSON.
fn to_kept(found: &Result<&FileFound, &Refusal>) -> Vec<u8> {
    match found {
        Err(refusal) => serde_json::to_vec(refusal).expect("plain data"),
        Ok(found) => {
            let hash = |hex: &str| blake3::Hash::from_hex(hex).expect("a hash");
            let mut kept = vec![0, found.encoding as u8];
            kept.extend((found.bytes as u64).to_le_bytes());
            kept.extend(hash(&found.file).as_bytes());
            kept.extend(hash(&found.text).as_bytes());
            kept
        }
    }
}

fn from_kept(kept: &[u8]) -> Option<Found> {
    let [0, encoding, text @ ..] = kept else { return serde_json::from_slice(kept).ok().map(Err) };
    let encodings = [Encoding::Utf8, Encoding::Utf8Bom, Encoding::Utf16Le, Encoding::Utf16Be];
    let encoding = encodings.into_iter().find(|it| *it as u8 == *encoding)?;
    let (bytes, text) = text.split_first_chunk()?;
    let (file, text) = text.split_first_chunk()?;
    let hex = |hash: [u8; 32]| blake3::Hash::from_bytes(hash).to_hex().to_string();
    let (file, text) = (hex(*file), hex(text.try_into().ok()?));
    Some(Ok(FileFound { file, text, bytes: u64::from_le_bytes(*bytes) as usize, encoding }))
}

/// The part of a text that was asked for, and what it turned out to be.
fn cut(source: &str, text: String, part: &Part) -> Result<(String, Selection)> {
    match part {
        Part::Whole => Ok((text, Selection::Whole)),
        Part::Sections(names) => {
            let all = sections::sections(&text);
            let taken = sections::take(&all, names).map_err(|miss| missed(source, &all, miss))?;
            let titles = taken.iter().map(|section| section.title.clone()).collect();
            Ok((sections::text_of(&text, &taken), Selection::Sections(titles)))
        }
        Part::Lines { first, last } => {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            let end = last.unwrap_or(lines.len());
            let start = first.checked_sub(1).unwrap_or(usize::MAX);
            match lines.get(start..end).filter(|taken| !taken.is_empty()) {
                Some(taken) => Ok((taken.concat(), Selection::Lines { first: *first, last: end })),
                None => Err(SelectFault::NoLines {
                    source_name: source.to_owned(),
                    first: *first,
                    last: last.map(|last| last.to_string()).unwrap_or_default(),
                    lines: lines.len(),
                }
                .into()),
            }
        }
    }
}

/// The part of a text that was taken of an earlier one, if it is still to be found.
pub(super) fn cut_again(text: &str, selection: &Selection) -> Option<String> {
    match selection {
        Selection::Whole => Some(text.to_owned()),
        Selection::Sections(titles) => {
            let all = sections::sections(text);
            let taken = sections::titled(&all, titles)?;
            Some(sections::text_of(text, &taken))
        }
        Selection::Lines { first, last } => {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            Some(lines.get(first.checked_sub(1)?..*last)?.concat())
        }
    }
}

fn missed(source: &str, all: &[sections::Section], miss: Miss) -> SelectFault {
    let source_name = source.to_owned();
    match miss {
        Miss::Several { name, lines } => {
            let end = |line: &usize| all.iter().map(|s| s.line).find(|next| next > line);
            let ranges = lines.iter().map(|line| match end(line) {
                Some(next) => format!("{source}:{line}-{}", next - 1),
                None => format!("{source}:{line}-"),
            });
            SelectFault::ManyHeadings { ranges: ranges.collect(), source_name, heading: name }
        }
        Miss::Absent { name } => SelectFault::NoHeading {
            source_name,
            heading: name,
            headings: all
                .iter()
                .map(|s| format!("{}{}", "  ".repeat(usize::from(s.level)), s.title))
                .collect(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SkipReason;

    #[test]
    fn what_was_found_is_kept_whole() {
        let (file, text) = (content::hash(b"file"), content::hash(b"text"));
        for encoding in [Encoding::Utf8, Encoding::Utf16Be] {
            let (file, text) = (file.clone(), text.clone());
            let found = Ok(FileFound { file, text, bytes: 7, encoding });
            assert_eq!(from_kept(&to_kept(&found.as_ref())), Some(found));
        }
        let refused = Err(Refusal::new(SkipReason::NotUtf8, "byte 3".to_owned()));
        assert_eq!(from_kept(&to_kept(&refused.as_ref())), Some(refused));
        for spoilt in [&b""[..], &[0], &[0, 9, 1], b"{}"] {
            assert_eq!(from_kept(spoilt), None);
        }
    }

    #[test]
    fn lines_are_taken_as_they_stand() {
        let cut = |first, last| cut("x", "a\r\nb\nc".to_owned(), &Part::Lines { first, last });
        assert_eq!(cut(1, Some(2)).unwrap().0, "a\r\nb\n");
        assert_eq!(cut(3, None).unwrap().0, "c");
        for (first, last) in [(4, None), (2, Some(4)), (3, Some(2))] {
            let text = cut(first, last).unwrap_err().to_string();
            assert!(text.ends_with("it has 3"), "{text}");
        }
    }
}
