//! The end of a list's statement, made of what was asked for, so that each condition can use its
//! index: `WHERE`, the order of all lists, where it continues, and how far it goes.

use super::names::Named;
use rusqlite::types::ToSql;

/// Conditions joined by AND, with their values in order.
#[derive(Clone, Default)]
pub(super) struct Filter<'a> {
    conditions: Vec<String>,
    values: Vec<&'a dyn ToSql>,
}

impl<'a> Filter<'a> {
    /// Adds `condition`, such as `status = ?`, if there is a value for it.
    pub fn and(mut self, condition: &str, value: &'a Option<impl ToSql>) -> Self {
        if let Some(value) = value {
            self.values.push(value);
            self.conditions.push(condition.replace('?', &format!("?{}", self.values.len())));
        }
        self
    }

    /// How many conditions there are.
    pub fn len(&self) -> usize {
        self.conditions.len()
    }

    /// `select` with these conditions: newest first, behind the row `after`, at most as many rows as
    /// `limit` says; 0 is no limit. A page begins where its index says, however far back that is.
    pub fn list<T: Named + ToSql>(
        self,
        select: &str,
        after: &'a Option<T>,
        limit: &'a u32,
    ) -> (String, Vec<&'a dyn ToSql>) {
        let (table, id, time) = T::COLUMNS;
        let Filter { conditions, mut values } = self.and(
            &format!(
                "({table}.{time}, {table}.seq) < (SELECT {time}, seq FROM {table} WHERE {id} = ?)"
            ),
            after,
        );
        let mut sql = match conditions.is_empty() {
            true => select.to_owned(),
            false => format!("{select} WHERE {}", conditions.join(" AND ")),
        };
        sql += &format!(" ORDER BY {table}.{time} DESC, {table}.seq DESC");
        if *limit > 0 {
            values.push(limit);
            sql += &format!(" LIMIT ?{}", values.len());
        }
        (sql, values)
    }

    /// The conditions as a `WHERE`, with their values; for what is not a list.
    pub fn condition(self) -> (String, Vec<&'a dyn ToSql>) {
        match self.conditions.is_empty() {
            true => (String::new(), self.values),
            false => (format!("WHERE {}", self.conditions.join(" AND ")), self.values),
        }
    }
}
