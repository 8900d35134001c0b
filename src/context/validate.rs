//! Looking over a plan before anything is prepared: scope, files, dependencies.

use super::Context;
use super::budget::{Budget, BudgetRequest};
use super::draft;
use super::select::{Selectors, Wanted};
use super::tokens::Counter;
use crate::error::{Kind, Result};
use crate::model::{ItemType, Priority};
use crate::render::grouped;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// What to look over.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// What is to be done, in a sentence.
    pub scope: String,
    /// Files, directories, globs, `path#Heading`, `path:10-80`.
    pub context_files: Vec<PathBuf>,
    /// `A->B`: B needs what A returns.
    pub dependencies: Vec<Dependency>,
    /// The model to count for; the configuration's, else `sonnet`.
    pub model: Option<String>,
    /// The largest file taken whole, in bytes.
    pub max_file_size: Option<u64>,
    /// Read every file, also those that by size, times and inode are as they were.
    pub paranoid: bool,
}

/// `before->after`: the second needs what the first returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependency {
    /// The agent that returns something.
    pub before: String,
    /// The agent that needs it.
    pub after: String,
}

impl std::str::FromStr for Dependency {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let ends = text.split_once("->").map(|(before, after)| (before.trim(), after.trim()));
        match ends {
            Some((before, after))
                if !before.is_empty() && !after.is_empty() && !after.contains("->") =>
            {
                Ok(Dependency { before: before.to_owned(), after: after.to_owned() })
            }
            _ => Err(format!("'{text}' is no dependency: give A->B")),
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Serialize)]
pub struct Validation {
    /// Whether there are no `errors`.
    pub valid: bool,
    pub scope: String,
    /// One per path of the plan, in its order.
    pub files: Vec<CheckedFile>,
    /// Tokens of the bare texts, without what a briefing adds.
    pub total_tokens: u64,
    /// False where the counts are estimates.
    pub exact: bool,
    /// Which agents can run beside each other, in order; empty if there is a cycle.
    pub waves: Vec<Vec<String>>,
    /// The agents of a cycle, in order, the first again last; empty if there is none.
    pub cycle: Vec<String>,
    /// Why the plan cannot work, in sentences.
    pub errors: Vec<String>,
    /// What looks wrong, in sentences.
    pub warnings: Vec<String>,
}

impl Validation {
    /// Whether something named is not there, which scripts tell from a plan that cannot work.
    pub fn lacks_files(&self) -> bool {
        self.files.iter().any(|file| file.error.is_some())
    }
}

/// One path of the plan.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedFile {
    /// As it was named.
    pub path: String,
    /// Files it stands for: more than one for a directory or a glob.
    pub files: usize,
    /// What a bundle would leave out of them.
    pub skipped: usize,
    /// Tokens of the bare texts.
    pub tokens: u64,
    /// Why it cannot be included.
    pub error: Option<String>,
}

