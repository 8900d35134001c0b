//! From what was asked for (paths, directories, globs, `path#Heading`, `path:10-80`) to the list of
//! files to read, in order, each once.

use super::fault::SelectFault;
use super::names::parted;
use super::root::{Refusal, Root};
use super::trace::Seen;
use super::walk::{WalkRules, Walked, unwalkable, walk};
use crate::error::Result;
use crate::model::{ItemType, Priority, Skipped};
use ignore::overrides::{Override, OverrideBuilder};
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// One thing asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// A file, a directory, a glob, `path#Heading` or `path:10-80`.
    pub text: PathBuf,
    /// What it is to the agent.
    pub item_type: ItemType,
    /// How much it matters when the budget is short.
    pub priority: Priority,
}

/// All that was asked for.
#[derive(Debug, Clone, Default)]
pub struct Selectors {
    /// In the order the items are to have.
    pub wanted: Vec<Wanted>,
    /// Priorities for single items of it: a path, a directory, a glob or a full selector.
    pub overrides: Vec<(String, Priority)>,
    /// What directories and globs pass over.
    pub rules: WalkRules,
    /// Read every file, also those that by size, times and inode are as they were.
    pub paranoid: bool,
}

/// Which part of a file is wanted, before the file was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    Whole,
    /// Headings: `A`, or `A#B` for several.
    Sections(String),
    /// From 1, both ends included; an open end is the file's.
    Lines {
        first: usize,
        last: Option<usize>,
    },
}

impl Part {
    /// As it was asked for, behind the path.
    pub fn suffix(&self) -> String {
        match self {
            Self::Whole => String::new(),
            Self::Sections(names) => format!("#{names}"),
            Self::Lines { first, last: Some(last) } => format!(":{first}-{last}"),
            Self::Lines { first, last: None } => format!(":{first}-"),
        }
    }
}

/// A file to read.
#[derive(Debug, Clone)]
pub struct Selected {
    pub path: PathBuf,
    /// From the root, with `/`.
    pub source: String,
    pub part: Part,
    pub item_type: ItemType,
    pub priority: Priority,
    /// Named itself, not found in a directory or by a glob: leaving it out is an error.
    pub explicit: bool,
    /// Met on a walk below a directory of the root, no link followed.
    pub walked: bool,
}

impl Selected {
    fn label(&self) -> String {
        format!("{}{}", self.source, self.part.suffix())
    }
}

/// The files to read, and what was passed over.
#[derive(Debug, Default)]
pub struct Selection {
    pub files: Vec<Selected>,
    pub skipped: Vec<Skipped>,
    /// What that follows from, but the files.
    pub seen: Vec<Seen>,
}

/// Finds the files that `selectors` ask for.
pub fn select(root: &Root, selectors: &Selectors) -> Result<Selection> {
    let mut selection = Selection::default();
    for wanted in &selectors.wanted {
        let found = one(root, wanted, &selectors.rules)?;
        selection.files.extend(found.files);
        selection.skipped.extend(found.skipped);
        selection.seen.extend(found.seen);
    }
    selection.files = each_once(selection.files);
    for (pattern, priority) in &selectors.overrides {
        override_priority(root, &mut selection.files, pattern, *priority)?;
    }
    forget_what_was_taken(&mut selection);
    Ok(selection)
}

fn one(root: &Root, wanted: &Wanted, rules: &WalkRules) -> Result<Selection> {
    let (path, part) = split(root, &wanted.text);
    let absolute = root.absolute(&path);
    let found = std::fs::symlink_metadata(&absolute);
    let exists = found.as_ref().map_or_else(|error| error.kind() != ErrorKind::NotFound, |_| true);
    if !exists && is_glob(&wanted.text) {
        return matching(root, wanted, rules);
    }
    let label = root.name(&absolute);
    if !exists {
        return Err(SelectFault::absent(root, &wanted.text).into());
    }
    match root.look(&absolute) {
        Err(refusal) => Err(SelectFault::refused(label, refusal).into()),
        Ok(found) if found.metadata.is_dir() => {
            if part != Part::Whole {
                return Err(SelectFault::PartOfDirectory { source_name: label }.into());
            }
            let walked = walk_dir(root, &absolute, rules)?;
            from_walk(root, wanted, walked, found.by_link)
        }
        Ok(_) => Ok(Selection {
            seen: vec![Seen::Led(absolute.clone())],
            files: vec![selected(root, wanted, absolute, part, true)],
            skipped: Vec::new(),
        }),
    }
}

