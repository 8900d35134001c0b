//! Rendering the briefing of a bundle, and keeping what was rendered.

use super::Context;
use super::draft;
use super::load::BundleFault;
use super::models::Model;
use super::texts::Texts;
use super::tokens::Counter;
use crate::briefing::{Template, TemplateKind};
use crate::error::Result;
use crate::model::{Bundle, Count, ItemType, KeptBriefing};
use crate::store::{GIVEN, content};
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;

/// A rendered briefing.
#[derive(Debug, Clone, Serialize, JsonSchema)]
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
    /// The upper end of that; equal where it is exact.
    pub tokens_upper: u64,
    /// False where the count is an estimate.
    pub exact: bool,
    /// The briefing itself; not in its JSON.
    #[serde(skip)]
    pub text: String,
}

impl Context<'_> {
    /// Renders a bundle from the contents in the store, by the very template it was counted with or
    /// by another, and keeps the rendering. The same bundle gives the same bytes, whatever became
    /// of the files and of the template.
    pub fn brief(&self, bundle: &Bundle, template: Option<&str>) -> Result<Briefing> {
        let texts = self.texts_of(bundle)?;
        self.guard_briefing(bundle, &texts)?;
        let template = match template {
            Some(name) => self.templates.get(TemplateKind::Briefing, name)?,
            None => kept_template(bundle, &texts)?,
        };
        self.guard_template(&template)?;
        let model = self.model(Some(&bundle.model))?;
        let measured = draft::measure(bundle, &texts, &template, &Counter::new(&model))?;
        let text = measured.text(bundle, &texts)?;
        let kept =
            KeptBriefing { briefing_hash: content::hash(text.as_bytes()), count: measured.total() };
        self.keep_rendering(Some(bundle), &kept, text.as_bytes(), &template.name)?;
        Ok(Briefing {
            bundle_id: bundle.bundle_id.clone(),
            template: template.name,
            briefing_hash: kept.briefing_hash,
            bytes: text.len() as u64,
            tokens: kept.count.tokens,
            tokens_upper: kept.count.upper,
            exact: bundle.exact,
            text,
        })
    }

    /// The briefing that goes with a deployment, kept: the given bytes, else the bundle's.
    pub fn handed_over(
        &self,
        bundle: Option<&Bundle>,
        given: Option<&[u8]>,
        model: Option<&str>,
    ) -> Result<Option<KeptBriefing>> {
        let Some(bytes) = given else {
            return bundle.map(|bundle| self.bundles_own(bundle, model)).transpose();
        };
        let name = model.or(bundle.map(|bundle| bundle.model.as_str()));
        // A deployment on a model that is not known is recorded all the same.
        let model = self.model(name).or_else(|_| self.model(None))?;
        let briefing_hash = content::hash(bytes);
        let count = self.count(bundle, bytes, &briefing_hash, &model)?;
        let kept = KeptBriefing { briefing_hash, count };
        self.keep_rendering(bundle, &kept, bytes, GIVEN)?;
        Ok(Some(kept))
    }

    /// A bundle's own briefing, counted for the model it goes to.
    fn bundles_own(&self, bundle: &Bundle, model: Option<&str>) -> Result<KeptBriefing> {
        let kept = self.briefing_of(bundle)?;
        let other = model.and_then(|model| self.model(Some(model)).ok());
        let model = other.map_or_else(|| self.model(Some(&bundle.model)), Ok)?;
        let text = self.store.read(|r| r.content(&kept.briefing_hash))?.unwrap_or_default();
        let count = self.count(Some(bundle), &text, &kept.briefing_hash, &model)?;
        Ok(KeptBriefing { count, ..kept })
    }

    /// Counts a briefing as what it is: item by item, where it is a rendering of the bundle.
    fn count(
        &self,
        bundle: Option<&Bundle>,
        bytes: &[u8],
        hash: &str,
        model: &Model,
    ) -> Result<Count> {
        let counter = Counter::new(model);
        let rendered = match bundle {
            Some(bundle) => {
                self.store.read(|r| r.briefing(&bundle.bundle_id, hash))?.zip(Some(bundle))
            }
            None => None,
        };
        let Some((rendered, bundle)) = rendered else {
            return Ok(counter.count(&String::from_utf8_lossy(bytes), "text"));
        };
        // What was rendered is kept with its count for the bundle's model; what was given, for any.
        if model.name == bundle.model && rendered.template != GIVEN {
            return Ok(rendered.kept.count);
        }
        let texts = self.texts_of(bundle)?;
        let template = match rendered.template == bundle.template {
            true => kept_template(bundle, &texts),
            false => self.templates.get(TemplateKind::Briefing, &rendered.template),
        };
        let measured = template.and_then(|it| draft::measure(bundle, &texts, &it, &counter));
        let is_it = |it: &draft::Measured| {
            it.text(bundle, &texts).is_ok_and(|text| text.as_bytes() == bytes)
        };
        match measured {
            Ok(measured) if is_it(&measured) => Ok(measured.total()),
            // A template that is gone or another now, or bytes from elsewhere.
            _ => Ok(counter.count(&String::from_utf8_lossy(bytes), "text")),
        }
    }

    /// A bundle with its items counted for the model it goes to; itself, where that is its own or not
    /// known.
    pub fn recounted<'b>(
        &self,
        bundle: &'b Bundle,
        model: Option<&str>,
    ) -> Result<Cow<'b, Bundle>> {
        let other = model.filter(|model| *model != bundle.model);
        let Some(other) = other.and_then(|model| self.model(Some(model)).ok()) else {
            return Ok(Cow::Borrowed(bundle));
        };
        let texts = self.texts_of(bundle)?;
        let template = kept_template(bundle, &texts)?;
        let measured = draft::measure(bundle, &texts, &template, &Counter::new(&other))?;
        let mut recounted = bundle.clone();
        for (item, count) in recounted.context_items.iter_mut().zip(&measured.items) {
            item.token_count = match item.item_type {
                ItemType::Briefing => measured.frame.tokens,
                _ => count.tokens,
            };
        }
        Ok(Cow::Owned(recounted))
    }

    /// The briefing last rendered from a bundle, else its own rendering.
    pub fn briefing_of(&self, bundle: &Bundle) -> Result<KeptBriefing> {
        match self.store.read(|r| r.latest_briefing(&bundle.bundle_id))? {
            Some(kept) => Ok(kept),
            None => {
                self.brief(bundle, None)?;
                let kept = self.store.read(|r| r.latest_briefing(&bundle.bundle_id))?;
                Ok(kept.expect("just kept"))
            }
        }
    }

    /// Whether tokens are counted exactly for a model, else for the bundle's.
    pub fn counts_exactly(&self, bundle: Option<&Bundle>, model: Option<&str>) -> bool {
        match (model, bundle) {
            (Some(model), Some(bundle)) if model == bundle.model => bundle.exact,
            (None, Some(bundle)) => bundle.exact,
            (Some(model), _) => self.model(Some(model)).is_ok_and(|model| model.exact()),
            (None, None) => false,
        }
    }

    fn keep_rendering(
        &self,
        bundle: Option<&Bundle>,
        kept: &KeptBriefing,
        bytes: &[u8],
        template: &str,
    ) -> Result<()> {
        let packed = self.store.pack([(kept.briefing_hash.as_str(), bytes)])?;
        if let Some(bundle) = bundle {
            self.check_kept(bundle)?;
        }
        self.store.write(|w| {
            w.keep_contents(&packed)?;
            match bundle {
                None => Ok(()),
                Some(bundle) => {
                    w.keep_bundle(bundle)?;
                    w.keep_briefing(&bundle.bundle_id, kept, template, self.now)
                }
            }
        })
    }
}

/// The template that a bundle was counted with, as it was then.
pub(super) fn kept_template(bundle: &Bundle, texts: &Texts) -> Result<Template> {
    let frame = bundle.context_items.iter().find(|it| it.item_type == ItemType::Briefing);
    let kept = frame.and_then(|frame| texts.held(&frame.content_hash));
    let template = kept.and_then(Template::from_kept);
    template.ok_or_else(|| {
        let (bundle, item) = (bundle.bundle_id.clone(), bundle.template.clone());
        BundleFault::NotKept { bundle, item }.into()
    })
}
