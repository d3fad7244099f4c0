edge::function! {
    //! Cards: put into a session, answered, and brought again when they are about to be forgotten.

    /// Puts a card into a session that goes on; as many as its `cards_total` at most.
    POST   "/wellness/flash-lite-cards"             => add_flash_lite_card,    auth: Person, limit: 300, writes, reply: 201,
        refuses: [refusal::NOT_FOUND, refusal::LIMIT_REACHED];
    /// The cards of a session in the order in which they were put into it.
    GET    "/wellness/flash-lite-cards"             => list_flash_lite_cards,  auth: Person, limit: 300, reads;
    /// Cards that are due, the longest due first: each as its latest answer left it.
    GET    "/wellness/flash-lite-cards/due"         => list_due_cards,         auth: Person, limit: 300, reads;
    /// Answers a card, or anew: it comes again by SM-2, sooner where it was not known.
    PUT    "/wellness/flash-lite-cards/{id}/answer" => answer_flash_lite_card, auth: Person, limit: 300, writes,
        refuses: [refusal::NOT_FOUND, wellness::SESSION_ENDED];
    /// Takes the answer back, and with it what it did to the counts and to when the card comes again.
    DELETE "/wellness/flash-lite-cards/{id}/answer" => undo_flash_lite_card,   auth: Person, limit: 300, writes,
        refuses: [refusal::NOT_FOUND, wellness::SESSION_ENDED];
}

use chrono::{DateTime, Utc};
use edge::{All, Context, Id, Json, List, Page, Path, Person, Reply, Result, Sql, SqlJson, Verbatim, input, output, refusal};
use uuid::Uuid;

/// How hard a card is.
#[input(name = "CardDifficulty")]
enum Difficulty {
    Easy,
    Medium,
    Hard,
}

/// A card to put into a session.
#[input(name = "NewFlashLiteCard")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [
    {"session_id": "7d444840-9dc0-41d1-b245-5ffdce74fad2", "question": "La capitale de la France ?", "answer": "Paris"}])))]
struct NewCard {
    session_id: Uuid,
    #[validate(length(min = 1, max = 1000), custom(function = "edge::validation::not_blank"))]
    question: String,
    #[validate(length(min = 1, max = 1000), custom(function = "edge::validation::not_blank"))]
    answer: String,
    difficulty: Option<Difficulty>,
    /// What the card is called in every session; a digest of its question where absent.
    #[validate(length(min = 1, max = 100), custom(function = "edge::validation::one_line"))]
    card_key: Option<String>,
}

/// An answer to a card.
#[input(name = "CardAnswer")]
struct CardAnswer {
    #[validate(length(max = 1000))]
    user_answer: Option<String>,
    is_correct: bool,
    #[validate(range(min = 0, max = 600_000))]
    response_time_ms: Option<i32>,
}

#[input]
struct Of {
    /// Whose cards.
    session_id: Uuid,
}

