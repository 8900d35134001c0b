//! What came back: deliverables, validation results, insights and errors; and the reports on them.

use super::words::words;
use super::{ExecutionId, OutputId, ReportId, SessionId, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

words!(
    /// What kind of thing came back.
    OutputType {
        Deliverable = "deliverable",
        ValidationResult = "validation_result",
        Insight = "insight",
        Error = "error",
    }
);

/// One collected output as the record has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    pub output_id: OutputId,
    pub execution_id: ExecutionId,
    pub output_type: OutputType,
    /// By type: a [`Deliverable`], a [`Gate`], or `{"text": …}`.
    #[schemars(with = "serde_json::Map<String, Value>")]
    pub content: Value,
    /// When it was first collected.
    pub created_at: Timestamp,
    pub metadata: OutputMetadata,
}

impl Output {
    /// What it is a state of: a file's path, a gate's name, or a text itself.
    pub fn subject(&self) -> &str {
        let key = match self.output_type {
            OutputType::Deliverable => "file_path",
            OutputType::ValidationResult => "name",
            OutputType::Insight | OutputType::Error => "text",
        };
        self.content.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// Its content as a [`Deliverable`] or a [`Gate`]; none if another version wrote it in another
    /// shape: that is left to it.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_value(self.content.clone()).ok()
    }
}

/// Whose output it is, and what else it touches.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OutputMetadata {
    pub agent_type: String,
    pub model: Option<String>,
    /// Other files that the output touches on, as given.
    pub related_files: Vec<String>,
}

/// A file that a deployment was to produce, as it was found when it was collected.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Deliverable {
    /// As named, relative to the project root where it lies inside.
    pub file_path: String,
    /// Whether anything was there; only a regular file has a size and a hash.
    pub exists: bool,
    /// Bytes.
    pub size: Option<u64>,
    /// blake3 of the file.
    pub content_hash: Option<String>,
    /// Lines that are new since the deployment, by git; `None` where git cannot tell.
    pub lines_added: Option<u64>,
    /// Lines that replace others since the deployment, by git.
    pub lines_modified: Option<u64>,
    /// Lines removed without a replacement since the deployment, by git.
    pub lines_removed: Option<u64>,
    /// The gates reported with it, by name.
    pub validation: BTreeMap<String, GateResult>,
}

/// One quality gate and how it came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// Such as `tests` or `coverage`.
    pub name: String,
    /// How it came out.
    pub result: GateResult,
}

impl std::str::FromStr for Gate {
    type Err = String;

    /// `name:pass|fail|skip`, or `name:` and a number.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, result) = text
            .split_once(':')
            .filter(|(name, _)| !name.trim().is_empty())
            .ok_or_else(|| format!("'{text}' is no validation result: give name:pass, name:fail, name:skip or name:85"))?;
        Ok(Gate { name: name.trim().to_owned(), result: result.trim().parse()? })
    }
}

/// How a gate came out: a verdict, or a figure such as coverage in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub enum GateResult {
    /// `pass`
    Pass,
    /// `fail`
    Fail,
    /// `skip`: it did not run.
    Skip,
    /// A figure without a verdict.
    Number(f64),
}

impl std::str::FromStr for GateResult {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "pass" | "passed" | "ok" => Ok(Self::Pass),
            "fail" | "failed" => Ok(Self::Fail),
            "skip" | "skipped" => Ok(Self::Skip),
            other => match other.trim_end_matches('%').parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Self::Number(number)),
                _ => Err(format!("'{text}' is no result: give pass, fail, skip or a number")),
            },
        }
    }
}

impl std::fmt::Display for GateResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Pass => f.pad("pass"),
            Self::Fail => f.pad("fail"),
            Self::Skip => f.pad("skip"),
            Self::Number(number) => f.pad(&number.to_string()),
        }
    }
}

impl From<GateResult> for Value {
    fn from(result: GateResult) -> Value {
        match result {
            GateResult::Number(n) if n.fract() == 0.0 && n.abs() < 1e15 => Value::from(n as i64),
            GateResult::Number(n) => Value::from(n),
            verdict => Value::from(verdict.to_string()),
        }
    }
}

impl TryFrom<Value> for GateResult {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        match value {
            Value::String(text) => text.parse(),
            Value::Number(number) => Ok(Self::Number(number.as_f64().unwrap_or_default())),
            other => Err(format!("{other} is no gate result")),
        }
    }
}

/// A synthesis report that is kept in the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    pub report_id: ReportId,
    /// The session it is on.
    pub session_id: Option<SessionId>,
    pub created_at: Timestamp,
    /// The template it was rendered by.
    pub template: String,
    /// Length in bytes.
    pub bytes: u64,
    /// blake3 of the report's bytes, kept in the store.
    pub content_hash: String,
}
