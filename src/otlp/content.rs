//! Texts on their way out: without secrets, not too long, in the form that the conventions give messages.

use crate::model::Allowance;
use crate::secrets::{self, Allowances};
use serde_json::json;

/// The most that is sent of one text, in bytes: receivers refuse requests of many megabytes.
const MOST: usize = 1 << 20;

/// What was done to texts.
pub struct Texts<'c> {
    allowances: Allowances<'c>,
    /// Secrets that were taken out.
    pub redacted: u64,
    /// Texts of which only the beginning is sent.
    pub cut: u64,
}

impl<'c> Texts<'c> {
    pub fn new(allow: &'c [Allowance]) -> Texts<'c> {
        Texts { allowances: Allowances::new(allow), redacted: 0, cut: 0 }
    }

    /// A text without its secrets. It was stored without them, unless it is older than that, or somebody
    /// said otherwise; that somebody did not speak of receivers.
    pub fn clean(&mut self, text: &[u8]) -> String {
        match secrets::redacted_bytes(text, |it| !self.allowances.allows(it, None)) {
            None => String::from_utf8_lossy(text).into_owned(),
            Some((bytes, findings)) => {
                self.redacted += findings.len() as u64;
                String::from_utf8_lossy(&bytes).into_owned()
            }
        }
    }

    /// What an agent was given, as the chat history it began with.
    pub fn input(&mut self, briefing: &[u8]) -> String {
        let parts = self.parts(briefing);
        json!([{ "role": "user", "parts": parts }]).to_string()
    }

    /// What it answered.
    pub fn output(&mut self, message: &[u8], failed: bool) -> String {
        let parts = self.parts(message);
        let reason = if failed { "error" } else { "stop" };
        json!([{ "role": "assistant", "parts": parts, "finish_reason": reason }]).to_string()
    }

    fn parts(&mut self, text: &[u8]) -> serde_json::Value {
        let mut text = self.clean(text);
        if text.len() > MOST {
            let whole = text.len();
            text.truncate((0..=MOST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0));
            text += &format!("\n[cut here: {} of {whole} bytes]", text.len());
            self.cut += 1;
        }
        json!([{ "type": "text", "content": text }])
    }
}
