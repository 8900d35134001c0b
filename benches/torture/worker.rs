//! A process that writes a history through the library until it is done, or killed. It says each id
//! once the call that recorded it has returned, in one write, and not before.

use crate::records::{amend, begin, bundle, complete, deploy, end, open};
use crate::{Fault, Outcome};
use sortie::Workspace;
use sortie::history::{Retention, Source};
use std::fs::File;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// One round of what a worker does; its number.
type Role = fn(&mut Worker, usize) -> Outcome<()>;

/// What a worker does; each round of it is several commits.
const ROLES: [(&str, Role); 7] = [
    ("record", Worker::record),
    ("bundle", Worker::bundle),
    ("session", Worker::session),
    ("prune", Worker::prune),
    ("compact", Worker::compact),
    ("import", Worker::import),
    ("backup", Worker::backup),
];

/// Takes orders from stdin, each a line `ROLE COUNT PREFIX DATABASE`, and answers each with `done` or
/// with what failed. An order is begun when the barrier (a file, which the parent locks) is open.
pub fn serve(args: &[String]) -> Outcome<()> {
    let [tree, barrier] = args else { return Err("serve TREE BARRIER".into()) };
    let barrier = File::open(barrier)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let order: Vec<&str> = line.splitn(4, ' ').collect();
        let [role, count, prefix, database] = order[..] else { return Err("no order".into()) };
        let count = count.parse()?;
        barrier.lock_shared()?;
        barrier.unlock()?;
        let done = obey(role, count, prefix, Path::new(tree), Path::new(database));
        match done {
            Ok(()) => say("done"),
            Err(fault) => say(&format!("failed {role}: {fault}").replace('\n', " ")),
        }?;
    }
    Ok(())
}

fn say(lines: &str) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("{lines}\n").as_bytes())?;
    Ok(out.flush()?)
}

fn obey(role: &str, count: usize, prefix: &str, tree: &Path, database: &Path) -> Outcome<()> {
    let found = ROLES.iter().find(|(name, _)| *name == role);
    let (_, role) = found.ok_or_else(|| format!("there is no role {role}"))?;
    let paths = (tree.to_path_buf(), database.to_path_buf());
    let ws = open(tree, database)?;
    let mut worker = Worker { ws, paths, prefix: prefix.to_owned() };
    begin(&worker.ws, prefix)?;
    say(&format!("s {prefix}"))?;
    (0..count).try_for_each(|at| role(&mut worker, at))
}

struct Worker {
    ws: Workspace,
    paths: (PathBuf, PathBuf),
    prefix: String,
}

impl Worker {
    fn one(&self, session: &str, id: &str) -> Outcome<()> {
        deploy(&self.ws, session, id, None)?;
        say(&format!("d {id}"))?;
        complete(&self.ws, id)?;
        say(&format!("c {id}"))
    }

    fn record(&mut self, at: usize) -> Outcome<()> {
        let id = format!("{}-{at}", self.prefix);
        self.one(&self.prefix, &id)?;
        if at % 8 == 7 {
            amend(&self.ws, &id)?;
            say(&format!("a {id}"))?;
        }
        // Most histories are open for one recording only.
        if at % 4 == 3 {
            self.ws = open(&self.paths.0, &self.paths.1)?;
        }
        Ok(())
    }

    fn bundle(&mut self, at: usize) -> Outcome<()> {
        let id = format!("{}-{at}", self.prefix);
        let files = match at % 5 {
            0 => vec![".".to_owned()],
            some => (0..some).map(|more| format!("part-{:02}.md", (at * 7 + more) % 24)).collect(),
        };
        let bundle = bundle(&self.ws, &id, &files)?;
        say(&format!("b {}", bundle.bundle_id))?;
        deploy(&self.ws, &self.prefix, &id, Some(&bundle))?;
        say(&format!("d {id}"))
    }

    /// A whole session; its end folds the log into the database.
    fn session(&mut self, at: usize) -> Outcome<()> {
        let session = format!("{}-{at}", self.prefix);
        begin(&self.ws, &session)?;
        say(&format!("s {session}"))?;
        for more in 0..3 {
            self.one(&session, &format!("{session}-{more}"))?;
        }
        end(&self.ws, &session)?;
        self.ws.store().checkpoint();
        Ok(())
    }

    fn prune(&mut self, at: usize) -> Outcome<()> {
        self.session(at)?;
        if at % 3 == 2 {
            let rules = Retention::new(None, Some(0))?;
            let dir = self.paths.1.with_file_name("archive");
            self.ws.history().prune(rules, &dir, None)?;
        }
        Ok(())
    }

    fn compact(&mut self, at: usize) -> Outcome<()> {
        self.record(at)?;
        match at % 4 {
            3 => Ok(self.ws.store().compact()?),
            _ => Ok(()),
        }
    }

    /// Copies beside the database.
    fn backup(&mut self, at: usize) -> Outcome<()> {
        self.record(at)?;
        if at % 6 == 2 {
            let name = format!("{}-{at}.db", self.prefix);
            self.ws.store().back_up(&self.paths.1.with_file_name(&name), false)?;
            say(&format!("k {name}"))?;
        }
        Ok(())
    }

    /// Files beside the database that begin with `import-`, each with a list of what is in it.
    fn import(&mut self, at: usize) -> Outcome<()> {
        let dir = self.paths.1.parent().ok_or("no directory")?;
        let file = dir.join(format!("import-{}.jsonl", at % 3));
        let imported = self.ws.history().import(&Source::open(&file)?)?;
        if !imported.conflicts.is_empty() {
            return Err(Fault::from(format!("{} conflicts", imported.conflicts.len())));
        }
        say(std::fs::read_to_string(file.with_extension("list"))?.trim_end())
    }
}
