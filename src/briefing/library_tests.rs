//! Which template a name means.

use super::*;

fn library(files: &[(&str, &str)]) -> (tempfile::TempDir, Library) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    let library = Library::new(Some(dir.path().to_path_buf()));
    (dir, library)
}

fn source(library: &Library, name: &str) -> String {
    library.get(TemplateKind::Briefing, name).unwrap().source
}

#[test]
fn a_users_file_wins_by_name() {
    let (_dir, library) =
        library(&[("briefing.hbs", "mine"), ("short.md", "s"), ("wide.xml.hbs", "w")]);
    for name in ["briefing", "briefing.md", "briefing.md.hbs"] {
        assert_eq!(source(&library, name), "mine", "{name}");
    }
    assert_eq!(source(&library, "short"), "s");
    assert_eq!(source(&library, "wide"), "w");
    assert_eq!(source(&library, "wide.xml"), "w");
    let xml = library.get(TemplateKind::Briefing, "briefing.xml").unwrap();
    assert_eq!(xml.origin, Origin::Embedded);
}

#[test]
fn another_style_does_not_replace_the_default() {
    let (_dir, library) = library(&[("briefing.xml.hbs", "mine")]);
    assert_eq!(source(&library, "briefing.xml"), "mine");
    assert_ne!(source(&library, "briefing"), "mine");
}

#[test]
fn a_path_is_a_path() {
    let (dir, library) = library(&[("a.hbs", "a {{> p}}"), ("_p.hbs", "p")]);
    let path = dir.path().join("a.hbs");
    let template = Library::default().get(TemplateKind::Briefing, path.to_str().unwrap()).unwrap();
    assert_eq!(template.origin, Origin::File(path));
    assert_eq!(template.partials()["p"], "p");
    assert!(library.get(TemplateKind::Briefing, dir.path().to_str().unwrap()).is_err());
    for name in ["../a", "./nothing", "_p", ".", "..", ""] {
        let error = library.get(TemplateKind::Briefing, name).unwrap_err();
        assert_eq!(error.kind(), Kind::NotFound, "{name}");
    }
}

#[test]
fn an_unknown_name_is_answered_with_the_known() {
    let (_dir, library) = library(&[("short.hbs", "")]);
    let says = |kind, name: &str| library.get(kind, name).unwrap_err().to_string();
    let briefing = TemplateKind::Briefing;
    assert_eq!(
        says(briefing, "breifing"),
        "there is no briefing template 'breifing'; try briefing, briefing.xml"
    );
    assert_eq!(
        says(briefing, "zzz"),
        "there is no briefing template 'zzz'; try briefing, briefing.xml, short"
    );
    assert_eq!(
        says(TemplateKind::SynthesisReport, "briefing"),
        "there is no synthesis-report template 'briefing'; try synthesis-report, synthesis-report.html"
    );
}

#[test]
fn what_is_no_template_is_refused() {
    let (dir, library) = library(&[("big.hbs", &"x".repeat(70_000))]);
    std::fs::write(dir.path().join("bytes.hbs"), [0xff]).unwrap();
    std::fs::create_dir(dir.path().join("folder.hbs")).unwrap();
    for name in ["big", "bytes", "folder"] {
        let error = library.get(TemplateKind::Briefing, name).unwrap_err();
        assert_eq!(error.kind(), Kind::Usage, "{name}");
    }
}

#[test]
fn more_partials_than_a_template_may_have_are_not_read() {
    let (dir, library) = library(&[("short.hbs", "")]);
    let partial = |n| std::fs::write(dir.path().join(format!("_p{n}.hbs")), "").unwrap();
    (0..256).for_each(partial);
    assert!(library.get(TemplateKind::Briefing, "briefing").is_ok());
    partial(256);
    for name in ["briefing", "short"] {
        let error = library.get(TemplateKind::Briefing, name).unwrap_err();
        assert!(error.to_string().ends_with("holds 257 partials; at most 256 are allowed"));
    }
}

#[test]
fn the_list_has_each_name_once_with_what_it_gets() {
    let (_dir, library) = library(&[
        ("briefing.md.hbs", "{{!-- Ours.\nscope: what to do\n--}}"),
        ("notes.txt", ""),
        ("_p.hbs", ""),
        ("short.hbs", ""),
        ("short.md", ""),
        ("synthesis-report-short.hbs", "{{!-- Brief. --}}"),
    ]);
    let list = library.list().unwrap();
    let shown: Vec<_> =
        list.iter().map(|t| (t.name.as_str(), t.kind, t.description.as_str())).collect();
    use TemplateKind::{Briefing, SynthesisReport};
    assert_eq!(
        shown,
        [
            ("briefing", Briefing, "Ours."),
            ("briefing.xml", Briefing, Head::of(EMBEDDED[1].source).description.as_str()),
            (
                "synthesis-report",
                SynthesisReport,
                Head::of(EMBEDDED[2].source).description.as_str()
            ),
            (
                "synthesis-report.html",
                SynthesisReport,
                Head::of(EMBEDDED[3].source).description.as_str()
            ),
            ("short", Briefing, ""),
            ("synthesis-report-short", SynthesisReport, "Brief."),
        ]
    );
    assert_eq!(list[0].variables, [("scope".to_owned(), "what to do".to_owned())]);
    assert_eq!(list[4].variables, Head::of(EMBEDDED[0].source).variables);
}

#[test]
fn a_page_is_known_by_its_name() {
    let (_dir, library) = library(&[("short.html.hbs", "s"), ("loud.HTML", "l"), ("a.hbs", "a")]);
    let get = |name: &str| library.get(TemplateKind::SynthesisReport, name).unwrap();
    for name in ["short", "short.html", "loud.HTML", "synthesis-report.html"] {
        assert!(get(name).is_html(), "{name}");
    }
    assert_eq!(get("short").name, "short.html");
    let kept = Template::from_kept(&get("short").to_kept()).unwrap();
    assert!(kept.is_html() && !get("a").is_html() && !get("synthesis-report").is_html());
}
