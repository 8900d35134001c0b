//! From bytes to text.

use super::root::Refusal;
use crate::model::{Encoding, SkipReason};

/// The text that bytes stand for: by their byte order mark, else UTF-8.
pub(super) fn decode(bytes: Vec<u8>) -> Result<(String, Encoding), Refusal> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
        let whole = bytes.len().is_multiple_of(2);
        let text: Option<String> = char::decode_utf16(units).map(std::result::Result::ok).collect();
        text.filter(|_| whole)
            .ok_or_else(|| Refusal::new(SkipReason::NotUtf8, "broken UTF-16".to_owned()))
    };
    match bytes.as_slice() {
        [0xef, 0xbb, 0xbf, rest @ ..] => utf8(rest.to_vec()).map(|text| (text, Encoding::Utf8Bom)),
        [0xff, 0xfe, rest @ ..] => {
            utf16(rest, u16::from_le_bytes).map(|text| (text, Encoding::Utf16Le))
        }
        [0xfe, 0xff, rest @ ..] => {
            utf16(rest, u16::from_be_bytes).map(|text| (text, Encoding::Utf16Be))
        }
        _ => utf8(bytes).map(|text| (text, Encoding::Utf8)),
    }
}

fn utf8(bytes: Vec<u8>) -> Result<String, Refusal> {
    if bytes.contains(&0) {
        return Err(Refusal::new(SkipReason::Binary, None));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Refusal::new(SkipReason::NotUtf8, format!("byte {at}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_decoded_by_their_mark() {
        let le: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("né".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(decode(le).unwrap(), ("né".to_owned(), Encoding::Utf16Le));
        assert_eq!(decode(b"\xef\xbb\xbfx".to_vec()).unwrap().1, Encoding::Utf8Bom);
        assert_eq!(decode(b"a\0b".to_vec()).unwrap_err().reason, SkipReason::Binary);
        assert_eq!(decode(b"caf\xe9".to_vec()).unwrap_err().reason, SkipReason::NotUtf8);
    }
}
