//! Bundles, and the briefings that were rendered from them.

use super::columns::Json;
use super::filter::Filter;
use super::open::{Reader, Writer};
use super::page::{Listed, PageRequest};
use crate::error::Result;
use crate::model::{Bundle, BundleId, Count, KeptBriefing, Timestamp};
use rusqlite::{OptionalExtension, params};
use serde::Serialize;

/// What stands for the template of a briefing that was rendered elsewhere.
pub const GIVEN: &str = "(given)";

/// A kept bundle, without what is in it.
#[derive(Debug, Clone, Serialize)]
pub struct BundleRow {
    pub bundle_id: BundleId,
    /// When it was first prepared.
    pub created_at: Timestamp,
    pub agent_type: String,
    pub scope: String,
    /// The likely number.
    pub total_tokens: u64,
    /// Whether that is exact.
    pub exact: bool,
}

impl Listed for BundleRow {
    type Id = BundleId;

    fn id(&self) -> &BundleId {
        &self.bundle_id
    }
}

impl Reader<'_> {
    /// The kept bundles, newest first.
    pub fn bundles(&self, page: &PageRequest<BundleId>) -> Result<Vec<BundleRow>> {
        let (sql, values) = Filter::default().list(
            "SELECT bundle_id, created_at, agent_type, scope, total_tokens, tokens_exact FROM bundles",
            &page.after,
            &page.limit,
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values, |row| {
            Ok(BundleRow {
                bundle_id: row.get(0)?,
                created_at: row.get(1)?,
                agent_type: row.get(2)?,
                scope: row.get(3)?,
                total_tokens: row.get(4)?,
                exact: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The bundle of that very id.
    pub fn bundle(&self, id: &BundleId) -> Result<Option<Bundle>> {
        Ok(self
            .0
            .prepare_cached("SELECT manifest FROM manifests WHERE bundle_id = ?1")?
            .query_row([id], |row| row.get::<_, Json<Bundle>>(0))
            .optional()?
            .map(|manifest| manifest.0))
    }

    /// The briefing last rendered from a bundle.
    pub fn latest_briefing(&self, bundle: &BundleId) -> Result<Option<KeptBriefing>> {
        Ok(self
            .0
            .prepare_cached(
                "SELECT briefing_hash, token_count, tokens_upper FROM briefings WHERE bundle_id = ?1
                 ORDER BY created_at DESC, seq DESC LIMIT 1",
            )?
            .query_row([bundle], |row| {
                let count = Count { tokens: row.get(1)?, upper: row.get(2)? };
                Ok(KeptBriefing { briefing_hash: row.get(0)?, count })
            })
            .optional()?)
    }
}

impl Writer<'_> {
    /// Keeps a bundle whose contents are in the store; the same one twice is one.
    pub fn keep_bundle(&self, bundle: &Bundle) -> Result<()> {
        self.keep_bundle_at(bundle, bundle.created_at, None)
    }

    /// The same, last prepared then, at a place among the others; without one it comes last.
    pub fn keep_bundle_at(
        &self,
        bundle: &Bundle,
        prepared_at: Timestamp,
        seq: Option<i64>,
    ) -> Result<()> {
        let new = self
            .0
            .prepare_cached(
                "INSERT INTO bundles (seq, bundle_id, bundle_hash, created_at, agent_type, scope,
                                  total_tokens, tokens_exact, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, row_seal(?2, ?3, ?4, ?5, ?6, ?7, ?8))
             ON CONFLICT (bundle_id) DO NOTHING",
            )?
            .execute(params![
                seq,
                bundle.bundle_id,
                bundle.bundle_hash,
                prepared_at,
                bundle.agent_type,
                bundle.scope,
                bundle.total_tokens,
                bundle.exact,
            ])?;
        if new == 0 {
            return Ok(());
        }
        self.tally.add(|it| it.bundles += 1);
        let shared = bundle.shared.as_ref().map(|shared| &shared.bundle_id);
        self.0
            .prepare_cached(
                "INSERT INTO manifests (bundle_id, shared_bundle_id, manifest, seal)
                 VALUES (?1, ?2, ?3, row_seal(?1, ?2, ?3))",
            )?
            .execute(params![bundle.bundle_id, shared, Json(bundle)])?;
        let mut statement = self.0.prepare_cached(
            "INSERT INTO bundle_contents (bundle_id, content_hash) VALUES (?1, ?2)
             ON CONFLICT (bundle_id, content_hash) DO NOTHING",
        )?;
        let items = bundle.context_items.iter();
        for item in items {
            statement.execute(params![bundle.bundle_id, item.content_hash])?;
        }
        Ok(())
    }

    /// Makes a kept bundle the latest: it was prepared again. Says whether it is there.
    pub fn renew_bundle(&self, id: &BundleId, now: Timestamp) -> Result<bool> {
        let renewed = self
            .0
            .prepare_cached(
                "UPDATE bundles SET created_at = ?2, seq = (SELECT max(seq) + 1 FROM bundles),
                   seal = row_seal(bundle_id, bundle_hash, ?2, agent_type, scope, total_tokens,
                                   tokens_exact)
                 WHERE bundle_id = ?1",
            )?
            .execute(params![id, now])?;
        Ok(renewed > 0)
    }

    /// Notes that a briefing (a content of the store) was rendered from a bundle. One that is handed over
    /// as it was rendered keeps the name of its template.
    pub fn keep_briefing(
        &self,
        bundle: &BundleId,
        briefing: &KeptBriefing,
        template: &str,
        now: Timestamp,
    ) -> Result<()> {
        self.keep_briefing_at(bundle, briefing, template, now, None)
    }

    /// The same, at a place among the others; without one it comes last.
    pub fn keep_briefing_at(
        &self,
        bundle: &BundleId,
        briefing: &KeptBriefing,
        template: &str,
        now: Timestamp,
        seq: Option<i64>,
    ) -> Result<()> {
        self.0
            .prepare_cached(
                "INSERT INTO briefings (seq, bundle_id, briefing_hash, template, token_count,
                                        tokens_upper, created_at, seal)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, row_seal(?2, ?3, ?4, ?5, ?6, ?7))
                 ON CONFLICT (bundle_id, briefing_hash)
                 DO UPDATE SET template = iif(excluded.template = ?8, template, excluded.template),
                               created_at = excluded.created_at,
                               seq = (SELECT max(seq) + 1 FROM briefings),
                               seal = row_seal(bundle_id, briefing_hash,
                                   iif(excluded.template = ?8, template, excluded.template),
                                   token_count, tokens_upper, excluded.created_at)",
            )?
            .execute(params![
                seq,
                bundle,
                briefing.briefing_hash,
                template,
                briefing.count.tokens,
                briefing.count.upper,
                now,
                GIVEN,
            ])?;
        Ok(())
    }
}
