//! Puts our MCP server into a file that lists servers, and takes it out.

use super::command::is_sortie;
use super::edit::{Style, append, remove, replace};
use super::hooks::{OtherShape, without_member};
use super::spans::{member, members, root};
use serde_json::{Value, json};

const SERVERS: &str = "mcpServers";
const NAME: &str = "sortie";

/// Why our server is not put there.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    Shape(OtherShape),
    /// Another server has our name.
    Taken,
}

fn entry(command: &str) -> Value {
    json!({ "command": command, "args": ["mcp"] })
}

/// The text with our server.
pub fn with_server(text: &str, command: &str) -> Result<String, Refused> {
    let style = Style::of(text, &root(text));
    let other = |at: &str| Refused::Shape(OtherShape { at: at.to_owned(), wanted: "an object" });
    members(text, &root(text)).ok_or_else(|| other(""))?;
    let Some(servers) = member(text, &root(text), SERVERS) else {
        let all = json!({ NAME: entry(command) });
        return Ok(append(text, &style, &root(text), Some(SERVERS), &all));
    };
    members(text, &servers.value).ok_or_else(|| other(SERVERS))?;
    let Some(there) = member(text, &servers.value, NAME) else {
        return Ok(append(text, &style, &servers.value, Some(NAME), &entry(command)));
    };
    let value = serde_json::from_str(&text[there.value.clone()]).unwrap_or_default();
    match is_ours(&value) {
        false => Err(Refused::Taken),
        true if value["command"] == command => Ok(text.to_owned()),
        true => Ok(replace(text, &style, &there.value, &entry(command))),
    }
}

/// What our server is called by, if it is there.
pub fn server_of(text: &str) -> Option<String> {
    let servers = member(text, &root(text), SERVERS)?;
    let there = member(text, &servers.value, NAME)?;
    let value: Value = serde_json::from_str(&text[there.value]).ok()?;
    value["command"].as_str().filter(|_| is_ours(&value)).map(str::to_owned)
}

/// The text without our server, and without the list if nothing else is in it.
pub fn without_server(text: &str) -> String {
    let servers = member(text, &root(text), SERVERS).filter(|_| server_of(text).is_some());
    let Some(servers) = servers else { return text.to_owned() };
    let all = members(text, &servers.value).unwrap_or_default();
    match all.iter().rposition(|it| it.name == NAME) {
        Some(index) if all.len() > 1 => remove(text, &servers.value, index),
        _ => without_member(text, SERVERS),
    }
}

/// Whether a server is sortie, by whatever path. What else its entry says is the user's.
fn is_ours(server: &Value) -> bool {
    let first = server["args"].as_array().and_then(|args| args.first());
    server["command"].as_str().is_some_and(is_sortie) && first.is_some_and(|it| it == "mcp")
}
