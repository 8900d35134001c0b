//! What recording costs as whole processes: start, open, one durable commit, exit.
//!
//! `cargo build --release && cargo run --release --example recording` takes the binary that stands
//! beside it; `SORTIE=FILE` names another, `SORTIE_BENCH_DIR` where to work (a real disk), `--quick`
//! does a few rounds, so that it cannot rot. Each round does every side once, in turn, so that all of
//! them meet the same noise; medians are compared. The `sqlite3` shell does the same statements on the
//! same database with the same pragmas; where it is absent, its rows are left out, with a notice.

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use sortie::Workspace;
use sortie::history::{ExecutionFilter, Messages};
use sortie::model::ExecutionStatus;
use sortie::workspace::Options;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Processes that record at the same moment.
const CROWD: usize = 64;

/// What an agent says when it is done: a page of text.
const MESSAGE: &str = "Reviewed the parser. Two findings: the look-ahead is unbounded on nested \
quotes, and an escape at the end of the input reads past it. Both have a test now; the second is \
fixed in src/parser/escape.rs, the first needs a decision about the grammar.\n";

/// How a connection of sortie's is set; the shell is told the same, but for `trusted_schema`, with
/// which older shells refuse triggers that write the index of full text.
const PRAGMAS: &str = "PRAGMA busy_timeout = 30000; PRAGMA journal_mode = WAL; \
PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; PRAGMA foreign_keys = ON; \
PRAGMA cell_size_check = ON;";

fn main() -> Outcome<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    let rounds = if quick { 3 } else { 300 };
    let place = Place::new()?;
    println!("{}\n", place.describe());
    one_recording(&place, rounds)?;
    one_bundle(&place, rounds)?;
    one_event(&place, rounds)?;
    for _ in 0..if quick { 1 } else { 5 } {
        crowd(&place)?;
    }
    Ok(())
}

/// One deployment and one completion, beside the shell and a process that does nothing.
fn one_recording(place: &Place, rounds: usize) -> Outcome<()> {
    let shell = place.has_shell();
    if !shell {
        println!("(there is no sqlite3 shell here: its rows are left out)\n");
    }
    let mut table = Table::new(&["true", "init-deployment", "record-completion"]);
    let mut theirs = Table::new(&["sqlite3: insert", "sqlite3: update"]);
    for round in 0..rounds {
        let (ours, other) = (format!("ours-{round}"), format!("theirs-{round}"));
        table.time(0, || run(&mut Command::new("true")))?;
        table.time(1, || run(&mut place.deployment(&ours)))?;
        if shell {
            theirs.time(0, || run(&mut place.shell(&insertion(&other))))?;
        }
        table.time(2, || run(&mut place.completion(&ours)))?;
        if shell {
            theirs.time(1, || run(&mut place.shell(&update(&other))))?;
        }
    }
    println!("| process | median | p90 | min |\n| --- | --: | --: | --: |");
    table.print();
    theirs.print();
    if shell {
        for (at, name) in ["init-deployment", "record-completion"].iter().enumerate() {
            let ratio = table.median(at + 1) / theirs.median(at);
            println!("{name}: {ratio:.2} × the sqlite3 shell");
        }
    }
    println!();
    Ok(())
}

/// A bundle of one small file, beside `true` and a durable commit: of a connection that is open, and
/// of one that must be opened first, as every process must.
fn one_bundle(place: &Place, rounds: usize) -> Outcome<()> {
    let open = place.connection()?;
    let names = ["true", "a commit", "opening and a commit", "ctx prepare-bundle"];
    let mut table = Table::new(&names);
    for _ in 0..rounds {
        table.time(0, || run(&mut Command::new("true")))?;
        table.time(1, || commit(&open))?;
        table.time(2, || commit(&place.connection()?))?;
        table.time(3, || run(&mut place.bundle()))?;
    }
    println!("| one small file | median | p90 | min |\n| --- | --: | --: | --: |");
    table.print();
    for (row, name) in [(1, "a durable commit"), (2, "opening and a durable commit")] {
        let ratio = table.median(3) / (table.median(0) + table.median(row));
        println!("ctx prepare-bundle: {ratio:.2} × `true` and {name}");
    }
    println!();
    Ok(())
}

