//! Bundles for several agents in one go, from a plan file: prepared, deduplicated together, held
//! against their own budgets and the session's.

use super::Context;
use super::advice::OverBudget;
use super::attempt::{Attempt, Material};
use super::budget::{Budget, BudgetRequest, BudgetStatus, CRITICAL, WARN};
use super::plan_file::{PlanAgent, PlanFile};
use super::prepare::{OnOverBudget, Request, over_budget};
use super::root::Root;
use super::select::{Selectors, Wanted};
use super::shared::{Member, Shared, Sharing};
use super::texts::Texts;
use super::walk::WalkRules;
use crate::config;
use crate::error::{Error, Fault, IoContext, Kind, Result};
use crate::model::{Bundle, BundleId, Count, ItemType, Priority};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// How a plan is carried out.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlanOptions {
    /// What to do if an agent's bundle does not fit.
    pub on_over_budget: OnOverBudget,
    /// Read every file, also those that by size, times and inode are as they were.
    pub paranoid: bool,
    /// Take secrets out of what is sent, instead of refusing it.
    pub redact: bool,
}

/// What became of a plan.
#[derive(Debug)]
pub enum Planning {
    /// Everything fits and is kept.
    Ready(Box<Planned>),
    /// All of it is more than the session's budget; nothing was written.
    OverSession(Box<Planned>),
    /// Some agents' bundles do not fit; nothing was written.
    OverBudget(OverPlan),
}

/// The agents of a plan whose bundles do not fit.
#[derive(Debug, Clone, Serialize)]
pub struct OverPlan {
    pub over_budget: Vec<OverAgent>,
}

/// One agent whose bundle does not fit.
#[derive(Debug, Clone, Serialize)]
pub struct OverAgent {
    /// What its bundle's file would be called.
    pub name: String,
    #[serde(flatten)]
    pub over: OverBudget,
}

/// The bundles of a plan.
#[derive(Debug, Clone, Serialize)]
pub struct Planned {
    /// What it is about.
    pub scope: String,
    /// The model it was counted for.
    pub model: String,
    /// False where the counts are estimates.
    pub exact: bool,
    /// In the plan's order.
    pub agents: Vec<PlannedAgent>,
    /// Tokens that are sent to all of them, the likely number.
    pub total_tokens: u64,
    /// The upper end of that.
    pub total_tokens_upper: u64,
    /// Tokens for all of them, where the plan says so.
    pub budget: Option<u64>,
    /// How near the upper end is to that; `ok` without one.
    pub status: BudgetStatus,
    /// What they share; null for a single agent.
    pub sharing: Option<Sharing>,
    /// The bundles, in the plan's order; not in the JSON of this, which names them.
    #[serde(skip)]
    pub bundles: Vec<Bundle>,
}

/// One agent's bundle.
#[derive(Debug, Clone, Serialize)]
pub struct PlannedAgent {
    /// What its bundle's file is called.
    pub name: String,
    pub agent_type: String,
    pub scope: String,
    /// None where nothing was kept.
    pub bundle_id: Option<BundleId>,
    /// Pieces of context.
    pub items: usize,
    /// What was asked for and left out.
    pub skipped: usize,
    /// The likely number.
    pub tokens: u64,
    /// The upper end of that.
    pub tokens_upper: u64,
    /// Tokens it may have.
    pub budget: u64,
    /// How near the upper end is to that.
    pub status: BudgetStatus,
}

/// One agent's bundle before what all share is put first.
struct Drafted {
    name: String,
    material: Material,
    attempt: Attempt,
}

