//! What there is to choose from: models, templates, kept bundles.

use crate::briefing::TemplateInfo;
use crate::context::models::ModelInfo;
use crate::render::{Cell, Column, Document, Table, View, grouped, to_json, tokens};
use crate::store::BundleRow;
use serde_json::{Value, json};

/// The models that can be counted for.
pub struct ModelList(pub Vec<ModelInfo>);

impl View for ModelList {
    fn json(&self) -> Value {
        json!({ "models": self.0 })
    }

    fn records(&self) -> Vec<Value> {
        self.0.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("family"),
            Column::right("window"),
            Column::left("tokenizer"),
            Column::left("count"),
            Column::wide("answers to"),
        ];
        let row = |it: &ModelInfo| {
            vec![
                it.family.clone().into(),
                grouped(it.window).into(),
                it.tokenizer.clone().into(),
                if it.exact { "exact" } else { "estimate" }.into(),
                it.matches.join(", ").into(),
            ]
        };
        Document::new().table(Table::new(columns, "no models").rows(self.0.iter().map(row)))
    }
}

/// The templates that can be rendered.
pub struct TemplateList(pub Vec<TemplateInfo>);

impl View for TemplateList {
    fn json(&self) -> Value {
        json!({ "templates": self.records() })
    }

    fn records(&self) -> Vec<Value> {
        let variables = |it: &TemplateInfo| -> Vec<Value> {
            it.variables.iter().map(|(name, what)| json!({ "name": name, "what": what })).collect()
        };
        let template = |it: &TemplateInfo| {
            json!({
                "name": it.name,
                "kind": it.kind.as_str(),
                "origin": it.origin.to_string(),
                "description": it.description,
                "variables": variables(it),
            })
        };
        self.0.iter().map(template).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("template"),
            Column::left("kind"),
            Column::left("from"),
            Column::wide("description"),
        ];
        let row = |it: &TemplateInfo| {
            vec![
                it.name.clone().into(),
                it.kind.as_str().into(),
                it.origin.to_string().into(),
                it.description.clone().into(),
            ]
        };
        let mut document =
            Document::new().table(Table::new(columns, "no templates").rows(self.0.iter().map(row)));
        let mut kinds_told = Vec::new();
        for it in &self.0 {
            if !kinds_told.contains(&it.kind) {
                kinds_told.push(it.kind);
                let fields = it.variables.iter().map(|(n, what)| (n.as_str(), what.clone().into()));
                let title = format!("Variables of a {} template", it.kind.as_str());
                document = document.heading(title).fields(fields.collect());
            }
        }
        document
    }
}

/// The kept bundles.
pub struct BundleList(pub Vec<BundleRow>);

impl View for BundleList {
    fn json(&self) -> Value {
        json!({ "bundles": self.0 })
    }

    fn records(&self) -> Vec<Value> {
        self.0.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("bundle"),
            Column::left("created"),
            Column::right("tokens"),
            Column::wide("agent"),
            Column::wide("scope"),
        ];
        let row = |it: &BundleRow| {
            vec![
                it.bundle_id.clone().into(),
                Cell::when(it.created_at),
                tokens(it.total_tokens, it.exact).into(),
                it.agent_type.clone().into(),
                it.scope.clone().into(),
            ]
        };
        Document::new().table(Table::new(columns, "no bundles yet").rows(self.0.iter().map(row)))
    }
}
