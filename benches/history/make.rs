//! Makes a history: real bundles and briefings by the library, all else by rows as the library writes
//! them. Sizes, dates and outcomes are spread as those of real sessions are; a seed makes them the same.

use crate::{NOW, Outcome};
use fastrand::Rng;
use rusqlite::{Connection, Statement, params};
use serde_json::json;
use sortie::context::{Preparation, Request, Selectors, Wanted};
use sortie::history::NewSession;
use sortie::model::{AgentType, ItemType, Priority, Timestamp};
use sortie::session::Handover;
use sortie::workspace::Options;
use sortie::{Session, Workspace};
use std::path::Path;

/// Executions of a session; one of these, each as likely.
const SIZES: [u64; 10] = [2, 4, 8, 12, 20, 40, 40, 60, 100, 200];

/// Milliseconds from one deployment to the next, on average: a million in two years.
const PACE: i64 = 63_000;

/// From how many executions on another bundle is prepared, and how many there are at most.
const BUNDLE_EVERY: u64 = 20;
const MOST_BUNDLES: u64 = 400;

/// The more to the front, the more often.
const AGENTS: [&str; 12] = [
    "implementor",
    "reviewer",
    "tester",
    "systematic-debugger",
    "researcher",
    "architect",
    "documenter",
    "refactorer",
    "profiler",
    "release-manager",
    "security-auditor",
    "migrator",
];
const MODELS: [&str; 4] = ["sonnet", "opus", "haiku", "gpt-5"];
const VERBS: [&str; 12] = [
    "Implement",
    "Review",
    "Test",
    "Debug",
    "Measure",
    "Document",
    "Refactor",
    "Trace",
    "Port",
    "Harden",
    "Simplify",
    "Migrate",
];
const THINGS: [&str; 24] = [
    "index",
    "parser",
    "cache",
    "scheduler",
    "tokenizer",
    "graph",
    "budget",
    "store",
    "walker",
    "merger",
    "ledger",
    "router",
    "decoder",
    "sampler",
    "planner",
    "renderer",
    "lease",
    "journal",
    "watcher",
    "replica",
    "quota",
    "gateway",
    "linter",
    "archive",
];

/// One source in the context of a deployment that the library recorded.
struct Given {
    context_type: String,
    source: String,
    tokens: u64,
    included: bool,
    priority: String,
    hash: Option<String>,
}

/// What a deployment can be handed over.
struct Context {
    bundle: String,
    briefing: String,
    tokens: u64,
    upper: u64,
    exact: bool,
    given: Vec<Given>,
}

/// One agent's run, as far as others rows need it.
struct Run<'a> {
    id: String,
    agent: &'a str,
    model: &'a str,
    deployed: i64,
    ended: Option<i64>,
    success: bool,
}

pub fn make(path: &Path, executions: u64) -> Outcome<()> {
    if path.exists() {
        return Err(format!("{} is there already", path.display()).into());
    }
    let start = std::time::Instant::now();
    let mut maker = Maker::new(path, executions)?;
    let mut made = 0;
    while made < executions {
        let size = maker.rng.choice(SIZES).unwrap_or(1).min(executions - made);
        maker.session(made, size)?;
        // A million rows of one transaction would stand in memory.
        if made / 50_000 != (made + size) / 50_000 {
            maker.conn.execute_batch("COMMIT; BEGIN")?;
        }
        made += size;
    }
    maker.conn.execute_batch("COMMIT; PRAGMA journal_mode = WAL")?;
    println!(
        "{executions} executions in {:.1} s, {} MB",
        start.elapsed().as_secs_f64(),
        path.metadata()?.len() >> 20
    );
    Ok(())
}

struct Maker {
    conn: Connection,
    rng: Rng,
    contexts: Vec<Context>,
    sentences: Vec<String>,
    begin: i64,
    /// That of the bundles is the first.
    sessions: u64,
}

impl Maker {
    fn new(path: &Path, executions: u64) -> Outcome<Maker> {
        let mut rng = Rng::with_seed(4);
        let begin = unix(NOW)? - (executions as i64 + 10) * PACE;
        let bundles = (executions / BUNDLE_EVERY).clamp(1, MOST_BUNDLES);
        prepared(path, begin, bundles)?;
        let conn = Connection::open(path)?;
        conn.execute_batch(
            "PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
             PRAGMA cache_size = -1000000; PRAGMA temp_store = MEMORY; BEGIN",
        )?;
        conn.set_prepared_statement_cache_capacity(64);
        let contexts = contexts(&conn)?;
        let sentences = sentences(&mut rng);
        Ok(Maker { conn, rng, contexts, sentences, begin, sessions: 1 })
    }

