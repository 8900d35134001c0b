//! Arguments that several verbs have, and how they become the library's values.

use super::Verb;
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use sortie::context::{Asked, BudgetRequest, Selectors, WalkRules};
use sortie::error::IoContext;
use sortie::history::taken_out;
use sortie::model::{ByteAmount, DedupMode, Reserve, Timestamp, TokenAmount};
use sortie::secrets::Finding;
use sortie::store::Named;
use sortie::store::file;
use sortie::{Bundle, Result, Workspace};
use std::path::{Path, PathBuf};

/// What goes into a bundle.
#[derive(Args, Default)]
#[command(next_help_heading = "What to include (lists take commas and may be repeated)")]
pub struct SelectArgs {
    /// What the agent works on: files, directories, globs, path#Heading, path:10-80
    #[arg(long, value_name = "ITEMS", value_parser = items())]
    pub files: Vec<Items>,
    /// What it may consult; dropped before --files when trimming
    #[arg(long, value_name = "ITEMS", value_parser = items())]
    pub references: Vec<Items>,
    /// What would be nice to have; dropped first
    #[arg(long, value_name = "ITEMS", value_parser = items())]
    pub optional: Vec<Items>,
    /// More --files, a path a line, from a file or - for stdin: for names with commas
    #[arg(long, value_name = "FILE")]
    pub files_from: Option<PathBuf>,
    /// The paths of --files-from end in NUL, not newline
    #[arg(long, short = '0', requires = "files_from")]
    pub null: bool,
    /// Items of the above that must stay
    #[arg(long, value_name = "ITEMS", value_delimiter = ',')]
    pub required: Vec<String>,
    /// Items of the above that may be dropped after the optional ones
    #[arg(long, value_name = "ITEMS", value_delimiter = ',')]
    pub recommended: Vec<String>,
    /// Globs to leave out of directories, besides what ignore files say
    #[arg(long, value_name = "GLOBS", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// Take hidden files of directories too
    #[arg(long)]
    pub hidden: bool,
    /// Take ignored files of directories too
    #[arg(long)]
    pub no_ignore: bool,
    /// The largest file taken whole [default: sortie.toml, else 2MB]
    #[arg(long, value_name = "SIZE")]
    pub max_file_size: Option<ByteAmount>,
    /// Read every file, also those whose size, times and inode say that they are unchanged
    #[arg(long)]
    pub paranoid: bool,
}

impl SelectArgs {
    pub fn selectors(&self) -> Result<Selectors> {
        let all = |lists: &[Items]| lists.iter().flat_map(|list| list.0.clone()).collect();
        let mut files: Vec<PathBuf> = all(&self.files);
        files.extend(self.paths_from()?);
        let rules = WalkRules {
            ignore: self.ignore.clone(),
            hidden: self.hidden,
            no_ignore: self.no_ignore,
        };
        let asked = Asked {
            files,
            references: all(&self.references),
            optional: all(&self.optional),
            required: self.required.clone(),
            recommended: self.recommended.clone(),
            rules,
            paranoid: self.paranoid,
        };
        Ok(asked.into())
    }

    /// The paths of `--files-from`, byte for byte.
    fn paths_from(&self) -> Result<Vec<PathBuf>> {
        let Some(from) = &self.files_from else { return Ok(Vec::new()) };
        let end = if self.null { b'\0' } else { b'\n' };
        let bytes = read(from, PATHS)?;
        let lines = bytes.split(|byte| *byte == end);
        let lines = lines.map(|line| match line.strip_suffix(b"\r") {
            Some(line) if !self.null => line,
            _ => line,
        });
        Ok(lines.filter(|line| !line.is_empty()).map(path_of).collect())
    }
}

/// Items between commas; a comma in braces belongs to a glob such as `src/{a,b}.rs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items(pub Vec<PathBuf>);

/// Reads such a list.
pub fn items() -> impl TypedValueParser<Value = Items> {
    OsStringValueParser::new().map(|text| Items(split(text.as_encoded_bytes())))
}

fn split(text: &[u8]) -> Vec<PathBuf> {
    let mut depth = 0usize;
    let parts = text.split(|byte| {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *byte == b',' && depth == 0
    });
    parts.filter(|part| !part.is_empty()).map(path_of).collect()
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).trim_end_matches('\r'))
}

