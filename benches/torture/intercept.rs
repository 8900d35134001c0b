//! Stands between this process and the system: every call that changes a file goes through here and is
//! noted. SQLite and Rust's library are linked into this program, and what they call `pwrite`, `fsync`
//! or `rename` is found here before it is found in the C library. So nothing of what is tested is
//! changed, and what SQLite does to directories is seen as well. The only file with `unsafe`; Linux.

use crate::trace;
use libc::{c_char, c_int, c_uint, c_void, mode_t, off64_t, size_t, ssize_t};
use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// SAFETY: to be called with a path that the caller gave to the system.
unsafe fn path<'a>(text: *const c_char) -> &'a Path {
    Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(text) }.to_bytes()))
}

/// SAFETY: as for `path`. A path from a directory's descriptor is made whole.
unsafe fn path_at(dir: c_int, text: *const c_char) -> PathBuf {
    let path = unsafe { path(text) };
    let base = match dir {
        libc::AT_FDCWD => std::env::current_dir(),
        dir => std::fs::read_link(format!("/proc/self/fd/{dir}")),
    };
    base.unwrap_or_default().join(path)
}

/// SAFETY: these are the system's own functions: the arguments are the caller's, and go on as they are.
unsafe fn open_at(dir: c_int, text: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    trace::during(
        || unsafe { libc::syscall(libc::SYS_openat, dir, text, flags, mode as c_uint) as c_int },
        |trace, fd| trace.opened(*fd, &unsafe { path_at(dir, text) }, flags & libc::O_TRUNC != 0),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open(text: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { open_at(libc::AT_FDCWD, text, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open64(text: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { open_at(libc::AT_FDCWD, text, flags | libc::O_LARGEFILE, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn openat(dir: c_int, text: *const c_char, flags: c_int, mode: mode_t) -> c_int {
    unsafe { open_at(dir, text, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn openat64(
    dir: c_int,
    text: *const c_char,
    flags: c_int,
    mode: mode_t,
) -> c_int {
    unsafe { open_at(dir, text, flags | libc::O_LARGEFILE, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn close(fd: c_int) -> c_int {
    trace::during(
        || unsafe { libc::syscall(libc::SYS_close, fd) as c_int },
        |trace, _| trace.closed(fd),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(fd: c_int, data: *const c_void, length: size_t) -> ssize_t {
    trace::during(
        || unsafe { libc::syscall(libc::SYS_write, fd, data, length) as ssize_t },
        |trace, written| {
            if trace.knows(fd) {
                let end = unsafe { libc::lseek64(fd, 0, libc::SEEK_CUR) };
                let data = unsafe { std::slice::from_raw_parts(data.cast(), *written as usize) };
                trace.wrote(fd, (end as u64).saturating_sub(*written as u64), data);
            }
        },
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(
    fd: c_int,
    data: *const c_void,
    length: size_t,
    at: off64_t,
) -> ssize_t {
    trace::during(
        || unsafe { libc::syscall(libc::SYS_pwrite64, fd, data, length, at) as ssize_t },
        |trace, written| {
            let data = unsafe { std::slice::from_raw_parts(data.cast(), *written as usize) };
            trace.wrote(fd, at as u64, data);
        },
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(
    fd: c_int,
    data: *const c_void,
    length: size_t,
    at: off64_t,
) -> ssize_t {
    unsafe { pwrite64(fd, data, length, at) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(fd: c_int, length: off64_t) -> c_int {
    trace::during(
        || unsafe { libc::syscall(libc::SYS_ftruncate, fd, length) as c_int },
        |trace, _| trace.truncated(fd, length as u64),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate(fd: c_int, length: off64_t) -> c_int {
    unsafe { ftruncate64(fd, length) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    trace::during(
        || unsafe { libc::syscall(libc::SYS_fsync, fd) as c_int },
        |trace, _| trace.synced(fd),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    trace::during(
        || unsafe { libc::syscall(libc::SYS_fdatasync, fd) as c_int },
        |trace, _| trace.synced(fd),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(text: *const c_char) -> c_int {
    trace::during(
        || unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, text, 0) as c_int },
        |trace, _| trace.unlinked(&unsafe { path_at(libc::AT_FDCWD, text) }),
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    let here = libc::AT_FDCWD;
    trace::during(
        || unsafe { libc::syscall(libc::SYS_renameat2, here, from, here, to, 0) as c_int },
        |trace, _| unsafe { trace.renamed(&path_at(here, from), &path_at(here, to)) },
    )
}

#[unsafe(no_mangle)]
unsafe extern "C" fn mkdir(text: *const c_char, mode: mode_t) -> c_int {
    let here = libc::AT_FDCWD;
    trace::during(
        || unsafe { libc::syscall(libc::SYS_mkdirat, here, text, mode as c_uint) as c_int },
        |trace, _| trace.made_dir(&unsafe { path_at(here, text) }),
    )
}
