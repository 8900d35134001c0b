//! A list that may go on.

use super::view::{Document, View};
use serde_json::Value;

/// A list and the row behind which it continues; its JSON says so as `next`, `null` at the end.
pub struct Paged<'a> {
    pub list: &'a dyn View,
    pub next: Option<String>,
}

impl View for Paged<'_> {
    fn json(&self) -> Value {
        let mut json = self.list.json();
        if let Value::Object(fields) = &mut json {
            fields.insert("next".to_owned(), self.next.clone().into());
        }
        json
    }

    fn records(&self) -> Vec<Value> {
        self.list.records()
    }

    fn document(&self) -> Document {
        self.list.document()
    }
}
