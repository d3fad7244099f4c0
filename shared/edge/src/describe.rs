//! A contract as data, for the generated lists, the OpenAPI document and the tests. Native only.

use schemars::{JsonSchema, Schema, SchemaGenerator};

use crate::media::Media;
use crate::refusal::{self, Refusal};
use crate::{Access, Caller, Endpoint, Handler};

/// What goes into an endpoint and what comes out.
#[derive(Default)]
pub struct Shape {
    pub path: Option<Schema>,
    pub query: Option<Schema>,
    /// What the body may be, by what it is declared as; none where it is not read.
    pub bodies: Vec<(Media, Schema)>,
    pub body_optional: bool,
    /// Schema of the answer; the schema of `null` where there is none.
    pub reply: Option<Schema>,
    pub reply_type: &'static str,
    pub scheme: Scheme,
    /// The caller's role may not suffice.
    pub is_ranked: bool,
}

impl Shape {
    pub(crate) fn add_body(&mut self, media: Media, schema: Schema) {
        self.bodies.push((media, schema));
    }

    /// The schema of a JSON body.
    pub fn json(&self) -> Option<&Schema> {
        self.bodies.iter().find(|(media, _)| *media == Media::JSON).map(|(_, schema)| schema)
    }

    /// All that the body may be declared as.
    pub fn media(&self) -> Media {
        self.bodies.iter().fold(Media::NONE, |all, (media, _)| all.or(*media))
    }
}

/// Adds a parameter to those that `schema` describes.
pub(crate) fn add_property(schema: &mut Schema, name: &str, property: serde_json::Value) {
    let properties = schema.ensure_object().entry("properties").or_insert_with(|| serde_json::json!({}));
    properties[name] = property;
}

/// How a caller proves who they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    #[default]
    Nobody,
    By {
        name: &'static str,
        place: Place,
        about: &'static str,
    },
}

/// Where the proof stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A person's access token in `Authorization`.
    Token,
    /// A secret in `Authorization`.
    Secret,
    Header(&'static str),
    Query(&'static str),
    Cookie(&'static str),
}

impl Place {
    /// Whether this is that parameter.
    pub fn is(self, place: &str, name: &str) -> bool {
        match self {
            Place::Token | Place::Secret | Place::Cookie(_) => false,
            Place::Header(own) => place == "header" && own == name,
            Place::Query(own) => place == "query" && own == name,
        }
    }
}

/// The shape of a handler, read off its signature.
pub fn shape<C: Caller, A, H: Handler<C, A>>(generator: &mut SchemaGenerator, _: H) -> Shape
where
    H::Output: JsonSchema,
{
    let mut shape = Shape { scheme: C::SCHEME, is_ranked: C::IS_RANKED, ..Shape::default() };
    H::describe(&mut shape, generator);
    shape
}

/// A header that a caller sends or reads, as a contract names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// The answer tells the version of what it shows; a `GET` takes `If-None-Match`.
    ETag,
    /// Takes the version that it must still have; refuses `precondition_failed`.
    IfMatch,
    /// Where the created or queued thing is.
    Location,
    /// How many rows a list has in all its pages.
    TotalCount,
    /// Where a list goes on whose body is no page.
    NextCursor,
    /// The name of a file to be saved.
    File,
    /// A stream goes on after what was seen.
    LastEventId,
    /// A cookie of ours.
    Cookie,
}

impl Header {
    /// The header of an answer, in lower case; `None` for what only callers send.
    pub fn sent_name(self) -> Option<&'static str> {
        Some(match self {
            Header::ETag => "etag",
            Header::Location => "location",
            Header::TotalCount => "x-total-count",
            Header::NextCursor => "x-next-cursor",
            Header::File => "content-disposition",
            Header::Cookie => "set-cookie",
            Header::IfMatch | Header::LastEventId => return None,
        })
    }
}

impl Endpoint {
    pub fn has(&self, header: Header) -> bool {
        self.headers.contains(&header)
    }

