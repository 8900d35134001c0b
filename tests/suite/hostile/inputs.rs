//! Files and texts that are read: too deep, too large, twice, out of range. Each ends in an error that
//! says where.

use crate::env::{Outcome, TestEnv, feed, transcript};
use std::fs::File;
use std::io::Write;

const HEAD: &str = r#"{"record":"head","format":1,"sortie":"0.1.0","schema":4,"exported_at":"2025-01-17T09:30:00Z"}"#;

fn deep(open: &str, levels: usize) -> String {
    open.repeat(levels)
}

#[test]
fn toml_is_bounded_and_told_by_its_place() {
    let env = TestEnv::new();
    let outcome = |name: &str, text: &[u8]| -> Outcome {
        env.write("sortie.toml", text);
        let mut shown = env.run("ctx check-bounds --files src");
        shown.rename(format!("# sortie.toml: {name}"));
        shown
    };
    let large = "#".repeat((4 << 20) + 1);
    let outcomes = [
        outcome("deep lists", format!("\n ignore = {}", deep("[", 20_000)).as_bytes()),
        outcome("deep tables", format!("\n a = {}", deep("{a=", 20_000)).as_bytes()),
        outcome("a long key", format!("{} = 1", vec!["a"; 20_000].join(".")).as_bytes()),
        outcome("a key twice", b"model = 'opus'\nmodel = 'opus'\n"),
        outcome("a huge number", b"\nbudget = 99999999999999999999\n"),
        outcome("no number", b"warn = nan\n"),
        outcome("endless", b"critical = inf\n"),
        outcome("no number of percent", b"reserve = 'nan%'\n"),
        outcome("negative", b"budget = -1\n"),
        outcome("not UTF-8", b"model = 'opus'\n# caf\xe9\n"),
        outcome("too large", large.as_bytes()),
    ];
    snapshot!("toml", transcript(&outcomes));
}

#[test]
fn a_plan_is_bounded_and_told_by_its_place() {
    let env = TestEnv::new();
    let outcome = |name: &str, text: &[u8]| -> Outcome {
        env.write("plan.toml", text);
        let mut shown = env.run("ctx plan plan.toml");
        shown.rename(format!("# plan.toml: {name}"));
        shown
    };
    let outcomes = [
        outcome("deep lists", format!("scope = 's'\nfiles = {}", deep("[", 20_000)).as_bytes()),
        outcome(
            "a name like an option",
            b"scope = 's'\nfiles = ['src']\n[[agents]]\nagent_type = 'a'\nname = '-rf'\n",
        ),
        outcome(
            "a name that leads out",
            b"scope = 's'\nfiles = ['src']\n[[agents]]\nagent_type = '../a'\n",
        ),
        outcome("no list", b"scope = 's'\nagents = 1\n"),
        outcome("not UTF-8", b"scope = '\xff'\n"),
    ];
    snapshot!("plan", transcript(&outcomes));
}

#[test]
fn json_is_bounded_and_told_by_its_place() {
    let env = TestEnv::new();
    let bundle = |name: &str, text: &str| -> Outcome {
        env.write("b.json", text);
        let mut shown = env.run("ctx show b.json");
        shown.rename(format!("# b.json: {name}"));
        shown
    };
    let metadata = |name: &str, text: &str| -> Outcome {
        let output = env
            .sortie()
            .args(["track", "init-session", "--scope", "s", "--metadata", text])
            .output();
        env.outcome(format!("# --metadata {name}"), output.unwrap())
    };
    let outcomes = [
        bundle("deep", &format!("{{\"version\": {}", deep("[", 20_000))),
        bundle(
            "deep, where nothing is expected",
            &format!("{{\n \"x\": {}", deep("{\"a\":", 20_000)),
        ),
        bundle("a key twice", "{\"version\": 2,\n\"version\": 2}"),
        bundle("a huge number", "{\"version\": 1e999}"),
        bundle("no number", "{\"version\": NaN}"),
        bundle("half a text", "{\"version\": \"\\ud800\"}"),
        metadata("deep", &deep("{\"a\":", 200)),
        metadata("a huge number", "{\"a\": 1e999}"),
        metadata("a list", "[1]"),
        metadata("twice", "{\"a\": 1} {\"a\": 2}"),
    ];
    snapshot!("json", transcript(&outcomes));
}

