//! Whose rollout it is, and who spawned that thread.

use super::DEFAULT_ROLE;
use crate::capture::fields::owned;
use serde_json::Value;

/// Whose rollout it is.
pub struct Thread {
    pub id: String,
    pub session: String,
    /// The thread that spawned it, if one did.
    pub parent: Option<String>,
    /// Among the tasks of its session.
    pub path: Option<String>,
    pub role: String,
}

impl Thread {
    /// By the first record of its rollout.
    pub fn of(meta: &Value) -> Option<Thread> {
        let id = owned(meta, "id")?;
        let subagent = meta.pointer("/source/subagent");
        let spawn = subagent.and_then(|it| it.get("thread_spawn"));
        let parent = match (spawn, subagent) {
            (Some(spawn), _) => owned(spawn, "parent_thread_id"),
            // Some threads are the harness's own affair: nobody deployed them.
            (None, Some(_)) => None,
            (None, None) => owned(meta, "parent_thread_id"),
        };
        let session = owned(meta, "session_id").or_else(|| parent.clone());
        Some(Thread {
            session: session.unwrap_or_else(|| id.clone()),
            path: spawn.and_then(|it| owned(it, "agent_path")),
            role: spawn
                .and_then(|it| owned(it, "agent_role"))
                .unwrap_or_else(|| DEFAULT_ROLE.to_owned()),
            id,
            parent,
        })
    }
}
