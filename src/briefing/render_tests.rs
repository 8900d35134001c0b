//! What templates render to; `hostile_tests` has those that an enemy would write.

use super::*;
use crate::briefing::content::ItemText;
use crate::briefing::{BriefingContext, BriefingItem, Library, TemplateKind, item_block};
use crate::model::{ItemType, Priority};
use serde_json::json;

#[path = "hostile_tests.rs"]
mod hostile;

fn item<'a>(index: usize, source: &'a str, text: &'a str) -> BriefingItem<'a> {
    BriefingItem {
        index,
        r#type: ItemType::File,
        source,
        label: source.to_owned(),
        priority: Priority::Required,
        kind: "rust",
        sections: &[],
        first_line: None,
        last_line: None,
        shared_with: &[],
        shared: false,
        duplicate_of: None,
        references: 0,
        content_hash: "",
        text: ItemText::new(index, text),
    }
}

fn empty() -> BriefingContext<'static> {
    BriefingContext {
        agent_type: "rust-developer",
        scope: "",
        role: None,
        constraints: &[],
        constraints_list: String::new(),
        expected_output: None,
        model: "claude-sonnet-4",
        shared_items: 0,
        shared_referring: 0,
        own_items: 0,
        own_referring: 0,
        items: Vec::new(),
    }
}

fn full(constraints: &[String]) -> BriefingContext<'_> {
    let reference = BriefingItem {
        r#type: ItemType::Reference,
        priority: Priority::Recommended,
        label: "docs/guide.md#Usage".into(),
        kind: "markdown",
        ..item(2, "docs/guide.md", "## Usage\n```sh\nrun\n```")
    };
    let copy = BriefingItem {
        r#type: ItemType::SharedContext,
        priority: Priority::Optional,
        duplicate_of: Some("src/lib.rs:1-2"),
        ..item(3, "old/lib.rs", "fn a() {}\n\nfn b() {}\n")
    };
    BriefingContext {
        scope: "Make `a()` fast.\nKeep its signature.",
        role: Some("You know SIMD."),
        constraints,
        constraints_list: "- no new crates\n- tests stay green".into(),
        expected_output: Some("A table of timings."),
        shared_items: 1,
        shared_referring: 0,
        own_items: 3,
        own_referring: 1,
        items: vec![
            BriefingItem { shared: true, ..item(0, "spec.md", "# Spec\n") },
            BriefingItem {
                references: 1,
                label: "src/lib.rs:1-2".into(),
                ..item(1, "src/lib.rs", "fn a() {}\n\nfn b() {}\n")
            },
            reference,
            copy,
        ],
        ..empty()
    }
}

fn embedded(name: &str) -> Template {
    Library::default().get(TemplateKind::Briefing, name).unwrap()
}

fn template(source: impl Into<String>) -> Template {
    let mut template = embedded("briefing");
    (template.name, template.source) = ("t".into(), source.into());
    template
}

fn written(source: &str, data: Value) -> String {
    render(&template(source), &data).unwrap()
}

fn briefed(template: &Template, context: &BriefingContext<'_>) -> String {
    brief(template, context).unwrap().text(context).unwrap()
}

/// An item as it stands in a briefing.
fn block(style: Style, item: &BriefingItem<'_>) -> String {
    let block = item_block(style, item).unwrap();
    let text = if block.has_text { item.text.read().unwrap() } else { "".into() };
    block.before + &text + &block.after
}

#[test]
fn the_markdown_briefing() {
    let constraints = ["no new crates".to_owned(), "tests stay green".to_owned()];
    insta::assert_snapshot!(briefed(&embedded("briefing"), &full(&constraints)));
    insta::assert_snapshot!(briefed(&embedded("briefing.md"), &empty()));
}

#[test]
fn the_xml_briefing() {
    let constraints = ["no new crates".to_owned(), "tests stay green".to_owned()];
    insta::assert_snapshot!(briefed(&embedded("briefing.xml"), &full(&constraints)));
    insta::assert_snapshot!(briefed(&embedded("briefing.xml"), &empty()));
}

#[test]
fn it_says_which_items_it_wrote_and_how() {
    let context = full(&[]);
    for (name, style) in [("briefing", Style::Markdown), ("briefing.xml", Style::Xml)] {
        let rendered = brief(&embedded(name), &context).unwrap();
        assert_eq!(rendered.item_styles, [0, 1, 2, 3].map(|index| (index, style)));
        for item in &context.items {
            assert!(rendered.text(&context).unwrap().contains(&block(style, item)));
        }
    }
    let twice =
        "{{#each items}}{{#if @last}}{{xml_item this}}{{markdown_item this}}{{/if}}{{/each}}";
    let rendered = brief(&template(twice), &context).unwrap();
    assert_eq!(rendered.item_styles, [(3, Style::Xml), (3, Style::Markdown)]);
}

