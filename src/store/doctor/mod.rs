//! Looking a database over, and saving what can be saved of one that is damaged.
//!
//! `check` asks: how pages hang together, whether references lead somewhere, whether rows and contents are
//! what was recorded, whether all that was acknowledged is there. `survey` finds the rows of a table
//! whose pages are damaged. `salvage` makes a sound database of what is readable.

mod check;
mod findings;
mod salvage;
mod survey;

pub use findings::{Checkup, Finding, Found};
pub use salvage::{Lost, Repair, Salvaged};
