//! Getting a bundle back: from its file, or from the store by its id.

use super::Context;
use super::draft;
use super::references::misleading;
use super::texts::Texts;
use crate::error::{Fault, Kind, Result};
use crate::files::read_named;
use crate::model::{Bundle, BundleId, ContextItem, ItemType, is_countable};
use crate::store::{BundleRow, Page, PageRequest};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The largest bundle file that is read: a million items stay well below it.
const MAX_BUNDLE_BYTES: u64 = 512 << 20;

impl Context<'_> {
    /// The bundle in the file `name`, or the one that the store has under that id, the beginning of
    /// one, or `latest`.
    pub fn load(&self, name: &Path) -> Result<Bundle> {
        match self.is_bundle_file(name) {
            true => read_file(&self.root.absolute(name), name),
            false => self.kept(name),
        }
    }

    /// Whether a bundle's name means a file. `latest` never does, whatever lies in the project; `./latest`
    /// would.
    pub fn is_bundle_file(&self, name: &Path) -> bool {
        let found = || std::fs::metadata(self.root.absolute(name));
        name.as_os_str() != "latest" && found().is_ok_and(|found| !found.is_dir())
    }

    /// The bundles that were kept, the one prepared last first.
    pub fn bundles(&self, page: PageRequest<BundleId>) -> Result<Page<BundleRow>> {
        Page::of(page.limit, |limit| self.store.read(|r| r.bundles(&PageRequest { limit, ..page })))
    }

    /// The bundle that the store has under an id, the beginning of one, or `latest`.
    pub(crate) fn kept(&self, name: &Path) -> Result<Bundle> {
        let text = name.to_string_lossy();
        if text.contains(['/', '\\']) || text.ends_with(".json") {
            return Err(BundleFault::Absent { path: name.into() }.into());
        }
        self.store.read(|r| {
            let id: BundleId = r.find(&text)?;
            Ok(r.bundle(&id)?.expect("just found"))
        })
    }

    /// Whether the store has every text of a bundle.
    pub(super) fn check_kept(&self, bundle: &Bundle) -> Result<()> {
        self.store.read(|r| {
            for item in &bundle.context_items {
                if !r.has_content(&item.content_hash)? {
                    let (bundle, item) = (bundle.bundle_id.clone(), item.label());
                    return Err(BundleFault::NotKept { bundle, item }.into());
                }
            }
            Ok(())
        })
    }

    /// The texts of a bundle's items, from the store.
    pub(super) fn texts_of(&self, bundle: &Bundle) -> Result<Texts> {
        self.store
            .read(|r| {
                let mut texts = Texts::default();
                for item in &bundle.context_items {
                    if texts.contains(&item.content_hash) {
                        continue;
                    }
                    let bytes =
                        r.content(&item.content_hash)?.ok_or_else(|| BundleFault::NotKept {
                            bundle: bundle.bundle_id.clone(),
                            item: item.label(),
                        })?;
                    let text = String::from_utf8_lossy(&bytes).into_owned();
                    texts.hold(item.content_hash.clone(), text);
                }
                Ok(texts)
            })
            .and_then(|texts| match misleading(bundle, &texts).or(too_many_shared(bundle)) {
                None => Ok(texts),
                Some(item) => {
                    let (bundle, item) = (bundle.bundle_id.clone(), item.label());
                    Err(BundleFault::References { bundle, item }.into())
                }
            })
    }
}

/// The last item of a bundle that is said to share more items than it has.
fn too_many_shared(bundle: &Bundle) -> Option<&ContextItem> {
    let own = |it: &&ContextItem| it.item_type != ItemType::Briefing;
    let items = bundle.context_items.iter().filter(own).count();
    let shared = bundle.shared.as_ref().map_or(0, |shared| shared.items);
    bundle.context_items.last().filter(|_| shared > items)
}

/// Reads the bundle in a file, which messages call by the name that was given.
fn read_file(file: &Path, path: &Path) -> Result<Bundle> {
    let unusable = |why: String| BundleFault::Unusable { path: path.to_path_buf(), why };
    let text = read_named(file, MAX_BUNDLE_BYTES)?;
    // Twice, because only from the text itself do errors have a line and a column.
    let unreadable = |error: serde_json::Error| unusable(error.to_string());
    let bundle: Bundle = serde_json::from_slice(&text).map_err(unreadable)?;
    let value: Value = serde_json::from_slice(&text).map_err(unreadable)?;
    if bundle.version > Bundle::VERSION {
        let known = Bundle::VERSION;
        let why = format!("it has format {}, this sortie knows {known}", bundle.version);
        return Err(unusable(why).into());
    }
    if !is_countable(&value) {
        return Err(unusable("it has numbers that count nothing".to_owned()).into());
    }
    match draft::hash_of(value) == bundle.bundle_hash {
        true => Ok(bundle),
        false => Err(BundleFault::Altered { path: path.to_path_buf() }.into()),
    }
}

/// A bundle that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleFault {
    /// No such file.
    #[error("there is no bundle file {}", path.display())]
    Absent { path: PathBuf },
    /// A file that is no bundle, is too large, or has a newer format.
    #[error("{} is no bundle: {why}", path.display())]
    Unusable { path: PathBuf, why: String },
    /// A bundle whose `bundle_hash` does not fit it any more.
    #[error("{} was changed since it was prepared: its counts cannot be trusted", path.display())]
    Altered { path: PathBuf },
    /// A text that this project's store does not have: the bundle was prepared elsewhere.
    #[error("the text of '{item}' in {bundle} is not in this project's history")]
    NotKept { bundle: BundleId, item: String },
    /// References that do not lead to the lines they stand for.
    #[error("what {bundle} says of '{item}' is not so")]
    References { bundle: BundleId, item: String },
    /// Fewer than two bundles, or one twice.
    #[error("one bundle has nothing to share: there are no two different ones")]
    TooFew,
    /// Bundles counted for different models, whose counts cannot be added up.
    #[error("{first} is counted for {first_model}, {second} for {second_model}")]
    Models { first: BundleId, first_model: String, second: BundleId, second_model: String },
}

impl Fault for BundleFault {
    fn kind(&self) -> Kind {
        match self {
            Self::Absent { .. } | Self::NotKept { .. } => Kind::NotFound,
            Self::Unusable { .. }
            | Self::Altered { .. }
            | Self::References { .. }
            | Self::TooFew
            | Self::Models { .. } => Kind::Usage,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Absent { .. } => "`sortie ctx prepare-bundle … --output FILE` makes one; `sortie ctx list` shows those kept".into(),
            Self::Unusable { .. } => "`sortie ctx prepare-bundle` makes one".into(),
            Self::Altered { .. } => "prepare it again, or name it by its id: the store has it as it was".into(),
            Self::NotKept { .. } => "prepare it again here; texts are kept where a bundle is prepared".into(),
            Self::References { .. } => "this bundle was not prepared by sortie: prepare it again".into(),
            Self::TooFew => "name two or more: --bundles A,B".into(),
            Self::Models { .. } => "prepare them for one model: --model NAME".into(),
        })
    }
}
