//! Directories that are the user's alone, and that outlive a power cut.

use std::io;
use std::path::Path;

/// Makes a directory with all above it that are not there; what is made is the user's alone.
pub fn make_dir(path: &Path) -> io::Result<()> {
    // What is there and is no directory is told by who writes into it.
    if path.as_os_str().is_empty() || path.exists() {
        return Ok(());
    }
    let missing: Vec<&Path> = path.ancestors().take_while(|dir| !dir.exists()).collect();
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    // What it is in need not be ours to read.
    missing.iter().filter_map(|dir| dir.parent()).for_each(|dir| drop(sync_dir(dir)));
    Ok(())
}

/// Brings the names in a directory to the disk.
pub fn sync_dir(path: &Path) -> io::Result<()> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    #[cfg(unix)]
    std::fs::File::open(path).and_then(|dir| dir.sync_all()).or_else(unless_unsupported)?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// Some file systems of networks cannot do this to a directory.
#[cfg(unix)]
fn unless_unsupported(error: io::Error) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, Unsupported};
    match error.kind() {
        InvalidInput | Unsupported => Ok(()),
        _ => Err(error),
    }
}
