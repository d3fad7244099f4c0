//! What every module's endpoints do.

use edge::chrono::DateTime;
use edge::small_json::write_string;
use edge::{
    All, At, Body, Context, Error, FieldError, Input, List, Media, OnConstraint, Person, Place, Reply, Result, Rows, Sql,
    SqlJson, refusal,
};
use sealing::Keys;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use wellness::{Given, Sent, read, scaled};

use crate::MODULES;
use crate::module::{HEAD, Module, TAIL};

/// What lists are sorted by.
#[derive(Deserialize, Serialize)]
pub struct Key {
    started_at: At,
    id: Uuid,
}

/// Of which module and session, and what was sent with it: the fields that may be sent `WHEN`; with 0, none.
pub struct Asked<const WHEN: u8> {
    module: &'static Module,
    /// Nil where the path names none.
    id: Uuid,
    sent: Sent,
}

impl<const WHEN: u8> Input for Asked<WHEN> {
    const MEDIA: Media = if WHEN == 0 { Media::NONE } else { Media::JSON };

    fn read(parts: &edge::Parts, body: &[u8]) -> Result<Self> {
        let mut places = parts.path.split('/');
        let name = places.by_ref().skip_while(|place| *place != "wellness").nth(1).unwrap_or_default();
        let module = MODULES.iter().find(|module| module.path == name).ok_or(refusal::NOT_FOUND)?;
        let mut errors = Vec::new();
        let id = parts.path_parameters.first().map_or(Ok(Uuid::nil()), |(_, id)| Uuid::try_parse(id));
        let id = id.unwrap_or_else(|_| {
            errors.push(FieldError::new(Place::Path, "id", "bad_uuid"));
            Uuid::nil()
        });
        let sent = match body.is_empty() && matches!(WHEN, wellness::BEAT | wellness::END) {
            true => Sent::default(),
            false if WHEN == 0 => Sent::default(),
            false => edge::validation::json(body)?,
        };
        let fields = [HEAD, module.fields, TAIL];
        let sent = read(&fields, WHEN, WHEN == wellness::NEW, sent).and_then(scaled).and_then(|sent| {
            if WHEN == wellness::CHANGE && sent.0.is_empty() {
                return Err(vec![FieldError::new(Place::Body, "", "nothing_to_change")]);
            }
            let mut sent = module.renamed(WHEN, sent).map_err(|error| vec![error])?;
            (module.prepare)(&mut sent).map_err(|error| vec![error])?;
            Ok(sent)
        });
        match sent {
            Ok(sent) if errors.is_empty() => Ok(Asked { module, id, sent }),
            Ok(_) => Err(Error::invalid(errors)),
            Err(more) => {
                errors.extend(more);
                Err(Error::invalid(errors))
            }
        }
    }

    /// The module describes itself.
    #[cfg(not(target_arch = "wasm32"))]
    fn describe(_: &mut edge::describe::Shape, _: &mut edge::schemars::SchemaGenerator) {}
}

/// An answer in JSON, as it leaves.
pub struct Shown(String);

impl Body for Shown {
    fn bytes(&self) -> Vec<u8> {
        self.0.clone().into_bytes()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl edge::schemars::JsonSchema for Shown {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WellnessAnswer".into()
    }

    fn json_schema(_: &mut edge::schemars::SchemaGenerator) -> edge::schemars::Schema {
        edge::schemars::json_schema!({ "type": "object" })
    }
}

/// A session as the database gives it: its fields as JSON, and apart from them its notes, sealed.
#[derive(Deserialize)]
struct Session {
    id: Uuid,
    fields: String,
    notes: Option<String>,
    version: i32,
    #[serde(default)]
    started_at: Option<At>,
    #[serde(default)]
    is_new: bool,
}

impl Session {
    /// The whole of it as JSON, with notes that only keys open.
    fn write(&self, ctx: &Context, module: &Module, to: &mut String) -> Result<()> {
        let notes = match &self.notes {
            None => None,
            Some(sealed) => match keys(ctx)?.open(place(module, &self.id.to_string()), sealed) {
                Ok(text) => Some(text),
                Err(_) => {
                    ctx.warn(&Error::internal("notes that no key opens"));
                    None
                }
            },
        };
        to.extend([without_end(&self.fields), ",\"notes\":"]);
        write_text(to, notes.as_deref());
        to.push('}');
        Ok(())
    }