#[test]
fn a_text_is_the_same_however_a_template_uses_it() {
    let context = full(&[]);
    let is = |source: &str, expected: &str| {
        let source =
            format!("{{{{#each items}}}}{{{{#if @first}}}}{source}{{{{/if}}}}{{{{/each}}}}");
        assert_eq!(briefed(&template(&source), &context), expected, "{source}");
    };
    is("{{text}}{{{text}}}", "# Spec\n# Spec\n");
    is("{{#with text}}{{this}}{{/with}}", "# Spec\n");
    is("{{len text}} {{eq text \"# Spec\\n\"}} {{inline text}}", "7 true \\# Spec");
    is("{{fence text}}{{text}}", "```\n# Spec\n```# Spec\n");
    is(
        "{{#if text}}yes{{/if}}{{#each this}}{{#if (eq @key \"text\")}}{{this}}{{/if}}{{/each}}",
        "yes# Spec\n",
    );
}

#[test]
fn the_head_documents_every_variable() {
    let list = Library::default().list().unwrap();
    let documented: Vec<_> = list[0].variables.iter().map(|(name, _)| name.clone()).collect();
    let context = serde_json::to_value(full(&[])).unwrap();
    let fields = context.as_object().unwrap().keys().cloned();
    let item = context["items"][0].as_object().unwrap();
    let fields: Vec<_> = fields.chain(item.keys().map(|key| format!("items.{key}"))).collect();
    assert_eq!(documented, fields);
}

#[test]
fn the_reference_tells_the_truth() {
    let reference = include_str!("../../references/template-context.md");
    let example = reference.split("```handlebars\n").nth(1).and_then(|e| e.split("```").next());
    let rendered = brief(&template(example.unwrap()), &full(&[])).unwrap();
    assert_eq!(rendered.item_styles, [0, 1, 2, 3].map(|index| (index, Style::Markdown)));
    for (name, _) in &Library::default().list().unwrap()[0].variables {
        let name = name.trim_start_matches("items.");
        assert!(reference.contains(&format!("`{name}`")), "{name}");
    }
    for helper in crate::briefing::helpers::HELPERS {
        let is_named = ["{{", "{{#", "("]
            .iter()
            .any(|open| reference.contains(&format!("{open}{} ", helper.name)));
        assert!(is_named, "{}", helper.name);
    }
}

#[test]
fn blocks_and_values() {
    let data = json!({"list": [{"n": 1}, {"n": 2}], "map": {"a": "x", "b": null}, "none": [],
        "null": null, "zero": 0, "name": "var", "text": "héé"});
    let is = |source: &str, expected: &str| {
        assert_eq!(written(source, data.clone()), expected, "{source}");
    };
    is("{{#each list}}{{@index}}{{@first}}{{@last}}{{n}};{{/each}}", "0truefalse1;1falsetrue2;");
    is(
        "{{#each list as |e i|}}{{i}}{{e.n}}{{#each ../list}}{{e.n}}{{/each}};{{/each}}",
        "0111;1222;",
    );
    is("{{#each map}}{{@key}}={{this}},{{/each}}", "a=x,b=,");
    is("{{#each map as |v k|}}{{k}}{{v}}{{/each}}", "axb");
    is("{{#each none}}x{{else}}empty{{/each}}{{#each null}}x{{else}}null{{/each}}", "emptynull");
    is("{{#with map}}{{a}}{{../name}}{{/with}}{{#with null}}x{{else}}y{{/with}}", "xvary");
    is("{{#with (lookup list 1) as |e|}}{{e.n}}{{n}}{{/with}}", "22");
    is("{{lookup map \"a\"}}{{lookup map \"zz\"}}{{lookup list 7}}", "x");
    is("{{#if zero}}x{{else if none}}y{{else}}z{{/if}}{{#unless zero}}u{{/unless}}", "zu");
    is("{{eq name \"var\"}} {{ne name null}} {{gt 2 1}} {{lt \"a\" \"b\"}}", "true true true true");
    is(
        "{{and list zero}} {{or null name}} {{not null}} {{len list}}{{len map}}{{len text}}",
        "false true true 223",
    );
    is("{{name}} {{name name}} {{{name}}} {{this.name}} {{@root.name}}", "var `var` var var var");
    is("{{#if (and (eq zero 0) (not (gt 1 2)))}}y{{/if}}{{list.[1].n}}{{list.1.n}}", "y22");
    is(r"\{{name}} {{! c }}{{!-- {{x}} --}}<&>{{cell '<&>'}}", r"{{name}} <&>&lt;&amp;&gt;");
    is("{{fence text \"md\"}}|{{fence text}}", "```md\nhéé\n```|```\nhéé\n```");
    is("{{attr '<'}}{{inline '# x'}}", r"&lt;\# x");
}
