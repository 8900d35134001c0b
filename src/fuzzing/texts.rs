//! Texts and what is made of them: bundles, briefings, templates, configurations, selections, counts.

use super::{Target, done, ended};
use crate::briefing::{BriefingContext, Library, Template, TemplateKind, brief, parse, render};
use crate::config::Config;
use crate::context::PlanFile;
use crate::context::fuzzed;
use crate::model::{
    Bundle, ByteAmount, ExecutionId, Gate, Reserve, Timestamp, TokenAmount, html_text, is_hidden,
};
use crate::render::{Format, Surface, json_document, render as shown, visible, visible_lines};
use serde_json::{Value, json};

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

const SMALL_BUNDLE: &str = r#"{"version":2,"bundle_id":"bundle-1","bundle_hash":"h","agent_type":"a","scope":"s",
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

pub const CONFIG: Target = Target {
    name: "config",
    seeds: &[
        "budget = '40k'\nreserve = '20%'\nwarn = 0.7\ncritical = 0.9\nmodel = 'opus'\ndedup = 'blocks'\nmax_file_size = 100\n\
         ignore = ['*.lock']\n[models.mine]\nwindow = '1M'\ntokenizer = 'o200k_base'\nestimate = 'mine'\n[estimates.mine]\nrust = [1.1, 1.2]\n",
        "scope = 's'\nmodel = 'm'\nbudget = 1\nfiles = ['a']\n[[agents]]\nagent_type = 'a'\nname = 'b'\nconstraints = ['c']\n",
    ],
    words: &[
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "'",
        "\"",
        "'''",
        "\"\"\"",
        "\n",
        "#",
        "inf",
        "nan",
        "-",
        "1e308",
        "99999999999999999999",
        "1979-05-27T07:32:00Z",
        "true",
        "\\u0000",
        "\\U0010FFFF",
        "budget",
        "reserve",
        "'50%'",
        "[models.",
        "[estimates.",
        "[[agents]]",
        "agent_type",
        "name",
        "scope",
        "files",
        "ignore",
        "\u{feff}",
        "\r\n",
    ],
    run: config,
};

fn config(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let plan = crate::config::parse_plan(&text, PlanFile::check);
    if let Ok(plan) = &plan {
        let _ = plan.names();
    }
    let config = Config::parse(&text);
    if let Ok(config) = &config {
        for name in config.models.keys().map(String::as_str).chain(["opus"]) {
            let _ = crate::context::models::find(name, config);
        }
    }
    ended(config, |it| format!("config{}{}", it.models.len().min(3), plan.is_ok()))
}

pub const SELECTION: Target = Target {
    name: "selection",
    seeds: &[
        "a.md#One",
        "a.md:1-2",
        "a.md#One#Two",
        "*.md",
        "b/{c,d}/**/*.r[st]",
        "b",
        "a.md:3-",
        "./b/../a.md",
    ],
    words: &[
        "a.md",
        "b/",
        "c.rs",
        "#",
        "#One",
        "#Two",
        ":",
        "1",
        "-",
        "0",
        "99999999999999999999",
        "*",
        "**",
        "?",
        "[",
        "]",
        "{",
        "}",
        ",",
        "!",
        "\\",
        "/",
        "..",
        ".",
        "\0",
        "\n",
        "\u{202e}",
        "é",
        " ",
        "~",
        "[!a-z]",
        "{a,{b,c}}",
        "//",
    ],
    run: selection,
};

/// Any selection ends in files beneath the root, or an error; and so does any text cut by it.
fn selection(input: &[u8]) -> u64 {
    ended(fuzzed::selection(input), |labels| format!("taken{}", "l".repeat(labels.min(4))))
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

pub const TOKENS: Target = Target {
    name: "tokens",
    seeds: &[
        "fn a() { return \"größer\"; }\n\n    // x\n",
        "12345 don't HTTPServer 文字列 слово 🙂",
        "\r\n\t  \u{a0}x",
        "<|endoftext|>",
    ],
    words: &[
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "'s",
        "'LL",
        "1",
        "123",
        "a",
        "A",
        "é",
        "e\u{301}",
        "文",
        "ا",
        "\u{a0}",
        "\u{2028}",
        "\u{200d}",
        "🙂",
        "👩‍👩‍👧",
        "\u{1f3fb}",
        "<|endoftext|>",
        "...",
        "/",
        "_",
        "-",
        "=",
        "\0",
        "\u{10ffff}",
        "\u{345}",
        "ǅ",
    ],
    run: tokens,
};

/// Counts are what the pieces have together, and no more than the bytes.
fn tokens(input: &[u8]) -> u64 {
    let counts = fuzzed::tokens(input);
    done("t".repeat(counts.min(40)))
}

pub const ARGUMENTS: Target = Target {
    name: "arguments",
    seeds: &[
        "40k",
        "1.5M",
        "20%",
        "2MB",
        "2025-01-17T09:30:00Z",
        "3d",
        "2025-01-17 09:30",
        "tests:pass",
        "coverage:85.5",
        "exec-001",
    ],
    words: &[
        "k",
        "M",
        "%",
        "MB",
        ".",
        "_",
        "-",
        "+",
        ":",
        "T",
        "Z",
        "9",
        "99999999999999999999",
        "0",
        "e",
        "inf",
        "nan",
        "d",
        "w",
        "262143",
        "-262144",
        "pass",
        "latest",
        "é",
        " ",
        "\0",
    ],
    run: arguments,
};

fn arguments(input: &[u8]) -> u64 {
    let text = String::from_utf8_lossy(input);
    let now: Timestamp = "2025-01-17T09:30:00Z".parse().expect("a time");
    let since = Timestamp::parse_since(&text, now);
    if let Ok(time) = since {
        let written = time.to_string();
        let again = written.parse::<Timestamp>();
        assert_eq!(again.ok(), Some(time), "{written}");
        let _ = (time.to_minute(), time.to_string());
    }
    if let Ok(amount) = text.parse::<TokenAmount>() {
        assert!(amount.0 <= i64::MAX as u64, "a column can hold it");
    }
    let reserve = text.parse::<Reserve>();
    if let Ok(reserve) = reserve {
        let _ = reserve.of(200_000);
    }
    let (bytes, gate) = (text.parse::<ByteAmount>().is_ok(), text.parse::<Gate>().is_ok());
    let id = ExecutionId::new(text.clone().into_owned()).is_ok();
    done(format!("{}{}{bytes}{gate}{id}", since.is_ok(), reserve.is_ok()))
}
