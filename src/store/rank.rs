//! How well a text matches what is searched for: BM25, as FTS5 has it, but for one thing. FTS5 counts
//! all rows that have a word before it ranks the first, which takes as long as the history is large.
//! Here a word that many rows have is counted in the oldest of them, and how often it comes in all
//! is taken from how close together those stand.

#![allow(unsafe_code)]

use rusqlite::{Connection, ffi};
use std::cell::RefCell;
use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::rc::Rc;

/// What FTS5 calls the function.
pub(super) const NAME: &str = "closeness";
const C_NAME: &CStr = c"closeness";

/// So many rows of a word are counted.
const COUNTED: i64 = 1000;

/// BM25's two constants, as FTS5 has them.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// The least weight of a word, which one that most rows have would not reach.
const LEAST: f64 = 1e-6;

/// What is the same for all rows of one search.
struct Weights {
    /// Tokens of a row, on average.
    average: f64,
    /// How much each phrase says.
    phrases: Vec<f64>,
}

thread_local! {
    /// Those of the search that this thread makes. FTS5 would keep them too, but forgets them between
    /// one row and the next where each is asked for by itself.
    static WEIGHTS: RefCell<Option<Rc<Weights>>> = const { RefCell::new(None) };
}

/// To be called before each search.
pub(super) fn begin() {
    WEIGHTS.set(None);
}

/// Rows that have a phrase, the oldest first.
#[derive(Default)]
struct Counted {
    rows: i64,
    last: i64,
}

/// A function of FTS5 that is missing, or what it returned.
type Outcome<T> = Result<T, c_int>;

