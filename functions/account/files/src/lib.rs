edge::function! {
    //! Files that people upload: pictures, voices, sounds. They go straight to the storage and are kept when they are what they were
    //! said to be.

    /// Makes place for a file and gives the link to put it, good for a quarter of an hour, once, for exactly this type and length.
    /// What `upload.headers` has must be sent with it. A voice needs the consent `voice` (403 `consent_required`); 402
    /// `subscription_required` or 409 `limit_reached` where the caller's files would be more than their tier allows: those that
    /// were deleted count until the storage has let them go, some minutes later.
    POST   "/files"                 => create_file,   auth: Person, limit: 60,  writes, reply: 201,
        headers: [Location],
        refuses: [refusal::CONSENT_REQUIRED, refusal::LIMIT_REACHED, refusal::SUBSCRIPTION_REQUIRED, storage::NOT_CONFIGURED];
    /// The caller's files, newest first.
    GET    "/files"                 => list_files,    auth: Person, limit: 300, reads,
        refuses: [storage::NOT_CONFIGURED];
    /// One of them.
    GET    "/files/{id}"            => get_file,      auth: Person, limit: 300, reads,
        refuses: [refusal::NOT_FOUND, storage::NOT_CONFIGURED];
    /// Says that the upload has ended. The file is kept where the storage has it, as long as was said, with the first bytes of its
    /// type; said again, it is what it was. 409 `file_not_uploaded` where it is not there yet; 409 `file_is_other` where it is
    /// something else, which is then let go.
    POST   "/files/{id}/completion" => complete_file, auth: Person, limit: 60,  writes, reply: 200, sql: 2,
        refuses: [FILE_IS_OTHER, FILE_NOT_UPLOADED, refusal::NOT_FOUND, refusal::UNAVAILABLE, storage::NOT_CONFIGURED];
    /// Deletes it. Nobody sees it any more from here on, and the storage lets it go some minutes later.
    DELETE "/files/{id}"            => delete_file,   auth: Person, limit: 60,  writes, reply: 204,
        refuses: [refusal::NOT_FOUND];

    uses: [storage::SETTINGS]
}

use std::time::Duration;

use chrono::{DateTime, Utc};
use edge::{
    All, At, Context, Error, FieldError, Id, Json, List, Page, Path, Person, Place, Reply, Result, Sql, output, refusal, refusals,
};
use files::{BEGINNING, MediaType, NewFile};
use serde::Deserialize;
use storage::Storage;
use uuid::Uuid;

/// How long an upload link is good.
const MINUTES: u32 = 15;

refusals! {
    FILE_IS_OTHER: 409 "file_is_other", fr: "Le fichier envoyé n'est pas celui qui était annoncé : recommencez.", en: "The uploaded file is not the one that was announced: begin again.";
    FILE_NOT_UPLOADED: 409 "file_not_uploaded", fr: "Le fichier n'est pas encore arrivé : envoyez-le d'abord.", en: "The file has not arrived yet: upload it first.";
}

/// A file that a person uploads or has uploaded.
#[output(name = "UploadedFile")]
struct File {
    id: Uuid,
    kind: String,
    media_type: String,
    bytes: i64,
    state: State,
    /// To the file, good for three quarters of an hour at least; null until it is kept.
    #[serde(default)]
    url: Option<String>,
    /// How to put it; null once it is kept.
    #[serde(default)]
    upload: Option<Upload>,
    created_at: DateTime<Utc>,
    #[serde(skip_serializing)]
    address: String,
    #[serde(skip_serializing)]
    upload_until: DateTime<Utc>,
}

/// Whether a file is there.
#[output(name = "FileState")]
enum State {
    /// A link to put it is out.
    Awaited,
    Kept,
}

/// How a file is put into the storage.
#[output(name = "FileUpload")]
struct Upload {
    /// For one `PUT` with the file as its body.
    url: String,
    headers: UploadHeaders,
    until: DateTime<Utc>,
}

/// Headers that the upload must have.
#[output(name = "FileUploadHeaders")]
struct UploadHeaders {
    #[serde(rename = "content-type")]
    content_type: String,
    #[serde(rename = "if-none-match")]
    if_none_match: String,
}

#[derive(Deserialize)]
struct Settled {
    file: File,
}

