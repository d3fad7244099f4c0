//! Lists, a page at a time: which rows, how many, after which, and the answer that tells where the next page begins.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use validation::{FieldError, Place, number};

use crate::context::Rows;
use crate::input::{Filter, Input, both};
use crate::reply::Verbatim;
use crate::request::Parts;
use crate::{Error, Result, refusal};

/// The query of a list: `limit` (`DEFAULT` where absent, `MOST` at most), `cursor`, and the filter's own parameters; any other
/// is refused. Rows are sorted by `K`, which differs from row to row.
pub struct List<F, K, const DEFAULT: u32 = 20, const MOST: u32 = 100> {
    pub filter: F,
    limit: u32,
    after: Option<K>,
    /// Of filter and path: a cursor is good only for the list that it was made for.
    print: u32,
}

/// One page of a list, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "{T}Page", extend("x-published" = true)))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor`, with the same filters, for the page that follows; null at the end of the list.
    pub next_cursor: Option<String>,
}

/// What a cursor holds: the print of its list, and the key of the last row seen.
#[derive(Serialize, Deserialize)]
struct Mark<K>(u32, K);

impl<F, K, const DEFAULT: u32, const MOST: u32> List<F, K, DEFAULT, MOST> {
    /// A part of the key of the last row seen, to bind: `list.after(|key| key.id)`. Null on the first page.
    pub fn after<'a, V>(&'a self, part: impl FnOnce(&'a K) -> V) -> Option<V> {
        self.after.as_ref().map(part)
    }

    /// Whether this is the first page.
    pub fn is_first(&self) -> bool {
        self.after.is_none()
    }

    /// How many rows to ask the database for: one more than is shown tells that there is a next page.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The page of up to [`fetch`](List::fetch) rows that were read.
    pub fn page<T>(&self, mut rows: Vec<T>, key: impl FnOnce(&T) -> K) -> Page<T>
    where
        K: Serialize,
    {
        let limit = self.limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = rows.last().filter(|_| more).and_then(|last| cursor(self.print, key(last)));
        Page { items: rows, next_cursor }
    }
}

impl<F, K, const DEFAULT: u32, const MOST: u32> Input for List<F, K, DEFAULT, MOST>
where
    F: Filter + Serialize,
    K: DeserializeOwned,
{
    fn read(parts: &Parts, _: &[u8]) -> Result<Self> {
        let Asked { limit, cursor, rest } = Asked::read(parts)?;
        let (filter, limit) = both(F::read(&rest), within(limit, DEFAULT, MOST))?;
        let print = fingerprint(&serde_json::to_vec(&(&filter, &parts.path_parameters)).unwrap_or_default());
        let after = cursor.map(|text| open(&text, print)).transpose()?;
        Ok(List { filter, limit, after, print })
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        let mut schema = F::schema(generator);
        let limit = serde_json::json!({ "type": "integer", "format": "uint32", "minimum": 1, "maximum": MOST,
            "description": format!("{DEFAULT} where absent.") });
        let cursor = serde_json::json!({ "type": "string",
            "description": "`next_cursor` of the page before, with the same filters." });
        crate::describe::add_property(&mut schema, "limit", limit);
        crate::describe::add_property(&mut schema, "cursor", cursor);
        shape.query = Some(schema);
    }
}

impl Rows {
    /// One page of rows as they are, in the shape of `T`: see [`Verbatim`]. The key is read from the columns of its names.
    ///
    /// # Errors
    /// 500 where the columns do not fit.
    pub fn page<T, F, K, const DEFAULT: u32, const MOST: u32>(
        &self,
        list: &List<F, K, DEFAULT, MOST>,
    ) -> Result<Verbatim<Page<T>>>
    where
        T: Serialize + DeserializeOwned,
        K: Serialize + DeserializeOwned,
    {
        let limit = list.limit as usize;
        let next = if self.count()? > limit { cursor(list.print, self.at::<K>(limit - 1)?) } else { None };
        self.verbatim_page::<T>(limit, next)
    }
}

/// A query taken apart.
struct Asked {
    limit: Option<String>,
    cursor: Option<String>,
    rest: Vec<(String, String)>,
}

impl Asked {
    fn read(parts: &Parts) -> Result<Asked> {
        let mut asked = Asked { limit: None, cursor: None, rest: Vec::new() };
        for (name, value) in parts.query().ok_or(refusal::MALFORMED_URL)? {
            let place = match name.as_str() {
                "limit" => &mut asked.limit,
                "cursor" => &mut asked.cursor,
                _ => {
                    asked.rest.push((name, value));
                    continue;
                }
            };
            if place.replace(value).is_some() {
                return Err(FieldError::new(Place::Query, name, "duplicate_field").into());
            }
        }
        Ok(asked)
    }
}

