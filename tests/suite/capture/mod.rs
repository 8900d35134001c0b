//! Capture: what harnesses tell, as they tell it.

mod codex;
mod events;
mod faults;
mod gemini;
mod late;
mod samples;
mod transcripts;
mod turns;
mod usage;
mod world;
