//! Two bundles, or what two deployments were given, beside each other.

use crate::context::compare::{BundleDiff, Change, ItemChange, ItemChanges, Property};
use crate::render::{
    Cell, Column, Document, Side, Table, Tone, View, grouped, grouped_signed, sides, tally,
    to_json, tokens,
};
use serde_json::Value;

/// What a change means to the reader.
fn change_cell(change: Change) -> Cell {
    let tone = match change {
        Change::Added => Tone::Good,
        Change::Removed => Tone::Bad,
        Change::Changed => Tone::Warning,
        Change::Same => Tone::Faint,
    };
    Cell::toned(change.as_str(), tone)
}

/// “1 changed, 2 added, 1 removed, 5 the same”.
pub(crate) fn changes_in_words(changes: &ItemChanges) -> String {
    let counts = [
        (changes.changed, "changed"),
        (changes.added, "added"),
        (changes.removed, "removed"),
        (changes.same, "the same"),
    ];
    tally(counts).unwrap_or_else(|| "no items".to_owned())
}

/// The items that are not the same: what changed, what came, what went.
pub(crate) fn change_table(changes: &ItemChanges, exact: bool) -> Table {
    let columns = vec![
        Column::left("item"),
        Column::right("tokens A"),
        Column::right("tokens B"),
        Column::right("B − A"),
        Column::left("type"),
        Column::wide("source"),
    ];
    let row = |it: &ItemChange| {
        let difference = it.tokens_b.unwrap_or(0) as i64 - it.tokens_a.unwrap_or(0) as i64;
        vec![
            change_cell(it.change),
            Cell::or_dash(it.tokens_a.map(|count| tokens(count, exact))),
            Cell::or_dash(it.tokens_b.map(|count| tokens(count, exact))),
            signed(difference).into(),
            it.item_type.into(),
            it.source.clone().into(),
        ]
    };
    let of = |change| changes.items.iter().filter(move |it| it.change == change);
    let listed = [Change::Changed, Change::Added, Change::Removed].into_iter().flat_map(of);
    Table::new(columns, "the same texts in both").rows(listed.map(row))
}

fn signed(number: i64) -> String {
    let plus = if number > 0 { "+" } else { "" };
    format!("{plus}{}", grouped_signed(number))
}

impl View for BundleDiff {
    fn json(&self) -> Value {
        to_json(self)
    }

    fn records(&self) -> Vec<Value> {
        self.context.items.iter().map(to_json).collect()
    }

    fn document(&self) -> Document {
        let mut rows = vec![Side::new("bundle", self.a.clone(), self.b.clone())];
        rows.extend(
            self.properties.iter().filter(|it| is_shown(it)).map(|it| side(it, self.exact)),
        );
        let difference = signed(self.context.tokens_difference);
        Document::new()
            .table(sides(rows))
            .text(format!("items: {}; {difference} tokens", changes_in_words(&self.context)))
            .table(change_table(&self.context, self.exact))
    }
}

/// What both bundles always say, and whatever else differs.
fn is_shown(property: &Property) -> bool {
    let always = ["agent_type", "scope", "created_at", "model", "total_tokens", "budget"];
    let never = property.name == "total_tokens_upper";
    !never && (always.contains(&property.name) || !property.same)
}

fn side(property: &Property, exact: bool) -> Side {
    let name = match property.name {
        "agent_type" => "agent",
        "created_at" => "prepared",
        "total_tokens" => "tokens",
        "expected_output" => "expects",
        name => name,
    };
    let text = |value: &Value, other: &Value| match value {
        Value::Array(values) => {
            let others = other.as_array().map(Vec::as_slice).unwrap_or_default();
            let own = values.iter().filter(|it| !others.contains(it));
            let own: Vec<&str> = own.filter_map(Value::as_str).collect();
            Cell::from(own.join("; "))
        }
        value => value_cell(property.name, value, exact),
    };
    Side::new(name, text(&property.a, &property.b), text(&property.b, &property.a))
}

fn value_cell(name: &str, value: &Value, exact: bool) -> Cell {
    match value {
        Value::String(text) if name == "created_at" => match text.parse() {
            Ok(at) => Cell::when(at),
            Err(_) => text.into(),
        },
        Value::String(text) => text.into(),
        Value::Number(number) => match (name, number.as_u64()) {
            ("total_tokens", Some(count)) => tokens(count, exact).into(),
            (_, Some(count)) => grouped(count).into(),
            _ => number.into(),
        },
        Value::Null => Cell::from(""),
        other => other.into(),
    }
}
