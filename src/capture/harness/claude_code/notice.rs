//! `<task-notification>`: how the result of an agent in the background comes back, as a prompt.

use super::response::{deliver, delivery};
use crate::capture::keeper::Keeper;
use crate::model::{Delivery, Evidence, Timestamp};

/// What begins each.
pub const OPENING: &str = "<task-notification>";
const CLOSING: &str = "</task-notification>";

/// One notification: the agent that it is about, and what it says.
#[derive(Debug, PartialEq)]
pub struct Notice {
    pub agent_id: String,
    pub evidence: Evidence,
}

/// All notifications in a prompt.
pub fn notices(prompt: &str, at: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Notice> {
    let mut notices = Vec::new();
    let mut rest = prompt;
    while let Some((_, after)) = rest.split_once(OPENING) {
        // A result may quote a notification; the next one begins behind the end of this.
        let end = after.find(&format!("{CLOSING}\n{OPENING}")).or_else(|| after.rfind(CLOSING));
        let (body, behind) = after.split_at(end.unwrap_or(after.len()));
        notices.extend(notice(body, at, keeper));
        rest = behind;
    }
    notices
}

fn notice(body: &str, at: Timestamp, keeper: &mut Keeper<'_>) -> Option<Notice> {
    // Its `tool-use-id` is that of whoever woke the agent last, not always of the call that spawned it.
    let agent_id = field(body, "task-id")?.to_owned();
    let status = field(body, "status").unwrap_or("completed");
    let result = body.split_once("<result>").map(|(_, rest)| rest);
    let result = result.map(|rest| rest.rsplit_once("</result>").map_or(rest, |(it, _)| it));
    let figure = |name: &str| field(body, name).and_then(|text| text.trim().parse().ok());
    let mut evidence = Evidence { background: true, ..Evidence::default() };
    deliver(
        &mut evidence,
        Delivery {
            text: result.map(|text| keeper.keep(text)),
            reported_tokens: figure("subagent_tokens").or_else(|| figure("total_tokens")),
            tool_uses: figure("tool_uses"),
            duration_ms: figure("duration_ms"),
            ..delivery(at, status == "completed", Some(status))
        },
    );
    Some(Notice { agent_id, evidence })
}

/// The text of an element, of those outside of the result.
fn field<'b>(body: &'b str, name: &str) -> Option<&'b str> {
    let (head, tail) = match (body.find("<result>"), body.rfind("</result>")) {
        (Some(start), Some(end)) if start < end => (&body[..start], &body[end..]),
        _ => (body, ""),
    };
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    [head, tail].into_iter().find_map(|part| {
        let (_, rest) = part.split_once(&open)?;
        rest.split_once(&close).map(|(text, _)| text.trim())
    })
}
