//! The best rows of a full-text index: found without comparing all of very many.
//!
//! Of what very many rows match, the newest are compared; where a filter lets few of them through, those
//! it lets through are asked one by one. How a row ranks is for `rank` to say.

use super::filter::Filter;
use super::open::Reader;
use super::rank;
use super::search::{Hit, SearchFilter};
use crate::error::Result;
use rusqlite::types::ToSql;
use rusqlite::{OptionalExtension, Row};

/// From so many rows on, a word is common: it is taken as it is, not as the beginning of others, which
/// would have to be brought together first, all of them.
const COMMON: u32 = 1000;

/// Of what very many rows match, so many are compared, the newest; with a filter, those of them that it
/// lets through, if they are enough for a page.
const NEWEST: u32 = 500;

/// Of so few executions each is asked whether it has the words.
const RARE: u32 = 2000;

/// What to look for: quoted words and phrases, behind which a star lets others begin so.
#[derive(Debug, Clone, Copy)]
pub struct Words<'a> {
    pub terms: &'a [String],
    /// Whether one of them is enough.
    pub any: bool,
}

/// One full-text index and what is asked of it.
#[derive(Clone)]
pub(super) struct Index<'a> {
    pub name: &'static str,
    /// What a hit is made of.
    pub columns: String,
    /// What is joined for that and for the conditions.
    pub rows: String,
    /// The same, beginning with executions.
    pub rows_of_executions: String,
    /// The words, and between which rows.
    pub matching: Filter<'a>,
    /// The same with the conditions on what is joined.
    pub wanted: Filter<'a>,
    pub rank: Option<String>,
}

/// The first and the last row that can belong to a session.
pub(super) type Span = (Option<i64>, Option<i64>);