    fn session(&mut self, made: u64, size: u64) -> Outcome<()> {
        let begin = self.begin + made as i64 * PACE;
        let end = begin + size as i64 * PACE;
        self.sessions += 1;
        let id = format!("orch-{}-{:03}", &text(begin)[..10], self.sessions);
        let scope = match self.rng.u8(..) {
            0..100 => {
                format!("Nightly care of the {}", self.rng.choice(THINGS).unwrap_or_default())
            }
            _ => format!("{} for release {}", self.scope(), self.sessions),
        };
        let (status, error) = match self.rng.u8(..) {
            0..220 => ("completed", None),
            220..245 => ("failed", Some("the budget was spent before the gates passed")),
            _ => ("executing", None),
        };
        let ended = (status != "executing").then(|| text(end));
        self.row(
            "INSERT INTO sessions (session_id, created_at, scope, phase, status, ended_at,
                                   error_message, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, '{}')",
        )?
        .execute(params![id, text(begin), scope, self.phase(), status, ended, error])?;
        for at in 0..size as i64 {
            self.execution(&id, begin + at * PACE)?;
        }
        if self.rng.u8(..) < 80 {
            self.report(&id, end)?;
        }
        Ok(())
    }

    fn phase(&self) -> u8 {
        3 + (self.sessions % 3) as u8
    }

    fn execution(&mut self, session: &str, at: i64) -> Outcome<()> {
        let deployed = at + self.rng.i64(0..PACE);
        let day = &text(deployed)[..10];
        let success = self.rng.u8(..) < 212;
        // Of the last ones some are open; of the others, a few were forgotten.
        let is_recent = deployed > unix(NOW)? - 300 * PACE;
        let is_open = self.rng.u32(..if is_recent { 6 } else { 1000 }) == 0;
        let run = Run {
            id: format!("exec-{day}-{:08x}", self.rng.u32(..)),
            agent: AGENTS[self.skewed(AGENTS.len())],
            model: MODELS[self.skewed(MODELS.len())],
            deployed,
            ended: (!is_open).then(|| deployed + self.duration()),
            success,
        };
        let scope = self.scope();
        let has_context = self.rng.u8(..) < 180;
        let context = self.rng.usize(..self.contexts.len());
        self.deployment(session, &run, &scope, has_context.then_some(context))?;
        if run.ended.is_some() {
            self.outputs(&run)?;
        }
        // A failure is tried again by the same agent.
        if run.ended.is_some() && !success && self.rng.bool() {
            self.amendment(&run)?;
        }
        Ok(())
    }

    fn deployment(
        &mut self,
        session: &str,
        run: &Run<'_>,
        scope: &str,
        context: Option<usize>,
    ) -> Outcome<()> {
        let message = run.ended.map(|_| self.message());
        let failed = run.ended.is_some() && !run.success;
        let error = failed.then(|| format!("gates failed: {}", self.sentence()));
        let status = match run.ended {
            None => "deployed",
            Some(_) if run.success => "completed",
            Some(_) => "failed",
        };
        let (phase, path) = (self.phase(), self.path());
        let given = context.map(|at| &self.contexts[at]);
        let guess = 1000 + run.deployed as u64 % 60_000;
        self.row(
            "INSERT INTO agent_executions (execution_id, session_id, agent_type, deployed_at,
               completed_at, status, scope, phase, context_token_count, context_tokens_upper,
               context_tokens_exact, context_budget, model, bundle_id, briefing_hash, success,
               error_message, deliverables, final_message_bytes, final_message)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 100000, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            run.id,
            session,
            run.agent,
            text(run.deployed),
            run.ended.map(text),
            status,
            scope,
            phase,
            given.map_or(guess, |it| it.tokens),
            given.map_or(guess + guess / 5, |it| it.upper),
            given.is_some_and(|it| it.exact),
            run.model,
            given.map(|it| &it.bundle),
            given.map(|it| &it.briefing),
            run.ended.map(|_| run.success),
            error,
            json!([path]).to_string(),
            message.as_ref().map(String::len),
            message,
        ])?;
        let Some(given) = given else { return Ok(()) };
        let mut insert = self.row(
            "INSERT INTO context_allocations (allocation_id, execution_id, position, context_type,
               context_source, token_count, included_in_deployment, priority, content_hash)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        for (position, it) in given.given.iter().enumerate() {
            let id = format!("alloc-{}-{position}", &run.id[5..]);
            insert.execute(params![
                id,
                run.id,
                position,
                it.context_type,
                it.source,
                it.tokens,
                it.included,
                it.priority,
                it.hash
            ])?;
        }
        Ok(())
    }

    fn outputs(&mut self, run: &Run<'_>) -> Outcome<()> {
        let at = text(run.ended.unwrap_or(run.deployed));
        let metadata =
            json!({"agent_type": run.agent, "model": run.model, "related_files": []}).to_string();
        let mut outputs = Vec::new();
        for _ in 0..self.rng.u8(..4) {
            let (path, text) = (self.path(), self.rng.u64(..));
            let content = json!({
                "file_path": path, "exists": true, "size": text % 60_000,
                "content_hash": blake3::hash(&text.to_le_bytes()).to_hex().as_str(),
                "lines_added": text % 300, "lines_modified": text % 40, "lines_removed": text % 90,
                "validation": {}
            });
            outputs.push(("deliverable", path, content));
        }
        for name in ["tests", "clippy", "coverage"] {
            if self.rng.u8(..) < 90 {
                let result = if run.success || self.rng.bool() { "pass" } else { "fail" };
                let content = json!({"name": name, "result": result});
                outputs.push(("validation_result", name.to_owned(), content));
            }
        }
        for (kind, share) in [("insight", 80), ("error", 20)] {
            if self.rng.u8(..) < share {
                let said = self.sentence().to_owned();
                outputs.push((kind, said.clone(), json!({ "text": said })));
            }
        }
        let mut insert = self.row(
            "INSERT INTO outputs (output_id, execution_id, output_type, content, created_at,
                                  metadata, subject) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?;
        for (place, (kind, subject, content)) in outputs.into_iter().enumerate() {
            let id = format!("out-{}-{place}", &run.id[5..]);
            insert.execute(params![
                id,
                run.id,
                kind,
                content.to_string(),
                at,
                metadata,
                subject
            ])?;
        }
        Ok(())
    }

    fn amendment(&mut self, run: &Run<'_>) -> Outcome<()> {
        let ended = text(run.ended.unwrap_or(run.deployed));
        let message = self.message();
        self.row(
            "INSERT INTO completion_versions (execution_id, version, replaced_at, completed_at,
               status, error_message, deliverables, final_message)
             VALUES (?, 1, ?, ?, 'failed', 'gates failed', '[]', ?)",
        )?
        .execute(params![run.id, ended, ended, message])?;
        Ok(())
    }

    fn report(&mut self, session: &str, at: i64) -> Outcome<()> {
        let report = format!("# {session}\n\n{}", self.message());
        let hash = blake3::hash(report.as_bytes()).to_hex().to_string();
        self.row("INSERT INTO contents VALUES (?, ?, 'plain', ?)")?.execute(params![
            hash,
            report.len(),
            report.as_bytes()
        ])?;
        self.row(
            "INSERT INTO reports (report_id, session_id, created_at, template, bytes, content_hash)
             VALUES (?, ?, ?, 'synthesis-report', ?, ?)",
        )?
        .execute(params![
            format!("report-{}", &hash[..12]),
            session,
            text(at),
            report.len(),
            hash
        ])?;
        Ok(())
    }

    fn row(&self, sql: &str) -> rusqlite::Result<rusqlite::CachedStatement<'_>> {
        self.conn.prepare_cached(sql)
    }

    /// A place in a list, the first ones far more often.
    fn skewed(&mut self, length: usize) -> usize {
        let at = self.rng.f64() * self.rng.f64() * self.rng.f64() * length as f64;
        at as usize
    }

    /// Half a minute to some hours, most of them minutes.
    fn duration(&mut self) -> i64 {
        30_000 + (240_000.0 * self.heavy(1.1)) as i64
    }

    /// A positive number around one, seldom much larger.
    fn heavy(&mut self, spread: f64) -> f64 {
        let normal: f64 = (0..12).map(|_| self.rng.f64()).sum::<f64>() - 6.0;
        (normal * spread).exp()
    }

    fn scope(&mut self) -> String {
        let verb = self.rng.choice(VERBS).unwrap_or_default();
        let thing = self.rng.choice(THINGS).unwrap_or_default();
        format!("{verb} the {thing} of module {}", self.skewed(2000))
    }

    /// A file, the first ones of the project far more often.
    fn path(&mut self) -> String {
        let at = self.skewed(20_000);
        format!("src/{}/part_{at}.rs", THINGS[at % THINGS.len()])
    }

    fn sentence(&mut self) -> &str {
        &self.sentences[self.rng.usize(..self.sentences.len())]
    }

    /// Some hundred bytes; one of a thousand is very long.
    fn message(&mut self) -> String {
        let bytes = if self.rng.u32(..1000) == 0 { 50_000.0 } else { 350.0 * self.heavy(0.9) };
        let mut message = format!("## Run {:06}\n\n", self.rng.u32(..1_000_000));
        while (message.len() as f64) < bytes {
            message += &self.sentences[self.rng.usize(..self.sentences.len())];
            message += ".\n";
        }
        message
    }
}

