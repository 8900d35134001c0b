//! What contradicts the record.

use crate::error::{Fault, Kind};
use crate::model::{BundleId, ExecutionId, SessionId, SessionStatus};
use crate::render::{beginning, grouped};

/// A field that is on record otherwise than it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub field: &'static str,
    pub recorded: String,
    pub given: String,
}

/// Collects the fields that differ.
#[derive(Default)]
pub(super) struct Differences(Vec<Difference>);

/// How much of a long value a message shows, in characters.
const SHOWN: usize = 200;

/// The beginning of a value; of two that begin alike, the part where they part.
fn shown(value: &str, from: usize) -> String {
    let rest: String = value.chars().skip(from).collect();
    let before = if from > 0 { "…" } else { "" };
    format!("{before}{}", beginning(&rest, SHOWN))
}

/// From which character on to show two values so that their difference is seen.
fn seen_from(a: &str, b: &str) -> usize {
    let alike = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
    if alike < SHOWN / 2 { 0 } else { alike - SHOWN / 4 }
}

/// Two values, shortened so that their difference is seen.
pub(super) fn shown_apart(recorded: &str, given: &str) -> (String, String) {
    let from = seen_from(recorded, given);
    (shown(recorded, from), shown(given, from))
}

impl Differences {
    pub fn compare(mut self, field: &'static str, recorded: &str, given: &str) -> Self {
        if recorded != given {
            let (recorded, given) = shown_apart(recorded, given);
            let visible = |text: String| text.escape_debug().to_string();
            let (recorded, given) = (visible(recorded), visible(given));
            self.0.push(Difference { field, recorded, given });
        }
        self
    }