async fn create_file(ctx: Context, _: Person, Json(new): Json<NewFile>) -> Result<Reply<File>> {
    if !new.kind.takes(new.media_type) {
        return Err(FieldError::new(Place::Body, "media_type", "not_allowed").into());
    }
    if new.bytes > new.kind.largest() {
        let mut large = FieldError::new(Place::Body, "bytes", "range");
        large.params = vec![("min".to_owned(), "1".to_owned()), ("max".to_owned(), new.kind.largest().to_string())];
        return Err(large.into());
    }
    let storage = Storage::new(&ctx)?;
    let ask = AWAIT.bind(new.kind).bind(new.media_type).bind(i64::from(new.bytes)).bind(MINUTES);
    let file: File = ctx.sql(ask.bind(new.kind.consent())).await?.value()?;
    let place = ["/api/v1/files/", &file.id.to_string()].concat();
    Ok(Reply::new(file.shown(&ctx, &storage)).location(&place))
}

async fn list_files(ctx: Context, _: Person, list: List<All, (At, Uuid), 50>) -> Result<Reply<Page<File>>> {
    let storage = Storage::new(&ctx)?;
    let select = LIST.bind(None::<Uuid>).bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let rows = ctx.sql(select).await?.values::<File>()?.into_iter().map(|file| file.shown(&ctx, &storage)).collect();
    Ok(Reply::new(list.page(rows, |file: &File| (At(file.created_at), file.id))))
}

async fn get_file(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<File>> {
    let storage = Storage::new(&ctx)?;
    Ok(Reply::new(find(&ctx, which.id).await?.shown(&ctx, &storage)))
}

async fn complete_file(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<File>> {
    let storage = Storage::new(&ctx)?;
    let file = find(&ctx, which.id).await?;
    if file.state == State::Kept {
        return Ok(Reply::new(file.shown(&ctx, &storage)));
    }
    let is_good = match storage.length(&file.address).await.map_err(Error::unavailable)? {
        None => return Err(FILE_NOT_UPLOADED.into()),
        Some(length) if i64::try_from(length) != Ok(file.bytes) => false,
        Some(_) => {
            let first = storage.beginning(&file.address, BEGINNING).await.map_err(Error::unavailable)?.unwrap_or_default();
            MediaType::named(&file.media_type).is_some_and(|media_type| media_type.begins(&first))
        }
    };
    let Settled { file } = ctx.outcome(SETTLE.bind(file.id).bind(is_good)).await?;
    Ok(Reply::new(file.shown(&ctx, &storage)))
}

async fn delete_file(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<()>> {
    if ctx.sql(REMOVE.bind(which.id)).await?.value()? { Ok(Reply::new(())) } else { Err(refusal::NOT_FOUND.into()) }
}

async fn find(ctx: &Context, id: Uuid) -> Result<File> {
    let select = LIST.bind(Some(id)).bind(None::<At>).bind(None::<Uuid>).bind(1_u32);
    ctx.sql(select).await?.values()?.pop().ok_or_else(|| refusal::NOT_FOUND.into())
}

impl File {
    /// With the link that its state allows.
    fn shown(mut self, ctx: &Context, storage: &Storage<'_>) -> File {
        let left = (self.upload_until - ctx.now()).num_seconds();
        match self.state {
            State::Kept => self.url = Some(storage.link(&self.address)),
            State::Awaited if left > 0 => {
                let lifetime = Duration::from_secs(left.unsigned_abs());
                let [(_, content_type), (_, if_none_match)] = Storage::upload_headers(&self.media_type);
                self.upload = Some(Upload {
                    url: storage.upload_link(&self.address, &self.media_type, self.bytes.unsigned_abs(), lifetime),
                    headers: UploadHeaders { content_type, if_none_match },
                    until: self.upload_until,
                });
            }
            State::Awaited => {}
        }
        self
    }
}

const AWAIT: Sql = Sql::new(
    "select edge.await_file(kind => $1, media_type => $2, bytes => $3::bigint, minutes => $4::integer, consent => $5::text)",
);

const LIST: Sql =
    Sql::new("select edge.list_files(named => $1::uuid, before => $2::timestamptz, before_id => $3::uuid, max => $4::integer)");

const SETTLE: Sql = Sql::new("select edge.settle_file(id => $1::uuid, is_good => $2::boolean)");

const REMOVE: Sql = Sql::new("select edge.remove_file($1::uuid)");

#[cfg(test)]
mod tests;
