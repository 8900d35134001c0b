//! Reports as pages and for code hosts: what they show, that text stays text, and what they are
//! compared with.

use crate::env::TestEnv;
use serde_json::Value;
use std::collections::BTreeSet;

/// Texts that would be markup, were they let.
const HOSTILE: &[&str] = &[
    "<script>alert(1)</script> \"><img src=x onerror=alert(1)> x --><b>]]><i>",
    "</style></title></textarea><svg onload=alert(1)> ' onmouseover='alert(1)' x=`y`",
    "![x](http://e.example/p.png) [y](javascript:alert(1)) <a href=\"javascript:alert(1)\">x</a>",
    "a | b \\| c `d` ``e`` **f** left\u{202e}right\u{2066}\u{200b} &lt;b&gt; &#60;b&#62; {{{scope}}}",
];

fn run(env: &TestEnv, arguments: &[&str]) -> String {
    let output = env.sortie().args(arguments).output().unwrap();
    let outcome = env.outcome(arguments.join(" "), output);
    assert_eq!(outcome.status, Some(0), "{outcome}");
    outcome.out()
}

/// A session with all that a report tells, each text given by `said`.
fn told(said: &dyn Fn(&str) -> String) -> TestEnv {
    let mut env = TestEnv::new();
    env.write("lib/copy.ts", env.text("lib/types.ts"));
    let (scope, error) = (said("scope"), said("error"));
    let session = ["--scope", &scope, "--session-id"];
    run(&env, &[&["track", "init-session"], &session[..], &["s-0"]].concat());
    run(&env, &["track", "fail-session", "--session-id", "s-0", "--reason", &error]);
    env.at("2025-01-17T09:35:00Z");
    run(&env, &[&["track", "init-session"], &session[..], &["s-1"]].concat());
    for (id, budget) in [("e-1", "4k"), ("e-2", "4k"), ("e-3", "4k"), ("e-4", "4k")] {
        let bundle = format!("{id}.json");
        let agent = said("agent");
        // As much of it as may be a kind of agent.
        let agent = sortie::model::AgentType::nearest(&agent).to_string();
        let given = ["--agent-type", &agent, "--scope", &scope, "--files", "lib"];
        let prepare = ["ctx", "prepare-bundle", "--budget", budget, "--output", &bundle];
        run(&env, &[&prepare[..], &given[..]].concat());
        let deploy = ["track", "init-deployment", "--session-id", "s-1", "--execution-id", id];
        let given = ["--agent-type", &agent, "--scope", &scope, "--context-bundle", &bundle];
        run(&env, &[&deploy[..], &given[..], &["--model", "sonnet"]].concat());
    }
    env.at("2025-01-17T10:00:00Z");
    let completion = ["track", "record-completion", "--execution-id"];
    run(&env, &[&completion[..], &["e-1", "--final-message", &said("message")]].concat());
    let failed = ["e-2", "--status", "failed", "--error-message", &error];
    run(&env, &[&completion[..], &failed].concat());
    let file = said("file").replace(['/', ','], "");
    env.write(&file, "x");
    let gates = ["pass", "fail", "skip", "87.5"]
        .map(|result| format!("{}{result}:{result}", said("gate").replace([',', ':'], "")));
    let (file, gates) = (format!("{file},{file}.none"), gates.join(","));
    for id in ["e-1", "e-2"] {
        run(
            &env,
            &[
                "outputs",
                "collect",
                "--execution-id",
                id,
                "--deliverables",
                &file,
                "--validation-results",
                &gates,
                "--insights",
                &said("insight"),
                "--errors",
                &error,
            ],
        );
    }
    env
}

fn plain() -> TestEnv {
    told(&|what| format!("the {what}"))
}

/// A page without what all pages share.
fn page(text: &str) -> String {
    let mut page = text.to_owned();
    for (from, to) in [("<style>", "</style>"), ("<script>\nfor", "</script>")] {
        let start = page.find(from).unwrap() + from.len();
        let end = page[start..].find(to).unwrap() + start;
        page.replace_range(start..end, "…");
    }
    page
}