/// For whom to count, and against what.
#[derive(Args, Default)]
#[command(next_help_heading = "Budget")]
pub struct BudgetArgs {
    /// The model to count for [default: sortie.toml, else sonnet]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Tokens the briefing may have, such as 40k [default: sortie.toml, else the model's window less
    /// --reserve]
    #[arg(long, value_name = "TOKENS")]
    pub budget: Option<TokenAmount>,
    /// What of the window is left to the agent: tokens or percent [default: 20%]
    #[arg(long, value_name = "TOKENS", conflicts_with = "budget")]
    pub reserve: Option<Reserve>,
    /// The share of the budget to warn at [default: 0.75]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub warn_threshold: Option<f64>,
    /// The share of the budget that is critical [default: 0.90]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub critical_threshold: Option<f64>,
}

impl BudgetArgs {
    pub fn request(&self) -> BudgetRequest {
        BudgetRequest {
            budget: self.budget.map(|budget| budget.0),
            reserve: self.reserve,
            warn: self.warn_threshold,
            critical: self.critical_threshold,
        }
    }
}

/// What is kept once where it stands in several places.
#[derive(Clone, Copy, ValueEnum)]
pub enum DedupArg {
    /// Nothing: every text is sent in full
    Off,
    /// Texts of whole items
    Files,
    /// Blocks of them too
    Blocks,
}

impl From<DedupArg> for DedupMode {
    fn from(what: DedupArg) -> Self {
        match what {
            DedupArg::Off => Self::Off,
            DedupArg::Files => Self::Files,
            DedupArg::Blocks => Self::Blocks,
        }
    }
}

/// Where a list goes on.
#[derive(Args)]
pub struct AfterArg {
    /// Continue behind this one: an id, the beginning of one, or latest
    #[arg(long, value_name = "ID")]
    after: Option<String>,
}

impl AfterArg {
    /// The row to continue behind.
    pub fn find<T: Named>(&self, workspace: &Workspace) -> Result<Option<T>> {
        self.after.as_ref().map(|name| workspace.history().find(name)).transpose()
    }
}

/// A share, 0 to 1.
pub fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(format!("'{text}' is no share: give a number from 0 to 1, such as 0.75")),
    }
}

/// A moment: a time, a day, or an age before now. Resolved when the workspace's clock is known.
pub fn moment(text: &Option<String>, now: Timestamp) -> Result<Option<Timestamp>> {
    let parse = |text: &String| Timestamp::parse_since(text, now);
    Ok(text.as_ref().map(parse).transpose()?)
}

/// The most that a list of paths may have.
const PATHS: u64 = 64 << 20;

/// The most that a text may have which is kept whole: a database holds no value twice as large.
pub const TEXT: u64 = 512 << 20;

/// The bytes of a file, or of stdin for `-`; no more than `most` of them.
pub fn read(from: &Path, most: u64) -> Result<Vec<u8>> {
    match from == Path::new("-") {
        true => file::read_all(std::io::stdin().lock(), "stdin", most),
        false => file::read_all(std::fs::File::open(from).or_cannot("read", from)?, from, most),
    }
}

/// The bundles that `names` stand for: files, ids, beginnings of ids, `latest`.
pub fn bundles(workspace: &Workspace, names: &[PathBuf]) -> Result<Vec<Bundle>> {
    let context = workspace.context();
    names.iter().map(|name| context.load(name)).collect()
}

/// A bundle as its file has it.
pub fn bundle_json(bundle: &Bundle) -> String {
    sortie::render::json_document(bundle)
}

/// Writes a bundle to a file.
pub fn write_bundle(path: &Path, bundle: &Bundle) -> Result<()> {
    file::write(path, bundle_json(bundle).as_bytes())
}

/// Says that something is not stored as it came.
pub fn note_redacted(verb: &Verb<'_>, redacted: &[Finding]) {
    if let Some(told) = taken_out(redacted) {
        verb.ui.note(&format!("{told}; --keep-secrets stores it as it is"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_braces_do_not_part_items() {
        let parts = |text: &str| -> Vec<String> {
            split(text.as_bytes()).iter().map(|path| path.display().to_string()).collect()
        };
        assert_eq!(parts("a,src/{b,c}.rs,,d"), ["a", "src/{b,c}.rs", "d"]);
        assert_eq!(parts("a}b,c"), ["a}b", "c"]);
    }
}
