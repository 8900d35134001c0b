//! Templates that are wrong, by mistake or on purpose: each ends in an error, soon.

use super::*;
use crate::error::{Error, Kind};
use proptest::prelude::*;
use std::time::{Duration, Instant};

fn refusal(source: impl Into<String>, data: &Value) -> Error {
    let start = Instant::now();
    let error = render(&template(source), data).unwrap_err();
    // Without optimization, on a busy machine.
    assert!(start.elapsed() < Duration::from_secs(30), "{error} took {:?}", start.elapsed());
    assert_eq!(error.kind(), Kind::Usage);
    assert_eq!(error.hint().as_deref(), Some("sortie ctx templates"));
    error
}

fn limit(source: impl Into<String>, data: &Value) -> Limit {
    match refusal(source, data).downcast_ref::<TemplateFault>() {
        Some(TemplateFault::Limit { limit, .. }) => *limit,
        other => panic!("not a limit: {other:?}"),
    }
}

#[test]
fn what_is_missing_is_named_with_its_line() {
    let data = json!({"scope": "s", "items": [{"label": "l"}], "null": null});
    let says = |source: &str, expected: &str| {
        assert_eq!(refusal(source, &data).to_string(), expected, "{source}");
    };
    says("\n{{scpe}}", "template 't', line 2: there is no variable 'scpe'; did you mean scope?");
    // The engine's own helpers take each of these for null, in silence.
    for source in [
        "{{#if scpe}}x{{/if}}",
        "{{#unless scpe}}x{{/unless}}",
        "{{#with scpe}}x{{/with}}",
        "{{#each scpe}}x{{/each}}",
        "{{#if (not scpe)}}x{{/if}}",
        "{{#if (or scpe true)}}x{{/if}}",
        "{{#if (eq scpe null)}}x{{/if}}",
        "{{cell scpe}}",
        "{{lookup scpe 1}}",
    ] {
        says(source, "template 't', line 1: there is no variable 'scpe'; did you mean scope?");
    }
    says(
        "\n{{#each items}}\n{{lable}}{{/each}}",
        "template 't', line 3: there is no variable 'lable'; did you mean label?",
    );
    says(
        "{{#if null}}\n\n{{fense scope}}{{/if}}",
        "template 't', line 3: there is no helper 'fense'; did you mean fence?",
    );
    says("{{#log scope}}{{/log}}", "template 't', line 1: there is no helper 'log'");
    says("{{log scope}}", "template 't', line 1: there is no helper 'log'");
    says("{{log}}", "template 't', line 1: there is no variable 'log'");
    says("a\n{{> rolle}}", "template 't', line 2: there is no partial 'rolle'; did you mean role?");
    says("a\n{{#if scope}}\n", "template 't', line 2: this block is never closed");
    says("{{/if}}", "template 't', line 1: no block is open that this could close");
    says("{{#if scope}}{{/each}}", "template 't', line 1: block if is closed by each");
    says("{{else}}", "template 't', line 1: this tag is malformed or out of place");
    says("\n{{a b", "template 't', line 2: a tag is never closed by }}");
}

#[test]
fn calls_are_checked_in_branches_not_taken() {
    let data = json!({"scope": "s", "items": []});
    for source in [
        "{{if scope}}",
        "{{#eq 1 1}}{{/eq}}",
        "{{#if}}{{/if}}",
        "{{eq 1}}",
        "{{cell scope x=1}}",
        "{{#if (cell scope)}}{{/if}}",
        "{{#if (if scope)}}{{/if}}",
        "{{#if (scope)}}{{/if}}",
        "{{(lookup items 0)}}",
        "{{and 1 2 3 4 5 6 7 8 9}}",
    ] {
        refusal(format!("{{{{#if items}}}}{source}{{{{/if}}}}"), &data);
    }
    for source in [
        "{{#each scope}}{{/each}}",
        "{{gt scope 1}}",
        "{{eq items scope}}",
        "{{cell items}}",
        "{{tag 'a b' scope}}",
        "{{tag 1 scope}}",
        "{{markdown_item scope}}",
        "{{items.x}}",
        "{{#each (len scope)}}{{/each}}",
        "{{#with (len scope)}}{{/with}}",
        "{{len true}}",
        "{{lookup (len scope) 1}}",
        "{{> @partial-block}}",
    ] {
        refusal(source, &data);
    }
}

