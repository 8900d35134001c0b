//! Which models there are: windows, tokenizers, and how exact a count is for each.

use crate::config::{Config, Factor, ModelConfig, Of};
use crate::error::{Fault, Kind, Result, nearest};
use crate::model::TokenAmount;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The model that counts where neither the call nor the configuration names one.
pub const DEFAULT_MODEL: &str = "sonnet";

/// A vocabulary that can be counted with exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tokenizer {
    /// `o200k_base`: GPT-4o and later.
    O200k,
    /// `cl100k_base`: GPT-4 and 3.5.
    Cl100k,
}

impl Tokenizer {
    /// Its name in configurations and bundles.
    pub fn name(self) -> &'static str {
        match self {
            Self::O200k => "o200k_base",
            Self::Cl100k => "cl100k_base",
        }
    }

    fn by_name(name: &str) -> Option<Self> {
        [Self::O200k, Self::Cl100k].into_iter().find(|t| t.name() == name)
    }
}

/// What the library needs to know of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// As it was asked for.
    pub name: String,
    /// Tokens it can take in all.
    pub window: u64,
    /// What counts, or what the estimate starts from.
    pub tokenizer: Tokenizer,
    /// Factors by kind of content, where its own tokenizer is not public.
    pub estimate: Option<Factors>,
}

impl Model {
    /// Whether its counts are exact.
    pub fn exact(&self) -> bool {
        self.estimate.is_none()
    }
}

/// How many of a model's tokens one of the tokenizer's stands for, by kind of content.
#[derive(Debug, Clone, PartialEq)]
pub struct Factors {
    by_kind: BTreeMap<String, Factor>,
}

/// How much more than a single measured figure the upper end is: files of one kind differ.
const SPREAD: f64 = 1.05;

impl Factors {
    /// The likely factor and the upper end for a kind such as `rust`; `other` serves the rest.
    pub fn of(&self, kind: &str) -> (f64, f64) {
        match self.by_kind.get(kind).or_else(|| self.by_kind.get("other")) {
            Some(Factor::Figure(figure)) => (*figure, figure * SPREAD),
            Some(Factor::Range(low, high)) => ((low + high) / 2.0, *high),
            None => (1.0, SPREAD),
        }
    }
}

/// One line of the list of models.
#[derive(Debug, Clone, Serialize)]
pub struct ModelInfo {
    /// The family's name; `sortie.toml` for a model of the configuration.
    pub family: String,
    /// Names and beginnings of names it answers to.
    pub matches: Vec<String>,
    /// Tokens it can take in all.
    pub window: u64,
    /// `o200k_base` or `cl100k_base`.
    pub tokenizer: String,
    /// False where counts are estimates.
    pub exact: bool,
}

/// The families that ship with sortie.
#[derive(Deserialize)]
struct Catalog {
    families: BTreeMap<String, Family>,
    estimates: BTreeMap<String, BTreeMap<String, Factor>>,
}

#[derive(Deserialize)]
struct Family {
    names: Vec<String>,
    prefixes: Vec<String>,
    window: u64,
    tokenizer: String,
    estimate: Option<String>,
}

impl Family {
    /// How well `name` fits: a whole name beats any beginning, a longer beginning a shorter.
    fn fit(&self, name: &str) -> Option<usize> {
        if self.names.iter().any(|known| known == name) {
            return Some(usize::MAX);
        }
        self.prefixes.iter().filter(|prefix| name.starts_with(*prefix)).map(String::len).max()
    }
}

/// Read once: a short command asks more than once, and reading it is a good part of what that takes.
fn catalog() -> &'static Catalog {
    static SHIPPED: LazyLock<Catalog> = LazyLock::new(|| {
        // Prices stand last, and are read where a cost is told.
        let shipped = include_str!("../../assets/models.toml");
        let families = shipped.split("\n[prices]\n").next().unwrap_or(shipped);
        toml::from_str(families).expect("checked by a test")
    });
    &SHIPPED
}