/// An event of a harness's hook: a deployment, its completion, and one that is about no agent.
fn one_event(place: &Place, rounds: usize) -> Outcome<()> {
    let mut table = Table::new(&["true", "hook: deployed", "hook: completed", "hook: no agent"]);
    let event = |name: &str, tool: &str, id: &str, more: &str| {
        let cwd = place.root().display();
        format!(
            "{{\"session_id\":\"s\",\"cwd\":\"{cwd}\",\"hook_event_name\":\"{name}\",\"tool_name\":\"{tool}\",\
             \"tool_use_id\":\"{id}\",\"tool_input\":{{\"prompt\":\"Review the parser.\"}}{more}}}"
        )
    };
    let message = MESSAGE.trim_end();
    for round in 0..rounds {
        let id = format!("toolu-{round}");
        let answer = format!(
            ",\"tool_response\":{{\"status\":\"completed\",\"agentId\":\"a{round}\",\
             \"content\":[{{\"type\":\"text\",\"text\":\"{message}\"}}]}}"
        );
        let told = [
            event("PreToolUse", "Agent", &id, ""),
            event("PostToolUse", "Agent", &id, &answer),
            event("PreToolUse", "Bash", &id, ""),
        ];
        table.time(0, || run(&mut Command::new("true")))?;
        for (row, event) in told.iter().enumerate() {
            table.time(row + 1, || place.hear(event))?;
        }
    }
    println!("| one event of a hook | median | p90 | min |\n| --- | --: | --: | --: |");
    table.print();
    println!();
    Ok(())
}

fn commit(connection: &Connection) -> Outcome<()> {
    // What is the same already would not be written.
    connection.execute("UPDATE sessions SET metadata = json_object('at', random())", [])?;
    Ok(())
}

/// Many processes at once, each a deployment and then its completion; every record must be there.
fn crowd(place: &Place) -> Outcome<()> {
    let start = Barrier::new(CROWD);
    let record = |at: usize| -> Outcome<[Duration; 2]> {
        let id = format!("crowd-{at}-{}", fastrand::u64(..));
        start.wait();
        let deployed = timed(|| run(&mut place.deployment(&id)))?;
        let completed = timed(|| run(&mut place.completion(&id)))?;
        place.recorded(&id)?;
        Ok([deployed, completed])
    };
    let started = Instant::now();
    let outcomes: Vec<Outcome<[Duration; 2]>> = std::thread::scope(|scope| {
        let record = &record;
        let runs: Vec<_> = (0..CROWD).map(|at| scope.spawn(move || record(at))).collect();
        runs.into_iter().map(|run| run.join().expect("a run reports its errors")).collect()
    });
    let took = started.elapsed();
    let failures = outcomes.iter().filter(|it| it.is_err()).count();
    for error in outcomes.iter().filter_map(|it| it.as_ref().err()) {
        println!("failed: {error}");
    }
    let mut times: Vec<Duration> = outcomes.into_iter().flatten().flatten().collect();
    times.sort();
    println!(
        "{CROWD} processes at once, {} recordings in {} ms: {failures} failures; p50 {} ms, p99 {} ms, max {} ms",
        2 * CROWD,
        ms(took),
        ms(quantile(&times, 0.5)),
        ms(quantile(&times, 0.99)),
        ms(quantile(&times, 1.0)),
    );
    match failures {
        0 => Ok(()),
        _ => Err(format!("{failures} of {CROWD} failed").into()),
    }
}

/// A project to record in, and the programs that do.
struct Place {
    dir: tempfile::TempDir,
    sortie: PathBuf,
}

