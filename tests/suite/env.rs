//! A project, a home and a clock of its own for each test, and the binary run in them.

use std::ffi::OsStr;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// The time that commands take for now.
pub const NOW: &str = "2025-01-17T09:30:00Z";

pub struct TestEnv {
    base: TempDir,
    cwd: PathBuf,
    now: String,
}

/// What a command did, as a snapshot shows it.
pub struct Outcome {
    line: String,
    pub status: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    places: Vec<(String, &'static str)>,
}

impl TestEnv {
    /// A copy of the fixture project `vector-search`, without git.
    pub fn new() -> TestEnv {
        let env = TestEnv::empty();
        copy_dir(&fixture("vector-search"), &env.project());
        env
    }

    /// An empty project.
    pub fn empty() -> TestEnv {
        let base = tempfile::tempdir().unwrap();
        let cwd = base.path().canonicalize().unwrap().join("project");
        let env = TestEnv { base, cwd, now: NOW.to_owned() };
        for dir in [env.project(), env.home()] {
            std::fs::create_dir(dir).unwrap();
        }
        env
    }

    /// The fixture project as the one commit of a git repository.
    pub fn with_git() -> TestEnv {
        let env = TestEnv::new();
        env.git("init --quiet --initial-branch main");
        env.git("add .");
        env.git("commit --quiet --message First");
        env
    }

    fn top(&self) -> PathBuf {
        self.base.path().canonicalize().unwrap()
    }

    pub fn project(&self) -> PathBuf {
        self.top().join("project")
    }

    pub fn home(&self) -> PathBuf {
        self.top().join("home")
    }

    /// A path beside the project.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.top().join(name)
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.project().join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.path(".sortie/history.db")
    }

    /// The same with another clock.
    pub fn at(&mut self, now: &str) -> &mut TestEnv {
        now.clone_into(&mut self.now);
        self
    }

    /// Commands run in this directory of the project from now on.
    pub fn enter(&mut self, dir: impl AsRef<Path>) {
        self.cwd = self.project().join(dir);
    }

    pub fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        let path = self.path(name);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub fn text(&self, name: impl AsRef<Path>) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub fn exists(&self, name: impl AsRef<Path>) -> bool {
        self.path(name).exists()
    }

    /// The program with this environment's variables and nothing else but PATH.
    pub fn program(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let home = self.home();
        command
            .current_dir(&self.cwd)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &home)
            .env("XDG_CONFIG_HOME", home.join(".config"))
            .env("XDG_DATA_HOME", home.join(".local/share"))
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("XDG_STATE_HOME", home.join(".local/state"))
            .env("SORTIE_NOW", &self.now)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .stdin(Stdio::null());
        command
    }

    /// sortie, not run yet.
    pub fn sortie(&self) -> Command {
        self.program(env!("CARGO_BIN_EXE_sortie"))
    }

    /// Runs `sortie` with the words of a command line; quotes as in a shell.
    pub fn run(&self, line: &str) -> Outcome {
        let output = self.sortie().args(words(line)).output().unwrap();
        self.outcome(format!("sortie {line}"), output)
    }

    /// The same, and it must end with 0.
    #[track_caller]
    pub fn ok(&self, line: &str) -> Outcome {
        let outcome = self.run(line);
        assert_eq!(outcome.status, Some(0), "{outcome}");
        outcome
    }

    /// The same with `input` on stdin.
    pub fn run_with(&self, line: &str, input: &[u8]) -> Outcome {
        let mut command = self.sortie();
        let output = feed(command.args(words(line)), input);
        self.outcome(format!("sortie {line} < input"), output)
    }

    /// `text` with placeholders for the paths of this environment.
    pub fn clean(&self, text: &str) -> String {
        let places = self.places();
        places.iter().fold(text.to_owned(), |text, (path, name)| text.replace(path, name))
    }

    fn places(&self) -> Vec<(String, &'static str)> {
        let place = |path: PathBuf| path.to_str().unwrap().to_owned();
        vec![
            (place(self.project()), "[PROJECT]"),
            (place(self.home()), "[HOME]"),
            (place(self.top()), "[TEMP]"),
        ]
    }

    /// What a prepared command did, shown as `line`.
    pub fn outcome(&self, line: impl Into<String>, output: Output) -> Outcome {
        Outcome {
            line: line.into(),
            status: output.status.code(),
            stdout: output.stdout,
            stderr: output.stderr,
            places: self.places(),
        }
    }

    /// Runs git in the project with a fixed identity and date.
    pub fn git(&self, line: &str) {
        let mut command = self.program("git");
        let date = "2025-01-17T08:00:00+00:00";
        command.current_dir(self.project()).args(words(line));
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "Test")
                .env(format!("GIT_{who}_EMAIL"), "test@example.org")
                .env(format!("GIT_{who}_DATE"), date);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "git {line}: {output:?}");
    }

    /// The rows of a query on the history, a line each.
    pub fn rows(&self, sql: &str) -> String {
        rows_of(&self.database(), sql)
    }

    /// A session and a deployment without a bundle.
    pub fn deployed(execution: &str) -> TestEnv {
        let env = TestEnv::new();
        env.ok("track init-session --scope 'Vector search' --session-id s-1");
        env.ok(&format!(
            "track init-deployment --session-id s-1 --execution-id {execution} \
             --agent-type implementor --scope 'Implement HNSW' --model sonnet"
        ));
        env
    }

    /// What a bundle of `arguments` holds and what it left out, a line each.
    pub fn bundled(&self, arguments: &str) -> String {
        let line = format!("ctx prepare-bundle --agent-type a --scope s {arguments} --output -");
        self.clean(&summary(&self.ok(&line).json()))
    }
}

