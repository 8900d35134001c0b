//! Comma-separated values (RFC 4180): the tables of a document; its fields as a table of two.

use super::view::{Block, Cell, Document};

/// The tables, or, where there is none, the fields.
pub(super) fn document(document: &Document) -> String {
    let tables = document.blocks.iter().filter_map(|block| match block {
        Block::Table(table) => {
            let titles: Vec<&str> = table.columns.iter().map(|it| it.title.as_str()).collect();
            let mut lines = vec![line(titles)];
            lines.extend(table.rows.iter().map(|row| line(texts(row))));
            Some(lines.concat())
        }
        _ => None,
    });
    let tables: Vec<String> = tables.collect();
    match tables.is_empty() {
        false => tables.join("\n"),
        true => fields(document),
    }
}

fn fields(document: &Document) -> String {
    let pairs = document.blocks.iter().flat_map(|block| match block {
        Block::Fields(fields) => fields.as_slice(),
        _ => &[],
    });
    let rows = pairs.map(|(name, value)| line(vec![name, &value.text]));
    std::iter::once(line(vec!["field", "value"])).chain(rows).collect()
}

fn texts(row: &[Cell]) -> Vec<&str> {
    row.iter().map(|cell| cell.text.as_str()).collect()
}

fn line(values: Vec<&str>) -> String {
    let quoted: Vec<String> = values.into_iter().map(quoted).collect();
    quoted.join(",") + "\n"
}

/// Quoted where it must be; a text that a spreadsheet would run as a formula is made text.
fn quoted(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r'])
        && value.len() > 1
        && value.parse::<f64>().is_err();
    let value = if formula { format!("'{value}") } else { value.to_owned() };
    match value.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", value.replace('"', "\"\"")),
        false => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_and_formulas_are_text() {
        assert_eq!(quoted("a,b"), "\"a,b\"");
        assert_eq!(quoted("say \"x\""), "\"say \"\"x\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
        assert_eq!(quoted("-12.5"), "-12.5");
        assert_eq!(quoted("-"), "-");
    }
}
