use serde::de::DeserializeOwned;
use validator::Validate;

use crate::json::field_error;
use crate::{FieldError, Place, check};

/// Reads path or query parameters (already percent-decoded) into `T`, as strictly as a body.
///
/// # Errors
/// One error per wrong parameter that serde or the rules of `T` find; serde stops at its first.
pub fn text<T: DeserializeOwned + Validate>(place: Place, pairs: &[(String, String)]) -> Result<T, Vec<FieldError>> {
    if let Some((name, _)) = pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(vec![FieldError::new(place, name.replace('\0', ""), "nul_character")]);
    }
    let input: T = small_json::from_pairs(pairs).map_err(|error| vec![field_error(place, &error)])?;
    match check(place, &input) {
        errors if errors.is_empty() => Ok(input),
        errors => Err(errors),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{Date, present};

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Range {
        id: i64,
        #[serde(default, deserialize_with = "present")]
        from: Option<Date>,
        #[serde(default, deserialize_with = "present")]
        #[validate(range(min = 1, max = 100))]
        limit: Option<u32>,
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Range, Vec<FieldError>> {
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        text(Place::Query, &pairs)
    }

    #[test]
    fn numbers_and_dates_are_read_from_text() {
        let range = read(&[("id", "-7"), ("from", "2026-01-02"), ("limit", "5")]).unwrap();
        assert_eq!((range.id, range.limit), (-7, Some(5)));
        assert_eq!(range.from.unwrap().to_string(), "2026-01-02");
    }

    #[test]
    fn an_integer_is_one_however_it_is_written() {
        for written in ["6", "6.0", "0.6e1", "60E-1"] {
            assert_eq!(read(&[("id", "-7.0"), ("limit", written)]).unwrap().limit, Some(6), "{written}");
        }
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let first = |pairs: &[(&str, &str)]| {
            let error = read(pairs).unwrap_err().remove(0);
            (error.field, error.code)
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(first(&[("id", "99999999999999999999")]), pair("id", "wrong_type"));
        assert_eq!(first(&[("id", "1"), ("limit", "6.5")]), pair("limit", "wrong_type"));
        assert_eq!(first(&[("id", "1"), ("limit", "0")]), pair("limit", "range"));
        assert_eq!(first(&[("id", "1"), ("limit", "")]), pair("limit", "wrong_type"));
        assert_eq!(first(&[("id", "1"), ("from", "yesterday")]), pair("from", "bad_date"));
        assert_eq!(first(&[("id", "1"), ("sort", "x")]), pair("sort", "unknown_field"));
        assert_eq!(first(&[("id", "1"), ("id", "2")]), pair("id", "duplicate_field"));
        assert_eq!(first(&[("id", "1"), ("from", "\0")]), pair("from", "nul_character"));
    }
}
