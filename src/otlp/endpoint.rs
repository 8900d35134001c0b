//! Where spans go, and as whom: what was given, else what the environment says.

use super::fault::EndpointFault;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use ureq::http::{HeaderName, HeaderValue, Uri};

/// Where traces go beneath a base URL.
const PATH: &str = "/v1/traces";

/// How long a request may take, where nothing says otherwise: the default of OTLP's exporters.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A receiver of spans.
#[derive(Clone)]
pub struct Endpoint {
    pub(super) url: Uri,
    pub(super) headers: Vec<Header>,
    pub(super) timeout: Duration,
    pub(super) gzip: bool,
    /// Whom to trust instead of the usual authorities: a file of certificates.
    pub(super) certificates: Option<PathBuf>,
}

/// A header of every request. What it says is not shown: it may be a key.
#[derive(Clone)]
pub struct Header {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Header, String> {
        let (name, value) = text.split_once('=').ok_or("it has no '='; give NAME=VALUE")?;
        header(name.trim(), value.trim())
    }
}

fn header(name: &str, value: &str) -> Result<Header, String> {
    let named = HeaderName::from_bytes(name.as_bytes());
    let name = named.map_err(|_| format!("'{}' is no name of a header", name.escape_debug()))?;
    if ["content-type", "content-encoding", "content-length"].contains(&name.as_str()) {
        return Err(format!("{name} says what is sent, and cannot be given"));
    }
    let value = HeaderValue::from_str(value);
    let mut value = value.map_err(|_| format!("{name} has a character that no header may have"))?;
    value.set_sensitive(true);
    Ok(Header { name, value })
}

impl Endpoint {
    /// The receiver at `url` with `headers`; without a URL the one that the environment names, with the
    /// headers it names. Keys for the one are not shown to the other.
    pub fn new(
        url: Option<&str>,
        headers: Vec<Header>,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Endpoint, EndpointFault> {
        let of_traces = |name: &str| {
            env(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"))
                .or_else(|| env(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        let (url, mut all) = match url {
            Some(url) => (beneath(url)?, Vec::new()),
            None => {
                let given = of_traces("HEADERS").unwrap_or_default();
                (from_environment(env)?, from_pairs(&given)?)
            }
        };
        all.retain(|it| headers.iter().all(|given| given.name != it.name));
        all.extend(headers);
        let timeout = of_traces("TIMEOUT").map(|text| milliseconds(&text)).transpose()?;
        Ok(Endpoint {
            url,
            headers: all,
            timeout: timeout.unwrap_or(TIMEOUT),
            gzip: of_traces("COMPRESSION").as_deref() != Some("none"),
            certificates: of_traces("CERTIFICATE").map(PathBuf::from),
        })
    }

    /// The URL as it is shown: what stands behind a question mark may be a key.
    pub fn shown(&self) -> String {
        let text = self.url.to_string();
        text.split('?').next().unwrap_or_default().to_owned()
    }
}

/// The endpoint that the environment names, by the rules of OTLP's exporters: the one for traces as it is,
/// the one for everything as a base.
fn from_environment(env: &dyn Fn(&str) -> Option<String>) -> Result<Uri, EndpointFault> {
    match env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
        Some(url) => parsed(&url),
        None => beneath(&env("OTEL_EXPORTER_OTLP_ENDPOINT").ok_or(EndpointFault::None)?),
    }
}

/// A base URL with the path of traces, which it may have already.
fn beneath(text: &str) -> Result<Uri, EndpointFault> {
    let url = parsed(text)?;
    let path = url.path().trim_end_matches('/');
    if path.ends_with(PATH) {
        return Ok(url);
    }
    let query = url.query().map(|it| format!("?{it}")).unwrap_or_default();
    let mut parts = url.clone().into_parts();
    parts.path_and_query = format!("{path}{PATH}{query}").parse().ok();
    Uri::from_parts(parts).map_err(|_| not_a_url(text))
}

fn parsed(text: &str) -> Result<Uri, EndpointFault> {
    let url: Uri = text.parse().map_err(|_| not_a_url(text))?;
    if !matches!(url.scheme_str(), Some("http" | "https")) {
        return Err(not_a_url(text));
    }
    match url.authority().is_some_and(|it| it.as_str().contains('@')) {
        true => Err(EndpointFault::Credentials { host: url.host().unwrap_or_default().to_owned() }),
        false => Ok(url),
    }
}

fn not_a_url(text: &str) -> EndpointFault {
    EndpointFault::NoUrl { text: text.to_owned() }
}

fn milliseconds(text: &str) -> Result<Duration, EndpointFault> {
    let ms = text.trim().parse().ok().filter(|ms| *ms > 0);
    ms.map(Duration::from_millis).ok_or_else(|| EndpointFault::Timeout { text: text.to_owned() })
}

fn from_pairs(text: &str) -> Result<Vec<Header>, EndpointFault> {
    let header = |(name, value): (String, String)| {
        header(&name, &value).map_err(|why| EndpointFault::Header { why })
    };
    pairs(text).into_iter().map(header).collect()
}

/// `a=b,c=d` as the environment has it, with values that may be percent-encoded.
pub(super) fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |part: &str| {
        let (key, value) = part.split_once('=')?;
        Some((key.trim().to_owned(), decoded(value.trim())))
    };
    text.split(',').filter_map(pair).filter(|(key, _)| !key.is_empty()).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|it| std::str::from_utf8(it).ok());
        match code.filter(|_| *first == b'%').and_then(|it| u8::from_str_radix(it, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(given: Option<&str>, env: &[(&str, &str)]) -> String {
        let look = |name: &str| {
            env.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        match Endpoint::new(given, Vec::new(), &look) {
            Ok(endpoint) => endpoint.url.to_string(),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn a_base_and_a_whole_url_are_the_same() {
        for (given, expected) in [
            ("http://localhost:4318", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/v1/traces", "http://localhost:4318/v1/traces"),
            ("https://host/otlp", "https://host/otlp/v1/traces"),
            ("https://host/otlp?key=1", "https://host/otlp/v1/traces?key=1"),
            ("http://[::1]:6006", "http://[::1]:6006/v1/traces"),
            ("localhost:4318", "'localhost:4318' is no URL of a receiver"),
            ("ftp://host", "'ftp://host' is no URL of a receiver"),
            ("", "'' is no URL of a receiver"),
        ] {
            assert_eq!(url(Some(given), &[]), expected);
        }
    }

    #[test]
    fn the_environment_names_a_receiver_by_the_rules_of_otlp() {
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://base:4318");
        let traces = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces/as/it/is");
        assert_eq!(url(None, &[base]), "http://base:4318/v1/traces");
        assert_eq!(url(None, &[base, traces]), "http://traces/as/it/is");
        assert_eq!(url(Some("http://given"), &[base, traces]), "http://given/v1/traces");
    }

    #[test]
    fn pairs_may_be_percent_encoded() {
        let all = pairs("a=b%20c, d = e=f ,g=%zz%4,=x,y");
        let expected = [("a", "b c"), ("d", "e=f"), ("g", "%zz%4")];
        assert_eq!(all, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
