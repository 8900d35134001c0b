//! `sortie.toml`: what a project says about its budgets, models and files. Every key is optional.

use crate::error::{Fault, Kind, Result, nearest};
use crate::files::{Beneath, Trouble, read_named};
use crate::model::{Allowance, ByteAmount, DedupMode, Reserve, TokenAmount};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file's name in the project root.
pub const FILE_NAME: &str = "sortie.toml";

/// The whole configuration of a project.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Tokens a briefing may have; without it the model's window less `reserve`.
    pub budget: Option<TokenAmount>,
    /// What of the window is left to the agent's own work: tokens or percent.
    pub reserve: Option<Reserve>,
    /// The share of the budget from which a warning is given, 0 to 1.
    pub warn: Option<f64>,
    /// The share of the budget that is critical, 0 to 1.
    pub critical: Option<f64>,
    /// The model that counts and windows are for, where a call names none.
    pub model: Option<String>,
    /// What is kept once where it stands in several places: `off`, `files` or `blocks`.
    pub dedup: Option<DedupMode>,
    /// The largest file taken whole.
    pub max_file_size: Option<ByteAmount>,
    /// Globs of what walks leave out, as in a `.gitignore`.
    #[serde(default)]
    pub ignore: Vec<String>,
    /// Models to add, or to override, by name.
    #[serde(default)]
    pub models: BTreeMap<String, ModelConfig>,
    /// Factors by kind of content, by the name that a model's `estimate` gives.
    #[serde(default)]
    pub estimates: BTreeMap<String, BTreeMap<String, Factor>>,
    /// What looks like a secret and may go out all the same.
    #[serde(default)]
    pub secrets: Secrets,
    /// What is done when a harness tells of its agents.
    #[serde(default)]
    pub capture: CaptureConfig,
}

/// What a project says of capture.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaptureConfig {
    /// Put the briefing of a bundle in the place of a prompt that names it.
    #[serde(default)]
    pub inject: bool,
}

/// What a project says of secrets.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// Findings that are none, or that may be sent, each with its reason.
    #[serde(default)]
    pub allow: Vec<Allowance>,
    /// Store messages as they come, secrets included.
    #[serde(default)]
    pub keep_in_messages: bool,
}

/// What is known of a model; what is left out is taken from the family its name belongs to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Tokens.
    pub window: Option<TokenAmount>,
    /// `o200k_base` or `cl100k_base`.
    pub tokenizer: Option<String>,
    /// The table of factors its counts are estimated with; `exact` for none.
    pub estimate: Option<String>,
}

/// How many of a model's tokens one of the tokenizer's stands for: a figure, or a range.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Factor {
    /// A measured figure; the upper end is 5 % more.
    Figure(f64),
    /// Low and high end; the middle is likely, the high end the upper end.
    Range(f64, f64),
}

/// The kinds of content that factors are given for.
const KINDS: &[&str] = &[
    "rust",
    "python",
    "javascript",
    "html",
    "prose",
    "markdown",
    "json",
    "minified",
    "cjk",
    "other",
];

impl Config {
    /// Reads the configuration of the project at `root`; without a file, the default.
    pub fn load(root: &Beneath) -> Result<Config> {
        let path = root.path().join(FILE_NAME);
        let read = match root.read(&path, LARGEST) {
            Ok(bytes) => utf8(bytes).and_then(|text| Config::read(&text)),
            Err(Trouble::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Config::default());
            }
            Err(trouble) => Err(Wrong::new(None, trouble.to_string())),
        };
        read.map_err(|why| why.at(&path).into())
    }

    /// The configuration that `text` is, in TOML.
    pub fn parse(text: &str) -> Result<Config> {
        Config::read(text).map_err(|why| why.at(Path::new(FILE_NAME)).into())
    }

    fn read(text: &str) -> Result<Config, Wrong> {
        let config: Config = parse_toml(text)?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Wrong> {
        let factors = self.estimates.iter().flat_map(|(table, it)| {
            it.iter().map(move |(kind, factor)| (table, kind.as_str(), *factor))
        });
        for (table, kind, factor) in factors {
            if !KINDS.contains(&kind) {
                return Err(Wrong::unknown_key(None, kind, KINDS));
            }
            let (low, high) = match factor {
                Factor::Figure(figure) => (figure, figure),
                Factor::Range(low, high) => (low, high),
            };
            if !(0.1..=10.0).contains(&low) || !(low..=10.0).contains(&high) {
                let message =
                    format!("`{kind}` in [estimates.{table}] is no factor from 0.1 to 10");
                return Err(Wrong::new(None, message));
            }
        }
        if self.warn.zip(self.critical).is_some_and(|(warn, critical)| warn > critical) {
            return Err(Wrong::new(None, "`warn` is above `critical`".to_owned()));
        }
        for (name, share) in [("warn", self.warn), ("critical", self.critical)] {
            if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                return Err(Wrong::new(None, format!("`{name}` is a share of the budget, 0 to 1")));
            }
        }
        Ok(())
    }
}