impl Context<'_> {
    /// Prepares the bundles of the plan in the file `path` and keeps them, if all of them fit.
    pub fn plan(&self, path: &Path, how: PlanOptions) -> Result<Planning> {
        let file = self.root.absolute(path);
        let plan: PlanFile = config::read_toml(&file, PlanFile::check)?;
        let names = plan.names();
        // Its paths are from where it lies.
        let dir = file.parent().unwrap_or(self.root.dir());
        let root = Root::new(self.root.dir(), dir).or_cannot("open", dir)?;
        let context = Context { root: &root, ..*self };
        // What is put first for all has a heading, which may be too much for one.
        let mut headings = vec![0; names.len()];
        loop {
            let mut drafted = context.draft_plan(&plan, &names, &headings, how)?;
            let over = drafted.iter_mut().zip(&headings);
            let over = over.filter_map(|(it, heading)| it.over(*heading).transpose());
            let over = over.collect::<Result<Vec<OverAgent>>>()?;
            if !over.is_empty() {
                return Ok(Planning::OverBudget(OverPlan { over_budget: over }));
            }
            match context.finish_plan(&plan, &names, drafted)? {
                Ok(planning) => return Ok(planning),
                Err(too_much) => {
                    headings.iter_mut().zip(too_much).for_each(|(sum, more)| *sum += more);
                }
            }
        }
    }

    /// Each agent's bundle, with so many tokens of its budget left for the heading of what is shared.
    fn draft_plan(
        &self,
        plan: &PlanFile,
        names: &[String],
        headings: &[u64],
        how: PlanOptions,
    ) -> Result<Vec<Drafted>> {
        let agents = names.iter().zip(&plan.agents).zip(headings);
        let drafted = agents.map(|((name, agent), heading)| {
            let mut request = request(plan, agent, how);
            if how.redact {
                request = self.redacted_request(&request);
            }
            let of_agent = |error| PlanFault { agent: name.clone(), error };
            let mut material = self.gather(&request).map_err(of_agent)?;
            let budget = material.budget.limit;
            material.budget.limit = budget.saturating_sub(*heading);
            let mut attempt = self.fit(&request, &mut material).map_err(of_agent)?;
            material.budget.limit = budget;
            attempt.bundle.budget = budget;
            Ok(Drafted { name: name.clone(), material, attempt })
        });
        drafted.collect()
    }

    /// Shares and keeps what was drafted; or says by how many tokens each agent is over its budget then.
    fn finish_plan(
        &self,
        plan: &PlanFile,
        names: &[String],
        drafted: Vec<Drafted>,
    ) -> Result<Result<Planning, Vec<u64>>> {
        let budget = Budget {
            limit: plan.budget.map_or(u64::MAX, |budget| budget.0),
            warn: self.config.warn.unwrap_or(WARN),
            critical: self.config.critical.unwrap_or(CRITICAL),
        };
        let model = drafted[0].material.model.clone();
        if drafted.len() == 1 {
            let Drafted { mut material, attempt, .. } = drafted.into_iter().next().expect("one");
            if budget.status(attempt.measured.total()) == BudgetStatus::Over {
                let bundle = attempt.sealed(&material)?;
                return Ok(Ok(over_session(planned(plan, names, vec![bundle], None, budget))));
            }
            let bundle = self.finish(&mut material, attempt)?;
            return Ok(Ok(ready(planned(plan, names, vec![bundle], None, budget))));
        }
        let mut texts = Texts::cached(self.cache);
        let members = drafted.into_iter().map(|it| it.into_member(&mut texts)).collect();
        let shared: Shared = self.share(members, texts, &model)?;
        let bundles = shared.sharing.bundles.clone();
        let too_much = bundles.iter().map(|it| it.total_tokens_upper.saturating_sub(it.budget));
        let too_much: Vec<u64> = too_much.collect();
        if too_much.iter().any(|tokens| *tokens > 0) {
            return Ok(Err(too_much));
        }
        let planned = planned(plan, names, bundles, Some(shared.sharing.clone()), budget);
        if planned.status == BudgetStatus::Over {
            return Ok(Ok(over_session(planned)));
        }
        self.keep_shared(&shared, true)?;
        Ok(Ok(ready(planned)))
    }
}

fn ready(planned: Planned) -> Planning {
    Planning::Ready(Box::new(planned))
}

fn over_session(mut planned: Planned) -> Planning {
    planned.agents.iter_mut().for_each(|agent| agent.bundle_id = None);
    Planning::OverSession(Box::new(planned))
}

