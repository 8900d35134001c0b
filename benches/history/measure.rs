//! Asks histories every question as a whole process, the histories in turn, and tells the least CPU of
//! several times: what a machine that does other things too disturbs least.

use crate::{NOW, Outcome};
use rusqlite::Connection;
use sortie::history::Property;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// How often each is asked, and when to stop earlier, in seconds.
const TIMES: usize = 15;
const ENOUGH: f64 = 4.0;

/// Questions; in braces, what differs from history to history. Behind `~` stand those whose answer
/// grows with the history.
const QUESTIONS: &[&str] = &[
    "track query",
    "track query --agent-type tester",
    "track query --agent-type tester --status failed --model opus",
    "track query --agent-type migrator --status deployed",
    "track query --status deployed --older-than 2h",
    "track query --session-id {session}",
    "track query --since 7d",
    "track query --until {middle}",
    "track query --after {execution}",
    "track show {execution}",
    "track show {beginning}",
    "track show latest",
    "track show nothing-like-it",
    "track sessions",
    "track sessions --status failed",
    "track timeline {session}",
    "track search index",
    "track search the",
    "track search the parser of the index",
    "track search nowher",
    "track search {rare}",
    "track search {rare} index",
    "track search --session-id {session} index",
    "track search --since 7d index",
    "track search --agent-type migrator --status failed index",
    "track search tests",
    "track stats --session-id {session}",
    "track stats --since 7h",
    "outputs query",
    "outputs query --output-type insight",
    "outputs query --agent-type migrator",
    "outputs query --session-id {session}",
    "outputs history {file}",
    "outputs history src/nothing-like-it.rs",
    "outputs synthesize --session-id {session}",
    "track recall {session}",
    "~outputs history {hot}",
    "~track stats",
    "~track stats --by day",
    "~track stats --by session",
    "~track stats --by template",
    "~track stats --by source",
    "~track stats --agent-type tester",
];

/// Milliseconds of CPU that all ended processes took which this one started.
fn cpu_of_children() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: it is written whole, and zeros are a value of it.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr());
        usage.assume_init()
    };
    let ms = |time: libc::timeval| time.tv_sec as f64 * 1000.0 + time.tv_usec as f64 / 1000.0;
    ms(usage.ru_utime) + ms(usage.ru_stime)
}

