//! The doors of this area for fuzzing.

use super::decode::decode;
use super::read::cut_again;
use super::root::Root;
use super::select::{Selectors, Wanted, select};
use super::tokens::count_both;
use super::walk::WalkRules;
use crate::error::Result;
use crate::model::{ItemType, Priority, Selection};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use tempfile::TempDir;

/// A small project: files, a directory, a link out of it.
static PROJECT: LazyLock<(TempDir, Root)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a directory");
    std::fs::create_dir_all(dir.path().join("b/c")).expect("a directory");
    for (name, text) in
        [("a.md", TEXT), ("b/c.rs", "fn c() {}\n"), ("b/c/d.rs", ""), ("a#b:1", "x")]
    {
        std::fs::write(dir.path().join(name), text).expect("written");
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc", dir.path().join("out")).expect("a link");
    let root = Root::new(dir.path(), dir.path()).expect("a root");
    (dir, root)
});

const TEXT: &str = "# One\n\ntext\n\n## Two\n\nmore\n\n# Three\n";

/// What a selector takes; all of it lies in the project.
pub(crate) fn selection(input: &[u8]) -> Result<usize> {
    let (dir, root) = &*PROJECT;
    let text = String::from_utf8_lossy(input).into_owned();
    let parts = text.split_once('#').map_or((text.as_str(), ""), |(first, rest)| (first, rest));
    let titles = Selection::Sections(parts.1.split('#').map(str::to_owned).collect());
    let _ = cut_again(parts.0, &titles);
    let _ = cut_again(&text, &Selection::Lines { first: input.len() % 9, last: input.len() % 7 });
    let _ = decode(input.to_vec());
    let wanted = Wanted {
        text: PathBuf::from(&text),
        item_type: ItemType::File,
        priority: Priority::Required,
    };
    let selectors = Selectors {
        wanted: vec![wanted],
        overrides: vec![(text, Priority::Optional)],
        rules: WalkRules::default(),
        paranoid: false,
    };
    let taken = select(root, &selectors)?;
    for file in &taken.files {
        let real = file.path.canonicalize().unwrap_or_else(|_| file.path.clone());
        assert!(lies_in(&real, dir.path()), "{} is taken", real.display());
    }
    Ok(taken.files.len())
}

fn lies_in(path: &Path, dir: &Path) -> bool {
    path.starts_with(dir.canonicalize().expect("it is there"))
}

/// Tokens of a text by one vocabulary, after both were held against what its pieces have.
pub(crate) fn tokens(input: &[u8]) -> usize {
    count_both(&String::from_utf8_lossy(input))
}
