//! The integration tests: the binary as users call it, with real files, real git and real processes.

/// One snapshot of a command: its line, exit status, stdout and stderr together.
macro_rules! snapshot {
    ($name:expr, $shown:expr) => {
        insta::with_settings!({ omit_expression => true }, {
            insta::assert_snapshot!($name, $shown.to_string());
        })
    };
}

mod capture;
mod cli;
mod crates;
mod env;
mod flow;
mod hostile;
mod properties;
#[cfg(unix)]
mod racing;
mod reference;
mod store;
