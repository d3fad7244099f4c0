//! Writing JSON straight from PostgreSQL's text format.

use std::collections::HashMap;

use postgres_types::{Kind, Type};

/// Nesting deeper than this is no array of PostgreSQL's (which stops at 6).
const DEEPEST_ARRAY: usize = 8;

/// An array type: its element's type and the character between elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArrayType {
    pub element: u32,
    pub delimiter: u8,
}

/// Array types that are not built in, by OID.
pub(crate) type ArrayTypes = HashMap<u32, ArrayType>;

/// Appends a JSON string.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut written = 0;
    for (index, &byte) in bytes.iter().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[written..index]);
        written = index + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(byte >> 4)]);
                out.push(HEX[usize::from(byte & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[written..]);
    out.push(b'"');
}

/// Appends a value of type `oid`, given as PostgreSQL prints it, in Neon's typed mode: booleans, small
/// integers and finite floats as themselves, `json` inlined, arrays as arrays, all else a string, and so
/// what is not printed as its type should be.
pub(crate) fn typed(out: &mut Vec<u8>, text: &str, oid: u32, arrays: &ArrayTypes) {
    let Some(array) = array_type(oid, arrays) else { return scalar(out, text, oid) };
    let before = out.len();
    if (ArrayParser { rest: text, array, arrays, out }).document().is_err() {
        out.truncate(before);
        string(out, text);
    }
}

fn scalar(out: &mut Vec<u8>, text: &str, oid: u32) {
    match Type::from_oid(oid) {
        Some(Type::BOOL) => out.extend_from_slice(if text == "t" { b"true" } else { b"false" }),
        Some(Type::INT2 | Type::INT4 | Type::FLOAT4 | Type::FLOAT8) if is_number(text) => {
            out.extend_from_slice(text.as_bytes());
        }
        Some(Type::JSON | Type::JSONB) => out.extend_from_slice(text.as_bytes()),
        _ => string(out, text),
    }
}

/// `NaN` and `Infinity` are not JSON numbers; what else PostgreSQL prints for these types is.
fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e'))
}

fn array_type(oid: u32, arrays: &ArrayTypes) -> Option<ArrayType> {
    match Type::from_oid(oid) {
        // The catalogue has them as arrays; they are printed with blanks between their elements.
        Some(Type::INT2_VECTOR | Type::OID_VECTOR) => None,
        Some(builtin) => match builtin.kind() {
            Kind::Array(element) => {
                let delimiter = if *element == Type::BOX { b';' } else { b',' };
                Some(ArrayType { element: element.oid(), delimiter })
            }
            _ => None,
        },
        None => arrays.get(&oid).copied(),
    }
}

struct ArrayParser<'a> {
    rest: &'a str,
    array: ArrayType,
    arrays: &'a ArrayTypes,
    out: &'a mut Vec<u8>,
}

const UNBALANCED: &str = "unbalanced array";

