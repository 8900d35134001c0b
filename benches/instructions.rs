//! Counts a fixed text: what `.ci/run` has valgrind count the instructions of.
//!
//! It is compiled by itself, without cargo. The text is made here, so that it does not change with the repository: words, numbers, signs,
//! indentation and some letters that are not ASCII, by a generator with a fixed seed.

#[allow(dead_code)]
#[path = "../src/context/tokens/engine/mod.rs"]
mod engine;

fn main() {
    let text = text();
    println!("o200k: {}", engine::count::<engine::O200k>(&text));
    println!("cl100k: {}", engine::count::<engine::Cl100k>(&text));
}

fn text() -> String {
    let words = [
        "let",
        "self",
        "return",
        "Vec",
        "String",
        "match",
        "count",
        "text",
        "bytes",
        "pieceOfText",
        "HTTPServer",
        "0x1f",
        "1234567",
        "// ",
        "/// ",
        "()",
        "{",
        "}",
        "};",
        "\n",
        "\n    ",
        "\n        ",
        " = ",
        " => ",
        "::",
        "don't",
        "größer",
        "文字列",
        "слово",
        "🙂",
        "\"",
        "unlikelyIdentifierName",
        "_",
        ", ",
        ".",
    ];
    let mut seed = 7u64;
    let mut below = |limit: usize| {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize % limit
    };
    let mut text = String::new();
    while text.len() < 400_000 {
        text += words[below(words.len())];
        if below(2) == 0 {
            text.push(' ');
        }
        if below(32) == 0 {
            for _ in 0..1 + below(11) {
                text.push((b'a' + below(26) as u8) as char);
            }
        }
    }
    text
}
