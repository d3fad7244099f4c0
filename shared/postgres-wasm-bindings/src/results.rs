//! The results of a batch.

use std::fmt;
use std::ops::Range;

use serde::Deserialize;

use crate::Error;
use crate::decode::Row;
use crate::encode::{heads, write_row};
use crate::json::Span;

/// What the statements of a batch returned, by the index that [`Batch::add`](crate::Batch::add) gave.
///
/// A row is read into a struct by column name (columns without a field are ignored), a tuple by position, or, when it has
/// one column, any other type. Values may borrow from the results. What a column can be read as:
///
/// | PostgreSQL | Rust |
/// |---|---|
/// | `boolean` | `bool` |
/// | `smallint`, `integer`, `bigint` | any integer that holds it; `f64` up to 15 digits |
/// | `numeric` | `String`; an integer if it is one; `f64` up to 15 digits |
/// | `real`, `double precision` | `f32`, `f64`, with infinities and NaN |
/// | `text`, `varchar`, `uuid`, enums, any other type | `String`, `&str`, what reads itself from text (`Uuid`), unit enums |
/// | `date`, `time`, `timestamp`, `timestamptz` | chrono's types; as `String` the RFC 3339 form |
/// | `json`, `jsonb` | anything that serde_json reads; `Box<RawValue>` and `&RawValue` pass it on unread |
/// | `bytea` | `Bytea<Vec<u8>>` |
/// | arrays | `Vec` of the above, nested for more dimensions; of `json` and `jsonb` only scalars (`to_jsonb(column)` makes one document of them) |
/// | null | `Option` |
#[derive(Default)]
pub struct Results {
    /// The answer, its strings unescaped in place; everything else points into it.
    pub(crate) text: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) cells: Vec<Span>,
    pub(crate) sets: Vec<Set>,
    pub(crate) calls: u32,
}

/// One statement's share.
pub(crate) struct Set {
    pub(crate) columns: Range<usize>,
    pub(crate) cells: Range<usize>,
    pub(crate) rows: usize,
    pub(crate) affected: u64,
}

#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub(crate) name: Span,
    /// Object id of its type; 0 when the server did not tell.
    pub(crate) oid: u32,
}

impl Results {
    /// How many statements there were.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Whether there were no statements.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// All rows of a statement.
    ///
    /// # Errors
    /// [`Error::Decode`] names the column that does not fit `T`.
    pub fn rows<'a, T: Deserialize<'a>>(&'a self, statement: usize) -> Result<Vec<T>, Error> {
        let set = self.set(statement)?;
        (0..set.rows).map(|row| self.row(statement, set, row)).collect()
    }

    /// The one row of a statement.
    ///
    /// # Errors
    /// [`Error::RowCount`] unless there is exactly one; [`Error::Decode`].
    pub fn one<'a, T: Deserialize<'a>>(&'a self, statement: usize) -> Result<T, Error> {
        match self.set(statement)? {
            set if set.rows == 1 => self.row(statement, set, 0),
            set => Err(Error::RowCount { statement, expected: "one row", found: set.rows }),
        }
    }

    /// The row of a statement that returns one or none.
    ///
    /// # Errors
    /// [`Error::RowCount`] if there are several; [`Error::Decode`].
    pub fn optional<'a, T: Deserialize<'a>>(&'a self, statement: usize) -> Result<Option<T>, Error> {
        match self.set(statement)? {
            set if set.rows == 0 => Ok(None),
            set if set.rows == 1 => self.row(statement, set, 0).map(Some),
            set => Err(Error::RowCount { statement, expected: "at most one row", found: set.rows }),
        }
    }

    /// The row of a statement at `index`, from 0.
    ///
    /// # Errors
    /// [`Error::RowCount`] if there are fewer; [`Error::Decode`].
    pub fn at<'a, T: Deserialize<'a>>(&'a self, statement: usize, index: usize) -> Result<T, Error> {
        match self.set(statement)? {
            set if index < set.rows => self.row(statement, set, index),
            set => Err(Error::RowCount { statement, expected: "more rows", found: set.rows }),
        }
    }

