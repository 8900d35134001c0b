//! Secrets do not go out: a bundle or a briefing with one is refused, or the secret is taken out of it.
//!
//! What was found in a text is one of its facts; so nothing is scanned, or even read, that was before.

use super::Context;
use super::attempt::Material;
use super::prepare::Request;
use super::read::{Loaded, Reading};
use super::texts::{Learnt, Place, Texts};
use crate::briefing::{OwnWords, Template, TemplateKind};
use crate::error::{Fault, Kind, Result};
use crate::model::{Bundle, ContextItem, ItemType, Selection};
use crate::secrets::{self, Allowances, Confidence, Finding, Redacted};
use crate::store::content;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// Where in a bundle something was found that looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Suspect {
    /// The item's label, the option of the call, or the template's file.
    pub source: String,
    /// From 1: of the file, or of the sections that are taken of it.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The rule's id, as in `github-pat`.
    pub rule: String,
    /// What that is, in a few words.
    pub about: &'static str,
    /// What `sortie.toml` allows it by.
    pub fingerprint: String,
}

/// How many places are named.
const NAMED: usize = 10;

impl Suspect {
    fn of(finding: &Finding, source: &str, selection: &Selection) -> Suspect {
        let (label, before) = match selection {
            // Lines are told as the file counts them.
            Selection::Lines { first, .. } => (source.to_owned(), first.saturating_sub(1)),
            _ => (format!("{source}{}", selection.suffix()), 0),
        };
        Suspect {
            source: label,
            line: finding.line + before,
            column: finding.column,
            rule: finding.rule.clone(),
            about: finding.about(),
            fingerprint: finding.fingerprint.clone(),
        }
    }
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Suspect { source, line, column, rule, about, fingerprint } = self;
        write!(f, "{source}:{line}:{column}: {rule} ({about}), fingerprint {fingerprint}")
    }
}

/// The places, some of them named.
pub fn listed(suspects: &[Suspect]) -> String {
    let mut lines: Vec<String> = suspects.iter().take(NAMED).map(Suspect::to_string).collect();
    if suspects.len() > NAMED {
        lines.push(format!("… and {} more", suspects.len() - NAMED));
    }
    lines.join("\n")
}

/// Secrets where none may be.
#[derive(Debug, thiserror::Error)]
#[error("{}: nothing was written\n{}", many(suspects.len()), listed(suspects))]
pub struct SecretFault {
    pub suspects: Vec<Suspect>,
    /// Whether the call that failed can take them out.
    redacts: bool,
    /// Whether the first is in a template.
    in_template: bool,
}

fn many(count: usize) -> String {
    match count {
        1 => "a secret would be sent".to_owned(),
        count => format!("{count} secrets would be sent"),
    }
}

impl Fault for SecretFault {
    fn kind(&self) -> Kind {
        Kind::Secret
    }

    fn hint(&self) -> Option<String> {
        let first = self.suspects.first()?;
        let without = match (self.in_template, self.redacts) {
            (true, true) => "take it out of the template, or send it without (--redact)",
            (true, false) => "take it out of the template",
            (false, true) => "leave the file out, or send it without the secret (--redact)",
            (false, false) => "leave the file out, or prepare the bundle again with --redact",
        };
        Some(format!(
            "{without}; if it may be sent, say why in sortie.toml:\n[[secrets.allow]]\n\
             fingerprint = \"{}\"\nreason = \"…\"",
            first.fingerprint
        ))
    }
}

/// What of a bundle's items was found.
#[derive(Debug, Default)]
struct Found {
    /// Sure enough to refuse.
    secrets: Vec<Suspect>,
    /// Worth a warning.
    doubtful: Vec<Suspect>,
}

