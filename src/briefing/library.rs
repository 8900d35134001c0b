//! The templates there are: embedded ones, and the user's, which win over those of the same name.

use super::embedded::{EMBEDDED, Embedded, Head, PARTIALS, TemplateKind, is_embedded};
use super::fault::Limit;
use crate::error::{Fault, IoContext, Kind, Result, nearest};
use crate::files::{Beneath, Trouble, open_named, patiently};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where a template comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// It came with the program.
    Embedded,
    /// It was read from this file.
    File(PathBuf),
    /// As it was when a bundle was prepared, from the history.
    Kept,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Embedded => f.write_str("sortie"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Kept => f.write_str("the history"),
        }
    }
}

/// A template's source, with the partials it may include.
#[derive(Debug, Clone)]
pub struct Template {
    /// The name in its canonical form (`briefing` for `briefing.md`), or the path it was given by.
    pub name: String,
    pub origin: Origin,
    /// The Handlebars text.
    pub source: String,
    partials: BTreeMap<String, String>,
}

impl Template {
    /// The template with its partials as one text, to be kept and rendered again.
    pub fn to_kept(&self) -> String {
        serde_json::json!({
            "name": self.name,
            "source": self.source,
            "partials": self.partials,
        })
        .to_string()
    }

    /// The template that was kept so; `None` if it was not.
    pub fn from_kept(text: &str) -> Option<Template> {
        #[derive(serde::Deserialize)]
        struct Kept {
            name: String,
            source: String,
            partials: BTreeMap<String, String>,
        }
        let Kept { name, source, partials } = serde_json::from_str(text).ok()?;
        Some(Template { name, origin: Origin::Kept, source, partials })
    }

    /// Whether it writes HTML, which its name says: values are escaped unless it is told otherwise.
    pub fn is_html(&self) -> bool {
        is_html(&self.name)
    }

    /// Whether it writes elements, which its name says, too: each holds the words it is given.
    pub(super) fn is_xml(&self) -> bool {
        let name = self.name.strip_suffix(".hbs").unwrap_or(&self.name);
        name.ends_with(".xml")
    }

    /// By name, without the `_` and `.hbs` of their files.
    pub(super) fn partials(&self) -> &BTreeMap<String, String> {
        &self.partials
    }

    pub(super) fn set_partial(&mut self, name: String, source: String) {
        self.partials.insert(name, source);
    }

    #[cfg(test)]
    pub(super) fn set_partials(&mut self, partials: &[(&str, String)]) {
        self.partials =
            partials.iter().map(|(name, source)| (name.to_string(), source.clone())).collect();
    }
}

/// A template as a list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct TemplateInfo {
    /// The name it is asked for by.
    pub name: String,
    pub kind: TemplateKind,
    pub origin: Origin,
    /// The first line of the comment it begins with.
    pub description: String,
    /// The variables it gets: path, and what it is.
    pub variables: Vec<(String, String)>,
}

/// The embedded templates and those of the user's directory.
#[derive(Debug, Clone, Default)]
pub struct Library {
    user_dir: Option<PathBuf>,
}

impl Library {
    /// `user_dir` need not exist.
    pub fn new(user_dir: Option<PathBuf>) -> Self {
        Library { user_dir }
    }

    /// The template called `name_or_path`: a path if it has a `/` or is a file that ends in
    /// `.hbs`, else a name, looked for in the user's directory first.
    pub fn get(&self, kind: TemplateKind, name_or_path: &str) -> Result<Template> {
        if is_path(name_or_path) {
            let path = Path::new(name_or_path);
            if !path.exists() {
                return Err(self.unknown(kind, name_or_path));
            }
            return self.open(name_or_path, path.to_path_buf());
        }
        let name = canonical(name_or_path);
        if let Some(path) = self.user_file(name) {
            return self.open(name, path);
        }
        match EMBEDDED.iter().find(|embedded| embedded.kind == kind && embedded.name == name) {
            Some(embedded) => self.embedded(embedded),
            None => Err(self.unknown(kind, name_or_path)),
        }
    }

    /// All templates, the embedded first, then the user's by name.
    pub fn list(&self) -> Result<Vec<TemplateInfo>> {
        let own = self.user_names()?.into_iter().map(|name| {
            let kind = TemplateKind::of(&name);
            (name, kind)
        });
        let embedded = EMBEDDED.iter().map(|embedded| (embedded.name.to_owned(), embedded.kind));
        Ok(embedded
            .chain(own.filter(|(name, _)| !is_embedded(name)))
            .map(|(name, kind)| self.info(name, kind))
            .collect())
    }

