//! The face for agents: a server of the Model Context Protocol on stdin and stdout, as thin as the
//! command line. The only place with async.
//!
//! `server` answers the protocol; a tool (`tools/`) turns its arguments into the library's request and
//! its result into a [`reply`](self) of the same view that the command line shows; `resources` gives
//! out the record, `prompt` the five phases. `fit` keeps replies short, `refusal` says what went wrong
//! in the words of tools, `schema` describes arguments and results.
//!
//! Each call opens the project anew: other processes write to the history at the same time, and
//! `sortie.toml` may change.

mod args;
mod fit;
mod prompt;
mod refusal;
mod reply;
mod resources;
mod schema;
mod server;
mod tool;
mod tools;

use crate::error::{IoContext, Result};
use crate::workspace::Options;
use rmcp::ServiceExt;
use rmcp::service::ServerInitializeError;
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::io::stdio_pipes;
use server::Server;
use std::io;
use tokio::runtime;

/// The longest message that is taken, in bytes; a longer one is passed over.
const LONGEST: usize = 64 << 20;

/// Answers until the client hangs up or the process is told to end. What was begun is finished first.
pub fn serve(options: Options) -> Result<()> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.or_cannot("begin", "to serve")?;
    let server = Server::new(options);
    let outcome = runtime.block_on(async {
        let outcome = talk(server.clone()).await;
        server.finished().await;
        outcome
    });
    // A read of stdin that nobody ends must not hold the process.
    runtime.shutdown_background();
    outcome.or_cannot("serve", "stdin and stdout")
}

async fn talk(server: Server) -> io::Result<()> {
    let (input, output) = stdio_pipes();
    let transport = AsyncRwTransport::new_server(input, output).with_max_line_length(LONGEST);
    let told = told_to_end()?;
    tokio::pin!(told);
    let service = tokio::select! {
        greeted = server.serve(transport) => match greeted {
            Ok(service) => service,
            Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
            Err(error) => return Err(io::Error::other(error)),
        },
        () = &mut told => return Ok(()),
    };
    let ending = service.cancellation_token();
    let waiting = service.waiting();
    tokio::pin!(waiting);
    tokio::select! {
        _ = &mut waiting => {}
        () = &mut told => {
            ending.cancel();
            let _ = waiting.await;
        }
    }
    Ok(())
}

/// When somebody wants this process to end.
#[cfg(unix)]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn told_to_end() -> io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
