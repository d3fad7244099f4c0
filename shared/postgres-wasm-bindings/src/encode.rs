//! Rows as JSON, without types of ours in between.

use small_json::write_string;

use crate::decode::{Mismatch, Row, oid};
use crate::results::Column;
use crate::time;

/// What comes before each cell of a row: a brace or a comma, and the column's name.
pub(crate) fn heads(columns: &[Column], text: &str) -> Vec<String> {
    let head = |(index, column): (usize, &Column)| {
        let mut head = String::from(if index == 0 { "{" } else { "," });
        write_string(&mut head, column.name.of(text).unwrap_or_default());
        head.push(':');
        head
    };
    columns.iter().enumerate().map(head).collect()
}

pub(crate) fn write_row(row: Row<'_>, heads: &[String], out: &mut String) -> Result<(), Mismatch> {
    for ((column, cell), head) in row.columns.iter().zip(row.cells).zip(heads) {
        out.push_str(head);
        match cell.of(row.text) {
            Some(text) => {
                let name = || column.name.of(row.text).unwrap_or_default();
                write_cell(text, column.oid, out).map_err(|mismatch| mismatch.in_column(name()))?;
            }
            None => out.push_str("null"),
        }
    }
    out.push_str(if heads.is_empty() { "{}" } else { "}" });
    Ok(())
}

fn write_cell(text: &str, kind: u32, out: &mut String) -> Result<(), Mismatch> {
    match kind {
        oid::BOOL => out.push_str(if text == "t" { "true" } else { "false" }),
        oid::INT2 | oid::INT4 | oid::INT8 | oid::OID | oid::JSON | oid::JSONB => out.push_str(text),
        oid::FLOAT4 | oid::FLOAT8 if !text.ends_with(|last: char| last.is_ascii_digit()) => {
            return Err(Mismatch::expected("a finite number"));
        }
        oid::FLOAT4 | oid::FLOAT8 => {
            out.push_str(text);
            // As serde_json writes them, so that readers who tell them from integers see one kind.
            if !text.contains(['.', 'e']) {
                out.push_str(".0");
            }
        }
        oid::DATE | oid::TIMESTAMP | oid::TIMESTAMPTZ => {
            out.push('"');
            time::write_rfc3339(text, out);
            out.push('"');
        }
        // Nothing in it is ever escaped.
        oid::UUID => out.extend(["\"", text, "\""]),
        oid::BYTEA => return Err(Mismatch::expected("a type that JSON has")),
        array if oid::element(array).is_some() => {
            return Err(Mismatch::expected("a column of type jsonb (to_jsonb makes it so)"));
        }
        _ => write_string(out, text),
    }
    Ok(())
}
