//! Tokens as they are billed.

use serde::{Deserialize, Serialize};

/// What requests to a model used, in tokens. What was written to the cache is not among the input, and
/// neither is what was read from it.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(default)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cache_read_tokens: u64,
    /// Written to the cache for five minutes.
    pub cache_write_tokens: u64,
    /// Written to the cache for an hour.
    pub cache_write_1h_tokens: u64,
}

impl Usage {
    /// All of it, whatever it costs.
    pub fn total(&self) -> u64 {
        self.parts().into_iter().fold(0, u64::saturating_add)
    }

    /// Whether there is nothing.
    pub fn is_zero(&self) -> bool {
        self.total() == 0
    }

    /// Both together.
    pub fn plus(&self, other: &Usage) -> Usage {
        self.with(other, u64::saturating_add)
    }

    /// The larger of each: of two reports on the same request the larger one saw more of it.
    pub fn larger(&self, other: &Usage) -> Usage {
        self.with(other, u64::max)
    }

    fn parts(&self) -> [u64; 5] {
        [
            self.input_tokens,
            self.output_tokens,
            self.cache_read_tokens,
            self.cache_write_tokens,
            self.cache_write_1h_tokens,
        ]
    }

    fn with(&self, other: &Usage, both: impl Fn(u64, u64) -> u64) -> Usage {
        let (ours, theirs) = (self.parts(), other.parts());
        let [
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            cache_write_1h_tokens,
        ] = std::array::from_fn(|at| both(ours[at], theirs[at]));
        Usage {
            input_tokens,
            output_tokens,
            cache_read_tokens,
            cache_write_tokens,
            cache_write_1h_tokens,
        }
    }
}

/// What an execution used, beside what its harness said of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ExecutionUsage {
    /// Requests to the model; 0 where only their sum is known.
    pub requests: u64,
    #[serde(flatten)]
    pub tokens: Usage,
    /// What the harness said that it used: mostly that of the last request.
    pub reported_tokens: Option<u64>,
    pub tool_uses: Option<u64>,
    pub duration_ms: Option<u64>,
    /// The model that answered.
    pub model: Option<String>,
}

/// What a model costs: US dollars for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    pub input: f64,
    pub output: f64,
    /// Read from the cache; without it as much as input.
    pub cache_read: Option<f64>,
    /// Written to the cache for five minutes; without it as much as input.
    pub cache_write: Option<f64>,
    /// Written to the cache for an hour; without it as much as for five minutes.
    pub cache_write_1h: Option<f64>,
}

/// What something cost.
#[derive(Debug, Clone, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Cost {
    /// US dollars.
    pub usd: f64,
    /// The day of the price table; none where the project gives its own price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices_as_of: Option<String>,
}

impl Price {
    /// US dollars for that use, to a millionth: what a token of a cheap model costs.
    pub fn of(&self, usage: &Usage) -> f64 {
        let written = self.cache_write.unwrap_or(self.input);
        let parts = [
            (usage.input_tokens, self.input),
            (usage.output_tokens, self.output),
            (usage.cache_read_tokens, self.cache_read.unwrap_or(self.input)),
            (usage.cache_write_tokens, written),
            (usage.cache_write_1h_tokens, self.cache_write_1h.unwrap_or(written)),
        ];
        // Millionths, for prices are of a million tokens.
        let millionths: f64 = parts.iter().map(|(tokens, price)| *tokens as f64 * price).sum();
        millionths.round() / 1e6
    }
}
