edge::function! {
    //! A result to look at, to print, and to show to others: pictures, and links that name nobody and can be taken back.

    /// A part of a result as a picture, in the caller's language. Without `theme` it follows what the reader prefers.
    GET    "/aube/pages/{id}.svg"          => get_diagnostic_picture,  auth: Person, limit: 300, reads, headers: [ETag],
        refuses: [refusal::NOT_FOUND, aube::RETIRED];
    /// A result as a page to print and to keep, in the caller's language.
    GET    "/aube/pages/{id}.html"         => get_diagnostic_page,     auth: Person, limit: 60,  reads, headers: [ETag],
        refuses: [refusal::NOT_FOUND, aube::RETIRED];
    /// The page that a link opens, in the link's language. It names nobody. 404 where the link has expired or was taken back.
    GET    "/aube/pages/{link}.shared"      => get_shared_diagnostic,   auth: Signed<Reader<ResultPage>>, limit: 60, reads,
        refuses: [refusal::BAD_SIGNATURE, refusal::NOT_FOUND, aube::RETIRED];
    /// Makes a link to the page of a result. Whoever has it sees the page, which names nobody, until it expires or is taken back.
    POST   "/aube/pages/{id}/links"        => create_diagnostic_link,  auth: Person, limit: 10,  writes, reply: 201,
        refuses: [refusal::NOT_FOUND, refusal::LIMIT_REACHED];
    /// The links to a result that still open it, newest first.
    GET    "/aube/pages/{id}/links"        => list_diagnostic_links,   auth: Person, limit: 300, reads,
        refuses: [refusal::NOT_FOUND];
    /// Takes a link back: it opens nothing from the next request on.
    DELETE "/aube/pages/{id}/links/{link}" => delete_diagnostic_link,  auth: Person, limit: 60,  writes, reply: 204,
        refuses: [refusal::NOT_FOUND];
    uses: [edge::LINKS]
}

mod page;
mod picture;

use chart::Theme;
use edge::chrono::{DateTime, TimeDelta, Utc};
use edge::{
    Context, Html, Id, Language, MaybeJson, Path, Person, Query, Reply, Result, Signed, Sql, Svg, input, output, refusal,
};
use links::{Reader, Shown};
use picture::Part;
use serde::Deserialize;
use uuid::Uuid;

/// How many links to one result may be open at a time.
const MOST_LINKS: i64 = 20;
const DAYS: u32 = 30;

/// The page of a result.
pub struct ResultPage;

impl Shown for ResultPage {
    const SEALED: &'static str = "aube-page:";
    const PLACE: (&'static str, &'static str) = ("/api/v1/aube/pages/", ".shared");
}

#[input]
struct LinkPath {
    /// The result.
    id: Uuid,
    /// The link.
    link: Uuid,
}

#[input]
struct Look {
    /// What it shows; the profile where absent.
    part: Option<Part>,
    /// What the reader prefers, where absent.
    theme: Option<Theme>,
}

/// A link to make.
#[input(name = "NewDiagnosticLink")]
struct NewLink {
    /// Of the page; the caller's where absent.
    lang: Option<Language>,
    /// How long it opens the page; 30 where absent.
    #[validate(range(min = 1, max = 365))]
    days: Option<u32>,
}

/// A link that shows a result to whoever has it.
#[output(name = "DiagnosticLink")]
struct Link {
    id: Uuid,
    /// Give it to whom you like.
    url: String,
    lang: Language,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    purpose: String,
}

/// Links to one result.
#[output(name = "DiagnosticLinkPage")]
struct Links {
    items: Vec<Link>,
    next_cursor: Option<String>,
    purpose: String,
}

