//! What is to be done to which files, to install and to uninstall.

use super::command::{Called, called, shell_word};
use super::draft::{Draft, Sheet, carry_out};
use super::fault::InstallFault;
use super::harness::Harness;
use super::hooks::with_ours;
use super::installation::Installation;
use super::installed::{installed, notes};
use super::restore::restored;
use super::server::{Refused, with_server};
use super::skill::SKILL;
use super::surroundings::Surroundings;
use super::target::{Place, Scope};
use crate::error::Result;
use crate::model::Timestamp;
use std::path::Path;

/// What is to be installed, and where.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub harness: Harness,
    pub scope: Scope,
    /// Register the MCP server too. Only for an installation.
    pub mcp: bool,
    /// Put the skill in place too. Only for an installation.
    pub skill: bool,
    /// Tell what would be done, and do nothing.
    pub dry_run: bool,
    /// The time that backups are named after.
    pub now: Timestamp,
}

impl Request {
    fn place<'p>(&self, root: &'p Path, surroundings: &'p Surroundings) -> Place<'p> {
        Place { harness: self.harness, scope: self.scope, root, surroundings }
    }
}

/// Has the harness of the request tell sortie, by hooks in its settings, for the project at `root`. A
/// second time changes nothing.
pub fn install(
    request: &Request,
    root: &Path,
    surroundings: &Surroundings,
) -> Result<Installation> {
    let place = request.place(root, surroundings);
    let called = called(surroundings)?;
    let mut sheets = vec![with_hooks(place, &called)?];
    if request.mcp {
        add_server(place, &mut sheets, &called)?;
    }
    let mut drafts: Vec<Draft> = sheets.into_iter().map(Draft::from).collect();
    if request.skill {
        drafts.push(Draft::to(place.target(place.skill()?)?, Some(SKILL.into())));
    }
    Ok(Installation {
        harness: request.harness,
        scope: request.scope,
        uninstalled: false,
        dry_run: request.dry_run,
        notes: notes(place, &called),
        files: carry_out(drafts, request, root)?,
        command: Some(called.command),
        program: Some(called.path.display().to_string()),
        next: Some(request.harness.next(request.scope).to_owned()),
    })
}

/// Takes out what [`install`] put in place, in one scope; all else stays.
pub fn uninstall(
    request: &Request,
    root: &Path,
    surroundings: &Surroundings,
) -> Result<Installation> {
    let place = request.place(root, surroundings);
    let mut drafts = vec![restored(place, place.settings()?)?];
    match place.servers()? {
        Some(path) if path != drafts[0].target.path => drafts.push(restored(place, path)?),
        _ => {}
    }
    let (skill, changed) = without_skill(place)?;
    drafts.extend(skill);
    let files = carry_out(drafts, request, root)?;
    Ok(Installation {
        harness: request.harness,
        scope: request.scope,
        uninstalled: true,
        dry_run: request.dry_run,
        command: None,
        program: None,
        files,
        notes: changed.into_iter().chain(elsewhere(place)).collect(),
        next: None,
    })
}

/// Where else the harness is told to call sortie.
fn elsewhere(place: Place<'_>) -> Vec<String> {
    let found = installed(place.harness, place.root, place.surroundings);
    let others = found.into_iter().filter(|it| it.scope != Some(place.scope));
    let told = others.filter_map(|it| it.removal().map(|how| (it.path, how)));
    told.map(|(path, how)| format!("sortie is still called by {path}: {how}")).collect()
}

fn with_hooks(place: Place<'_>, called: &Called) -> Result<Sheet> {
    let mut sheet = Sheet::of(place, place.settings()?)?;
    sheet.now = with_ours(&sheet.now, place.harness, &called.command)
        .map_err(|shape| sheet.other_shape(shape))?;
    Ok(sheet)
}

/// To the settings themselves, where servers stand there; else in a file of its own.
fn add_server(place: Place<'_>, sheets: &mut Vec<Sheet>, called: &Called) -> Result<()> {
    let Some(path) = place.servers()? else {
        let command = shell_word(&called.command);
        return Err(InstallFault::ByHand { harness: place.harness, command }.into());
    };
    let at = sheets.iter().position(|it| it.target.path == path);
    let mut sheet = match at {
        Some(at) => sheets.remove(at),
        None => Sheet::of(place, path)?,
    };
    sheet.now = with_server(&sheet.now, &called.command).map_err(|refused| match refused {
        Refused::Shape(shape) => sheet.other_shape(shape),
        Refused::Taken => InstallFault::Taken { path: sheet.target.path.clone() },
    })?;
    sheets.push(sheet);
    Ok(())
}

/// The skill is taken away as it was put there; one that was changed is told of, and stays.
fn without_skill(place: Place<'_>) -> Result<(Option<Draft>, Option<String>)> {
    let skill = place.target(place.skill()?)?;
    Ok(match skill.before.as_deref() {
        None => (None, None),
        Some(text) if text == SKILL.as_bytes() => {
            (Some(Draft { dirs: 3, ..Draft::to(skill, None) }), None)
        }
        Some(_) => {
            let word = shell_word(&skill.path.display().to_string());
            (None, Some(format!("the skill is not as this sortie writes it and stays: rm {word}")))
        }
    })
}
