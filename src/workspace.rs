//! The door of the library: an opened project, and the handles to its areas.

use crate::briefing::Library;
use crate::config::{self, Config};
use crate::context::{Context, Progress, Root, Unheard};
use crate::error::{Fault, IoContext, Kind, Result};
use crate::git::WorkTree;
use crate::history::{History, Stored};
use crate::model::Timestamp;
use crate::outputs::Outputs;
use crate::store::{Cache, HOME, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The database's name in it.
const DATABASE: &str = "history.db";

/// Where to find the project, and how to open it.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory that relative paths are given from.
    pub cwd: PathBuf,
    /// The project's root; without it the one that `cwd` lies in.
    pub project_root: Option<PathBuf>,
    /// The database; without it the one in `.sortie/`.
    pub database: Option<PathBuf>,
    /// The time that is recorded as now; without it the system's clock, at each step.
    pub now: Option<Timestamp>,
    /// How long to wait for other processes that write; without it as long as a command does.
    pub patience: Option<Duration>,
    /// The user's directory for what cannot stand in the project: events of harnesses that wait.
    pub state: Option<PathBuf>,
    /// Who is told how far work is that takes long.
    pub progress: Option<Arc<dyn Progress>>,
}

impl Options {
    /// Finds the project from `cwd`.
    pub fn new(cwd: impl Into<PathBuf>) -> Options {
        Options {
            cwd: cwd.into(),
            project_root: None,
            database: None,
            now: None,
            patience: None,
            state: None,
            progress: None,
        }
    }
}

/// An opened project.
#[derive(Debug)]
pub struct Workspace {
    root: Root,
    git: Option<WorkTree>,
    home: PathBuf,
    state: Option<PathBuf>,
    config: Config,
    store: Store,
    cache: Arc<Cache>,
    templates: Library,
    progress: Arc<dyn Progress>,
    now: Option<Timestamp>,
}

impl Workspace {
    /// Opens the project that `options` lead to. Nothing is created before the first write.
    pub fn open(options: Options) -> Result<Workspace> {
        let root = find_root(&options)?;
        let git = WorkTree::of(root.dir());
        let home = home_of(root.dir(), git.as_ref());
        let config = Config::load(root.beneath())?;
        let database = options.database.unwrap_or_else(|| home.join(DATABASE));
        Ok(Workspace {
            config,
            cache: Arc::new(Cache::at(database.with_extension("cache"))),
            store: match options.patience {
                Some(patience) => Store::at(database).waiting(patience),
                None => Store::at(database),
            },
            templates: Library::new(Some(home.join("templates"))),
            progress: options.progress.unwrap_or_else(|| Arc::new(Unheard)),
            now: options.now,
            state: options.state,
            root,
            git,
            home,
        })
    }

    /// The same project for work that may as well be done later: it waits no longer than this for others.
    pub fn hurried(&self, patience: Duration) -> Result<Workspace> {
        Workspace::open(Options {
            project_root: Some(self.root().to_path_buf()),
            database: Some(self.store.path().to_path_buf()),
            now: self.now,
            patience: Some(patience),
            state: self.state.clone(),
            ..Options::new(self.root())
        })
    }

    /// The project's root directory.
    pub fn root(&self) -> &Path {
        self.root.dir()
    }

    /// The directory of its history and templates; in a linked git worktree the main one's.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// The user's directory for what cannot stand in the project.
    pub fn state(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// What `sortie.toml` says.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The history database.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The embedded templates and those of the project.
    pub fn templates(&self) -> &Library {
        &self.templates
    }

    /// The time that is recorded as now.
    pub fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// The commit that is checked out, if there is git and a commit.
    pub fn head_commit(&self) -> Option<String> {
        self.git.as_ref().and_then(WorkTree::head)
    }

    /// Before a deployment.
    pub fn context(&self) -> Context<'_> {
        Context {
            root: &self.root,
            config: &self.config,
            store: &self.store,
            cache: &self.cache,
            templates: &self.templates,
            progress: &*self.progress,
            now: self.now(),
        }
    }

    /// The record of deployments.
    pub fn history(&self) -> History<'_> {
        History {
            store: &self.store,
            now: self.now(),
            stored: Stored::of(&self.config),
            config: &self.config,
        }
    }

    /// After a deployment.
    pub fn outputs(&self) -> Outputs<'_> {
        Outputs {
            root: &self.root,
            git: self.git.as_ref(),
            store: &self.store,
            history: self.history(),
            templates: &self.templates,
            now: self.now(),
            outside: false,
        }
    }

    /// Dropping it, in a process that ends now.
    pub fn leave(self) {
        self.store.leave();
    }
}

/// The project's root: as given; else the nearest directory above with `.sortie/` or `sortie.toml`;
/// else the top of the git work tree; else `cwd`.
fn find_root(options: &Options) -> Result<Root> {
    let cwd = options.cwd.canonicalize().or_cannot("find", &options.cwd)?;
    let dir = match &options.project_root {
        Some(given) => {
            let given = cwd.join(given);
            match given.is_dir() {
                true => given,
                false => return Err(RootFault::NoDirectory { path: given }.into()),
            }
        }
        None => nearest_root(&cwd),
    };
    Root::new(&dir, &cwd).or_cannot("open", &dir)
}

fn nearest_root(cwd: &Path) -> PathBuf {
    let git = WorkTree::of(cwd);
    // A linked work tree often lies inside the main one, whose files are not its own.
    let fence = git.as_ref().filter(|git| git.main_top().is_some()).map(|git| git.top.as_path());
    let inside = |dir: &&Path| fence.is_none_or(|fence| dir.starts_with(fence));
    // The history of a linked work tree is the main one's, and so are the marks of its projects.
    let has_home = |dir: &Path| {
        let linked = git.as_ref().filter(|_| fence.is_some());
        dir.join(HOME).is_dir() || home_of(dir, linked).is_dir()
    };
    let marked = cwd
        .ancestors()
        .take_while(inside)
        .find(|dir| has_home(dir) || dir.join(config::FILE_NAME).is_file());
    let top = git.as_ref().map(|git| git.top.as_path());
    marked.or(top).unwrap_or(cwd).to_path_buf()
}

/// The directory of the history of the project that `options` lead to, whatever its configuration says.
pub fn home(options: &Options) -> Result<PathBuf> {
    let root = find_root(options)?;
    Ok(home_of(root.dir(), WorkTree::of(root.dir()).as_ref()))
}

/// `.sortie/` of the root; of a root in a linked git work tree, the same place in the main one.
fn home_of(root: &Path, git: Option<&WorkTree>) -> PathBuf {
    let in_main = git.and_then(|git| {
        let top = git.top.canonicalize().ok()?;
        Some(git.main_top()?.join(root.strip_prefix(top).ok()?))
    });
    in_main.unwrap_or_else(|| root.to_path_buf()).join(HOME)
}

/// A project that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum RootFault {
    /// The root that was named is no directory.
    #[error("there is no directory {}", path.display())]
    NoDirectory { path: PathBuf },
}

impl Fault for RootFault {
    fn kind(&self) -> Kind {
        match self {
            Self::NoDirectory { .. } => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoDirectory { .. } => Some("--project-root names an existing directory".into()),
        }
    }
}
