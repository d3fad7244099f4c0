//! Reads the JSON of an answer in place.

use crate::Error;

/// The lower-case digit of a number below 16.
pub(crate) fn hex_digit(nibble: u8) -> char {
    (if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }) as char
}

/// A piece of the document, as positions, so that it can be kept beside the text it points into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    /// Stands for JSON's null: no string can start there.
    pub(crate) const NULL: Span = Span { start: u32::MAX, end: u32::MAX };

    pub(crate) fn of(self, text: &str) -> Option<&str> {
        if self == Span::NULL { None } else { text.get(self.start as usize..self.end as usize) }
    }

    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Reads a JSON document front to back. Strings are unescaped where they stand (an escape is never shorter than what it
/// stands for), so a document costs one buffer however many strings it holds.
pub(crate) struct Reader<'a> {
    bytes: &'a mut [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a mut [u8]) -> Result<Reader<'a>, Error> {
        if bytes.len() >= u32::MAX as usize {
            return Err(Error::Protocol("an answer of 4 GiB or more".into()));
        }
        Ok(Reader { bytes, at: 0 })
    }

    /// The next byte that is not white space, without taking it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    /// Takes `byte` if it comes next.
    pub(crate) fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn expect(&mut self, byte: u8) -> Result<(), Error> {
        if self.take(byte) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        if self.peek().is_none() { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Calls `field` with every key of an object; it must take the value.
    pub(crate) fn object(&mut self, mut field: impl FnMut(&mut Self, Span) -> Result<(), Error>) -> Result<(), Error> {
        self.expect(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.peek();
            let key = self.string()?;
            self.expect(b':')?;
            field(self, key)?;
            if self.take(b'}') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// Calls `item` for every item of an array; it must take the value.
    pub(crate) fn array(&mut self, mut item: impl FnMut(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.expect(b'[')?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.take(b']') {
                return Ok(());
            }
            self.expect(b',')?;
        }
    }

    /// Any value as text: a string without its quotes, null as [`Span::NULL`], anything else as it is written.
    pub(crate) fn value(&mut self) -> Result<Span, Error> {
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{' | b'[') => self.nested(),
            _ => self.literal(),
        }
    }

    pub(crate) fn key(&self, key: Span) -> &[u8] {
        self.bytes.get(key.range()).unwrap_or_default()
    }

    /// A number without sign or fraction; anything else is `None`.
    pub(crate) fn number(&mut self) -> Result<Option<u64>, Error> {
        let span = self.value()?;
        Ok(std::str::from_utf8(self.key(span)).ok().and_then(|digits| digits.parse().ok()))
    }

    fn literal(&mut self) -> Result<Span, Error> {
        let start = self.at;
        while let Some(b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.') = self.bytes.get(self.at) {
            self.at += 1;
        }
        match &self.bytes[start..self.at] {
            b"null" => Ok(Span::NULL),
            b"true" | b"false" => Ok(self.span(start, self.at)),
            [b'-' | b'0'..=b'9', ..] => Ok(self.span(start, self.at)),
            _ => Err(self.unexpected()),
        }
    }

    /// An object or an array, untouched. Counts brackets instead of recursing: depth is the sender's choice.
    fn nested(&mut self) -> Result<Span, Error> {
        let start = self.at;
        let mut depth = 0usize;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        return Ok(self.span(start, self.at));
                    }
                }
                b'"' => self.skip_string()?,
                _ => {}
            }
        }
        Err(self.unexpected())
    }

    fn skip_string(&mut self) -> Result<(), Error> {
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1 + usize::from(byte == b'\\');
            if byte == b'"' {
                return Ok(());
            }
        }
        Err(self.unexpected())
    }

    fn string(&mut self) -> Result<Span, Error> {
        if self.bytes.get(self.at) != Some(&b'"') {
            return Err(self.unexpected());
        }
        self.at += 1;
        let start = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return Ok(self.span(start, self.at - 1));
                }
                b'\\' => return self.escaped_string(start),
                _ => self.at += 1,
            }
        }
        Err(self.unexpected())
    }

    /// The rest of a string from its first escape on.
    fn escaped_string(&mut self, start: usize) -> Result<Span, Error> {
        let mut end = self.at;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'"' => {
                    // What is left of a longer original must stay valid UTF-8.
                    self.bytes[end..self.at - 1].fill(b' ');
                    return Ok(self.span(start, end));
                }
                b'\\' => {
                    // What it stands for never takes more bytes than were read.
                    let char = small_json::escape(self.bytes, &mut self.at).ok_or_else(|| self.unexpected())?;
                    end += char.encode_utf8(&mut self.bytes[end..]).len();
                }
                _ => {
                    self.bytes[end] = byte;
                    end += 1;
                }
            }
        }
        Err(self.unexpected())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        // `new` refused longer documents.
        Span { start: start as u32, end: end as u32 }
    }

    pub(crate) fn unexpected(&self) -> Error {
        Error::Protocol(format!("the answer is not the JSON expected at byte {}", self.at.min(self.bytes.len())))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_strings(mut bytes: Vec<u8>) -> Result<Vec<Option<String>>, Error> {
        let mut spans = Vec::new();
        let mut reader = Reader::new(&mut bytes)?;
        reader.array(|reader| {
            spans.push(reader.value()?);
            Ok(())
        })?;
        reader.end()?;
        let text = String::from_utf8(bytes).map_err(|_| Error::Protocol("not UTF-8".into()))?;
        Ok(spans.into_iter().map(|span| span.of(&text).map(str::to_owned)).collect())
    }

    #[test]
    fn every_escape_is_read() {
        let strings = read_strings(br#" [ "\"\\\/\b\f\n\r\t\u00e9\u20AC\ud83d\ude00" , null, "" ,"plain"] "#.to_vec());
        let expected = [Some("\"\\/\u{8}\u{c}\n\r\té€😀"), None, Some(""), Some("plain")];
        assert_eq!(strings, Ok(expected.map(|text| text.map(str::to_owned)).to_vec()));
    }

    #[test]
    fn values_that_are_no_strings_keep_their_text() {
        let strings = read_strings(br#"[true,-1.5e+3,{"a":"]}\"\\","b":[1]},[[]]]"#.to_vec());
        let expected = ["true", "-1.5e+3", r#"{"a":"]}\"\\","b":[1]}"#, "[[]]"];
        assert_eq!(strings, Ok(expected.map(|text| Some(text.to_owned())).to_vec()));
    }

    #[test]
    fn broken_documents_are_refused() {
        for broken in [
            r#"["\ud800"]"#,
            r#"["\ud800\u0041"]"#,
            r#"["\udc00"]"#,
            r#"["\x"]"#,
            r#"["\u12"]"#,
            r#"["#,
            r#"[""#,
            r#"["\"#,
            r#"[1"#,
            r#"[1 2]"#,
            r#"[nul]"#,
            r#"[nullnull]"#,
            r#"[}]"#,
            r#"[{"a":1]"#,
            r#"[]]"#,
            r#"[,]"#,
            "",
        ] {
            assert!(read_strings(broken.as_bytes().to_vec()).is_err(), "{broken}");
        }
    }

    proptest! {
        #[test]
        fn strings_are_read_as_serde_json_writes_them(strings in prop::collection::vec(any::<Option<String>>(), 0..6)) {
            prop_assert_eq!(read_strings(serde_json::to_vec(&strings).unwrap()).unwrap(), strings);
        }

        #[test]
        fn escaped_and_plain_characters_mix(parts in prop::collection::vec((any::<char>(), any::<bool>()), 0..20)) {
            let text: String = parts.iter().map(|(char, _)| *char).collect();
            let mut json = String::from("[\"");
            for (char, escaped) in parts {
                if escaped || char < ' ' || char == '"' || char == '\\' {
                    for unit in char.encode_utf16(&mut [0; 2]) {
                        json.push_str(&format!("\\u{unit:04x}"));
                    }
                } else {
                    json.push(char);
                }
            }
            json.push_str("\"]");
            prop_assert_eq!(read_strings(json.into_bytes()).unwrap(), [Some(text)]);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in any::<Vec<u8>>()) {
            drop(read_strings(bytes));
        }

        #[test]
        fn what_looks_like_json_never_panics(text in r#"\[?["\\u0dD8{}\[\],:nul1e\-é ]{0,40}"#) {
            drop(read_strings(text.into_bytes()));
        }
    }
}
