//! Tables as text: RFC 4180, and what OWASP's "CSV Injection" asks for on top, so that nobody's words become a formula in the
//! spreadsheet of whoever opens the file.

use serde_json::{Map, Value};

/// Rows by the names of their columns, each line ended by CRLF. A missing value is an empty cell, an empty text is `""`.
pub fn write(columns: &[&str], has_header: bool, rows: &[Map<String, Value>]) -> String {
    let mut text = String::with_capacity(200 * (rows.len() + 1));
    if has_header {
        text.push_str(&columns.join(","));
        text.push_str("\r\n");
    }
    for row in rows {
        for (at, column) in columns.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            match row.get(*column) {
                None | Some(Value::Null) => {}
                Some(Value::String(words)) => cell(&mut text, words),
                Some(other) => text.push_str(&other.to_string()),
            }
        }
        text.push_str("\r\n");
    }
    text
}

/// Each line and each part between semicolons is marked by itself: a spreadsheet that separates by those, as in France, takes it
/// for a cell, since its quotes do not stand at the beginning of a line.
fn cell(text: &mut String, words: &str) {
    text.push('"');
    if words.starts_with(['\t', '\r', '\n']) {
        text.push('\'');
    }
    for part in words.split_inclusive([';', '\t', '\r', '\n']) {
        if is_formula(part) {
            text.push('\'');
        }
        text.push_str(&part.replace('"', "\"\""));
    }
    text.push('"');
}

/// Whether a spreadsheet could begin to compute: also behind blanks, which some skip, and by the full-width signs of Asian
/// keyboards.
fn is_formula(words: &str) -> bool {
    words.trim_start().starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_could_compute_is_marked() {
        for (words, written) in [
            ("=1+1", "'=1+1"),
            ("+33", "'+33"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\n", "'\n"),
            ("  =1", "'  =1"),
            ("＝1", "'＝1"),
            ("＠a", "'＠a"),
            ("Trier;=1+1;jeter", "Trier;'=1+1;jeter"),
            ("deux\r\n=lignes", "deux\r\n'=lignes"),
            ("", ""),
            ("a=1", "a=1"),
            ("2026-06-10", "2026-06-10"),
            ("'=1", "'=1"),
            ("Ranger, trier", "Ranger, trier"),
            ("10 - 2", "10 - 2"),
            ("é=1", "é=1"),
            ("10 - 2; deux\r\nlignes", "10 - 2; deux\r\nlignes"),
        ] {
            let mut text = String::new();
            cell(&mut text, words);
            assert_eq!(text, format!("\"{written}\""), "{words:?}");
        }
    }
}