/// The model of that name, from the configuration and the families that ship with sortie.
pub fn find(name: &str, config: &Config) -> Result<Model> {
    let catalog = catalog();
    let (lower, long) = plain_name(name);
    let family =
        catalog.families.values().max_by_key(|f| f.fit(&lower).map_or(0, |fit| fit.max(1)));
    let family = family.filter(|family| family.fit(&lower).is_some());
    let ours = config.models.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let ours = ours.map(|(_, it)| it);
    if family.is_none() && ours.is_none() {
        let (name, known) = (name.to_owned(), names(catalog, config));
        return Err(ModelFault::Unknown { place: String::new(), name, known }.into());
    }
    let none = ModelConfig::default();
    let mut model = assemble(name, ours.unwrap_or(&none), family, catalog, config)?;
    if long && ours.is_none_or(|ours| ours.window.is_none()) {
        model.window = LONG_WINDOW;
    }
    Ok(model)
}

/// The window of a name that ends in `[1m]`.
const LONG_WINDOW: u64 = 1_000_000;

/// A name without what providers put before it (`anthropic/`, `us.anthropic.`), and whether it ends
/// in `[1m]`.
fn plain_name(name: &str) -> (String, bool) {
    let lower = name.to_ascii_lowercase();
    let (base, long) = match lower.strip_suffix("[1m]") {
        Some(base) => (base, true),
        None => (lower.as_str(), false),
    };
    let base = base.rsplit('/').next().unwrap_or(base);
    let base = base.find("claude-").map_or(base, |at| &base[at..]);
    (base.to_owned(), long)
}

fn assemble(
    name: &str,
    ours: &ModelConfig,
    family: Option<&Family>,
    catalog: &Catalog,
    config: &Config,
) -> Result<Model> {
    let written = config.models.keys().find(|known| known.eq_ignore_ascii_case(name));
    let written = written.map_or(name, String::as_str);
    let own = |of, key: &[&str]| config.place(&[&["models", written], key].concat(), of);
    let lacks = |key| {
        let place = own(Of::Key, &[]);
        ModelFault::Lacks { place, name: name.to_owned(), key }
    };
    let window = ours.window.map(|TokenAmount(window)| window).or(family.map(|f| f.window));
    let tokenizer = ours.tokenizer.as_ref().or(family.map(|f| &f.tokenizer));
    let tokenizer = tokenizer.ok_or_else(|| lacks("tokenizer"))?;
    let estimate = ours.estimate.as_ref().or(family.and_then(|f| f.estimate.as_ref()));
    Ok(Model {
        name: name.to_owned(),
        window: window.ok_or_else(|| lacks("window"))?,
        tokenizer: Tokenizer::by_name(tokenizer).ok_or_else(|| {
            let place = own(Of::Value, &["tokenizer"]);
            ModelFault::Tokenizer { place, name: tokenizer.clone() }
        })?,
        estimate: match estimate.filter(|table| *table != "exact") {
            Some(table) => Some(factors(table, catalog, config).ok_or_else(|| {
                let place = own(Of::Value, &["estimate"]);
                ModelFault::Estimate { place, table: table.clone() }
            })?),
            None => None,
        },
    })
}

/// The table of that name: the shipped factors with the project's own laid over them.
fn factors(table: &str, catalog: &Catalog, config: &Config) -> Option<Factors> {
    let (shipped, ours) = (catalog.estimates.get(table), config.estimates.get(table));
    shipped.or(ours)?;
    let mut by_kind = shipped.cloned().unwrap_or_default();
    by_kind.extend(ours.into_iter().flatten().map(|(kind, factor)| (kind.clone(), *factor)));
    Some(Factors { by_kind })
}

/// The model that the configuration names; else the one for all who name none.
pub fn configured(config: &Config) -> Result<Model> {
    let Some(name) = &config.model else { return find(DEFAULT_MODEL, config) };
    find(name, config).map_err(|error| match error.downcast_ref() {
        Some(ModelFault::Unknown { name, known, .. }) => {
            let (name, known) = (name.clone(), known.clone());
            let place = config.place(&["model"], Of::Value);
            ModelFault::Unknown { place, name, known }.into()
        }
        _ => error,
    })
}

fn names(catalog: &Catalog, config: &Config) -> Vec<String> {
    let families = catalog.families.values();
    let shipped = families.flat_map(|family| family.names.iter().chain(&family.prefixes));
    shipped.chain(config.models.keys()).cloned().collect()
}

