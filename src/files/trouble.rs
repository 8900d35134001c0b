//! Why a file was not opened, or not read.

use std::fs::Metadata;
use std::io;

/// Why a file was not opened, or not read.
#[derive(Debug)]
pub enum Trouble {
    /// What the system said.
    Io(io::Error),
    /// A directory, a pipe, a socket or a device; it was not opened, or closed again unread.
    NotAFile(&'static str),
    /// More bytes than were asked for.
    TooLarge(u64),
    /// A link stands on the way, where a path without links was to be opened.
    Link,
    /// It lies outside of the directory; whether a link led there.
    Outside { by_link: bool },
    /// Somebody was writing it.
    Changed,
}

impl Trouble {
    /// Whether it may be over in a moment.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Changed | Self::Link)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Trouble {
        Trouble::Io(error)
    }
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => f.write_str(&crate::error::plain(error)),
            Self::NotAFile(kind) => write!(f, "it is no regular file ({kind})"),
            Self::TooLarge(bytes) => write!(f, "it is too large ({bytes} bytes)"),
            Self::Link => f.write_str("a link stands on the way"),
            Self::Outside { by_link: true } => f.write_str("it is a link out of its directory"),
            Self::Outside { by_link: false } => f.write_str("it is outside of its directory"),
            Self::Changed => f.write_str("it changed while it was read"),
        }
    }
}

/// What something that is no regular file is.
pub fn kind_of(found: &Metadata) -> &'static str {
    if found.is_dir() {
        return "a directory";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = found.file_type();
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    "no regular file"
}