fn within(limit: Option<String>, default: u32, most: u32) -> Result<u32> {
    let Some(text) = limit else { return Ok(default) };
    let mut wrong = FieldError::new(Place::Query, "limit", "wrong_type");
    match number::<i64>(&text) {
        None => Err(wrong.into()),
        Some(limit) => match u32::try_from(limit) {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => {
                wrong.code = "range".to_owned();
                wrong.params = vec![("max".to_owned(), most.to_string()), ("min".to_owned(), "1".to_owned())];
                Err(wrong.into())
            }
        },
    }
}

/// The text of the cursor that goes on after the row of this key.
fn cursor(print: u32, key: impl Serialize) -> Option<String> {
    serde_json::to_vec(&Mark(print, key)).ok().map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

fn open<K: DeserializeOwned>(text: &str, print: u32) -> Result<K> {
    let mark = BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| small_json::from_slice(&bytes).ok());
    match mark {
        Some(Mark(its, key)) if its == print => Ok(key),
        _ => Err(Error::from(FieldError::new(Place::Query, "cursor", "bad_cursor"))),
    }
}

/// FNV-1a, 32 bits: it only has to tell one list from another by accident, not to withstand anyone, since a cursor
/// gives no right that the query does not check.
fn fingerprint(text: &[u8]) -> u32 {
    text.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{All, Days, Headers, Incoming};

    fn read<F: Filter + Serialize>(path: &str, query: &str) -> Result<List<F, i32, 2, 9>> {
        let url = format!("https://api.example.org/lists?{query}");
        let mut parts = Parts::new(Incoming { method: "GET".to_owned(), url, headers: Headers::default() }, "ip");
        parts.path_parameters = vec![("id".to_owned(), path.to_owned())];
        List::read(&parts, &[])
    }

    fn code<F: Filter + Serialize>(query: &str) -> String {
        let answer = read::<F>("1", query).err().unwrap().answer(crate::Language::En, "");
        let problem: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        let errors = problem["errors"].as_array().unwrap();
        let words = errors.iter().map(|e| format!("{} {}", e["field"].as_str().unwrap(), e["code"].as_str().unwrap()));
        words.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn a_cursor_opens_only_the_list_that_it_was_made_for() {
        let page = read::<Days>("1", "from=2026-01-01").unwrap().page(vec![3, 2, 1], |row| *row);
        assert_eq!(page.items, [3, 2]);
        let cursor = page.next_cursor.unwrap();
        let next = read::<Days>("1", &format!("cursor={cursor}&from=2026-01-01&limit=3")).unwrap();
        assert_eq!((next.after(|key| *key), next.fetch()), (Some(2), 4));
        for (path, query) in [("2", "from=2026-01-01"), ("1", "from=2026-01-02"), ("1", "")] {
            assert!(read::<Days>(path, &format!("{query}&cursor={cursor}")).is_err(), "{path} {query}");
        }
        assert_eq!(code::<All>("cursor=!"), "cursor bad_cursor");
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let list = read::<All>("1", "").unwrap();
        assert!(list.page(vec![2, 1], |row| *row).next_cursor.is_none());
        assert!(list.page(Vec::new(), |row: &i32| *row).next_cursor.is_none());
    }

    #[test]
    fn a_limit_is_an_integer_however_it_is_written_and_within_its_bounds() {
        for written in ["6", "6.0", "0.6e1"] {
            assert_eq!(read::<All>("1", &format!("limit={written}")).unwrap().fetch(), 7, "{written}");
        }
        for (written, wrong) in [("0", "range"), ("10", "range"), ("-1", "range"), ("1.5", "wrong_type"), ("", "wrong_type")] {
            assert_eq!(code::<All>(&format!("limit={written}")), format!("limit {wrong}"), "{written}");
        }
    }

    #[test]
    fn whatever_is_wrong_is_told_at_once() {
        assert_eq!(code::<All>("sort=x"), "sort unknown_field");
        assert_eq!(code::<All>("limit=1&limit=2"), "limit duplicate_field");
        assert_eq!(code::<Days>("from=2026-02-02&to=2026-02-01"), "from from_after_to");
        assert_eq!(code::<Days>("from=2026-02-30&limit=0&day=1"), "from bad_date, day unknown_field, limit range");
    }

    proptest::proptest! {
        #[test]
        fn pages_of_any_size_make_the_list_without_gap_or_repeat(rows in 0_usize..40, limit in 1_usize..=9) {
            let all: Vec<i32> = (0..40).rev().take(rows).collect();
            let (mut seen, mut cursor) = (Vec::new(), String::new());
            loop {
                let query = format!("limit={limit}{cursor}");
                let list = read::<All>("1", &query).unwrap();
                let after = list.after(|key| *key);
                let rest = all.iter().copied().filter(|row| after.is_none_or(|after| *row < after));
                let page = list.page(rest.take(usize::try_from(list.fetch()).unwrap()).collect(), |row| *row);
                proptest::prop_assert!(page.items.len() <= limit);
                seen.extend(page.items);
                match page.next_cursor {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            proptest::prop_assert_eq!(seen, all);
        }
    }
}
