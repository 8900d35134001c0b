//! Capture: what harnesses tell, as they tell it.

mod events;
mod faults;
mod late;
mod samples;
mod transcripts;
mod turns;
mod usage;
mod world;
