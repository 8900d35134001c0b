//! `sortie ctx`: what goes into a bundle, what is refused, and how it is counted.

mod cache;
mod budget;
mod dedup;
mod refused;
mod select;
mod templates;
