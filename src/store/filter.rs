//! `WHERE` made of the conditions that were asked for, so that each can use its index.

use rusqlite::types::ToSql;

/// Conditions joined by AND, with their values in order.
#[derive(Default)]
pub(super) struct Filter<'a> {
    conditions: Vec<&'static str>,
    values: Vec<&'a dyn ToSql>,
}

impl<'a> Filter<'a> {
    /// Adds `condition`, such as `status = ?`, if there is a value for it.
    pub fn and(mut self, condition: &'static str, value: &'a Option<impl ToSql>) -> Self {
        if let Some(value) = value {
            self.conditions.push(condition);
            self.values.push(value);
        }
        self
    }

    /// `select` with these conditions, then `order`, then at most as many rows as `limit` says; 0 is
    /// no limit.
    pub fn sql(&mut self, select: &str, order: &str, limit: &'a u32) -> String {
        let mut sql = select.to_owned();
        for (n, condition) in self.conditions.iter().enumerate() {
            sql += if n == 0 { " WHERE " } else { " AND " };
            sql += &condition.replace('?', &format!("?{}", n + 1));
        }
        sql += &format!(" ORDER BY {order}");
        if *limit > 0 {
            self.values.push(limit);
            sql += &format!(" LIMIT ?{}", self.values.len());
        }
        sql
    }

    pub fn values(&self) -> &[&'a dyn ToSql] {
        &self.values
    }
}