/// Makes the function known to a connection.
pub(super) fn register(conn: &Connection) -> rusqlite::Result<()> {
    // SAFETY: the handle is that of an open connection, and FTS5's interface lives as long as it.
    let code = unsafe {
        match interface(conn.handle()) {
            Some(api) => match (*api).xCreateFunction {
                Some(create) => {
                    create(api, C_NAME.as_ptr(), ptr::null_mut(), Some(closeness), None)
                }
                None => ffi::SQLITE_ERROR,
            },
            None => ffi::SQLITE_ERROR,
        }
    };
    match code {
        ffi::SQLITE_OK => Ok(()),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// FTS5's interface, which a statement hands out.
unsafe fn interface(db: *mut ffi::sqlite3) -> Option<*mut ffi::fts5_api> {
    let mut api: *mut ffi::fts5_api = ptr::null_mut();
    let mut statement: *mut ffi::sqlite3_stmt = ptr::null_mut();
    // SAFETY: `api` outlives the statement that writes it; a null statement is allowed by the last two.
    unsafe {
        let sql = c"SELECT fts5(?1)".as_ptr();
        if ffi::sqlite3_prepare_v2(db, sql, -1, &mut statement, ptr::null_mut()) == ffi::SQLITE_OK {
            let to = (&raw mut api).cast::<c_void>();
            ffi::sqlite3_bind_pointer(statement, 1, to, c"fts5_api_ptr".as_ptr().cast(), None);
            ffi::sqlite3_step(statement);
        }
        ffi::sqlite3_finalize(statement);
    }
    (!api.is_null()).then_some(api)
}

/// The function itself: FTS5 calls it for each row, with the weights of the columns.
unsafe extern "C" fn closeness(
    api: *const ffi::Fts5ExtensionApi,
    fts: *mut ffi::Fts5Context,
    context: *mut ffi::sqlite3_context,
    given: c_int,
    values: *mut *mut ffi::sqlite3_value,
) {
    // SAFETY: FTS5 hands over what is valid for this call.
    unsafe {
        let columns: Vec<f64> = (0..usize::try_from(given).unwrap_or(0))
            .map(|at| ffi::sqlite3_value_double(*values.add(at)))
            .collect();
        let row = Row { api: &*api, fts };
        match row.score(&columns) {
            Ok(score) => ffi::sqlite3_result_double(context, -score),
            Err(code) => ffi::sqlite3_result_error_code(context, code),
        }
    }
}

/// The row that FTS5 stands on.
struct Row<'a> {
    api: &'a ffi::Fts5ExtensionApi,
    fts: *mut ffi::Fts5Context,
}

/// Calls one of FTS5's functions that return a code.
macro_rules! call {
    ($row:expr, $name:ident $(, $argument:expr)*) => {
        match $row.api.$name {
            // SAFETY: the context is the one of this call, and what is written to outlives it.
            Some(function) => match unsafe { function($row.fts $(, $argument)*) } {
                ffi::SQLITE_OK => Ok(()),
                code => Err(code),
            },
            None => Err(ffi::SQLITE_ERROR),
        }
    };
}

impl Row<'_> {
    fn score(&self, columns: &[f64]) -> Outcome<f64> {
        let weights = self.weights()?;
        let mut found = vec![0.0; weights.phrases.len()];
        let mut instances = 0;
        call!(self, xInstCount, &mut instances)?;
        for at in 0..instances {
            let (mut phrase, mut column, mut offset) = (0, 0, 0);
            call!(self, xInst, at, &mut phrase, &mut column, &mut offset)?;
            let weight = columns.get(column as usize).copied().unwrap_or(1.0);
            if let Some(found) = found.get_mut(phrase as usize) {
                *found += weight;
            }
        }
        let mut tokens = 0;
        call!(self, xColumnSize, -1, &mut tokens)?;
        let length = K1 * (1.0 - B + B * f64::from(tokens) / weights.average);
        let parts = found.iter().zip(&weights.phrases);
        Ok(parts.map(|(times, weight)| weight * times * (K1 + 1.0) / (times + length)).sum())
    }

    /// Computed for the first row of a search.
    fn weights(&self) -> Outcome<Rc<Weights>> {
        if let Some(kept) = WEIGHTS.with_borrow(Option::clone) {
            return Ok(kept);
        }
        let made = Rc::new(self.weigh()?);
        WEIGHTS.set(Some(Rc::clone(&made)));
        Ok(made)
    }

    fn weigh(&self) -> Outcome<Weights> {
        let (mut rows, mut tokens) = (0, 0);
        call!(self, xRowCount, &mut rows)?;
        call!(self, xColumnTotalSize, -1, &mut tokens)?;
        let count = self.api.xPhraseCount.ok_or(ffi::SQLITE_ERROR)?;
        // SAFETY: as above.
        let phrases = unsafe { count(self.fts) };
        let phrases =
            (0..phrases).map(|phrase| self.weight(phrase, rows)).collect::<Outcome<_>>()?;
        Ok(Weights { average: tokens as f64 / rows.max(1) as f64, phrases })
    }

    /// The rarer a phrase, the more it says.
    fn weight(&self, phrase: c_int, rows: i64) -> Outcome<f64> {
        let mut counted = Counted::default();
        let to = (&raw mut counted).cast::<c_void>();
        call!(self, xQueryPhrase, phrase, to, Some(count_row))?;
        let (rows, found) = (rows as f64, counted.rows as f64);
        let with = match counted.rows < COUNTED {
            true => found,
            false => (found / counted.last as f64 * rows).clamp(found, rows.max(found)),
        };
        Ok(((rows - with + 0.5) / (with + 0.5)).ln().max(LEAST))
    }
}

/// Counts one row, and stops FTS5 when there are enough.
unsafe extern "C" fn count_row(
    api: *const ffi::Fts5ExtensionApi,
    fts: *mut ffi::Fts5Context,
    counted: *mut c_void,
) -> c_int {
    // SAFETY: what `weight` hands over, and nobody else has meanwhile.
    unsafe {
        let counted = &mut *counted.cast::<Counted>();
        counted.rows += 1;
        if counted.rows < COUNTED {
            return ffi::SQLITE_OK;
        }
        counted.last = (*api).xRowid.map_or(1, |rowid| rowid(fts)).max(1);
        ffi::SQLITE_DONE
    }
}