#[test]
fn depth_is_refused_before_the_parser_overflows_its_stack() {
    let data = json!({"a": 1, "items": []});
    for level in ["{{#if a}}", "{{#each items}}", "{{#if (not (not a))}}", "{{#a}}"] {
        refusal(level.repeat(20_000), &data);
        refusal(level.repeat(3_000), &data);
    }
    let nested = |open: &str, close: &str, n| format!("{}{}", open.repeat(n), close.repeat(n));
    assert_eq!(limit(nested("{{#if a}}", "{{/if}}", 64), &data), Limit::Nesting);
    assert_eq!(written(&nested("{{#if a}}", "{{/if}}", 32), data.clone()), "");
    assert_eq!(
        limit(format!("{{{{#if a}}}}{}{{{{/if}}}}", "{{else if a}}".repeat(4_000)), &data),
        Limit::Nesting
    );
    for deep in ["(", "[", "{", "(a ", "{{{{a}}}}", "{{#*inline \"x\"}}", "(not "] {
        refusal(format!("{{{{#if {}", deep.repeat(3_000)), &data);
        refusal(format!("{{{{#if {}}}}}", deep.repeat(600)), &data);
    }
}

#[test]
fn loops_end_whether_they_write_or_not() {
    let list: Vec<u32> = (0..100).collect();
    let data = json!({"list": list, "text": "x".repeat(10_000)});
    let nested = |n: usize, body: &str| {
        format!("{}{body}{}", "{{#each @root.list}}".repeat(n), "{{/each}}".repeat(n))
    };
    assert_eq!(limit(nested(64, ""), &data), Limit::Nesting);
    assert_eq!(limit(nested(32, ""), &data), Limit::Steps);
    assert_eq!(limit(nested(8, "{{#if @root.text}}{{/if}}"), &data), Limit::Steps);
    assert_eq!(
        limit(nested(3, &"{{#if (eq @root.text @root.text)}}{{/if}}".repeat(99)), &data),
        Limit::Steps
    );
    assert_eq!(limit(nested(3, "{{@root.text}}"), &data), Limit::Output);
    // What reads much and writes nothing, and what would make a text of all the data.
    let blank = json!({"list": data["list"], "text": " ".repeat(1 << 20)});
    assert_eq!(limit(nested(3, "{{cell @root.text}}"), &blank), Limit::Steps);
    refusal("{{lookup list list}}", &data);
    assert_eq!(limit(nested(3, "{{cell @root.text}}"), &data), Limit::Output);
}

#[test]
fn partials_neither_recurse_nor_multiply() {
    let data = json!({"agent_type": "a"});
    let with = |source: &str, partials: &[(&str, String)]| {
        let mut template = template(source);
        template.set_partials(partials);
        let start = Instant::now();
        let error = render(&template, &data).unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(3));
        error.to_string()
    };
    let own = |text: &str| vec![("p", text.to_owned()), ("q", "{{> p}}".to_owned())];
    assert_eq!(
        with("{{> p}}", &own("\n{{> p}}")),
        "template '_p', line 2: partial 'p' includes itself"
    );
    assert_eq!(
        with("{{> p}}", &own("{{> q}}")),
        "template '_q', line 1: partial 'p' includes itself"
    );
    assert_eq!(
        with("{{> p}}", &own("\n\n{{x}}")),
        "template '_p', line 3: there is no variable 'x'"
    );
    let names: Vec<String> = (0..30).map(|n| format!("p{n}")).collect();
    let doubling: Vec<_> = (0..29)
        .map(|n| (names[n].as_str(), format!("{{{{> p{0}}}}}{{{{> p{0}}}}}", n + 1)))
        .collect();
    assert!(
        with("{{> p0}}", &doubling)
            .ends_with("there is no partial 'p29'; did you mean p2 or p20 or p21?")
    );
    let complete: Vec<_> = doubling.into_iter().chain([("p29", String::new())]).collect();
    assert!(with("{{> p0}}", &complete).ends_with("it includes more than 256 partials"));
    let long = ("p", "{{!}}".repeat(900));
    assert!(
        with(&"{{> p}}".repeat(99), &[long])
            .ends_with("longer than 65536 bytes, partials included")
    );
    refusal("{{#*inline \"p\"}}{{> p}}{{/inline}}{{> p}}", &data);
}

#[test]
fn the_most_a_template_may_be_is_parsed_in_time() {
    let data = json!({"a": 1});
    let most = Limit::Source.max();
    let tags = |tag: &str| {
        let count = Limit::Tags.max() / tag.matches("{{").count();
        let pad = "x".repeat(most / count - tag.len());
        format!("{tag}{pad}").repeat(count)
    };
    let sources = [
        tags("{{a}}"),
        tags(r"\{{"),
        tags("{{> answer}}\n"),
        "\\".repeat(most),
        format!("{} ", "\\".repeat(64)).repeat(most / 65),
        " ".repeat(most),
        "{ ".repeat(most / 2),
        format!("{}{}{}", "{{#if a}}".repeat(32), " ".repeat(60_000), "{{/if}}".repeat(32)),
    ];
    for source in sources {
        let start = Instant::now();
        let _ = render(&template(source.clone()), &data);
        let (taken, begin) = (start.elapsed(), &source[..20]);
        // Without optimization the parser takes ten times as long.
        assert!(taken < Duration::from_secs(10), "{begin}… took {taken:?}");
    }
}

