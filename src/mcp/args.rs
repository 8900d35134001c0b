//! Arguments that several tools have, and how they become the library's values.

use super::refusal::Refusal;
use crate::model::{Gate, SkipReason, Timestamp, not_empty};
use crate::store::Named;
use crate::workspace::Workspace;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::path::Path;

/// A text that says something.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Said(pub String);

impl TryFrom<String> for Said {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        not_empty(&text).map(Said)
    }
}

impl JsonSchema for Said {
    fn schema_name() -> Cow<'static, str> {
        "Said".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

/// `tests:pass`, as on the command line.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct GateText(pub Gate);

impl TryFrom<String> for GateText {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(GateText)
    }
}

impl JsonSchema for GateText {
    fn schema_name() -> Cow<'static, str> {
        "Gate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

/// What a name that may be left out stands for: an id, the beginning of one, or `latest`.
pub fn find<T: Named>(workspace: &Workspace, name: &Option<String>) -> crate::Result<Option<T>> {
    name.as_ref().map(|name| workspace.history().find(name)).transpose()
}

/// A moment: a time, a day, or an age before now.
pub fn moment(workspace: &Workspace, text: &Option<String>) -> crate::Result<Option<Timestamp>> {
    let parse = |text: &String| Timestamp::parse_since(text, workspace.now());
    Ok(text.as_ref().map(parse).transpose()?)
}

/// The name of a template. A path would have any file of the machine rendered.
pub fn template(name: Option<String>) -> Result<Option<String>, Refusal> {
    match name.as_deref().is_some_and(|name| name.contains(['/', '\\'])) {
        true => Err(Refusal::new(
            "a template is given by its name here, not as a path",
            "put the file into .sortie/templates and name it; `sortie ctx templates` lists them",
        )),
        false => Ok(name),
    }
}

/// The most that a message may have which is kept whole.
const TEXT: u64 = 512 << 20;

/// The bytes of a file inside the project, by the same door as what goes into bundles.
pub fn file_of_project(workspace: &Workspace, path: &Path) -> Result<Vec<u8>, Refusal> {
    let root = workspace.context().root;
    let found = root.find(&root.absolute(path), false);
    let read = found.and_then(|found| root.read(&found, TEXT));
    read.map(|content| content.bytes).map_err(|refusal| {
        let why = match (refusal.reason, refusal.detail) {
            (SkipReason::OutsideRoot, _) => "it is outside the project".to_owned(),
            (_, Some(detail)) => detail,
            (reason, None) => reason.to_string(),
        };
        let path = path.display().to_string();
        Refusal::new(
            format!("cannot read '{}': {why}", path.escape_debug()),
            "name a file of the project, or give the text itself",
        )
    })
}
