//! Counts a fixed text: what `.ci/run` has valgrind count the instructions of.
//!
//! The text is made here, so that it does not change with the repository: words, numbers, signs,
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
    let mut random = fastrand::Rng::with_seed(7);
    let mut text = String::new();
    while text.len() < 400_000 {
        text += words[random.usize(..words.len())];
        if random.bool() {
            text.push(' ');
        }
        if random.u8(..) < 8 {
            text.extend((0..random.usize(1..12)).map(|_| random.lowercase()));
        }
    }
    text
}
