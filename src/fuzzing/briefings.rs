//! Briefings and the templates they are made by.

use super::bundles::SMALL_BUNDLE;
use super::{Target, done, ended};
use crate::briefing::{BriefingContext, Library, Template, TemplateKind, brief, parse, render};
use crate::model::Bundle;
use serde_json::json;

pub const BRIEFING: Target = Target {
    name: "briefing",
    seeds: &[
        "Make it fast.\x1eYou know SIMD.\x1eno crates\nstay green\x1eA table.\x1esrc/a.rs\x1efn a() {}\n\x1eb.md\x1e# B\n```\nx\n```",
        "\x1e\x1e\x1e\x1ea\"><x>.txt\x1e</file><file path=\"evil\">",
    ],
    words: &[
        "\x1e",
        "```",
        "````\n",
        "~~~",
        "\n",
        "\r",
        "\r\n",
        "### `a` (file, required)\n",
        "## Context\n\n",
        "## Scope\n",
        "# Briefing\n\n",
        "# Shared context\n\n",
        "## Final message\n\n",
        "</file>",
        "</file-00000000>",
        "<file path=\"",
        "\">\n",
        "/>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "<script>",
        "> ",
        "- ",
        "---",
        "===",
        "1. ",
        "    ",
        "\t",
        "&lt;",
        "&",
        "<",
        "`",
        "\\",
        "\\u{",
        "\u{202e}",
        "\u{200b}",
        "\0",
        "\u{2028}",
        "\u{85}",
        "[a]: b",
        "[[same: a:1-2]]",
        "End of context. Do what the scope says and send the final message.\n",
        ", no final newline)",
        " same text as ",
    ],
    run: briefing,
};

/// What a briefing is made of comes out of it again, in both styles; and what is none is refused.
fn briefing(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let _ = parse(&text);
    let parts: Vec<&str> = text.split('\x1e').collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let mut bundle: Bundle = serde_json::from_str(SMALL_BUNDLE).expect("a bundle");
    bundle.scope = part(0).to_owned();
    bundle.agent_type = part(0).to_owned();
    bundle.role = Some(part(1).to_owned()).filter(|role| !role.is_empty());
    bundle.constraints = part(2).split('\n').map(str::to_owned).collect();
    bundle.expected_output = Some(part(3).to_owned()).filter(|text| !text.is_empty());
    let frame = bundle.context_items.pop().expect("it has items");
    let first = bundle.context_items.pop().expect("it has items");
    let mut texts = Vec::new();
    for pair in parts.get(4..).unwrap_or_default().chunks(2) {
        let mut item = first.clone();
        item.source = pair[0].to_owned();
        bundle.context_items.push(item);
        texts.push(*pair.get(1).unwrap_or(&""));
    }
    let items = bundle.context_items.len();
    bundle.context_items.push(frame);
    bundle.shared.iter_mut().for_each(|shared| shared.items = items / 2);
    for name in ["briefing", "briefing.xml"] {
        let template = Library::default().get(TemplateKind::Briefing, name).expect("embedded");
        let sent = |at: usize, _: &_| texts.get(at).copied().unwrap_or_default();
        let context = BriefingContext::new(&bundle, &sent);
        let rendered = brief(&template, &context).expect("an embedded template renders");
        let written = rendered.text(&context).expect("texts are at hand");
        let read = parse(&written).unwrap_or_else(|why| panic!("{why}\n{written}"));
        let element = name == "briefing.xml";
        let less = |text: &str| match element {
            true => text.strip_suffix('\n').unwrap_or(text).to_owned(),
            false => text.to_owned(),
        };
        assert_eq!(read.scope, less(&bundle.scope), "{written}");
        assert_eq!(read.role, bundle.role.as_deref().map(less), "{written}");
        assert_eq!(read.expected_output, bundle.expected_output.as_deref().map(less), "{written}");
        let trimmed: Vec<&str> = bundle.constraints.iter().map(|it| it.trim_end()).collect();
        assert_eq!(read.constraints, trimmed, "{written}");
        assert_eq!(read.items.len(), items, "{written}");
        for (at, item) in read.items.iter().enumerate() {
            assert_eq!(item.label, bundle.context_items[at].label(), "{written}");
            assert_eq!(item.text, texts[at], "{written}");
        }
    }
    let quotes =
        [&bundle.scope, part(1), part(3)].map(|it| it.starts_with('>') || it.contains('#'));
    done(format!("{quotes:?}{}", "i".repeat(items.min(9))))
}

pub const TEMPLATE: Target = Target {
    name: "template",
    seeds: &[
        "{{#each items}}{{#if shared}}{{markdown_item this}}{{else}}{{label}}{{/if}}{{/each}}\n{{> p}}\x1e{{scope}}",
        "{{#with (lookup items 0) as |it|}}{{it.label}}{{/with}}{{#unless (eq a \"b\")}}{{cell scope}}{{/unless}}\x1e{{> p}}",
        "{{#each items as |item i|}}{{i}}{{@root.scope}}{{../scope}}{{~fence text 'x'~}}{{/each}}{{! c }}{{!-- {{ --}}\\{{x}}",
    ],
    words: &[
        "{{",
        "}}",
        "{{{",
        "}}}",
        "{{#",
        "{{/",
        "{{~",
        "~}}",
        "{{!--",
        "--}}",
        "{{!",
        "{{&",
        "{{^",
        "{{>",
        "{{*",
        "{{#*",
        "{{#>",
        "{{{{",
        "}}}}",
        "\\{{",
        "\\",
        "(",
        ")",
        "[",
        "]",
        "|",
        "=",
        "'",
        "\"",
        " as |a b|",
        "if ",
        "unless ",
        "each ",
        "with ",
        "else",
        "else if ",
        "lookup ",
        "eq ",
        "and ",
        "or ",
        "not ",
        "len ",
        "items",
        "this",
        "@root.",
        "@index",
        "@key",
        "@first",
        "../",
        "./",
        ".",
        "/",
        "scope",
        "text",
        "p",
        "inline ",
        "cell ",
        "fence ",
        "tag ",
        "name ",
        "attr ",
        "html ",
        "xml_item this",
        "grouped ",
        "minute ",
        "shown ",
        "\x1e",
        "null",
        "true",
        "0",
        "-1",
        "{{#if a}}",
        "{{/if}}",
        "{{#each items}}",
        "{{/each}}",
        "{{else}}",
    ],
    run: template,
};

/// Any template ends, and writes no more than it may.
fn template(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let (source, partial) = text.split_once('\x1e').unwrap_or((&text, ""));
    let data = json!({
        "a": "x", "scope": "s <b>\n", "text": "y".repeat(200), "null": null, "n": 1, "list": [1, [2, {"a": 3}]],
        "items": (0..40).map(|n| json!({"label": format!("l{n}"), "text": "t\n```\n", "shared": n % 2 == 0})).collect::<Vec<_>>(),
    });
    for name in ["t", "t.html", "t.xml"] {
        let kept = json!({"name": name, "source": source, "partials": {"p": partial}});
        let template = Template::from_kept(&kept.to_string()).expect("as it is kept");
        let rendered = render(&template, &data);
        if name == "t" {
            let most = data.to_string().len() * 4 + (1 << 20);
            assert!(rendered.as_ref().map_or(0, String::len) <= most, "more than it may write");
            continue;
        }
        if name == "t.xml" {
            return ended(rendered, |text| format!("rendered{}", text.len().min(3)));
        }
    }
    0
}
