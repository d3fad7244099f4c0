//! A contract as data, for the generated lists and the OpenAPI document. Native only.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::{Caller, Handler};

/// What goes into an endpoint and what comes out.
#[derive(Default)]
pub struct Shape {
    pub path: Option<Schema>,
    pub query: Option<Schema>,
    pub body: Option<Schema>,
    pub body_optional: bool,
    /// Schema of the answer; the schema of `null` where there is none.
    pub reply: Option<Schema>,
    pub reply_type: &'static str,
}

/// The shape of a handler, read off its signature.
pub fn shape<C: Caller, A, H: Handler<C, A>>(generator: &mut SchemaGenerator, _: H) -> Shape
where
    H::Output: JsonSchema,
{
    let mut shape = Shape::default();
    H::describe(&mut shape, generator);
    shape
}
