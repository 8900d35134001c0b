//! Seals: a checksum in each row of the record. SQLite checks how its pages hang together, not what stands
//! in them.
//!
//! A seal is computed by a function of SQL that every connection is taught, from all columns of the row but
//! `seq` and the seal, in the order of [`SEALED`]. Whoever writes a row writes its seal in the same statement.
//! Contents have none: they are kept by their hash.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;

/// A table whose rows are sealed.
pub(super) struct Sealed {
    pub table: &'static str,
    /// What names a row of it, in SQL.
    pub name: &'static str,
    /// What is sealed.
    pub columns: &'static str,
}

/// All of them.
pub(super) const SEALED: [Sealed; 11] = [
    Sealed {
        table: "bundles",
        name: "bundle_id",
        columns: "bundle_id, bundle_hash, created_at, agent_type, scope, total_tokens, tokens_exact",
    },
    Sealed {
        table: "manifests",
        name: "bundle_id",
        columns: "bundle_id, shared_bundle_id, manifest",
    },
    Sealed {
        table: "briefings",
        name: "bundle_id || ' ' || substr(briefing_hash, 1, 8)",
        columns: "bundle_id, briefing_hash, template, token_count, tokens_upper, created_at",
    },
    Sealed {
        table: "sessions",
        name: "session_id",
        columns: "session_id, created_at, scope, phase, status, ended_at, error_message, metadata",
    },
    Sealed {
        table: "agent_executions",
        name: "execution_id",
        columns:
            "execution_id, session_id, agent_type, deployed_at, completed_at, status, scope, phase,
            context_token_count, context_tokens_upper, context_tokens_exact, context_budget, model,
            bundle_id, briefing_hash, base_commit, success, error_message, deliverables,
            final_message_bytes, final_message",
    },
    Sealed {
        table: "completion_versions",
        name: "execution_id || ' ' || version",
        columns:
            "execution_id, version, replaced_at, completed_at, status, error_message, deliverables,
            final_message",
    },
    Sealed {
        table: "context_allocations",
        name: "allocation_id",
        columns: "allocation_id, execution_id, position, context_type, context_source, token_count,
            included_in_deployment, priority, content_hash",
    },
    Sealed {
        table: "outputs",
        name: "output_id",
        columns: "output_id, execution_id, output_type, content, created_at, metadata, subject",
    },
    Sealed {
        table: "reports",
        name: "report_id",
        columns: "report_id, session_id, created_at, template, bytes, content_hash",
    },
    Sealed {
        table: "captures",
        name: "coalesce(tool_use_id, agent_id)",
        columns: "harness, harness_session_id, tool_use_id, agent_id, parent_agent_id, execution_id,
            settled, seen_at, evidence",
    },
    Sealed {
        table: "usages",
        name: "execution_id",
        columns: "execution_id, requests, input_tokens, output_tokens, cache_read_tokens,
            cache_write_tokens, cache_write_1h_tokens, reported_tokens, tool_uses, duration_ms, model",
    },
];

/// The sealing of a table, if its rows are.
pub(super) fn sealed(table: &str) -> Option<&'static Sealed> {
    SEALED.iter().find(|it| it.table == table)
}

/// Teaches a connection `row_seal(…)`.
pub(super) fn teach(conn: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    conn.create_scalar_function("row_seal", -1, flags, |values| Ok(seal(values)))
}

fn seal(values: &Context<'_>) -> i64 {
    let mut hasher = blake3::Hasher::new();
    for at in 0..values.len() {
        match values.get_raw(at) {
            ValueRef::Null => drop(hasher.update(b"n")),
            ValueRef::Integer(number) => drop(hasher.update(b"i").update(&number.to_le_bytes())),
            ValueRef::Real(number) => drop(hasher.update(b"r").update(&number.to_le_bytes())),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                // With its length, so that no two rows run together to the same bytes.
                hasher.update(b"t").update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
            }
        }
    }
    let hash = hasher.finalize();
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a hash has 32 bytes");
    i64::from_le_bytes(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_tells_rows_apart() {
        let conn = Connection::open_in_memory().unwrap();
        teach(&conn).unwrap();
        let seal = |values: &str| -> i64 {
            conn.query_row(&format!("SELECT row_seal({values})"), [], |row| row.get(0)).unwrap()
        };
        assert_eq!(seal("'a', 1, NULL"), seal("'a', 1, NULL"));
        let others = ["'a', 1", "'a1', NULL, NULL", "'b', 1, NULL", "'a', 1, ''", "'a', '1', NULL"];
        let seals = others.map(seal);
        assert!(seals.iter().all(|it| *it != seal("'a', 1, NULL")), "{seals:?}");
    }

    /// A column that is added must be sealed, too.
    #[test]
    fn every_column_is_sealed() {
        let conn = Connection::open_in_memory().unwrap();
        crate::store::migrate::migrate(&conn, std::path::Path::new("test")).unwrap();
        for it in SEALED {
            let mut statement =
                conn.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid").unwrap();
            let columns: Vec<String> = statement
                .query_map([it.table], |row| row.get(0))
                .unwrap()
                .map(Result::unwrap)
                .collect();
            let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            columns.retain(|name| !["seq", "seal"].contains(name));
            let mut sealed: Vec<&str> = it.columns.split(',').map(str::trim).collect();
            columns.sort_unstable();
            sealed.sort_unstable();
            assert_eq!(columns, sealed, "{}", it.table);
        }
    }
}