    /// How many rows a statement returned.
    ///
    /// # Errors
    /// [`Error::Protocol`] if there is no such statement.
    pub fn count(&self, statement: usize) -> Result<usize, Error> {
        self.set(statement).map(|set| set.rows)
    }

    /// Appends the first `most` rows of a statement to `out`, as JSON objects with a comma between them: what goes on to
    /// somebody who wants JSON need not be read into types on the way. Each column is a member of its name: booleans,
    /// integers and floats as such, `json` and `jsonb` as they are, dates and times in RFC 3339, anything else as a string.
    ///
    /// # Errors
    /// [`Error::Decode`] names a column of arrays or bytes, or one with an infinity or NaN, which JSON has no word for.
    pub fn write_json(&self, statement: usize, most: usize, out: &mut String) -> Result<(), Error> {
        let set = self.set(statement)?;
        let heads = heads(&self.columns[set.columns.clone()], &self.text);
        for row in 0..set.rows.min(most) {
            if row > 0 {
                out.push(',');
            }
            write_row(self.row_of(set, row), &heads, out).map_err(|mismatch| mismatch.in_statement(statement))?;
        }
        Ok(())
    }

    /// How many rows a statement returned or changed; 0 for statements that do neither.
    ///
    /// # Errors
    /// [`Error::Protocol`] if there is no such statement.
    pub fn affected(&self, statement: usize) -> Result<u64, Error> {
        self.set(statement).map(|set| set.affected)
    }

    /// The text of a statement's first cell as PostgreSQL wrote it, meant for JSON made in the database (`select
    /// json_agg(…)`) that is passed on unread. `None` when there is no row or the cell is null.
    ///
    /// # Errors
    /// [`Error::Protocol`] if there is no such statement.
    pub fn json(&self, statement: usize) -> Result<Option<&str>, Error> {
        Ok(self.first_cell(statement)?.of(&self.text))
    }

    /// As [`Results::json`], keeping the answer's own buffer: nothing is allocated.
    ///
    /// # Errors
    /// [`Error::Protocol`] if there is no such statement.
    pub fn into_json(mut self, statement: usize) -> Result<Option<String>, Error> {
        let cell = self.first_cell(statement)?;
        if cell.of(&self.text).is_none() {
            return Ok(None);
        }
        let Range { start, end } = cell.range();
        self.text.truncate(end);
        self.text.drain(..start);
        Ok(Some(self.text))
    }

    /// How many round trips the batch took: 1, or more after retries.
    pub fn calls(&self) -> u32 {
        self.calls
    }

    /// How many rows came, of all statements together.
    pub fn row_count(&self) -> usize {
        self.sets.iter().map(|set| set.rows).sum()
    }

    fn set(&self, statement: usize) -> Result<&Set, Error> {
        self.sets.get(statement).ok_or_else(|| Error::Protocol(format!("the batch has no statement {statement}")))
    }

    fn first_cell(&self, statement: usize) -> Result<Span, Error> {
        let set = self.set(statement)?;
        Ok(self.cells[set.cells.clone()].first().copied().unwrap_or(Span::NULL))
    }

    fn row<'a, T: Deserialize<'a>>(&'a self, statement: usize, set: &Set, row: usize) -> Result<T, Error> {
        T::deserialize(self.row_of(set, row)).map_err(|mismatch| mismatch.in_statement(statement))
    }

    fn row_of(&self, set: &Set, row: usize) -> Row<'_> {
        let width = set.columns.len();
        let first = set.cells.start + row * width;
        Row { text: &self.text, columns: &self.columns[set.columns.clone()], cells: &self.cells[first..first + width] }
    }
}

/// Rows are personal data: only their number is shown.
impl fmt::Debug for Results {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Results")
            .field("statements", &self.len())
            .field("rows", &self.row_count())
            .field("calls", &self.calls)
            .finish_non_exhaustive()
    }
}