/// The tags of a page in order, with their attributes' names: what a browser makes elements of.
fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let inner = &rest[start + 1..];
        let mut quoted = false;
        let end = inner
            .find(|c| {
                quoted ^= c == '"';
                c == '>' && !quoted
            })
            .expect("a tag ends");
        // Only the values of attributes differ.
        let names = inner[..end].split('"').step_by(2);
        tags.push(names.collect::<Vec<_>>().join(""));
        rest = &inner[end..];
    }
    tags
}

const PAGE: &str = "outputs synthesize --session-id s-1 --format html";

#[test]
fn the_page() {
    let env = plain();
    snapshot!("page_of_a_session", page(&env.ok(PAGE).out()));
    assert_eq!(env.ok("outputs show latest").stdout, env.ok(PAGE).stdout);
    snapshot!("page_written", env.run(&format!("{PAGE} --output report.html")));
    let reports = env.ok("outputs reports --format json").json();
    assert_eq!(reports["reports"][0]["template"], "synthesis-report.html");
}

#[test]
fn the_page_of_little() {
    let env = TestEnv::deployed("e-1");
    snapshot!("page_of_one_deployment", page(&env.ok(PAGE).out()));
    let env = TestEnv::empty();
    env.ok("track init-session --scope s --session-id s-1");
    let page_of_none = env.ok(PAGE).out();
    assert!(page_of_none.contains("Nothing was deployed"), "{page_of_none}");
    let env = TestEnv::new();
    snapshot!(
        "page_without_a_history",
        page(
            &env.ok(
                "outputs synthesize --agents a,b --deliverables lib/types.ts,none --format html"
            )
            .out()
        )
    );
}

#[test]
fn a_page_loads_nothing() {
    let env = plain();
    for line in [PAGE, "outputs query --format html"] {
        let page = env.ok(line).out();
        for from_elsewhere in ["http:", "https:", "@import", "<link", "src=", " on"] {
            let found = tags(&page).into_iter().find(|tag| tag.contains(from_elsewhere));
            assert_eq!(found, None, "{line}");
        }
        let urls = page.match_indices("url(").map(|(at, _)| &page[at + 4..at + 5]);
        assert!(urls.into_iter().all(|first| first == "#"), "{page}");
        assert!(page.starts_with("<!doctype html>\n<html lang=\"en\">"), "{page}");
        assert!(page.contains("default-src 'none'"), "{page}");
    }
}

