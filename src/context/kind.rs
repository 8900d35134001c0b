//! What a text is written in, by its name and, where that matters for counting, by its looks.

use serde::{Deserialize, Serialize};

/// Endings and the kinds they stand for.
const KINDS: &[(&str, &str)] = &[
    ("rs", "rust"),
    ("py", "python"),
    ("pyi", "python"),
    ("js", "javascript"),
    ("mjs", "javascript"),
    ("cjs", "javascript"),
    ("jsx", "javascript"),
    ("ts", "typescript"),
    ("mts", "typescript"),
    ("tsx", "typescript"),
    ("html", "html"),
    ("htm", "html"),
    ("vue", "html"),
    ("svelte", "html"),
    ("md", "markdown"),
    ("markdown", "markdown"),
    ("mdx", "markdown"),
    ("txt", "prose"),
    ("rst", "prose"),
    ("adoc", "prose"),
    ("tex", "prose"),
    ("json", "json"),
    ("jsonl", "json"),
    ("ndjson", "json"),
    ("toml", "toml"),
    ("yaml", "yaml"),
    ("yml", "yaml"),
    ("xml", "xml"),
    ("css", "css"),
    ("scss", "scss"),
    ("sh", "bash"),
    ("bash", "bash"),
    ("c", "c"),
    ("h", "c"),
    ("cc", "cpp"),
    ("cpp", "cpp"),
    ("hpp", "cpp"),
    ("go", "go"),
    ("java", "java"),
    ("kt", "kotlin"),
    ("scala", "scala"),
    ("rb", "ruby"),
    ("php", "php"),
    ("cs", "csharp"),
    ("swift", "swift"),
    ("sql", "sql"),
    ("hbs", "handlebars"),
    ("proto", "protobuf"),
    ("graphql", "graphql"),
    ("lua", "lua"),
    ("ex", "elixir"),
    ("exs", "elixir"),
    ("erl", "erlang"),
    ("hs", "haskell"),
    ("ml", "ocaml"),
    ("zig", "zig"),
    ("dart", "dart"),
    ("r", "r"),
    ("jl", "julia"),
    ("tf", "hcl"),
    ("ini", "ini"),
    ("diff", "diff"),
    ("patch", "diff"),
];

/// The kind of a file by its name: what its fence says, and what its count is estimated by.
pub fn of_name(source: &str) -> &'static str {
    let name = source.rsplit('/').next().unwrap_or(source);
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let by_ending = ending
        .and_then(|ending| KINDS.iter().find(|(known, _)| *known == ending))
        .map(|(_, kind)| *kind);
    by_ending.unwrap_or(match name {
        "Dockerfile" => "dockerfile",
        "Makefile" | "makefile" => "makefile",
        "README" | "LICENSE" | "NOTICE" | "CHANGELOG" | "AUTHORS" | "COPYING" => "prose",
        _ => "text",
    })
}

/// What matters for an estimate besides a text's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looks {
    /// A good part of it is Chinese, Japanese or Korean.
    pub is_cjk: bool,
    /// Its lines are very long.
    pub is_dense: bool,
}

impl Looks {
    pub fn of(text: &str) -> Looks {
        Looks { is_cjk: cjk_share(text) > 0.2, is_dense: is_dense(text) }
    }
}

/// The row of the factor table that a text of that kind is estimated by.
pub fn estimated_as(kind: &str, looks: Looks) -> &'static str {
    match kind {
        _ if looks.is_cjk => "cjk",
        "javascript" | "css" if looks.is_dense => "minified",
        "javascript" | "typescript" => "javascript",
        "rust" => "rust",
        "python" => "python",
        "html" => "html",
        "prose" => "prose",
        "markdown" => "markdown",
        "json" => "json",
        _ => "other",
    }
}

/// How much of a text a look at its looks takes in, in characters.
const SAMPLE: usize = 20_000;

fn cjk_share(text: &str) -> f64 {
    let is_cjk = |c: char| {
        matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
            | '\u{20000}'..='\u{3134f}')
    };
    // Most text is known by its first bytes to have none.
    if text.as_bytes()[..text.len().min(4 * SAMPLE)].is_ascii() {
        return 0.0;
    }
    let (mut cjk, mut all) = (0usize, 0usize);
    for c in text.chars().take(SAMPLE).filter(|c| !c.is_whitespace()) {
        cjk += usize::from(is_cjk(c));
        all += 1;
    }
    cjk as f64 / all.max(1) as f64
}

fn is_dense(text: &str) -> bool {
    text.len() > 1_000
        && text.len() / (memchr::memchr_iter(b'\n', text.as_bytes()).count() + 1) > 300
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_follow_names_and_looks() {
        assert_eq!(of_name("src/lib.rs"), "rust");
        assert_eq!(of_name("a.b/Makefile"), "makefile");
        assert_eq!(of_name("x/.gitignore"), "text");
        let row = |kind, text: &str| estimated_as(kind, Looks::of(text));
        assert_eq!(row("typescript", "let x"), "javascript");
        assert_eq!(row("javascript", &"a=1;".repeat(1000)), "minified");
        assert_eq!(row("markdown", "# 中文文档 这是一个例子"), "cjk");
        assert_eq!(row("go", "package x"), "other");
    }
}