/// The largest TOML file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// Reads a file of the user's in TOML; what is wrong with it is told with its place.
pub(crate) fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = utf8(read_named(path, LARGEST)?);
    text.and_then(|text| parse_toml(&text)).map_err(|why| why.at(path).into())
}

fn utf8(bytes: Vec<u8>) -> Result<String, Wrong> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let before = String::from_utf8_lossy(&error.as_bytes()[..valid]).into_owned();
        let position = line_and_column(&before, before.len());
        Wrong::new(Some(position), "this is not UTF-8".to_owned())
    })
}

/// Reads TOML that is at hand; for fuzzing.
#[cfg(feature = "fuzzing")]
pub(crate) fn parse_plan<T: DeserializeOwned>(text: &str) -> Result<T> {
    parse_toml(text).map_err(|why| why.at(Path::new("plan.toml")).into())
}

fn parse_toml<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    toml::from_str(text).map_err(|error| Wrong::from_toml(&error, text))
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {}", path.display(), place(*position), wrong.message)]
pub struct ConfigFault {
    path: PathBuf,
    position: Option<(usize, usize)>,
    wrong: Wrong,
}

fn place(position: Option<(usize, usize)>) -> String {
    position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default()
}

impl Fault for ConfigFault {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        self.wrong.hint.clone()
    }
}

/// What is wrong in the text, before it is known which file it is.
#[derive(Debug)]
struct Wrong {
    position: Option<(usize, usize)>,
    message: String,
    hint: Option<String>,
}

impl Wrong {
    fn new(position: Option<(usize, usize)>, message: String) -> Wrong {
        Wrong { position, message, hint: None }
    }

    fn unknown_key(position: Option<(usize, usize)>, key: &str, known: &[&str]) -> Wrong {
        let hint = match nearest(key, known.iter().copied()).first() {
            Some(near) => format!("did you mean `{near}`? known here: {}", known.join(", ")),
            None => format!("known here: {}", known.join(", ")),
        };
        Wrong { position, message: format!("unknown key `{key}`"), hint: Some(hint) }
    }

    fn at(self, path: &Path) -> ConfigFault {
        ConfigFault { path: path.to_path_buf(), position: self.position, wrong: self }
    }

    fn from_toml(error: &toml::de::Error, text: &str) -> Wrong {
        let position = error.span().map(|span| line_and_column(text, span.start));
        match unknown_key(error.message()) {
            None => Wrong::new(position, error.message().replace('\n', " ")),
            Some((key, known)) => Wrong::unknown_key(position, key, &known),
        }
    }
}

/// The key and the known ones in serde's “unknown field `x`, expected one of `a`, `b`”.
fn unknown_key(message: &str) -> Option<(&str, Vec<&str>)> {
    let quoted = message.strip_prefix("unknown field ")?;
    let mut words = quoted.split('`').skip(1).step_by(2);
    Some((words.next()?, words.collect()))
}

fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> (String, Option<String>) {
        let fault = Config::read(text).unwrap_err().at(Path::new("sortie.toml"));
        (fault.to_string(), fault.hint())
    }

    #[test]
    fn a_whole_configuration_is_read() {
        let config = Config::parse(
            "budget = '40k'\nreserve = '20%'\nwarn = 0.7\nmodel = 'opus'\nmax_file_size = 100\n\
             ignore = ['*.lock']\n[models.mine]\nwindow = '1M'\n[estimates.mine]\nrust = [1.1, 1.2]",
        )
        .unwrap();
        assert_eq!(config.budget, Some(TokenAmount(40_000)));
        assert_eq!(config.models["mine"].window, Some(TokenAmount(1_000_000)));
        assert_eq!(config.estimates["mine"]["rust"], Factor::Range(1.1, 1.2));
    }

    #[test]
    fn an_unknown_key_is_told_with_its_place_and_the_nearest_known_one() {
        let (message, hint) = complaint("model = 'opus'\nbugdet = 1\n");
        assert_eq!(message, "sortie.toml:2:1: unknown key `bugdet`");
        assert!(hint.unwrap().starts_with("did you mean `budget`?"));
        let (message, hint) = complaint("[models.x]\nwindw = 1\n");
        assert_eq!(message, "sortie.toml:2:1: unknown key `windw`");
        assert!(hint.unwrap().starts_with("did you mean `window`?"));
        assert_eq!(
            complaint("warn = 75").0,
            "sortie.toml: `warn` is a share of the budget, 0 to 1"
        );
    }
}
