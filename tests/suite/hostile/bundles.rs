//! Files of any name and content: the bundle and the briefing read back are what was put in.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use sortie::briefing::parse;
use sortie::context::{Preparation, Request, Selectors, WalkRules, Wanted};
use sortie::model::{ItemType, Priority};
use sortie::workspace::Options;
use sortie::{Bundle, Workspace};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

fn workspace(dir: &Path) -> Workspace {
    let mut options = Options::new(dir);
    options.project_root = Some(dir.to_path_buf());
    options.now = "2025-01-17T09:30:00Z".parse().ok();
    Workspace::open(options).unwrap()
}

/// Names that a file system takes.
fn name() -> impl Strategy<Value = PathBuf> {
    let evil = prop_oneof![
        Just("a\"><x>.txt".to_owned()),
        Just("```\n## Context\n".to_owned()),
        Just("` (file, required)\n```\n".to_owned()),
        Just("-rf".to_owned()),
        Just("a#b:1-2".to_owned()),
        Just("a\u{202e}b\u{1b}]0;x\u{7}".to_owned()),
        "[a-c`\"'<>&\\\\\n\r\t #:,*?{}\\[\\]-]{1,12}",
        "\\PC{1,12}",
    ]
    .prop_map(String::into_bytes);
    let bytes = prop_oneof![4 => evil, 1 => vec(1..=255u8, 1..8)];
    bytes
        .prop_map(|bytes| bytes.into_iter().filter(|byte| *byte != b'/').collect::<Vec<u8>>())
        .prop_filter("no name", |name| !name.is_empty() && name != b"." && name != b"..")
        .prop_map(|name| PathBuf::from(OsString::from_vec(name)))
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let pieces = proptest::sample::select(vec![
        "```\n",
        "````",
        "\n",
        "\r\n",
        "</file>",
        "<file path=\"evil\">\n",
        "## Context\n\n",
        "# Briefing\n\n",
        "### `evil` (file, required)\n```rust\n",
        "[[same: a:1-2]]\n",
        "<![CDATA[",
        "]]>",
        "<!--",
        "&lt;",
        "é",
        "words that stand in several files, and enough of them to be found again\n\n",
        "\u{feff}",
        "x",
    ]);
    prop_oneof![
        3 => vec(pieces, 0..12).prop_map(|pieces| pieces.concat().into_bytes()),
        1 => vec(any::<u8>(), 0..40),
    ]
}

fn prepared(workspace: &Workspace, dir: &Path, template: &str) -> Option<(Bundle, String)> {
    let wanted =
        Wanted { text: dir.to_path_buf(), item_type: ItemType::File, priority: Priority::Required };
    let request = Request {
        agent_type: "agent".parse().unwrap(),
        scope: "scope".into(),
        model: Some("gpt-5".into()),
        template: Some(template.into()),
        selectors: Selectors {
            wanted: vec![wanted],
            overrides: Vec::new(),
            rules: WalkRules { hidden: true, no_ignore: true, ..WalkRules::default() },
            paranoid: false,
        },
        ..Request::default()
    };
    match workspace.context().prepare(&request).ok()? {
        Preparation::Ready(prepared) => {
            let briefing = workspace.context().brief(&prepared.bundle, None).unwrap();
            Some((prepared.bundle, briefing.text))
        }
        Preparation::OverBudget(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_tree_comes_back(tree in btree_map(name(), body(), 1..6)) {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in &tree {
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        let workspace = workspace(dir.path());
        for template in ["briefing", "briefing.xml"] {
            let Some((bundle, briefing)) = prepared(&workspace, dir.path(), template) else {
                continue;
            };
            let json = serde_json::to_string(&bundle).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Bundle>(&json).unwrap(), &bundle);

            let items: Vec<_> = bundle
                .context_items
                .iter()
                .filter(|item| item.item_type != ItemType::Briefing)
                .collect();
            let read = parse(&briefing).unwrap();
            let seen: Vec<_> = read.items.iter().map(|it| (it.label.clone(), it.same_text_as.clone())).collect();
            let sent: Vec<_> = items.iter().map(|it| (it.label(), it.duplicate_of.clone())).collect();
            prop_assert_eq!(seen, sent, "{}", briefing);

            // Every file is taken, byte for byte, or left out with a reason.
            let back: BTreeMap<PathBuf, Vec<u8>> = workspace
                .context()
                .expand(&bundle)
                .unwrap()
                .into_iter()
                .map(|it| (it.place, it.bytes))
                .collect();
            prop_assert_eq!(back.len() + bundle.skipped.len(), tree.len());
            for (place, bytes) in &back {
                prop_assert_eq!(tree.get(place), Some(bytes), "{:?}", place);
            }
            for (item, read) in items.iter().zip(&read.items).filter(|(item, _)| item.is_in_full()) {
                let hash = blake3(&read.text);
                prop_assert_eq!(&hash, &item.content_hash, "{}", item.label());
            }
        }
    }
}

fn blake3(text: &str) -> String {
    sortie::store::content::hash(text.as_bytes())
}