#[test]
fn hostile_text_makes_no_element() {
    let verbs = [
        PAGE,
        "outputs query --format html",
        "outputs verify --session-id s-1 --format html",
        "track query --format html",
        "track show e-1 --format html",
        "track sessions --format html",
        "ctx show latest --format html",
        "ctx list --format html",
    ];
    let expected = {
        let env = plain();
        verbs.map(|line| tags(&env.run(line).out()))
    };
    for evil in HOSTILE {
        let env = told(&|_| (*evil).to_owned());
        for (line, expected) in verbs.iter().zip(&expected) {
            let page = env.run(line).out();
            assert_eq!(&tags(&page), expected, "{evil} in {line}");
            assert!(!page.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{evil} in {line}");
        }
        assert_plain_on_code_hosts(&env.ok("outputs synthesize --session-id s-1").out());
    }
}

/// No element, no link, no emphasis comes of what was said, and no row has a cell too many.
fn assert_plain_on_code_hosts(report: &str) {
    use pulldown_cmark::{Event, Options, Parser, Tag};
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    for event in Parser::new_ext(report, options) {
        match event {
            Event::Html(_) | Event::InlineHtml(_) => panic!("{event:?} in\n{report}"),
            Event::Start(
                Tag::Image { .. }
                | Tag::Link { .. }
                | Tag::HtmlBlock
                | Tag::Emphasis
                | Tag::Strikethrough
                | Tag::BlockQuote(_),
            ) => panic!("{event:?} in\n{report}"),
            _ => {}
        }
    }
    let mut columns = 0;
    for line in report.lines() {
        // Two backslashes are one, and leave a pipe as it is.
        let bare = line.replace("\\\\", "").replace("\\|", "");
        match bare.starts_with("| ") && bare.ends_with(" |") {
            true if columns == 0 => columns = bare.matches('|').count(),
            true => assert_eq!(bare.matches('|').count(), columns, "{line}"),
            false => columns = 0,
        }
    }
    assert!(!report.contains(['\u{202e}', '\u{2066}', '\u{200b}']), "{report}");
}

#[test]
fn every_verb_has_a_page() {
    let env = plain();
    for line in [
        "ctx list",
        "ctx models",
        "ctx templates",
        "ctx show latest",
        "ctx generate-briefing --bundle latest",
        "ctx check-bounds --files lib",
        "ctx track-budget --session-id s-1",
        "track query",
        "track sessions",
        "track show latest",
        "outputs query",
        "outputs reports",
    ] {
        let outcome = env.run(&format!("{line} --format html"));
        assert!(outcome.out().starts_with("<!doctype html>"), "{outcome}");
        assert!(outcome.out().ends_with("</html>\n"), "{outcome}");
    }
    snapshot!("page_of_a_list", page(&env.ok("track query --limit 2 --format html").out()));
    snapshot!(
        "page_of_a_budget",
        page(&env.ok("ctx check-bounds --files lib --format html").out())
    );
}

/// The Markdown and HTML templates are given the same, and the head of the former says what.
#[test]
fn every_variable_of_a_report_is_documented() {
    let env = plain();
    let context = env.ok("outputs synthesize --session-id s-1 --format json").json();
    let mut found = BTreeSet::new();
    gather(&context, "", &mut found);
    let templates = env.ok("ctx templates --format json").json();
    let templates = templates["templates"].as_array().unwrap().clone();
    let report = templates.iter().find(|it| it["name"] == "synthesis-report").unwrap();
    let variables = report["variables"].as_array().unwrap().iter();
    let documented: BTreeSet<String> =
        variables.map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(documented, found);
}

fn gather(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                found.insert(path.clone());
                gather(value, &path, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| gather(value, path, found)),
        _ => {}
    }
}