/// One history, and what questions to it name.
struct Asked {
    database: PathBuf,
    executions: u64,
    names: Vec<(&'static str, String)>,
}

pub fn measure(databases: &[&str]) -> Outcome<()> {
    let only = std::env::var("ONLY").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sortie = std::env::var_os("SORTIE")
        .map_or_else(|| root.join("target/release/sortie"), PathBuf::from);
    let project = tempfile::tempdir()?;
    let asked: Vec<Asked> = databases.iter().map(|it| Asked::open(it)).collect::<Outcome<_>>()?;
    print!("| CPU ms |");
    asked.iter().for_each(|it| print!(" {} |", it.executions));
    println!(" last : first |\n| --- |{}", " --: |".repeat(asked.len() + 1));
    for question in QUESTIONS.iter().filter(|it| it.contains(&only)) {
        let times = ask(&sortie, project.path(), question.trim_start_matches('~'), &asked)?;
        print!("| `{}` |", question.trim_start_matches('~'));
        times.iter().for_each(|ms| print!(" {ms:.1} |"));
        let ratio = times.last().unwrap_or(&0.0) / times.first().unwrap_or(&1.0);
        match question.starts_with('~') {
            true => println!(" ({ratio:.0}) |"),
            false => println!(" {ratio:.2} |"),
        }
    }
    let last = asked.last().ok_or("a database")?;
    against_shell(&sortie, project.path(), last)
}

/// What `stats` over all takes on the largest, and what its statement takes in SQLite's shell.
fn against_shell(sortie: &Path, project: &Path, asked: &Asked) -> Outcome<()> {
    const BY: [(&str, Property); 4] = [
        ("agent-type", Property::AgentType),
        ("day", Property::Day),
        ("session", Property::Session),
        ("template", Property::Template),
    ];
    println!("\n| CPU ms, over {} | sortie | shell | ratio |", asked.executions);
    println!("| --- | --: | --: | --: |");
    for (by, property) in BY {
        let mut fastest = [f64::INFINITY; 2];
        for _ in 0..5 {
            let question = format!("track stats --by {by}");
            fastest[0] = fastest[0].min(asked.ask(sortie, project, &question)?);
            let mut shell = Command::new("sqlite3");
            shell.arg("-readonly").arg(&asked.database).arg(property.statement(false));
            let before = cpu_of_children();
            if !shell.stdout(Stdio::null()).status()?.success() {
                return Err("the shell failed".into());
            }
            fastest[1] = fastest[1].min(cpu_of_children() - before);
        }
        let [ours, theirs] = fastest;
        println!("| `track stats --by {by}` | {ours:.0} | {theirs:.0} | {:.2} |", ours / theirs);
    }
    Ok(())
}

/// The fastest answer of each history, in milliseconds.
fn ask(sortie: &Path, project: &Path, question: &str, asked: &[Asked]) -> Outcome<Vec<f64>> {
    let mut fastest = vec![f64::INFINITY; asked.len()];
    let start = Instant::now();
    for round in 0..TIMES {
        for (it, fastest) in asked.iter().zip(&mut fastest) {
            *fastest = fastest.min(it.ask(sortie, project, question)?);
        }
        if round > 1 && start.elapsed().as_secs_f64() > ENOUGH {
            break;
        }
    }
    Ok(fastest)
}

impl Asked {
    fn open(database: &str) -> Outcome<Asked> {
        let conn = Connection::open(database)?;
        let one = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0));
        let executions = one("SELECT cast(count(*) AS TEXT) FROM agent_executions")?.parse()?;
        let execution = one("SELECT execution_id FROM agent_executions
             WHERE seq = (SELECT max(seq) FROM agent_executions) - 400")?;
        let names = vec![
            (
                "session",
                one("SELECT session_id FROM agent_executions WHERE seq > (
                       SELECT max(seq) FROM agent_executions) - 900
                     GROUP BY session_id HAVING count(*) = 40 ORDER BY max(seq) DESC LIMIT 1")?,
            ),
            ("beginning", execution[..execution.len() - 1].to_owned()),
            ("execution", execution),
            (
                "middle",
                one("SELECT deployed_at FROM agent_executions
                     WHERE seq = (SELECT max(seq) FROM agent_executions) / 2")?,
            ),
            (
                "rare",
                one("SELECT substr(final_message, 8, 6) FROM agent_executions
                     WHERE seq = (SELECT max(seq) FROM agent_executions) - 450")?,
            ),
            (
                "file",
                one("SELECT subject FROM (
                       SELECT subject, count(*) AS times FROM outputs
                       WHERE output_type = 'deliverable' GROUP BY subject)
                     ORDER BY abs(times - 4), subject LIMIT 1")?,
            ),
            (
                "hot",
                one("SELECT subject FROM outputs WHERE output_type = 'deliverable'
                     GROUP BY subject ORDER BY count(*) DESC LIMIT 1")?,
            ),
        ];
        Ok(Asked { database: std::path::absolute(database)?, executions, names })
    }

    /// Milliseconds of CPU of one process.
    fn ask(&self, sortie: &Path, project: &Path, question: &str) -> Outcome<f64> {
        let named = self.names.iter().fold(question.to_owned(), |line, (name, value)| {
            line.replace(&format!("{{{name}}}"), value)
        });
        let mut command = Command::new(sortie);
        command.args(named.split(' ')).arg("--db").arg(&self.database).current_dir(project);
        command.env("SORTIE_NOW", NOW).stdout(Stdio::null()).stderr(Stdio::piped());
        let before = cpu_of_children();
        let output = command.output()?;
        let ms = cpu_of_children() - before;
        // What is not there is an answer, too.
        match output.status.code() {
            Some(0) => Ok(ms),
            Some(_) if question.contains("nothing") => Ok(ms),
            _ => Err(format!("{named}: {}", String::from_utf8_lossy(&output.stderr)).into()),
        }
    }
}
