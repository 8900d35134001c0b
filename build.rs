//! Writes tables into `OUT_DIR`: the token engine's (what merges into what, and what each character is
//! to the split patterns), and the rules for secrets. They are used in place, so that neither counting
//! nor scanning needs any set-up.

#[path = "build/classes.rs"]
mod classes;
#[path = "build/ranks.rs"]
mod ranks;
#[path = "build/secrets.rs"]
mod secrets;

#[allow(dead_code)]
#[path = "src/secrets/filter.rs"]
mod filter;

#[allow(dead_code)]
#[path = "src/context/tokens/engine/packing.rs"]
mod packing;

use std::path::PathBuf;

fn main() {
    let secrets = "assets/secrets.toml";
    for input in
        ["build.rs", "build", "src/context/tokens/engine/packing.rs", "src/secrets", secrets]
    {
        println!("cargo:rerun-if-changed={input}");
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    let write = |name: &str, bytes: Vec<u8>| {
        std::fs::write(out.join(name), bytes).expect("OUT_DIR can be written to");
    };
    let vocabularies =
        [("o200k", tiktoken_rs::o200k_base()), ("cl100k", tiktoken_rs::cl100k_base())];
    for (name, vocabulary) in vocabularies {
        let ranks = ranks::Ranks::of(&vocabulary.expect("the vocabulary is in the crate"));
        write(&format!("{name}.bytes"), ranks.bytes());
        write(&format!("{name}.firsts"), ranks.firsts());
        write(&format!("{name}.pairs"), ranks.pairs());
    }
    let rules = std::fs::read_to_string(secrets).expect("the rules are there");
    write("secrets.rs", secrets::tables(&rules, &scanner()).into_bytes());
    let (blocks, classes) = classes::tables();
    write("classes.blocks", blocks);
    write("classes.kinds", classes);
}

/// The scanner's sources, in one order.
fn scanner() -> Vec<Vec<u8>> {
    let files = std::fs::read_dir("src/secrets").expect("the scanner is there");
    let mut paths: Vec<PathBuf> = files.map(|file| file.expect("it can be read").path()).collect();
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).expect("it can be read")).collect()
}