    /// Every refusal that a caller of this endpoint may meet: those that the contract names, and those that follow from it.
    pub fn refusals(&self) -> Vec<Refusal> {
        let shape = (self.describe)(&mut SchemaGenerator::default());
        let takes_input = shape.path.is_some() || shape.query.is_some() || !shape.bodies.is_empty();
        let media = shape.media();
        let implied: [(&[Refusal], bool); 18] = [
            (&[refusal::UNKNOWN_HOST, refusal::INTERNAL, refusal::MISCONFIGURED], true),
            (&[refusal::MALFORMED_URL], takes_input),
            (&[refusal::UNAUTHENTICATED, refusal::TOKEN_EXPIRED], self.needs_token()),
            (&[refusal::SESSION_REVOKED, refusal::BANNED], self.needs_token() && self.sql > 0),
            (&[refusal::FORBIDDEN], shape.is_ranked),
            (&[refusal::NOT_FOUND], self.caller == "OwnerOrAdmin"),
            (&[refusal::RATE_LIMITED], self.limit.requests().is_some() && self.limit.status == 429),
            (&[refusal::OVER_LIMIT], self.limit.status == 503),
            (&[refusal::BODY_TOO_LARGE, refusal::BODY_INCOMPLETE], !media.is_none()),
            (&[refusal::UNSUPPORTED_MEDIA_TYPE], !media.is_none() && !media.has(Media::ANY)),
            (&[refusal::MALFORMED_JSON], media.has(Media::JSON)),
            (&[refusal::MALFORMED_TEXT], media.has(Media::TEXT)),
            (&[refusal::MALFORMED_FORM], media.has(Media::FORM.or(Media::MULTIPART))),
            (&[refusal::INVALID], takes_input || self.takes_key() || self.access == Access::Writes),
            (&[refusal::UNAVAILABLE], self.sql > 0),
            (&[refusal::PRECONDITION_FAILED], self.has(Header::IfMatch)),
            (&[refusal::IDEMPOTENCY_MISMATCH], self.takes_key()),
            (&[refusal::IDEMPOTENCY_IN_PROGRESS], self.takes_key() && !self.idempotent),
        ];
        let implied = implied.into_iter().filter(|(_, holds)| *holds).flat_map(|(refusals, _)| refusals);
        let mut refusals: Vec<Refusal> = Vec::new();
        for refusal in implied.chain(self.refuses) {
            if !refusals.iter().any(|known| known.code() == refusal.code()) {
                refusals.push(*refusal);
            }
        }
        refusals.sort_by_key(|refusal| (refusal.status, refusal.code()));
        refusals
    }

    /// What an answer does that the contract does not name, in a sentence that says what to write.
    pub(crate) fn unnamed(&self, outcome: &crate::Result<crate::Answer>) -> Option<String> {
        if let Some(field) = outcome.as_ref().err().and_then(crate::Error::field_without_sentence) {
            return Some(format!("the code {field} of a field has no sentence: use FieldError::says, or validation::broken"));
        }
        match outcome {
            Ok(answer) if answer.status == 304 && self.has(Header::ETag) => None,
            Ok(answer) if answer.status != self.reply && !self.also.contains(&answer.status) => {
                Some(format!("a status that the contract does not name: write reply: {} or {}", self.reply, answer.status))
            }
            Ok(answer) => {
                let named = |name: &str| self.headers.iter().any(|header| header.sent_name() == Some(name));
                let sent = [Header::ETag, Header::Location, Header::TotalCount, Header::NextCursor, Header::File, Header::Cookie];
                let other = sent.into_iter().find(|h| h.sent_name().is_some_and(|name| answer.has(name) && !named(name)))?;
                Some(format!("a header that the contract does not name: write headers: [{other:?}]"))
            }
            Err(error)
                if self.refusals().iter().any(|refusal| (refusal.status, refusal.code()) == (error.status(), error.code())) =>
            {
                None
            }
            Err(error) => Some(format!("a refusal that the contract does not name: write refuses: [{}]", error.code())),
        }
    }
}
