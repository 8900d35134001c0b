//! Files other than the database (bundles, briefings, reports): whole, or not at all.

use crate::error::{IoContext, Result};
use std::io::Write;
use std::path::Path;

/// Writes `bytes` to `path`: beside it first, on disk, then in its place. What is no regular file,
/// such as a terminal, is written as it is.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if path.exists() && !path.is_file() {
        return std::fs::write(path, bytes).or_cannot("write", path);
    }
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(dir).or_cannot("write", path)?;
    file.write_all(bytes).or_cannot("write", path)?;
    file.as_file().sync_all().or_cannot("write", path)?;
    file.persist(path).map(|_| ()).map_err(|error| error.error).or_cannot("write", path)
}
