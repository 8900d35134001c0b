//! Signals that would end the process where an error can be told: the one file of the program with
//! `unsafe`.
#![allow(unsafe_code)]

/// A file that grows past the limit of `ulimit -f` is then an error of that write.
#[cfg(unix)]
pub fn keep_going() {
    // SAFETY: to ignore a signal touches no memory of ours, and no other thread runs yet.
    unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
    }
}

#[cfg(not(unix))]
pub fn keep_going() {}
