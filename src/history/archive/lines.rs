//! The format: one record a line, tagged by `record`; a head first, an end last.
//!
//! A record stands behind what it refers to. Its fields are those of the model; `seq` is its place
//! among the others of its kind, which tells what came first within a millisecond. Bytes stand as
//! text where they are UTF-8, else as base64 in a field of that name. A field or a kind of record
//! more is a new format: what does not know it would lose it.

use crate::model::{
    Allocation, Bundle, BundleId, Capture, CompletionVersion, Count, ExecutionRecord,
    ExecutionStatus, ExecutionUsage, KeptBriefing, Output, Report, SessionRecord, Timestamp,
    is_countable, is_id,
};
use crate::render::to_json;
use crate::store::{Amounts, BriefingRow, content};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The version of the format that this program writes, and the newest it reads.
pub const FORMAT: u32 = 2;

/// The largest place a record may claim: far above any history, far below what SQLite can count.
const LAST_PLACE: i64 = 1 << 48;

/// What begins every export.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Head {
    pub format: u32,
    /// The program that wrote it.
    pub sortie: String,
    /// The schema of the database it came from.
    pub schema: u32,
    pub exported_at: Timestamp,
}

/// What ends every export: how much there was of each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct End {
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// A text or any other bytes, under their hash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContentLine {
    /// blake3 of the bytes.
    pub content_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// A bundle with its manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BundleLine {
    pub seq: i64,
    /// When it was last prepared.
    pub prepared_at: Timestamp,
    pub manifest: Bundle,
}

/// A rendering of a bundle.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BriefingLine {
    pub seq: i64,
    pub bundle_id: BundleId,
    pub briefing_hash: String,
    pub template: String,
    pub token_count: u64,
    pub tokens_upper: u64,
    pub created_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionLine {
    pub seq: i64,
    #[serde(flatten)]
    pub session: SessionRecord,
}

/// An execution with what it was given and the completions that amendments replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExecutionLine {
    pub seq: i64,
    /// Without its message, which stands below, byte for byte.
    #[serde(flatten)]
    pub execution: ExecutionRecord,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_message_base64: Option<String>,
    pub earlier_completions: Vec<VersionLine>,
    /// In the bundle's order.
    pub allocations: Vec<Allocation>,
    /// What its harness told of it; since format 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<CaptureLine>,
    /// What it used; since format 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<ExecutionUsage>,
}

/// What a harness told of an execution, and the texts that it is told with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaptureLine {
    #[serde(flatten)]
    pub capture: Capture,
    pub contents: Vec<String>,
}