/// Every family that ships with sortie, and the models that the configuration adds.
pub fn list(config: &Config) -> Result<Vec<ModelInfo>> {
    let catalog = catalog();
    let shipped = catalog.families.iter().map(|(family, it)| ModelInfo {
        family: family.clone(),
        matches: it
            .names
            .iter()
            .cloned()
            .chain(it.prefixes.iter().map(|p| format!("{p}*")))
            .collect(),
        window: it.window,
        tokenizer: it.tokenizer.clone(),
        exact: it.estimate.is_none(),
    });
    let mut all: Vec<ModelInfo> = shipped.collect();
    for name in config.models.keys() {
        let model = find(name, config)?;
        all.push(ModelInfo {
            family: "sortie.toml".to_owned(),
            matches: vec![name.clone()],
            window: model.window,
            tokenizer: model.tokenizer.name().to_owned(),
            exact: model.exact(),
        });
    }
    Ok(all)
}

/// A model that cannot be counted for.
#[derive(Debug, thiserror::Error)]
pub enum ModelFault {
    /// No family and no configuration knows the name.
    #[error("{place}unknown model '{}'", name.escape_debug())]
    Unknown { place: String, name: String, known: Vec<String> },
    /// A model of the configuration that lacks a key, and that no family completes.
    #[error("{place}model '{name}' lacks `{key}`, and no known family has that name")]
    Lacks { place: String, name: String, key: &'static str },
    /// A tokenizer there is not.
    #[error("{place}unknown tokenizer '{name}'")]
    Tokenizer { place: String, name: String },
    /// A table of factors there is not.
    #[error("{place}there is no table of factors '{table}'")]
    Estimate { place: String, table: String },
}

impl Fault for ModelFault {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown { name, known, .. } => {
                let near = nearest(name, known.iter().map(String::as_str));
                let near = match near.is_empty() {
                    true => String::new(),
                    false => format!("did you mean {}? ", near.join(" or ")),
                };
                format!(
                    "{near}`sortie ctx models` lists them; [models.NAME] in sortie.toml adds one"
                )
            }
            Self::Lacks { name, key, .. } => format!("set `{key}` under [models.{name}]"),
            Self::Tokenizer { .. } => "give o200k_base or cl100k_base".into(),
            Self::Estimate { table, .. } => format!("add [estimates.{table}] to sortie.toml"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(name: &str) -> (u64, &'static str, bool) {
        let model = find(name, &Config::default()).unwrap();
        (model.window, model.tokenizer.name(), model.exact())
    }

    #[test]
    fn names_find_their_family() {
        assert_eq!(facts("sonnet"), (200_000, "o200k_base", false));
        assert_eq!(facts("claude-sonnet-4-5-20250929"), (200_000, "o200k_base", false));
        assert_eq!(facts("gpt-4o-mini"), (128_000, "o200k_base", true));
        assert_eq!(facts("gpt-4.1-nano"), (1_047_576, "o200k_base", true));
        assert_eq!(facts("gpt-4-0613"), (8_192, "cl100k_base", true));
        assert_eq!(facts("gpt-4-turbo-preview"), (128_000, "cl100k_base", true));
        assert_eq!(facts("o3-mini"), (200_000, "o200k_base", true));
        assert_eq!(facts("us.anthropic.claude-sonnet-4-5-v1:0"), (200_000, "o200k_base", false));
        assert_eq!(facts("sonnet[1m]").0, 1_000_000);
        assert!(find("llama", &Config::default()).is_err());
    }

    #[test]
    fn later_families_have_higher_factors_and_every_table_exists() {
        let factor =
            |name: &str| find(name, &Config::default()).unwrap().estimate.unwrap().of("rust");
        assert_eq!(factor("claude-opus-4-6").0, 1.28);
        assert_eq!(factor("claude-opus-4-7").0, 1.67);
        assert_eq!(factor("opus").0, 1.67);
        assert!(list(&Config::default()).unwrap().len() > 8);
        for family in catalog().families.values() {
            assert!(Tokenizer::by_name(&family.tokenizer).is_some());
            assert!(family.estimate.iter().all(|table| catalog().estimates.contains_key(table)));
        }
    }

    #[test]
    fn the_configuration_adds_and_overrides() {
        let config: Config = toml::from_str(
            "[models.sonnet]\nwindow = '1M'\n[models.mine]\nwindow = 1000\ntokenizer = 'cl100k_base'\n\
             [estimates.claude]\nrust = 2.0",
        )
        .unwrap();
        let sonnet = find("sonnet", &config).unwrap();
        assert_eq!((sonnet.window, sonnet.estimate.unwrap().of("rust").0), (1_000_000, 2.0));
        assert!(find("mine", &config).unwrap().exact());
    }
}
