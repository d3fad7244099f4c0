use std::convert::Infallible;

use bytes::Bytes;
use futures::FutureExt;
use futures::stream::iter;
use multer::{Constraints, SizeLimit};
use serde::de::DeserializeOwned;
use validation::{FieldError, Place};
use validator::Validate;

use crate::input::{Described, Input};
use crate::media::Media;
use crate::request::Parts;
use crate::{Error, Result, refusal};

/// A form of this many parts is nobody's.
const MOST_PARTS: usize = 64;

/// A form with files (RFC 7578). What has no file name is a field, and all fields together are a `T`.
pub struct Multipart<T> {
    pub fields: T,
    pub files: Vec<FilePart>,
}

/// A file of a form. Its name and type are what the sender says: names to show, and no proof of what is inside.
#[derive(Clone, Debug, PartialEq)]
pub struct FilePart {
    /// The name of the form's field.
    pub field: String,
    /// Its name at the sender's; may be empty.
    pub name: String,
    /// Without parameters, in lower case; empty where it is not declared.
    pub media: String,
    pub content: Vec<u8>,
}

impl<T> Multipart<T> {
    /// The one file, under this field.
    ///
    /// # Errors
    /// 422 where there is none, more than one, or one under another field.
    pub fn one(mut self, field: &str) -> Result<(T, FilePart)> {
        if let Some(other) = self.files.iter().find(|file| file.field != field) {
            return Err(FieldError::new(Place::Body, other.field.clone(), "unknown_field").into());
        }
        let refused = |code: &str| Err(FieldError::new(Place::Body, field, code).into());
        match (self.files.pop(), self.files.is_empty()) {
            (Some(file), true) => Ok((self.fields, file)),
            (Some(_), false) => refused("duplicate_field"),
            (None, _) => refused("required"),
        }
    }
}

impl<T: DeserializeOwned + Validate + Described> Input for Multipart<T> {
    const MEDIA: Media = Media::MULTIPART;

    fn read(parts: &Parts, body: &[u8]) -> Result<Self> {
        // The body is at hand, so nothing has to be waited for.
        let read = split(body, parts.content_type()).now_or_never().unwrap_or_else(|| Err(refusal::MALFORMED_FORM.into()));
        let (texts, files) = read?;
        let fields = validation::text(Place::Body, &texts).map_err(Error::invalid)?;
        Ok(Multipart { fields, files })
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
        // A schema of its own: where the type is named elsewhere, it has no files there.
        let mut schema = T::json_schema(generator);
        let file = serde_json::json!({ "type": "string", "contentMediaType": "application/octet-stream" });
        schema.insert("additionalProperties".to_owned(), file);
        shape.add_body(Media::MULTIPART, schema);
    }
}

async fn split(body: &[u8], content_type: &str) -> Result<(Vec<(String, String)>, Vec<FilePart>)> {
    let malformed = |error: multer::Error| Error::from(refusal::MALFORMED_FORM).because(error);
    let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
    let whole = Constraints::new().size_limit(SizeLimit::new().whole_stream(body.len() as u64));
    let stream = iter([Ok::<_, Infallible>(Bytes::copy_from_slice(body))]);
    let mut form = multer::Multipart::with_constraints(stream, boundary, whole);
    let (mut texts, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = form.next_field().await.map_err(malformed)? {
        if texts.len() + files.len() == MOST_PARTS {
            return Err(Error::from(refusal::MALFORMED_FORM).because("too many parts"));
        }
        let field = part.name().ok_or(refusal::MALFORMED_FORM)?.to_owned();
        let name = part.file_name().map(str::to_owned);
        let media = part.content_type().map(|media| media.essence_str().to_ascii_lowercase()).unwrap_or_default();
        let content = part.bytes().await.map_err(malformed)?.to_vec();
        match name {
            Some(name) => files.push(FilePart { field, name, media, content }),
            None => texts.push((field, String::from_utf8(content).ok().ok_or(refusal::MALFORMED_FORM)?)),
        }
    }
    Ok((texts, files))
}
