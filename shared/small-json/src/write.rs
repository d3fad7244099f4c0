/// Appends `text` as a JSON string, quotes included.
pub fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let short = match byte {
            b'"' => b'"',
            b'\\' => b'\\',
            b'\n' => b'n',
            b'\r' => b'r',
            b'\t' => b't',
            0..0x20 => b'u',
            _ => continue,
        };
        out.push_str(&text[written..at]);
        out.push('\\');
        out.push(short as char);
        if short == b'u' {
            out.push_str("00");
            out.push(hex_digit(byte >> 4));
            out.push(hex_digit(byte & 15));
        }
        written = at + 1;
    }
    out.push_str(&text[written..]);
    out.push('"');
}

/// The lower-case digit of a number below 16.
fn hex_digit(nibble: u8) -> char {
    (if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 }) as char
}

/// Writes an object member by member.
#[derive(Default)]
pub struct Object(String);

impl Object {
    pub fn new() -> Object {
        Object::default()
    }

    /// A member of any kind: `value` is JSON.
    pub fn raw(&mut self, name: &str, value: &str) -> &mut Object {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        write_string(&mut self.0, name);
        self.0.push(':');
        self.0.push_str(value);
        self
    }

    pub fn string(&mut self, name: &str, value: &str) -> &mut Object {
        self.raw(name, "");
        write_string(&mut self.0, value);
        self
    }

    /// Left out where it is `None`.
    pub fn maybe(&mut self, name: &str, value: Option<&str>) -> &mut Object {
        if let Some(value) = value {
            self.string(name, value);
        }
        self
    }

    pub fn number(&mut self, name: &str, value: i64) -> &mut Object {
        self.raw(name, &value.to_string())
    }

    /// The object's text.
    pub fn end(&mut self) -> String {
        let mut text = std::mem::take(&mut self.0);
        text.push_str(if text.is_empty() { "{}" } else { "}" });
        text
    }
}