    /// A template that cannot be read is listed all the same, with the reason.
    fn info(&self, name: String, kind: TemplateKind) -> TemplateInfo {
        match self.get(kind, &name) {
            Ok(template) => {
                let head = Head::of(&template.source);
                let variables = head.variables_or_default(kind);
                let description = head.description;
                TemplateInfo { name, kind, origin: template.origin, description, variables }
            }
            Err(error) => {
                let origin = self.user_file(&name).map_or(Origin::Embedded, Origin::File);
                let description = error.to_string();
                TemplateInfo { name, kind, origin, description, variables: Vec::new() }
            }
        }
    }

    fn embedded(&self, embedded: &Embedded) -> Result<Template> {
        Ok(Template {
            name: embedded.name.to_owned(),
            origin: Origin::Embedded,
            source: embedded.source.to_owned(),
            partials: self.partials(None, is_html(embedded.name))?,
        })
    }

    fn open(&self, name: &str, path: PathBuf) -> Result<Template> {
        let source = self.read(&path)?;
        // `report` may mean `report.html.hbs`; what it writes must be known when it is kept, too.
        let name = match path.to_str().is_some_and(is_html) && !is_html(name) {
            true => format!("{name}.html"),
            false => name.to_owned(),
        };
        let partials = self.partials(path.parent(), is_html(&name))?;
        Ok(Template { name, origin: Origin::File(path), source, partials })
    }

    /// The embedded partials, over them the user's, over them those beside the template.
    fn partials(&self, beside: Option<&Path>, is_html: bool) -> Result<BTreeMap<String, String>> {
        // A briefing is kept with its partials; those of pages are nothing to it.
        let embedded = PARTIALS.iter().filter(|(name, _)| is_html || !name.starts_with("html_"));
        let mut partials: BTreeMap<String, String> =
            embedded.map(|(name, source)| (name.to_string(), source.to_string())).collect();
        let own = |file: &String| file.starts_with('_') && file.ends_with(".hbs");
        for dir in [self.user_dir.as_deref(), beside].into_iter().flatten() {
            let files: Vec<String> = file_names(dir)?.into_iter().filter(own).collect();
            // All of them are read and kept with a bundle.
            if files.len() > Limit::Partials.max() {
                let (dir, files) = (dir.to_path_buf(), files.len());
                return Err(LibraryFault::TooMany { dir, files }.into());
            }
            for file in files {
                let name = file[1..file.len() - ".hbs".len()].to_owned();
                partials.insert(name, self.read(&dir.join(&file))?);
            }
        }
        Ok(partials)
    }

    /// The text of a template. One in the user's directory may have come with a repository: as a link
    /// it could show any file, so it is opened beneath that directory.
    fn read(&self, path: &Path) -> Result<String> {
        let limit = Limit::Source.max() as u64;
        let bytes = match self.user_dir.as_deref().filter(|dir| path.starts_with(dir)) {
            Some(dir) => {
                let real = path.canonicalize().or_cannot("read", path)?;
                // The directory itself may be a link that came with the repository.
                let home = Beneath::open(dir.parent().unwrap_or(dir)).or_cannot("read", dir)?;
                let dir = Beneath::open(dir).or_cannot("read", dir)?;
                home.resolve(dir.path()).and_then(|_| dir.read(&real, limit))
            }
            None => patiently(|| open_named(path)?.read(limit), Trouble::may_pass),
        };
        let path_of = || path.to_path_buf();
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(Trouble::Io(error)) => return Err(error).or_cannot("read", path),
            Err(trouble) => return Err(LibraryFault::of(trouble, path_of()).into()),
        };
        String::from_utf8(bytes).map_err(|_| LibraryFault::NotUtf8 { path: path_of() }.into())
    }

    /// The file in the user's directory that a name means.
    fn user_file(&self, name: &str) -> Option<PathBuf> {
        let dir = self.user_dir.as_deref().filter(|_| !name.starts_with(['.', '_']))?;
        // `briefing.xml` is a template of its own, not another form of `briefing`.
        let own_style = name.ends_with(".xml") || is_html(name);
        let suffixes: &[&str] = match (own_style, is_embedded(name)) {
            (true, _) => &[".hbs", ""],
            (false, true) => &[".md.hbs", ".hbs", ".md"],
            (false, false) => &[".md.hbs", ".hbs", ".md", ".xml.hbs", ".xml", ".html.hbs", ".html"],
        };
        suffixes.iter().map(|suffix| dir.join(format!("{name}{suffix}"))).find(|p| p.exists())
    }

    fn user_names(&self) -> Result<BTreeSet<String>> {
        let files = self.user_dir.as_deref().map_or_else(|| Ok(Vec::new()), file_names)?;
        let is_template = |file: &String| {
            !file.starts_with(['.', '_'])
                && [".hbs", ".md", ".xml", ".html"].iter().any(|suffix| file.ends_with(suffix))
        };
        Ok(files.iter().filter(|file| is_template(file)).map(|f| canonical(f).to_owned()).collect())
    }

    fn unknown(&self, kind: TemplateKind, name: &str) -> crate::error::Error {
        let own = self.user_names().unwrap_or_default();
        let known: BTreeSet<&str> = EMBEDDED
            .iter()
            .filter(|embedded| embedded.kind == kind)
            .map(|embedded| embedded.name)
            .chain(own.iter().map(String::as_str).filter(|name| TemplateKind::of(name) == kind))
            .collect();
        let near = nearest(name, known.iter().copied());
        let names = if near.is_empty() { known.into_iter().collect() } else { near };
        let names = names.into_iter().map(str::to_owned).collect();
        LibraryFault::Unknown { kind, name: name.to_owned(), names }.into()
    }
}

