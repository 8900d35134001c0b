//! `sortie ctx prepare-bundle` beside other tools, as whole processes: the table of the README.
//!
//! `cargo run --release --example peers`, with `--quick` one run on the smallest tree. The trees are crates
//! that `cargo vendor` fetches once. Each pair is timed by `hyperfine` (Debian: `apt install hyperfine`). A
//! peer that is not installed is skipped with a notice; they are, by name from their registries:
//! `cargo install code2prompt --version 4.3.0`, `cargo install yek --version 0.25.5`,
//! `npm install --global repomix@1.18.1`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Crates of C and C++, which are large; the last tree has about the size of Apache Kafka's.
const TREES: [(&str, &[&str]); 3] = [
    ("small", &["zstd-sys@2.1.2"]),
    ("middle", &["libgit2-sys@0.18.5"]),
    ("large", &["openssl-src@300.6.1", "librocksdb-sys@0.17.3", "libgit2-sys@0.18.5"]),
];

/// One command that is timed, and what puts things back before each run.
struct Contender {
    name: &'static str,
    /// The program it needs.
    program: &'static str,
    command: &'static str,
    prepare: &'static str,
}

/// `$OUT` is a scratch directory of the tree, which is the current one.
const CONTENDERS: [Contender; 8] = [
    Contender {
        name: "sortie, first time",
        program: "sortie",
        command: "sortie ctx prepare-bundle --project-root . --agent-type a --scope s --files . --budget 1000m --quiet",
        prepare: "rm -rf .sortie",
    },
    Contender {
        name: "sortie, one file edited",
        program: "sortie",
        command: "sortie ctx prepare-bundle --project-root . --agent-type a --scope s --files . --budget 1000m --quiet",
        prepare: "date +%N >> edited.txt",
    },
    Contender {
        name: "sortie, again",
        program: "sortie",
        command: "sortie ctx prepare-bundle --project-root . --agent-type a --scope s --files . --budget 1000m --quiet",
        prepare: "true",
    },
    Contender { name: "git status", program: "git", command: "git status", prepare: "true" },
    Contender {
        name: "code2prompt",
        program: "code2prompt",
        command: "code2prompt . --no-clipboard --output-file $OUT/code2prompt.md",
        prepare: "true",
    },
    Contender {
        name: "yek",
        program: "yek",
        command: "yek . --tokens 1000000k --output-dir $OUT/yek",
        prepare: "rm -rf $OUT/yek",
    },
    Contender {
        name: "repomix, first time",
        program: "repomix",
        command: "repomix . --quiet --no-security-check --output $OUT/repomix.xml",
        prepare: "rm -rf $TMPDIR/*",
    },
    Contender {
        name: "repomix, again",
        program: "repomix",
        command: "repomix . --quiet --no-security-check --output $OUT/repomix.xml",
        prepare: "true",
    },
];

/// Medians of some runs, in milliseconds.
#[derive(Clone, Copy)]
struct Times {
    wall: f64,
    cpu: f64,
}

fn main() -> Outcome<()> {
    let quick = std::env::args().any(|argument| argument == "--quick");
    if !is_there("hyperfine") {
        println!("skipped: there is no hyperfine");
        return Ok(());
    }
    let mut trees = vec![("one file", one_file()?)];
    if !quick {
        for (name, crates) in TREES {
            trees.push((name, vendored(name, crates)?));
        }
    }
    let machine = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let machine = machine.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let cores = std::thread::available_parallelism()?;
    println!("sortie {}, {}, {cores} cores", env!("CARGO_PKG_VERSION"), machine.unwrap_or("?"));
    for (name, tree) in &trees {
        println!("tree {name}: {}", size(tree)?);
    }
    println!(
        "\n| wall / CPU, ms | {} |",
        trees.iter().map(|it| it.0).collect::<Vec<_>>().join(" | ")
    );
    println!("| --- |{}", " --: |".repeat(trees.len()));
    for contender in CONTENDERS {
        if !is_there(contender.program) {
            println!("| {} | skipped: there is no {} |", contender.name, contender.program);
            continue;
        }
        let times = trees.iter().map(|(_, tree)| timed(&contender, tree, quick));
        let cells = times.map(|times| times.map(|it| format!("{:.0} / {:.0}", it.wall, it.cpu)));
        println!("| {} | {} |", contender.name, cells.collect::<Outcome<Vec<_>>>()?.join(" | "));
    }
    Ok(())
}

