edge::function! {
    //! Stories: written for a session of reading, kept in versions, shown to others by a link that names nobody.

    /// Writes the story of a session, of our own sentences, by the words that the session was begun with. Once more writes another
    /// version, twenty at most; those before it stay.
    POST   "/wellness/stories"                     => write_story,      auth: Person, limit: 60,  writes, reply: 201, sql: 2,
        refuses: [refusal::NOT_FOUND, refusal::LIMIT_REACHED];
    /// The person's stories, latest first; those of one session with `session_id`.
    GET    "/wellness/stories"                     => list_stories,     auth: Person, limit: 300, reads;
    /// A story.
    GET    "/wellness/stories/{id}"                => get_story,        auth: Person, limit: 300, reads,
        refuses: [refusal::NOT_FOUND];
    /// Deletes a story for good, and with it its link.
    DELETE "/wellness/stories/{id}"                => remove_story,     auth: Person, limit: 60,  writes, reply: 204,
        refuses: [refusal::NOT_FOUND];
    /// Makes the link that shows a story to whoever has it, without naming anybody. A link that was made before opens nothing any more.
    PUT    "/wellness/stories/{id}/link"           => share_story,      auth: Person, limit: 60,  writes,
        refuses: [refusal::NOT_FOUND];
    /// Takes the link back: it opens nothing from the next request on.
    DELETE "/wellness/stories/{id}/link"           => unshare_story,    auth: Person, limit: 60,  writes, reply: 204,
        refuses: [refusal::NOT_FOUND];
    /// The story that a link shows. 404 where it was taken back.
    GET    "/wellness/stories/links/{link}/story"  => get_shared_story, auth: Signed<Reader<SharedStory>>, limit: 60, reads,
        refuses: [refusal::BAD_SIGNATURE, refusal::NOT_FOUND];
    uses: [edge::LINKS]
}

mod template;
mod words;

use chrono::{DateTime, Utc};
use edge::{
    At, Context, Error, Id, Json, List, Page, Path, Person, Reply, Result, Signed, Sql, SqlJson, Verbatim, input, output, refusal,
};
use links::{Reader, Shown};
use serde::{Deserialize, Serialize};
use template::Asked;
use uuid::Uuid;

/// For which session a story is.
#[input(name = "NewStory")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"session_id": "7d444840-9dc0-41d1-b245-5ffdce74fad2"}])))]
struct NewStory {
    session_id: Uuid,
}

#[input]
struct Of {
    /// Only those of this session.
    session_id: Option<Uuid>,
}

/// A story.
#[output(name = "Story")]
struct Story {
    id: Uuid,
    session_id: Uuid,
    /// Which text of its session it is, from 1.
    number: i32,
    title: String,
    paragraphs: Vec<String>,
    /// `template`: of our own sentences.
    source: String,
    /// Whether a link shows it.
    is_shared: bool,
    created_at: DateTime<Utc>,
}

/// A link that shows a story.
#[output(name = "StoryLink")]
struct Link {
    /// Give it to whom you like; it is told here only.
    url: String,
}

/// A story, as a link shows it.
#[output(name = "SharedStory")]
struct SharedStory {
    title: String,
    paragraphs: Vec<String>,
    theme: String,
    tone: String,
}

impl Shown for SharedStory {
    const SEALED: &'static str = "wellness-story:";
    const PLACE: (&'static str, &'static str) = ("/api/v1/wellness/stories/links/", "/story");
}

/// What lists are sorted by.
#[derive(Deserialize, Serialize)]
struct Key {
    created_at: At,
    id: Uuid,
}

/// A text to keep.
#[derive(Serialize)]
struct Text {
    session_id: Uuid,
    title: String,
    paragraphs: Vec<String>,
}

async fn write_story(ctx: Context, _: Person, Json(new): Json<NewStory>) -> Result<Reply<Story>> {
    let asked: Option<(Asked, i64)> = ctx.sql(ASKED.bind(new.session_id)).await?.optional()?;
    let (asked, before) = asked.ok_or(refusal::NOT_FOUND)?;
    let number = usize::try_from(before).unwrap_or_default() + 1;
    let text = template::write(&asked, number).ok_or_else(|| Error::internal("words of no story"))?;
    let text = Text { session_id: new.session_id, title: text.title, paragraphs: text.paragraphs };
    let [_, kept] = ctx.batch([LOCK.bind(new.session_id), INSERT.bind(SqlJson(&text))]).await?;
    Ok(Reply::new(kept.optional()?.ok_or(refusal::LIMIT_REACHED)?))
}

