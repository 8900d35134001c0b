//! How this area's results look.

use crate::model::{Output, Report};
use crate::outputs::Collected;
use crate::outputs::context::SynthesisContext;
use crate::outputs::verify::{DeliverableState, Verdict, Verification};
use crate::render::{
    Cell, Column, Document, Table, Tone, View, counted, grouped, output_table, to_json, tokens,
    valid_cell,
};
use serde_json::{Value, json};

impl View for Collected {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        Document::new()
            .fields(vec![
                ("execution", self.execution_id.clone().into()),
                ("collected", counted(self.outputs.len(), "output", "outputs").into()),
                ("new", grouped(self.added as u64).into()),
            ])
            .table(output_table(&self.outputs))
    }

    fn id(&self) -> Option<String> {
        Some(self.execution_id.to_string())
    }
}

/// A list of outputs.
pub struct OutputList(pub Vec<Output>);

impl View for OutputList {
    fn json(&self) -> Value {
        json!({ "outputs": self.0 })
    }

    fn records(&self) -> Vec<Value> {
        self.0.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        Document::new().table(output_table(&self.0))
    }
}

impl View for Verification {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let columns = vec![Column::left("state"), Column::wide("file"), Column::left("execution")];
        let row = |it: &DeliverableState| {
            let tone = match it.state {
                Verdict::Unchanged => Tone::Good,
                Verdict::Changed | Verdict::Appeared | Verdict::Outside => Tone::Warning,
                Verdict::Gone | Verdict::Missing => Tone::Bad,
            };
            let state = Cell::toned(it.state.as_str(), tone);
            vec![state, it.file_path.clone().into(), it.execution_id.clone().into()]
        };
        let table = Table::new(columns, "no deliverables on record");
        let verdict = match self.valid && self.deliverables.is_empty() {
            true => Cell::toned("nothing delivered to verify", Tone::Warning),
            false => valid_cell(self.valid),
        };
        let document = Document::new()
            .fields(vec![("session", self.session_id.clone().into()), ("outputs", verdict)])
            .table(table.rows(self.deliverables.iter().map(row)));
        match self.failed_gates.is_empty() {
            true => document,
            false => document.heading("Failed gates").text(self.failed_gates.join("\n")),
        }
    }
}

/// The kept reports.
pub struct ReportList(pub Vec<Report>);

impl View for ReportList {
    fn json(&self) -> Value {
        json!({ "reports": self.0 })
    }

    fn records(&self) -> Vec<Value> {
        self.0.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::left("report"),
            Column::left("written"),
            Column::right("bytes"),
            Column::left("template"),
            Column::wide("session"),
        ];
        let row = |it: &Report| {
            vec![
                it.report_id.clone().into(),
                Cell::when(it.created_at),
                grouped(it.bytes).into(),
                it.template.clone().into(),
                Cell::or_dash(it.session_id.clone()),
            ]
        };
        Document::new().table(Table::new(columns, "no reports yet").rows(self.0.iter().map(row)))
    }
}

/// The figures of a report, and its agents.
impl View for SynthesisContext {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn document(&self) -> Document {
        let columns = vec![
            Column::wide("agent"),
            Column::left("execution"),
            Column::left("status"),
            Column::right("took"),
            Column::right("tokens"),
        ];
        let agents = self.agents.iter().map(|it| {
            let exact = it.context_tokens_exact;
            vec![
                it.agent_type.clone().into(),
                Cell::or_dash(it.execution_id.clone()),
                Cell::or_dash(it.status),
                Cell::or_dash(it.duration.clone()),
                Cell::or_dash(it.context_tokens.map(|count| tokens(count, exact))),
            ]
        });
        let against = self.previous.iter().map(|it| it.sentence.clone());
        let said: Vec<String> =
            [self.summary.headline.clone()].into_iter().chain(against).collect();
        let document = Document::new()
            .text(said.join("\n"))
            .table(Table::new(columns, "no agents").rows(agents));
        match self.recommendations.is_empty() {
            true => document,
            false => document.heading("Recommendations").text(self.recommendations.join("\n")),
        }
    }
}