    /// Compares values of which either may be absent.
    pub fn compare_opt(
        self,
        field: &'static str,
        recorded: Option<impl ToString>,
        given: Option<impl ToString>,
    ) -> Self {
        let text = |value: Option<String>| value.unwrap_or_else(|| "(none)".to_owned());
        self.compare(
            field,
            &text(recorded.map(|value| value.to_string())),
            &text(given.map(|value| value.to_string())),
        )
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn into_vec(self) -> Vec<Difference> {
        self.0
    }
}

fn listed(differences: &[Difference]) -> String {
    let lines = differences.iter().map(|it| {
        format!("\n  {}\n    on record: {}\n    given now: {}", it.field, it.recorded, it.given)
    });
    lines.collect()
}

/// Something that the record does not allow.
#[derive(Debug, thiserror::Error)]
pub enum HistoryFault {
    /// A session of that id is on record with another scope.
    #[error("session {id} is on record with other values:{}", listed(differences))]
    OtherSession { id: SessionId, differences: Vec<Difference> },
    /// The session has ended; it takes no phases and no deployments.
    #[error("session {id} is {status} already")]
    Ended { id: SessionId, status: SessionStatus },
    /// Another deployment is on record under that id.
    #[error("execution {id} is on record with other values:{}", listed(differences))]
    OtherDeployment { id: ExecutionId, differences: Vec<Difference> },
    /// Another completion is on record, and this one does not amend it.
    #[error("the completion of {id} is on record with other values:{}", listed(differences))]
    OtherCompletion { id: ExecutionId, differences: Vec<Difference> },
    /// The deployment was given another bundle.
    #[error("{id} was deployed with {recorded}, not with {given}")]
    OtherBundle { id: ExecutionId, recorded: BundleId, given: BundleId },
    /// The bundle is over the budget, by the upper end of its count, and the deployment is not forced.
    #[error("{bundle} may have {} tokens, over the budget of {} where it goes", grouped(*tokens), grouped(*budget))]
    OverBudget { bundle: BundleId, tokens: u64, budget: u64 },
    /// No such earlier completion.
    #[error("{id} has no earlier completion {version}")]
    NoVersion { id: ExecutionId, version: u32, versions: usize },
    /// No briefing was recorded for the deployment.
    #[error("no briefing is on record for {id}")]
    NoBriefing { id: ExecutionId, bundle: Option<BundleId> },
    /// `latest` of an agent type or a session of which there is none.
    #[error("there is no deployment{}", of(agent_type, session))]
    NoneOf { agent_type: Option<String>, session: Option<SessionId>, near: Vec<String> },
    /// An id, and what only narrows `latest`.
    #[error("'{}' names one deployment already", name.escape_debug())]
    Narrowed { name: String },
    /// A search for what has no letter and no digit.
    #[error("there is no word in '{}' to look for", query.escape_debug())]
    NoWords { query: String },
    /// No turn of that number.
    #[error("{id} has no turn {turn} on record")]
    NoTurn { id: ExecutionId, turn: u32, turns: usize },
    /// It is not known what the caller got.
    #[error("it is not on record what the caller of {id} got{}", at_turn(*turn))]
    NotDelivered { id: ExecutionId, turn: Option<u32> },
}

fn at_turn(turn: Option<u32>) -> String {
    turn.map(|turn| format!(" at the end of turn {turn}")).unwrap_or_default()
}

/// “ of agent type 'reviewer' in s-1”.
fn of(agent_type: &Option<String>, session: &Option<SessionId>) -> String {
    let agent = agent_type.as_ref().map(|it| format!(" of agent type '{}'", it.escape_debug()));
    let session = session.as_ref().map(|it| format!(" in {it}"));
    format!("{}{}", agent.unwrap_or_default(), session.unwrap_or_default())
}

impl Fault for HistoryFault {
    fn kind(&self) -> Kind {
        match self {
            Self::OtherSession { .. }
            | Self::Ended { .. }
            | Self::OtherDeployment { .. }
            | Self::OtherCompletion { .. }
            | Self::OtherBundle { .. } => Kind::Conflict,
            Self::OverBudget { .. } => Kind::OverBudget,
            Self::NoVersion { .. }
            | Self::NoBriefing { .. }
            | Self::NoneOf { .. }
            | Self::NoTurn { .. }
            | Self::NotDelivered { .. } => Kind::NotFound,
            Self::Narrowed { .. } | Self::NoWords { .. } => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::OtherSession { .. } => {
                "nothing was changed; leave --session-id out to get a new id".into()
            }
            Self::Ended { .. } => "start another with `sortie track init-session --scope …`".into(),
            Self::OtherDeployment { .. } => {
                "nothing was changed; leave --execution-id out to get a new id".into()
            }
            Self::OtherCompletion { .. } => {
                "nothing was changed; --amend records this one and keeps the earlier".into()
            }
            Self::OtherBundle { .. } => {
                "nothing was changed; deploy again under another id for another bundle".into()
            }
            Self::OverBudget { .. } => {
                "prepare it again for that model, with --on-over-budget trim, or deploy it as it is with --force"
                    .into()
            }
            Self::NoVersion { versions: 0, .. } => "it was never amended".into(),
            Self::NoVersion { versions, .. } => format!("it has 1 to {versions}"),
            Self::NoBriefing { bundle: Some(bundle), .. } => {
                format!("render its bundle: `sortie ctx generate-briefing --bundle {bundle}`")
            }
            Self::NoBriefing { bundle: None, .. } => {
                "it was recorded without a bundle; give --context-bundle at deployment".into()
            }
            Self::NoneOf { near, .. } if !near.is_empty() => {
                format!("did you mean {}? `sortie track query` lists them", near.join(" or "))
            }
            Self::NoneOf { .. } => "`sortie track query` lists the deployments".into(),
            Self::Narrowed { .. } => {
                "--agent-type and --session-id choose among the latest: leave them out, or say `latest`"
                    .into()
            }
            Self::NoWords { .. } => {
                "give words, such as `sortie track search HNSW recall`; `sortie track query` lists all".into()
            }
            Self::NoTurn { id, turns: 0, .. } => {
                format!("no harness told of its turns; `sortie track show {id} --message` prints its final message")
            }
            Self::NoTurn { turns, .. } => format!("it has 1 to {turns}"),
            Self::NotDelivered { id, .. } => {
                format!("`sortie track show {id} --message` prints what the agent said last")
            }
        })
    }
}
