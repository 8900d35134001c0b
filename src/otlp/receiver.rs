//! A receiver over HTTP: one request at a time, again where it asks for patience.

use super::endpoint::Endpoint;
use super::fault::{EndpointFault, SendFault, Trouble};
use super::wire::{ExportResponse, PartialSuccess, RpcStatus};
use crate::error::{IoContext, Result, plain};
use crate::model::Timestamp;
use crate::render::{beginning, duration};
use prost::Message;
use std::io;
use std::path::Path;
use std::time::Duration;
use ureq::http::{Response, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

/// How often a request is made before its failure is one.
const ATTEMPTS: u32 = 4;

/// What the second attempt waits, in milliseconds; each further one twice as long.
const PAUSE: u64 = 500;

/// The longest that a receiver may make a command wait, in seconds.
const PATIENCE: u64 = 60;

/// The most that is read of an answer, in bytes, and that is shown of it, in characters.
const ANSWER: u64 = 64 << 10;
const SHOWN: usize = 300;

/// A receiver that requests are made to.
pub struct Receiver<'e> {
    endpoint: &'e Endpoint,
    agent: Agent,
    /// Requests that were made again.
    pub retries: u64,
    /// Spans that it has taken.
    pub taken: u64,
}

/// Why an attempt did not succeed.
struct Setback {
    trouble: Trouble,
    /// How many seconds to wait before the next one; none leaves it to us.
    wait: Option<u64>,
    again: bool,
}

impl Setback {
    fn last(trouble: Trouble) -> Setback {
        Setback { trouble, wait: None, again: false }
    }

    fn passing(trouble: Trouble) -> Setback {
        Setback { trouble, wait: None, again: true }
    }
}