/// Sentences of words as often as those of a language are: the nth as often as 1/n. Every one has
/// `the`; some have a real word.
fn sentences(rng: &mut Rng) -> Vec<String> {
    const SYLLABLES: [&str; 16] = [
        "ra", "ke", "to", "mi", "su", "ven", "dor", "pal", "lin", "qua", "bex", "tor", "fil",
        "gan", "hes", "wyn",
    ];
    let mut word = || (0..rng.usize(2..5)).map(|_| SYLLABLES[rng.usize(..16)]).collect::<String>();
    let words: Vec<String> = (0..8000).map(|_| word()).collect();
    let mut sentence = || {
        let mut text = String::from("the");
        for _ in 0..rng.usize(5..18) {
            let at = (words.len() as f64).powf(rng.f64()) as usize - 1;
            text += " ";
            text += match rng.u8(..) {
                0..40 => THINGS[rng.usize(..THINGS.len())],
                _ => &words[at],
            };
        }
        text
    };
    (0..20_000).map(|_| sentence()).collect()
}

/// Prepares and deploys bundles of a small project, as anyone would.
fn prepared(path: &Path, begin: i64, bundles: u64) -> Outcome<()> {
    let project = tempfile::tempdir()?;
    for at in 0..40 {
        let body =
            format!("/// Part {at}.\npub fn part_{at}() -> u32 {{\n    {at}\n}}\n").repeat(6);
        std::fs::write(project.path().join(format!("part_{at}.rs")), body)?;
    }
    let mut options = Options::new(project.path());
    options.project_root = Some(project.path().to_path_buf());
    options.database = Some(std::path::absolute(path)?);
    options.now = Some(text(begin - PACE).parse()?);
    let workspace = Workspace::open(options)?;
    let new = NewSession { scope: "Bundles for all".to_owned(), ..NewSession::default() };
    let (session, _) = Session::start(&workspace, new)?;
    for at in 0..bundles {
        let scope =
            format!("{} the {}, part {at}", VERBS[at as usize % 12], THINGS[at as usize % 24]);
        let wanted = (0..3).map(|more| Wanted {
            text: format!("part_{}.rs", (at * (more + 1) + more) % 40).into(),
            item_type: ItemType::File,
            priority: Priority::Required,
        });
        let selectors = Selectors { wanted: wanted.collect(), ..Selectors::default() };
        let agent_type = AgentType::new(AGENTS[at as usize % 12])?;
        let request = Request {
            agent_type: agent_type.clone(),
            scope: scope.clone(),
            selectors,
            ..Request::default()
        };
        let Preparation::Ready(prepared) = session.prepare_context(&request)? else {
            return Err("over budget".into());
        };
        let bundle = Some(&prepared.bundle);
        session.init_deployment(Handover { agent_type, scope, bundle, ..Handover::default() })?;
    }
    Ok(())
}

