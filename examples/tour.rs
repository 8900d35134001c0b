//! The five phases on this repository itself: prepare, brief, deploy, record, synthesize.
//!
//! `cargo run --example tour`. The agent here is a function that reads its briefing and answers once;
//! yours is behind a harness. Everything else is what you would do.

use sortie::context::{BudgetRequest, Preparation, Request, Selectors, WalkRules, Wanted};
use sortie::history::{Completion, NewSession};
use sortie::model::{Gate, ItemType, Phase, Priority};
use sortie::outputs::Collection;
use sortie::render::{Format, Surface, View, render};
use sortie::session::Handover;
use sortie::workspace::Options;
use sortie::{Result, Session, Workspace};

fn main() -> Result<()> {
    let mut options = Options::new(env!("CARGO_MANIFEST_DIR"));
    options.database = Some("target/tour/history.db".into());
    let workspace = Workspace::open(options)?;

    // 1 analyze: what is it about?
    let scope = "List what the record can do".to_owned();
    let new = NewSession { scope: scope.clone(), ..NewSession::default() };
    let (session, _) = Session::start(&workspace, new)?;

    // 2 prepare: the right context, counted, within its budget.
    session.set_phase(Phase::PREPARE)?;
    let prepared = match session.prepare_context(&request(&scope)?)? {
        Preparation::Ready(prepared) => prepared,
        Preparation::OverBudget(over) => {
            show(&over);
            return Ok(());
        }
    };
    show(&*prepared);

    // 3 deploy: recorded before the agent runs, with the very briefing it gets.
    session.set_phase(Phase::DEPLOY)?;
    let (execution, _, _) = session.init_deployment(Handover {
        agent_type: "lister".parse()?,
        scope,
        bundle: Some(&prepared.bundle),
        ..Handover::default()
    })?;
    let briefing = execution.briefing()?;
    let answer = agent(&String::from_utf8_lossy(&briefing));

    // 4 synthesize: what came back, what it was worth.
    session.set_phase(Phase::SYNTHESIZE)?;
    execution.record_completion(&Completion {
        deliverables: vec!["README.md".to_owned()],
        ..Completion::completed(answer)
    })?;
    let replays = if execution.briefing()? == briefing { "replay:pass" } else { "replay:fail" };
    execution.collect(&Collection {
        validation: replays.parse::<Gate>().into_iter().collect(),
        insights: vec!["A retry changes nothing; a contradiction is refused".to_owned()],
        ..Collection::default()
    })?;
    println!("\n{}", session.generate_synthesis_report(None)?.text);

    // 5 confirm: the deliverables are still what was collected.
    session.set_phase(Phase::CONFIRM)?;
    show(&session.validate_outputs()?);
    session.complete()?;
    Ok(())
}

fn request(scope: &str) -> Result<Request> {
    let wanted =
        |path: &str, item_type, priority| Wanted { text: path.into(), item_type, priority };
    Ok(Request {
        agent_type: "lister".parse()?,
        scope: scope.to_owned(),
        selectors: Selectors {
            wanted: vec![
                wanted("src/history/*.rs", ItemType::File, Priority::Required),
                wanted("src/store/open/mod.rs", ItemType::File, Priority::Optional),
                wanted(
                    "references/architecture.md#Decisions",
                    ItemType::Reference,
                    Priority::Recommended,
                ),
            ],
            overrides: Vec::new(),
            rules: WalkRules::default(),
            paranoid: false,
        },
        budget: BudgetRequest { budget: Some(60_000), ..BudgetRequest::default() },
        ..Request::default()
    })
}

/// A one-shot agent: one message in, one message out.
fn agent(briefing: &str) -> String {
    let verbs = briefing.lines().filter_map(|line| line.trim().strip_prefix("pub fn "));
    let methods = verbs.filter(|line| line.contains("&self"));
    let names: Vec<&str> = methods.filter_map(|line| line.split(['(', '<']).next()).collect();
    format!("{} verbs: {}", names.len(), names.join(", "))
}

fn show(view: &dyn View) {
    print!("{}", render(view, Format::Table, Surface { width: Some(100), ..Surface::PLAIN }));
}
