//! Executions, the completions that amendments replaced, and context allocations.

use super::columns::{Json, OwnedTextBytes, TextBytes};
use super::filter::Filter;
use super::open::{Reader, Writer};
use crate::error::Result;
use crate::model::{
    Allocation, BundleId, CompletionVersion, ExecutionId, ExecutionRecord, ExecutionStatus, Phase,
    SessionId, Timestamp,
};
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;

/// Which executions to list, newest first.
#[derive(Debug, Clone, Default)]
pub struct ExecutionFilter {
    pub session_id: Option<SessionId>,
    pub agent_type: Option<String>,
    pub model: Option<String>,
    pub status: Option<ExecutionStatus>,
    /// Deployed then or later.
    pub since: Option<Timestamp>,
    /// Deployed before.
    pub until: Option<Timestamp>,
    /// How much of the final messages to read.
    pub messages: Messages,
    /// At most so many; 0 is all.
    pub limit: u32,
    /// Only what stands behind this one in the list.
    pub after: Option<ExecutionId>,
}

impl ExecutionFilter {
    /// By which column's index to look: the one that fewest rows are likely to pass. SQLite knows how
    /// many there are of nothing; a plus before the other columns keeps it from theirs.
    fn begins_with(&self) -> &'static str {
        match self {
            Self { session_id: Some(_), .. } => "session_id",
            Self { status: Some(ExecutionStatus::Deployed), .. } => "status",
            Self { agent_type: Some(_), .. } => "agent_type",
            Self { model: Some(_), .. } => "model",
            _ => "status",
        }
    }
}

/// How much of final messages to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Messages {
    #[default]
    None,
    /// Enough to show what they are about.
    Beginning,
    Whole,
}

/// What the deployments of one phase of a session were given.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseTokens {
    pub phase: Phase,
    pub deployments: u64,
    /// The likely number.
    pub tokens: u64,
    /// The upper end of that.
    pub tokens_upper: u64,
    /// Whether every count in the sum is exact.
    pub exact: bool,
}

/// Everything but the message, which is long and which lists leave out.
pub(super) const COLUMNS: &str = "execution_id, session_id, agent_type, deployed_at, completed_at, status,
    scope, phase, context_token_count, context_tokens_upper, context_tokens_exact, context_budget, model,
    bundle_id, briefing_hash, base_commit, success, error_message, deliverables, final_message_bytes";

pub(super) fn execution(row: &Row<'_>) -> rusqlite::Result<ExecutionRecord> {
    Ok(ExecutionRecord {
        execution_id: row.get(0)?,
        session_id: row.get(1)?,
        agent_type: row.get(2)?,
        deployed_at: row.get(3)?,
        completed_at: row.get(4)?,
        status: row.get(5)?,
        scope: row.get(6)?,
        phase: row.get(7)?,
        context_token_count: row.get(8)?,
        context_tokens_upper: row.get(9)?,
        context_tokens_exact: row.get(10)?,
        context_budget: row.get(11)?,
        model: row.get(12)?,
        bundle_id: row.get(13)?,
        briefing_hash: row.get(14)?,
        base_commit: row.get(15)?,
        success: row.get(16)?,
        error_message: row.get(17)?,
        deliverables: row.get::<_, Json<_>>(18)?.0,
        final_message_bytes: row.get(19)?,
        final_message: row.get::<_, Option<OwnedTextBytes>>(20)?.map(|bytes| bytes.0),
    })
}

/// The select list, with as much of the message as is asked for.
fn select(messages: Messages) -> String {
    let message = match messages {
        Messages::None => "NULL",
        Messages::Beginning => "substr(final_message, 1, 2000)",
        Messages::Whole => "final_message",
    };
    format!("SELECT {COLUMNS}, {message} FROM agent_executions")
}