    fn reply(&self, ctx: &Context, module: &Module) -> Result<Reply<Shown>> {
        let mut text = String::new();
        self.write(ctx, module, &mut text)?;
        #[cfg(not(target_arch = "wasm32"))]
        as_declared(&module.all(), &text)?;
        Ok(Reply::new(Shown(text)).etag(|_| self.version))
    }
}

/// An object to which something is to be added; the last of its own members may be one too.
fn without_end(object: &str) -> &str {
    object.strip_suffix('}').unwrap_or(object)
}

fn write_text(to: &mut String, text: Option<&str>) {
    match text {
        Some(text) => write_string(to, text),
        None => to.push_str("null"),
    }
}

fn keys(ctx: &Context) -> Result<Keys> {
    Keys::parse(ctx.setting("SEALING_KEYS")).map_err(|_| Error::internal("SEALING_KEYS"))
}

fn place<'a>(module: &Module, row: &'a str) -> sealing::Place<'a> {
    sealing::Place { table: module.table, column: "notes", row }
}

/// Tests fail where an answer is not as its module declares.
#[cfg(not(target_arch = "wasm32"))]
fn as_declared(fields: &[&[wellness::Field]], text: &str) -> Result<()> {
    let answer = serde_json::from_str(text).map_err(Error::internal)?;
    wellness::schema::mismatch(fields, &answer)
        .map_or(Ok(()), |wrong| Err(Error::internal(["not as declared: ", &wrong].concat())))
}

async fn begin(ctx: Context, _: Person, asked: Asked<{ wellness::NEW }>) -> Result<Reply<Shown>> {
    let Asked { module, sent, .. } = asked;
    let batch = [CONSENT.bind((module.consent)(&sent)), BEGIN.bind(module.table).bind(SqlJson(&sent))];
    let [_, rows] = guarded(module, ctx.batch(batch).await)?;
    let session: Session = rows.one()?;
    let reply = session.reply(&ctx, module)?;
    Ok(if session.is_new { reply } else { reply.status(200) })
}

async fn list(ctx: Context, _: Person, asked: Asked<0>, list: List<All, Key>) -> Result<Reply<Shown>> {
    let select = LIST.bind(asked.module.table).bind(list.after(|key| key.started_at)).bind(list.after(|key| key.id));
    let rows: Vec<Session> = ctx.sql(select.bind(list.fetch())).await?.all()?;
    let page = list.page(rows, |row| Key { started_at: row.started_at.unwrap_or(At(DateTime::UNIX_EPOCH)), id: row.id });
    let mut text = String::from("{\"items\":[");
    for (at, session) in page.items.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        session.write(&ctx, asked.module, &mut text)?;
    }
    text.push_str("],\"next_cursor\":");
    write_text(&mut text, page.next_cursor.as_deref());
    text.push('}');
    Ok(Reply::new(Shown(text)))
}

async fn show(ctx: Context, _: Person, asked: Asked<0>) -> Result<Reply<Shown>> {
    let session: Option<Session> = ctx.sql(SHOW.bind(asked.module.table).bind(asked.id)).await?.optional()?;
    session.ok_or(refusal::NOT_FOUND)?.reply(&ctx, asked.module)
}

async fn stats(ctx: Context, _: Person, asked: Asked<0>) -> Result<Reply<Shown>> {
    let Module { table, favorite, own, .. } = asked.module;
    let totals = TOTALS.bind(*table).bind(*favorite);
    let mut text: String = match own {
        None => ctx.sql(totals).await?.value()?,
        Some((own, _)) => {
            let [totals, own] = ctx.batch([totals, (*own).into()]).await?;
            let (totals, own): (String, String) = (totals.value()?, own.value()?);
            [without_end(&totals), ",", &own[1..]].concat()
        }
    };
    #[cfg(not(target_arch = "wasm32"))]
    as_declared(&[crate::module::TOTALS, &asked.module.favorite_field(), own.map_or(&[], |(_, fields)| fields)], &text)?;
    Ok(Reply::new(Shown(std::mem::take(&mut text))))
}

