//! How what was found looks.

use crate::history::search::Search;
use crate::render::{Cell, Document, Entry, View, status_tone, to_json};
use crate::store::{Hit, Place};
use serde_json::Value;

fn in_words(place: Place) -> &'static str {
    match place {
        Place::SessionScope | Place::Scope => "scope",
        Place::FinalMessage => "final message",
        Place::SessionError | Place::Error => "error",
        Place::Insight => "insight",
        Place::Deliverable => "deliverable",
        Place::Gate => "gate",
    }
}

impl View for Search {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        self.hits.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let entry = |it: &Hit| Entry {
            head: vec![
                match &it.execution_id {
                    Some(id) => id.clone().into(),
                    None => it.session_id.clone().into(),
                },
                it.agent_type.as_deref().unwrap_or("session").into(),
                Cell::toned(&it.status, status_tone(&it.status)),
                Cell::when(it.at),
            ],
            label: in_words(it.place).to_owned(),
            text: it.excerpt.clone(),
        };
        match self.hits.is_empty() {
            true => Document::new().text("nothing has any of these words"),
            false => Document::new().entries(self.hits.iter().map(entry).collect()),
        }
    }
}
