//! What a handler takes besides context and caller. Each kind reads its part of the request strictly.

use serde::Serialize;
use serde::de::DeserializeOwned;
use validation::{FieldError, Place};
use validator::Validate;

use crate::media::{self, Media};
use crate::request::{Parts, pairs};
use crate::{Error, Result, refusal};

/// The `{…}` parts of the path, by name.
pub struct Path<T>(pub T);
/// The query's parameters. Unknown ones are refused.
pub struct Query<T>(pub T);
/// A JSON body.
pub struct Json<T>(pub T);
/// A JSON body that may be absent.
pub struct MaybeJson<T>(pub Option<T>);
/// A body that is text, in UTF-8.
pub struct Text(pub String);
/// A body as a web page's form sends it, without files. Fields are read as a query's parameters are.
pub struct Form<T>(pub T);
/// The body as it came, for a signed webhook, or where `media` decides what it is.
pub struct Raw {
    /// The type that it is declared as, without parameters and in lower case; empty where it is not.
    pub media: String,
    pub body: Vec<u8>,
}
/// A body of one kind or of another, as it is declared.
pub enum Either<A, B> {
    One(A),
    Other(B),
}

/// One argument of a handler.
pub trait Input: Sized {
    /// What the body may be declared as; none where it is not read.
    const MEDIA: Media = Media::NONE;

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
    const MEDIA: Media = Media::JSON;

    fn read(_: &Parts, body: &[u8]) -> Result<Self> {
        Ok(Json(validation::json(body)?))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.add_body(Media::JSON, generator.subschema_for::<T>());
    }
}

impl<T: DeserializeOwned + Validate + Described> Input for MaybeJson<T> {
    const MEDIA: Media = Media::JSON;

    fn read(parts: &Parts, body: &[u8]) -> Result<Self> {
        if body.is_empty() { Ok(MaybeJson(None)) } else { Json::read(parts, body).map(|Json(input)| MaybeJson(Some(input))) }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.add_body(Media::JSON, generator.subschema_for::<T>());
        shape.body_optional = true;
    }
}

impl Input for Text {
    const MEDIA: Media = Media::TEXT;

    fn read(parts: &Parts, body: &[u8]) -> Result<Self> {
        let charset = media::parameter(parts.content_type(), "charset").unwrap_or("utf-8");
        let is_utf_8 = ["utf-8", "us-ascii"].iter().any(|known| charset.eq_ignore_ascii_case(known));
        let text = std::str::from_utf8(body).ok().filter(|_| is_utf_8).ok_or(refusal::MALFORMED_TEXT)?;
        if text.contains('\0') {
            // As in every other text: PostgreSQL's cannot hold it.
            return Err(FieldError::new(Place::Body, "", "nul_character").into());
        }
        Ok(Text(text.to_owned()))
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.add_body(Media::TEXT, generator.subschema_for::<String>());
    }
}

impl<T: DeserializeOwned + Validate + Described> Input for Form<T> {
    const MEDIA: Media = Media::FORM;

    fn read(_: &Parts, body: &[u8]) -> Result<Self> {
        let text = std::str::from_utf8(body).ok().ok_or(refusal::MALFORMED_FORM)?;
        validation::text(Place::Body, &pairs(text).ok_or(refusal::MALFORMED_FORM)?).map(Form).map_err(Error::invalid)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.add_body(Media::FORM, generator.subschema_for::<T>());
    }
}

impl Input for Raw {
    const MEDIA: Media = Media::ANY;

    fn read(parts: &Parts, body: &[u8]) -> Result<Self> {
        Ok(Raw { media: media::essence(parts.content_type()).to_ascii_lowercase(), body: body.to_vec() })
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        shape.add_body(Media::ANY, generator.subschema_for::<serde_json::Value>());
    }
}

impl<A: Input, B: Input> Input for Either<A, B> {
    const MEDIA: Media = A::MEDIA.or(B::MEDIA);

    fn read(parts: &Parts, body: &[u8]) -> Result<Self> {
        let is_other = A::MEDIA.declared(parts.content_type()).is_none() && B::MEDIA.declared(parts.content_type()).is_some();
        if is_other { B::read(parts, body).map(Either::Other) } else { A::read(parts, body).map(Either::One) }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        A::describe(shape, generator);
        B::describe(shape, generator);
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
