//! An item's text as a briefing writes it: with a line in place of each block that stands elsewhere.

use super::facts::Facts;
use super::texts::Texts;
use crate::briefing::{Content, boundary_of, longest_backticks, reference_line, with_references};
use crate::error::Result;
use crate::model::{BlockReference, ContextItem};
use crate::store::content;
use std::borrow::Cow;
use std::sync::Arc;

/// A text on its way into a briefing, not in memory.
pub struct Sent<'t> {
    texts: &'t Texts,
    facts: Arc<Facts>,
    content_hash: &'t str,
    /// Empty where it is sent in full.
    references: &'t [BlockReference],
}

impl<'t> Sent<'t> {
    pub fn new(texts: &'t Texts, item: &'t ContextItem, facts: Arc<Facts>) -> Self {
        Sent { texts, facts, content_hash: &item.content_hash, references: &item.references }
    }

    /// The same without references.
    pub fn in_full(texts: &'t Texts, item: &'t ContextItem, facts: Arc<Facts>) -> Self {
        Sent { references: &[], ..Sent::new(texts, item, facts) }
    }

    fn line(&self, reference: &BlockReference) -> String {
        reference_line(reference, self.facts.brackets, self.facts.ends_line(reference))
    }
}

impl Content for Sent<'_> {
    fn bytes(&self) -> usize {
        let change = |it: &BlockReference| (self.line(it).len(), (it.end - it.start) as usize);
        let changes = self.references.iter().map(change);
        changes.fold(self.facts.bytes, |bytes, (line, block)| bytes + line - block)
    }

    fn lacks_newline(&self) -> bool {
        self.facts.lacks_newline
    }

    fn longest_backticks(&self) -> usize {
        let lines = self.references.iter().map(|it| longest_backticks(&it.same_as));
        lines.fold(self.facts.backticks, usize::max)
    }

    fn boundary(&self) -> Result<Cow<'_, str>> {
        if self.references.is_empty() {
            return Ok(Cow::Borrowed(&self.facts.boundary));
        }
        let text = self.read()?;
        Ok(boundary_of(&text, &content::hash(text.as_bytes())).into())
    }

    fn read(&self) -> Result<Cow<'_, str>> {
        let text = self.texts.get(self.content_hash)?;
        Ok(with_references(&text, self.references).into_owned().into())
    }
}
