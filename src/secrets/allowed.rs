//! Which findings may go out: those that the project's configuration allows.

use super::finding::Finding;
use crate::model::{Allowance, Allowed};
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::sync::OnceLock;

/// The allowances of a project; their globs are compiled when something was found.
pub struct Allowances<'c> {
    all: &'c [Allowance],
    paths: OnceLock<Gitignore>,
}

impl Allowances<'_> {
    pub fn new(all: &[Allowance]) -> Allowances<'_> {
        Allowances { all, paths: OnceLock::new() }
    }

    /// Whether a finding may go out; `source` is the file it is in, from the project's root.
    pub fn allows(&self, finding: &Finding, source: Option<&str>) -> bool {
        let by_itself = |it: &Allowance| matches!(&it.what, Allowed::Fingerprint(print) if *print == finding.fingerprint);
        self.all.iter().any(by_itself) || source.is_some_and(|source| self.path(source))
    }

    fn path(&self, source: &str) -> bool {
        let globs = self.all.iter().filter_map(|it| match &it.what {
            Allowed::Path(glob) => Some(glob),
            Allowed::Fingerprint(_) => None,
        });
        let paths = self.paths.get_or_init(|| {
            let mut builder = GitignoreBuilder::new("");
            // What is no glob matches nothing: it allows nothing.
            globs.for_each(|glob| drop(builder.add_line(None, glob)));
            builder.build().unwrap_or_else(|_| Gitignore::empty())
        });
        !paths.is_empty() && paths.matched_path_or_any_parents(source, false).is_ignore()
    }
}
