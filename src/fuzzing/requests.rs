//! What is asked for: configurations and plans, selections, arguments; and the counts of any text.

use super::{Target, done, ended};
use crate::config::Config;
use crate::context::{PlanFile, fuzzed};
use crate::model::{ByteAmount, ExecutionId, Gate, Reserve, Timestamp, TokenAmount};

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
