//! One thing of the record, whole or a part of it.

use crate::history::{ExecutionDetail, SessionDetail};
use crate::mcp::fit::Piece;
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::{Reply, markdown};
use crate::mcp::tool::{Effect, Tool};
use crate::model::{ExecutionId, Report};
use crate::render::{Document, View, to_json};
use crate::session::{ContextGiven, Execution};
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Show everything about one deployment: what it was given, its final message, its outputs. Or one `part` of it,
/// or a session, or a report that was kept. Of a long text, `from` goes on where the last piece ended.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Show {
    /// The deployment: its id, the beginning of one, or latest
    execution_id: Option<String>,
    /// Or a session: its id, the beginning of one, or latest
    session_id: Option<String>,
    /// Or a report: its id, the beginning of one, or latest
    report_id: Option<String>,
    /// What of the deployment
    #[serde(default)]
    part: Part,
    /// Of an agent that was woken again: what it said at the end of this turn, the first being 1
    turn: Option<u32>,
    /// Where to go on in a long text, in characters
    #[serde(default)]
    from: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Part {
    /// the record of it, with the beginning of a long message
    #[default]
    All,
    /// its final message, or the one of a `turn`
    Message,
    /// what its caller got of that, where the harness lost some
    Delivered,
    /// the very briefing it was handed
    Briefing,
    /// what it was given, and which of its files have changed since
    Context,
}

/// What was asked for: one of these.
#[derive(Default, Serialize, JsonSchema)]
pub struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment: Option<ExecutionDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<ContextGiven>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
    /// A message, a briefing, or a report's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    piece: Option<Piece>,
}

/// Characters of a message that stand in the record of its deployment.
const BEGINNING: usize = 8_000;

fn piece(shown: Shown, text: &[u8], from: usize) -> Reply {
    let piece = Piece::of(&String::from_utf8_lossy(text), from);
    let (text, more) = (piece.text.clone(), piece.more());
    Reply::new(to_json(&Shown { piece: Some(piece), ..shown }), text).notes(more).whole()
}

impl Show {
    fn deployment(&self, workspace: &Workspace, name: &str) -> Result<Reply, Refusal> {
        let execution = Execution::open(workspace, name)?;
        let history = workspace.history();
        match self.part {
            Part::All if self.turn.is_none() => Ok(whole(history.show(execution.id())?)),
            Part::All | Part::Message => {
                let detail = history.show(execution.id())?;
                let message = match self.turn {
                    Some(turn) => history.turn_message(&detail, turn)?,
                    None => detail.execution.final_message,
                };
                let message = message.ok_or_else(|| no_message(execution.id()))?;
                Ok(piece(Shown::default(), &message, self.from))
            }
            Part::Delivered => {
                let detail = history.show(execution.id())?;
                let delivered = history.delivered(&detail, self.turn)?;
                Ok(piece(Shown::default(), &delivered, self.from))
            }
            Part::Briefing | Part::Context if self.turn.is_some() => Err(Refusal::new(
                "a turn has a message, and no briefing or context of its own",
                "leave `turn` out, or ask for the `part` message",
            )),
            Part::Briefing => Ok(piece(Shown::default(), &execution.briefing()?, self.from)),
            Part::Context => {
                let given = execution.context()?;
                let text = markdown(&given);
                let shown = Shown { context: Some(given), ..Shown::default() };
                Ok(Reply::new(to_json(&shown), text))
            }
        }
    }
}

fn no_message(id: &ExecutionId) -> Refusal {
    Refusal::new(format!("{id} has no final message on record"), "record_completion records one")
}

/// A final message, fenced: whatever stands in it, it is one text.
struct Message<'m>(&'m str);

impl View for Message<'_> {
    fn json(&self) -> Value {
        self.0.into()
    }

    fn document(&self) -> Document {
        let lines = self.0.lines().map(Into::into).collect();
        Document::new().heading("Final message").code("text", lines)
    }
}

/// The record of a deployment, with the beginning of its message.
fn whole(mut detail: ExecutionDetail) -> Reply {
    let (text, head) = parted(&mut detail);
    let more = head.next.map(|next| {
        let of = head.characters;
        format!("this is the beginning of a message of {of} characters: `part` message, `from` {next} goes on")
    });
    if head.characters > 0 {
        detail.execution.final_message = Some(head.text.into_bytes());
    }
    for earlier in &mut detail.earlier_completions {
        earlier.final_message =
            earlier.final_message.take().map(|it| beginning(&it).text.into_bytes());
    }
    let shown = Shown { deployment: Some(detail), ..Shown::default() };
    Reply::new(to_json(&shown), text).notes(more)
}

/// The same as a text.
pub fn deployment(mut detail: ExecutionDetail) -> String {
    let (mut text, head) = parted(&mut detail);
    if head.next.is_some() {
        let id = &detail.execution.execution_id;
        text += &format!("\nsortie://execution/{id}/message is the whole of it\n");
    }
    text
}

/// The text of a deployment and the beginning of its message, which is taken out of it.
fn parted(detail: &mut ExecutionDetail) -> (String, Piece) {
    let message = detail.execution.final_message.take();
    let head = beginning(&message.unwrap_or_default());
    let text = markdown(detail);
    match head.characters {
        0 => (text, head),
        _ => (format!("{text}\n{}", markdown(&Message(&head.text))), head),
    }
}

fn beginning(message: &[u8]) -> Piece {
    Piece::beginning(&String::from_utf8_lossy(message), BEGINNING)
}

impl Tool for Show {
    const NAME: &'static str = "show";
    const TITLE: &'static str = "Show a deployment";
    const EFFECT: Effect = Effect::Reads;
    type Result = Shown;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        match (&self.execution_id, &self.session_id, &self.report_id) {
            (Some(name), None, None) => self.deployment(workspace, name).map(Reply::foreign),
            (None, Some(name), None) => {
                let history = workspace.history();
                let detail = history.show_session(&history.find(name)?)?;
                let text = session(&detail);
                let shown = Shown { session: Some(detail), ..Shown::default() };
                Ok(Reply::new(to_json(&shown), text).foreign())
            }
            (None, None, Some(name)) => {
                let (report, text) = workspace.outputs().report(name)?;
                let shown = Shown { report: Some(report), ..Shown::default() };
                Ok(piece(shown, &text, self.from).foreign())
            }
            _ => Err(Refusal::new(
                "it is not said what to show",
                "give one of `execution_id`, `session_id` and `report_id`; `latest` is the newest",
            )),
        }
    }
}

/// A session and its deployments.
pub fn session(detail: &SessionDetail) -> String {
    markdown(detail)
}