impl Reader<'_> {
    /// One execution with its final message.
    pub fn execution(&self, id: &ExecutionId) -> Result<Option<ExecutionRecord>> {
        let sql = format!("{} WHERE execution_id = ?1", select(Messages::Whole));
        Ok(self.0.prepare_cached(&sql)?.query_row([id], execution).optional()?)
    }

    /// Executions, newest first.
    pub fn executions(&self, filter: &ExecutionFilter) -> Result<Vec<ExecutionRecord>> {
        let begin = filter.begins_with();
        let on = |column: &str| match column == begin {
            true => format!("{column} = ?"),
            false => format!("+{column} = ?"),
        };
        let conditions = Filter::default()
            .and(&on("session_id"), &filter.session_id)
            .and(&on("agent_type"), &filter.agent_type)
            .and(&on("model"), &filter.model)
            .and(&on("status"), &filter.status)
            .and("deployed_at >= ?", &filter.since)
            .and("deployed_at < ?", &filter.until);
        let (sql, values) = conditions.list(&select(filter.messages), &filter.after, &filter.limit);
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values, execution)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The completions that amendments replaced, oldest first.
    pub fn completion_versions(&self, id: &ExecutionId) -> Result<Vec<CompletionVersion>> {
        let mut statement = self.0.prepare_cached(
            "SELECT version, replaced_at, completed_at, status, error_message, deliverables,
                    final_message
             FROM completion_versions WHERE execution_id = ?1 ORDER BY version",
        )?;
        let rows = statement.query_map([id], |row| {
            Ok(CompletionVersion {
                version: row.get(0)?,
                replaced_at: row.get(1)?,
                completed_at: row.get(2)?,
                status: row.get(3)?,
                error_message: row.get(4)?,
                deliverables: row.get::<_, Json<_>>(5)?.0,
                final_message: row.get::<_, Option<OwnedTextBytes>>(6)?.map(|bytes| bytes.0),
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What an execution was given, in the bundle's order.
    pub fn allocations(&self, id: &ExecutionId) -> Result<Vec<Allocation>> {
        let mut statement = self.0.prepare_cached(
            "SELECT allocation_id, execution_id, context_type, context_source, token_count,
                    included_in_deployment, priority, content_hash
             FROM context_allocations WHERE execution_id = ?1 ORDER BY position",
        )?;
        let rows = statement.query_map([id], |row| {
            Ok(Allocation {
                allocation_id: row.get(0)?,
                execution_id: row.get(1)?,
                context_type: row.get(2)?,
                context_source: row.get(3)?,
                token_count: row.get(4)?,
                included_in_deployment: row.get(5)?,
                priority: row.get(6)?,
                content_hash: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The bundles that a session deployed, each once.
    pub fn deployed_bundles(&self, session: &SessionId) -> Result<Vec<BundleId>> {
        let mut statement = self.0.prepare_cached(
            "SELECT DISTINCT bundle_id FROM agent_executions
             WHERE session_id = ?1 AND bundle_id IS NOT NULL",
        )?;
        let rows = statement.query_map([session], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// What a session's deployments were given, by phase.
    pub fn tokens_by_phase(&self, session: &SessionId) -> Result<Vec<PhaseTokens>> {
        let mut statement = self.0.prepare_cached(
            "SELECT phase, count(*), sum(context_token_count), sum(context_tokens_upper),
                    min(context_tokens_exact)
             FROM agent_executions WHERE session_id = ?1 GROUP BY phase ORDER BY phase",
        )?;
        let rows = statement.query_map([session], |row| {
            Ok(PhaseTokens {
                phase: row.get(0)?,
                deployments: row.get(1)?,
                tokens: row.get(2)?,
                tokens_upper: row.get(3)?,
                exact: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

impl Writer<'_> {
    /// Adds an execution; its id must be free.
    pub fn insert_execution(&self, execution: &ExecutionRecord) -> Result<()> {
        self.insert_execution_at(execution, None)
    }

    /// The same, at a place among the others; without one it comes last.
    pub fn insert_execution_at(&self, execution: &ExecutionRecord, seq: Option<i64>) -> Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO agent_executions (seq, execution_id, session_id, agent_type,
                deployed_at, status, scope, phase, context_token_count, context_tokens_upper,
                context_tokens_exact, context_budget, model, bundle_id, briefing_hash, base_commit,
                deliverables, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, '[]',
                     row_seal(?2, ?3, ?4, ?5, NULL, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
                              NULL, NULL, '[]', NULL, NULL))",
            )?
            .execute(params![
                seq,
                execution.execution_id,
                execution.session_id,
                execution.agent_type,
                execution.deployed_at,
                execution.status,
                execution.scope,
                execution.phase,
                execution.context_token_count,
                execution.context_tokens_upper,
                execution.context_tokens_exact,
                execution.context_budget,
                execution.model,
                execution.bundle_id,
                execution.briefing_hash,
                execution.base_commit,
            ])?;
        self.tally.add(|it| it.executions += 1);
        Ok(())
    }

    /// Writes which bundle an execution got, and what follows from it.
    pub fn update_context(&self, execution: &ExecutionRecord) -> Result<()> {
        self.0
            .prepare_cached(
                "UPDATE agent_executions SET context_token_count = ?2, context_tokens_upper = ?3,
                context_tokens_exact = ?4, context_budget = ?5, bundle_id = ?6, briefing_hash = ?7,
                seal = row_seal(execution_id, session_id, agent_type, deployed_at, completed_at, status,
                    scope, phase, ?2, ?3, ?4, ?5, model, ?6, ?7, base_commit, success, error_message,
                    deliverables, final_message_bytes, final_message)
             WHERE execution_id = ?1",
            )?
            .execute(params![
                execution.execution_id,
                execution.context_token_count,
                execution.context_tokens_upper,
                execution.context_tokens_exact,
                execution.context_budget,
                execution.bundle_id,
                execution.briefing_hash,
            ])?;
        Ok(())
    }

    /// Writes how an execution ended.
    pub fn update_completion(&self, execution: &ExecutionRecord) -> Result<()> {
        self.0
            .prepare_cached(
                "UPDATE agent_executions SET completed_at = ?2, status = ?3, success = ?4,
                error_message = ?5, deliverables = ?6, final_message_bytes = ?7, final_message = ?8,
                seal = row_seal(execution_id, session_id, agent_type, deployed_at, ?2, ?3, scope, phase,
                    context_token_count, context_tokens_upper, context_tokens_exact, context_budget,
                    model, bundle_id, briefing_hash, base_commit, ?4, ?5, ?6, ?7, ?8)
             WHERE execution_id = ?1",
            )?
            .execute(params![
                execution.execution_id,
                execution.completed_at,
                execution.status,
                execution.success,
                execution.error_message,
                Json(&execution.deliverables),
                execution.final_message_bytes,
                execution.final_message.as_deref().map(TextBytes),
            ])?;
        self.tally.add(|it| it.completions += 1);
        Ok(())
    }

    /// Keeps a completion that is about to be replaced.
    pub fn insert_completion_version(
        &self,
        id: &ExecutionId,
        version: &CompletionVersion,
    ) -> Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO completion_versions (execution_id, version, replaced_at, completed_at,
                status, error_message, deliverables, final_message, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, row_seal(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))",
            )?
            .execute(params![
                id,
                version.version,
                version.replaced_at,
                version.completed_at,
                version.status,
                version.error_message,
                Json(&version.deliverables),
                version.final_message.as_deref().map(TextBytes),
            ])?;
        Ok(())
    }

    /// Adds an allocation; the same one twice is one. `position` orders them within an execution.
    pub fn insert_allocation(&self, allocation: &Allocation, position: usize) -> Result<()> {
        self.0.prepare_cached(
            "INSERT INTO context_allocations (allocation_id, execution_id, position, context_type,
                context_source, token_count, included_in_deployment, priority, content_hash,
                seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,
                     row_seal(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))
             ON CONFLICT (allocation_id) DO NOTHING",
        )?
        .execute(params![
            allocation.allocation_id,
            allocation.execution_id,
            position as i64,
            allocation.context_type,
            allocation.context_source,
            allocation.token_count,
            allocation.included_in_deployment,
            allocation.priority,
            allocation.content_hash,
        ])?;
        Ok(())
    }
}