fn is_path(name: &str) -> bool {
    name.contains(['/', std::path::MAIN_SEPARATOR])
        || (name.ends_with(".hbs") && Path::new(name).is_file())
}

/// Whether a template of this name or path writes HTML.
fn is_html(name: &str) -> bool {
    let name = name.strip_suffix(".hbs").unwrap_or(name).as_bytes();
    name.len() >= 5 && name[name.len() - 5..].eq_ignore_ascii_case(b".html")
}

/// The name without what says no more than that it is a Markdown template.
fn canonical(name: &str) -> &str {
    let name = name.strip_suffix(".hbs").unwrap_or(name);
    name.strip_suffix(".md").unwrap_or(name)
}

/// The names in a directory, sorted; none if it does not exist. A name that is not UTF-8 could
/// not be typed and is left out.
fn file_names(dir: &Path) -> Result<Vec<String>> {
    // The parent of a bare file name is the empty path.
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).or_cannot("list", dir)? {
        names.extend(entry.or_cannot("list", dir)?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// A template that cannot be found or read.
#[derive(Debug, thiserror::Error)]
pub enum LibraryFault {
    /// No such template; `names` are the nearest ones, else all.
    #[error("there is no {} template '{}'; try {}", kind.as_str(), name.escape_debug(), names.join(", "))]
    Unknown { kind: TemplateKind, name: String, names: Vec<String> },
    /// A directory, a pipe or the like.
    #[error("template {} is a link out of its directory", path.display())]
    LeadsOut { path: PathBuf },
    /// A pipe, a directory.
    #[error("{} is not a file", path.display())]
    NotAFile { path: PathBuf },
    /// Larger than [`Limit::Source`] allows.
    #[error("template {} has {bytes} bytes; at most {} are allowed", path.display(), Limit::Source.max())]
    TooLarge { path: PathBuf, bytes: u64 },
    /// Not UTF-8.
    #[error("template {} is not UTF-8", path.display())]
    NotUtf8 { path: PathBuf },
    /// Written as it was read.
    #[error("template {} changed while it was read", path.display())]
    Changed { path: PathBuf },
    /// More partials than a template may include.
    #[error("{} holds {files} partials; at most {} are allowed", dir.display(), Limit::Partials.max())]
    TooMany { dir: PathBuf, files: usize },
}

impl LibraryFault {
    fn of(trouble: Trouble, path: PathBuf) -> LibraryFault {
        match trouble {
            Trouble::TooLarge(bytes) => Self::TooLarge { path, bytes },
            Trouble::Outside { .. } => Self::LeadsOut { path },
            Trouble::Link | Trouble::Changed => Self::Changed { path },
            Trouble::NotAFile(_) | Trouble::Io(_) => Self::NotAFile { path },
        }
    }
}

impl Fault for LibraryFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Unknown { .. } => Kind::NotFound,
            Self::NotAFile { .. }
            | Self::LeadsOut { .. }
            | Self::TooLarge { .. }
            | Self::NotUtf8 { .. }
            | Self::TooMany { .. } => Kind::Usage,
            Self::Changed { .. } => Kind::Failed,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { .. }
            | Self::NotAFile { .. }
            | Self::LeadsOut { .. }
            | Self::TooLarge { .. }
            | Self::NotUtf8 { .. }
            | Self::TooMany { .. } => Some("`sortie ctx templates` lists those there are".into()),
            Self::Changed { .. } => Some("run it again when nobody writes it".into()),
        }
    }
}

#[cfg(test)]
#[path = "library_tests.rs"]
mod tests;
