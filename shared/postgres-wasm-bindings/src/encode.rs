//! Rows as JSON, without types of ours in between.

use crate::decode::{Mismatch, Row, oid};
use crate::json::write_string;
use crate::time;

pub(crate) fn write_row(row: Row<'_>, out: &mut String) -> Result<(), Mismatch> {
    let mut separator = '{';
    for (column, cell) in row.columns.iter().zip(row.cells) {
        let name = column.name.of(row.text).unwrap_or_default();
        out.push(separator);
        separator = ',';
        write_string(out, name);
        out.push(':');
        match cell.of(row.text) {
            Some(text) => write_cell(text, column.oid, out).map_err(|mismatch| mismatch.in_column(name))?,
            None => out.push_str("null"),
        }
    }
    out.push('}');
    Ok(())
}

fn write_cell(text: &str, kind: u32, out: &mut String) -> Result<(), Mismatch> {
    match kind {
        oid::BOOL => out.push_str(if text == "t" { "true" } else { "false" }),
        oid::INT2 | oid::INT4 | oid::INT8 | oid::OID | oid::JSON | oid::JSONB => out.push_str(text),
        oid::FLOAT4 | oid::FLOAT8 if !text.ends_with(|last: char| last.is_ascii_digit()) => {
            return Err(Mismatch::expected("a finite number"));
        }
        oid::FLOAT4 | oid::FLOAT8 => out.push_str(text),
        oid::DATE | oid::TIMESTAMP | oid::TIMESTAMPTZ => {
            out.push('"');
            time::write_rfc3339(text, out);
            out.push('"');
        }
        oid::BYTEA => return Err(Mismatch::expected("a type that JSON has")),
        array if oid::element(array).is_some() => {
            return Err(Mismatch::expected("a column of type jsonb (to_jsonb makes it so)"));
        }
        _ => write_string(out, text),
    }
    Ok(())
}
