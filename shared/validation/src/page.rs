use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{FieldError, Place};

/// One page of a list, newest first.
#[derive(Debug, Serialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(rename = "{T}Page", extend("x-published" = true)))]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Give it back as `cursor`, with the same filters, for the page that follows; null at the end of the list.
    pub next_cursor: Option<String>,
}

/// Where the next page of a list starts. Opaque to callers, and only good for the filters that it was made with.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(inline))]
pub struct Cursor(String);

#[derive(Serialize, Deserialize)]
struct Mark<K>(u32, K);

impl Cursor {
    /// The text of the cursor that goes on after the row of this sort key.
    pub fn after(filters: &impl Serialize, key: &impl Serialize) -> Option<String> {
        serde_json::to_vec(&Mark(fingerprint(filters), key)).ok().map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The sort key of the last row of the page before.
    ///
    /// # Errors
    /// `bad_cursor` for a text that was not made by [`Cursor::after`] with equal filters.
    pub fn open<K: DeserializeOwned>(&self, filters: &impl Serialize) -> Result<K, FieldError> {
        let mark = BASE64_URL_SAFE_NO_PAD.decode(&self.0).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        match mark {
            Some(Mark(print, key)) if print == fingerprint(filters) => Ok(key),
            _ => Err(FieldError::new(Place::Query, "cursor", "bad_cursor")),
        }
    }
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` rows: one more than asked for tells that there is a next page.
    pub fn new<K: Serialize>(mut rows: Vec<T>, limit: u32, filters: &impl Serialize, key: impl Fn(&T) -> K) -> Page<T> {
        let limit = limit as usize;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor = match rows.last() {
            Some(last) if more => Cursor::after(filters, &key(last)),
            _ => None,
        };
        Page { items: rows, next_cursor }
    }
}

/// FNV-1a, 32 bits: it only has to tell one list from another by accident, not to withstand anyone, since a cursor
/// gives no right that the query does not check.
fn fingerprint(filters: &impl Serialize) -> u32 {
    let text = serde_json::to_vec(filters).unwrap_or_default();
    text.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_only_with_the_filters_it_was_made_with() {
        let page = Page::new(vec![3, 2, 1], 2, &("2026", "kaizen"), |row| *row);
        assert_eq!(page.items, [3, 2]);
        let cursor = Cursor(page.next_cursor.unwrap());
        assert_eq!(cursor.open::<i32>(&("2026", "kaizen")), Ok(2));
        assert_eq!(cursor.open::<i32>(&("2025", "kaizen")).unwrap_err().code, "bad_cursor");
        assert_eq!(Cursor("!".to_owned()).open::<i32>(&()).unwrap_err().code, "bad_cursor");
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        assert!(Page::new(vec![2, 1], 2, &(), |row| *row).next_cursor.is_none());
        assert!(Page::new(Vec::<i32>::new(), 2, &(), |row| *row).next_cursor.is_none());
    }
}
