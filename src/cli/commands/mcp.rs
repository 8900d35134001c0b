//! `sortie mcp`: the same for agents.

use crate::cli::Global;
use clap::Args;
use sortie::Result;
use sortie::mcp;
use std::process::ExitCode;

/// Serve agents by the Model Context Protocol, on stdin and stdout
#[derive(Args)]
#[command(
    after_help = "An agent harness starts it. For Claude Code:\n  claude mcp add sortie -- sortie mcp\n\n\
It serves the project it is started in until stdin ends. stdout carries the protocol alone.\n\n\
Example:\n  sortie mcp --project-root ."
)]
pub struct Mcp {}

impl Mcp {
    pub fn run(&self, global: &Global) -> Result<ExitCode> {
        mcp::serve(global.options(None)?)?;
        Ok(ExitCode::SUCCESS)
    }
}
