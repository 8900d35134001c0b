//! Walking a tree by its ignore rules, and saying what was left out.
//!
//! The `ignore` crate decides (gitignore files at every level, git's own excludes, `.ignore`); it
//! does not say what it passed over. Each directory's listing is therefore held against what the
//! walk gave: the difference was ignored, or hidden.

use super::root::{Root, is_never_context};
use super::trace::{Seen, seen_around, seen_in_listing};
use crate::error::plain;
use crate::files::unusable_ignore_file;
use crate::model::{SkipReason, Skipped};
use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};
use rayon::prelude::*;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

/// What a walk passes over.
#[derive(Debug, Clone, Default)]
pub struct WalkRules {
    /// Globs to leave out besides what ignore files say, as in a `.gitignore`.
    pub ignore: Vec<String>,
    /// Take hidden files too.
    pub hidden: bool,
    /// Take ignored files too.
    pub no_ignore: bool,
}

/// What a walk found: files in name order, and what it passed over.
#[derive(Debug, Default)]
pub struct Walked {
    pub files: Vec<PathBuf>,
    pub skipped: Vec<Skipped>,
    /// What that follows from.
    pub seen: Vec<Seen>,
}

/// Walks the directory `dir` (absolute, inside the root).
pub fn walk(root: &Root, dir: &Path, rules: &WalkRules) -> Result<Walked, ignore::Error> {
    let mut found = Walked::default();
    let mut entries = Vec::new();
    let (given, refused) = entries_of(root, dir, rules)?;
    for entry in given {
        match entry {
            Err(error) => found.skipped.push(unreadable(root, dir, &error)),
            Ok(entry) => entries.push(entry),
        }
    }
    entries.sort_by_cached_key(|entry| by_name(entry.path()));
    let given: HashSet<&OsStr> = entries.iter().map(|entry| entry.path().as_os_str()).collect();
    let directories = entries.par_iter().filter(|entry| is_walked(entry));
    let listings: Vec<_> = directories.map(|it| listing(root, it.path(), &given)).collect();
    found.seen = seen_around(dir);
    for (passed_over, seen) in listings {
        found.skipped.extend(passed_over);
        found.seen.extend(seen);
    }
    found.skipped.retain(|it| refused.iter().all(|refused| refused.source != it.source));
    found.skipped.extend(refused);
    entries.iter().filter(|entry| !is_walked(entry)).for_each(|it| add(root, it, &mut found));
    found.skipped.sort_by(|a, b| a.source.cmp(&b.source));
    Ok(found)
}

/// Why a glob to leave out is none, if it is so.
pub fn no_glob(root: &Root, glob: &str) -> Option<ignore::Error> {
    overrides(root.dir(), &[glob.to_owned()]).err()
}

/// What a walk gives, and the directories that it must not enter.
type Entries = (Vec<Result<DirEntry, ignore::Error>>, Vec<Skipped>);

/// Whatever a walk gives, in any order.
fn entries_of(root: &Root, dir: &Path, rules: &WalkRules) -> Result<Entries, ignore::Error> {
    let overrides = overrides(root.dir(), &rules.ignore)?;
    let (refuse, refused) = mpsc::channel();
    let (fence, by_rules) = (root.clone(), !rules.no_ignore);
    // The crate reads the ignore files of a directory before it gives what is in it.
    let may_enter = move |entry: &DirEntry| match by_rules && is_walked(entry) {
        true => unusable(&fence, entry.path()).is_none_or(|it| refuse.send(it).is_err()),
        false => true,
    };
    let walker = WalkBuilder::new(dir)
        .hidden(!rules.hidden)
        .standard_ignores(!rules.no_ignore)
        .overrides(overrides)
        .filter_entry(move |entry| !is_own(entry.path()) && may_enter(entry))
        .threads(rayon::current_num_threads())
        .build_parallel();
    let (send, receive) = mpsc::channel();
    walker.run(|| {
        let send = send.clone();
        Box::new(move |entry| match send.send(entry) {
            Ok(()) => WalkState::Continue,
            Err(_) => WalkState::Quit,
        })
    });
    drop(send);
    Ok((receive.into_iter().collect(), refused.try_iter().collect()))
}

