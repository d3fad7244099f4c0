/// What stands in a string behind a backslash, from `at` on, which is moved behind it; nothing where it is no escape of JSON.
pub fn escape(bytes: &[u8], at: &mut usize) -> Option<char> {
    let byte = bytes.get(*at).copied();
    *at += 1;
    Some(match byte? {
        byte @ (b'"' | b'\\' | b'/') => byte as char,
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return unicode(bytes, at),
        _ => return None,
    })
}

#[inline(never)]
fn unicode(bytes: &[u8], at: &mut usize) -> Option<char> {
    let first = hex(bytes, at)?;
    let code = if (0xd800..0xdc00).contains(&first) && bytes[*at..].starts_with(b"\\u") {
        *at += 2;
        let second = hex(bytes, at)?;
        if !(0xdc00..0xe000).contains(&second) {
            return None;
        }
        0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
    } else {
        first
    };
    // Half a surrogate pair is no character; PostgreSQL cannot store one either.
    char::from_u32(code)
}

fn hex(bytes: &[u8], at: &mut usize) -> Option<u32> {
    let mut code = 0;
    for _ in 0..4 {
        let digit = bytes.get(*at).and_then(|byte| (*byte as char).to_digit(16));
        code = code * 16 + digit?;
        *at += 1;
    }
    Some(code)
}
