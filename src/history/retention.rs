//! What a history keeps, and letting go of the rest: a plan first, then an archive, then deletion.

use super::History;
use super::archive::Amounts;
use crate::error::{Fault, IoContext, Kind, Result};
use crate::model::{SessionId, Timestamp};
use crate::store::{Reader, SessionFacts, Writer, file};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Which sessions are kept. One that any rule keeps is kept; open ones always are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Retention {
    /// Those that ended within so many days.
    pub keep_days: Option<u32>,
    /// The so many that began last.
    pub keep_sessions: Option<u32>,
}

/// Why a session is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    Open,
    OpenDeployments,
    Recent,
    Newest,
}

/// How many sessions are kept, and why; each is counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// No rule keeps them, but they have not ended.
    pub open: u64,
    /// No rule keeps them, but some of their deployments have not come back.
    pub with_open_deployments: u64,
    /// They ended within the days to keep.
    pub recent: u64,
    /// They are among the newest to keep.
    pub newest: u64,
}

/// A session that is to go.
#[derive(Debug, Clone, Serialize)]
pub struct Going {
    pub session_id: SessionId,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub executions: u64,
    pub scope: String,
}

/// What is to go and what is kept.
#[derive(Debug, Clone, Serialize)]
pub struct RetentionPlan {
    pub rules: Retention,
    /// Newest first.
    pub sessions: Vec<Going>,
    pub amounts: Amounts,
    /// What that takes up in the database, without its indexes.
    pub bytes: u64,
    pub kept: Kept,
}

/// What went.
#[derive(Debug, Clone, Serialize)]
pub struct Pruned {
    pub plan: RetentionPlan,
    /// What was deleted.
    pub deleted: Amounts,
    /// Sessions that were planned and stay: something was recorded of them meanwhile.
    pub spared: u64,
    /// Where all of it is; none if there was nothing to delete.
    pub archive: Option<PathBuf>,
    /// By how much the database got smaller.
    pub bytes_freed: u64,
    /// What is free in it for what is recorded next.
    pub bytes_reusable: u64,
}

impl Retention {
    /// A rule at least: without one everything would be kept, or nothing.
    pub fn new(keep_days: Option<u32>, keep_sessions: Option<u32>) -> Result<Retention> {
        match (keep_days, keep_sessions) {
            (None, None) => Err(RetentionFault::NoRule.into()),
            _ => Ok(Retention { keep_days, keep_sessions }),
        }
    }

    /// Why a session is kept, if it is; `newer` sessions began after it.
    fn keeps(&self, session: &SessionFacts, newer: u64, now: Timestamp) -> Option<Why> {
        let ended_at = session.ended_at.filter(|_| session.status.is_ended());
        let since = self.since(now);
        let is_recent = ended_at.zip(since).is_some_and(|(end, since)| end >= since);
        // What a rule keeps is told so; the open ones are those that no rule would keep.
        if self.keep_sessions.is_some_and(|count| newer < u64::from(count)) {
            Some(Why::Newest)
        } else if is_recent {
            Some(Why::Recent)
        } else if ended_at.is_none() {
            Some(Why::Open)
        } else {
            (session.open > 0).then_some(Why::OpenDeployments)
        }
    }

    /// The beginning of the days to keep.
    fn since(&self, now: Timestamp) -> Option<Timestamp> {
        self.keep_days.map(|days| now.days_before(days))
    }
}

impl Kept {
    fn count(&mut self, why: Why) {
        *match why {
            Why::Open => &mut self.open,
            Why::OpenDeployments => &mut self.with_open_deployments,
            Why::Recent => &mut self.recent,
            Why::Newest => &mut self.newest,
        } += 1;
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.open + self.with_open_deployments + self.recent + self.newest
    }
}

impl Pruned {
    fn nothing(plan: RetentionPlan) -> Pruned {
        let deleted = Amounts::default();
        Pruned { plan, deleted, spared: 0, archive: None, bytes_freed: 0, bytes_reusable: 0 }
    }
}

impl RetentionPlan {
    /// Whether there is nothing to delete.
    pub fn is_empty(&self) -> bool {
        self.amounts == Amounts::default()
    }
}

/// When free pages are given back: below this share of the database, writing all of it anew costs
/// more than it gives, and what is recorded next takes them.
const WORTH_COMPACTING: u64 = 4;