impl Context<'_> {
    fn allowances(&self) -> Allowances<'_> {
        Allowances::new(&self.config.secrets.allow)
    }

    /// Takes the secrets out of what was read. The texts without them are other texts: they are what is
    /// hashed, counted and kept.
    pub(super) fn redact(&self, reading: &mut Reading) -> Result<()> {
        let allowances = self.allowances();
        let texts = &reading.texts;
        let clean = |loaded: &Loaded| -> Result<Option<Redacted>> {
            let not_allowed = |it: &Finding| !allowances.allows(it, Some(&loaded.source));
            if !texts.facts(&loaded.content_hash)?.secrets.iter().any(not_allowed) {
                return Ok(None);
            }
            Ok(secrets::redacted(&texts.get(&loaded.content_hash)?, not_allowed))
        };
        let redacted: Vec<Option<Redacted>> =
            reading.loaded.par_iter().map(clean).collect::<Result<_>>()?;
        for (loaded, redacted) in reading.loaded.iter_mut().zip(redacted) {
            let Some(redacted) = redacted else { continue };
            loaded.content_hash = content::hash(redacted.text.as_bytes());
            loaded.bytes = redacted.text.len();
            loaded.redacted = redacted.findings.len() as u32;
            let place = Place::Held(redacted.text.into());
            reading.texts.add(loaded.content_hash.clone(), place, Learnt::default());
        }
        Ok(())
    }

    /// The request with the secrets taken out of its own words.
    pub(super) fn redacted_request(&self, request: &Request) -> Request {
        let allowances = self.allowances();
        let clean = |text: &String| {
            let redacted = secrets::redacted(text, |it| !allowances.allows(it, None));
            redacted.map_or_else(|| text.clone(), |it| it.text)
        };
        Request {
            scope: clean(&request.scope),
            role: request.role.as_ref().map(clean),
            constraints: request.constraints.iter().map(clean).collect(),
            expected_output: request.expected_output.as_ref().map(clean),
            ..request.clone()
        }
    }

    /// A template without the secrets that stand in its own words.
    pub(super) fn redacted_template(&self, template: Template) -> Template {
        let allowances = self.allowances();
        template.reworded(|words| {
            let source = self.source_of(words);
            let told = |it: &Finding| is_refused(it) && !allowances.allows(it, Some(&source));
            secrets::redacted(words.text, told).map(|it| it.text)
        })
    }

    /// The briefing template of that name, if no secret stands in its own words.
    pub(super) fn clean_template(&self, name: &str) -> Result<Template> {
        let template = self.templates.get(TemplateKind::Briefing, name)?;
        self.guard_template(&template)?;
        Ok(template)
    }

    /// Refuses a template in whose own words there are secrets.
    pub(super) fn guard_template(&self, template: &Template) -> Result<()> {
        refuse(Vec::new(), self.in_template(template), false)
    }

    /// What of a draft would be refused.
    pub(super) fn secrets(&self, draft: &Bundle, material: &Material) -> Result<Vec<Suspect>> {
        let mut secrets = self.found(draft, &material.texts, |_| true)?.secrets;
        secrets.extend(self.in_template(&material.template));
        Ok(secrets)
    }

    /// Refuses what is drafted if it has secrets; notes what is doubtful with each text that is loaded.
    pub(super) fn guard(&self, draft: &Bundle, material: &mut Material) -> Result<()> {
        let found = self.found(draft, &material.texts, |_| true)?;
        refuse(found.secrets, self.in_template(&material.template), true)?;
        for loaded in &mut material.loaded {
            let label = loaded.label();
            let own =
                found.doubtful.iter().filter(|it| it.source == loaded.source || it.source == label);
            loaded.suspected = own.count() as u32;
        }
        Ok(())
    }

    /// Refuses to render a bundle that has secrets.
    pub(super) fn guard_briefing(&self, bundle: &Bundle, texts: &Texts) -> Result<()> {
        refuse(self.found(bundle, texts, |_| true)?.secrets, Vec::new(), false)
    }

    /// The secrets in a template's own words. What may be none is not told: its places are filled later.
    fn in_template(&self, template: &Template) -> Vec<Suspect> {
        let allowances = self.allowances();
        let found = template.own_words().into_iter().flat_map(|words| {
            let source = self.source_of(words);
            let mut told = secrets::scan(words.text);
            told.retain(|it| is_refused(it) && !allowances.allows(it, Some(&source)));
            let suspect = |it: &Finding| Suspect::of(it, &source, &Selection::Whole);
            told.iter().map(suspect).collect::<Vec<_>>()
        });
        found.collect()
    }

    /// What a text of a template is called.
    fn source_of(&self, words: OwnWords<'_>) -> String {
        match (words.partial, words.file) {
            (Some(name), _) => format!("{{{{> {name}}}}}"),
            (None, Some(path)) => self.root.name(&self.root.absolute(path)),
            (None, None) => "the template".to_owned(),
        }
    }

    /// The places in a bundle that may be secrets, in the items that are said to have any.
    pub(super) fn suspects(&self, bundle: &Bundle, texts: &Texts) -> Result<Vec<Suspect>> {
        if bundle.context_items.iter().all(|item| item.suspected == 0) {
            return Ok(Vec::new());
        }
        Ok(self.found(bundle, texts, |item| item.suspected > 0)?.doubtful)
    }

    fn found(
        &self,
        bundle: &Bundle,
        texts: &Texts,
        asked: impl Fn(&ContextItem) -> bool + Sync,
    ) -> Result<Found> {
        let allowances = self.allowances();
        let of_item = |item: &ContextItem| -> Result<Vec<(Finding, Suspect)>> {
            let facts = texts.facts(&item.content_hash)?;
            let told = facts.secrets.iter().filter(|it| !allowances.allows(it, Some(&item.source)));
            let pair = |it: &Finding| (it.clone(), Suspect::of(it, &item.source, &item.selection));
            Ok(told.map(pair).collect())
        };
        let items: Vec<&ContextItem> = bundle
            .context_items
            .iter()
            .filter(|item| item.item_type != ItemType::Briefing && asked(item))
            .collect();
        let of_items: Vec<Vec<(Finding, Suspect)>> =
            items.par_iter().map(|item| of_item(item)).collect::<Result<_>>()?;
        let mut found = Found::default();
        let all = of_items.into_iter().flatten().chain(in_words(bundle, &allowances));
        let mut seen = BTreeSet::new();
        for (finding, suspect) in all {
            // The same file twice is one place.
            if !seen.insert(suspect.to_string()) {
                continue;
            }
            match finding.confidence {
                Confidence::High => found.secrets.push(suspect),
                Confidence::Medium => found.doubtful.push(suspect),
            }
        }
        Ok(found)
    }
}

