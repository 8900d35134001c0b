//! Reading an export: twice, so that what is damaged is known before anything is written.

use super::fault::{ArchiveFault, DamagedLine};
use super::lines::{FORMAT, Line};
use crate::error::{Error, IoContext, Result, plain};
use crate::store::Amounts;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::Path;

/// How a zstd frame begins.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// The longest line that is read: more than the largest text that is recorded takes, as base64.
const LONGEST: u64 = 1 << 30;

/// The longest line of anything but a record: it is not worth the room.
const LONGEST_OTHER: u64 = 64 << 10;

/// The most that is taken of what can be read only once.
const SPOOLED: u64 = 64 << 30;

/// How many damaged lines a message lists.
const SHOWN: usize = 10;

/// A file that can be read from its beginning again.
#[derive(Debug)]
pub struct Source {
    file: File,
    name: String,
}

/// Brings what can be read only once, such as a pipe, into a file without a name.
pub fn spool(from: &mut dyn Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    if io::copy(&mut from.take(SPOOLED + 1), &mut file)? > SPOOLED {
        let why = format!("it has more than {} GB: give a file", SPOOLED >> 30);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    file.flush()?;
    Ok(file)
}

impl Source {
    /// The export at `path`.
    pub fn open(path: &Path) -> Result<Source> {
        let mut file = File::open(path).or_cannot("read", path)?;
        if !file.metadata().or_cannot("read", path)?.is_file() {
            file = spool(&mut file).or_cannot("read", path)?;
        }
        Ok(Source { file, name: path.display().to_string() })
    }

    /// The export in an open file, called `name` in messages.
    pub fn of(file: File, name: &str) -> Source {
        Source { file, name: name.to_owned() }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Every line with its number, from the beginning; blank ones are passed over.
    pub fn lines(&self) -> Result<impl Iterator<Item = Result<(u64, Vec<u8>)>>> {
        let mut file = &self.file;
        let name = &self.name;
        file.rewind().or_cannot("read", name)?;
        let mut magic = Vec::new();
        file.take(4).read_to_end(&mut magic).or_cannot("read", name)?;
        file.rewind().or_cannot("read", name)?;
        let packed = magic == ZSTD_MAGIC;
        let text: Box<dyn BufRead> = match packed {
            true => Box::new(BufReader::new(zstd::Decoder::new(file).or_cannot("read", name)?)),
            false => Box::new(BufReader::new(file)),
        };
        Ok(Lines { from: text, packed, name, number: 0 })
    }

    /// Reads all of it and writes nothing: is every line whole, and are all there?
    pub fn check(&self) -> Result<Amounts> {
        let mut check = Check::new(self);
        for line in self.lines()? {
            let (number, text) = line?;
            check.line(number, &text)?;
        }
        check.finish()
    }
}

struct Lines<'a> {
    from: Box<dyn BufRead + 'a>,
    /// Whether it is being unpacked: then what cannot be read is damaged.
    packed: bool,
    name: &'a str,
    number: u64,
}

impl Lines<'_> {
    /// The line at hand cannot be read, and so none behind it.
    fn damaged<T>(&self, why: String) -> Result<T> {
        let (file, line) = (self.name.to_owned(), self.number + 1);
        let lines = vec![DamagedLine { line, why }];
        Err(ArchiveFault::Damaged { file, lines, more: 0 }.into())
    }
}

impl Iterator for Lines<'_> {
    type Item = Result<(u64, Vec<u8>)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut line = Vec::new();
            let longest = match self.from.fill_buf().map(<[u8]>::first) {
                Ok(Some(b'{')) => LONGEST,
                // An error comes again below.
                _ => LONGEST_OTHER,
            };
            match (&mut self.from).take(longest + 1).read_until(b'\n', &mut line) {
                Ok(0) => return None,
                Ok(length) if length as u64 > longest && self.number == 0 => {
                    let why = "its first line is no head".to_owned();
                    return Some(Err(
                        ArchiveFault::Foreign { file: self.name.to_owned(), why }.into()
                    ));
                }
                Ok(length) if length as u64 > longest => {
                    return Some(self.damaged(format!("it is longer than {} KB", longest >> 10)));
                }
                Ok(_) => self.number += 1,
                Err(error) if self.packed => return Some(self.damaged(plain(&error))),
                Err(error) => return Some(Err(error).or_cannot("read", self.name)),
            }
            // A column behind the end would be one of the next line.
            line.truncate(line.trim_ascii_end().len());
            if !line.is_empty() {
                return Some(Ok((self.number, line)));
            }
        }
    }
}

/// What was seen of an export, or of several behind each other.
struct Check<'a> {
    source: &'a Source,
    last: u64,
    inside: bool,
    seen: Amounts,
    all: Amounts,
    damaged: Vec<DamagedLine>,
    more: u64,
}

impl<'a> Check<'a> {
    fn new(source: &'a Source) -> Check<'a> {
        let none = Amounts::default();
        Check { source, last: 0, inside: false, seen: none, all: none, damaged: vec![], more: 0 }
    }

    fn line(&mut self, number: u64, text: &[u8]) -> Result<()> {
        let first = self.last == 0;
        self.last = number;
        match Line::parse(text) {
            Ok(Line::Head(head)) if head.format > FORMAT => {
                let (file, found) = (self.source.name.clone(), head.format);
                return Err(ArchiveFault::Newer { file, found }.into());
            }
            Ok(Line::Head(_)) if self.inside => self.damaged(number, "a head before an end"),
            Ok(Line::Head(_)) => self.inside = true,
            Ok(_) if first => return Err(self.foreign("its first line is no head")),
            Err(why) if first => return Err(self.foreign(&why)),
            Ok(_) if !self.inside => self.damaged(number, "a record outside of head and end"),
            Ok(Line::End(end)) => {
                // A damaged line is not counted; it was told already.
                if end.amounts != self.seen && self.damaged.is_empty() {
                    self.damaged(number, "there were other numbers of records than the end says");
                }
                (self.seen, self.inside) = (Amounts::default(), false);
            }
            Ok(record) => {
                record.count(&mut self.seen);
                record.count(&mut self.all);
            }
            Err(why) => self.damaged(number, &why),
        }
        Ok(())
    }

    fn damaged(&mut self, line: u64, why: &str) {
        match self.damaged.len() < SHOWN {
            true => self.damaged.push(DamagedLine { line, why: why.to_owned() }),
            false => self.more += 1,
        }
    }

    fn foreign(&self, why: &str) -> Error {
        ArchiveFault::Foreign { file: self.source.name.clone(), why: why.to_owned() }.into()
    }

    fn finish(mut self) -> Result<Amounts> {
        if self.last == 0 {
            return Err(self.foreign("it is empty"));
        }
        if self.inside {
            self.damaged(self.last, "nothing follows, but the end is missing: it was cut off");
        }
        match self.damaged.is_empty() {
            true => Ok(self.all),
            false => Err(ArchiveFault::Damaged {
                file: self.source.name.clone(),
                lines: self.damaged,
                more: self.more,
            }
            .into()),
        }
    }
}
