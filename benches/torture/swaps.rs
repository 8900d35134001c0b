//! What changes a tree while it is read: a thread that puts now this, now that in one place.

use crate::tree::{CANARY, Swap, SwapKind, Tree};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A file that is renamed into place is one of these, whole.
pub fn versions() -> [String; 2] {
    ["first version\n".repeat(3_000), "the other one\n".repeat(5_000)]
}

/// Until it is told to stop.
pub fn swap(tree: &Tree, stop: &AtomicBool) {
    let mut turn = 0_usize;
    while !tree.swaps.is_empty() && !stop.load(Ordering::Relaxed) {
        for swap in &tree.swaps {
            // What fails this time may work the next.
            let _ = one(tree, swap, turn);
        }
        turn += 1;
        // Often enough to fall between any two steps, and others want the processor, too.
        std::thread::sleep(Duration::from_micros(20));
    }
}

fn one(tree: &Tree, swap: &Swap, turn: usize) -> std::io::Result<()> {
    let place = &swap.place;
    let is_even = turn.is_multiple_of(2);
    match swap.kind {
        SwapKind::FileForLink if is_even => rename(place, |new| std::fs::write(new, "inside")),
        SwapKind::FileForLink => rename(place, |new| symlink(tree.outside.join("secret.md"), new)),
        SwapKind::DirForLink => {
            let aside = beside(place);
            match is_even {
                true => {
                    std::fs::rename(place, &aside)?;
                    symlink(&tree.outside, place)
                }
                false => {
                    std::fs::remove_file(place)?;
                    std::fs::rename(&aside, place)
                }
            }
        }
        SwapKind::FileForFile => rename(place, |new| std::fs::write(new, &versions()[turn % 2])),
        SwapKind::Deleted if is_even => std::fs::write(place, "here for a moment\n"),
        SwapKind::Deleted => std::fs::remove_file(place),
        SwapKind::Growing => {
            let mut options = std::fs::OpenOptions::new();
            let mut file = options.append(true).create(true).open(place)?;
            match file.metadata()?.len() > 1 << 20 {
                true => file.set_len(0),
                false => file.write_all(&b"one more line\n".repeat(100)),
            }
        }
    }
}

/// Beside the tree: what is on its way to its place is not in it.
fn beside(place: &Path) -> PathBuf {
    let base = place.ancestors().nth(3).expect("root/src/name stands in a base");
    base.join("aside").join(place.file_name().expect("a name"))
}

fn rename(place: &Path, make: impl FnOnce(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    let new = beside(place);
    make(&new)?;
    std::fs::rename(new, place)
}

/// Whether a text that was read of a swapped file is one that the file had.
pub fn is_whole(kind: SwapKind, text: &str) -> bool {
    match kind {
        SwapKind::FileForFile => versions().iter().any(|version| version == text),
        SwapKind::FileForLink => text == "inside",
        _ => !text.contains(CANARY),
    }
}
