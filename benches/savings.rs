//! What deduplication saves four agents, on three real source trees: the table of the README.
//!
//! `cargo run --example savings`. The trees are crates of `Cargo.lock` and Django's documentation,
//! which `curl` and `tar` fetch once; the plans stand in `benches/savings/`.

use sortie::Workspace;
use sortie::context::{PlanOptions, Planned, Planning};
use sortie::render::tokens;
use sortie::workspace::Options;
use std::path::{Path, PathBuf};
use std::process::Command;

const DJANGO: &str = "https://files.pythonhosted.org/packages/05/a2/\
    933dbbb3dd9990494960f6e64aca2af4c0745b63b7113f59a822df92329e/django-5.2.8.tar.gz";
const DJANGO_BLAKE3: &str = "3d0e7f7c178f495e2d8966a78bda34a987ce9e8fa127cfef65efba7cb94524de";

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let trees = [
        ("zstd-sys, a crate with vendored copies", "vendored", crates(&["zstd-sys"])?),
        ("Django's documentation", "documentation", django()?),
        (
            "clap, a slice of a monorepo",
            "monorepo",
            crates(&["clap", "clap_builder", "clap_derive", "clap_complete", "clap_mangen"])?,
        ),
    ];
    println!("| four agents on | in full | sent | fewer | begin alike | billed, cached | fewer |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    let mut agents = String::new();
    for (name, plan, root) in trees {
        let planned = planned(&root, plan)?;
        let it = planned.sharing.as_ref().ok_or("a plan of several agents")?;
        let count = |number| tokens(number, it.exact);
        println!(
            "| {name} | {} | {} | {:.1} % | {} | {} | {:.1} % |",
            count(it.tokens_before),
            count(it.tokens_after),
            it.percent_saved,
            count(it.prefix_tokens),
            count(it.tokens_billed),
            it.percent_billed_saved
        );
        for (agent, row) in planned.agents.iter().zip(&it.agents) {
            let fewer = |now: u64| 100.0 - now as f64 * 100.0 / row.tokens_before as f64;
            agents += &format!(
                "| {plan} | {} | {} | {:.1} % | {:.1} % |\n",
                agent.name,
                count(row.tokens_before),
                fewer(row.tokens_after),
                fewer(row.billed.tokens_billed)
            );
        }
    }
    println!("\n| plan | agent | in full | fewer sent | fewer billed |");
    println!("| --- | --- | --: | --: | --: |\n{agents}");
    Ok(())
}

/// Runs a plan in a tree, with a history of its own.
fn planned(root: &Path, plan: &str) -> Outcome<Planned> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("benches/savings/{plan}.toml"));
    std::fs::copy(source, root.join("plan.toml"))?;
    let mut options = Options::new(root);
    options.project_root = Some(root.to_path_buf());
    options.database = Some(root.join(".sortie/history.db"));
    let workspace = Workspace::open(options)?;
    match workspace.context().plan(Path::new("plan.toml"), PlanOptions::default())? {
        Planning::Ready(planned) => Ok(*planned),
        Planning::OverSession(_) => Err("over the plan's budget".into()),
        Planning::OverBudget(over) => Err(format!("over budget: {over:?}").into()),
    }
}

/// A directory with crates of the lock file as cargo has them, each under its name.
fn crates(names: &[&str]) -> Outcome<PathBuf> {
    let root = fresh(names[0])?;
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"))
        .output()?;
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    for name in names {
        let packages = metadata["packages"].as_array().ok_or("packages")?;
        let package =
            packages.iter().find(|it| it["name"] == *name).ok_or("a crate of the lock")?;
        let manifest = package["manifest_path"].as_str().ok_or("a path")?;
        let from = Path::new(manifest).parent().ok_or("a directory")?;
        let to = if names.len() == 1 { root.clone() } else { root.join(name) };
        std::fs::create_dir_all(&to)?;
        run(Command::new("cp").arg("-r").arg(from.join(".")).arg(to))?;
    }
    Ok(root)
}

/// Django's documentation, fetched and checked.
fn django() -> Outcome<PathBuf> {
    let root = fresh("django")?;
    let archive = root.with_extension("tar.gz");
    if !archive.exists() {
        run(Command::new("curl").args(["-sSfL", "-o"]).arg(&archive).arg(DJANGO))?;
    }
    let found = blake3::hash(&std::fs::read(&archive)?).to_hex();
    if found.as_str() != DJANGO_BLAKE3 {
        std::fs::remove_file(&archive)?;
        return Err(format!("the archive has blake3 {found}").into());
    }
    let tar = ["--strip-components", "1", "-C"];
    run(Command::new("tar")
        .arg("-xzf")
        .arg(&archive)
        .args(tar)
        .arg(&root)
        .arg("django-5.2.8/docs"))?;
    Ok(root)
}

/// An empty directory beside the build's products.
fn fresh(name: &str) -> Outcome<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/savings").join(name);
    if root.exists() {
        std::fs::remove_dir_all(&root)?;
    }
    std::fs::create_dir_all(&root)?;
    Ok(root)
}

fn run(command: &mut Command) -> Outcome<()> {
    match command.status()?.success() {
        true => Ok(()),
        false => Err(format!("{command:?} failed").into()),
    }
}
