//! The newest deployment, of all or of some.

use super::History;
use super::fault::HistoryFault;
use crate::error::{Result, nearest};
use crate::model::{ExecutionId, LATEST, SessionId};
use crate::store::ExecutionFilter;
use std::collections::BTreeSet;

/// Among how many of the newest deployments the nearest agent types are looked for.
const NEAR: u32 = 1000;

impl History<'_> {
    /// The execution that `name` names. `latest` may be narrowed to an agent type and a session; an
    /// id may not, because it names one already.
    pub fn find_among(
        &self,
        name: &str,
        agent_type: Option<&str>,
        session: Option<&SessionId>,
    ) -> Result<ExecutionId> {
        if agent_type.is_none() && session.is_none() {
            return self.find(name);
        }
        if name != LATEST {
            return Err(HistoryFault::Narrowed { name: name.to_owned() }.into());
        }
        let of = |agent_type: Option<&str>, limit| {
            self.executions(&ExecutionFilter {
                agent_type: agent_type.map(str::to_owned),
                session_id: session.cloned(),
                limit,
                ..ExecutionFilter::default()
            })
        };
        if let Some(found) = of(agent_type, 1)?.rows.pop() {
            return Ok(found.execution_id);
        }
        let others = of(None, NEAR)?;
        let types: BTreeSet<&str> = others.rows.iter().map(|it| it.agent_type.as_str()).collect();
        let near = nearest(agent_type.unwrap_or_default(), types);
        Err(HistoryFault::NoneOf {
            agent_type: agent_type.map(str::to_owned),
            session: session.cloned(),
            near: near.into_iter().map(str::to_owned).collect(),
        }
        .into())
    }
}
