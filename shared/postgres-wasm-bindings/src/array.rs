//! PostgreSQL's array literals: `{1,NULL,"a \"quoted\" one"}`.

use std::borrow::Cow;

use crate::{ToSql, Unsendable};

/// The literal of a one-dimensional array. Every element is quoted: then none can be taken for NULL, a bracket or a blank.
pub(crate) fn write<T: ToSql>(items: &[T]) -> Result<String, Unsendable> {
    let mut out = String::from("{");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match item.to_sql()? {
            Some(text) => quote(&mut out, &text),
            None => out.push_str("NULL"),
        }
    }
    out.push('}');
    Ok(out)
}

fn quote(out: &mut String, text: &str) {
    out.push('"');
    let mut written = 0;
    for (at, _) in text.match_indices(['"', '\\']) {
        out.push_str(&text[written..at]);
        out.push('\\');
        written = at;
    }
    out.push_str(&text[written..]);
    out.push('"');
}

/// What stands at one place of an array.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    Null,
    Text(Cow<'a, str>),
    /// An array of the next dimension, as its own literal.
    Array(&'a str),
}

/// The items of an array literal, in order.
pub(crate) struct Items<'a> {
    rest: &'a str,
    state: State,
}

enum State {
    First,
    Next,
    Done,
}

impl<'a> Items<'a> {
    /// `None` when `text` is no array literal.
    pub(crate) fn of(text: &'a str) -> Option<Items<'a>> {
        // An array that does not start at 1 says so first: `[0:1]={7,8}`.
        let body = if text.starts_with('[') { text.split_once('=')?.1 } else { text };
        let rest = body.strip_prefix('{')?.strip_suffix('}')?;
        let state = if rest.is_empty() { State::Done } else { State::First };
        Some(Items { rest, state })
    }

    /// The next item; `Err` when the literal is broken.
    pub(crate) fn next(&mut self) -> Result<Option<Item<'a>>, ()> {
        match self.state {
            State::First => self.state = State::Next,
            State::Next if self.rest.is_empty() => self.state = State::Done,
            State::Next => self.rest = self.rest.strip_prefix(',').ok_or(())?,
            State::Done => {}
        }
        if let State::Done = self.state {
            return Ok(None);
        }
        match self.rest.as_bytes().first() {
            Some(b'"') => self.quoted().map(|text| Some(Item::Text(text))),
            Some(b'{') => self.nested().map(|text| Some(Item::Array(text))),
            _ => self.bare().map(Some),
        }
    }

    fn bare(&mut self) -> Result<Item<'a>, ()> {
        let end = self.rest.find([',', '"', '{', '}', '\\']).unwrap_or(self.rest.len());
        let text = self.cut(end);
        match text {
            "" => Err(()),
            "NULL" => Ok(Item::Null),
            _ => Ok(Item::Text(text.into())),
        }
    }

    fn quoted(&mut self) -> Result<Cow<'a, str>, ()> {
        self.cut(1);
        let end = self.rest.find(['"', '\\']).ok_or(())?;
        let plain = self.cut(end);
        if self.rest.starts_with('"') {
            self.cut(1);
            return Ok(plain.into());
        }
        let mut text = plain.to_owned();
        loop {
            let mut chars = self.rest.chars();
            match chars.next().ok_or(())? {
                '"' => {
                    self.cut(1);
                    return Ok(text.into());
                }
                '\\' => text.push(chars.next().ok_or(())?),
                other => text.push(other),
            }
            self.rest = chars.as_str();
        }
    }

    fn nested(&mut self) -> Result<&'a str, ()> {
        let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
        for (at, byte) in self.rest.bytes().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => quoted = !quoted,
                _ if quoted => {}
                b'{' => depth += 1,
                b'}' => {
                    depth = depth.checked_sub(1).ok_or(())?;
                    if depth == 0 {
                        return Ok(self.cut(at + 1));
                    }
                }
                _ => {}
            }
        }
        Err(())
    }

    fn cut(&mut self, at: usize) -> &'a str {
        let (head, rest) = self.rest.split_at(at);
        self.rest = rest;
        head
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn items(text: &str) -> Option<Vec<Option<String>>> {
        let mut items = Items::of(text)?;
        let mut read = Vec::new();
        while let Some(item) = items.next().ok()? {
            read.push(match item {
                Item::Null => None,
                Item::Text(text) => Some(text.into_owned()),
                Item::Array(text) => Some(text.to_owned()),
            });
        }
        Some(read)
    }

    fn some(texts: &[&str]) -> Option<Vec<Option<String>>> {
        Some(texts.iter().map(|text| Some((*text).to_owned())).collect())
    }

    #[test]
    fn what_postgresql_writes_is_read() {
        assert_eq!(items("{}"), Some(vec![]));
        assert_eq!(items("{1,NULL,\"NULL\",a b}"), Some(vec![Some("1".into()), None, Some("NULL".into()), Some("a b".into())]));
        assert_eq!(items(r#"{"a\"b\\c","{x,y}",""}"#), some(&[r#"a"b\c"#, "{x,y}", ""]));
        assert_eq!(items("[0:1]={7,8}"), some(&["7", "8"]));
        assert_eq!(items(r#"{{1,"}\""},{3,4}}"#), some(&[r#"{1,"}\""}"#, "{3,4}"]));
    }

    #[test]
    fn broken_literals_are_refused() {
        for broken in
            ["", "1", "{", "}", "{1", "{,}", "{1,}", "{\"}", "{\"a\\", "{{1}", "{1}}", "{a\"b}", "{\"a\"b}", "[0:1]", "{{}x}"]
        {
            assert_eq!(items(broken), None, "{broken}");
        }
    }

    proptest! {
        #[test]
        fn a_literal_reads_as_it_was_written(strings in prop::collection::vec(any::<Option<String>>(), 0..6)) {
            prop_assert_eq!(items(&write(&strings).unwrap()), Some(strings));
        }

        #[test]
        fn arbitrary_text_never_panics(text in r#"\{?[\{\}\[\]\\",:=NULé1]{0,30}\}?"#) {
            drop(items(&text));
        }
    }
}
