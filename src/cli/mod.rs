//! The command line: parses, opens the workspace, dispatches. The work is the library's.

mod commands;
mod exit;
mod progress;
mod signals;
mod ui;

use clap::{CommandFactory, FromArgMatches, Parser};
use commands::{Command, Verb};
use sortie::capture::look_again;
use sortie::context::Progress;
use sortie::error::IoContext;
use sortie::model::Timestamp;
use sortie::render::visible;
use sortie::workspace::Options;
use sortie::{Error, Workspace};
use std::ffi::{OsStr, OsString};
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use ui::{ColourArg, FormatArg, Ui};

/// The quartermaster and flight recorder of one-shot agents.
///
/// Prepares token-counted context before an agent is deployed, records what it was given and what
/// came back, and answers questions about it.
#[derive(Parser)]
#[command(
    name = "sortie",
    version,
    max_term_width = 100,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 not found or cannot be \
included,\n4 over budget, 5 conflicts with the record, 6 busy, 7 history refused, 8 check failed,\n9 a secret would be sent.\n\n\
Example:\n  sortie ctx prepare-bundle --agent-type reviewer --scope 'Review the parser' --files src"
)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every verb.
#[derive(clap::Args)]
#[command(next_help_heading = "Options of every verb")]
pub struct Global {
    /// The project's root [default: the nearest directory above with .sortie/ or sortie.toml, else
    /// the git top level]
    #[arg(long, global = true, value_name = "DIR")]
    project_root: Option<PathBuf>,
    /// The history database [env: SORTIE_DB; default: .sortie/history.db of the project]
    #[arg(long, global = true, value_name = "FILE")]
    db: Option<PathBuf>,
    /// How results are written
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT",
        hide_possible_values = true,
        help = "How results are written: table, json, jsonl, markdown, csv or html"
    )]
    format: FormatArg,
    /// No notes; of what is made, only the id
    #[arg(long, short, global = true)]
    quiet: bool,
    /// When to colour: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_possible_values = true
    )]
    color: ColourArg,
    /// The time to record as now, for runs that must be the same again
    #[arg(long, global = true, value_name = "TIME", env = "SORTIE_NOW", hide = true)]
    now: Option<Timestamp>,
}

/// Runs the command line `arguments`, the program's name first.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    signals::keep_going();
    let arguments = with_group(arguments);
    let cli = match parse(&arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // An agent must not be stopped because its recorder is called otherwise than it knows.
            let is_hook = arguments.get(1).is_some_and(|first| first == "hook");
            // What was typed is quoted; it may have come from elsewhere, by a script.
            let shown: Vec<OsString> =
                arguments.iter().map(|it| visible(&it.to_string_lossy()).into()).collect();
            let error = parse(&shown).err().filter(|_| error.use_stderr()).unwrap_or(error);
            ui::refuse(&error);
            let fails = error.use_stderr() && !is_hook;
            return ExitCode::from(if fails { exit::USAGE } else { exit::DONE });
        }
    };
    let ui = Ui::new(cli.global.format, cli.global.quiet, cli.global.color);
    let outcome = match cli.command.without_workspace(&ui, &cli.global) {
        Some(outcome) => outcome,
        None => open(&cli.global, ui.progress()).and_then(|workspace| {
            let verb = Verb { workspace, ui: &ui };
            let tells_itself = cli.command.is_about_the_database();
            // What waits is the project's own history's, not that of another one that is looked at.
            let is_own = cli.global.db.is_none();
            if is_own && !tells_itself {
                verb.catch_up();
            }
            if is_own && cli.command.asks_the_record() {
                look_again(&verb.workspace);
            }
            let outcome = cli.command.run(&verb, &cli.global);
            if !tells_itself {
                verb.concerns();
            }
            verb.workspace.leave();
            outcome
        }),
    };
    outcome.unwrap_or_else(|error| {
        ui.fail(&error);
        exit::code(error.kind())
    })
}

fn parse(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    // Taking the description of the command line apart again would take as long as making it did.
    let mut command = ManuallyDrop::new(Cli::command());
    Cli::from_arg_matches(&command.try_get_matches_from_mut(arguments)?)
}

/// Called through a link named after a group, the program is that group.
fn with_group(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let name = arguments.first().and_then(|path| Path::new(path).file_stem());
    let group = name.and_then(OsStr::to_str).filter(|name| commands::GROUPS.contains(name));
    if let Some(group) = group.map(OsString::from) {
        arguments[0] = "sortie".into();
        arguments.insert(1, group);
    }
    arguments
}

fn open(global: &Global, progress: Option<Arc<dyn Progress>>) -> Result<Workspace, Error> {
    Workspace::open(global.options(progress)?)
}

impl Global {
    /// Where the project is, as it is called.
    fn options(&self, progress: Option<Arc<dyn Progress>>) -> Result<Options, Error> {
        let cwd = std::env::current_dir().or_cannot("find", "the current directory")?;
        let mut options = Options::new(cwd);
        options.project_root = self.project_root.clone();
        let named = std::env::var_os("SORTIE_DB").filter(|path| !path.is_empty());
        options.database = self.db.clone().or(named.map(PathBuf::from));
        options.state = state_dir();
        options.now = self.now;
        options.progress = progress;
        Ok(options)
    }
}

/// The user's directory for what cannot stand in a project.
fn state_dir() -> Option<PathBuf> {
    let named = |name| std::env::var_os(name).filter(|it| !it.is_empty()).map(PathBuf::from);
    let state = named("XDG_STATE_HOME").filter(|dir| dir.is_absolute());
    let state = state.or_else(|| Some(named("HOME")?.join(".local/state")))?;
    Some(state.join("sortie"))
}
