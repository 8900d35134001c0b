//! What can go wrong, as one type: [`Error`].
//!
//! Each area declares its own failures beside the code that meets them, as an enum that implements
//! [`Fault`]: what kind it is (scripts tell kinds apart) and which command helps. Any fault becomes
//! an [`Error`] with `?`; only the binary prints one or turns its [`Kind`] into an exit code.

use std::path::{Path, PathBuf};

/// The library's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What scripts must tell apart; the binary gives each kind an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The machine or the surroundings refused: input and output, a child process.
    Failed,
    /// The call or a configuration file is wrong; the same call will fail again.
    Usage,
    /// Something named does not exist, or cannot be included in a bundle.
    NotFound,
    /// The context does not fit the budget.
    OverBudget,
    /// The record already says otherwise.
    Conflict,
    /// Another process held the database past the deadline; the same call may succeed.
    Busy,
    /// The database is damaged, newer than this program, or not ours; it was left untouched.
    Refused,
    /// A secret would go out; nothing was written.
    Secret,
}

/// A failure of one area: says what failed and why (`Display`), its [`Kind`], and what to do.
pub trait Fault: std::error::Error + std::any::Any + Send + Sync {
    /// What scripts tell it apart by.
    fn kind(&self) -> Kind;

    /// A remedy, where there is one: a whole command to type, or the place to look.
    fn hint(&self) -> Option<String>;
}

/// Any failure of the library.
pub struct Error(Box<dyn Fault>);

impl Error {
    /// What a program branches on.
    pub fn kind(&self) -> Kind {
        self.0.kind()
    }

    /// What the user can do about it, in a line or a few.
    pub fn hint(&self) -> Option<String> {
        self.0.hint()
    }

    /// The area's own error, where a caller wants its fields.
    pub fn downcast_ref<F: Fault>(&self) -> Option<&F> {
        (self.0.as_ref() as &dyn std::any::Any).downcast_ref()
    }

    /// The same by value; an error of another area comes back as it was.
    pub fn downcast<F: Fault>(self) -> Result<F, Error> {
        match (&*self.0 as &dyn std::any::Any).is::<F>() {
            true => Ok(*(self.0 as Box<dyn std::any::Any>).downcast().expect("just checked")),
            false => Err(self),
        }
    }
}

impl<F: Fault> From<F> for Error {
    fn from(fault: F) -> Self {
        Error(Box::new(fault))
    }
}

impl std::fmt::Debug for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// A file operation that the system refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {}", path.display(), plain(source))]
pub struct IoFault {
    action: &'static str,
    path: PathBuf,
    source: std::io::Error,
}

impl Fault for IoFault {
    fn kind(&self) -> Kind {
        match self.source.kind() {
            std::io::ErrorKind::NotFound => Kind::NotFound,
            _ => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        None
    }
}

/// What the system said, without its number: “(os error 13)” helps nobody.
pub fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

/// Says of an input or output error what was being done, and to which file.
pub trait IoContext<T> {
    /// `action` completes “cannot … PATH”: read, write, create.
    fn or_cannot(self, action: &'static str, path: impl AsRef<Path>) -> Result<T>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn or_cannot(self, action: &'static str, path: impl AsRef<Path>) -> Result<T> {
        self.map_err(|source| IoFault { action, path: path.as_ref().to_path_buf(), source }.into())
    }
}

/// The candidates nearest to a name that was not found, at most three, best first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score > 0.7)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.into_iter().take(3).map(|(_, candidate)| candidate).collect()
}
