//! How the model's types stand in columns: each as the text it has everywhere else.

use crate::model::{
    BundleId, ExecutionId, ExecutionStatus, ItemType, OutputId, OutputType, Phase, Priority,
    ReportId, SessionId, SessionStatus, Timestamp,
};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use serde::Serialize;
use serde::de::DeserializeOwned;

macro_rules! text_columns {
    ($($name:ty),+ $(,)?) => { $(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.to_string().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_str()?.parse().map_err(|why: <$name as std::str::FromStr>::Err| {
                    FromSqlError::Other(why.to_string().into())
                })
            }
        }
    )+ };
}

text_columns!(
    BundleId,
    ExecutionId,
    ExecutionStatus,
    ItemType,
    OutputId,
    OutputType,
    Priority,
    ReportId,
    SessionId,
    SessionStatus,
    Timestamp,
);

impl ToSql for Phase {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.number().into())
    }
}

impl FromSql for Phase {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = u8::column_result(value)?;
        Phase::try_from(number).map_err(|why| FromSqlError::Other(why.into()))
    }
}

/// A value that stands in its column as JSON.
pub(super) struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(&self.0)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(text.into())
    }
}

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?)
            .map(Json)
            .map_err(|error| FromSqlError::Other(error.into()))
    }
}

/// Bytes in a TEXT column, kept as they are: a final message is text, but nobody promised UTF-8.
pub(super) struct TextBytes<'a>(pub &'a [u8]);

impl ToSql for TextBytes<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(self.0)))
    }
}

/// The bytes of such a column.
pub(super) struct OwnedTextBytes(pub Vec<u8>);

impl FromSql for OwnedTextBytes {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(value.as_bytes()?.to_vec()))
    }
}
