//! Hostile trees: bundles are made of each, of the whole and of every name in it, while parts of it are
//! swapped for links. Nothing that stands outside may be in what is kept, or in what is said; no file may
//! be there by half; nothing may hang.

use crate::place::Place;
use crate::score::{Score, grouped};
use crate::swaps::{is_whole, swap};
use crate::tree::{CANARY, Tree};
use crate::{Outcome, Plan};
use sortie::context::WalkRules;
use sortie::context::{BudgetRequest, Preparation, Request, Selectors, Wanted};
use sortie::model::{AgentType, Bundle, ItemType, Priority};
use sortie::workspace::Options;
use sortie::{Error, Workspace};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

/// A tree takes some milliseconds; one that takes so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What became of one tree.
#[derive(Default)]
struct Verdict {
    bundles: u64,
    refused: u64,
    /// One, if it was changed as it was read.
    swapped: u64,
}

pub fn trees(place: &Place, plan: &Plan, _: Duration, score: &mut Score) -> Outcome<()> {
    let threads = std::thread::available_parallelism().map_or(1, |it| it.get()) as u64;
    let (send, receive) = mpsc::channel();
    let next = Arc::new(AtomicU64::new(0));
    for _ in 0..threads {
        let (send, next, near) = (send.clone(), next.clone(), place.tree());
        let (trees, seed) = (plan.trees, plan.seed.wrapping_mul(1_000_003));
        // Not waited for if it hangs.
        std::thread::spawn(move || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= trees {
                    return;
                }
                let base = near.with_file_name(format!("hostile-{number}"));
                let verdict = one(&base, seed.wrapping_add(number));
                let _ = std::fs::remove_dir_all(&base);
                if send.send((number, verdict)).is_err() {
                    return;
                }
            }
        });
    }
    let (mut escaped, mut all) = (0_u64, Verdict::default());
    for _ in 0..plan.trees {
        let Ok((number, verdict)) = receive.recv_timeout(PATIENCE) else {
            return Err("a tree hangs: see what the processes' threads have open".into());
        };
        match verdict {
            Ok(verdict) => all.add(&verdict),
            Err(fault) => {
                escaped += 1;
                score.fail(format!("tree {number}: {fault}"));
            }
        }
    }
    score.row(
        "hostile trees escaping the root",
        format!(
            "{escaped} of {} ({} bundles, {} refusals, {} trees changed as they were read)",
            grouped(plan.trees),
            grouped(all.bundles),
            grouped(all.refused),
            grouped(all.swapped)
        ),
    );
    Ok(())
}

impl Verdict {
    fn add(&mut self, other: &Verdict) {
        self.bundles += other.bundles;
        self.refused += other.refused;
        self.swapped += other.swapped;
    }
}

fn one(base: &Path, seed: u64) -> Outcome<Verdict> {
    let mut rng = fastrand::Rng::with_seed(seed);
    std::fs::create_dir_all(base.join("aside"))?;
    let base = base.canonicalize()?;
    let tree = Tree::grow(&base, &mut rng)?;
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| swap(&tree, &stop));
        let verdict = judge(&base, &tree, &mut rng);
        stop.store(true, Ordering::Relaxed);
        verdict
    })
}

fn judge(base: &Path, tree: &Tree, rng: &mut fastrand::Rng) -> Outcome<Verdict> {
    let mut verdict = Verdict { swapped: u64::from(!tree.swaps.is_empty()), ..Verdict::default() };
    let mut options = Options::new(&tree.root);
    options.project_root = Some(tree.root.clone());
    options.database = Some(base.join("history.db"));
    let ws = match Workspace::open(options) {
        Ok(ws) => ws,
        Err(error) => {
            silent(&error)?;
            verdict.refused += 1;
            return Ok(verdict);
        }
    };
    let mut asked: Vec<Vec<PathBuf>> = vec![vec![".".into()], vec!["**/*".into(), "src".into()]];
    asked.push(vec!["../outside/secret.md".into()]);
    asked.push(vec![tree.outside.join("secret.md")]);
    asked.push(vec!["src/../../outside".into()]);
    for _ in 0..8 {
        let entry = &tree.entries[rng.usize(..tree.entries.len())];
        let inner = entry.strip_prefix(&tree.root).unwrap_or(entry).to_path_buf();
        asked.push(vec![if rng.bool() { inner } else { entry.clone() }]);
    }
    // What changes is asked for again and again, and as often unseen by the cache.
    for swap in tree.swaps.iter().cycle().take(tree.swaps.len() * 10) {
        asked.push(vec![swap.place.clone()]);
    }
    for paths in asked {
        match prepare(&ws, &paths, rng) {
            Ok(Some(bundle)) => {
                verdict.bundles += 1;
                kept(&ws, tree, &bundle)?;
            }
            Ok(None) => verdict.refused += 1,
            Err(error) => {
                verdict.refused += 1;
                silent(&error)?;
            }
        }
    }
    Ok(verdict)
}

fn prepare(
    ws: &Workspace,
    paths: &[PathBuf],
    rng: &mut fastrand::Rng,
) -> Result<Option<Bundle>, Error> {
    let wanted = paths.iter().map(|path| Wanted {
        text: path.clone(),
        item_type: ItemType::File,
        priority: Priority::Required,
    });
    let rules = WalkRules { hidden: rng.bool(), no_ignore: rng.bool(), ..WalkRules::default() };
    let wanted = wanted.collect();
    let selectors = Selectors { wanted, rules, paranoid: rng.bool(), ..Selectors::default() };
    let request = Request {
        agent_type: AgentType::nearest("reviewer"),
        scope: format!("Look at {}", rng.u64(..)),
        selectors,
        budget: BudgetRequest { budget: Some(100_000_000), ..BudgetRequest::default() },
        ..Request::default()
    };
    Ok(match ws.context().prepare(&request)? {
        Preparation::Ready(prepared) => Some(prepared.bundle),
        Preparation::OverBudget(_) => None,
    })
}

/// Nothing of what is outside in a bundle, its texts or its briefing; no text by half.
fn kept(ws: &Workspace, tree: &Tree, bundle: &Bundle) -> Outcome<()> {
    let manifest = serde_json::to_string(bundle)?;
    outside("the bundle", manifest.as_bytes())?;
    for item in &bundle.context_items {
        let text = ws.store().read(|r| r.content(&item.content_hash))?;
        let text = text.ok_or_else(|| format!("{} is not kept", item.source))?;
        outside(&item.source, &text)?;
        for swap in &tree.swaps {
            let is_this = swap.place.ends_with(&item.source);
            if is_this && !is_whole(swap.kind, &String::from_utf8_lossy(&text)) {
                return Err(format!("{} is there by half", item.source).into());
            }
        }
    }
    let briefing = ws.context().brief(bundle, None)?;
    outside("the briefing", briefing.text.as_bytes())
}

/// Nor in what is said.
fn silent(error: &Error) -> Outcome<()> {
    let said = format!("{error} {:?}", error.hint());
    outside("an error", said.as_bytes())
}

fn outside(what: &str, bytes: &[u8]) -> Outcome<()> {
    match memchr::memmem::find(bytes, CANARY.as_bytes()) {
        None => Ok(()),
        Some(_) => Err(format!("{what} holds what stands outside the root").into()),
    }
}