impl ArrayParser<'_> {
    fn document(&mut self) -> Result<(), &'static str> {
        // Bounds such as `[0:1]=` have no place in JSON.
        if self.rest.starts_with('[') {
            self.rest = self.rest.split_once('=').ok_or(UNBALANCED)?.1;
        }
        self.list(0)?;
        if self.rest.is_empty() { Ok(()) } else { Err(UNBALANCED) }
    }

    fn list(&mut self, depth: usize) -> Result<(), &'static str> {
        if depth > DEEPEST_ARRAY {
            return Err(UNBALANCED);
        }
        self.expect(b'{')?;
        self.out.push(b'[');
        if !self.rest.starts_with('}') {
            loop {
                self.item(depth)?;
                if self.expect(self.array.delimiter).is_err() {
                    break;
                }
                self.out.push(b',');
            }
        }
        self.expect(b'}')?;
        self.out.push(b']');
        Ok(())
    }

    fn item(&mut self, depth: usize) -> Result<(), &'static str> {
        if self.rest.starts_with('{') {
            return self.list(depth + 1);
        }
        if self.rest.starts_with('"') {
            let text = self.quoted()?;
            typed(self.out, &text, self.array.element, self.arrays);
            return Ok(());
        }
        let delimiter = char::from(self.array.delimiter);
        let end = self.rest.find([delimiter, '}']).ok_or(UNBALANCED)?;
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        if text == "NULL" {
            self.out.extend_from_slice(b"null");
            return Ok(());
        }
        typed(self.out, text, self.array.element, self.arrays);
        Ok(())
    }

    fn quoted(&mut self) -> Result<String, &'static str> {
        let mut text = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        while let Some((index, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[index + 1..];
                    return Ok(text);
                }
                '\\' => text.push(characters.next().ok_or(UNBALANCED)?.1),
                other => text.push(other),
            }
        }
        Err(UNBALANCED)
    }

    fn expect(&mut self, byte: u8) -> Result<(), &'static str> {
        self.rest = self.rest.strip_prefix(char::from(byte)).ok_or(UNBALANCED)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn convert(text: &str, kind: &Type) -> Result<Value, serde_json::Error> {
        let mut out = Vec::new();
        typed(&mut out, text, kind.oid(), &ArrayTypes::new());
        serde_json::from_slice(&out)
    }

    #[test]
    fn what_is_not_printed_as_its_type_should_be_is_a_string() {
        assert_eq!(convert("1 2 3", &Type::INT2_VECTOR).unwrap(), json!("1 2 3"));
        assert_eq!(convert("", &Type::OID_VECTOR).unwrap(), json!(""));
        assert_eq!(convert(r#"{"1 2","3"}"#, &Type::INT2_VECTOR_ARRAY).unwrap(), json!(["1 2", "3"]));
        for text in ["1 2", "{1,2", "{1}}", "[0:1]", "{\"a"] {
            assert_eq!(convert(text, &Type::INT4_ARRAY).unwrap(), json!(text), "{text}");
        }
    }

    #[test]
    fn small_numbers_are_numbers_and_large_ones_strings() {
        assert_eq!(convert("-7", &Type::INT4).unwrap(), json!(-7));
        assert_eq!(convert("1e-05", &Type::FLOAT8).unwrap(), json!(1e-5));
        assert_eq!(convert("NaN", &Type::FLOAT8).unwrap(), json!("NaN"));
        assert_eq!(convert("-Infinity", &Type::FLOAT4).unwrap(), json!("-Infinity"));
        assert_eq!(convert("9007199254740993", &Type::INT8).unwrap(), json!("9007199254740993"));
        assert_eq!(convert("1.10", &Type::NUMERIC).unwrap(), json!("1.10"));
        assert_eq!(convert("t", &Type::BOOL).unwrap(), json!(true));
        assert_eq!(convert("{\"a\": [1]}", &Type::JSONB).unwrap(), json!({"a": [1]}));
    }

    #[test]
    fn arrays_keep_nesting_nulls_quotes_and_drop_bounds() {
        assert_eq!(convert("{}", &Type::INT4_ARRAY).unwrap(), json!([]));
        assert_eq!(convert("{{1,2},{3,NULL}}", &Type::INT4_ARRAY).unwrap(), json!([[1, 2], [3, null]]));
        assert_eq!(convert("[0:1]={1,2}", &Type::INT4_ARRAY).unwrap(), json!([1, 2]));
        assert_eq!(
            convert(r#"{a,"b,\"c\\","NULL","","{"}"#, &Type::TEXT_ARRAY).unwrap(),
            json!(["a", "b,\"c\\", "NULL", "", "{"])
        );
        assert_eq!(convert(r#"{"{\"a\": 1}"}"#, &Type::JSONB_ARRAY).unwrap(), json!([{"a": 1}]));
        assert_eq!(convert("{(1,1),(0,0);(2,2),(1,1)}", &Type::BOX_ARRAY).unwrap(), json!(["(1,1),(0,0)", "(2,2),(1,1)"]));
    }

    proptest! {
        #[test]
        fn every_string_survives(text in any::<String>()) {
            let mut out = Vec::new();
            string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn a_hostile_array_is_json(text in "[{}\",;\\\\\\[\\]=NUL0-9é ]{0,40}") {
            prop_assert!(convert(&text, &Type::TEXT_ARRAY).is_ok());
        }

        #[test]
        fn whatever_a_type_prints_is_json(oid in 1_u32..6000, text in "[{}\",;\\\\\\[\\]=NULtf é]{0,20}") {
            if let Some(kind) = Type::from_oid(oid).filter(|kind| ![Type::JSON, Type::JSONB].contains(kind)) {
                let of_json = matches!(kind.kind(), Kind::Array(of) if [Type::JSON, Type::JSONB].contains(of));
                prop_assert!(of_json || convert(&text, &kind).is_ok(), "{}", kind);
            }
        }
    }
}