#[test]
fn pictures_stand_within_their_frames() {
    let env = plain();
    let context = env.ok("outputs synthesize --session-id s-1 --format json").json();
    let charts = &context["charts"];
    let bars = charts["timeline"]["bars"].as_array().unwrap();
    assert_eq!(bars.len(), 4);
    let edges = |bar: &Value| (bar["left"].as_f64().unwrap(), bar["width"].as_f64().unwrap());
    assert_eq!(
        bars.iter().map(edges).collect::<Vec<_>>(),
        [(0.0, 80.0), (0.0, 80.0), (0.0, 100.0), (0.0, 100.0)]
    );
    assert_eq!(charts["timeline"]["most_at_once"], 4);
    for bar in charts["tokens"]["bars"].as_array().unwrap() {
        let reach = bar["width"].as_f64().unwrap() + bar["saved_width"].as_f64().unwrap();
        assert!(reach > 1.0 && reach <= 100.0, "{bar}");
        assert_eq!(bar["budget_at"], 100.0);
    }
    let results: Vec<&Value> = charts["gates"]["rows"][0]["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["result"])
        .collect();
    assert_eq!(results, ["pass", "fail", "skip", "figure"]);
    let savings = &charts["savings"];
    assert_eq!(
        savings["before"].as_u64().unwrap() - savings["after"].as_u64().unwrap(),
        savings["saved"]
    );
}

#[test]
fn compared_with_the_last_session_of_its_scope() {
    let mut env = TestEnv::new();
    let begin = |env: &mut TestEnv, id: &str, time: &str, scope: &str| {
        env.at(&format!("2025-01-{time}:00Z"));
        env.ok(&format!("track init-session --session-id {id} --scope '{scope}'"));
        env.ok(&format!(
            "track init-deployment --session-id {id} --execution-id e-{id} --agent-type a --scope s"
        ));
        env.ok(&format!("track record-completion --execution-id e-{id} --final-message done"));
    };
    let previous = |env: &TestEnv, id: &str| {
        let line = format!("outputs synthesize --session-id {id} --format json");
        env.ok(&line).json()["previous"]["session_id"].clone()
    };
    begin(&mut env, "a", "10T09:00", "Vector  search");
    begin(&mut env, "b", "11T09:00", "vector SEARCH");
    begin(&mut env, "c", "11T09:00", " Vector search ");
    begin(&mut env, "d", "12T09:00", "Vector searches");
    assert_eq!(previous(&env, "a"), Value::Null);
    assert_eq!(previous(&env, "b"), "a");
    assert_eq!(previous(&env, "c"), "b");
    assert_eq!(previous(&env, "d"), Value::Null);
    env.ok("track complete-session --session-id a");
    env.ok("track complete-session --session-id d");
    assert_eq!(previous(&env, "c"), "a", "one that has ended is preferred");
    env.ok("outputs collect --execution-id e-c --validation-results tests:pass,lint:fail");
    env.ok("track init-deployment --session-id c --execution-id e-c2 --agent-type b --scope s");
    env.ok("track record-completion --execution-id e-c2 --status failed --error-message x");
    let line = "outputs synthesize --session-id c";
    snapshot!("compared", env.run(&format!("{line} --output report.md")));
    let markdown = env.text("report.md");
    let at = markdown.find("## Against").unwrap();
    let end = markdown[at..].find("\n\n## Timeline").unwrap();
    snapshot!("compared_markdown", &markdown[at..at + end]);
    let json = env.ok(&format!("{line} --format json")).json();
    snapshot!("compared_json", serde_json::to_string_pretty(&json["previous"]).unwrap());
}

#[test]
fn many_that_are_not_back_are_one_sentence() {
    let env = TestEnv::deployed("e-1");
    for n in 2..9 {
        env.ok(&format!(
            "track init-deployment --session-id s-1 --execution-id e-{n} --agent-type a --scope s"
        ));
    }
    let report = env.ok("outputs synthesize --session-id s-1 --format json").json();
    snapshot!("not_back", serde_json::to_string_pretty(&report["recommendations"]).unwrap());
}

#[test]
fn figures_are_set_apart() {
    let env = TestEnv::deployed("e-1");
    env.write("long.txt", "line\n".repeat(12_345));
    env.git("init --quiet");
    env.ok("outputs collect --execution-id e-1 --deliverables long.txt");
    env.ok(&format!(
        "track record-completion --execution-id e-1 --final-message '{}'",
        "word ".repeat(1_000)
    ));
    for format in ["markdown", "html"] {
        let report =
            env.ok(&format!("outputs synthesize --session-id s-1 --format {format}")).out();
        assert!(report.contains("12,345") && report.contains("5,000 bytes"), "{report}");
    }
}

#[test]
fn templates_of_pages() {
    let env = told(&|_| "<b>\"'&`".to_owned());
    let own = |name: &str, source: &str| {
        env.write(format!(".sortie/templates/{name}"), source);
        env.run("outputs synthesize --session-id s-1 --template own --format html")
    };
    let values = "<p title=\"{{session.scope}}\">{{session.scope}} {{html session.scope}} \
                  {{lookup session \"scope\"}} {{attr session.scope}} {{grouped summary.deployed}}</p>\n";
    snapshot!("own_page", own("own.html.hbs", values));
    snapshot!("own_page_raw", own("own.html.hbs", "{{{session.scope}}}\n"));
    snapshot!("own_page_raw_by_ampersand", own("own.html.hbs", "{{&session.scope}}\n"));
    snapshot!("own_page_in_markdown", own("own.html.hbs", "{{name session.scope}}\n"));
    env.write(".sortie/templates/_part.hbs", "{{fence session.scope}}");
    snapshot!("own_page_by_a_partial", own("own.html.hbs", "{{> part}}\n"));
    std::fs::remove_file(env.path(".sortie/templates/own.html.hbs")).unwrap();
    snapshot!("own_page_is_markdown", own("own.md.hbs", "{{session.scope}}\n"));
    env.write("elsewhere/x.HTML.hbs", "{{session.scope}}\n");
    let by_path = env.ok("outputs synthesize --session-id s-1 --template elsewhere/x.HTML.hbs -q");
    assert_eq!(by_path.out(), "&lt;b&gt;&quot;&#39;&amp;&#96;\n");
    env.write(".sortie/templates/synthesis-report.html.hbs", "mine\n");
    assert_eq!(env.ok(PAGE).out(), "mine\n");
    assert!(env.ok("outputs synthesize --session-id s-1").out().starts_with("# Synthesis report"));
}

/// The page's policy names the one script there is.
#[test]
fn the_script_is_the_one_that_is_allowed() {
    let page = TestEnv::deployed("e-1").ok(PAGE).out();
    let start = page.find("<script>").unwrap() + "<script>".len();
    let end = page.find("</script>").unwrap();
    let hash = base64(&sha256(&page.as_bytes()[start..end]));
    assert!(page.contains(&format!("script-src 'sha256-{hash}'")), "write sha256-{hash}");
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |group: &[u8]| {
        let number = group.iter().fold(0u32, |all, byte| all << 8 | u32::from(*byte));
        let number = number << (8 * (3 - group.len()));
        (0..4)
            .map(|at| match at <= group.len() {
                true => char::from(DIGITS[(number >> (18 - 6 * at)) as usize & 63]),
                false => '=',
            })
            .collect::<String>()
    };
    bytes.chunks(3).map(group).collect()
}

/// FIPS 180-4; the constants are the first bits of the roots of the first primes.
fn sha256(bytes: &[u8]) -> Vec<u8> {
    let primes: Vec<u32> = (2..312).filter(|n| (2..*n).all(|d| n % d != 0)).take(64).collect();
    let bits = |root: f64| (root.fract() * 4_294_967_296.0) as u32;
    let rounds: Vec<u32> = primes.iter().map(|prime| bits(f64::from(*prime).cbrt())).collect();
    let mut state: Vec<u32> =
        primes[..8].iter().map(|prime| bits(f64::from(*prime).sqrt())).collect();
    let mut message = bytes.to_vec();
    message.push(0x80);
    message.resize((message.len() + 8).next_multiple_of(64) - 8, 0);
    message.extend((bytes.len() as u64 * 8).to_be_bytes());
    for block in message.chunks(64) {
        let mut words: Vec<u32> =
            block.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
        for at in 16..64 {
            let (a, b) = (words[at - 15], words[at - 2]);
            let a = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let b = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            words.push(words[at - 16].wrapping_add(a).wrapping_add(words[at - 7]).wrapping_add(b));
        }
        let mut v = state.clone();
        for at in 0..64 {
            let (e, a) = (v[4], v[0]);
            let first = v[7]
                .wrapping_add(e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25))
                .wrapping_add((e & v[5]) ^ (!e & v[6]))
                .wrapping_add(rounds[at])
                .wrapping_add(words[at]);
            let second = (a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22))
                .wrapping_add((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
            v.rotate_right(1);
            v[4] = v[4].wrapping_add(first);
            v[0] = first.wrapping_add(second);
        }
        state.iter_mut().zip(v).for_each(|(sum, part)| *sum = sum.wrapping_add(part));
    }
    state.iter().flat_map(|word| word.to_be_bytes()).collect()
}