/// Whether it is sure enough to refuse what it stands in.
fn is_refused(finding: &Finding) -> bool {
    finding.confidence == Confidence::High
}

fn refuse(of_bundle: Vec<Suspect>, of_template: Vec<Suspect>, redacts: bool) -> Result<()> {
    let in_template = of_bundle.is_empty();
    let suspects = [of_bundle, of_template].concat();
    match suspects.is_empty() {
        true => Ok(()),
        false => Err(SecretFault { suspects, redacts, in_template }.into()),
    }
}

/// What is in a bundle's own words: scope, role, rules.
fn in_words(bundle: &Bundle, allowances: &Allowances<'_>) -> Vec<(Finding, Suspect)> {
    let options = [("--scope", Some(&bundle.scope)), ("--role", bundle.role.as_ref())];
    let constraints = bundle.constraints.iter().map(|it| ("--constraint", Some(it)));
    let expected = [("--expect", bundle.expected_output.as_ref())];
    let words = options.into_iter().chain(constraints).chain(expected);
    let given = words.filter_map(|(option, text)| text.map(|text| (option, text)));
    let found = given.flat_map(|(option, text)| {
        let told = secrets::scan(text).into_iter().filter(|it| !allowances.allows(it, None));
        told.map(move |it| {
            let suspect = Suspect::of(&it, option, &Selection::Whole);
            (it, suspect)
        })
    });
    found.collect()
}