/// A completion that an amendment replaced.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VersionLine {
    pub version: u32,
    pub replaced_at: Timestamp,
    pub completed_at: Timestamp,
    pub status: ExecutionStatus,
    pub error_message: Option<String>,
    pub deliverables: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_message_base64: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutputLine {
    pub seq: i64,
    #[serde(flatten)]
    pub output: Output,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReportLine {
    pub seq: i64,
    #[serde(flatten)]
    pub report: Report,
}

/// Any line.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "record", rename_all = "lowercase")]
pub enum Line {
    Head(Head),
    Content(ContentLine),
    Bundle(Box<BundleLine>),
    Briefing(BriefingLine),
    Session(SessionLine),
    Execution(Box<ExecutionLine>),
    Output(OutputLine),
    Report(ReportLine),
    End(End),
}

/// What a line says it is; read first, because a long line should not be read into a tree.
#[derive(Deserialize)]
struct Tag {
    record: String,
}

impl Line {
    /// Reads a line and holds it against itself: hashes, lengths, places.
    pub fn parse(text: &[u8]) -> Result<Line, String> {
        let tag: Tag = read(text)?;
        let line = match tag.record.as_str() {
            "head" => Line::Head(read(text)?),
            "content" => Line::Content(read(text)?),
            "bundle" => Line::Bundle(read(text)?),
            "briefing" => Line::Briefing(read(text)?),
            "session" => Line::Session(read(text)?),
            "execution" => Line::Execution(read(text)?),
            "output" => Line::Output(read(text)?),
            "report" => Line::Report(read(text)?),
            "end" => Line::End(read(text)?),
            other => return Err(format!("'{}' is no kind of record", other.escape_debug())),
        };
        if !line.is_countable() {
            return Err("it has a number that counts nothing".to_owned());
        }
        match line.place() {
            Some(seq) if !(1..=LAST_PLACE).contains(&seq) => Err(format!("seq {seq} is no place")),
            _ => line.check().map(|()| line),
        }
    }

    fn place(&self) -> Option<i64> {
        match self {
            Self::Head(_) | Self::Content(_) | Self::End(_) => None,
            Self::Bundle(it) => Some(it.seq),
            Self::Briefing(it) => Some(it.seq),
            Self::Session(it) => Some(it.seq),
            Self::Execution(it) => Some(it.seq),
            Self::Output(it) => Some(it.seq),
            Self::Report(it) => Some(it.seq),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self {
            Self::Content(it) => match content::hash(&it.bytes()?) == it.content_hash {
                true => Ok(()),
                false => Err(format!("content {} does not match its hash", it.content_hash)),
            },
            Self::Execution(it) => {
                let bytes = it.message()?.map(|message| message.len() as u64);
                for version in &it.earlier_completions {
                    version.message()?;
                }
                it.check_allocations()?;
                match bytes == it.execution.final_message_bytes {
                    true => Ok(()),
                    false => Err(format!(
                        "the final message of {} is not as long as it says",
                        it.execution.execution_id
                    )),
                }
            }
            _ => Ok(()),
        }
    }

    /// Whether what it counts can be added up and kept; what callers keep with a session is theirs.
    fn is_countable(&self) -> bool {
        match self {
            Self::Bundle(it) => is_countable(&to_json(&it.manifest)),
            Self::Briefing(it) => is_countable(&to_json(it)),
            Self::Report(it) => is_countable(&to_json(it)),
            Self::Execution(it) => {
                let counts = ExecutionRecord { final_message: None, ..it.execution.clone() };
                is_countable(&to_json(&counts)) && is_countable(&to_json(&it.allocations))
            }
            Self::Head(_)
            | Self::Content(_)
            | Self::Session(_)
            | Self::Output(_)
            | Self::End(_) => true,
        }
    }

    /// Adds this record to `amounts`, if it is one that is counted.
    pub fn count(&self, amounts: &mut Amounts) {
        let of = match self {
            Self::Head(_) | Self::End(_) => return,
            Self::Content(_) => &mut amounts.contents,
            Self::Bundle(_) => &mut amounts.bundles,
            Self::Briefing(_) => &mut amounts.briefings,
            Self::Session(_) => &mut amounts.sessions,
            Self::Execution(_) => &mut amounts.executions,
            Self::Output(_) => &mut amounts.outputs,
            Self::Report(_) => &mut amounts.reports,
        };
        *of += 1;
    }
}

fn read<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    serde_json::from_slice(text).map_err(|error| {
        // It is always line 1 of the text at hand; the file's line is told beside it.
        let why = error.to_string();
        match why.split_once(" at line ") {
            Some((why, _)) => format!("{why} at column {}", error.column()),
            None => why,
        }
    })
}

/// Bytes as text, or else as base64.
fn apart(bytes: Vec<u8>) -> (Option<String>, Option<String>) {
    match String::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(BASE64.encode(error.as_bytes()))),
    }
}

fn together<'a>(
    text: &'a Option<String>,
    base64: &'a Option<String>,
) -> Result<Option<Cow<'a, [u8]>>, String> {
    match (text, base64) {
        (Some(_), Some(_)) => Err("it has both text and base64".to_owned()),
        (Some(text), None) => Ok(Some(text.as_bytes().into())),
        (None, Some(text)) => match BASE64.decode(text) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) => Err(format!("the base64 is damaged: {error}")),
        },
        (None, None) => Ok(None),
    }
}

impl ContentLine {
    pub fn new(hash: &str, bytes: Vec<u8>) -> ContentLine {
        let (text, base64) = apart(bytes);
        ContentLine { content_hash: hash.to_owned(), text, base64 }
    }

