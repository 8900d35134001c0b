//! What the scanner finds of a labelled corpus, and what it must not find.
//!
//! No token stands here or in the fixtures as it is: hosts would refuse the push. Tokens are drawn by
//! their rule's own pattern with a fixed seed, with their checksum; contexts, and the cases written after
//! those of gitleaks' and secretlint's tests, are templates that name what is to be drawn.

use super::check::{BECH32, Check, base62, bech32_step, crc32};
use super::rules::{RULES, Rule, SETS, STEPS};
use super::*;
use fastrand::Rng;
use proptest::prelude::*;
use std::fmt::Write;

/// Something of a rule's pattern.
fn drawn(rule: &Rule, rng: &mut Rng) -> String {
    let sequences = rule.sequences();
    let sequence = &sequences[rng.usize(..sequences.len())];
    let first = usize::from(sequence.first);
    let mut token = Vec::new();
    for step in &STEPS[first..first + usize::from(sequence.len)] {
        let set = &SETS[usize::from(step.set)];
        let of_set = |byte: &u8| set[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1;
        let bytes: Vec<u8> = (0x21..0x7f).filter(of_set).collect();
        let bytes = if bytes.is_empty() { vec![b' '] } else { bytes };
        let most = step.max.min(step.min.saturating_add(20)).max(step.min);
        let count = rng.u16(step.min..=most);
        token.extend((0..count).map(|_| bytes[rng.usize(..bytes.len())]));
    }
    let mut token = String::from_utf8(token).expect("ASCII");
    match rule.check {
        Some(Check::CrcBase62) => {
            let body = token.find('_').expect("a prefix") + 1;
            let sum = base62(crc32(&token.as_bytes()[body..token.len() - 6]));
            token.replace_range(token.len() - 6.., std::str::from_utf8(&sum).expect("digits"));
        }
        Some(Check::Bech32) => token = age_key(rng),
        Some(Check::Json) => token = encoded("{\"k\":\"", rng, 60),
        Some(Check::JsonFrom4) => token = format!("ops_{}", encoded("{\"email\":\"", rng, 300)),
        Some(Check::Jwt) => token = jwt(rng),
        Some(Check::JwtBase64) => token = base64(jwt(rng).as_bytes()),
        Some(Check::Basic) => {
            let pair = base64(format!("service:{}", letters(rng, 14)).as_bytes());
            token = match rule.id {
                "docker-config-auth" => format!("\"auth\": \"{pair}\""),
                _ => format!("Authorization: Basic {pair}"),
            };
        }
        Some(Check::Random) => token = format!("Authorization: Bearer {}", letters(rng, 32)),
        None => {}
    }
    token
}

fn letters(rng: &mut Rng, count: usize) -> String {
    (0..count).map(|_| rng.alphanumeric()).collect()
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn encoded(begin: &str, rng: &mut Rng, count: usize) -> String {
    base64(format!("{begin}{}\"}}", letters(rng, count)).as_bytes())
}

fn jwt(rng: &mut Rng) -> String {
    let header = base64(br#"{"alg":"HS256","typ":"JWT"}"#);
    format!("{header}.{}.{}", encoded("{\"sub\":\"", rng, 20), letters(rng, 43))
}

fn age_key(rng: &mut Rng) -> String {
    let prefix = b"age-secret-key-";
    let data: Vec<u32> = (0..52).map(|_| rng.u32(..32)).collect();
    let spread = prefix.iter().map(|it| u32::from(it >> 5)).chain([0]);
    let spread = spread.chain(prefix.iter().map(|it| u32::from(it & 31)));
    let sum = spread.chain(data.iter().copied()).chain([0; 6]).fold(1, bech32_step) ^ 1;
    let digits = data.into_iter().chain((0..6).map(|at| sum >> (5 * (5 - at)) & 31));
    let text: String = digits.map(|digit| BECH32[digit as usize] as char).collect();
    format!("age-secret-key-1{text}").to_uppercase()
}

/// A word that a rule asks the name to have, made a name.
fn name(rule: &Rule) -> String {
    let word = rule.names.first().copied().unwrap_or("the");
    let word = word.trim_matches('_');
    match super::names::says(word) {
        Some(_) if word.contains("client_id") => word.to_owned(),
        Some(_) => word.to_owned(),
        None if rule.identifier => format!("{word}_client_id"),
        None => format!("{word}_api_token"),
    }
}

/// Where tokens stand: `NAME` and `TOKEN` are put in.
const CONTEXTS: [&str; 14] = [
    "NAME=TOKEN\n",
    "export NAME=\"TOKEN\"\nexport OTHER=1\n",
    "{\n  \"NAME\": \"TOKEN\"\n}\n",
    "service:\n  NAME: TOKEN\n  port: 80\n",
    "service:\n  NAME: 'TOKEN'\n",
    "const NAME = \"TOKEN\";\n",
    "let NAME: &str = \"TOKEN\";\n",
    "var NAME string = \"TOKEN\"\n",
    "NAME := `TOKEN`\n",
    "System.setProperty(\"NAME\", \"TOKEN\")\n",
    "os.environ[\"NAME\"] = 'TOKEN'\n",
    "{\"config.ini\": \"NAME=TOKEN\\nBACKUP=true\"}\n",
    "Set it so:\n\n    NAME = \"TOKEN\"\n\nand go on.\n",
    "- name: NAME\n  value: \"TOKEN\"\n",
];

/// Each kind of token in each context: what of it is found, and what by its own rule.
#[test]
fn drawn_tokens_are_found() {
    let mut rng = Rng::with_seed(7);
    let (mut all, mut found, mut own) = (0, 0, 0);
    let mut missed = String::new();
    for rule in RULES.iter().filter(|rule| rule.sequences > 0) {
        let mut lost = 0;
        for context in CONTEXTS {
            let token = drawn(rule, &mut rng);
            let text = context.replace("NAME", &name(rule)).replace("TOKEN", &token);
            let findings = scan(&text);
            all += 1;
            found += usize::from(!findings.is_empty());
            own += usize::from(findings.iter().any(|it| it.rule == rule.id));
            lost += usize::from(findings.is_empty());
        }
        if lost > 0 {
            writeln!(missed, "{}: {lost} of {}", rule.id, CONTEXTS.len()).unwrap();
        }
    }
    let percent = |count: usize| count as f64 * 100.0 / all as f64;
    assert!(
        percent(found) >= 97.0,
        "{missed}drawn: {all} cases, {:.1} % found, {:.1} % by their own rule",
        percent(found),
        percent(own)
    );
}

/// A case of the fixtures: `+` or `-`, then a text in which `‹id›` is a token of that rule, `‹an:30›` so
/// many letters and digits, `‹hex:40›` hex digits, `‹uuid›`, `‹b64:40›`, `‹|›` nothing (where a host
/// would see a token), and `\n` a new line.
fn cases(fixture: &str) -> Vec<(bool, String)> {
    let mut rng = Rng::with_seed(11);
    let lines = fixture.lines().filter(|line| line.starts_with(['+', '-']));
    lines.map(|line| (line.starts_with('+'), filled(line[1..].trim_start(), &mut rng))).collect()
}

fn filled(template: &str, rng: &mut Rng) -> String {
    let mut parts = template.split('‹');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (what, rest) = part.split_once('›').expect("closed");
        let (kind, count) = what.split_once(':').unwrap_or((what, "0"));
        let count: usize = count.parse().expect("a number");
        let mut of = |alphabet: &str| -> String {
            let alphabet = alphabet.as_bytes();
            (0..count).map(|_| alphabet[rng.usize(..alphabet.len())] as char).collect()
        };
        let put = match kind {
            "|" => String::new(),
            "hex" => of("0123456789abcdef"),
            "digits" => of("0123456789"),
            "low" => of("abcdefghijklmnopqrstuvwxyz0123456789"),
            "up" => of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"),
            "an" => of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
            "b64" => of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
            "uuid" => {
                let hex = format!("{:032x}", rng.u128(..));
                format!(
                    "{}-{}-{}-{}-{}",
                    &hex[..8],
                    &hex[8..12],
                    &hex[12..16],
                    &hex[16..20],
                    &hex[20..]
                )
            }
            id => {
                let rule = RULES.iter().find(|rule| rule.id == id);
                drawn(rule.unwrap_or_else(|| panic!("no rule {id}")), rng)
            }
        };
        text += &put;
        text += rest;
    }
    text.replace("\\n", "\n").replace("\\t", "\t")
}

/// The cases after the peers' own tests: recall and precision.
#[test]
fn the_public_cases() {
    let fixtures = [
        include_str!("../../tests/fixtures/secrets/gitleaks.txt"),
        include_str!("../../tests/fixtures/secrets/secretlint.txt"),
    ];
    let (mut hit, mut missed, mut false_alarms, mut right) = (0, 0, 0, 0);
    let mut told = String::new();
    for (secret, text) in fixtures.iter().flat_map(|fixture| cases(fixture)) {
        let findings = scan(&text);
        match (secret, findings.is_empty()) {
            (true, false) => hit += 1,
            (true, true) => {
                missed += 1;
                writeln!(told, "missed: {text:?}").unwrap();
            }
            (false, true) => right += 1,
            (false, false) => {
                false_alarms += 1;
                writeln!(told, "false: {} in {text:?}", findings[0].rule).unwrap();
            }
        }
    }
    let recall = hit as f64 * 100.0 / (hit + missed) as f64;
    let precision = hit as f64 * 100.0 / (hit + false_alarms) as f64;
    assert!(
        recall >= 95.0 && precision >= 95.0,
        "{told}{} with a secret, {} without: recall {recall:.1} %, precision {precision:.1} %",
        hit + missed,
        right + false_alarms
    );
}

fn some_secret() -> impl Strategy<Value = String> {
    let ids = [
        "github-pat",
        "aws-access-key-id",
        "stripe-secret-key",
        "jwt",
        "slack-user-token",
        "npm-token",
    ];
    (proptest::sample::select(ids.to_vec()), any::<u64>()).prop_map(|(id, seed)| {
        let rule = RULES.iter().find(|rule| rule.id == id).expect("a rule");
        drawn(rule, &mut Rng::with_seed(seed))
    })
}

fn some_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        some_secret().prop_map(|it| format!("key = \"{it}\"\n")),
        some_secret().prop_map(|it| format!("password: {it}\n")),
        "[ -~]{0,60}\n",
        "(api_key|password|token|secret)[:=] ?\"?[!-~]{8,40}\"?\n",
        "postgres://[a-z]{3,8}:[!-~]{6,20}@[a-z]{3,8}\\.io/db\n",
        Just("-----BEGIN PRIVATE KEY-----\n".to_owned()),
        "[A-Za-z0-9+/]{64}\n[A-Za-z0-9+/]{64}\n",
        Just("-----END PRIVATE KEY-----\n".to_owned()),
        "\\PC{0,20}\n",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn a_redacted_text_is_clean_and_has_its_lines(text in some_text()) {
        let clean = redacted(&text, |_| true).map_or_else(|| text.clone(), |it| it.text);
        prop_assert_eq!(scan(&clean), vec![]);
        prop_assert_eq!(clean.lines().count(), text.lines().count());
    }

    #[test]
    fn a_secret_is_found_wherever_its_lines_stand(before in "[a-z ]{0,20}\n{1,3}", text in some_text()) {
        let moved = format!("{before}{text}");
        let found = |text: &str| -> Vec<(String, String)> {
            scan(text).into_iter().map(|it| (it.rule, it.fingerprint)).collect()
        };
        prop_assert_eq!(found(&moved), found(&text));
    }

    #[test]
    fn findings_say_where_but_never_what(text in some_text()) {
        let mut end = 0;
        for it in scan(&text) {
            let secret = &text[it.start..it.end];
            prop_assert!(it.start >= end && it.end > it.start);
            end = it.end;
            let line = text.lines().nth(it.line - 1).unwrap_or_default();
            let head = secret.lines().next().unwrap_or_default();
            let at: String = line.chars().skip(it.column - 1).collect();
            prop_assert!(at.starts_with(head.trim_end_matches('\r')), "{line:?} {}", it.column);
            let shown = format!("{it:?}");
            prop_assert!(!shown.contains(secret));
            prop_assert!(!serde_json::to_string(&it).unwrap().contains(secret));
        }
    }
}

#[test]
fn what_holds_a_place_is_no_secret() {
    for text in [
        "key = AKIAIOSFODNN7EXAMPLE",
        "token: ${GITHUB_TOKEN}",
        "password = <your password>",
        "api_key = \"xxxxxxxxxxxxxxxxxxxxxxxx\"",
        "postgres://user:password@localhost/db",
        "let token = self.tokens.next().unwrap();",
    ] {
        assert_eq!(scan(text), vec![], "{text}");
    }
}

#[test]
fn a_checksum_that_is_wrong_leaves_a_doubt() {
    let rule = RULES.iter().find(|rule| rule.id == "github-pat").unwrap();
    let token = drawn(rule, &mut Rng::with_seed(3));
    assert_eq!(scan(&token)[0].confidence, Confidence::High);
    let last = if token.ends_with('a') { "b" } else { "a" };
    let wrong = format!("{}{last}", &token[..token.len() - 1]);
    assert_eq!(scan(&wrong)[0].confidence, Confidence::Medium);
}

#[test]
fn patterns_match_what_the_regex_engine_matches() {
    let rules: toml::Table = toml::from_str(include_str!("../../assets/secrets.toml")).unwrap();
    let mut rng = Rng::with_seed(5);
    for rule in RULES.iter().filter(|rule| rule.sequences > 0) {
        let table = rules[rule.id].as_table().unwrap();
        let pattern = table.get("find").or(table.get("value")).unwrap().as_str().unwrap();
        let pattern = format!("^(?:{pattern})$");
        let mut engine = regex::bytes::RegexBuilder::new(&pattern);
        let engine = engine.unicode(false).size_limit(1 << 28).build().unwrap();
        for _ in 0..4 {
            let mut token = drawn(rule, &mut rng).into_bytes();
            assert_eq!(super::pattern::whole(rule, &token), engine.is_match(&token), "{}", rule.id);
            let at = rng.usize(..token.len());
            token[at] = rng.u8(0x20..0x7f);
            assert_eq!(super::pattern::whole(rule, &token), engine.is_match(&token), "{}", rule.id);
        }
    }
}

#[test]
fn at_least_two_hundred_kinds_are_known() {
    assert!(kinds() >= 200, "{}", kinds());
}

/// What was written to take long: the keywords over and over, and beginnings that never end.
#[test]
fn hostile_texts_take_no_longer_than_they_are_long() {
    let pieces = [
        "eyJ-",
        "eyJ",
        "ZXlK-",
        "ZXlKaaaaaaaaaaaa",
        "kind: Secret\n",
        "kind:",
        "token=",
        "token: ",
        "://a:b@",
        "://",
        "-----BEGIN PRIVATE KEY-----",
        "PRIVATE KEY",
        "curl -u ",
        "sk-T3BlbkFJ",
        "xoxb-1",
        "AKIA",
        "key-",
        "authorization: basic ",
        "Private-Lines:\n",
        ";password=",
        "glpat-",
        "a.b_key=",
        "-us1",
        "JQQJ9",
        "kind: Secret\ndata:\n a: QWxhZGRpbjpvcGVu\n",
    ];
    let time = |text: &str| {
        let began = std::time::Instant::now();
        std::hint::black_box(scan(text));
        began.elapsed()
    };
    for piece in pieces {
        let text = piece.repeat((8 << 10) / piece.len());
        let once = time(&text);
        let more = time(&text.repeat(4));
        // Sixteen times as long would be the square; a busy machine needs some room.
        assert!(
            more < once * 11 + std::time::Duration::from_millis(300),
            "{piece:?}: {once:?} {more:?}"
        );
    }
}
