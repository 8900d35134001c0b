//! What is recorded: everything follows from its id, so that it can be told from anything else later.

use crate::Outcome;
use sortie::context::{BudgetRequest, Preparation, Request, Selectors, Wanted};
use sortie::history::{Completion, NewSession};
use sortie::model::{AgentType, Bundle, ExecutionId, ItemType, Priority, SessionId};
use sortie::session::Handover;
use sortie::workspace::Options;
use sortie::{Execution, Session, Workspace};
use std::path::Path;

pub fn open(tree: &Path, database: &Path) -> Outcome<Workspace> {
    let mut options = Options::new(tree);
    options.project_root = Some(tree.to_path_buf());
    options.database = Some(database.to_path_buf());
    Ok(Workspace::open(options)?)
}

/// A final message: text for the most part, of any length, and bytes that are no text.
pub fn message(id: &str) -> Vec<u8> {
    let hash = blake3::hash(id.as_bytes());
    let mut text = Text::new(u64::from_le_bytes(hash.as_bytes()[..8].try_into().expect("8 bytes")));
    let bytes = match text.0.u8(..) {
        0..8 => 30_000,
        8..16 => 0,
        _ => 1_500,
    };
    let bytes = text.0.usize(..=bytes);
    let mut message = text.words(bytes).into_bytes();
    for _ in 0..text.0.usize(..4) {
        message.push(text.0.u8(..));
    }
    message.extend(id.as_bytes());
    message
}

/// The message that an amendment brings.
pub fn amended(id: &str) -> Vec<u8> {
    message(&format!("{id} again"))
}

/// Text of some words, the same for the same seed.
pub struct Text(fastrand::Rng);

impl Text {
    pub fn new(seed: u64) -> Text {
        Text(fastrand::Rng::with_seed(seed))
    }

    pub fn words(&mut self, bytes: usize) -> String {
        let mut text = String::with_capacity(bytes + 16);
        while text.len() < bytes {
            let long = self.0.u64(..0x1000_0000) >> self.0.u32(..24);
            text += &format!("{long:x}");
            text.push(if self.0.u8(..) < 24 { '\n' } else { ' ' });
        }
        text
    }
}

/// Begins a session that stays open.
pub fn begin(ws: &Workspace, id: &str) -> Outcome<()> {
    let new = NewSession {
        session_id: Some(SessionId::new(id)?),
        scope: format!("Torture {id}"),
        ..NewSession::default()
    };
    Session::start(ws, new)?;
    Ok(())
}

pub fn end(ws: &Workspace, id: &str) -> Outcome<()> {
    Session::open(ws, id)?.complete()?;
    Ok(())
}

pub fn deploy(ws: &Workspace, session: &str, id: &str, bundle: Option<&Bundle>) -> Outcome<()> {
    Session::open(ws, session)?.init_deployment(Handover {
        execution_id: Some(ExecutionId::new(id)?),
        agent_type: AgentType::nearest("reviewer"),
        scope: scope(id),
        bundle,
        ..Handover::default()
    })?;
    Ok(())
}

/// What an execution is to do.
pub fn scope(id: &str) -> String {
    format!("Do {id}")
}

pub fn complete(ws: &Workspace, id: &str) -> Outcome<()> {
    Execution::open(ws, id)?.record_completion(&Completion::completed(message(id)))?;
    Ok(())
}

pub fn amend(ws: &Workspace, id: &str) -> Outcome<()> {
    let again = Completion { amend: true, ..Completion::completed(amended(id)) };
    Execution::open(ws, id)?.record_completion(&again)?;
    Ok(())
}

/// Prepares a bundle of some of the project's files.
pub fn bundle(ws: &Workspace, scope: &str, files: &[String]) -> Outcome<Bundle> {
    let wanted = files.iter().map(|file| Wanted {
        text: file.into(),
        item_type: ItemType::File,
        priority: Priority::Required,
    });
    let request = Request {
        agent_type: AgentType::nearest("reviewer"),
        scope: scope.to_owned(),
        selectors: Selectors { wanted: wanted.collect(), ..Selectors::default() },
        budget: BudgetRequest { budget: Some(10_000_000), ..BudgetRequest::default() },
        ..Request::default()
    };
    match ws.context().prepare(&request)? {
        Preparation::Ready(prepared) => Ok(prepared.bundle),
        Preparation::OverBudget(_) => Err("over budget".into()),
    }
}
