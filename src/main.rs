//! The `sortie` command.

#![deny(unsafe_code)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::run(std::env::args_os().collect())
}
