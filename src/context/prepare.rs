//! Preparing a bundle: select, read, count, fit the budget, keep.

use super::Context;
use super::advice::{OverBudget, steps};
use super::attempt::{Attempt, Frame, Material};
use super::budget::{Budget, BudgetRequest, BudgetStatus};
use super::draft;
use super::fault::SelectFault;
use super::guard::Suspect;
use super::models::{self, Model};
use super::progress::{Running, Task};
use super::read::{FileReader, Reading, read_all};
use super::repeat::{self, seen_by};
use super::select::{Selectors, select};
use super::texts::Texts;
use super::tokens::Counter;
use super::walk::no_glob;
use crate::briefing::{Template, TemplateKind};
use crate::config::Of;
use crate::error::{Error, Result};
use crate::model::{AgentType, Bundle, BundleId, Dedup, DedupMode, Priority, SkipReason, Skipped};
use schemars::JsonSchema;
use serde::Deserialize;
use std::time::SystemTime;

/// The largest file taken whole, where nothing else is said: 2 MiB.
const MAX_FILE_SIZE: u64 = 2 << 20;

/// The template that counts where none is named.
pub const DEFAULT_TEMPLATE: &str = "briefing";

/// What to prepare.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The kind of agent that gets it.
    pub agent_type: AgentType,
    /// What it is to do.
    pub scope: String,
    /// Who it is to be; the template has a default.
    pub role: Option<String>,
    /// Rules it must keep, each a sentence.
    pub constraints: Vec<String>,
    /// What its final message is to hold; the template has a default.
    pub expected_output: Option<String>,
    /// Which files, in the order they are to have.
    pub selectors: Selectors,
    /// A model's name; the configuration's, else `sonnet`.
    pub model: Option<String>,
    /// How many tokens, where the configuration is not to decide.
    pub budget: BudgetRequest,
    /// The template that is counted with.
    pub template: Option<String>,
    /// The largest file taken whole, in bytes.
    pub max_file_size: Option<u64>,
    /// What is kept once; else configured, else blocks.
    pub dedup: Option<DedupMode>,
    /// What to do if it does not fit.
    pub on_over_budget: OnOverBudget,
    /// Take secrets out of what is sent, instead of refusing it.
    pub redact: bool,
}

/// What to do with a briefing that does not fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnOverBudget {
    /// Say what to drop or narrow, and write nothing.
    #[default]
    Fail,
    /// Drop what is optional, then what is recommended, never what is required.
    Trim,
}

/// A bundle that was kept, or why there is none.
#[derive(Debug)]
pub enum Preparation {
    /// It fits and is kept.
    Ready(Box<Prepared>),
    /// It does not fit; nothing was written.
    OverBudget(OverBudget),
}

/// A bundle that was kept.
#[derive(Debug)]
pub struct Prepared {
    /// The bundle, as the store has it.
    pub bundle: Bundle,
    /// The budget it was held against.
    pub budget: Budget,
    /// How near its upper end is to that.
    pub status: BudgetStatus,
    /// Tokens that the model can take in all.
    pub window: u64,
    /// Where it may hold secrets.
    pub suspects: Vec<Suspect>,
}

