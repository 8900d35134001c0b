//! Bundles as they are read and written, and what of any text reaches a terminal or a page.

use super::{Target, done, ended};
use crate::model::{Bundle, html_text, is_hidden};
use crate::render::{Format, Surface, json_document, render as shown, visible, visible_lines};
use serde_json::Value;

pub const BUNDLE: Target = Target {
    name: "bundle",
    seeds: &[SMALL_BUNDLE],
    words: &[
        "\"version\":",
        "\"context_items\":[",
        "\"selection\":",
        "{\"lines\":{\"first\":1,\"last\":0}}",
        "\"sections\"",
        "\"references\":[",
        "\"shared\":{",
        "\"items\":",
        "18446744073709551615",
        "-1",
        "1e308",
        "null",
        "[",
        "]",
        "{",
        "}",
        ",",
        "\"",
        "\\u0000",
        "\\ud800",
        "\"file\"",
        "\"briefing\"",
        "\"duplicate_of\":",
        "NaN",
        "\u{202e}",
    ],
    run: bundle,
};

pub(super) const SMALL_BUNDLE: &str = r#"{"version":2,"bundle_id":"bundle-1","bundle_hash":"h","agent_type":"a","scope":"s",
"created_at":"2025-01-17T09:30:00Z","model":"m","tokenizer":"t","exact":true,"template":"briefing","role":null,
"constraints":["one"],"context_items":[{"type":"file","source":"a.rs","token_count":1,"priority":"required",
"content_hash":"h","bytes":2,"selection":{"lines":{"first":2,"last":3}},"kind":"rust","references":[{"start":0,"end":1,
"content_hash":"h","item":0,"offset":0,"same_as":"a.rs:1-2"}]},{"type":"briefing","source":"briefing","token_count":1,
"priority":"required","content_hash":"h","bytes":2,"selection":"whole","kind":"text"}],"total_tokens":2,
"total_tokens_upper":2,"budget":9,"budget_remaining":7,"skipped":[{"source":"b","reason":"binary"}],
"shared":{"bundle_id":"bundle-2","items":1,"prefix_tokens":3}}"#;

/// What is read as a bundle is written as the same, and shown.
fn bundle(input: &[u8]) -> u64 {
    let read: Result<Bundle, _> = serde_json::from_slice(input);
    ended(read, |bundle| {
        let text = json_document(&bundle);
        let again: Bundle = serde_json::from_str(&text).expect("what was written is read");
        assert_eq!(again, bundle, "a bundle comes back");
        for format in [Format::Table, Format::Markdown, Format::Html, Format::Csv, Format::Jsonl] {
            inert(&shown(&bundle, format, Surface::PLAIN), format == Format::Csv);
        }
        for item in &bundle.context_items {
            let _ = item.label();
        }
        format!(
            "bundle{}{}",
            "i".repeat(bundle.context_items.len().min(9)),
            bundle.shared.is_some()
        )
    })
}

fn inert(text: &str, raw: bool) {
    let active = text.chars().find(|c| is_hidden(*c) && !matches!(c, '\n' | '\t'));
    assert!(raw || active.is_none(), "{active:?} would reach a terminal");
}

pub const SANITIZER: Target = Target {
    name: "sanitizer",
    seeds: &[
        "a\u{1b}[31mb\u{202e}c",
        "| a | `b` | <c> | [d](e) | \\",
        "=1+1,\"x\"",
        "\u{9b}2K\r\n\t\u{7f}",
        "{\"a\":\"\u{200b}\"}",
    ],
    words: &[
        "\u{1b}[",
        "\u{1b}]0;",
        "\u{7}",
        "\u{9b}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{feff}",
        "\u{e0001}",
        "\r",
        "\n",
        "\t",
        "\0",
        "\u{7f}",
        "\u{85}",
        "|",
        "`",
        "<",
        ">",
        "&",
        "\"",
        "'",
        "\\",
        "*",
        "_",
        "[",
        "]",
        "!",
        "#",
        "é",
        "🙂",
        "日本",
        "\u{301}",
        "\u{ad}",
        "\u{2028}",
        "\u{fff9}",
        "\u{f8ff}",
    ],
    run: sanitizer,
};

fn sanitizer(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    inert(&visible_lines(&text), false);
    inert(&html_text(&text), false);
    assert!(!visible(&text).chars().any(is_hidden), "on one line, nothing hidden");
    assert!(!html_text(&text).contains(['<', '>', '"', '\'']), "no markup");
    let mut bundle: Bundle = serde_json::from_str(SMALL_BUNDLE).expect("a bundle");
    bundle.scope = text.clone().into_owned();
    bundle.agent_type = text.clone().into_owned();
    bundle.context_items[0].source = text.clone().into_owned();
    bundle.skipped[0].detail = Some(text.clone().into_owned());
    for format in [Format::Table, Format::Markdown, Format::Html, Format::Json, Format::Jsonl] {
        let widths = [None, Some(20), Some(80)];
        for width in widths.into_iter().take(if format == Format::Table { 3 } else { 1 }) {
            inert(&shown(&bundle, format, Surface { width, ..Surface::PLAIN }), false);
        }
    }
    let value: Value = serde_json::from_str(&json_document(&bundle)).expect("it is JSON");
    assert_eq!(value["scope"], *text, "the same text");
    done(visible(&text))
}
