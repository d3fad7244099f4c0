edge::function! {
    //! The career diagnostic: its questions, a draft while they are answered, and what the answers come to.

    /// Every question in the order in which it is shown, in the caller's language or in `lang`.
    GET    "/aube/diagnostic/questions"       => list_diagnostic_questions, auth: Public, limit: 300, reads, sql: 0, headers: [ETag];
    /// Takes answers, all or some, and gives the whole result. The same answers give the same numbers. A repeated `client_id` with
    /// the same answers gives the first result with status 200. The draft is gone afterwards.
    POST   "/aube/diagnostic/submit"          => submit_diagnostic,         auth: Person, limit: 10,  writes, reply: 201 or 200,
        headers: [Location], refuses: [refusal::CLIENT_ID_MISMATCH];
    /// The questionnaire that the person has begun.
    GET    "/aube/diagnostic/draft"           => get_diagnostic_draft,      auth: Person, limit: 300, reads, headers: [ETag],
        refuses: [refusal::NOT_FOUND];
    /// Keeps the answers given so far, in place of those kept before; with `If-Match`, only over that version.
    PUT    "/aube/diagnostic/draft"           => save_diagnostic_draft,     auth: Person, limit: 300, writes, headers: [ETag, IfMatch];
    /// Throws the draft away.
    DELETE "/aube/diagnostic/draft"           => delete_diagnostic_draft,   auth: Person, limit: 60,  writes, reply: 204;
    /// The person's results, newest first.
    GET    "/aube/diagnostic"                 => list_diagnostics,          auth: Person, limit: 300, reads;
    /// One result, computed anew from its answers under its version: the same bytes each time.
    GET    "/aube/diagnostic/{id}"            => get_diagnostic,            auth: Person, limit: 300, reads, headers: [ETag],
        refuses: [refusal::NOT_FOUND, aube::RETIRED];
    /// Removes a result with its answers, matches and links, for good.
    DELETE "/aube/diagnostic/{id}"            => delete_diagnostic,         auth: Person, limit: 60,  writes, reply: 204,
        refuses: [refusal::NOT_FOUND];
    /// What has changed from this result to the one that `with` names.
    GET    "/aube/diagnostic/{id}/comparison" => compare_diagnostics,       auth: Person, limit: 60,  reads,
        refuses: [refusal::NOT_FOUND, aube::RETIRED];
}

mod answers;
mod shapes;
mod stored;

use aube::questions::{self, ITEMS};
use aube::result::{ANALYSIS_VERSION, four_letters, rounded};
use aube::{Analysis, DiagnosticResult};
use edge::{
    All, At, Context, Id, Json, Language, List, Path, Person, Public, Query, Reply, Result, Sql, SqlJson, input, refusal,
};
use uuid::Uuid;

use answers::{DraftChange, Submission};
use shapes::{Comparison, Draft, Question, Questionnaire, Summaries, Summary};
use stored::Submitted;

#[input]
struct QuestionsQuery {
    /// The caller's language where absent.
    lang: Option<Language>,
}

#[input]
struct Other {
    /// The result to compare with.
    with: Uuid,
}

async fn list_diagnostic_questions(
    ctx: Context,
    _: Public,
    Query(wanted): Query<QuestionsQuery>,
) -> Result<Reply<Questionnaire>> {
    let lang = wanted.lang.unwrap_or(ctx.language());
    let questions = ITEMS.iter().map(|item| Question::of(item, lang)).collect();
    Ok(Reply::new(Questionnaire::of(lang, questions)).revalidated())
}

async fn submit_diagnostic(ctx: Context, _: Person, Json(sent): Json<Submission>) -> Result<Reply<DiagnosticResult>> {
    let lang = sent.lang.unwrap_or(ctx.language());
    let analysis = Analysis::of(answers::of(&sent.answers)?);
    let digits = analysis.answers.digits();
    let insert = INSERT
        .bind(sent.client_id)
        .bind(questions::VERSION)
        .bind(ANALYSIS_VERSION)
        .bind(lang.code())
        .bind(&digits)
        .bind(four_letters(&analysis.profile))
        .bind(rounded(analysis.profile.confidence))
        .bind(SqlJson(&stored::matches(&analysis)))
        .bind(aube::occupations::DATA_VERSION);
    let first = FIRST.bind(sent.client_id).bind(questions::VERSION).bind(lang.code()).bind(&digits);
    let [inserted, first] = ctx.batch([insert, first]).await?;
    let is_new = !inserted.is_empty()?;
    let made: Submitted = if is_new { inserted } else { first }.one()?;
    if !is_new && !made.same {
        return Err(refusal::CLIENT_ID_MISMATCH.into());
    }
    let reply = Reply::new(analysis.result(made.id, made.user_id, made.created_at, lang));
    Ok(if is_new { reply.location(&["/api/v1/aube/diagnostic/", &made.id.to_string()].concat()) } else { reply.status(200) })
}