/// The binary that was built with this program comes before any other of its name.
fn path() -> String {
    let own = std::env::current_exe().ok();
    let own = own.as_deref().and_then(|exe| exe.parent()?.parent()).unwrap_or(Path::new("."));
    format!("{}:{}", own.display(), std::env::var("PATH").unwrap_or_default())
}

fn is_there(program: &str) -> bool {
    let mut look = Command::new("sh");
    look.args(["-c", &format!("command -v {program}")]).env("PATH", path());
    look.stdout(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn timed(contender: &Contender, tree: &Path, quick: bool) -> Outcome<Times> {
    let out = tree.with_extension("out");
    let scratch = out.join("tmp");
    std::fs::create_dir_all(&scratch)?;
    let result = out.join("hyperfine.json");
    let (warmup, runs) = if quick { ("0", "2") } else { ("2", "7") };
    let status = Command::new("hyperfine")
        .args(["--shell", "sh", "--warmup", warmup, "--runs", runs, "--style", "none"])
        .args(["--prepare", contender.prepare, "--export-json"])
        .arg(&result)
        .arg(contender.command)
        .current_dir(tree)
        .env("PATH", path())
        .env("OUT", &out)
        .env("TMPDIR", &scratch)
        .stdout(Stdio::null())
        // It doubts what is short; what failed is said below.
        .stderr(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(format!("{} failed in {}", contender.command, tree.display()).into());
    }
    let result: serde_json::Value = serde_json::from_slice(&std::fs::read(&result)?)?;
    let seconds = |key: &str| result["results"][0][key].as_f64().unwrap_or(f64::NAN);
    Ok(Times { wall: seconds("median") * 1e3, cpu: (seconds("user") + seconds("system")) * 1e3 })
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/peers")
}

fn one_file() -> Outcome<PathBuf> {
    let tree = target().join("one");
    std::fs::create_dir_all(&tree)?;
    std::fs::write(tree.join("hello.txt"), "hello world\n")?;
    committed(tree)
}

/// The sources of crates and of nothing they need.
fn vendored(name: &str, crates: &[&str]) -> Outcome<PathBuf> {
    let tree = target().join(name);
    if tree.exists() {
        return Ok(tree);
    }
    let fetched = target().join(format!("{name}-fetched"));
    let dependency =
        |it: &&str| it.split_once('@').map(|(name, version)| format!("{name} = \"={version}\"\n"));
    let dependencies: String = crates.iter().filter_map(dependency).collect();
    std::fs::create_dir_all(fetched.join("src"))?;
    std::fs::write(fetched.join("src/lib.rs"), "")?;
    let manifest = "[package]\nname = \"trees\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n";
    std::fs::write(fetched.join("Cargo.toml"), format!("{manifest}{dependencies}"))?;
    run(Command::new("cargo").args(["vendor", "--quiet"]).current_dir(&fetched))?;
    std::fs::create_dir_all(&tree)?;
    for it in crates {
        let name = it.split('@').next().unwrap_or(it);
        std::fs::rename(fetched.join("vendor").join(name), tree.join(name))?;
    }
    committed(tree)
}

/// A tree as the one commit of a repository.
fn committed(tree: PathBuf) -> Outcome<PathBuf> {
    if !tree.join(".git").exists() {
        let git = |line: &str| run(Command::new("git").args(line.split(' ')).current_dir(&tree));
        git("init --quiet")?;
        git("add --all")?;
        git("-c user.name=x -c user.email=x@x commit --quiet --message x")?;
    }
    Ok(tree)
}

fn run(command: &mut Command) -> Outcome<()> {
    match command.stdout(Stdio::null()).stderr(Stdio::null()).status()?.success() {
        true => Ok(()),
        false => Err(format!("{command:?} failed").into()),
    }
}

/// Files that git knows, and their bytes.
fn size(tree: &Path) -> Outcome<String> {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(tree).output()?.stdout;
    let names = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let paths = names.map(|name| tree.join(String::from_utf8_lossy(name).as_ref()));
    let sizes: Vec<u64> =
        paths.filter_map(|path| Some(path.symlink_metadata().ok()?.len())).collect();
    Ok(format!("{} files, {:.1} MB", sizes.len(), sizes.iter().sum::<u64>() as f64 / 1e6))
}
