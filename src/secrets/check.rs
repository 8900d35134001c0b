//! What can be computed of a secret: checksums, and forms within forms.

use super::entropy;
use super::value::padded;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

/// What a rule computes of its matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The last six characters are the CRC-32 of those between prefix and them, in base 62 (GitHub, npm).
    CrcBase62,
    /// The checksum of bech32 (age).
    Bech32,
    /// Base64 of a JSON object.
    Json,
    /// The same behind a prefix of four characters.
    JsonFrom4,
    /// A header and a payload that are JSON, in base64.
    Jwt,
    /// Such a token in base64 again.
    JwtBase64,
    /// Base64 of a user and a password.
    Basic,
    /// Nothing that was written by hand.
    Random,
}

/// What the check says of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    /// It has the form, but was never given out: made up, or mistyped.
    Doubtful,
    Wrong,
}

impl Check {
    pub fn verdict(self, secret: &[u8]) -> Verdict {
        let (right, otherwise) = match self {
            Check::CrcBase62 => (crc_base62(secret), Verdict::Doubtful),
            Check::Bech32 => (bech32(secret), Verdict::Doubtful),
            Check::Json => (json(secret), Verdict::Wrong),
            Check::JsonFrom4 => (json(&secret[4..]), Verdict::Doubtful),
            Check::Jwt => (jwt(secret), Verdict::Wrong),
            Check::JwtBase64 => (decoded(secret).is_some_and(|inner| jwt(&inner)), Verdict::Wrong),
            Check::Basic => (basic(secret), Verdict::Wrong),
            Check::Random => {
                (entropy::drawn(secret) && entropy::bits(secret) >= 3.0, Verdict::Wrong)
            }
        };
        if right { Verdict::Right } else { otherwise }
    }
}

fn crc_base62(token: &[u8]) -> bool {
    let Some(prefix) = token.iter().position(|byte| *byte == b'_') else { return false };
    let body = &token[prefix + 1..];
    let (random, sum) = body.split_at(body.len().saturating_sub(6));
    base62(crc32(random)) == sum
}

/// The CRC-32 that zip and PNG have.
pub fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}

/// Six digits.
pub fn base62(mut number: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    digits
}

fn bech32(key: &[u8]) -> bool {
    let key = key.to_ascii_lowercase();
    let Some(one) = key.iter().rposition(|byte| *byte == b'1') else { return false };
    let (prefix, data) = (&key[..one], &key[one + 1..]);
    let digits =
        data.iter().map(|byte| BECH32.iter().position(|it| it == byte).unwrap_or(0) as u32);
    let spread = prefix.iter().map(|byte| u32::from(byte >> 5)).chain([0]);
    let spread = spread.chain(prefix.iter().map(|byte| u32::from(byte & 31)));
    spread.chain(digits).fold(1, bech32_step) == 1
}

pub const BECH32: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

pub fn bech32_step(sum: u32, digit: u32) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let top = sum >> 25;
    let next = (sum & 0x01ff_ffff) << 5 ^ digit;
    GENERATOR.iter().enumerate().fold(
        next,
        |sum, (bit, generator)| {
            if top >> bit & 1 == 1 { sum ^ generator } else { sum }
        },
    )
}

/// Base64 of either alphabet, with its padding or without.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = text
        .iter()
        .filter(|byte| **byte != b'=')
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    // A last character that stands for no byte is a slip of whoever copied it.
    let whole = if text.len() % 4 == 1 { text.len() - 1 } else { text.len() };
    lenient().decode(&text[..whole]).ok()
}

fn lenient() -> base64::engine::GeneralPurpose {
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&base64::alphabet::URL_SAFE, config)
}

fn json(text: &[u8]) -> bool {
    let object = |bytes: Vec<u8>| {
        serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&bytes).is_ok()
    };
    decoded(text).is_some_and(object)
}

/// Whether it says how it is signed. A payload is often shortened by hand; the header is enough.
fn jwt(token: &[u8]) -> bool {
    let header = token.split(|byte| *byte == b'.').next().unwrap_or_default();
    let Some(header) = decoded(header) else { return false };
    let header: serde_json::Result<serde_json::Map<_, serde_json::Value>> =
        serde_json::from_slice(&header);
    header.is_ok_and(|header| {
        ["alg", "typ", "kid", "enc"].iter().any(|key| header.contains_key(*key))
    })
}

/// `user:password`, neither of them a stand-in.
fn basic(text: &[u8]) -> bool {
    let strict = BASE64_STANDARD.decode(text).or_else(|_| BASE64_URL_SAFE_NO_PAD.decode(text));
    let Some(pair) = strict.ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
        return false;
    };
    let Some((user, password)) = pair.split_once(':') else { return false };
    let plain = pair.chars().all(|character| !character.is_control());
    plain && (!user.is_empty() || !password.is_empty()) && padded(user, password)
}
