edge::function! {
    //! Takes bodies of every kind, answers in every kind, and has a gate.

    purpose: Leaderboards;

    /// Says a text again.
    POST "/hearing/text" => hear_text, auth: Public, limit: none, reads, sql: 0;
    /// Says a form again.
    POST "/hearing/form" => hear_form, auth: Public, limit: none, reads, sql: 0;
    /// Says what file came.
    POST "/hearing/files" => hear_file, auth: Public, limit: none, reads, sql: 0, body: 3_000_000;
    /// Says what JSON or a form with files has said.
    POST "/hearing/either" => hear_either, auth: Public, limit: none, reads, sql: 0;
    /// Says how long a body of any kind is.
    POST "/hearing/raw" => hear_raw, auth: Public, limit: none, reads, sql: 0;
    /// A page.
    GET "/hearing/page" => show_page, auth: Public, limit: none, reads, sql: 0;
    /// The way to the page.
    GET "/hearing/way" => show_way, auth: Public, limit: none, reads, reply: 303, sql: 0, headers: [Location];
    /// Keeps words, unless they tell of danger.
    POST "/hearing/words" => keep_words, auth: Person, limit: 10, writes, gate: somebody_in_danger;
}

use crisis::{Panel, look};
use edge::{
    Context, Either, Form, Html, Json, Multipart, Person, Public, Query, Raw, Redirect, Reply, Result, Sql, Text, input, output,
};

#[input(name = "HearingFields")]
struct Fields {
    /// Who speaks.
    name: String,
    /// How old they are.
    age: Option<u32>,
}

#[output(name = "HeardWords")]
struct Heard {
    kind: String,
    text: String,
    bytes: usize,
}

fn heard(kind: &str, text: String, bytes: usize) -> Result<Reply<Heard>> {
    Ok(Reply::new(Heard { kind: kind.to_owned(), text, bytes }))
}

impl Fields {
    fn words(&self) -> String {
        [&self.name, "/", &self.age.map_or(String::new(), |age| age.to_string())].concat()
    }
}

async fn hear_text(_: Context, _: Public, Text(text): Text) -> Result<Reply<Heard>> {
    let bytes = text.len();
    heard("text", text, bytes)
}

async fn hear_form(_: Context, _: Public, Form(fields): Form<Fields>) -> Result<Reply<Heard>> {
    heard("form", fields.words(), 0)
}

async fn hear_file(_: Context, _: Public, form: Multipart<Fields>) -> Result<Reply<Heard>> {
    let (fields, file) = form.one("voice")?;
    heard(&file.media, [&fields.words(), "/", &file.name].concat(), file.content.len())
}

async fn hear_either(_: Context, _: Public, body: Either<Json<Fields>, Multipart<Fields>>) -> Result<Reply<Heard>> {
    match body {
        Either::One(Json(fields)) => heard("json", fields.words(), 0),
        Either::Other(form) => heard("multipart", form.fields.words(), form.files.len()),
    }
}

async fn hear_raw(_: Context, _: Public, Raw { media, body }: Raw) -> Result<Reply<Heard>> {
    heard(&media, String::new(), body.len())
}

async fn show_page(_: Context, _: Public) -> Result<Reply<Html>> {
    Ok(Reply::new(Html("<!doctype html><title>Page</title><p>Bonjour".to_owned())))
}

#[input]
struct Wish {
    /// What the address is to end in.
    to: String,
}

async fn show_way(_: Context, _: Public, Query(wish): Query<Wish>) -> Result<Reply<Redirect>> {
    Ok(Reply::redirect(&["/api/v1/hearing/page?", &wish.to].concat()))
}

#[input(name = "SpokenWords")]
struct Spoken {
    /// What somebody says.
    text: String,
}

#[output(name = "KeptWords")]
struct Kept {
    kept: bool,
    crisis: Option<Panel>,
}

fn somebody_in_danger(ctx: &Context, Json(spoken): &Json<Spoken>) -> Option<Reply<Kept>> {
    let signal = look(&[&spoken.text])?;
    Some(Reply::new(Kept { kept: false, crisis: Some(Panel::new(signal, ctx.language(), ctx.country())) }))
}

async fn keep_words(ctx: Context, _: Person, Json(spoken): Json<Spoken>) -> Result<Reply<Kept>> {
    let kept = ctx.sql(KEEP.bind(&spoken.text)).await?.value()?;
    Ok(Reply::new(Kept { kept, crisis: None }))
}

const KEEP: Sql = Sql::new("select $1 <> '' and edge.claim('purpose') = 'leaderboards' as kept");