/// What the library wrote of them.
fn contexts(conn: &Connection) -> Outcome<Vec<Context>> {
    let mut statement = conn.prepare(
        "SELECT execution_id, bundle_id, briefing_hash, context_token_count, context_tokens_upper,
                context_tokens_exact FROM agent_executions ORDER BY seq",
    )?;
    let mut given = conn.prepare(
        "SELECT context_type, context_source, token_count, included_in_deployment, priority,
                content_hash
         FROM context_allocations WHERE execution_id = ? ORDER BY position",
    )?;
    let mut rows = statement.query([])?;
    let mut contexts = Vec::new();
    while let Some(row) = rows.next()? {
        contexts.push(Context {
            bundle: row.get(1)?,
            briefing: row.get(2)?,
            tokens: row.get(3)?,
            upper: row.get(4)?,
            exact: row.get(5)?,
            given: sources(&mut given, row.get(0)?)?,
        });
    }
    Ok(contexts)
}

fn sources(statement: &mut Statement<'_>, execution: String) -> rusqlite::Result<Vec<Given>> {
    let rows = statement.query_map([execution], |row| {
        Ok(Given {
            context_type: row.get(0)?,
            source: row.get(1)?,
            tokens: row.get(2)?,
            included: row.get(3)?,
            priority: row.get(4)?,
            hash: row.get(5)?,
        })
    })?;
    rows.collect()
}

fn unix(text: &str) -> Outcome<i64> {
    Ok(text.parse::<Timestamp>()?.unix_millis())
}

/// As the record has it.
fn text(millis: i64) -> String {
    let epoch: Timestamp = "1970-01-01T00:00:00Z".parse().expect("a date");
    epoch.plus_millis(millis).to_string()
}
