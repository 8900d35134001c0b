//! `sortie.toml`: what a project says about its budgets, models and files. Every key is optional.

mod place;

use self::place::{Position, line_and_column};
mod prices;

pub use prices::Prices;

use crate::error::{Fault, Kind, Result, nearest};
use crate::files::{Beneath, Trouble, read_named};
use crate::model::{Allowance, ByteAmount, DedupMode, Price, Reserve, TokenAmount};
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
    /// The file it was read from, to say where in it something stands.
    #[serde(skip)]
    file: Option<PathBuf>,
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
    /// What it costs.
    pub price: Option<Price>,
}

/// How many of a model's tokens one of the tokenizer's stands for: a figure, or a range.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged, expecting = "a factor is a figure, or a range such as [1.1, 1.2]")]
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
        match read {
            Ok(config) => Ok(Config { file: Some(path), ..config }),
            Err(why) => Err(why.at(&path).into()),
        }
    }

    /// Where the last of `keys` stands, as “FILE:LINE:COLUMN: ” before what is wrong with it: its value,
    /// or itself where that lacks something. Empty if no file says it.
    pub(crate) fn place(&self, keys: &[&str], of: Of) -> String {
        let look = || {
            let file = self.file.as_ref()?;
            let text = String::from_utf8(read_named(file, LARGEST).ok()?).ok()?;
            Some(format!("{}{}: ", file.display(), place(Some(of.find(&text, keys)?))))
        };
        look().unwrap_or_default()
    }

    /// The configuration that `text` is, in TOML.
    pub fn parse(text: &str) -> Result<Config> {
        Config::read(text).map_err(|why| why.at(Path::new(FILE_NAME)).into())
    }

    fn read(text: &str) -> Result<Config, Wrong> {
        let config: Config = parse_toml(text)?;
        config.check().map_err(|wrong| wrong.placed_in(text))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), Wrong> {
        let factors = self.estimates.iter().flat_map(|(table, it)| {
            it.iter().map(move |(kind, factor)| (table, kind.as_str(), *factor))
        });
        for (table, kind, factor) in factors {
            if !KINDS.contains(&kind) {
                let wrong = Wrong::unknown_key(None, kind, KINDS);
                return Err(wrong.of(Of::Key, ["estimates", table, kind]));
            }
            let (low, high) = match factor {
                Factor::Figure(figure) => (figure, figure),
                Factor::Range(low, high) => (low, high),
            };
            if !(0.1..=10.0).contains(&low) || !(low..=10.0).contains(&high) {
                let message =
                    format!("`{kind}` in [estimates.{table}] is no factor from 0.1 to 10");
                return Err(Wrong::new(None, message).of(Of::Value, ["estimates", table, kind]));
            }
        }
        for (name, share) in [("warn", self.warn), ("critical", self.critical)] {
            if share.is_some_and(|share| !(0.0..=1.0).contains(&share)) {
                let message = format!("`{name}` is a share of the budget, 0 to 1");
                return Err(Wrong::new(None, message).of(Of::Value, [name]));
            }
        }
        match self.warn.zip(self.critical).is_some_and(|(warn, critical)| warn > critical) {
            true => {
                Err(Wrong::new(None, "`warn` is above `critical`".to_owned())
                    .of(Of::Value, ["warn"]))
            }
            false => Ok(()),
        }
    }
}

/// The largest TOML file that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// Reads a file of the user's in TOML, and checks what it says; what is wrong is told with its place.
pub(crate) fn read_toml<T: DeserializeOwned>(
    path: &Path,
    check: impl FnOnce(&T) -> Result<(), Wrong>,
) -> Result<T> {
    let text = utf8(read_named(path, LARGEST)?);
    text.and_then(|text| checked_toml(&text, check)).map_err(|why| why.at(path).into())
}

fn checked_toml<T: DeserializeOwned>(
    text: &str,
    check: impl FnOnce(&T) -> Result<(), Wrong>,
) -> Result<T, Wrong> {
    let value = parse_toml(text)?;
    check(&value).map_err(|wrong| wrong.placed_in(text))?;
    Ok(value)
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
pub(crate) fn parse_plan<T: DeserializeOwned>(
    text: &str,
    check: impl FnOnce(&T) -> Result<(), Wrong>,
) -> Result<T> {
    checked_toml(text, check).map_err(|why| why.at(Path::new("plan.toml")).into())
}

fn parse_toml<T: DeserializeOwned>(text: &str) -> Result<T, Wrong> {
    toml::from_str(text).map_err(|error| Wrong::from_toml(&error, text))
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {}", path.display(), place(*position), wrong.message)]
pub struct ConfigFault {
    path: PathBuf,
    position: Option<Position>,
    wrong: Wrong,
}

fn place(position: Option<Position>) -> String {
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
pub(crate) struct Wrong {
    position: Option<Position>,
    /// What it is about, where its place is still to be found.
    about: Option<(Of, Vec<String>)>,
    message: String,
    hint: Option<String>,
}

/// Which of a key and its value is meant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of {
    Key,
    Value,
}

impl Of {
    fn find(self, text: &str, keys: &[&str]) -> Option<Position> {
        let found = place::find(text, keys)?;
        Some(match self {
            Of::Key => found.key,
            Of::Value => found.value,
        })
    }
}

impl Wrong {
    fn new(position: Option<Position>, message: String) -> Wrong {
        Wrong { position, about: None, message, hint: None }
    }

    /// What is wrong with the value that `keys` lead to.
    pub fn value<const N: usize>(keys: [&str; N], message: String, hint: &str) -> Wrong {
        Wrong { hint: Some(hint.to_owned()), ..Wrong::new(None, message) }.of(Of::Value, keys)
    }

    /// The same, said of what `keys` lead to.
    fn of<const N: usize>(self, of: Of, keys: [&str; N]) -> Wrong {
        Wrong { about: Some((of, keys.map(str::to_owned).into())), ..self }
    }

    fn placed_in(self, text: &str) -> Wrong {
        let found = self.about.as_ref().and_then(|(of, keys)| {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            of.find(text, &keys)
        });
        Wrong { position: self.position.or(found), ..self }
    }

    fn unknown_key(position: Option<Position>, key: &str, known: &[&str]) -> Wrong {
        let hint = match nearest(key, known.iter().copied()).first() {
            Some(near) => format!("did you mean `{near}`? known here: {}", known.join(", ")),
            None => format!("known here: {}", known.join(", ")),
        };
        Wrong { hint: Some(hint), ..Wrong::new(position, format!("unknown key `{key}`")) }
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
            "sortie.toml:1:8: `warn` is a share of the budget, 0 to 1"
        );
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_place() {
        for (text, told) in [
            ("\n[estimates.x]\n rst = 1", "3:2: unknown key `rst`"),
            (
                "[estimates.x]\nrust = 99",
                "2:8: `rust` in [estimates.x] is no factor from 0.1 to 10",
            ),
            (
                "[estimates]\nx = { rust = [1] }",
                "2:14: a factor is a figure, or a range such as [1.1, 1.2]",
            ),
            ("critical = 0.5\nwarn = 0.6", "2:8: `warn` is above `critical`"),
            ("critical = 1.5\nwarn = 1.4", "2:8: `warn` is a share of the budget, 0 to 1"),
            ("budget = true", "1:10: give a number, or a text such as '40k'"),
        ] {
            assert_eq!(complaint(text).0, format!("sortie.toml:{told}"));
        }
    }
}
