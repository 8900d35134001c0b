//! The scoreboard: a Markdown table, and whether anything failed.

use crate::place::Place;
use crate::{Outcome, Plan};
use std::process::Command;

pub struct Score {
    head: String,
    rows: Vec<(String, String)>,
    failures: Vec<String>,
}

/// So many different failures are listed at the end; all of them are on stderr.
const SHOWN: usize = 20;

impl Score {
    pub fn new(place: &Place, plan: &Plan) -> Score {
        let version = Command::new(&place.sortie).arg("--version").output();
        let version = version.map(|it| String::from_utf8_lossy(&it.stdout).trim().to_owned());
        let head = format!(
            "{}, SQLite {}; {}; {} UTC; --seed {}{}",
            version.unwrap_or_default(),
            rusqlite::version(),
            place.describe(),
            chrono::Utc::now().format("%Y-%m-%d %H:%M"),
            plan.seed,
            if cfg!(debug_assertions) { "; debug build" } else { "" },
        );
        Score { head, rows: Vec::new(), failures: Vec::new() }
    }

    pub fn row(&mut self, figure: impl Into<String>, value: impl Into<String>) {
        let row = (figure.into(), value.into());
        eprintln!("  {}: {}", row.0, row.1);
        self.rows.push(row);
    }

    pub fn fail(&mut self, what: impl Into<String>) {
        let what = what.into();
        eprintln!("  FAILED: {what}");
        self.failures.push(what);
    }

    /// Notes a failure, if it is one; says how many that is.
    pub fn check(&mut self, what: &str, outcome: Outcome<()>) -> u64 {
        match outcome {
            Ok(()) => 0,
            Err(fault) => {
                self.fail(format!("{what}: {fault}"));
                1
            }
        }
    }

    pub fn print(self) -> Outcome<()> {
        println!("{}\n\n| figure | result |\n| --- | --- |", self.head);
        for (figure, value) in &self.rows {
            println!("| {figure} | {value} |");
        }
        match self.failures.len() {
            0 => Ok(()),
            count => {
                println!("\n{count} failed:");
                // Of many that are the same one is enough.
                let different: std::collections::BTreeSet<&String> = self.failures.iter().collect();
                different.iter().take(SHOWN).for_each(|it| println!("- {it}"));
                Err(format!("{count} failed; the same choices again: see --seed above").into())
            }
        }
    }
}

/// A number with its thousands apart.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
