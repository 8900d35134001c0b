//! `sortie mcp`: the same for agents.

use clap::Args;
use sortie::Result;
use sortie::mcp;
use sortie::workspace::Options;
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
    pub fn run(&self, options: Options) -> Result<ExitCode> {
        mcp::serve(Options { progress: None, ..options })?;
        Ok(ExitCode::SUCCESS)
    }
}
