//! What tokens cost, by the table that ships with sortie or as the project says.

use super::Config;
use crate::model::{Cost, Price, Usage};
use serde::Deserialize;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// The part of `assets/models.toml` that is about prices.
#[derive(Deserialize)]
struct Table {
    prices: Listed,
}

#[derive(Deserialize)]
struct Listed {
    as_of: String,
    models: BTreeMap<String, Price>,
}

/// What tokens cost on each model, for a project.
pub struct Prices<'c> {
    config: &'c Config,
    /// Read when it is asked for, and once: few commands tell a cost, and some tell many.
    table: OnceCell<Table>,
}

impl<'c> Prices<'c> {
    pub fn new(config: &'c Config) -> Prices<'c> {
        Prices { config, table: OnceCell::new() }
    }

    /// What the use of a model cost, if its price is known: in `sortie.toml`, or else in the table.
    pub fn cost(&self, model: &str, usage: &Usage) -> Option<Cost> {
        let own = self.config.models.get(model).and_then(|it| it.price);
        if let Some(price) = own {
            return Some(Cost { usd: price.of(usage), prices_as_of: None });
        }
        let Table { prices } = self.table.get_or_init(|| {
            // The factors above it are most of the file.
            let whole = include_str!("../../assets/models.toml");
            let prices = whole.find("\n[prices]").map_or(whole, |at| &whole[at..]);
            toml::from_str(prices).expect("a test reads the table that ships")
        });
        let (_, price) = prices.models.iter().find(|(name, _)| is_of(model, name))?;
        Some(Cost { usd: price.of(usage), prices_as_of: Some(prices.as_of.clone()) })
    }
}

/// Whether a model is the one of that name, or a dated version of it. A newer one with more behind its name
/// has a price of its own.
fn is_of(model: &str, name: &str) -> bool {
    let Some(rest) = model.strip_prefix(name) else { return false };
    rest.is_empty() || rest.starts_with("-20") || rest.starts_with('@') || rest == "-latest"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_of_one_model() {
        let usage = Usage {
            input_tokens: 1_000_000,
            output_tokens: 100_000,
            cache_read_tokens: 10_000_000,
            cache_write_tokens: 1_000_000,
            cache_write_1h_tokens: 1_000_000,
        };
        let plain = Config::default();
        let cost = |config: &Config, model: &str| Prices::new(config).cost(model, &usage);
        let haiku = cost(&plain, "claude-haiku-4-5-20251001").unwrap();
        assert!((haiku.usd - (1.0 + 0.5 + 1.0 + 1.25 + 2.0)).abs() < 1e-9, "{haiku:?}");
        assert!(haiku.prices_as_of.is_some());
        assert_eq!(cost(&plain, "claude-haiku-4-5-turbo"), None);
        assert_eq!(cost(&plain, "mystery"), None);
        let own = "[models.mystery]\nprice = { input = 2, output = 10 }";
        let own = cost(&toml::from_str(own).unwrap(), "mystery").unwrap();
        assert!(
            (own.usd - 3.0 - 24.0).abs() < 1e-9,
            "what is cached costs what input does: {own:?}"
        );
        assert_eq!(own.prices_as_of, None);
    }
}