/// The items of a bundle and what it skipped, a line each.
pub fn summary(bundle: &serde_json::Value) -> String {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let mut out = String::new();
    for item in bundle["context_items"].as_array().unwrap() {
        if item["type"] == "briefing" {
            continue;
        }
        let selection = match &item["selection"] {
            serde_json::Value::String(whole) => whole.clone(),
            part => part.to_string(),
        };
        out += &format!(
            "{} {:?} {} {selection}, {} {}, {} bytes",
            text(&item["type"]),
            text(&item["source"]),
            text(&item["priority"]),
            text(&item["kind"]),
            text(&item["encoding"]),
            item["bytes"]
        );
        if let Some(first) = item["duplicate_of"].as_str() {
            out += &format!(", again {first:?}");
        }
        out += "\n";
    }
    for skipped in bundle["skipped"].as_array().unwrap() {
        out += &format!("skipped {:?}: {}", text(&skipped["source"]), text(&skipped["reason"]));
        if let Some(detail) = skipped["detail"].as_str() {
            out += &format!(" ({detail})");
        }
        out += "\n";
    }
    out
}

impl Outcome {
    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// Shows it as another line than the one that was run.
    pub fn rename(&mut self, line: impl Into<String>) {
        self.line = line.into();
    }

    pub fn out(&self) -> String {
        self.clean(&self.stdout)
    }

    pub fn err(&self) -> String {
        self.clean(&self.stderr)
    }

    fn clean(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.places.iter().fold(text, |text, (path, name)| text.replace(path, name))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.places.iter();
        let line = places.fold(self.line.clone(), |line, (path, name)| line.replace(path, name));
        writeln!(f, "$ {line}")?;
        match self.status {
            Some(code) => writeln!(f, "exit {code}")?,
            None => writeln!(f, "killed")?,
        }
        for (name, text) in [("stdout", self.out()), ("stderr", self.err())] {
            if !text.is_empty() {
                let end = if text.ends_with('\n') { "" } else { "[no newline]\n" };
                write!(f, "-- {name}\n{text}{end}")?;
            }
        }
        Ok(())
    }
}

/// Several outcomes in one snapshot.
pub fn transcript(outcomes: &[Outcome]) -> String {
    outcomes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Runs a command with `input` on stdin.
pub fn feed(command: &mut Command, input: &[u8]) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::thread::scope(|scope| {
        // A program that refuses before it reads closes the pipe.
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().unwrap()
    })
}

/// The rows of a query on a database, a line each.
pub fn rows_of(database: &Path, sql: &str) -> String {
    use rusqlite::types::ValueRef;
    let conn = rusqlite::Connection::open(database).unwrap();
    let mut statement = conn.prepare(sql).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut out = String::new();
    while let Some(row) = rows.next().unwrap() {
        let cells = (0..columns).map(|at| match row.get_ref(at).unwrap() {
            ValueRef::Null => "-".to_owned(),
            ValueRef::Integer(number) => number.to_string(),
            ValueRef::Real(number) => number.to_string(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            ValueRef::Blob(blob) => format!("[{} bytes]", blob.len()),
        });
        out += &(cells.collect::<Vec<_>>().join(" | ") + "\n");
    }
    out
}

pub fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_dir(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// The words of a command line: blanks part them, '…' and "…" hold them together.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\n') => words.extend(word.take()),
            (None, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