impl History<'_> {
    /// What pruning by these rules would delete. Writes nothing.
    pub fn plan_retention(&self, rules: Retention) -> Result<RetentionPlan> {
        self.store.read(|r| self.plan(r, rules))
    }

    /// Archives what the rules do not keep in a new file of `dir` or in `archive`, and deletes it.
    pub fn prune(&self, rules: Retention, dir: &Path, archive: Option<&Path>) -> Result<Pruned> {
        let there = |path: &Path| RetentionFault::ArchiveThere { path: path.to_path_buf() };
        if let Some(path) = archive.filter(|path| path.exists()) {
            return Err(there(path).into());
        }
        // One look for plan and archive: what is recorded between them would be in one of them only.
        let (plan, path) = self.store.read(|r| {
            let plan = self.plan(r, rules)?;
            if plan.is_empty() {
                return Ok((plan, None));
            }
            // The archive holds what the history held; both are the user's alone.
            match archive.map(|path| path.parent().unwrap_or(path)) {
                Some(dir) => file::make_dir(dir).or_cannot("create", dir)?,
                None => file::make_own_dir(dir)?,
            }
            // Another pruning may take a name at any time: what it archived is not written over.
            let path = match archive {
                Some(path) => {
                    let written = self.write_new_file(r, [path.to_path_buf()])?;
                    written.ok_or_else(|| there(path))?
                }
                None => {
                    let written = self.write_new_file(r, names(dir, self.now))?;
                    written.expect("some number is free")
                }
            };
            Ok((plan, Some(path)))
        })?;
        let Some(path) = path else { return Ok(Pruned::nothing(plan)) };
        let before = self.store.space()?;
        let progress = self.delete()?;
        if self.store.space()?.free * WORTH_COMPACTING > before.whole {
            self.store.compact()?;
        }
        let after = self.store.space()?;
        Ok(Pruned {
            plan,
            deleted: progress.deleted,
            spared: progress.spared,
            archive: Some(path),
            bytes_freed: before.whole.saturating_sub(after.whole),
            bytes_reusable: after.free,
        })
    }

    fn plan(&self, r: &Reader<'_>, rules: Retention) -> Result<RetentionPlan> {
        r.plan_nothing()?;
        let (mut sessions, mut kept) = (Vec::new(), Kept::default());
        let (mut newer, mut oldest_kept, mut oldest_open) = (0, self.now, self.now);
        r.session_facts(&mut |session| {
            match rules.keeps(&session, newer, self.now) {
                Some(why) => {
                    kept.count(why);
                    match why {
                        Why::Newest => oldest_kept = oldest_kept.min(session.created_at),
                        // What was prepared for it may not be deployed yet.
                        Why::Open | Why::OpenDeployments => {
                            oldest_open = oldest_open.min(session.created_at);
                        }
                        Why::Recent => {}
                    }
                }
                None => {
                    r.plan_session(&session.session_id)?;
                    sessions.push(going(session));
                }
            }
            newer += 1;
            Ok(())
        })?;
        // Without days, what was prepared since the oldest of the newest began is recent.
        let cutoff = rules.since(self.now).unwrap_or(oldest_kept).min(oldest_open);
        let (amounts, bytes) = r.plan_unneeded(cutoff, rules.keep_days.is_some())?;
        Ok(RetentionPlan { rules, sessions, amounts, bytes, kept })
    }

    /// Deletes what was planned, in short transactions, so that nobody who records waits long. Each
    /// thing is looked at again in the transaction that deletes it: what has changed since it was
    /// archived stays. Interrupted, it leaves whole sessions, and the next pruning goes on.
    fn delete(&self) -> Result<Progress> {
        let mut done = Progress::default();
        while self.step(&mut done, |w, done| {
            let (went, spared) = w.prune_sessions(&mut done.deleted, self.now)?;
            done.spared += spared;
            Ok(went + spared > 0)
        })? {}
        // Bundles before contents: what only they need is needed until they are gone.
        while self.step(&mut done, |w, done| w.prune_bundles(&mut done.deleted))? {}
        while self.step(&mut done, |w, done| w.prune_contents(&mut done.deleted))? {}
        self.store.write(|w| w.tidy_search())?;
        Ok(done)
    }

    /// One transaction of a deletion; what is counted in one that fails is not gone.
    fn step(
        &self,
        done: &mut Progress,
        work: impl FnOnce(&Writer<'_>, &mut Progress) -> Result<bool>,
    ) -> Result<bool> {
        let mut next = *done;
        let more = self.store.write(|w| work(w, &mut next))?;
        *done = next;
        Ok(more)
    }
}

/// How far a deletion has come.
#[derive(Clone, Copy, Default)]
struct Progress {
    deleted: Amounts,
    spared: u64,
}

fn going(session: SessionFacts) -> Going {
    let SessionFacts { session_id, created_at, ended_at, executions, scope, .. } = session;
    Going { session_id, created_at, ended_at, executions, scope }
}

/// Names in `dir` after the time, with a number for those that prune in the same second.
fn names(dir: &Path, now: Timestamp) -> impl Iterator<Item = PathBuf> {
    let (dir, stem) = (dir.to_path_buf(), now.compact());
    let numbered = {
        let stem = stem.clone();
        (2..).map(move |number| format!("{stem}-{number}.jsonl.zst"))
    };
    std::iter::once(format!("{stem}.jsonl.zst")).chain(numbered).map(move |name| dir.join(name))
}