async fn list_stories(ctx: Context, _: Person, list: List<Of, Key>) -> Result<Reply<Verbatim<Page<Story>>>> {
    let select = SELECT.bind(list.filter.session_id).bind(list.after(|key| key.created_at)).bind(list.after(|key| key.id));
    Ok(Reply::new(ctx.sql(select.bind(list.fetch())).await?.page(&list)?))
}

async fn get_story(ctx: Context, _: Person, Path(story): Path<Id<Uuid>>) -> Result<Reply<Story>> {
    let story: Option<Story> = ctx.sql(ONE.bind(story.id)).await?.optional()?;
    Ok(Reply::new(story.ok_or(refusal::NOT_FOUND)?))
}

async fn remove_story(ctx: Context, _: Person, Path(story): Path<Id<Uuid>>) -> Result<Reply<()>> {
    ctx.sql(DELETE.bind(story.id)).await?.removed()
}

async fn share_story(ctx: Context, _: Person, Path(story): Path<Id<Uuid>>) -> Result<Reply<Link>> {
    let link: Option<(Uuid,)> = ctx.sql(SHARE.bind(story.id)).await?.optional()?;
    let (link,) = link.ok_or(refusal::NOT_FOUND)?;
    Ok(Reply::new(Link { url: links::url::<SharedStory>(ctx.setting("PUBLIC_URL"), &ctx.key("LINK_KEY"), link) }))
}

async fn unshare_story(ctx: Context, _: Person, Path(story): Path<Id<Uuid>>) -> Result<Reply<()>> {
    ctx.sql(UNSHARE.bind(story.id)).await?.removed()
}

async fn get_shared_story(ctx: Context, Signed(reader): Signed<Reader<SharedStory>>) -> Result<Reply<SharedStory>> {
    let story: Option<SharedStory> = ctx.sql(SHARED.bind(reader.link)).await?.optional()?;
    Ok(Reply::new(story.ok_or(refusal::NOT_FOUND)?))
}

const ASKED: Sql = Sql::new(
    "select jsonb_build_object('theme', s.theme, 'tone', s.tone, 'pov', s.pov, 'style', s.style, 'paragraphs', s.paragraphs) as asked,
       (select coalesce(max(t.number), 0) from stories t where t.session_id = s.id)::bigint as before
     from story_sessions s where s.id = $1 and s.user_id = edge.uid()",
);

/// So that versions which are written at once come one after the other.
const LOCK: Sql = Sql::new("select true from story_sessions where id = $1 and user_id = edge.uid() for update");

const INSERT: Sql = Sql::new(
    "insert into stories (session_id, number, title, paragraphs)
     select s.id, k.latest + 1, n.title, n.paragraphs
     from jsonb_to_record($1) as n (session_id uuid, title text, paragraphs jsonb)
     join story_sessions s on s.id = n.session_id and s.user_id = edge.uid(),
       lateral (select coalesce(max(t.number), 0) as latest, count(*) as texts from stories t where t.session_id = s.id) as k
     where k.texts < 20
     returning id, session_id, number, title, paragraphs, source, link_id is not null as is_shared, created_at",
);

const SELECT: Sql = Sql::new(
    "select id, session_id, number, title, paragraphs, source, link_id is not null as is_shared, created_at
     from stories
     where user_id = edge.uid() and ($1::uuid is null or session_id = $1) and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
     order by created_at desc, id desc
     limit $4::bigint",
);

const ONE: Sql = Sql::new(
    "select id, session_id, number, title, paragraphs, source, link_id is not null as is_shared, created_at
     from stories where id = $1 and user_id = edge.uid()",
);

const DELETE: Sql = Sql::new("delete from stories where id = $1 and user_id = edge.uid()");

const SHARE: Sql =
    Sql::new("update stories set link_id = gen_random_uuid() where id = $1 and user_id = edge.uid() returning link_id");

const UNSHARE: Sql = Sql::new("update stories set link_id = null where id = $1 and user_id = edge.uid() and link_id is not null");

const SHARED: Sql = Sql::new("select title, paragraphs, theme, tone from edge.shared_story(link => $1::uuid)");

#[cfg(test)]
mod tests;
