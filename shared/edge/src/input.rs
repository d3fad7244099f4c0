//! What a handler takes besides context and caller. Each kind reads its part of the request strictly.

use serde::Serialize;
use serde::de::DeserializeOwned;
use validation::{FieldError, Place};
use validator::Validate;

use crate::request::Parts;
use crate::{Error, Result, refusal};

/// The `{…}` parts of the path, by name.
pub struct Path<T>(pub T);
/// The query's parameters. Unknown ones are refused.
pub struct Query<T>(pub T);
/// A JSON body.
pub struct Json<T>(pub T);
/// A JSON body that may be absent.
pub struct MaybeJson<T>(pub Option<T>);
/// The body as it came, for a signed webhook.
pub struct Raw(pub Vec<u8>);

/// One argument of a handler.
pub trait Input: Sized {
    const BODY: bool = false;
    const JSON: bool = false;

    /// # Errors
    /// 400 or 422.
    fn read(parts: &Parts, body: &[u8]) -> Result<Self>;

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator);
}

#[cfg(not(target_arch = "wasm32"))]
pub trait Described: schemars::JsonSchema {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: schemars::JsonSchema> Described for T {}
#[cfg(target_arch = "wasm32")]
pub trait Described {}
#[cfg(target_arch = "wasm32")]
impl<T> Described for T {}

impl<T: DeserializeOwned + Validate + Described> Input for Path<T> {
    fn read(parts: &Parts, _: &[u8]) -> Result<Self> {
        validation::text(Place::Path, &parts.path_parameters).map(Path).map_err(Error::invalid)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.path = Some(generator.subschema_for::<T>());
    }
}

/// What a query is read as: a type of `#[input]`, [`Days`](crate::Days) around one, or [`All`].
pub trait Filter: Sized {
    /// # Errors
    /// 422 that names every parameter which is wrong or unknown.
    fn read(pairs: &[(String, String)]) -> Result<Self>;

    #[cfg(not(target_arch = "wasm32"))]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema;
}

impl<T: DeserializeOwned + Validate + Described> Filter for T {
    fn read(pairs: &[(String, String)]) -> Result<T> {
        validation::text(Place::Query, pairs).map_err(Error::invalid)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// No parameters: a list of everything.
#[derive(Debug, Serialize)]
pub struct All;

impl Filter for All {
    fn read(pairs: &[(String, String)]) -> Result<All> {
        match pairs.first() {
            Some((name, _)) => Err(FieldError::new(Place::Query, name.replace('\0', ""), "unknown_field").into()),
            None => Ok(All),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "object", "properties": {} })
    }
}

impl<F: Filter> Input for Query<F> {
    fn read(parts: &Parts, _: &[u8]) -> Result<Self> {
        F::read(&parts.query().ok_or(refusal::MALFORMED_URL)?).map(Query)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.query = Some(F::schema(generator));
    }
}

impl<T: DeserializeOwned + Validate + Described> Input for Json<T> {
    const BODY: bool = true;
    const JSON: bool = true;

    fn read(_: &Parts, body: &[u8]) -> Result<Self> {
        Ok(Json(validation::json(body)?))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.body = Some(generator.subschema_for::<T>());
    }
}

impl<T: DeserializeOwned + Validate + Described> Input for MaybeJson<T> {
    const BODY: bool = true;
    const JSON: bool = true;

    fn read(parts: &Parts, body: &[u8]) -> Result<Self> {
        if body.is_empty() { Ok(MaybeJson(None)) } else { Json::read(parts, body).map(|Json(input)| MaybeJson(Some(input))) }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.body = Some(generator.subschema_for::<T>());
        shape.body_optional = true;
    }
}

impl Input for Raw {
    const BODY: bool = true;

    fn read(_: &Parts, body: &[u8]) -> Result<Self> {
        Ok(Raw(body.to_vec()))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.body = Some(generator.subschema_for::<serde_json::Value>());
    }
}

/// Collects what two inputs refuse, so that a caller learns of all wrong fields at once.
pub(crate) fn both<A, B>(a: Result<A>, b: Result<B>) -> Result<(A, B)> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(mut a), Err(b)) if a.status() == 422 && b.status() == 422 => {
            a.extend(b);
            Err(a)
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}