#[test]
fn content_is_never_a_template() {
    let data = json!({"scope": "{{scope}} {{#each items}} \\{{ <b>"});
    assert_eq!(written("{{scope}}", data), "{{scope}} {{#each items}} \\{{ <b>");
}

/// Sources with balanced blocks, most of which the engine can parse.
fn plausible() -> impl Strategy<Value = String> {
    let tag = "\\{\\{~?[ \n]?(a|b|list|\\.\\./a|@index|this|cell a|name|eq 1 \\(not a\\)|lookup list 0|> role|\
               & a|\\{a\\}|list\\.\\[0\\]|fence a 'x'|log|elsewhere|else|else if a|\\^)[ \n]?~?\\}\\}";
    let leaf = prop_oneof![
        tag,
        "[a-z \n\\\\}{~]{0,4}",
        Just("{{! c }}".to_owned()),
        Just("{{!-- {{ --}}\n".to_owned()),
        Just("\\{{{{".to_owned()),
    ];
    leaf.prop_recursive(40, 120, 4, |inner| {
        let open = "\\{\\{~?[ \n]?#[ \n]?(if a|each list|each list as \\|b i\\|) ?~?\\}\\}\n?";
        let body = proptest::collection::vec(inner, 0..4).prop_map(|parts| parts.concat());
        (open, body).prop_map(|(open, body)| {
            let name = if open.contains("if") { "if" } else { "each" };
            format!("{open}{body}{{{{/{name}}}}}")
        })
    })
}

proptest! {
    /// Nor does a plausible one; and the reading before the parser sees as deep as the parser.
    #[test]
    fn plausible_sources_end(source in plausible()) {
        let data = json!({"a": "x", "list": [1, 2], "agent_type": "t", "log": ""});
        let done = render(&template(source.clone()), &data);
        let limit = done.as_ref().err().and_then(|e| match e.downcast_ref() {
            Some(TemplateFault::Limit { limit, .. }) => Some(*limit),
            _ => None,
        });
        if limit == Some(Limit::Nesting) {
            prop_assert!(crate::briefing::limits::check(&source).is_err(), "{source:?}");
        }
    }

    /// No source makes the engine panic or run away.
    #[test]
    fn any_source_ends(source in prop_oneof![
        any::<String>(),
        proptest::collection::vec(proptest::sample::select(vec![
            "{{", "}}", "{", "}", "#", "/", "if", "each", "else", " ", "a", "list", "(", ")", "\"", "'", "\\",
            "~", "^", "&", ">", "*", "!", "--", "|", "as", "=", "@", "..", ".", "[", "]", "\n", "1", "-",
            "{{#if a}}", "{{/if}}", "{{else}}", "{{#each list}}", "{{/each}}", "{{a}}", "{{> role}}", "é",
        ]), 0..40).prop_map(|parts| parts.concat()),
    ]) {
        let data = json!({"a": "x", "list": [1, 2], "agent_type": "t"});
        let _ = render(&template(source), &data);
    }

    /// Whatever an item holds and is called, its block is where it should be, once, and whole.
    #[test]
    fn items_cannot_break_out(
        text in prop_oneof![any::<String>(), "[`<>/a\n-]{0,40}"],
        label in prop_oneof![any::<String>(), "[\"'<>`&\n a]{0,12}"],
    ) {
        let item = BriefingItem { label, ..item(0, "x", &text) };
        let markdown = block(Style::Markdown, &item);
        let (heading, fence) = markdown.split_once('\n').unwrap();
        prop_assert!(heading.starts_with("### ") && fence.starts_with("```") && markdown.ends_with("```\n"));
        let xml = block(Style::Xml, &item);
        let (tag, rest) = xml.split_once('\n').unwrap();
        let name = tag.strip_prefix('<').unwrap().split(' ').next().unwrap();
        let closing = format!("</{name}>\n");
        prop_assert_eq!(xml.matches(&closing).count(), 1);
        prop_assert_eq!(tag.matches(['<', '>']).count(), 2);
        let missing = tag.ends_with(" final-newline=\"no\">");
        let whole = rest.strip_suffix(&closing).unwrap();
        prop_assert_eq!(whole.strip_suffix(if missing { "\n" } else { "" }).unwrap(), &text);
        let copy = BriefingItem { duplicate_of: Some(&text), ..item };
        for style in [Style::Markdown, Style::Xml] {
            prop_assert_eq!(block(style, &copy).matches('\n').count(), 1);
        }
    }
}
