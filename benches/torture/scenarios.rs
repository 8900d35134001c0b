//! What is done while the power may be cut: everything that changes a history's files.

use crate::ledger::Ledger;
use crate::place::History;
use crate::records::{amend, begin, bundle, complete, deploy, end};
use crate::{Outcome, trace};
use sortie::Workspace;
use sortie::history::{Chosen, Retention, Source};
use std::cell::RefCell;
use std::path::PathBuf;

/// One of them, on a history of its own.
pub struct Scenario {
    pub name: String,
    /// The database that it begins with.
    pub fixture: Option<PathBuf>,
    /// What is there before; the power holds out until it is over.
    before: fn(&Scene<'_>) -> Outcome<()>,
    /// What is cut.
    pub run: fn(&Scene<'_>) -> Outcome<()>,
}

/// Where it takes place.
pub struct Scene<'h> {
    history: &'h History,
    rng: RefCell<fastrand::Rng>,
    /// What was acknowledged before.
    pub ledger: RefCell<Ledger>,
}

/// The session that a restored copy does not have.
pub const LATE: &str = "late";

/// All scenarios; the migrations begin with what released versions left.
pub fn scenarios(fixtures: &[(String, Option<PathBuf>)]) -> Vec<Scenario> {
    let plain =
        |name: &str, before, run| Scenario { name: name.to_owned(), fixture: None, before, run };
    let mut all = vec![
        plain("recording", nothing, recording),
        plain("bundle", nothing, bundles),
        plain("checkpoint", a_few, checkpoint),
        plain("compact", much_deleted, compact),
        plain("prune", ended, prune),
        plain("import", nothing, import),
        plain("two writers", a_few, two_writers),
        plain("backup", a_few, backup),
        plain("restore", a_few, restore),
    ];
    for (name, fixture) in fixtures {
        if fixture.is_some() {
            let name = format!("opening {name}");
            all.push(Scenario { name, fixture: fixture.clone(), before: nothing, run: migration });
        }
    }
    all
}

impl Scenario {
    /// Does what is done before.
    pub fn begin<'h>(&self, history: &'h History, seed: u64) -> Outcome<Scene<'h>> {
        history.begin_with(self.fixture.as_deref())?;
        let rng = RefCell::new(fastrand::Rng::with_seed(seed));
        let scene = Scene { history, rng, ledger: RefCell::default() };
        (self.before)(&scene)?;
        Ok(scene)
    }
}

impl Scene<'_> {
    fn open(&self) -> Outcome<Workspace> {
        self.history.open()
    }

    /// The call has returned.
    fn say(&self, line: String) -> Outcome<()> {
        trace::acknowledge(line.clone());
        self.ledger.borrow_mut().note(&line)
    }

    fn session(&self, ws: &Workspace, id: &str) -> Outcome<()> {
        begin(ws, id)?;
        self.say(format!("s {id}"))
    }

    fn record(&self, ws: &Workspace, session: &str, id: &str) -> Outcome<()> {
        deploy(ws, session, id, None)?;
        self.say(format!("d {id}"))?;
        complete(ws, id)?;
        self.say(format!("c {id}"))
    }

    fn records(&self, ws: &Workspace, session: &str, count: usize) -> Outcome<()> {
        // Ids are new each time, so that their messages are.
        let name = self.rng.borrow_mut().u32(..);
        (0..count).try_for_each(|at| self.record(ws, session, &format!("{session}-{name:x}-{at}")))
    }
}

fn nothing(_: &Scene<'_>) -> Outcome<()> {
    Ok(())
}

fn a_few(scene: &Scene<'_>) -> Outcome<()> {
    let ws = scene.open()?;
    scene.session(&ws, "before")?;
    scene.records(&ws, "before", 5)
}

fn recording(scene: &Scene<'_>) -> Outcome<()> {
    scene.session(&scene.open()?, "s")?;
    for _ in 0..4 {
        let ws = scene.open()?;
        scene.records(&ws, "s", 3)?;
        let id = format!("amended-{:x}", scene.rng.borrow_mut().u32(..));
        scene.record(&ws, "s", &id)?;
        amend(&ws, &id)?;
        scene.say(format!("a {id}"))?;
    }
    Ok(())
}

/// A large one, the same again, another; each is handed over.
fn bundles(scene: &Scene<'_>) -> Outcome<()> {
    scene.session(&scene.open()?, "s")?;
    let some = ["part-01.md".to_owned(), "part-02.md".to_owned()];
    let all = [".".to_owned()];
    for (at, files) in [&all[..], &some[..], &all[..]].into_iter().enumerate() {
        let ws = scene.open()?;
        let bundle = bundle(&ws, "Torture", files)?;
        scene.say(format!("b {}", bundle.bundle_id))?;
        let id = format!("bundled-{at}");
        deploy(&ws, "s", &id, Some(&bundle))?;
        scene.say(format!("d {id}"))?;
    }
    Ok(())
}