/// A directory that must not be walked for one of its ignore files.
fn unusable(root: &Root, dir: &Path) -> Option<Skipped> {
    let (file, trouble) = unusable_ignore_file(dir)?;
    let detail = format!("{}: {trouble}", root.name(&file));
    Some(skipped(root, dir, SkipReason::Unreadable, &detail))
}

/// Why no walk may begin at `dir`: an ignore file there or above, whose rules a walk reads.
pub fn unwalkable(root: &Root, dir: &Path, rules: &WalkRules) -> Option<Skipped> {
    let mut dirs = dir.ancestors().take_while(|_| !rules.no_ignore);
    dirs.find_map(|dir| unusable(root, dir))
}

/// Whether a walk goes on into it. What was asked for itself may be a link to a directory.
fn is_walked(entry: &DirEntry) -> bool {
    entry.depth() == 0 || entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// A key that sorts paths as a walk meets them that takes the names of each directory in order.
fn by_name(path: &Path) -> Vec<u8> {
    let separated = |byte: &u8| if *byte == b'/' { 0 } else { *byte };
    path.as_os_str().as_encoded_bytes().iter().map(separated).collect()
}

trait StandardIgnores {
    fn standard_ignores(&mut self, on: bool) -> &mut Self;
}

impl StandardIgnores for WalkBuilder {
    /// Ignore files count in a project that is no git repository too.
    fn standard_ignores(&mut self, on: bool) -> &mut Self {
        self.parents(on).ignore(on).git_ignore(on).git_global(on).git_exclude(on).require_git(false)
    }
}

/// The project's own globs as the crate wants them: `!` leaves out.
fn overrides(root: &Path, globs: &[String]) -> Result<Override, ignore::Error> {
    let mut builder = OverrideBuilder::new(root);
    for glob in globs {
        builder.add(&format!("!{glob}"))?;
    }
    builder.build()
}

fn is_own(path: &Path) -> bool {
    path.file_name().is_some_and(is_never_context)
}

/// A file goes into the walk's files; a link only if it leads to a file inside the root.
fn add(root: &Root, entry: &DirEntry, found: &mut Walked) {
    let path = entry.path();
    if !entry.path_is_symlink() {
        return found.files.push(path.to_path_buf());
    }
    match root.look(path) {
        Ok(target) if target.metadata.is_file() => found.files.push(path.to_path_buf()),
        Ok(_) => found.skipped.push(skipped(root, path, SkipReason::Symlink, "a linked directory")),
        Err(refusal) => found
            .skipped
            .push(Skipped { detail: refusal.detail, ..skipped(root, path, refusal.reason, "") }),
    }
}

/// What a directory holds that the walk did not give, and what the walk was led by there.
fn listing(root: &Root, directory: &Path, given: &HashSet<&OsStr>) -> (Vec<Skipped>, Vec<Seen>) {
    let mut passed = Vec::new();
    let mut seen = vec![Seen::Plain(directory.to_path_buf())];
    let Ok(listing) = std::fs::read_dir(directory) else { return (passed, seen) };
    let mut path = directory.to_path_buf();
    for entry in listing.flatten() {
        let name = entry.file_name();
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        seen.extend(seen_in_listing(directory, &name, is_link));
        path.push(&name);
        if !given.contains(path.as_os_str()) && !is_never_context(&name) {
            let hidden = name.as_encoded_bytes().starts_with(b".");
            let reason = if hidden { SkipReason::Hidden } else { SkipReason::Ignored };
            let what = if path.is_dir() { "a directory, with all in it" } else { "" };
            passed.push(skipped(root, &path, reason, what));
        }
        path.pop();
    }
    (passed, seen)
}

fn unreadable(root: &Root, dir: &Path, error: &ignore::Error) -> Skipped {
    let (path, error) = match error {
        ignore::Error::WithPath { path, err } => (path.as_path(), err.as_ref()),
        other => (dir, other),
    };
    let plain = error.io_error().map_or_else(|| error.to_string(), plain);
    skipped(root, path, SkipReason::Unreadable, &plain)
}

fn skipped(root: &Root, path: &Path, reason: SkipReason, detail: &str) -> Skipped {
    Skipped {
        source: root.name(path),
        reason,
        detail: (!detail.is_empty()).then(|| detail.to_owned()),
        token_count: None,
        priority: None,
        item_type: None,
    }
}