#[derive(Deserialize)]
struct Row {
    id: Uuid,
    lang: Language,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Room {
    is_there: bool,
    open: i64,
}

async fn get_diagnostic_picture(
    ctx: Context,
    _: Person,
    Path(which): Path<Id<Uuid>>,
    Query(look): Query<Look>,
) -> Result<Reply<Svg>> {
    let stored = aube::found(&ctx.sql(aube::ONE.bind(which.id)).await?)?;
    let part = look.part.unwrap_or(Part::Profile);
    Ok(Reply::new(Svg(picture::draw(&stored.analysis, part, look.theme, ctx.language()))).revalidated())
}

async fn get_diagnostic_page(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<Html>> {
    let stored = aube::found(&ctx.sql(aube::ONE.bind(which.id)).await?)?;
    Ok(Reply::new(page::render(&stored, ctx.language())).revalidated())
}

async fn get_shared_diagnostic(ctx: Context, Signed(reader): Signed<Reader<ResultPage>>) -> Result<Reply<Html>> {
    let stored = aube::found(&ctx.sql(SHARED.bind(reader.link)).await?)?;
    Ok(Reply::new(page::render(&stored, stored.lang)))
}

async fn create_diagnostic_link(
    ctx: Context,
    _: Person,
    Path(which): Path<Id<Uuid>>,
    MaybeJson(new): MaybeJson<NewLink>,
) -> Result<Reply<Link>> {
    let NewLink { lang, days } = new.unwrap_or(NewLink { lang: None, days: None });
    let expires_at = ctx.now() + TimeDelta::days(days.unwrap_or(DAYS).into());
    let insert = INSERT.bind(which.id).bind(lang.unwrap_or(ctx.language()).code()).bind(expires_at).bind(MOST_LINKS);
    let [made, room] = ctx.batch([insert, ROOM.bind(which.id)]).await?;
    match made.optional::<Row>()? {
        Some(row) => Ok(Reply::new(Link::of(&ctx, row))),
        None => {
            let room: Room = room.one()?;
            let is_full = room.is_there && room.open >= MOST_LINKS;
            Err(if is_full { refusal::LIMIT_REACHED } else { refusal::NOT_FOUND }.into())
        }
    }
}

async fn list_diagnostic_links(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<Links>> {
    let [rows, room] = ctx.batch([LIST.bind(which.id), ROOM.bind(which.id)]).await?;
    if !room.one::<Room>()?.is_there {
        return Err(refusal::NOT_FOUND.into());
    }
    let items = rows.all::<Row>()?.into_iter().map(|row| Link::of(&ctx, row)).collect();
    let purpose = aube::words::PURPOSE.text(ctx.language()).to_owned();
    Ok(Reply::new(Links { items, next_cursor: None, purpose }))
}

async fn delete_diagnostic_link(ctx: Context, _: Person, Path(which): Path<LinkPath>) -> Result<Reply<()>> {
    ctx.sql(DELETE.bind(which.id).bind(which.link)).await?.removed()
}

impl Link {
    fn of(ctx: &Context, row: Row) -> Link {
        let Row { id, lang, expires_at, created_at } = row;
        let url = links::url::<ResultPage>(ctx.setting("PUBLIC_URL"), &ctx.key("LINK_KEY"), id);
        Link { id, url, lang, expires_at, created_at, purpose: aube::words::PURPOSE.text(ctx.language()).to_owned() }
    }
}

const SHARED: Sql = Sql::new(
    "select id, user_id, created_at, lang, question_set_version, analysis_version, answers from edge.shared_diagnostic($1::uuid)",
);

/// Two at once may both be the last: the number is a courtesy, not a wall.
const INSERT: Sql = Sql::new(
    "insert into career_links (exploration_id, lang, expires_at)
     select e.id, $2, $3::timestamptz
     from (select id from career_explorations where id = $1::uuid and user_id = edge.uid()) as e
     where (select count(*) from career_links l where l.exploration_id = e.id and l.expires_at > edge.now()) < $4::bigint
     returning id, lang, expires_at, created_at",
);

const ROOM: Sql = Sql::new(
    "select exists (select from career_explorations where id = $1::uuid and user_id = edge.uid()) as is_there,
       (select count(*) from career_links where exploration_id = $1::uuid and user_id = edge.uid() and expires_at > edge.now()) as open",
);

const LIST: Sql = Sql::new(
    "select id, lang, expires_at, created_at from career_links
     where exploration_id = $1::uuid and user_id = edge.uid() and expires_at > edge.now()
     order by created_at desc, id",
);

const DELETE: Sql =
    Sql::new("delete from career_links where exploration_id = $1::uuid and id = $2::uuid and user_id = edge.uid()");

#[cfg(test)]
mod tests;