/// A pruning that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum RetentionFault {
    /// Nothing says what to keep.
    #[error("nothing says what to keep")]
    NoRule,
    /// The archive's file is there.
    #[error("{} is there already: an archive never replaces a file", path.display())]
    ArchiveThere { path: PathBuf },
}

impl Fault for RetentionFault {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoRule => {
                "`sortie track prune --keep-days 90 --keep-sessions 50 --dry-run` shows what would go"
                    .into()
            }
            Self::ArchiveThere { .. } => {
                "nothing was changed; name another file, or leave --archive out".into()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AgentType, SessionStatus};

    fn facts(ended_at: Option<&str>, open: u64) -> SessionFacts {
        SessionFacts {
            session_id: SessionId::new("s-1").unwrap(),
            created_at: "2025-01-01T00:00:00Z".parse().unwrap(),
            status: match ended_at {
                Some(_) => SessionStatus::Failed,
                None => SessionStatus::Executing,
            },
            ended_at: ended_at.map(|time| time.parse().unwrap()),
            scope: "s".into(),
            executions: 1,
            open,
        }
    }

    #[test]
    fn a_session_that_any_rule_keeps_is_kept() {
        let now = "2025-04-11T00:00:00Z".parse().unwrap();
        let keeps = |days, sessions, ended: Option<&str>, open, newer| {
            let rules = Retention { keep_days: days, keep_sessions: sessions };
            rules.keeps(&facts(ended, open), newer, now)
        };
        let (old, day_90) = (Some("2025-01-10T23:59:59.999Z"), Some("2025-01-11T00:00:00Z"));
        assert_eq!(keeps(Some(90), None, old, 0, 0), None);
        assert_eq!(keeps(Some(90), None, day_90, 0, 9), Some(Why::Recent));
        assert_eq!(keeps(None, Some(3), old, 0, 2), Some(Why::Newest));
        assert_eq!(keeps(None, Some(3), day_90, 0, 3), None);
        assert_eq!(keeps(Some(90), Some(3), old, 0, 2), Some(Why::Newest));
        assert_eq!(keeps(Some(90), Some(3), day_90, 0, 3), Some(Why::Recent));
        assert_eq!(keeps(Some(90), Some(3), old, 0, 3), None);
        assert_eq!(keeps(Some(0), Some(0), None, 0, 9), Some(Why::Open));
        assert_eq!(keeps(Some(0), Some(0), old, 1, 9), Some(Why::OpenDeployments));
        assert_eq!(keeps(Some(u32::MAX), None, old, 0, 9), Some(Why::Recent));
    }

    #[test]
    fn what_has_changed_since_it_was_archived_stays() {
        use crate::history::{Completion, Deployment, NewSession};
        let dir = tempfile::tempdir().unwrap();
        let store = crate::store::Store::at(dir.path().join("history.db"));
        let history = History {
            store: &store,
            now: "2025-01-17T09:30:00Z".parse().unwrap(),
            stored: crate::history::Stored { allow: &[], keep: false },
            config: &crate::config::Config::default(),
        };
        let mut executions = Vec::new();
        for id in ["s-1", "s-2"].map(|id| SessionId::new(id).unwrap()) {
            let session_id = Some(id.clone());
            history.init_session(NewSession { session_id, ..NewSession::default() }).unwrap();
            let deployment = Deployment {
                session_id: id.clone(),
                execution_id: None,
                agent_type: AgentType::new("a").unwrap(),
                scope: "s".into(),
                model: None,
                bundle: None,
                briefing: None,
                briefing_is_given: false,
                context_token_count: None,
                context_tokens_exact: false,
                phase: None,
                base_commit: None,
                context_budget: None,
                force: false,
            };
            let execution = history.deploy(deployment).unwrap().0.execution_id;
            history.complete(&execution, &Completion::completed("one"), Vec::new()).unwrap();
            history.end_session(&id, SessionStatus::Completed, None).unwrap();
            executions.push(execution);
        }
        let rules = Retention { keep_days: None, keep_sessions: Some(0) };
        assert_eq!(history.plan_retention(rules).unwrap().amounts.sessions, 2);
        let amended = Completion { amend: true, ..Completion::completed("two") };
        history.complete(&executions[0], &amended, Vec::new()).unwrap();
        let done = history.delete().unwrap();
        assert_eq!((done.deleted.sessions, done.deleted.executions, done.spared), (1, 1, 1));
        let left = history.show(&executions[0]).unwrap();
        assert_eq!(left.message(None).unwrap(), Some(b"two".as_slice()));
        assert!(history.show(&executions[1]).is_err());
    }

    #[test]
    fn a_rule_must_be_given() {
        assert!(Retention::new(None, None).is_err());
    }
}