    pub fn bytes(&self) -> Result<Cow<'_, [u8]>, String> {
        together(&self.text, &self.base64)?.ok_or_else(|| "it has neither text nor base64".into())
    }
}

impl BriefingLine {
    pub fn new(seq: i64, row: BriefingRow) -> BriefingLine {
        BriefingLine {
            seq,
            bundle_id: row.bundle_id,
            briefing_hash: row.kept.briefing_hash,
            template: row.template,
            token_count: row.kept.count.tokens,
            tokens_upper: row.kept.count.upper,
            created_at: row.created_at,
        }
    }

    pub fn kept(&self) -> KeptBriefing {
        KeptBriefing {
            briefing_hash: self.briefing_hash.clone(),
            count: Count { tokens: self.token_count, upper: self.tokens_upper },
        }
    }
}

impl ExecutionLine {
    pub fn new(
        seq: i64,
        mut execution: ExecutionRecord,
        earlier: Vec<CompletionVersion>,
        allocations: Vec<Allocation>,
    ) -> ExecutionLine {
        let message = execution.final_message.take().map(apart).unwrap_or_default();
        ExecutionLine {
            seq,
            execution,
            final_message: message.0,
            final_message_base64: message.1,
            earlier_completions: earlier.into_iter().map(VersionLine::new).collect(),
            allocations,
            captures: Vec::new(),
            usage: None,
        }
    }

    /// The same with what its harness told.
    pub fn captured(
        self,
        captures: Vec<(Capture, Vec<String>)>,
        usage: Option<ExecutionUsage>,
    ) -> ExecutionLine {
        let line = |(capture, contents)| CaptureLine { capture, contents };
        ExecutionLine { captures: captures.into_iter().map(line).collect(), usage, ..self }
    }

    /// They are written with the execution, under ids of their own.
    fn check_allocations(&self) -> Result<(), String> {
        let id = &self.execution.execution_id;
        let wrong =
            self.allocations.iter().find(|it| it.execution_id != *id || !is_id(&it.allocation_id));
        let Some(it) = wrong else { return Ok(()) };
        let name = it.allocation_id.escape_debug();
        match it.execution_id == *id {
            true => Err(format!("'{name}' is no id of an allocation")),
            false => Err(format!("{id} has the allocation '{name}' of {}", it.execution_id)),
        }
    }

    pub fn message(&self) -> Result<Option<Cow<'_, [u8]>>, String> {
        together(&self.final_message, &self.final_message_base64)
    }

    /// The same with another message.
    pub fn set_message(&mut self, message: Vec<u8>) {
        self.execution.final_message_bytes = Some(message.len() as u64);
        (self.final_message, self.final_message_base64) = apart(message);
    }

    /// The execution with its message.
    pub fn record(&self) -> Result<ExecutionRecord, String> {
        let final_message = self.message()?.map(Cow::into_owned);
        Ok(ExecutionRecord { final_message, ..self.execution.clone() })
    }
}

impl VersionLine {
    fn new(version: CompletionVersion) -> VersionLine {
        let message = version.final_message.map(apart).unwrap_or_default();
        VersionLine {
            version: version.version,
            replaced_at: version.replaced_at,
            completed_at: version.completed_at,
            status: version.status,
            error_message: version.error_message,
            deliverables: version.deliverables,
            final_message: message.0,
            final_message_base64: message.1,
        }
    }

    pub fn message(&self) -> Result<Option<Cow<'_, [u8]>>, String> {
        together(&self.final_message, &self.final_message_base64)
    }

    /// The same with another message.
    pub fn set_message(&mut self, message: Vec<u8>) {
        (self.final_message, self.final_message_base64) = apart(message);
    }

    pub fn record(&self) -> Result<CompletionVersion, String> {
        Ok(CompletionVersion {
            version: self.version,
            replaced_at: self.replaced_at,
            completed_at: self.completed_at,
            status: self.status,
            error_message: self.error_message.clone(),
            deliverables: self.deliverables.clone(),
            final_message: self.message()?.map(Cow::into_owned),
        })
    }
}