impl Context<'_> {
    /// Looks over a plan; writes nothing. What is wrong with the plan is in the result.
    pub fn validate(&self, plan: &Plan) -> Result<Validation> {
        let model = self.model(plan.model.as_deref())?;
        let counter = Counter::new(&model);
        let mut errors = Vec::new();
        if plan.scope.trim().is_empty() {
            errors.push("the scope is empty: say in a sentence what is to be done".to_owned());
        }
        let mut files = Vec::new();
        for path in &plan.context_files {
            files.push(self.check_file(path, plan, &counter)?);
        }
        errors.extend(files.iter().filter_map(|file| file.error.clone()));
        let (waves, cycle) = waves(&plan.dependencies);
        if !cycle.is_empty() {
            errors.push(format!("the dependencies go in a circle: {}", cycle.join(" -> ")));
        }
        let total_tokens = files.iter().map(|file| file.tokens).sum();
        let budget = Budget::of_briefing(BudgetRequest::default(), self.config, &model);
        let mut warnings = warnings(plan, &files);
        if total_tokens > budget.limit {
            let (limit, name) = (grouped(budget.limit), &model.name);
            warnings
                .push(format!("together they are over the budget of {limit} tokens for {name}"));
        }
        Ok(Validation {
            valid: errors.is_empty(),
            scope: plan.scope.clone(),
            total_tokens,
            exact: model.exact(),
            warnings,
            files,
            waves,
            cycle,
            errors,
        })
    }

    fn check_file(
        &self,
        path: &std::path::Path,
        plan: &Plan,
        counter: &Counter<'_>,
    ) -> Result<CheckedFile> {
        let wanted = Wanted {
            text: path.to_path_buf(),
            item_type: ItemType::File,
            priority: Priority::Required,
        };
        let (wanted, paranoid) = (vec![wanted], plan.paranoid);
        let selectors = Selectors { wanted, paranoid, ..Selectors::default() };
        let reading = self.read_selected(&selectors, plan.max_file_size);
        let counted = reading.and_then(|it| {
            let tokens = draft::bare(&it.loaded, &it.texts, counter)?.tokens;
            Ok((it.loaded.len(), it.skipped.len(), tokens))
        });
        let path = path.to_string_lossy().into_owned();
        match counted {
            Ok((files, skipped, tokens)) => {
                Ok(CheckedFile { path, files, skipped, tokens, error: None })
            }
            Err(error) if error.kind() == Kind::NotFound => {
                let hint = error.hint().filter(|hint| !hint.contains('\n'));
                let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                Ok(CheckedFile {
                    path,
                    files: 0,
                    skipped: 0,
                    tokens: 0,
                    error: Some(format!("{error}{hint}")),
                })
            }
            Err(error) => Err(error),
        }
    }
}

fn warnings(plan: &Plan, files: &[CheckedFile]) -> Vec<String> {
    let mut warnings = Vec::new();
    let words = plan.scope.split_whitespace().count();
    if (1..3).contains(&words) {
        warnings.push("the scope is very short: an agent that cannot ask needs more".to_owned());
    }
    if files.is_empty() {
        warnings.push("no context files: the agent would know nothing of the project".to_owned());
    }
    let mut seen = BTreeSet::new();
    for file in files.iter().filter(|file| !seen.insert(&file.path)) {
        warnings.push(format!("'{}' is named twice", file.path));
    }
    warnings
}

/// Who can run when: each wave needs only those before it. Or a cycle, if there is one.
fn waves(dependencies: &[Dependency]) -> (Vec<Vec<String>>, Vec<String>) {
    let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for Dependency { before, after } in dependencies {
        needs.entry(before).or_default();
        needs.entry(after).or_default().insert(before);
    }
    let mut waves = Vec::new();
    while !needs.is_empty() {
        let ready: Vec<&str> =
            needs.iter().filter(|(_, on)| on.is_empty()).map(|(name, _)| *name).collect();
        if ready.is_empty() {
            return (Vec::new(), cycle(&needs));
        }
        for name in &ready {
            needs.remove(name);
        }
        for on in needs.values_mut() {
            on.retain(|name| !ready.contains(name));
        }
        waves.push(ready.into_iter().map(str::to_owned).collect());
    }
    (waves, Vec::new())
}

/// Follows needs until a name comes again. Everyone in `needs` needs someone in it.
fn cycle(needs: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut path: Vec<&str> = Vec::new();
    let mut at = *needs.keys().next().expect("not empty");
    while !path.contains(&at) {
        path.push(at);
        at = needs[at].iter().find(|name| needs.contains_key(*name)).expect("someone in it");
    }
    let start = path.iter().position(|name| *name == at).expect("just found");
    let mut circle: Vec<String> = path[start..].iter().map(|name| (*name).to_owned()).collect();
    circle.push(at.to_owned());
    // Needs point backwards.
    circle.reverse();
    circle
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> (Vec<Vec<String>>, Vec<String>) {
        waves(&texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn waves_follow_the_arrows() {
        assert_eq!(of(&["A->B", "B->C", "A->D"]).0, [vec!["A"], vec!["B", "D"], vec!["C"]]);
        assert_eq!(of(&["A->B", "B->C", "C->A", "X->A"]).1, ["A", "B", "C", "A"]);
        assert_eq!(of(&["A->A"]).1, ["A", "A"]);
        for bad in ["A", "->B", "A->", "A->B->C"] {
            assert!(bad.parse::<Dependency>().is_err(), "{bad}");
        }
    }
}