impl Drafted {
    /// What does not fit, if with a heading of so many tokens something does not.
    fn over(&mut self, heading: u64) -> Result<Option<OverAgent>> {
        let budget = self.attempt.bundle.budget;
        self.attempt.bundle.budget = budget.saturating_sub(heading);
        let over = match self.attempt.over_by() {
            0 => None,
            _ => Some(over_budget(&self.material, &self.attempt)?),
        };
        self.attempt.bundle.budget = budget;
        Ok(over.map(|mut over| {
            over.total_tokens += heading;
            over.total_tokens_upper += heading;
            OverAgent { name: self.name.clone(), over }
        }))
    }

    fn into_member(self, texts: &mut Texts) -> Member {
        texts.extend(self.material.texts);
        let in_full = self.attempt.measured.dedup.tokens_before;
        Member {
            kept_as: None,
            bundle: self.attempt.bundle,
            template: self.material.template,
            in_full,
        }
    }
}

/// What to prepare for one agent: what all get, then what is its own.
fn request(plan: &PlanFile, agent: &PlanAgent, how: PlanOptions) -> Request {
    use {ItemType::*, Priority::*};
    let of = |paths: &[PathBuf], item_type, priority| -> Vec<Wanted> {
        paths.iter().map(|text| Wanted { text: text.clone(), item_type, priority }).collect()
    };
    let wanted = [
        of(&plan.files, File, Required),
        of(&agent.files, File, Required),
        of(&plan.references, Reference, Recommended),
        of(&agent.references, Reference, Recommended),
        of(&plan.optional, File, Optional),
        of(&agent.optional, File, Optional),
    ]
    .concat();
    let budget = agent.budget.or(plan.agent_budget).map(|budget| budget.0);
    Request {
        agent_type: agent.agent_type.clone(),
        scope: agent.scope.clone().unwrap_or_else(|| plan.scope.clone()),
        role: agent.role.clone(),
        constraints: agent.constraints.clone(),
        expected_output: agent.expect.clone(),
        selectors: Selectors {
            wanted,
            overrides: Vec::new(),
            rules: WalkRules { ignore: plan.ignore.clone(), ..WalkRules::default() },
            paranoid: how.paranoid,
        },
        model: plan.model.clone(),
        budget: BudgetRequest { budget, reserve: plan.reserve, ..BudgetRequest::default() },
        template: plan.template.clone(),
        max_file_size: None,
        dedup: plan.dedup,
        on_over_budget: how.on_over_budget,
        redact: how.redact,
    }
}

fn planned(
    plan: &PlanFile,
    names: &[String],
    bundles: Vec<Bundle>,
    sharing: Option<Sharing>,
    session: Budget,
) -> Planned {
    let count = |it: &Bundle| Count { tokens: it.total_tokens, upper: it.total_tokens_upper };
    let total: Count = bundles.iter().map(count).sum();
    let agent = |(name, bundle): (&String, &Bundle)| PlannedAgent {
        name: name.clone(),
        agent_type: bundle.agent_type.clone(),
        scope: bundle.scope.clone(),
        bundle_id: Some(bundle.bundle_id.clone()),
        items: bundle.context_items.iter().filter(|it| it.item_type != ItemType::Briefing).count(),
        skipped: bundle.skipped.len(),
        tokens: bundle.total_tokens,
        tokens_upper: bundle.total_tokens_upper,
        budget: bundle.budget,
        status: Budget { limit: bundle.budget, ..session }.status(count(bundle)),
    };
    Planned {
        scope: plan.scope.clone(),
        model: bundles[0].model.clone(),
        exact: bundles[0].exact,
        agents: names.iter().zip(&bundles).map(agent).collect(),
        total_tokens: total.tokens,
        total_tokens_upper: total.upper,
        budget: plan.budget.map(|budget| budget.0),
        status: session.status(total),
        sharing,
        bundles,
    }
}

/// What is wrong with one agent of a plan.
#[derive(Debug, thiserror::Error)]
#[error("agent {}: {error}", agent.escape_debug())]
pub struct PlanFault {
    agent: String,
    #[source]
    error: Error,
}

impl Fault for PlanFault {
    fn kind(&self) -> Kind {
        self.error.kind()
    }

    fn hint(&self) -> Option<String> {
        self.error.hint()
    }
}
