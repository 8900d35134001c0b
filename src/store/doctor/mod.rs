//! Looking a database over, and saving what can be saved of one that is damaged.
//!
//! `check` asks: how pages hang together, whether references lead somewhere, whether rows and contents are
//! what was recorded, whether all that was acknowledged is there. `survey` finds the rows of a table
//! whose pages are damaged. `salvage` makes a sound database of what is readable, and of the rows that
//! `strays` finds on pages (`pages`) that nothing leads to any more.

mod check;
mod columns;
mod findings;
mod pages;
mod salvage;
mod strays;
mod survey;

pub use findings::{Checkup, Finding, Found};
pub use salvage::{Lost, Repair, Salvaged};
