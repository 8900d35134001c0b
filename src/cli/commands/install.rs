//! What the verbs are for stands where they are listed, so that their arguments can come later.

use super::Verb;
use clap::Args;
use sortie::Result;
use sortie::capture::install::{Harness, Installation, Request, Scope, Surroundings};
use sortie::capture::install::{install, uninstall};
use std::process::ExitCode;

#[derive(Args)]
pub struct Install {
    /// Whose hooks: claude-code, codex or gemini
    harness: String,
    #[command(flatten)]
    scope: ScopeArgs,
    /// Register the MCP server, too
    #[arg(long)]
    mcp: bool,
    /// Put the skill for lead agents in place, too
    #[arg(long)]
    skill: bool,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
pub struct Uninstall {
    /// Whose hooks: claude-code, codex or gemini
    harness: String,
    #[command(flatten)]
    scope: ScopeArgs,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Args)]
#[group(multiple = false)]
struct ScopeArgs {
    /// In your own settings, for all projects
    #[arg(long)]
    user: bool,
    /// In the project's settings, for all who work on it [default]
    #[arg(long)]
    project: bool,
    /// In your own settings for this project
    #[arg(long)]
    local: bool,
}

impl ScopeArgs {
    fn scope(&self) -> Scope {
        match (self.user, self.local) {
            (true, _) => Scope::User,
            (_, true) => Scope::Local,
            _ => Scope::Project,
        }
    }
}

impl Install {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let request = Request {
            harness: Harness::find(&self.harness)?,
            scope: self.scope.scope(),
            mcp: self.mcp,
            skill: self.skill,
            dry_run: self.dry_run,
            now: verb.workspace.now(),
        };
        show(verb, &install(&request, verb.workspace.root(), &Surroundings::of_process())?)
    }
}

impl Uninstall {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let request = Request {
            harness: Harness::find(&self.harness)?,
            scope: self.scope.scope(),
            mcp: false,
            skill: false,
            dry_run: self.dry_run,
            now: verb.workspace.now(),
        };
        show(verb, &uninstall(&request, verb.workspace.root(), &Surroundings::of_process())?)
    }
}

fn show(verb: &Verb<'_>, installation: &Installation) -> Result<ExitCode> {
    verb.show(installation)?;
    for note in &installation.notes {
        verb.ui.note(note);
    }
    Ok(ExitCode::SUCCESS)
}
