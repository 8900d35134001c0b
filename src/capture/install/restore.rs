//! What settings were before sortie was installed.

use super::draft::{Draft, Sheet};
use super::harness::Harness;
use super::hooks::{with_ours, without_ours};
use super::ours::{find, hooks};
use super::server::{server_of, with_server, without_server};
use super::spans::root;
use super::target::{Place, Text};
use super::write::backups;
use crate::error::Result;
use serde::de::IgnoredAny;
use std::path::PathBuf;

/// A file without our hooks and our server. Where it is what installing made of a backup, it becomes
/// the backup again, to the byte; where it is what installing made of nothing, it goes.
pub fn restored(place: Place<'_>, path: PathBuf) -> Result<Draft> {
    let harness = place.harness;
    let mut sheet = Sheet::of(place, path)?;
    if sheet.target.before.is_none() || !has_ours(&sheet.now, harness) {
        return Ok(sheet.into());
    }
    for backup in backups(&sheet.target.path) {
        let Ok(bytes) = std::fs::read(&backup) else { continue };
        if made_of(&bytes, &sheet.now, harness) {
            let draft = Draft::to(sheet.target, Some(bytes));
            return Ok(Draft { spent: Some(backup), ..draft });
        }
    }
    if made_of(b"", &sheet.now, harness) && !sheet.target.path.is_symlink() {
        return Ok(Draft { dirs: 1, ..Draft::to(sheet.target, None) });
    }
    sheet.now = without_server(&without_ours(&sheet.now, harness));
    Ok(sheet.into())
}

/// Whether installing into `bytes`, which have nothing of ours, gives `now`.
fn made_of(bytes: &[u8], now: &str, harness: Harness) -> bool {
    let Ok(Text { text, .. }) = Text::of(bytes) else { return false };
    let is_json = serde_json::from_str::<IgnoredAny>(&text).is_ok();
    if !is_json || has_ours(&text, harness) {
        return false;
    }
    let command = hooks(now, &root(now))
        .and_then(|it| Some(find(now, &it.value, harness).first()?.command()));
    let hooked = command.as_ref().and_then(|it| with_ours(&text, harness, it).ok());
    let served = |text: &str| with_server(text, &server_of(now)?).ok();
    let either = [hooked.as_deref().and_then(served), served(&text), hooked];
    either.iter().flatten().any(|made| made == now)
}

/// Whether a text has our hooks or our server.
fn has_ours(text: &str, harness: Harness) -> bool {
    let there = hooks(text, &root(text));
    there.is_some_and(|it| !find(text, &it.value, harness).is_empty()) || server_of(text).is_some()
}
