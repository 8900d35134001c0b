//! What is opened beneath a directory, by both ways of opening, and what is read of it.

#[path = "../../tests/suite/racing.rs"]
mod racing;

use self::racing::racing;
use super::{Beneath, Trouble, open_named};
use std::fs::{File, create_dir, rename, write};
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;

use std::time::Duration;

/// A directory with a file beside it that nobody may see.
fn fenced() -> (tempfile::TempDir, Beneath) {
    let top = tempfile::tempdir().unwrap();
    create_dir(top.path().join("in")).unwrap();
    create_dir(top.path().join("out")).unwrap();
    write(top.path().join("out/canary"), "canary").unwrap();
    let beneath = Beneath::open(&top.path().join("in")).unwrap();
    (top, beneath)
}

fn why(outcome: Result<Vec<u8>, Trouble>) -> String {
    outcome.map_or_else(|trouble| trouble.to_string(), |bytes| format!("{} bytes", bytes.len()))
}

#[test]
fn links_are_followed_inside_and_not_out() {
    let (top, beneath) = fenced();
    let at = |name: &str| beneath.path().join(name);
    create_dir(at("dir")).unwrap();
    write(at("dir/file"), "inside").unwrap();
    symlink("dir/file", at("link")).unwrap();
    symlink(at("dir"), at("absolute")).unwrap();
    symlink("../out/canary", at("leads-out")).unwrap();
    symlink(top.path().join("out"), at("away")).unwrap();
    symlink("loop", at("loop")).unwrap();
    let read = |name: &str| why(beneath.read(&at(name), 100));
    for name in ["dir/file", "link", "absolute/file", "dir/../link", "absolute/../dir/file"] {
        assert_eq!(read(name), "6 bytes", "{name}");
    }
    assert_eq!(read("leads-out"), "it is a link out of its directory");
    assert_eq!(read("away/canary"), "it is a link out of its directory");
    assert_eq!(read("../out/canary"), "it is a link out of its directory");
    assert_eq!(read("dir"), "it is no regular file (a directory)");
    assert!(read("loop").contains("symbolic links"), "{}", read("loop"));
    let outside = beneath.read(&top.path().canonicalize().unwrap().join("out/canary"), 100);
    assert_eq!(why(outside), "it is outside of its directory");
    assert_eq!(why(beneath.read(&at("dir/file"), 5)), "it is too large (6 bytes)");
}

/// What is opened without being resolved, as after a swap: no link is followed.
#[test]
fn a_link_put_on_the_way_is_not_followed() {
    let (_top, beneath) = fenced();
    let at = |name: &str| beneath.path().join(name);
    create_dir(at("dir")).unwrap();
    write(at("dir/file"), "inside").unwrap();
    symlink("../out", at("swapped")).unwrap();
    symlink("dir/file", at("link")).unwrap();
    for step_by_step in [false, true] {
        let open = |name: &str| {
            let opened = beneath.open_inner_by(Path::new(name), step_by_step);
            opened.map(drop).map_err(|trouble| trouble.to_string())
        };
        assert_eq!(open("dir/file"), Ok(()));
        for name in ["swapped/canary", "link", "dir/file/more"] {
            assert_eq!(open(name), Err("a link stands on the way".to_owned()), "{name}");
        }
        assert!(open("../out/canary").is_err());
        assert!(open("dir/../dir/../../out/canary").is_err());
        assert!(open("/etc/hostname").is_err());
        assert_eq!(open("none"), Err("no such file or directory".to_owned()));
    }
}

#[test]
fn a_pipe_and_a_socket_are_not_waited_for() {
    let (_top, beneath) = fenced();
    let at = |name: &str| beneath.path().join(name);
    let made = std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    for (name, told) in [("pipe", "(a pipe)"), ("socket", "(a socket)")] {
        for outcome in [beneath.read(&at(name), 1), open_named(&at(name)).map(|_| Vec::new())] {
            assert!(why(outcome).ends_with(told));
        }
    }
    assert!(open_named(Path::new("/dev/zero")).unwrap_err().to_string().ends_with("(a device)"));
}