impl Place {
    fn new() -> Outcome<Place> {
        let below =
            std::env::var_os("SORTIE_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
        let place = Place { dir: tempfile::tempdir_in(below)?, sortie: binary()? };
        std::fs::write(place.root().join("small.txt"), "hello, world")?;
        std::fs::create_dir(place.root().join(".git"))?;
        run(place.sortie().args([
            "track",
            "init-session",
            "--session-id",
            "s",
            "--scope",
            "Speed",
        ]))?;
        Ok(place)
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn sortie(&self) -> Command {
        let mut command = Command::new(&self.sortie);
        command.current_dir(self.root()).env_remove("SORTIE_DB");
        command
    }

    fn deployment(&self, id: &str) -> Command {
        let mut command = self.sortie();
        command.args(["track", "init-deployment", "--session-id", "s", "--execution-id", id]);
        command.args([
            "--agent-type",
            "reviewer",
            "--scope",
            "Review the parser",
            "--model",
            "sonnet",
        ]);
        command
    }

    fn completion(&self, id: &str) -> Command {
        let mut command = self.sortie();
        command.args(["track", "record-completion", "--execution-id", id]);
        command.args(["--final-message", MESSAGE]);
        command
    }

    fn bundle(&self) -> Command {
        let mut command = self.sortie();
        command.args(["ctx", "prepare-bundle", "--agent-type", "reviewer", "--scope", "Review it"]);
        command.args(["--files", "small.txt"]);
        command
    }

    /// What a harness does with an event.
    fn hear(&self, event: &str) -> Outcome<()> {
        let mut command = self.sortie();
        command.args(["hook", "claude-code"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        child.stdin.take().ok_or("no stdin")?.write_all(event.as_bytes())?;
        let output = child.wait_with_output()?;
        match output.status.success() && output.stdout.is_empty() {
            true => Ok(()),
            false => Err(format!("the hook said {output:?}").into()),
        }
    }

    /// A connection to the history that is set as sortie's own.
    fn connection(&self) -> Outcome<Connection> {
        let connection = Connection::open(self.root().join(".sortie/history.db"))?;
        connection.execute_batch(PRAGMAS)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        Ok(connection)
    }

    fn shell(&self, statement: &str) -> Command {
        let mut command = Command::new("sqlite3");
        command.arg("-batch").arg(self.root().join(".sortie/history.db"));
        command.arg(".dbconfig no_ckpt_on_close on");
        command.arg(format!("{PRAGMAS} BEGIN IMMEDIATE; {statement}; COMMIT;"));
        command
    }

    fn has_shell(&self) -> bool {
        let asked = Command::new("sqlite3").arg("-version").stdout(Stdio::null()).status();
        asked.is_ok_and(|status| status.success())
    }

    /// Whether a deployment and its completion are on record, whole.
    fn recorded(&self, id: &str) -> Outcome<()> {
        let workspace = Workspace::open(Options::new(self.root()))?;
        let filter = ExecutionFilter { messages: Messages::Whole, ..ExecutionFilter::default() };
        let found = workspace.history().executions(&filter)?.rows;
        let it =
            found.iter().find(|it| it.execution_id.as_str() == id).ok_or("is not on record")?;
        let whole = it.final_message.as_deref() == Some(MESSAGE.as_bytes());
        match whole && it.status == ExecutionStatus::Completed {
            true => Ok(()),
            false => Err(format!("{id} is on record, but not as it was recorded").into()),
        }
    }

    fn describe(&self) -> String {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let info = read("/proc/cpuinfo");
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let cores = std::thread::available_parallelism().map_or(1, |it| it.get());
        let version =
            self.sortie().arg("--version").output().map(|it| it.stdout).unwrap_or_default();
        format!(
            "{}; {cores} × {}; in {}",
            String::from_utf8_lossy(&version).trim(),
            model.map_or("a processor without a name", |(_, name)| name),
            self.root().display()
        )
    }
}

/// The binary under test: named, or the one that was built beside this program.
fn binary() -> Outcome<PathBuf> {
    if let Some(named) = std::env::var_os("SORTIE") {
        return Ok(PathBuf::from(named));
    }
    let here = std::env::current_exe()?;
    let beside = here.ancestors().nth(2).ok_or("no directory to look in")?;
    let found = beside.join(format!("sortie{}", std::env::consts::EXE_SUFFIX));
    match found.exists() {
        true => Ok(found),
        false => Err(format!("there is no {}: build it first", found.display()).into()),
    }
}

fn insertion(id: &str) -> String {
    format!(
        "INSERT INTO agent_executions (execution_id, session_id, agent_type, deployed_at, status, \
         scope, phase, context_token_count, context_tokens_upper, context_tokens_exact, model, \
         deliverables) VALUES ('{id}', 's', 'reviewer', strftime('%Y-%m-%dT%H:%M:%fZ'), 'deployed', \
         'Review the parser', 1, 0, 0, 0, 'sonnet', '[]')"
    )
}

fn update(id: &str) -> String {
    format!(
        "UPDATE agent_executions SET completed_at = strftime('%Y-%m-%dT%H:%M:%fZ'), \
         status = 'completed', success = 1, final_message_bytes = {}, final_message = '{MESSAGE}' \
         WHERE execution_id = '{id}'",
        MESSAGE.len()
    )
}

fn run(command: &mut Command) -> Outcome<()> {
    let output =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("{command:?}: {}: {said}", output.status).into())
        }
    }
}

fn timed(work: impl FnOnce() -> Outcome<()>) -> Outcome<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// Several things that are timed in turn.
struct Table {
    rows: Vec<(&'static str, Vec<Duration>)>,
}

impl Table {
    fn new(names: &[&'static str]) -> Table {
        Table { rows: names.iter().map(|name| (*name, Vec::new())).collect() }
    }

    fn time(&mut self, row: usize, work: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
        self.rows[row].1.push(timed(work)?);
        Ok(())
    }

    fn sorted(&self, row: usize) -> Vec<Duration> {
        let mut times = self.rows[row].1.clone();
        times.sort();
        times
    }

    fn median(&self, row: usize) -> f64 {
        quantile(&self.sorted(row), 0.5).as_secs_f64()
    }

    fn print(&self) {
        for (at, (name, _)) in self.rows.iter().enumerate().filter(|(_, (_, it))| !it.is_empty()) {
            let times = self.sorted(at);
            let [median, p90, min] = [0.5, 0.9, 0.0].map(|part| ms(quantile(&times, part)));
            println!("| {name} | {median} | {p90} | {min} |");
        }
    }
}

fn quantile(sorted: &[Duration], part: f64) -> Duration {
    match sorted.len() {
        0 => Duration::ZERO,
        count => sorted[((count - 1) as f64 * part).round() as usize],
    }
}

fn ms(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64() * 1e3)
}