/// A card with what was answered.
#[output(name = "FlashLiteCard")]
struct Card {
    id: Uuid,
    session_id: Uuid,
    card_key: String,
    question: String,
    answer: String,
    user_answer: Option<String>,
    is_correct: Option<bool>,
    response_time_ms: Option<i32>,
    difficulty: String,
    /// How often in a row it was known.
    repetitions: Option<i32>,
    /// By what its interval grows.
    ease: Option<f64>,
    /// Its interval, in days.
    stability: Option<f64>,
    /// When it is to come again.
    due_at: Option<DateTime<Utc>>,
    answered_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

/// What a session's cards are sorted by.
#[output]
struct Key {
    created_at: DateTime<Utc>,
    id: Uuid,
}

/// What due cards are sorted by.
#[output]
struct DueKey {
    due_at: DateTime<Utc>,
    id: Uuid,
}

async fn add_flash_lite_card(ctx: Context, _: Person, Json(new): Json<NewCard>) -> Result<Reply<Card>> {
    let [session, added] = ctx.batch([SESSION.bind(new.session_id), ADD.bind(SqlJson(&new))]).await?;
    match (session.optional::<(bool,)>()?, added.optional()?) {
        (_, Some(card)) => Ok(Reply::new(card)),
        (None, None) => Err(refusal::NOT_FOUND.into()),
        (Some(_), None) => Err(refusal::LIMIT_REACHED.into()),
    }
}

async fn list_flash_lite_cards(ctx: Context, _: Person, list: List<Of, Key, 100, 100>) -> Result<Reply<Verbatim<Page<Card>>>> {
    let select = SELECT.bind(list.filter.session_id).bind(list.after(|key| key.created_at)).bind(list.after(|key| key.id));
    Ok(Reply::new(ctx.sql(select.bind(list.fetch())).await?.page(&list)?))
}

async fn list_due_cards(ctx: Context, _: Person, list: List<All, DueKey>) -> Result<Reply<Verbatim<Page<Card>>>> {
    let select = DUE.bind(list.after(|key| key.due_at)).bind(list.after(|key| key.id)).bind(list.fetch());
    Ok(Reply::new(ctx.sql(select).await?.page(&list)?))
}

async fn answer_flash_lite_card(
    ctx: Context,
    _: Person,
    Path(card): Path<Id<Uuid>>,
    Json(answer): Json<CardAnswer>,
) -> Result<Reply<Card>> {
    Ok(Reply::new(ctx.sql(ANSWER.bind(card.id).bind(SqlJson(&answer))).await?.one()?))
}

async fn undo_flash_lite_card(ctx: Context, _: Person, Path(card): Path<Id<Uuid>>) -> Result<Reply<Card>> {
    Ok(Reply::new(ctx.sql(UNDO.bind(card.id)).await?.one()?))
}

/// Locked, so that cards which are put in at once do not pass the limit together.
const SESSION: Sql = Sql::new(
    "select true from flash_lite_sessions
     where id = $1 and user_id = edge.uid() and state in ('started', 'paused') for update",
);

const ADD: Sql = Sql::new(
    "insert into flash_lite_cards (session_id, card_key, question, answer, difficulty)
     select s.id, coalesce(n.card_key, md5(normalize(lower(n.question), nfkc))), n.question, n.answer, coalesce(n.difficulty, 'medium')
     from jsonb_to_record($1) as n (session_id uuid, card_key text, question text, answer text, difficulty text)
     join flash_lite_sessions s on s.id = n.session_id and s.user_id = edge.uid() and s.state in ('started', 'paused')
     where (select count(*) from flash_lite_cards c where c.session_id = s.id) < s.cards_total
     returning id, session_id, card_key, question, answer, user_answer, is_correct, response_time_ms, difficulty, repetitions, ease, stability,
       due_at, answered_at, created_at",
);

const SELECT: Sql = Sql::new(
    "select id, session_id, card_key, question, answer, user_answer, is_correct, response_time_ms, difficulty, repetitions, ease, stability,
       due_at, answered_at, created_at
     from flash_lite_cards
     where session_id = $1 and user_id = edge.uid() and ($2::timestamptz is null or (created_at, id) > ($2, $3::uuid))
     order by created_at, id
     limit $4::bigint",
);

/// Of each card the latest answer.
const DUE: Sql = Sql::new(
    "select * from (
       select distinct on (card_key) id, session_id, card_key, question, answer, user_answer, is_correct, response_time_ms, difficulty,
         repetitions, ease, stability, due_at, answered_at, created_at
       from flash_lite_cards
       where user_id = edge.uid() and answered_at is not null
       order by card_key, answered_at desc, id) as c
     where due_at <= edge.now() and ($1::timestamptz is null or (due_at, id) > ($1, $2::uuid))
     order by due_at, id
     limit $3::bigint",
);

const ANSWER: Sql = Sql::new(
    "select id, session_id, card_key, question, answer, user_answer, is_correct, response_time_ms, difficulty, repetitions, ease, stability,
       due_at, answered_at, created_at
     from edge.answer_card(card => $1, answer => $2)",
);

const UNDO: Sql = Sql::new(
    "select id, session_id, card_key, question, answer, user_answer, is_correct, response_time_ms, difficulty, repetitions, ease, stability,
       due_at, answered_at, created_at
     from edge.answer_card(card => $1, answer => null)",
);

#[cfg(test)]
mod tests;
