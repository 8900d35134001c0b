//! What a tool is: arguments that can be described, and what they do.

use super::refusal::Refusal;
use super::reply::Reply;
use super::schema;
use crate::workspace::Workspace;
use rmcp::model::{JsonObject, Tool as Description, ToolAnnotations};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a call changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    Reads,
    /// It adds to the record; the same call again adds nothing.
    AddsOnce,
    /// It adds to the record each time.
    Adds,
}

/// The arguments of one tool. The comment of the type is what the model is told of the tool, those of
/// the fields what it is told of them.
pub trait Tool: DeserializeOwned + JsonSchema {
    /// What it is called by.
    const NAME: &'static str;
    /// The same for people.
    const TITLE: &'static str;
    const EFFECT: Effect;
    /// What its result is described by.
    type Result: JsonSchema;

    /// Does it.
    fn run(self, workspace: &Workspace) -> Result<Reply, Refusal>;
}

/// A tool in the list of them.
pub struct Entry {
    pub name: &'static str,
    pub describe: fn() -> Description,
    pub call: fn(&Workspace, JsonObject) -> Result<Reply, Refusal>,
}

impl Entry {
    /// The tool whose arguments are `T`.
    pub const fn of<T: Tool>() -> Entry {
        Entry { name: T::NAME, describe: describe::<T>, call: call::<T> }
    }
}

fn describe<T: Tool>() -> Description {
    let (arguments, told) = schema::of_arguments::<T>();
    let annotations = ToolAnnotations::with_title(T::TITLE)
        .read_only(T::EFFECT == Effect::Reads)
        .destructive(false)
        .idempotent(T::EFFECT != Effect::Adds)
        .open_world(false);
    Description::new(T::NAME, told, arguments)
        .with_title(T::TITLE)
        .with_raw_output_schema(schema::of_result::<T::Result>().into())
        .with_annotations(annotations)
}

fn call<T: Tool>(workspace: &Workspace, arguments: JsonObject) -> Result<Reply, Refusal> {
    let reply = read::<T>(arguments)?.run(workspace)?;
    Ok(reply.with_concerns(workspace.store()))
}

/// The arguments of a call, or which of them is wrong.
fn read<T: Tool>(arguments: JsonObject) -> Result<T, Refusal> {
    let parse = |arguments: JsonObject| serde_json::from_value::<T>(Value::Object(arguments));
    parse(arguments.clone()).map_err(|error| {
        let told = error.to_string();
        // serde does not say where; without the field that is wrong it has nothing or something else
        // to say.
        let wrong = arguments.keys().find(|name| {
            let others = arguments.iter().filter(|(key, _)| key != name);
            let others = others.map(|(key, value)| (key.clone(), value.clone())).collect();
            parse(others).err().is_none_or(|error| error.to_string() != told)
        });
        let of = wrong.map(|name| format!("`{name}`: ")).unwrap_or_default();
        Refusal::plain(format!("the arguments of {} are wrong: {of}{told}", T::NAME))
    })
}