impl<'e> Receiver<'e> {
    pub fn new(endpoint: &'e Endpoint) -> Result<Receiver<'e>> {
        let roots = match &endpoint.certificates {
            None => RootCerts::WebPki,
            Some(path) => RootCerts::new_with_certs(&certificates(path)?),
        };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // A redirected POST becomes a GET, and its headers are for the one that was named.
            .max_redirects(0)
            .timeout_global(Some(endpoint.timeout))
            .user_agent(concat!("sortie/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build());
        Ok(Receiver { endpoint, agent: config.build().into(), retries: 0, taken: 0 })
    }

    /// Sends a request of so many spans, and says what the receiver did not take of them.
    pub fn send(&mut self, body: &[u8], spans: u64) -> Result<Option<PartialSuccess>> {
        for attempt in 1.. {
            let setback = match self.attempt(body) {
                Ok(answer) => {
                    let rejected = answer.as_ref().map_or(0, |it| it.rejected_spans.max(0) as u64);
                    self.taken += spans.saturating_sub(rejected);
                    return Ok(answer);
                }
                Err(setback) => setback,
            };
            let wait = setback.wait.unwrap_or(0);
            if wait > PATIENCE {
                return self.give_up(Trouble::Wait { seconds: wait }, attempt);
            }
            if !setback.again || attempt >= ATTEMPTS {
                return self.give_up(setback.trouble, attempt);
            }
            self.retries += 1;
            std::thread::sleep(setback.wait.map_or_else(|| pause(attempt), Duration::from_secs));
        }
        unreachable!("the last attempt gives up")
    }

    fn give_up<T>(&self, trouble: Trouble, attempts: u32) -> Result<T> {
        let (url, taken) = (self.endpoint.shown(), self.taken);
        Err(SendFault { url, trouble, attempts, taken }.into())
    }

    fn attempt(&self, body: &[u8]) -> Result<Option<PartialSuccess>, Setback> {
        let mut request = self.agent.post(&self.endpoint.url);
        for it in &self.endpoint.headers {
            request = request.header(it.name.clone(), it.value.clone());
        }
        request = request.header(header::CONTENT_TYPE, "application/x-protobuf");
        if self.endpoint.gzip {
            request = request.header(header::CONTENT_ENCODING, "gzip");
        }
        let mut response = request.send(body).map_err(|error| self.setback(error))?;
        let words = response.body_mut().with_config().limit(ANSWER).read_to_vec();
        let status = response.status().as_u16();
        match status {
            // What it took it has taken, even if the rest of its answer is lost.
            200..=299 => Ok(partial(&response, &words.unwrap_or_default())),
            300..=399 => Err(Setback::last(Trouble::Moved { to: location(&response) })),
            _ => Err(Setback {
                trouble: Trouble::Refused {
                    status,
                    words: said(&response, &words.unwrap_or_default()),
                },
                wait: retry_after(&response),
                again: matches!(status, 429 | 502 | 503 | 504),
            }),
        }
    }

    /// What an attempt without an answer means, and whether another may end otherwise.
    fn setback(&self, error: ureq::Error) -> Setback {
        use ureq::Error;
        let unreachable = |why: String| Trouble::Unreachable { why, proxy: self.proxy() };
        match error {
            Error::Timeout(_) => Setback::passing(Trouble::Slow {
                within: duration(self.endpoint.timeout.as_millis() as i64),
            }),
            Error::Io(error) if is_final(&error) => Setback::last(unreachable(plain(&error))),
            Error::Io(error) if is_hang_up(&error) => Setback::passing(Trouble::HungUp),
            // That is how what TLS makes of the other side's bytes comes.
            Error::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
                Setback::last(of_tls(error.to_string()))
            }
            Error::Io(error) => Setback::passing(unreachable(plain(&error))),
            Error::Rustls(error) => Setback::last(of_tls(error.to_string())),
            Error::Protocol(error) => {
                Setback::last(Trouble::OtherProtocol { of: "HTTP", why: error.to_string() })
            }
            Error::HostNotFound => Setback::last(unreachable("there is no such host".to_owned())),
            other => Setback::last(unreachable(other.to_string())),
        }
    }

    /// The proxy that requests go through, if they do.
    fn proxy(&self) -> Option<String> {
        let proxy = self.agent.config().proxy().filter(|it| !it.is_no_proxy(&self.endpoint.url))?;
        Some(format!("{}:{}", proxy.host(), proxy.port()))
    }
}

/// What TLS did not like: whom it met, or that it was no TLS at all.
fn of_tls(why: String) -> Trouble {
    match why.contains("certificate") {
        true => Trouble::NotTrusted { why },
        false => Trouble::OtherProtocol { of: "TLS", why },
    }
}

/// Nobody listens there, or there is no such place; that does not pass while one waits.
fn is_final(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable};
    matches!(error.kind(), ConnectionRefused | HostUnreachable | NetworkUnreachable)
        // A kind of its own it has not.
        || error.to_string().starts_with("failed to lookup address")
}

/// It listened, and then it did not want to any more.
fn is_hang_up(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// Twice as long each time, and never just as long as others wait who were refused at the same moment.
fn pause(attempt: u32) -> Duration {
    let whole = PAUSE << (attempt - 1);
    Duration::from_millis(whole * 3 / 4 + fastrand::u64(0..=whole / 2))
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>> {
    let pem = std::fs::read(path).or_cannot("read", path)?;
    let certificate = |item| match item {
        Ok(PemItem::Certificate(it)) => Some(it),
        _ => None,
    };
    let all: Vec<_> = parse_pem(&pem).filter_map(certificate).collect();
    match all.is_empty() {
        true => Err(EndpointFault::NoCertificate { path: path.display().to_string() }.into()),
        false => Ok(all),
    }
}

/// A header of an answer, if it is text.
fn text_of(response: &Response<Body>, name: header::HeaderName) -> Option<&str> {
    response.headers().get(name)?.to_str().ok()
}

fn is_protobuf(response: &Response<Body>) -> bool {
    text_of(response, header::CONTENT_TYPE)
        .is_some_and(|it| it.starts_with("application/x-protobuf"))
}

fn location(response: &Response<Body>) -> String {
    let to = text_of(response, header::LOCATION).unwrap_or("another place");
    beginning(to.split('?').next().unwrap_or_default(), SHOWN)
}

/// How many seconds the receiver asks to wait: a number, or the time when that is over.
fn retry_after(response: &Response<Body>) -> Option<u64> {
    let text = text_of(response, header::RETRY_AFTER)?.trim();
    let until = || {
        let time = Timestamp::from(chrono::DateTime::parse_from_rfc2822(text).ok()?.to_utc());
        let ms = time.millis_since(Timestamp::now());
        Some(u64::try_from(ms).unwrap_or(0).div_ceil(1000))
    };
    text.parse().ok().or_else(until)
}

/// What of the request was not taken, or was taken with a warning.
fn partial(response: &Response<Body>, body: &[u8]) -> Option<PartialSuccess> {
    let answer = ExportResponse::decode(body).ok().filter(|_| is_protobuf(response))?;
    answer.partial_success.filter(|it| it.rejected_spans > 0 || !it.error_message.is_empty())
}

/// The receiver's words about a refusal: the message of a status, else the text as it is.
fn said(response: &Response<Body>, body: &[u8]) -> String {
    let status = RpcStatus::decode(body).ok().filter(|_| is_protobuf(response));
    let text = status.map_or_else(|| String::from_utf8_lossy(body).into_owned(), |it| it.message);
    let words: Vec<&str> = text.split_whitespace().collect();
    beginning(&words.join(" "), SHOWN)
}
