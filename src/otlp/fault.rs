//! What can go wrong on the way to a receiver.

use crate::error::{Fault, Kind};
use crate::render::counted;

/// A receiver that cannot be named so.
#[derive(Debug, thiserror::Error)]
pub enum EndpointFault {
    #[error("there is no receiver to send to")]
    None,
    #[error("'{}' is no URL of a receiver", text.escape_debug())]
    NoUrl { text: String },
    #[error("the URL of {host} has a user in it, which messages would show")]
    Credentials { host: String },
    #[error("a header in OTEL_EXPORTER_OTLP_HEADERS cannot be sent: {why}")]
    Header { why: String },
    #[error("'{}' in OTEL_EXPORTER_OTLP_TIMEOUT is no number of milliseconds", text.escape_debug())]
    Timeout { text: String },
    #[error("there is no certificate in {path}")]
    NoCertificate { path: String },
}

impl Fault for EndpointFault {
    fn kind(&self) -> Kind {
        Kind::Usage
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::None => "`sortie export --otlp http://localhost:4318` names one, and so does \
                           OTEL_EXPORTER_OTLP_ENDPOINT"
                .to_owned(),
            Self::NoUrl { .. } => "give one such as http://localhost:4318".to_owned(),
            Self::Credentials { .. } => {
                "give it as a header: --header 'authorization=Basic …'".to_owned()
            }
            Self::Header { .. } => {
                "give it as NAME=VALUE, several with commas between them".to_owned()
            }
            Self::Timeout { .. } => "give one such as 10000".to_owned(),
            Self::NoCertificate { .. } => {
                "OTEL_EXPORTER_OTLP_CERTIFICATE names a PEM file of those to trust".to_owned()
            }
        })
    }
}

/// What helps where somebody listens and speaks something else.
const HTTP_PORT: &str = "is it the port for gRPC? Receivers speak HTTP at another one, mostly 4318";

/// A request that did not succeed, with what was taken before it.
#[derive(Debug, thiserror::Error)]
#[error("{url} {trouble}{}{}", times(*attempts), before(*taken))]
pub struct SendFault {
    pub url: String,
    pub trouble: Trouble,
    /// How often the request was made.
    pub attempts: u32,
    /// Spans that the receiver had taken before.
    pub taken: u64,
}

/// What went wrong with a request; the sentence begins with the URL.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("cannot be reached{}: {why}", through(proxy))]
    Unreachable { why: String, proxy: Option<String> },
    #[error("does not answer in {of}: {why}")]
    OtherProtocol { of: &'static str, why: String },
    #[error("closed the connection without an answer")]
    HungUp,
    #[error("did not answer within {within}")]
    Slow { within: String },
    #[error("is not trusted: {why}")]
    NotTrusted { why: String },
    #[error("answered {status}{}", said(words))]
    Refused { status: u16, words: String },
    #[error("leads to {to}")]
    Moved { to: String },
    #[error("asks to wait {}", crate::render::duration(*seconds as i64 * 1000))]
    Wait { seconds: u64 },
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(": {words}") }
}

fn through(proxy: &Option<String>) -> String {
    proxy.as_ref().map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"))
}

fn times(attempts: u32) -> String {
    if attempts > 1 { format!(" (asked {attempts} times)") } else { String::new() }
}

fn before(taken: u64) -> String {
    match taken {
        0 => String::new(),
        _ => format!("; it had taken {} before", counted(taken as usize, "span", "spans")),
    }
}

impl Fault for SendFault {
    fn kind(&self) -> Kind {
        Kind::Failed
    }

    fn hint(&self) -> Option<String> {
        match &self.trouble {
            Trouble::Refused { status: 401 | 403, .. } => Some(
                "--header NAME=VALUE gives it a key, such as 'authorization=Bearer …'".to_owned(),
            ),
            Trouble::Refused { status: 404 | 405, .. } => Some(
                "is it the base URL of the receiver? Traces go to /v1/traces beneath it".to_owned(),
            ),
            Trouble::Refused { status: 413, .. } => {
                Some("without --content the spans are small".to_owned())
            }
            Trouble::Moved { .. } => Some("give the URL it leads to".to_owned()),
            Trouble::NotTrusted { .. } => Some(
                "OTEL_EXPORTER_OTLP_CERTIFICATE names a PEM file of those to trust instead"
                    .to_owned(),
            ),
            Trouble::OtherProtocol { of: "TLS", .. } => {
                Some("does its URL begin with http://?".into())
            }
            Trouble::OtherProtocol { .. } => Some(HTTP_PORT.into()),
            Trouble::HungUp if self.url.contains(":4317/") => Some(HTTP_PORT.into()),
            Trouble::Slow { .. } => {
                Some("OTEL_EXPORTER_OTLP_TIMEOUT gives it longer, in milliseconds".to_owned())
            }
            _ if self.taken > 0 => {
                Some("send it again: what it has taken has the same ids then".to_owned())
            }
            _ => None,
        }
    }
}
