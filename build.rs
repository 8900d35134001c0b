//! Writes the token engine's tables into `OUT_DIR`: what merges into what, and what each character
//! is to the split patterns. They are used in place, so that counting needs no set-up.

#[path = "build/classes.rs"]
mod classes;
#[path = "build/ranks.rs"]
mod ranks;

#[allow(dead_code)]
#[path = "src/context/tokens/engine/packing.rs"]
mod packing;

use std::path::PathBuf;

fn main() {
    for input in ["build.rs", "build", "src/context/tokens/engine/packing.rs"] {
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
    let (blocks, classes) = classes::tables();
    write("classes.blocks", blocks);
    write("classes.kinds", classes);
}