/// The log folded in by a session's end, by its length, and emptied by who leaves.
fn checkpoint(scene: &Scene<'_>) -> Outcome<()> {
    for at in 0..3 {
        let ws = scene.open()?;
        let session = format!("s-{at}");
        scene.session(&ws, &session)?;
        scene.records(&ws, &session, 2 + 6 * at)?;
        end(&ws, &session)?;
        ws.store().checkpoint();
        scene.records(&ws, "before", 2)?;
    }
    Ok(())
}

/// Sessions that have ended and a bundle that only they needed.
fn ended(scene: &Scene<'_>) -> Outcome<()> {
    let ws = scene.open()?;
    for at in 0..3 {
        let session = format!("old-{at}");
        scene.session(&ws, &session)?;
        scene.records(&ws, &session, 4)?;
        let bundle = bundle(&ws, &session, &[format!("part-0{}.md", at + 1)])?;
        scene.say(format!("b {}", bundle.bundle_id))?;
        let id = format!("{session}-bundled");
        deploy(&ws, &session, &id, Some(&bundle))?;
        complete(&ws, &id)?;
        scene.say(format!("c {id}"))?;
        end(&ws, &session)?;
    }
    scene.session(&ws, "open")?;
    scene.records(&ws, "open", 2)
}

fn prune(scene: &Scene<'_>) -> Outcome<()> {
    let ws = scene.open()?;
    let dir = scene.history.database().with_file_name("archive");
    ws.history().prune(Retention::new(None, Some(0))?, &dir, None)?;
    scene.records(&ws, "open", 1)
}

/// Free pages, which nobody is owed.
fn much_deleted(scene: &Scene<'_>) -> Outcome<()> {
    ended(scene)?;
    let dir = scene.history.dir.join("elsewhere");
    scene.open()?.history().prune(Retention::new(None, Some(0))?, &dir, None)?;
    scene.ledger.take();
    a_few(scene)
}

fn compact(scene: &Scene<'_>) -> Outcome<()> {
    let ws = scene.open()?;
    for _ in 0..2 {
        scene.records(&ws, "before", 1)?;
        ws.store().compact()?;
    }
    scene.records(&ws, "before", 1)
}

fn import(scene: &Scene<'_>) -> Outcome<()> {
    let ws = scene.open()?;
    scene.session(&ws, "s")?;
    // Made elsewhere, and unseen by the trace: what is imported comes from another machine.
    let other = scene.history.beside("exported")?;
    let from = other.open()?;
    begin(&from, "theirs")?;
    let ids: Vec<String> = (0..12).map(|at| format!("theirs-{at}")).collect();
    for id in &ids {
        deploy(&from, "theirs", id, None)?;
        complete(&from, id)?;
    }
    let file = other.dir.join("export.jsonl");
    from.history().export_file(&Chosen::default(), &file)?;
    ws.history().import(&Source::open(&file)?)?;
    ids.iter().try_for_each(|id| scene.say(format!("c {id}")))?;
    scene.records(&ws, "s", 1)
}

/// Two connections in turn: the log is begun anew while another has it open.
fn two_writers(scene: &Scene<'_>) -> Outcome<()> {
    let pair = [scene.open()?, scene.open()?];
    for at in 0..8 {
        let ws = &pair[at % 2];
        scene.records(ws, "before", 2)?;
        if at % 3 == 2 {
            ws.store().checkpoint();
        }
    }
    Ok(())
}

/// Copies of the history, beside it.
fn backup(scene: &Scene<'_>) -> Outcome<()> {
    let ws = scene.open()?;
    for at in 0..3 {
        scene.records(&ws, "before", 1)?;
        let name = format!("backup-{at}.db");
        ws.store().back_up(&scene.history.database().with_file_name(&name), false)?;
        scene.say(format!("k {name}"))?;
    }
    Ok(())
}

/// A copy in the place of the history; what is recorded since it was made is kept aside.
fn restore(scene: &Scene<'_>) -> Outcome<()> {
    let file = scene.history.database().with_file_name("backup.db");
    scene.open()?.store().back_up(&file, false)?;
    scene.say("k backup.db".to_owned())?;
    let ws = scene.open()?;
    scene.session(&ws, LATE)?;
    scene.records(&ws, LATE, 2)?;
    drop(ws);
    scene.open()?.store().restore(&file, true, "now")?;
    scene.records(&scene.open()?, "before", 1)
}

fn migration(scene: &Scene<'_>) -> Outcome<()> {
    let ws = scene.open()?;
    scene.session(&ws, "new")?;
    scene.records(&ws, "new", 2)
}
