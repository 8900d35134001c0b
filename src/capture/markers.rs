//! `sortie:NAME=ID` in a prompt: what a deployment belongs to. An agent that is told to read a briefing's file is told
//! by it, too.

use crate::model::Markers;

/// What a prompt names, the first of each.
pub fn markers(prompt: &str) -> Markers {
    Markers {
        bundle: marked(prompt, "sortie:bundle=").or_else(|| of_file(prompt)),
        execution: marked(prompt, "sortie:execution="),
        session: marked(prompt, "sortie:session="),
    }
}

fn marked(prompt: &str, mark: &str) -> Option<String> {
    let (_, rest) = prompt.split_once(mark)?;
    let is_of_id = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
    let end = rest.find(|it| !is_of_id(it)).unwrap_or(rest.len());
    // A sentence may end behind it.
    let id = rest[..end].trim_end_matches('.');
    (!id.is_empty()).then(|| id.to_owned())
}

/// The bundle whose briefing stands in a file of sortie's own, as its server writes them: named after the bundle
/// and the beginning of the briefing's hash.
fn of_file(prompt: &str) -> Option<String> {
    let name = marked(prompt, ".sortie/briefings/")?;
    let (bundle, _) = name.strip_suffix(".md").unwrap_or(&name).rsplit_once('-')?;
    Some(bundle.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_ends_where_an_id_does() {
        let it = markers("Do it.\nsortie:bundle=bundle-3f9a2c1b7d20.\n(sortie:session=s-1)");
        assert_eq!(it.bundle.as_deref(), Some("bundle-3f9a2c1b7d20"));
        assert_eq!(it.session.as_deref(), Some("s-1"));
        assert_eq!(it.execution, None);
        assert!(markers("sortie:bundle= none, sortie: bundle").is_empty());
        let it = markers("Read /w/.sortie/briefings/bundle-3f9a2c1b7d20-0fc88b40.md first.");
        assert_eq!(it.bundle.as_deref(), Some("bundle-3f9a2c1b7d20"));
    }
}
