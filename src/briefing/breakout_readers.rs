//! Three readings of a briefing: our own, and two that know nothing of it, a CommonMark parser and an XML
//! parser. Each says whether it holds what it was made of, and nothing else.

use super::Made;
use crate::briefing::escape::visible;
use crate::briefing::fence::{info_string, ticks};
use crate::briefing::item::Style;
use crate::briefing::{ParsedItem, longest_backticks, parse};
use pulldown_cmark::{Event, HeadingLevel, Parser, Tag, TagEnd};

/// Three readings of both styles: our own, and two that know nothing of it.
pub(super) fn hold(made: &Made) -> Result<(), String> {
    for (template, style) in [("briefing", Style::Markdown), ("briefing.xml", Style::Xml)] {
        let text = made.rendered(template);
        let parsed = parse(&text).map_err(|why| format!("{why}\n{text}"))?;
        let expected = made.expected(style);
        if parsed != expected {
            return Err(format!("{parsed:#?}\nis not\n{expected:#?}\nin\n{text}"));
        }
        match style {
            Style::Markdown => as_commonmark(made, &text),
            Style::Xml => as_xml(made, &text),
        }
        .map_err(|why| format!("{why}\n{text}"))?;
    }
    Ok(())
}

/// The headings of the first three ranks that a reader must find, and no others.
fn headings(made: &Made) -> Vec<(usize, String)> {
    let item = |item: &ParsedItem| {
        let label = visible(&item.label);
        let (item_type, priority) = (item.item_type, item.priority);
        let refers = match (item.references, &item.same_text_as) {
            (_, Some(first)) => format!("): same text as {}", visible(first)),
            (0, None) => ")".to_owned(),
            (1, None) => ", 1 reference)".to_owned(),
            (many, None) => format!(", {many} references)"),
        };
        let cut = match item.text.is_empty() || item.text.ends_with('\n') {
            true => refers,
            false => format!("{}, no final newline)", refers.trim_end_matches(')')),
        };
        (3, format!("{label} ({item_type}, {priority}{cut}").trim().to_owned())
    };
    let section = |rank: usize, title: &str| (rank, title.to_owned());
    let (shared, own) = made.items.split_at(made.shared);
    let mut all = Vec::new();
    if !shared.is_empty() {
        all.push(section(1, "Shared context"));
    }
    all.extend(shared.iter().map(item));
    all.push(section(1, "Briefing"));
    all.extend((!made.scope.is_empty()).then(|| section(2, "Scope")));
    all.extend((!made.constraints.is_empty()).then(|| section(2, "Constraints")));
    all.push(section(2, "Final message"));
    all.extend((!own.is_empty()).then(|| section(2, "Context")));
    all.extend(own.iter().map(item));
    all
}

/// CommonMark finds our headings at the top and no others, and behind those of items their fences.
pub(super) fn as_commonmark(made: &Made, text: &str) -> Result<(), String> {
    let (mut found, mut fences) = (Vec::new(), Vec::new());
    let (mut depth, mut heading, mut behind_item) = (0, None, false);
    for (event, range) in Parser::new(text).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) if depth == 0 && level <= HeadingLevel::H3 => {
                heading = Some((level as usize, String::new()));
            }
            Event::End(TagEnd::Heading(_)) if depth == 1 => {
                behind_item = heading.as_ref().is_some_and(|it| it.0 == 3);
                // Of code that is all spaces none is taken off.
                found.extend(heading.take().map(|(rank, text)| (rank, text.trim().to_owned())));
            }
            Event::Start(Tag::CodeBlock(_)) if depth == 0 && behind_item => {
                fences.push(text[range].to_owned());
                behind_item = false;
            }
            Event::Text(ref text) | Event::Code(ref text) => {
                heading.iter_mut().for_each(|heading| heading.1 += text);
            }
            _ => {}
        }
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
    }
    let fence = |item: &ParsedItem| {
        let ticks = ticks(longest_backticks(&item.text));
        let newline = if item.text.is_empty() || item.text.ends_with('\n') { "" } else { "\n" };
        format!("{ticks}{}\n{}{newline}{ticks}", info_string(&item.kind), item.text)
    };
    let full = made.items.iter().filter(|item| item.same_text_as.is_none());
    let expected: Vec<String> = full.map(fence).collect();
    match found == headings(made) && fences == expected {
        true => Ok(()),
        false => Err(format!("{found:#?}\n{fences:#?}\ninstead of\n{:#?}", headings(made))),
    }
}

/// An XML parser finds the elements that it must, once each text is taken out, up to the closing tag
/// of its own name.
pub(super) fn as_xml(made: &Made, text: &str) -> Result<(), String> {
    let mut bare = String::from("<briefing>");
    let mut texts = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let end = open + rest[open..].find('>').ok_or("a tag has no end")? + 1;
        let tag = &rest[open..end];
        bare += &rest[..end];
        rest = &rest[end..];
        if tag.ends_with("/>") {
            continue;
        }
        let name = tag[1..tag.len() - 1].split(' ').next().unwrap_or_default();
        let (inner, behind) =
            rest.split_once(&format!("</{name}>")).ok_or("an element is not closed")?;
        texts.push(inner.trim_matches('\n').to_owned());
        bare += &format!("</{name}>");
        rest = behind;
    }
    bare = bare + rest + "</briefing>";
    let document = roxmltree::Document::parse(&bare).map_err(|why| format!("{why}\n{bare}"))?;
    let elements: Vec<_> =
        document.root_element().children().filter(|it| it.is_element()).collect();
    let kinds: Vec<&str> = elements
        .iter()
        .map(|it| it.tag_name().name().split('-').next().unwrap_or_default())
        .collect();
    let (shared, own) = made.items.split_at(made.shared);
    let part = |name: &'static str, there: bool| there.then_some(name);
    let mut expected: Vec<&str> = shared.iter().map(|it| it.item_type.as_str()).collect();
    expected.extend(part("role", made.role.as_ref().is_some_and(|it| !it.is_empty())));
    expected.extend(part("scope", !made.scope.is_empty()));
    expected.extend(part("constraints", !made.constraints.is_empty()));
    expected.push("final");
    expected.extend(own.iter().map(|it| it.item_type.as_str()));
    let paths: Vec<Option<&str>> = elements
        .iter()
        .filter_map(|it| it.attribute("priority").map(|_| it.attribute("path")))
        .collect();
    let labels: Vec<_> = made.items.iter().map(|it| visible(&it.label)).collect();
    let labels: Vec<Option<&str>> = labels.iter().map(|it| Some(it.as_ref())).collect();
    match kinds == expected && paths == labels {
        true => Ok(()),
        false => Err(format!("{kinds:?} {paths:?}\ninstead of\n{expected:?} {labels:?}")),
    }
}
