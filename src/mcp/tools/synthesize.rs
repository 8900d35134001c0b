//! A session brought together, and ended.

use crate::history::Written;
use crate::mcp::args::template;
use crate::mcp::fit::Piece;
use crate::mcp::refusal::Refusal;
use crate::mcp::reply::{Reply, markdown};
use crate::mcp::tool::{Effect, Tool};
use crate::model::{Phase, Report};
use crate::outputs::{Summary, Verification};
use crate::render::to_json;
use crate::session::Session;
use crate::workspace::Workspace;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bring a session together in a report, which is kept: what each agent did, its deliverables and gates, what was
/// learned, what went wrong, what follows. With `confirm`, the session is checked and, if all is well, ended.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Synthesize {
    /// The session: its id, the beginning of one, or latest
    session_id: String,
    /// Check that its deliverables are still what was collected and that no gate failed, and only then end it
    /// well
    #[serde(default)]
    confirm: bool,
    /// The name of the report's template
    template: Option<String>,
}

/// A report that was kept.
#[derive(Serialize, JsonSchema)]
pub struct Synthesized {
    report: Option<Report>,
    summary: Summary,
    /// What follows, most pressing first.
    recommendations: Vec<String>,
    /// Whether deliverables and gates hold; only where that was to be confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verification>,
    #[serde(flatten)]
    text: Piece,
}

impl Tool for Synthesize {
    const NAME: &'static str = "synthesize";
    const TITLE: &'static str = "Synthesize a session";
    const EFFECT: Effect = Effect::Adds;
    type Result = Synthesized;

    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal> {
        let session = Session::open(workspace, &self.session_id)?;
        session.advance(if self.confirm { Phase::CONFIRM } else { Phase::SYNTHESIZE })?;
        let verification = self.confirm.then(|| session.validate_outputs()).transpose()?;
        let ended = match &verification {
            Some(it) => Some(end(&session, it)?),
            None => None,
        };
        let template = template(self.template)?;
        let synthesis = session.generate_synthesis_report(template.as_deref())?;
        let text = Piece::of(&synthesis.text, 0);
        let checked = verification.as_ref().map(|it| markdown(it)).unwrap_or_default();
        let shown = match checked.is_empty() {
            true => text.text.clone(),
            false => format!("{checked}\n{}", text.text),
        };
        let more = text.next.zip(synthesis.report.as_ref()).map(|(next, report)| {
            format!(
                "the report goes on: `show` with `report_id` {}, `from` {next}",
                report.report_id
            )
        });
        let kept = synthesis.report.as_ref().map(|it| format!("kept as {}", it.report_id));
        let synthesized = Synthesized {
            report: synthesis.report,
            summary: synthesis.context.summary,
            recommendations: synthesis.context.recommendations,
            verification,
            text,
        };
        let reply = Reply::new(to_json(&synthesized), shown).foreign().whole();
        Ok(reply.notes(more).notes(kept).notes(ended))
    }
}

/// Ends what holds, and says so.
fn end(session: &Session<'_>, verification: &Verification) -> Result<String, Refusal> {
    if !verification.valid {
        return Ok("the session is not ended: see `verification`".to_owned());
    }
    let open = session.query()?.open().len();
    if open > 0 {
        return Ok(format!(
            "the session is not ended: {open} of its deployments have not come back"
        ));
    }
    Ok(match session.complete()?.1 {
        Written::Already => "the session had ended before".to_owned(),
        _ => "confirmed; the session has ended well".to_owned(),
    })
}