async fn change(ctx: Context, _: Person, asked: Asked<{ wellness::CHANGE }>) -> Result<Reply<Shown>> {
    act(ctx, asked.module, asked.id, "change", asked.sent).await
}

async fn beat(ctx: Context, _: Person, asked: Asked<{ wellness::BEAT }>) -> Result<Reply<Shown>> {
    act(ctx, asked.module, asked.id, "change", asked.sent).await
}

async fn complete(ctx: Context, _: Person, asked: Asked<{ wellness::END }>) -> Result<Reply<Shown>> {
    act(ctx, asked.module, asked.id, "complete", asked.sent).await
}

async fn abandon(ctx: Context, _: Person, asked: Asked<{ wellness::END }>) -> Result<Reply<Shown>> {
    act(ctx, asked.module, asked.id, "abandon", asked.sent).await
}

async fn act(ctx: Context, module: &Module, id: Uuid, act: &str, mut sent: Sent) -> Result<Reply<Shown>> {
    if let Some(Given::Text(notes)) = sent.take("notes") {
        let notes = match notes.trim() {
            "" => Given::Null,
            notes => {
                Given::Text(keys(&ctx)?.seal(place(module, &id.to_string()), notes).map_err(|_| Error::internal("sealing"))?)
            }
        };
        sent.set("notes", notes);
    }
    let statement = ACT.bind(module.table).bind(id).bind(act).bind(SqlJson(&sent)).bind(ctx.if_match());
    let rows: Rows = guarded(module, ctx.sql(statement).await)?;
    rows.one::<Session>()?.reply(&ctx, module)
}

async fn remove(ctx: Context, _: Person, asked: Asked<0>) -> Result<Reply<()>> {
    ctx.sql(REMOVE.bind(asked.module.table).bind(asked.id).bind(ctx.if_match())).await?;
    Ok(Reply::new(()))
}

async fn forget(ctx: Context, _: Person, asked: Asked<0>) -> Result<Reply<Shown>> {
    let rows = ctx.sql(REMOVE.bind(asked.module.table).bind(None::<Uuid>).bind(None::<&str>)).await?;
    Ok(Reply::new(Shown(["{\"removed\":", &rows.value::<i64>()?.to_string(), "}"].concat())))
}

/// What a check of the module's table refuses is about a field.
fn guarded<T>(module: &Module, outcome: Result<T>) -> Result<T> {
    module.walls.iter().fold(outcome, |outcome, (check, field, code)| outcome.on_field(check, field, code))
}

const CONSENT: Sql = Sql::new("select edge.require_consent($1) where $1::text is not null");

const BEGIN: Sql = Sql::new(
    "select (fields ->> 'id')::uuid as id, fields::text, notes, version, is_new from edge.session_begin(sessions => $1, sent => $2)",
);

const LIST: Sql = Sql::new(
    "select id, started_at, fields::text, notes, version
     from edge.sessions(sessions => $1, session => null, after_at => $2, after_id => $3, most => $4)",
);

const SHOW: Sql = Sql::new(
    "select id, started_at, fields::text, notes, version
     from edge.sessions(sessions => $1, session => $2, after_at => null, after_id => null, most => 1)",
);

const TOTALS: Sql =
    Sql::new("select edge.session_totals(module => $1, favorite => $2, person => edge.uid(), today => edge.today())::text");

const ACT: Sql = Sql::new(
    "select (fields ->> 'id')::uuid as id, fields::text, notes, version
     from edge.session_act(sessions => $1, session => $2, act => $3, sent => $4, versions => $5)",
);

const REMOVE: Sql = Sql::new("select edge.session_remove(sessions => $1, session => $2, versions => $3)");

/// The handlers as endpoints call them: one of each, whatever the module.
pub mod invoke {
    use edge::expansion::LocalBoxFuture;
    use edge::{Answer, Call, Person, Result, run};

    macro_rules! handlers {
        ($($handler:ident)+) => {
            $(pub fn $handler(call: Call) -> LocalBoxFuture<'static, Result<Answer>> {
                run::<Person, _, _>(call, super::$handler)
            })+
        };
    }

    handlers!(begin list show stats change beat complete abandon remove forget);
}
