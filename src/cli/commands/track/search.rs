use super::query::ExecutionStatusArg;
use crate::cli::commands::Verb;
use crate::cli::commands::arguments::moment;
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};
use sortie::Result;
use sortie::history::{Matched, SearchFilter};
use std::process::ExitCode;

/// Search scopes, final messages, errors, insights, deliverables and gates
#[derive(Args)]
#[command(
    after_help = "All words must be there, in any order; words of three letters and more match all that begin \
so. \"Quoted words\" stand together. Nothing else has a meaning: any text can be searched for, behind -- \
one that begins with a dash too. The best matches come first; of very many, those of the newest. A word \
that a thousand texts have is taken as it is.\n\n\
Example:\n  sortie track search HNSW recall\n  sortie track search '\"connection refused\"' --since 7d"
)]
pub struct Search {
    /// What to look for
    #[arg(required = true, value_parser = lossy())]
    query: Vec<String>,
    /// In this session: an id, the beginning of one, or latest
    #[arg(long, value_name = "SESSION")]
    session_id: Option<String>,
    /// Of this kind of agent
    #[arg(long, value_name = "NAME")]
    agent_type: Option<String>,
    /// On this model
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Of deployments in this state
    #[arg(long, value_enum)]
    status: Option<ExecutionStatusArg>,
    /// Recorded then or later: a time, a day, or an age such as 3d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,
    /// Recorded before
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
    /// At most so many; 0 is all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u32,
}

/// Whatever stands on the command line, as text.
fn lossy() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().map(|text| text.to_string_lossy().into_owned())
}

impl Search {
    pub fn run(self, verb: &Verb<'_>) -> Result<ExitCode> {
        let history = verb.workspace.history();
        let now = verb.workspace.now();
        let filter = SearchFilter {
            session_id: verb.find(&self.session_id)?,
            agent_type: self.agent_type,
            model: self.model,
            status: self.status.map(Into::into),
            since: moment(&self.since, now)?,
            until: moment(&self.until, now)?,
            limit: self.limit,
        };
        let search = history.search(&self.query.join(" "), &filter)?;
        verb.show(&search)?;
        if search.matched == Matched::Any && !search.hits.is_empty() {
            verb.ui.note("nothing has all of these words; this has some of them");
        }
        if search.more {
            verb.ui.note(&format!("there are more than {}: raise --limit", self.limit));
        }
        Ok(ExitCode::SUCCESS)
    }
}
