//! What all spans of an export come from, with what the environment adds to it.

use super::endpoint::pairs;

/// Attributes of the resource: the service, then what `OTEL_RESOURCE_ATTRIBUTES` says.
pub fn attributes(env: &dyn Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let given = pairs(&env("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default());
    let named = given.iter().find(|(key, _)| key == "service.name").map(|(_, name)| name.clone());
    let name = env("OTEL_SERVICE_NAME").or(named).unwrap_or_else(|| "sortie".to_owned());
    let mut all = vec![("service.name".to_owned(), name)];
    all.extend(given.into_iter().filter(|(key, _)| key != "service.name"));
    all
}
