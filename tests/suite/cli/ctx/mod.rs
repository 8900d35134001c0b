//! `sortie ctx`: what goes into a bundle, what is refused, and how it is counted.

mod budget;
mod cache;
mod dedup;
mod refused;
mod select;
mod templates;
mod unchanged;