fn selected(root: &Root, wanted: &Wanted, path: PathBuf, part: Part, explicit: bool) -> Selected {
    Selected {
        source: root.name(&path),
        path,
        part,
        item_type: wanted.item_type,
        priority: wanted.priority,
        explicit,
        walked: !explicit,
    }
}

/// Splits `path#Heading` and `path:10-80`; a file that has that very name is meant itself.
fn split(root: &Root, text: &Path) -> (PathBuf, Part) {
    let exists = |path: &Path| std::fs::symlink_metadata(root.absolute(path)).is_ok();
    let whole = || (text.to_path_buf(), Part::Whole);
    if exists(text) {
        return whole();
    }
    let bytes = text.as_os_str().as_encoded_bytes();
    for (path, names) in memchr::memchr_iter(b'#', bytes).filter_map(|at| parted(text, at)) {
        if !path.as_os_str().is_empty() && exists(path) && !names.is_empty() {
            return (path.to_path_buf(), Part::Sections(names.to_owned()));
        }
    }
    let range = memchr::memrchr(b':', bytes).and_then(|at| parted(text, at));
    match range.and_then(|(path, range)| Some((path, lines(range)?))) {
        Some((path, part)) if exists(path) => (path.to_path_buf(), part),
        _ => whole(),
    }
}

/// `10-80`, `10-` or `10`.
fn lines(range: &str) -> Option<Part> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<usize>().unwrap_or(usize::MAX))
    };
    let (first, last) = match range.split_once('-') {
        None => (number(range)?, Some(number(range)?)),
        Some((first, "")) => (number(first)?, None),
        Some((first, last)) => (number(first)?, Some(number(last)?)),
    };
    Some(Part::Lines { first, last })
}

fn is_glob(text: &Path) -> bool {
    text.to_str().is_some_and(|text| text.contains(['*', '?', '[', '{']))
}

fn walk_dir(root: &Root, dir: &Path, rules: &WalkRules) -> Result<Walked> {
    if let Some(Skipped { source, reason, detail, .. }) = unwalkable(root, dir, rules) {
        return Err(SelectFault::refused(source, Refusal { reason, detail }).into());
    }
    walk(root, dir, rules).map_err(|error| SelectFault::pattern(&error).into())
}

/// What was met behind a link is told so, file by file.
fn from_walk(root: &Root, wanted: &Wanted, walked: Walked, by_link: bool) -> Result<Selection> {
    if walked.files.is_empty() {
        return Err(SelectFault::Nothing {
            asked: wanted.text.to_string_lossy().into_owned(),
            skipped: walked.skipped,
        }
        .into());
    }
    let file =
        |path| Selected { walked: !by_link, ..selected(root, wanted, path, Part::Whole, false) };
    let Walked { files, skipped, seen } = walked;
    Ok(Selection { files: files.into_iter().map(file).collect(), skipped, seen })
}

