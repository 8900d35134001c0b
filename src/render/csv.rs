//! Comma-separated values (RFC 4180) of a view's records: raw values, one line each.

use serde_json::Value;

/// A line of keys, then a line a record. A record that holds others has them as JSON.
pub(super) fn records(records: &[Value]) -> String {
    let mut keys: Vec<&str> = Vec::new();
    for key in records.iter().filter_map(Value::as_object).flat_map(|it| it.keys()) {
        if !keys.contains(&key.as_str()) {
            keys.push(key);
        }
    }
    let row = |record: &Value| line(keys.iter().map(|key| text(&record[*key])));
    let rows: String = records.iter().map(row).collect();
    match keys.is_empty() {
        true => String::new(),
        false => line(keys.iter().map(|key| (*key).to_owned())) + &rows,
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn line(values: impl Iterator<Item = String>) -> String {
    let quoted: Vec<String> = values.map(|value| quoted(&value)).collect();
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
    use serde_json::json;

    #[test]
    fn values_are_raw_quoted_and_no_formulas() {
        let records_of =
            [json!({"a": "x,y", "n": 40000}), json!({"a": "=1+1", "b": ["say \"x\""]})];
        assert_eq!(
            records(&records_of),
            "a,n,b\n\"x,y\",40000,\n'=1+1,,\"[\"\"say \\\"\"x\\\"\"\"\"]\"\n"
        );
        assert_eq!(records(&[]), "");
        assert_eq!(quoted("-12.5"), "-12.5");
    }
}
