//! Rendering the briefing of a bundle, and keeping what was rendered.

use super::Context;
use super::draft::{self, Measured};
use super::tokens::Counter;
use crate::briefing::TemplateKind;
use crate::error::Result;
use crate::model::Bundle;
use crate::store::content;
use serde::Serialize;

/// A rendered briefing.
#[derive(Debug, Clone, Serialize)]
pub struct Briefing {
    pub bundle_id: crate::model::BundleId,
    /// The template it was rendered by.
    pub template: String,
    /// blake3 of the text, which the store has under it.
    pub briefing_hash: String,
    /// Length of the text in bytes.
    pub bytes: u64,
    /// Tokens of this very text by the bundle's model.
    pub tokens: u64,
    /// False where the count is an estimate.
    pub exact: bool,
    /// The briefing itself; not in its JSON.
    #[serde(skip)]
    pub text: String,
}

impl Context<'_> {
    /// Renders a bundle from the contents in the store, with its own template or another, and keeps
    /// the rendering. The same bundle and template give the same bytes, whatever became of the files.
    pub fn brief(&self, bundle: &Bundle, template: Option<&str>) -> Result<Briefing> {
        let texts = self.texts_of(bundle)?;
        let name = template.unwrap_or(&bundle.template);
        let template = self.templates.get(TemplateKind::Briefing, name)?;
        let model = self.model(Some(&bundle.model))?;
        let measured = draft::measure(bundle, &texts, &template, &Counter::new(&model))?;
        let tokens = measured.total().tokens;
        self.keep_briefing(bundle, &template.name, measured, tokens)
    }

    fn keep_briefing(
        &self,
        bundle: &Bundle,
        template: &str,
        measured: Measured,
        tokens: u64,
    ) -> Result<Briefing> {
        let text = measured.text;
        let briefing_hash = content::hash(text.as_bytes());
        let packed = self.store.pack([(briefing_hash.as_str(), text.as_bytes())])?;
        self.store.write(|w| {
            w.keep_bundle(bundle)?;
            w.keep_contents(&packed)?;
            w.keep_briefing(&bundle.bundle_id, &briefing_hash, template, self.now)
        })?;
        Ok(Briefing {
            bundle_id: bundle.bundle_id.clone(),
            template: template.to_owned(),
            briefing_hash,
            bytes: text.len() as u64,
            tokens,
            exact: bundle.exact,
            text,
        })
    }
}