async fn get_diagnostic_draft(ctx: Context, _: Person) -> Result<Reply<Draft>> {
    Ok(Reply::versioned(Draft::of(ctx.sql(DRAFT).await?.optional()?.ok_or(refusal::NOT_FOUND)?)))
}

async fn save_diagnostic_draft(ctx: Context, _: Person, Json(sent): Json<DraftChange>) -> Result<Reply<Draft>> {
    let lang = sent.lang.unwrap_or(ctx.language());
    let answers = answers::of(&sent.answers)?;
    let save = SAVE.bind(questions::VERSION).bind(lang.code()).bind(answers.digits()).bind(ctx.if_match());
    Ok(Reply::versioned(Draft::of(ctx.sql(save).await?.optional()?.ok_or(refusal::PRECONDITION_FAILED)?)))
}

async fn delete_diagnostic_draft(ctx: Context, _: Person) -> Result<Reply<()>> {
    ctx.sql(FORGET_DRAFT).await?;
    Ok(Reply::new(()))
}

async fn list_diagnostics(ctx: Context, _: Person, list: List<All, (At, Uuid)>) -> Result<Reply<Summaries>> {
    let select = LIST.bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let rows = ctx.sql(select).await?.all::<Summary>()?;
    let page = list.page(rows, |row| (At(row.created_at), row.id));
    Ok(Reply::new(Summaries::of(page, ctx.language())))
}

async fn get_diagnostic(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<DiagnosticResult>> {
    Ok(Reply::new(aube::found(&ctx.sql(aube::ONE.bind(which.id)).await?)?.result()).revalidated())
}

async fn delete_diagnostic(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<()>> {
    ctx.sql(DELETE.bind(which.id)).await?.removed()
}

async fn compare_diagnostics(
    ctx: Context,
    _: Person,
    Path(which): Path<Id<Uuid>>,
    Query(other): Query<Other>,
) -> Result<Reply<Comparison>> {
    let [before, after] = ctx.batch([aube::ONE.bind(which.id), aube::ONE.bind(other.with)]).await?;
    match (aube::stored(&before)?, aube::stored(&after)?) {
        (Some(before), Some(after)) => Ok(Reply::new(Comparison::of(&before, &after, ctx.language()))),
        _ => Err(refusal::NOT_FOUND.into()),
    }
}

const INSERT: Sql = Sql::new(
    "with made as (
       insert into career_explorations
         (client_id, question_set_version, analysis_version, lang, answers, personality_type, confidence_score)
       values ($1::uuid, $2, $3, $4, $5, $6, $7::double precision)
       on conflict (user_id, client_id) do nothing
       returning id, user_id, created_at),
     matched as (
       insert into career_matches
         (exploration_id, onet_soc, place, match_score, match_low, match_high, ai_resilience, evidence, data_version)
       select made.id, m.onet_soc, m.place, m.match_score, m.match_low, m.match_high, m.ai_resilience, m.evidence, $9
       from made, jsonb_to_recordset($8) as m (onet_soc text, place smallint, match_score smallint, match_low smallint,
         match_high smallint, ai_resilience smallint, evidence jsonb)),
     answered as (
       delete from career_drafts d using made where d.user_id = made.user_id)
     select id, user_id, created_at from made",
);

const FIRST: Sql = Sql::new(
    "select id, user_id, created_at, question_set_version = $2 and lang = $3 and answers = $4 as same
     from career_explorations where user_id = edge.uid() and client_id = $1::uuid",
);

const DRAFT: Sql =
    Sql::new("select question_set_version, lang, answers, updated_at, version from career_drafts where user_id = edge.uid()");

/// A first draft has no version to be over.
const SAVE: Sql = Sql::new(
    "insert into career_drafts as d (question_set_version, lang, answers)
     select $1, $2, $3
     where $4::text is null or exists (select from career_drafts where user_id = edge.uid())
     on conflict (user_id) do update
     set question_set_version = excluded.question_set_version, lang = excluded.lang, answers = excluded.answers
     where edge.is_version(d.version, $4)
     returning question_set_version, lang, answers, updated_at, version",
);

const FORGET_DRAFT: Sql = Sql::new("delete from career_drafts where user_id = edge.uid()");

const LIST: Sql = Sql::new(
    "select e.id, e.created_at, e.lang, e.question_set_version, e.analysis_version, e.personality_type, e.confidence_score,
       (select coalesce(jsonb_agg(jsonb_build_object('onet_soc', m.onet_soc, 'match_score', m.match_score) order by m.place), '[]')
        from career_matches m where m.exploration_id = e.id and m.user_id = edge.uid() and m.place <= 3) as first_matches
     from career_explorations e
     where e.user_id = edge.uid() and ($1::timestamptz is null or (e.created_at, e.id) < ($1, $2::uuid))
     order by e.created_at desc, e.id desc
     limit $3::bigint",
);

const DELETE: Sql = Sql::new("delete from career_explorations where id = $1::uuid and user_id = edge.uid()");

#[cfg(test)]
mod tests;