#[test]
fn a_directory_that_is_swapped_for_a_link_leads_nowhere() {
    let (top, beneath) = fenced();
    let at = |name: &str| beneath.path().join(name);
    create_dir(at("dir")).unwrap();
    write(at("dir/canary"), "inside").unwrap();
    symlink(top.path().join("out"), at("link")).unwrap();
    let swap = |_| {
        rename(at("dir"), at("aside")).unwrap();
        rename(at("link"), at("dir")).unwrap();
        rename(at("dir"), at("link")).unwrap();
        rename(at("aside"), at("dir")).unwrap();
    };
    let (mut whole, mut refused) = (0, 0);
    racing(swap, || match beneath.read(&at("dir/canary"), 100) {
        Ok(bytes) => {
            assert_eq!(bytes, b"inside");
            whole += 1;
        }
        Err(_) => refused += 1,
    });
    assert!(whole > 0 && refused > 0, "{whole} {refused}");
}

#[test]
fn a_file_is_whole_however_it_is_written() {
    const LENGTH: usize = 300_000;
    let (_top, beneath) = fenced();
    let path = beneath.path().join("file");
    write(&path, "a".repeat(LENGTH)).unwrap();
    let is_whole =
        |bytes: &[u8]| bytes.len() == LENGTH && bytes.iter().all(|byte| *byte == bytes[0]);
    let (mut torn, mut refused) = (0, 0);
    let mut read = || match beneath.read(&path, 1 << 20) {
        Ok(bytes) => torn += usize::from(!is_whole(&bytes)),
        Err(trouble) => {
            assert!(matches!(trouble, Trouble::Changed), "{trouble}");
            refused += 1;
        }
    };
    let text = |round: u64| vec![if round.is_multiple_of(2) { b'a' } else { b'b' }; LENGTH];
    // In its place, piece by piece; cut off and written anew.
    let in_place = |round| {
        let file = File::options().write(true).open(&path).unwrap();
        for at in (0..LENGTH).step_by(50_000) {
            file.write_all_at(&text(round)[at..at + 50_000], at as u64).unwrap();
        }
    };
    let longest = racing(in_place, &mut read);
    let longest = longest.max(racing(|round| write(&path, text(round)).unwrap(), &mut read));
    // Nobody can tell who has stopped in the middle from who is done.
    assert!(torn == 0 || longest > Duration::from_millis(15), "{torn} torn, {longest:?}");
    assert!(refused > 0);
    // Put in its place when it is whole: that is how to write, and is read.
    let beside = beneath.path().join("beside");
    let mut whole = 0;
    let mut read = || {
        let bytes = beneath.read(&path, 1 << 20);
        whole += usize::from(bytes.as_ref().is_ok_and(|bytes| is_whole(bytes)));
        assert!(bytes.is_err() || is_whole(&bytes.unwrap()));
    };
    racing(
        |round| {
            write(&beside, text(round)).unwrap();
            rename(&beside, &path).unwrap();
            std::thread::sleep(Duration::from_millis(30));
        },
        &mut read,
    );
    assert!(whole > 0);
}

#[test]
fn what_grows_or_goes_is_told() {
    let (_top, beneath) = fenced();
    let path = beneath.path().join("log");
    write(&path, "a".repeat(10_000)).unwrap();
    let log = File::options().append(true).open(&path).unwrap();
    let mut refused = 0;
    racing(
        |_| {
            std::io::Write::write_all(&mut &log, &[b'a'; 1000]).unwrap();
            // Without a pause a quick machine writes more than the limit.
            std::thread::sleep(Duration::from_micros(50));
        },
        || {
            refused += usize::from(matches!(beneath.read(&path, 1 << 30), Err(Trouble::Changed)));
        },
    );
    assert!(refused > 0);
    std::thread::sleep(Duration::from_millis(25));
    assert!(beneath.read(&path, 1 << 30).is_ok());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(why(beneath.read(&path, 1)), "no such file or directory");
}