#[test]
fn an_export_is_bounded_and_told_by_its_line() {
    let env = TestEnv::new();
    env.ok("track init-session --scope s --session-id s-1");
    let import = |name: &str, text: String| -> Outcome {
        env.write("in.jsonl", text);
        let mut shown = env.run("track import in.jsonl");
        shown.rename(format!("# in.jsonl: {name}"));
        shown
    };
    let lines = |lines: &[&str]| format!("{HEAD}\n{}\n", lines.join("\n"));
    let hash = "0".repeat(64);
    let outcomes = [
        import("empty", String::new()),
        import("deep at once", deep("[", 100_000)),
        import(
            "deep in a record",
            lines(&[&format!(
                "{{\"record\":\"session\",\"metadata\":{}1{}}}",
                deep("{\"a\":", 100_000),
                deep("}", 100_000)
            )]),
        ),
        import(
            "deep where it is not read",
            lines(&[&format!(
                "{{\"x\":{}{},\"record\":\"y\"}}",
                deep("[", 100_000),
                deep("]", 100_000)
            )]),
        ),
        import("a key twice", lines(&["{\"record\":\"session\",\"record\":\"session\"}"])),
        import("a huge number", lines(&["{\"record\":\"briefing\",\"seq\":1e400}"])),
        import("no number", lines(&["", "{\"record\":\"briefing\",\"seq\":NaN}"])),
        import("another kind", lines(&["{\"record\":\"sessions\"}"])),
        import(
            "a hash that is none",
            lines(&[&format!(
                "{{\"record\":\"content\",\"content_hash\":\"{hash}\",\"text\":\"\"}}"
            )]),
        ),
        import("many", lines(&["{"; 100])),
    ];
    snapshot!("import", transcript(&outcomes));
    assert_eq!(env.rows("SELECT session_id FROM sessions"), "s-1\n");
}

/// A line that is a gigabyte once unpacked, of a file of some kilobytes.
#[test]
fn a_line_without_an_end_is_given_up() {
    let env = TestEnv::new();
    let mut packed = zstd::Encoder::new(File::create(env.path("bomb.zst")).unwrap(), 1).unwrap();
    packed.write_all(format!("{HEAD}\n").as_bytes()).unwrap();
    let zeros = vec![b'x'; 1 << 20];
    for _ in 0..1024 {
        packed.write_all(&zeros).unwrap();
    }
    packed.finish().unwrap();
    snapshot!("bomb", env.run("track import bomb.zst"));
}

#[test]
fn what_never_ends_is_not_waited_for() {
    let env = TestEnv::deployed("exec-001");
    let endless = |line: &str| {
        let mut command = env.sortie();
        command.args(crate::env::words(line)).stdin(File::open("/dev/zero").unwrap());
        env.outcome(format!("sortie {line} < /dev/zero"), command.output().unwrap())
    };
    let prepare = "ctx prepare-bundle --agent-type a --scope s --output -";
    let outcomes = [
        endless(&format!("{prepare} --files-from - -0")),
        endless(&format!("{prepare} --files-from /dev/zero -0")),
        endless("track record-completion --execution-id exec-001 --final-message -"),
        endless("track record-completion --execution-id exec-001 --final-message-file /dev/zero"),
        endless(
            "track init-deployment --session-id s-1 --agent-type a --scope s --briefing /dev/zero",
        ),
    ];
    snapshot!("endless", transcript(&outcomes));
}

/// A final message may have any bytes; it is data, never a command line or a path.
#[test]
fn a_message_of_any_bytes_is_kept() {
    let env = TestEnv::deployed("exec-001");
    let bytes: Vec<u8> = (0..=255u8).cycle().take(70_000).collect();
    let mut command = env.sortie();
    command.args([
        "track",
        "record-completion",
        "--execution-id",
        "exec-001",
        "--final-message",
        "-",
    ]);
    assert!(feed(&mut command, &bytes).status.success());
    assert_eq!(env.ok("track show exec-001 --message").stdout, bytes);
}