/// The files that a glob matches, and what the walk passed over: matching files, and directories that
/// may hold some.
fn matching(root: &Root, wanted: &Wanted, rules: &WalkRules) -> Result<Selection> {
    let glob = Glob::new(root, &wanted.text)?;
    let by_link = match root.look(&glob.base) {
        Ok(found) => found.by_link,
        Err(refusal) if glob.base.exists() => {
            let asked = wanted.text.to_string_lossy().into();
            return Err(SelectFault::refused(asked, refusal).into());
        }
        Err(_) => return Err(SelectFault::absent(root, &glob.base).into()),
    };
    let mut walked = walk_dir(root, &glob.base, rules)?;
    match walked.files.iter().any(|path| glob.matches(path)) {
        true => walked.files.retain(|path| glob.matches(path)),
        // One that matches directories alone stands for what is in them.
        false => walked.files.retain(|path| glob.leads_to(path)),
    }
    walked.skipped.retain(|skipped| {
        let path = root.located(&skipped.source);
        path.is_dir() || glob.matches(&path)
    });
    from_walk(root, wanted, walked, by_link)
}

/// A glob and the directory where its first wildcard stands; names above that are taken as they are.
struct Glob {
    base: PathBuf,
    matcher: Override,
}

impl Glob {
    fn new(root: &Root, text: &Path) -> Result<Glob> {
        let wild = |part: &Component<'_>| is_glob(Path::new(part));
        let fixed: PathBuf = text.components().take_while(|part| !wild(part)).collect();
        let rest: PathBuf = text.components().skip_while(|part| !wild(part)).collect();
        let base = root.absolute(&fixed);
        let wrong = |error: ignore::Error| SelectFault::pattern(&error);
        let mut builder = OverrideBuilder::new(&base);
        builder.add(&format!("/{}", rest.display())).map_err(wrong)?;
        Ok(Glob { matcher: builder.build().map_err(wrong)?, base })
    }

    /// Whether a directory that the file lies in matches.
    fn leads_to(&self, path: &Path) -> bool {
        let mut above = path.ancestors().skip(1).take_while(|above| *above != self.base);
        above.any(|above| self.matcher.matched(above, true).is_whitelist())
    }

    fn matches(&self, path: &Path) -> bool {
        path.starts_with(&self.base) && self.matcher.matched(path, false).is_whitelist()
    }
}

/// Takes out what was asked for twice; the first place stays, with the higher of the priorities.
fn each_once(files: Vec<Selected>) -> Vec<Selected> {
    let mut places: HashMap<(PathBuf, Part), usize> = HashMap::new();
    let mut kept: Vec<Selected> = Vec::with_capacity(files.len());
    for file in files {
        match places.get(&(file.path.clone(), file.part.clone())) {
            Some(place) => {
                let first = &mut kept[*place];
                first.priority = first.priority.min(file.priority);
                first.explicit |= file.explicit;
                first.walked |= file.walked;
            }
            None => {
                places.insert((file.path.clone(), file.part.clone()), kept.len());
                kept.push(file);
            }
        }
    }
    kept
}

fn override_priority(
    root: &Root,
    files: &mut [Selected],
    pattern: &str,
    priority: Priority,
) -> Result<()> {
    let (path, part) = split(root, Path::new(pattern));
    let target = root.absolute(&path);
    let exists = std::fs::symlink_metadata(&target).is_ok();
    let glob = match !exists && is_glob(&path) {
        true => Some(Glob::new(root, &path)?),
        false => None,
    };
    let mut hit = false;
    for file in files.iter_mut() {
        let named = file.path.starts_with(&target) && (part == Part::Whole || file.part == part);
        if named || glob.as_ref().is_some_and(|glob| glob.matches(&file.path)) {
            file.priority = priority;
            hit = true;
        }
    }
    match hit {
        true => Ok(()),
        false => Err(SelectFault::OverridesNothing {
            pattern: pattern.to_owned(),
            priority,
            items: files.iter().map(Selected::label).collect(),
        }
        .into()),
    }
}

/// A file that one path leaves out and another names is not left out; nor is anything told twice.
fn forget_what_was_taken(selection: &mut Selection) {
    let taken: std::collections::HashSet<&str> =
        selection.files.iter().map(|file| file.source.as_str()).collect();
    let mut seen = std::collections::HashSet::new();
    selection.skipped.retain(|skipped| {
        let told = !seen.insert(skipped.source.clone());
        !told && !taken.contains(skipped.source.as_str())
    });
}