impl Context<'_> {
    /// Prepares a bundle and keeps it with its contents; over budget, nothing is written.
    pub fn prepare(&self, request: &Request) -> Result<Preparation> {
        let clean = request.redact.then(|| self.redacted_request(request));
        let request = clean.as_ref().unwrap_or(request);
        let frame = self.frame(request)?;
        if let Some(bundle) = self.unchanged(request, &frame)? {
            let suspects = self.suspects(&bundle, &self.suspected(&bundle)?)?;
            return Ok(ready(bundle, suspects, &frame.model, frame.budget));
        }
        let began = SystemTime::now();
        let mut material = self.gather_in(request, frame)?;
        let draft = self.draft(request, &material);
        let allowed = &self.config.secrets.allow;
        let key = repeat::key(&draft, &material.model, &material.template, allowed);
        let bundle = match self.prepared_before(&key, &material)? {
            Some(bundle) => bundle,
            None => {
                let attempt = self.fit(request, &mut material)?;
                if attempt.over_by() > 0 {
                    return Ok(Preparation::OverBudget(over_budget(&material, &attempt)?));
                }
                let bundle = self.finish(&mut material, attempt)?;
                self.cache.keep_draft(&key, bundle.bundle_id.as_str());
                bundle
            }
        };
        self.keep_trace(request, &material, began, &bundle.bundle_id);
        let suspects = self.suspects(&bundle, &material.texts)?;
        Ok(ready(bundle, suspects, &material.model, material.budget))
    }

    /// The bundle of what is loaded, with so much taken out that it fits, if that is asked for.
    pub(super) fn fit(&self, request: &Request, material: &mut Material) -> Result<Attempt> {
        self.guard(&self.draft(request, material), material)?;
        let mut attempt = self.attempt(request, material)?;
        if request.on_over_budget == OnOverBudget::Trim {
            while attempt.over_by() > 0 && trim(material, &attempt) {
                attempt = self.attempt(request, material)?;
            }
        }
        Ok(attempt)
    }

    /// Resolves names and reads files: all that can fail before anything is counted.
    pub(super) fn gather(&self, request: &Request) -> Result<Material> {
        self.gather_in(request, self.frame(request)?)
    }

    /// What a request is counted with and held against.
    fn frame(&self, request: &Request) -> Result<Frame> {
        let model = self.model(request.model.as_deref())?;
        let template = request.template.as_deref().unwrap_or(DEFAULT_TEMPLATE);
        let mut template = self.templates.get(TemplateKind::Briefing, template)?;
        if request.redact {
            template = self.redacted_template(template);
        }
        let budget = Budget::of_briefing(request.budget, self.config, &model);
        Ok(Frame { model, budget, template })
    }

    fn gather_in(&self, request: &Request, frame: Frame) -> Result<Material> {
        let Frame { model, budget, template } = frame;
        let mut reading = self.read_selected(&request.selectors, request.max_file_size)?;
        if request.redact {
            self.redact(&mut reading)?;
        }
        let Reading { loaded, texts, skipped, seen } = reading;
        Ok(Material { model, budget, template, loaded, texts, skipped, seen })
    }

    /// The texts that are selected, and what was left out; no text at all is an error.
    pub(super) fn read_selected(
        &self,
        selectors: &Selectors,
        max_file_size: Option<u64>,
    ) -> Result<Reading> {
        let mut selectors = selectors.clone();
        selectors.rules.ignore.extend(self.config.ignore.iter().cloned());
        let selection = select(self.root, &selectors).map_err(|it| self.placed(it))?;
        let configured = self.config.max_file_size.map(|size| size.0);
        let limit = max_file_size.or(configured).unwrap_or(MAX_FILE_SIZE);
        let reader = FileReader::new(self.root, self.cache, limit, selectors.paranoid);
        let mut reading = read_all(&reader, &selection.files, self.progress)?;
        reading.skipped.splice(0..0, selection.skipped);
        reading.seen = seen_by(selection.seen, &selection.files, &reading.skipped);
        match selectors.wanted.first() {
            _ if !reading.loaded.is_empty() => Ok(reading),
            None => Err(SelectFault::Empty.into()),
            Some(first) => {
                let asked = first.text.to_string_lossy().into();
                Err(SelectFault::Nothing { asked, skipped: reading.skipped }.into())
            }
        }
    }

    /// A pattern that is none, with its place if it is one of the configuration's.
    fn placed(&self, error: Error) -> Error {
        let Some(SelectFault::Pattern { .. }) = error.downcast_ref() else { return error };
        let mut globs = self.config.ignore.iter().enumerate();
        let wrong = globs.find_map(|(at, glob)| Some((at, no_glob(self.root, glob)?)));
        let Some((at, why)) = wrong else { return error };
        let place = self.config.place(&["ignore", &at.to_string()], Of::Value);
        SelectFault::Pattern { place, detail: why.to_string() }.into()
    }

    pub(super) fn model(&self, name: Option<&str>) -> Result<Model> {
        match name {
            Some(name) => models::find(name, self.config),
            None => models::configured(self.config),
        }
    }

    pub(super) fn dedup_mode(&self, asked: Option<DedupMode>) -> DedupMode {
        asked.or(self.config.dedup).unwrap_or_default()
    }

    /// Drafts and measures the bundle of what is loaded now.
    pub(super) fn attempt(&self, request: &Request, material: &Material) -> Result<Attempt> {
        let mut bundle = self.draft(request, material);
        let (texts, counter) = (&material.texts, Counter::new(&material.model));
        let (items, mode) = (&mut bundle.context_items, bundle.dedup.mode);
        draft::deduplicate(items, texts, mode, &counter, self.progress)?;
        let measured = draft::measure(&bundle, texts, &material.template, &counter)?;
        Ok(Attempt { bundle, measured })
    }

    /// A bundle with everything but counts and names, and nothing looked for that stands twice.
    pub(super) fn draft(&self, request: &Request, material: &Material) -> Bundle {
        Bundle {
            version: Bundle::VERSION,
            bundle_id: BundleId::new("bundle").expect("a valid id"),
            bundle_hash: String::new(),
            agent_type: request.agent_type.to_string(),
            scope: request.scope.clone(),
            created_at: self.now,
            model: material.model.name.clone(),
            tokenizer: material.model.tokenizer.name().to_owned(),
            exact: material.model.exact(),
            template: material.template.name.clone(),
            role: request.role.clone(),
            constraints: request.constraints.clone(),
            expected_output: request.expected_output.clone(),
            context_items: draft::items(&material.loaded),
            total_tokens: 0,
            total_tokens_upper: 0,
            budget: material.budget.limit,
            budget_remaining: 0,
            skipped: material.skipped.clone(),
            dedup: Dedup { mode: self.dedup_mode(request.dedup), ..Dedup::default() },
            shared: None,
        }
    }

    pub(super) fn finish(&self, material: &mut Material, attempt: Attempt) -> Result<Bundle> {
        material.texts.forget_blocks();
        let bundle = attempt.sealed(material)?;
        // The cache stands beside the history.
        self.store.create()?;
        std::thread::scope(|scope| {
            if self.cache.has_much_to_save() {
                scope.spawn(|| self.cache.save());
            }
            self.keep(&bundle, &material.texts, &material.template)
        })?;
        Ok(bundle)
    }

    /// Keeps a bundle with the texts that its items and its template name.
    pub(super) fn keep(&self, bundle: &Bundle, texts: &Texts, template: &Template) -> Result<()> {
        let frame = template.to_kept();
        let hashes = bundle.context_items.iter().map(|item| item.content_hash.as_str());
        let running = Running::begin(self.progress, Task::Keep, texts.len(), None);
        let read = |hash: &str| match texts.contains(hash) {
            true => texts.get(hash).inspect(|text| running.advance(text.len() as u64)),
            // What else a bundle names is what it was counted with.
            false => Ok(frame.as_str().into()),
        };
        self.store.write_with_contents(hashes, read, |w| {
            w.keep_bundle(bundle)?;
            w.renew_bundle(&bundle.bundle_id, self.now).map(|_| ())
        })
    }
}

