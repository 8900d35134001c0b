//! Names of files as text, and back: byte for byte, whatever bytes they have.

use std::path::{Path, PathBuf};

/// A path as text. Bytes that are no text are written `\xff`; where a name itself reads like that, its
/// backslash is written `\x5c`, so that no two paths become one text. All others stay as they are.
#[cfg(unix)]
pub fn escaped(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    if let Ok(text) = std::str::from_utf8(bytes)
        && memchr::memmem::find(bytes, b"\\x").is_none()
    {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len() + 8);
    let mut from = 0;
    for chunk in bytes.utf8_chunks() {
        for (at, c) in chunk.valid().char_indices() {
            match escape_at(&bytes[from + at..]) {
                Some(_) => text += "\\x5c",
                None => text.push(c),
            }
        }
        chunk.invalid().iter().for_each(|byte| text += &format!("\\x{byte:02x}"));
        from += chunk.valid().len() + chunk.invalid().len();
    }
    text
}

/// The path that was written so.
#[cfg(unix)]
pub fn unescaped(name: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let mut bytes = Vec::with_capacity(name.len());
    let mut rest = name.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let byte = escape_at(rest);
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &rest[4..] } else { after };
    }
    std::ffi::OsString::from_vec(bytes).into()
}

/// The byte that is written in the beginning of a text, if one is: `\x`, and two digits as they are
/// written here.
#[cfg(unix)]
fn escape_at(text: &[u8]) -> Option<u8> {
    let digits = text.strip_prefix(b"\\x")?.get(..2)?;
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    Some(digit(digits[0])? << 4 | digit(digits[1])?)
}

/// A selection at its byte `at`, a `#` or `:`: the path before it, whatever bytes that has, and the text
/// behind it.
#[cfg(unix)]
pub fn parted(text: &Path, at: usize) -> Option<(&Path, &str)> {
    use std::os::unix::ffi::OsStrExt;
    let (path, rest) = text.as_os_str().as_bytes().split_at_checked(at)?;
    let path = Path::new(std::ffi::OsStr::from_bytes(path));
    Some((path, std::str::from_utf8(rest.get(1..)?).ok()?))
}

#[cfg(not(unix))]
pub fn parted(text: &Path, at: usize) -> Option<(&Path, &str)> {
    let text = text.to_str()?;
    Some((Path::new(text.get(..at)?), text.get(at + 1..)?))
}

/// Elsewhere names are text, but for halves of characters that nothing can be done with.
#[cfg(not(unix))]
pub fn escaped(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(not(unix))]
pub fn unescaped(name: &str) -> PathBuf {
    PathBuf::from(name)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    fn name(bytes: &[u8]) -> String {
        escaped(Path::new(OsStr::from_bytes(bytes)))
    }

    #[test]
    fn a_name_that_reads_like_an_escape_is_none() {
        assert_eq!(name(b"caf\xe9.ts"), r"caf\xe9.ts");
        assert_eq!(name(br"caf\xe9.ts"), r"caf\x5cxe9.ts");
        assert_eq!(name(br"a\b\xyz\x4"), r"a\b\xyz\x4");
        assert_eq!(name(b"\\\xff"), r"\\xff");
        assert_eq!(name("ünï.txt".as_bytes()), "ünï.txt");
    }

    proptest! {
        #[test]
        fn every_name_comes_back(bytes in "[\\\\x0-9a-fé]{0,12}", other in any::<Vec<u8>>()) {
            for bytes in [bytes.into_bytes(), other] {
                let path = Path::new(OsStr::from_bytes(&bytes));
                let back = unescaped(&escaped(path));
                prop_assert_eq!(back.as_os_str(), path.as_os_str());
            }
        }
    }
}