impl Reader<'_> {
    /// The words in the language of FTS5, as an index is asked for them.
    pub(super) fn expression(&self, index: &str, words: Words<'_>) -> Result<Option<String>> {
        let mut terms = Vec::with_capacity(words.terms.len());
        for term in words.terms {
            terms.push(match term.strip_suffix('*') {
                Some(word) if self.is_common(index, word)? => word,
                _ => term,
            });
        }
        Ok(Some(terms.join(if words.any { " OR " } else { " " })))
    }

    fn is_common(&self, index: &str, word: &str) -> Result<bool> {
        let (word, everywhere) = (Some(word), (None, None));
        let matching = matching(index, &word, &everywhere);
        Ok(self.nth_newest(index, matching, COMMON)?.is_some())
    }

    /// Between which rows `bounds` says that those of a filter's session stand.
    pub(super) fn span(&self, filter: &SearchFilter, bounds: &str) -> Result<Span> {
        let Some(session) = &filter.session_id else { return Ok((None, None)) };
        let span = self.0.prepare_cached(bounds)?.query_row([session], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?))
        })?;
        // A session without any has them before the first row.
        Ok((span.0.or(Some(0)), span.1.or(Some(0))))
    }

    /// The rows of one index that match best.
    pub(super) fn best(
        &self,
        index: &Index<'_>,
        filter: &SearchFilter,
        mut hit: impl FnMut(&Row<'_>) -> rusqlite::Result<Hit>,
    ) -> Result<Vec<Hit>> {
        if filter.limit == 0 || filter.limit >= NEWEST {
            return self.ranked(index, &None, filter.limit, &mut hit);
        }
        let lately = self.nth_newest(index.name, index.matching.clone(), NEWEST)?;
        let hits = self.ranked(index, &lately, filter.limit, &mut hit)?;
        let is_filtered = index.wanted.len() > index.matching.len();
        if lately.is_none() || !is_filtered || hits.len() > filter.limit as usize {
            return Ok(hits);
        }
        match self.rare(filter, &index.wanted)? {
            Some(few) => self.ranked_among(index, few, filter.limit, &mut hit),
            None => self.ranked(index, &None, filter.limit, &mut hit),
        }
    }

    /// What is wanted, sought among the executions that meet one of its conditions, if only few do.
    fn rare<'f>(
        &self,
        filter: &'f SearchFilter,
        wanted: &Filter<'f>,
    ) -> Result<Option<Filter<'f>>> {
        let SearchFilter { agent_type, model, status, .. } = filter;
        let few = self.rarely("agent_type", agent_type, wanted)?;
        let few = few.map_or_else(|| self.rarely("model", model, wanted), |few| Ok(Some(few)))?;
        few.map_or_else(|| self.rarely("status", status, wanted), |few| Ok(Some(few)))
    }

    fn rarely<'f>(
        &self,
        column: &str,
        value: &'f Option<impl ToSql>,
        wanted: &Filter<'f>,
    ) -> Result<Option<Filter<'f>>> {
        let Some(sought) = value else { return Ok(None) };
        let met = format!("SELECT seq FROM agent_executions WHERE {column} = ");
        let sql = format!("{met}?1 LIMIT 1 OFFSET {RARE}");
        let is_rare = !self.0.prepare_cached(&sql)?.exists([sought])?;
        Ok(is_rare.then(|| wanted.clone().and(&format!("e.seq IN ({met}?)"), value)))
    }

    /// The same as [`Self::ranked`] where few executions come into question: each of them is looked up in
    /// the index. Which are best is found out before excerpts are made.
    fn ranked_among(
        &self,
        index: &Index<'_>,
        few: Filter<'_>,
        limit: u32,
        hit: impl FnMut(&Row<'_>) -> rusqlite::Result<Hit>,
    ) -> Result<Vec<Hit>> {
        let Index { name, rows_of_executions, rank, .. } = index;
        let (condition, values) = few.and(&format!("{name}.rank MATCH ?"), rank).condition();
        let sql = format!(
            "SELECT {name}.rowid FROM agent_executions e {rows_of_executions} {condition}
             ORDER BY {name}.rank LIMIT {}",
            limit.saturating_add(1)
        );
        rank::begin();
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values as &[&dyn ToSql], |row| row.get::<_, i64>(0))?;
        let best = rows.collect::<Result<Vec<_>, _>>()?;
        let best = Some(serde_json::json!(best).to_string());
        let among = format!("{name}.rowid IN (SELECT value FROM json_each(?))");
        let index = Index { wanted: index.wanted.clone().and(&among, &best), ..index.clone() };
        self.ranked(&index, &None, limit, hit)
    }

    /// The nth row from the end that matches: FTS5 goes through an index backwards, and
    /// need not go through all of it.
    fn nth_newest(&self, index: &str, conditions: Filter<'_>, nth: u32) -> Result<Option<i64>> {
        let (condition, mut values) = conditions.condition();
        let before = nth - 1;
        values.push(&before);
        let sql = format!(
            "SELECT {index}.rowid FROM {index} {condition}
             ORDER BY {index}.rowid DESC LIMIT 1 OFFSET ?{}",
            values.len()
        );
        let mut statement = self.0.prepare_cached(&sql)?;
        Ok(statement.query_row(&*values as &[&dyn ToSql], |row| row.get(0)).optional()?)
    }

    /// The rows from `from` on, the best first, and one more than the limit.
    fn ranked(
        &self,
        index: &Index<'_>,
        from: &Option<i64>,
        limit: u32,
        hit: impl FnMut(&Row<'_>) -> rusqlite::Result<Hit>,
    ) -> Result<Vec<Hit>> {
        let Index { name, columns, rows, wanted, rank, .. } = index;
        let (condition, mut values) = wanted
            .clone()
            .and(&format!("{name}.rank MATCH ?"), rank)
            .and(&format!("{name}.rowid >= ?"), from)
            .condition();
        // FTS5 sorts its own rows by rank, and makes excerpts of those alone that are taken.
        let mut sql =
            format!("SELECT {columns} FROM {name} {rows} {condition} ORDER BY {name}.rank");
        let one_more = limit.saturating_add(1);
        if limit > 0 {
            values.push(&one_more);
            sql += &format!(" LIMIT ?{}", values.len());
        }
        rank::begin();
        let mut statement = self.0.prepare_cached(&sql)?;
        let rows = statement.query_map(&*values as &[&dyn ToSql], hit)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// The words, between two rows.
pub(super) fn matching<'a>(
    index: &str,
    words: &'a Option<impl ToSql>,
    (first, last): &'a Span,
) -> Filter<'a> {
    Filter::default()
        .and(&format!("{index} MATCH ?"), words)
        .and(&format!("{index}.rowid >= ?"), first)
        .and(&format!("{index}.rowid <= ?"), last)
}
