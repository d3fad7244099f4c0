edge::function! {
    //! What a person may do next, with reasons, and what they say of it.

    /// Next actions from the latest result, the most useful first: they follow the profile and what was set aside. Those called not
    /// useful are left out.
    GET    "/aube/recommendations/{user_id}"                 => list_recommendations,            auth: OwnerOrAdmin, limit: 300, reads,
        refuses: [aube::RETIRED];
    /// Says what has come of one.
    PUT    "/aube/recommendations/feedback/{recommendation}" => give_recommendation_feedback,    auth: Person,       limit: 60,
        writes, reply: 204, refuses: [refusal::NOT_FOUND];
    /// Takes that back.
    DELETE "/aube/recommendations/feedback/{recommendation}" => remove_recommendation_feedback, auth: Person,       limit: 60,
        writes, reply: 204, refuses: [refusal::NOT_FOUND];
}

use aube::ranking::Match;
use aube::recommend::{Recommendation, begin, is_known, recommend};
use aube::result::ANALYSIS_VERSION;
use aube::{LATEST, Owner, words};
use edge::{Context, Json, OwnerOrAdmin, Path, Person, Reply, Result, Sql, input, output, refusal};
use serde::Deserialize;
use uuid::Uuid;

#[input]
struct RecommendationPath {
    /// The recommendation's id.
    #[validate(length(min = 3, max = 40), custom(function = "aube::is_id"))]
    recommendation: String,
}

/// What a person says of a recommendation.
#[input(name = "RecommendationFeedback")]
struct Feedback {
    verdict: Verdict,
}

/// What has come of it.
#[output(name = "RecommendationVerdict")]
enum Verdict {
    Done,
    Useful,
    /// It is not shown again.
    NotUseful,
}

/// Next actions.
#[output(name = "RecommendationPage")]
struct Recommendations {
    items: Vec<Told>,
    next_cursor: Option<String>,
    analysis_version: String,
    /// The result that they follow; null where there is none yet.
    diagnostic: Option<Uuid>,
    purpose: String,
}

/// A next action, and what the person has said of it.
#[output(name = "RecommendationWithFeedback")]
struct Told {
    id: String,
    text: String,
    reason: String,
    feedback: Option<Verdict>,
}

/// What a person has said: of an occupation or of a recommendation.
#[derive(Deserialize)]
struct Said {
    kind: String,
    subject: String,
    verdict: String,
}

async fn list_recommendations(ctx: Context, _: OwnerOrAdmin, Path(_): Path<Owner>) -> Result<Reply<Recommendations>> {
    let [latest, said] = ctx.batch([LATEST.bind(None::<Uuid>), SAID.into()]).await?;
    let said: Vec<Said> = said.all()?;
    let of = |kind: &str, subject: &str| said.iter().find(|one| one.kind == kind && one.subject == subject);
    let language = ctx.language();
    let stored = aube::stored(&latest)?;
    let made: Vec<Recommendation> = match &stored {
        None => vec![begin(language)],
        Some(stored) => {
            let analysis = &stored.analysis;
            let is_left = |found: &&Match| of("occupation", found.occupation.onet_soc).is_none();
            let matches: Vec<Match> = analysis.matches.iter().filter(is_left).copied().collect();
            recommend(&analysis.answers, &analysis.profile, &matches, language)
        }
    };
    let told = made.into_iter().map(|Recommendation { id, text, reason }| {
        let feedback = of("recommendation", &id).and_then(|said| Verdict::of(&said.verdict));
        Told { id, text, reason, feedback }
    });
    Ok(Reply::new(Recommendations {
        items: told.filter(|one| one.feedback != Some(Verdict::NotUseful)).collect(),
        next_cursor: None,
        analysis_version: ANALYSIS_VERSION.to_owned(),
        diagnostic: stored.map(|stored| stored.id),
        purpose: words::PURPOSE.text(language).to_owned(),
    }))
}

async fn give_recommendation_feedback(
    ctx: Context,
    _: Person,
    Path(which): Path<RecommendationPath>,
    Json(feedback): Json<Feedback>,
) -> Result<Reply<()>> {
    // Whoever may not ask is told that first.
    let is_known = is_known(&which.recommendation);
    ctx.sql(SAY.bind(&which.recommendation).bind(feedback.verdict).bind(is_known)).await?;
    if is_known { Ok(Reply::new(())) } else { Err(refusal::NOT_FOUND.into()) }
}

async fn remove_recommendation_feedback(ctx: Context, _: Person, Path(which): Path<RecommendationPath>) -> Result<Reply<()>> {
    match ctx.sql(UNSAY.bind(&which.recommendation)).await?.affected()? {
        0 => Err(refusal::NOT_FOUND.into()),
        _ => Ok(Reply::new(())),
    }
}

impl Verdict {
    fn of(word: &str) -> Option<Verdict> {
        [Verdict::Done, Verdict::Useful, Verdict::NotUseful].into_iter().find(|verdict| edge::Word::word(*verdict) == word)
    }
}

const SAID: Sql = Sql::new("select kind, subject, verdict from career_feedback where user_id = edge.uid()");

const SAY: Sql = Sql::new(
    "insert into career_feedback as f (kind, subject, verdict) select 'recommendation', $1, $2 where $3::boolean
     on conflict (user_id, kind, subject) do update set verdict = excluded.verdict",
);

const UNSAY: Sql =
    Sql::new("delete from career_feedback where user_id = edge.uid() and kind = 'recommendation' and subject = $1");

#[cfg(test)]
mod tests;