fn ready(bundle: Bundle, suspects: Vec<Suspect>, model: &Model, budget: Budget) -> Preparation {
    let status = budget.status(bundle.count());
    let window = model.window;
    Preparation::Ready(Box::new(Prepared { bundle, budget, status, window, suspects }))
}

/// Takes out as many items as are over the budget, those that matter least first, the last-named
/// before the first-named. Says whether any could go.
fn trim(material: &mut Material, attempt: &Attempt) -> bool {
    let mut order: Vec<usize> = (0..material.loaded.len()).collect();
    order.retain(|at| material.loaded[*at].priority != Priority::Required);
    order.sort_by_key(|at| (material.loaded[*at].priority, *at));
    let mut gone = Vec::new();
    let mut left = attempt.over_by();
    for at in order.into_iter().rev() {
        if left == 0 {
            break;
        }
        left = left.saturating_sub(attempt.measured.items[at].upper);
        gone.push(at);
    }
    gone.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
    for at in &gone {
        let item = material.loaded.remove(*at);
        material.skipped.push(Skipped {
            source: item.label(),
            reason: SkipReason::Trimmed,
            detail: None,
            token_count: Some(attempt.measured.items[*at].tokens),
            priority: Some(item.priority),
            item_type: Some(item.item_type),
        });
    }
    !gone.is_empty()
}

pub(super) fn over_budget(material: &Material, attempt: &Attempt) -> Result<OverBudget> {
    let counter = Counter::new(&material.model);
    let total = attempt.measured.total();
    Ok(OverBudget {
        model: material.model.name.clone(),
        exact: material.model.exact(),
        budget: material.budget.limit,
        total_tokens: total.tokens,
        total_tokens_upper: total.upper,
        over_by: attempt.over_by(),
        steps: steps(material, attempt, attempt.over_by(), &counter)?,
    })
}
