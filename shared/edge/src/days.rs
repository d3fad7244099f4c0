use serde::{Deserialize, Serialize};
use validation::{Date, FieldError, Place};
use validator::Validate;

use crate::input::{All, Filter};
use crate::{Error, Result};

/// Parameters `from` and `to` of a query, days of which both count, and those of another filter: `Days`, `Days<Filter>`.
#[derive(Debug, Serialize)]
pub struct Days<F = All> {
    pub from: Option<Date>,
    pub to: Option<Date>,
    pub rest: F,
}

impl<F: Filter> Filter for Days<F> {
    fn read(pairs: &[(String, String)]) -> Result<Days<F>> {
        let (days, rest): (Vec<_>, Vec<_>) = pairs.iter().cloned().partition(|(name, _)| matches!(name.as_str(), "from" | "to"));
        let ends = validation::text::<Ends>(Place::Query, &days).map_err(Error::invalid);
        let (Ends { from, to }, rest) = crate::input::both(ends, F::read(&rest))?;
        in_order(Place::Query, from, to)?;
        Ok(Days { from, to, rest })
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let mut schema = F::schema(generator);
        for (name, about) in [("from", "First day, inclusive."), ("to", "Last day, inclusive.")] {
            let mut day = <Date as schemars::JsonSchema>::json_schema(generator).to_value();
            day["description"] = about.into();
            crate::describe::add_property(&mut schema, name, day);
        }
        schema
    }
}

/// Two days that bound a time do so in order.
///
/// # Errors
/// 422 `from_after_to` of the field `from`.
pub fn in_order(place: Place, from: Option<Date>, to: Option<Date>) -> Result<()> {
    match from.zip(to) {
        Some((from, to)) if from > to => Err(Error::from(FieldError::new(place, "from", "from_after_to"))),
        _ => Ok(()),
    }
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Ends {
    #[serde(default, deserialize_with = "validation::present")]
    from: Option<Date>,
    #[serde(default, deserialize_with = "validation::present")]
    to: Option<Date>,
}
