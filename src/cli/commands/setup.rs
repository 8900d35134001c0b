//! Setting up: the project's directory, links, completions, man pages.

use super::{GROUPS, Verb, described};
use crate::cli::ui::Ui;
use clap::Args;
use clap_complete::Shell;
use sortie::Result;
use sortie::error::IoContext;
use sortie::store::file;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Make the project's .sortie/ now instead of at the first record
#[derive(Args)]
#[command(after_help = "Example:\n  sortie init")]
pub struct Init {}

impl Init {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let existed = verb.workspace.store().exists();
        verb.workspace.store().create()?;
        let path = verb.workspace.store().path().display();
        let made = if existed { "is there already" } else { "is ready" };
        verb.ui.note(&format!("the history at {path} {made}"));
        Ok(ExitCode::SUCCESS)
    }
}

/// Make links named ctx, track and outputs, through which sortie is that group
#[derive(Args)]
#[command(after_help = "Example:\n  sortie links ~/.local/bin\n  ctx models")]
pub struct Links {
    /// The directory to put them in
    dir: PathBuf,
}

impl Links {
    pub fn run(&self, ui: &Ui) -> Result<ExitCode> {
        let program = std::env::current_exe().or_cannot("find", "sortie itself")?;
        file::make_dir(&self.dir).or_cannot("create", &self.dir)?;
        for group in GROUPS {
            let link = self.dir.join(group);
            // Ours from an earlier time is made anew; anything else is left alone.
            if std::fs::read_link(&link).is_ok_and(|target| target.ends_with("sortie")) {
                std::fs::remove_file(&link).or_cannot("replace", &link)?;
            }
            make_link(&program, &link).or_cannot("make the link", &link)?;
            ui.note(&format!("{} is `sortie {group}`", link.display()));
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(unix)]
fn make_link(program: &std::path::Path, link: &std::path::Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(program, link)
}

#[cfg(not(unix))]
fn make_link(program: &std::path::Path, link: &std::path::Path) -> std::io::Result<()> {
    std::fs::hard_link(program, link.with_extension("exe"))
}

/// Print the completions of a shell
#[derive(Args)]
#[command(
    after_help = "Example:\n  sortie completions bash > ~/.local/share/bash-completion/completions/sortie"
)]
pub struct Completions {
    shell: Shell,
}

impl Completions {
    pub fn run(&self, ui: &Ui) -> Result<ExitCode> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut described(), "sortie", &mut script);
        ui.write(&script).or_cannot("write", "stdout")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Write the man pages, one a verb
#[derive(Args)]
#[command(after_help = "Example:\n  sortie man ~/.local/share/man/man1")]
pub struct Man {
    /// The directory to put them in
    dir: PathBuf,
}

impl Man {
    pub fn run(&self, ui: &Ui) -> Result<ExitCode> {
        file::make_dir(&self.dir).or_cannot("create", &self.dir)?;
        let mut sortie = described().disable_help_subcommand(true);
        sortie.build();
        write_pages(&sortie, &self.dir)?;
        ui.note(&format!("the man pages are in {}", self.dir.display()));
        Ok(ExitCode::SUCCESS)
    }
}

/// The page of a verb and of those below it.
fn write_pages(verb: &clap::Command, dir: &Path) -> Result<()> {
    for below in verb.get_subcommands().filter(|it| !it.is_hide_set()) {
        write_pages(below, dir)?;
    }
    let page = clap_mangen::Man::new(verb.clone());
    let path = dir.join(page.get_filename());
    let mut text = Vec::new();
    page.render(&mut text).or_cannot("write", &path)?;
    file::write(&path, &text)
}
