//! The table of collected outputs, which more than one area shows.

use super::cells::{Cell, Column, Table, Tone};
use super::figures::counted;
use super::states::gate_tone;
use crate::model::{Output, OutputType};
use serde_json::Value;

/// Outputs of one or several executions.
pub fn output_table(outputs: &[Output]) -> Table {
    let columns = vec![
        Column::left("execution"),
        Column::left("type"),
        Column::left("collected"),
        Column::wide("content"),
    ];
    let row = |it: &Output| {
        vec![
            it.execution_id.clone().into(),
            it.output_type.into(),
            Cell::when(it.created_at),
            in_words(it),
        ]
    };
    Table::new(columns, "none on record").rows(outputs.iter().map(row))
}

fn in_words(output: &Output) -> Cell {
    let text = |key: &str| output.content.get(key).and_then(Value::as_str).unwrap_or_default();
    match output.output_type {
        OutputType::Insight => text("text").into(),
        OutputType::Error => Cell::toned(text("text"), Tone::Bad),
        OutputType::ValidationResult => {
            let result = output.content.get("result").map(|it| it.to_string().replace('"', ""));
            let result = result.unwrap_or_default();
            Cell::toned(format!("{}: {result}", text("name")), gate_tone(&result))
        }
        OutputType::Deliverable => {
            let number = |key: &str| output.content.get(key).and_then(Value::as_u64);
            let lines = match (number("lines_added"), number("lines_modified")) {
                (Some(added), Some(modified)) => {
                    format!(" (+{}, {modified} modified)", counted(added as usize, "line", "lines"))
                }
                _ => String::new(),
            };
            match output.content.get("exists").and_then(Value::as_bool) {
                Some(false) => Cell::toned(format!("{} (missing)", text("file_path")), Tone::Bad),
                _ => format!("{}{lines}", text("file_path")).into(),
            }
        }
    }
}
