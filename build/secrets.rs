//! Makes tables of `assets/secrets.toml`: patterns as steps over sets of bytes, and the filter that the
//! one pass over a text asks. They are Rust source, so that scanning needs no set-up.

use crate::filter;
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A rule as the file has it; what the keys mean stands there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    about: String,
    find: Option<String>,
    key: Option<String>,
    #[serde(default)]
    back: usize,
    #[serde(default)]
    names: Vec<String>,
    value: Option<String>,
    #[serde(default)]
    id: bool,
    check: Option<String>,
    entropy: Option<f64>,
    #[serde(default)]
    medium: bool,
    #[serde(default)]
    inside: bool,
    by: Option<String>,
}

/// Bits a byte that a secret has at least, where its rule says nothing.
const ENTROPY: f64 = 3.0;

/// What the scanner's own parts are woken by.
const KEYS: [(&str, &str); 29] = [
    ("Name", "secret"),
    ("Name", "token"),
    ("Name", "passw"),
    ("Name", "passphrase"),
    ("Name", r#"pass["'=:]"#),
    ("Name", "pass =|pass: "),
    ("Name", r#"_pwd["'=: ]|-pwd["'=: ]|\.pwd["'=: ]"#),
    ("Name", r#"[ "'({,;<\n]pwd["'=:]"#),
    ("Name", "credential"),
    ("Name", r#"creds["'=: _]"#),
    ("Name", r#"[_a-z-]auth["'=: \\]"#),
    ("Name", r#"[_a-z. -]key["'=:>\])\\]"#),
    ("Name", r#"[_a-z. -]key [=:<,]"#),
    ("Name", r"apikey"),
    ("Name", "client[_-]id|access[_-]id|account[_-]id"),
    ("Name", "clientid|accessid|accesskey|privatekey"),
    ("Name", "tenant[_-]id"),
    ("Name", "contribsys__com"),
    ("Name", r"privkey|priv_key"),
    ("Name", "_ssh_pass|ome_pass"),
    ("Pem", "private key"),
    ("Putty", "private-lines:"),
    ("Url", r"://[!-~]"),
    ("Connection", ";password=|;pwd="),
    ("Connection", "; password=|; pwd="),
    ("Kubernetes", "kind:"),
    ("Curl", "curl "),
    ("Header", "key: |token: |orization: "),
    ("Name", "sastoken|webhook"),
];

/// Any of these bytes, as four words of bits.
type Set = [u64; 4];

#[derive(Clone)]
enum Piece {
    Step { set: Set, min: u16, max: u16 },
    Open,
    Close,
}

/// Rust source with the rules, the steps of their patterns, the triggers and the filter; `sources` are
/// the scanner's own, whose changes make another version, too.
pub fn tables(rules: &str, sources: &[Vec<u8>]) -> String {
    let read: BTreeMap<String, Rule> =
        toml::from_str(rules).unwrap_or_else(|wrong| panic!("assets/secrets.toml: {wrong}"));
    let mut out = String::new();
    let mut tables = Tables::default();
    let mut rows = String::new();
    for (number, (id, rule)) in read.iter().enumerate() {
        let row = tables.rule(number, id, rule);
        writeln!(rows, "    {row},").expect("a string takes all");
    }
    for (part, key) in KEYS {
        let trigger = tables.trigger(format!("Trigger::{part}"));
        tables.keys(key, trigger);
    }
    for (number, (id, rule)) in read.iter().enumerate() {
        if rule.by.is_some() {
            let name = id.to_uppercase().replace('-', "_");
            writeln!(out, "pub const {name}: u16 = {number};").expect("a string takes all");
        }
    }
    writeln!(out, "pub const VERSION: u64 = {:#x};", version(rules, sources)).expect("it does");
    writeln!(out, "pub static RULES: [Rule; {}] = [\n{rows}];", read.len()).expect("it does");
    tables.write(&mut out);
    out
}

/// FNV-1a of what the findings follow from.
fn version(rules: &str, sources: &[Vec<u8>]) -> u64 {
    let all = sources.iter().flatten().chain(rules.as_bytes());
    all.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[derive(Default)]
struct Tables {
    sets: Vec<Set>,
    steps: Vec<(usize, u16, u16)>,
    sequences: Vec<[usize; 4]>,
    triggers: Vec<String>,
    /// Folded four bytes, how far behind a key's beginning they stand, and whom they wake.
    grams: BTreeSet<(u32, u8, u16)>,
}

impl Tables {
    fn rule(&mut self, number: usize, id: &str, rule: &Rule) -> String {
        let pattern = rule.find.as_deref().or(rule.value.as_deref());
        let first = self.sequences.len();
        if let Some(pattern) = pattern {
            self.pattern(id, pattern);
        }
        let sequences = self.sequences.len() - first;
        if let Some(find) = &rule.find {
            let trigger =
                self.trigger(format!("Trigger::Rule {{ rule: {number}, back: {} }}", rule.back));
            self.keys(rule.key.as_deref().unwrap_or(find), trigger);
        }
        let check = rule.check.as_deref().map_or("None".to_owned(), |check| {
            let words = check.split('-').map(|word| word[..1].to_uppercase() + &word[1..]);
            format!("Some(Check::{})", words.collect::<String>())
        });
        format!(
            "Rule {{ id: {id:?}, about: {:?}, first: {first}, sequences: {sequences}, names: &{:?}, \
             identifier: {}, check: {check}, entropy: {:?}, medium: {}, inside: {} }}",
            rule.about,
            rule.names,
            rule.id,
            rule.entropy.unwrap_or(ENTROPY) as f32,
            rule.medium,
            rule.inside,
        )
    }

    fn trigger(&mut self, trigger: String) -> u16 {
        let at = self.triggers.iter().position(|it| *it == trigger).unwrap_or_else(|| {
            self.triggers.push(trigger);
            self.triggers.len() - 1
        });
        at as u16
    }

    /// Adds each way that a pattern can be gone through, with all that it may leave out spelled out.
    fn pattern(&mut self, id: &str, pattern: &str) {
        let ways = ways(&parse(pattern));
        assert!(ways.len() <= 64, "{id}: {} ways", ways.len());
        for way in ways {
            let (first, mut group) = (self.steps.len(), None);
            for piece in way {
                let here = self.steps.len() - first;
                match piece {
                    Piece::Open => group = Some((here, here)),
                    Piece::Close => group = group.map(|(open, _)| (open, here)),
                    Piece::Step { set, min, max } => {
                        let set = self.set(set);
                        self.steps.push((set, min, max));
                    }
                }
            }
            let len = self.steps.len() - first;
            let (open, close) = group.unwrap_or((0, len));
            self.sequences.push([first, len, open, close]);
        }
    }

    fn set(&mut self, set: Set) -> usize {
        let at = self.sets.iter().position(|it| *it == set).unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        assert!(at < 256, "too many sets of bytes for a byte");
        at
    }

    /// Makes each text that a key stands for wake `trigger`, by the four bytes of it that are rarest.
    fn keys(&mut self, key: &str, trigger: u16) {
        for way in ways(&parse(key)) {
            let bytes = beginning(&way);
            assert!(bytes.len() >= 4, "the key {key:?} is short");
            let best = (0..=bytes.len() - 4)
                .min_by(|a, b| weight(&bytes[*a..*a + 4]).total_cmp(&weight(&bytes[*b..*b + 4])))
                .expect("four bytes at least");
            let grams = product(&bytes[best..best + 4]);
            assert!(grams.len() <= 2048, "the key {key:?} wakes by {} grams", grams.len());
            for gram in grams {
                self.grams.insert((gram, best as u8, trigger));
            }
        }
    }

    fn write(&self, out: &mut String) {
        let list = |items: Vec<String>| items.join(", ");
        let mut put = |name: &str, kind: &str, items: Vec<String>| {
            writeln!(out, "pub static {name}: [{kind}; {}] = [{}];", items.len(), list(items))
                .expect("a string takes all");
        };
        put("SETS", "[u64; 4]", self.sets.iter().map(|set| format!("{set:?}")).collect());
        let step = |(set, min, max): &(usize, u16, u16)| {
            format!("Step {{ set: {set}, min: {min}, max: {max} }}")
        };
        put("STEPS", "Step", self.steps.iter().map(step).collect());
        let sequence = |[first, len, open, close]: &[usize; 4]| {
            format!("Sequence {{ first: {first}, len: {len}, open: {open}, close: {close} }}")
        };
        put("SEQUENCES", "Sequence", self.sequences.iter().map(sequence).collect());
        put("TRIGGERS", "Trigger", self.triggers.clone());
        let mut grams: Vec<_> = self.grams.iter().copied().collect();
        grams.sort_by_key(|gram| (filter::bucket(gram.0), *gram));
        let gram = |(gram, offset, trigger): &(u32, u8, u16)| {
            format!("Gram {{ gram: {gram}, offset: {offset}, trigger: {trigger} }}")
        };
        put("GRAMS", "Gram", grams.iter().map(gram).collect());
        let before = |bucket: usize| {
            grams.partition_point(|gram| filter::bucket(gram.0) < bucket).to_string()
        };
        put("BUCKETS", "u16", (0..=filter::BUCKETS).map(before).collect());
        let mut bits = vec![0u64; filter::BITS / 64];
        grams.iter().for_each(|gram| {
            let bit = filter::bit(gram.0);
            bits[bit / 64] |= 1 << (bit % 64);
        });
        put("FILTER", "u64", bits.iter().map(u64::to_string).collect());
    }
}

fn parse(pattern: &str) -> Hir {
    let mut parser = ParserBuilder::new().unicode(false).utf8(false).build();
    parser.parse(pattern).unwrap_or_else(|wrong| panic!("{pattern}: {wrong}"))
}

/// The sequences of steps that a pattern stands for, the longer of two first.
fn ways(hir: &Hir) -> Vec<Vec<Piece>> {
    match hir.kind() {
        HirKind::Empty => vec![vec![]],
        HirKind::Literal(literal) => {
            vec![literal.0.iter().map(|byte| one(&[(*byte, *byte)])).collect()]
        }
        HirKind::Class(class) => vec![vec![one(&ranges(class))]],
        HirKind::Concat(parts) => {
            parts.iter().fold(vec![vec![]], |begun, part| joined(&begun, &ways(part)))
        }
        HirKind::Alternation(parts) => parts.iter().flat_map(ways).collect(),
        HirKind::Capture(group) => {
            let inside = ways(&group.sub).into_iter();
            let wrapped = |way| [vec![Piece::Open], way, vec![Piece::Close]].concat();
            inside.map(wrapped).collect()
        }
        HirKind::Repetition(repeated) => {
            let (min, max) = (repeated.min, repeated.max.expect("repetition has an end"));
            let sub = ways(&repeated.sub);
            match sub.as_slice() {
                [way] if matches!(way.as_slice(), [Piece::Step { min: 1, max: 1, .. }]) => {
                    let Piece::Step { set, .. } = way[0] else { unreachable!("just matched") };
                    vec![vec![Piece::Step { set, min: min as u16, max: max as u16 }]]
                }
                _ => (min..=max)
                    .rev()
                    .flat_map(|times| {
                        (0..times).fold(vec![vec![]], |begun, _| joined(&begun, &sub))
                    })
                    .collect(),
            }
        }
        HirKind::Look(_) => panic!("a pattern looks around"),
    }
}

fn joined(begun: &[Vec<Piece>], next: &[Vec<Piece>]) -> Vec<Vec<Piece>> {
    let pairs = begun.iter().flat_map(|before| next.iter().map(move |after| (before, after)));
    pairs.map(|(before, after)| [before.as_slice(), after].concat()).collect()
}

fn ranges(class: &Class) -> Vec<(u8, u8)> {
    match class {
        Class::Bytes(class) => class.ranges().iter().map(|it| (it.start(), it.end())).collect(),
        Class::Unicode(class) => {
            let range = |it: &regex_syntax::hir::ClassUnicodeRange| {
                (it.start() as u8, u8::try_from(it.end()).expect("classes are of ASCII"))
            };
            class.ranges().iter().map(range).collect()
        }
    }
}

fn one(ranges: &[(u8, u8)]) -> Piece {
    let mut set = [0; 4];
    for byte in ranges.iter().flat_map(|(first, last)| *first..=*last) {
        set[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }
    Piece::Step { set, min: 1, max: 1 }
}

/// The bytes of a set, folded as the filter folds.
fn folded(set: &Set) -> BTreeSet<u8> {
    let has = |byte: &u8| set[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1;
    (0..=255).filter(has).map(|byte| byte | 0x20).collect()
}

/// The first bytes of a way through a pattern, as far as it is sure where they stand.
fn beginning(way: &[Piece]) -> Vec<BTreeSet<u8>> {
    let mut bytes = Vec::new();
    for piece in way {
        if let Piece::Step { set, min, max } = piece {
            bytes.extend(std::iter::repeat_n(folded(set), usize::from(*min)));
            if min != max || bytes.len() >= REACH {
                break;
            }
        }
    }
    bytes.truncate(REACH);
    bytes
}

/// How much of a beginning a gram is chosen from.
const REACH: usize = 16;

fn product(sets: &[BTreeSet<u8>]) -> Vec<u32> {
    sets.iter().enumerate().fold(vec![0], |begun, (at, set)| {
        let byte = |gram: u32| set.iter().map(move |byte| gram | u32::from(*byte) << (8 * at));
        begun.into_iter().flat_map(byte).collect()
    })
}

/// How often such bytes stand together, roughly: a gram of rare ones wakes the fewest in vain.
fn weight(sets: &[BTreeSet<u8>]) -> f64 {
    sets.iter().map(|set| set.iter().map(|byte| often(*byte)).sum::<f64>()).product()
}

fn often(byte: u8) -> f64 {
    const LETTERS: &[u8; 26] = b"HCFGLEDEHBBFFHHEAHHIFCCBDA";
    match byte {
        b'a'..=b'z' => f64::from(LETTERS[usize::from(byte - b'a')] - b'A') + 0.3,
        b' ' => 12.0,
        b'-' | b'=' | b'/' | b'.' | 0x7f => 4.0,
        b'0'..=b'9' => 1.0,
        _ => 2.0,
    }
}
