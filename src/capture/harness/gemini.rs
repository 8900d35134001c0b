//! Gemini CLI: an agent is a tool that is named after it, told before and after it runs.

use crate::capture::fields::{joined, owned, text, texts, title};
use crate::capture::keeper::Keeper;
use crate::history::Sighting;
use crate::model::{Delivery, Evidence, Timestamp};
use crate::store::content;
use serde_json::Value;

/// Tools of its own that run no agent.
const TOOLS: [&str; 17] = [
    "list_directory",
    "read_file",
    "read_many_files",
    "write_file",
    "glob",
    "search_file_content",
    "grep_search",
    "replace",
    "edit",
    "run_shell_command",
    "web_fetch",
    "google_web_search",
    "save_memory",
    "write_todos",
    "ask_user",
    "activate_skill",
    "get_internal_docs",
];

/// Whether an event tells anything of a deployment: an agent's tool takes a query, an objective or a prompt,
/// and is none of the harness's own nor of an MCP server.
pub fn is_told_something(event: &Value) -> bool {
    let is_of_tool = matches!(text(event, "hook_event_name"), Some("BeforeTool" | "AfterTool"));
    let is_agent = |tool: &str| !TOOLS.contains(&tool) && !tool.contains("__");
    is_of_tool
        && event.get("mcp_context").is_none_or(Value::is_null)
        && text(event, "tool_name").is_some_and(is_agent)
        && prompt(event).is_some()
}

fn prompt(event: &Value) -> Option<&str> {
    let input = event.get("tool_input")?;
    ["prompt", "objective", "query", "task", "request"].iter().find_map(|key| text(input, key))
}

/// What an event tells. Nothing names the call: it is the tool with its input.
pub fn observe(event: &Value, at: Timestamp, keeper: &mut Keeper<'_>) -> Vec<Sighting> {
    let Some(session) = text(event, "session_id") else { return Vec::new() };
    let (Some(tool), Some(prompt)) = (text(event, "tool_name"), prompt(event)) else {
        return Vec::new();
    };
    let name = format!("{session}\0{tool}\0{prompt}");
    let name = format!("gemini-{}", &content::hash(name.as_bytes())[..16]);
    let mut call = keeper.call(at, Some(prompt), None);
    let input = event.get("tool_input").unwrap_or(&Value::Null);
    // All agents are one tool now, and the one that is meant stands in its input.
    let named = ["agent_name", "subagent_name", "agent"].iter().find_map(|key| owned(input, key));
    call.agent_type = named.or_else(|| Some(tool.to_owned()));
    call.description = title(prompt).map(|it| keeper.clean(&it));
    let mut evidence = Evidence { call: Some(call), ..Evidence::default() };
    if text(event, "hook_event_name") == Some("AfterTool") {
        let response = event.get("tool_response").unwrap_or(&Value::Null);
        let error = owned(response, "error");
        let message = response.get("llmContent").or_else(|| response.get("returnDisplay"));
        let message = joined(&texts(message.or(Some(response))));
        let text = (!message.is_empty()).then(|| keeper.keep(&message));
        let key = text.as_ref().map_or_else(|| "nothing".to_owned(), |text| text.hash.clone());
        evidence.deliveries.insert(
            key,
            Delivery {
                at,
                success: error.is_none(),
                text,
                error,
                usage: None,
                reported_tokens: None,
                tool_uses: None,
                duration_ms: None,
            },
        );
    }
    vec![Sighting {
        harness: "gemini".to_owned(),
        harness_session_id: session.to_owned(),
        tool_use_id: Some(name),
        agent_id: None,
        parent_agent_id: None,
        at,
        evidence,
    }]
}
