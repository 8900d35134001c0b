//! A hostile tree: made of a seed, with every way out of it that a repository can hold, beside things
//! that must not be opened and names that must not be believed.

use crate::Outcome;
use fastrand::Rng;
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};
use std::ffi::{OsStr, OsString};
use std::fs::{create_dir_all, write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

const MODE: Mode = Mode::RWXU;

fn fifo(place: &Path) -> rustix::io::Result<()> {
    mknodat(CWD, place, FileType::Fifo, MODE, 0)
}

/// What stands in every file outside the root, and in the environment.
pub const CANARY: &str = "canary-4e1f-that-must-stay-outside";

/// A tree, with what was laid around it.
pub struct Tree {
    pub root: PathBuf,
    pub outside: PathBuf,
    /// What may be asked for by name.
    pub entries: Vec<PathBuf>,
    /// What changes while it is read, each with what it changes to.
    pub swaps: Vec<Swap>,
}

/// Two things that stand at one place in turn.
#[derive(Clone)]
pub struct Swap {
    pub place: PathBuf,
    pub kind: SwapKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SwapKind {
    /// A file and a link to one outside.
    FileForLink,
    /// A directory and a link to one outside.
    DirForLink,
    /// Two files, one after the other, renamed into place.
    FileForFile,
    /// There and not there.
    Deleted,
    /// Longer each time.
    Growing,
}

const SWAPS: [SwapKind; 5] = [
    SwapKind::FileForLink,
    SwapKind::DirForLink,
    SwapKind::FileForFile,
    SwapKind::Deleted,
    SwapKind::Growing,
];

/// Beginnings and ends of names that somebody may take for something else.
const NAMES: [&[u8]; 18] = [
    b"plain.md",
    b"with space.md",
    b"new\nline.md",
    b"-leading.md",
    b"--files",
    b"\"quoted'.md",
    b"a\"><x>.txt",
    b"<file>",
    b"\xff\xfe.md",
    b"\\xff.md",
    b"part:10-20",
    b"part#Heading",
    b"[a]*.md",
    b"..hidden",
    b"tab\tbell\x07.md",
    b"\xe2\x80\xae\xe2\x80\x8bdm.md",
    b"CON.md",
    b"sub\\back.md",
];

impl Tree {
    pub fn grow(base: &Path, rng: &mut Rng) -> Outcome<Tree> {
        let (root, outside) = (base.join("root"), base.join("outside"));
        create_dir_all(root.join("src"))?;
        create_dir_all(outside.join("deep"))?;
        for name in ["secret.md", "deep/secret.md", "plain.md", "a.md"] {
            write(outside.join(name), format!("# Outside\n\n{CANARY} in {name}\n"))?;
        }
        // A directory beside it whose name begins as the root's.
        create_dir_all(base.join("root-beside"))?;
        write(base.join("root-beside/secret.md"), CANARY)?;
        let mut tree = Tree { root, outside, entries: Vec::new(), swaps: Vec::new() };
        for _ in 0..rng.usize(2..8) {
            tree.file(rng)?;
        }
        for _ in 0..rng.usize(1..7) {
            tree.link(rng)?;
        }
        for _ in 0..rng.usize(0..3) {
            tree.special(rng)?;
        }
        for _ in 0..rng.usize(0..3) {
            tree.swap(rng)?;
        }
        tree.settings(rng)?;
        Ok(tree)
    }

    /// A new place somewhere in the tree.
    fn place(&mut self, rng: &mut Rng) -> Outcome<PathBuf> {
        let dir = match rng.u8(..4) {
            0 => self.root.clone(),
            1 => self.root.join("src"),
            2 => self.root.join("src/inner/very"),
            _ => self.root.join(OsStr::from_bytes(NAMES[rng.usize(..NAMES.len())])).join("dir"),
        };
        let mut name = OsString::new();
        if rng.bool() {
            name.push(format!("{}-", rng.u16(..)));
        }
        name.push(OsStr::from_bytes(NAMES[rng.usize(..NAMES.len())]));
        let place = dir.join(name);
        // What is a file already is no directory.
        let place = match create_dir_all(&dir) {
            Ok(()) if place.symlink_metadata().is_err() => place,
            _ => self.root.join(format!("free-{}", rng.u64(..))),
        };
        self.entries.push(place.clone());
        Ok(place)
    }

    fn file(&mut self, rng: &mut Rng) -> Outcome<()> {
        let place = self.place(rng)?;
        let text = format!("# Inside\n\n{}\n", "words and more words\n".repeat(rng.usize(1..200)));
        Ok(write(place, text)?)
    }

    /// A link, out of the tree for the most part.
    fn link(&mut self, rng: &mut Rng) -> Outcome<()> {
        let place = self.place(rng)?;
        let ups = "../".repeat(place.components().count() - self.root.components().count());
        let outside = self.outside.clone();
        let absolute = outside.to_string_lossy().into_owned();
        let target: PathBuf = match rng.u8(..14) {
            0 => outside.join("secret.md"),
            1 => format!("{ups}outside/secret.md").into(),
            2 => outside.join("deep"),
            3 => format!("{ups}outside").into(),
            // Out and in again; and in by the way of out.
            4 => format!("{ups}root/../outside/secret.md").into(),
            5 => format!("{ups}root/src/../../root-beside/secret.md").into(),
            6 => "/proc/self/environ".into(),
            7 => format!("/proc/self/root{absolute}/secret.md").into(),
            8 => format!("/proc/self/cwd/{ups}outside/secret.md").into(),
            9 => "/".into(),
            10 => place.clone(),
            11 => self.root.clone(),
            12 => "/dev/stdin".into(),
            // A chain: a link to a link to what is outside.
            _ => {
                let middle = self.root.join(format!("middle-{}", rng.u64(..)));
                symlink(outside.join("deep/secret.md"), &middle)?;
                middle
            }
        };
        symlink(target, &place)?;
        // What lies behind it is asked for as well.
        self.entries.push(place.join("secret.md"));
        self.entries.push(place.join("outside/secret.md"));
        Ok(())
    }

    /// What is no file and no directory: to open it may hang, or do something.
    fn special(&mut self, rng: &mut Rng) -> Outcome<()> {
        let place = self.place(rng)?;
        let made = match rng.u8(..4) {
            0 => fifo(&place).is_ok(),
            1 => std::os::unix::net::UnixListener::bind(&place).is_ok(),
            // Only root may, and then an endless one is the worst.
            2 => mknodat(CWD, &place, FileType::CharacterDevice, MODE, makedev(1, 5)).is_ok(),
            _ => symlink("/dev/zero", &place).is_ok(),
        };
        if !made && place.symlink_metadata().is_err() {
            write(place, "no such thing here")?;
        }
        Ok(())
    }

    fn swap(&mut self, rng: &mut Rng) -> Outcome<()> {
        let place = self.root.join("src").join(format!("swapped-{}.md", self.swaps.len()));
        let kind = SWAPS[rng.usize(..SWAPS.len())];
        self.entries.push(place.clone());
        if kind == SwapKind::DirForLink {
            create_dir_all(&place)?;
            write(place.join("secret.md"), "inside")?;
            self.entries.push(place.join("secret.md"));
        }
        self.swaps.push(Swap { place, kind });
        Ok(())
    }

    /// What the program itself reads of a project.
    fn settings(&mut self, rng: &mut Rng) -> Outcome<()> {
        let secret = self.outside.join("secret.md");
        match rng.u8(..12) {
            0 => symlink(&secret, self.root.join("sortie.toml"))?,
            1 => symlink(&secret, self.root.join(".gitignore"))?,
            2 => symlink(&self.outside, self.root.join(".git"))?,
            3 => {
                create_dir_all(self.root.join(".sortie/templates"))?;
                symlink(&secret, self.root.join(".sortie/templates/briefing.md.hbs"))?;
            }
            4 => {
                create_dir_all(self.root.join(".sortie"))?;
                symlink(&self.outside, self.root.join(".sortie/templates"))?;
                write(self.outside.join("briefing.md.hbs"), CANARY)?;
            }
            5 => fifo(&self.root.join(".ignore"))?,
            _ => {}
        }
        Ok(())
    }
}
