edge::function! {
    //! The occupations nearest to a person, and those that they have set aside.

    /// Every occupation by nearness to the person's latest result, or to the one that `diagnostic` names, without those set aside.
    /// Where the answers claim no order there are only examples. A cursor goes on in the result that it began in.
    GET    "/aube/career/matches/{user_id}"       => list_career_matches,  auth: OwnerOrAdmin, limit: 300, reads,
        refuses: [refusal::NOT_FOUND, aube::RETIRED];
    /// The occupations that the person has set aside, the latest first.
    GET    "/aube/career/set-aside"               => list_careers_set_aside, auth: Person,     limit: 300, reads;
    /// "Not this one": sets an occupation aside, and the next one takes its place at once. No result changes.
    PUT    "/aube/career/set-aside/{occupation}"  => set_career_aside,     auth: Person,       limit: 60,  writes, reply: 204,
        refuses: [refusal::NOT_FOUND];
    /// Takes that back.
    DELETE "/aube/career/set-aside/{occupation}"  => restore_career,       auth: Person,       limit: 60,  writes, reply: 204,
        refuses: [refusal::NOT_FOUND];
}

use aube::occupations::{Occupation, SKILLS, is_code};
use aube::ranking::Match;
use aube::result::{ANALYSIS_VERSION, CareerMatch, Data, Ranking};
use aube::{LATEST, Owner, words};
use edge::chrono::{DateTime, Utc};
use edge::{All, Context, FieldError, List, OwnerOrAdmin, Page, Path, Person, Place, Reply, Result, Sql, input, output, refusal};
use uuid::Uuid;

#[input]
struct Filter {
    /// A result of the person's; the latest where absent.
    diagnostic: Option<Uuid>,
    /// Only occupations with at least this `ai_resilience`.
    #[validate(range(max = 100))]
    min_resilience: Option<u8>,
    /// Only occupations that ask for this skill: an id of `skill_ids`, such as `2.B.3.e`.
    #[validate(length(max = 20))]
    skill: Option<String>,
    /// Only occupations of this preparation.
    #[validate(range(min = 1, max = 5))]
    job_zone: Option<u8>,
    /// Only occupations of this `growth_potential`.
    growth: Option<Growth>,
}

/// `growth_potential` of a match.
#[input(name = "CareerGrowthWord")]
enum Growth {
    Declining,
    SlowDecline,
    Slow,
    Growing,
    Strong,
}

#[input]
struct OccupationPath {
    /// O*NET-SOC code, such as `15-1252.00`.
    #[validate(length(min = 3, max = 40), custom(function = "aube::is_id"))]
    occupation: String,
}

/// Where a list goes on: in which result, after which occupation.
#[output]
struct Key {
    diagnostic: Uuid,
    onet_soc: String,
}

/// Occupations by nearness.
#[output(name = "CareerMatchPage")]
struct Matches {
    items: Vec<CareerMatch>,
    next_cursor: Option<String>,
    /// How many there are on all pages.
    total: u32,
    analysis_version: String,
    /// The result that they are of; null where there is none yet.
    diagnostic: Option<Uuid>,
    /// Null where there is no result yet.
    ranking: Option<Ranking>,
    data: Data,
    purpose: String,
}

/// Occupations that were set aside.
#[output(name = "SetAsidePage")]
struct SetAside {
    items: Vec<Aside>,
    next_cursor: Option<String>,
    purpose: String,
}

/// One of them.
#[output(name = "SetAsideCareer")]
struct Aside {
    onet_soc: String,
    #[serde(default)]
    title: String,
    created_at: DateTime<Utc>,
}

async fn list_career_matches(
    ctx: Context,
    _: OwnerOrAdmin,
    Path(_): Path<Owner>,
    list: List<Filter, Key>,
) -> Result<Reply<Matches>> {
    let wanted = list.after(|key| key.diagnostic).or(list.filter.diagnostic);
    if list.filter.skill.as_deref().is_some_and(|skill| !SKILLS.iter().any(|known| known.id == skill)) {
        return Err(FieldError::new(Place::Query, "skill", "not_allowed").into());
    }
    let [latest, aside] = ctx.batch([LATEST.bind(wanted), ASIDE.bind(ALL)]).await?;
    let language = ctx.language();
    let found = aube::stored(&latest)?;
    if found.is_none() && wanted.is_some() {
        return Err(refusal::NOT_FOUND.into());
    }
    let aside: Vec<Aside> = aside.all()?;
    let after = list.after(|key| key.onet_soc.clone());
    let (mut total, mut matches) = (0, Vec::new());
    if let Some(stored) = &found {
        let shown = if stored.analysis.profile.is_flat() { 6 } else { stored.analysis.matches.len() };
        let is_aside = |found: &Match| aside.iter().any(|one| one.onet_soc == found.occupation.onet_soc);
        // The last one seen is found by its place among all: it may have been set aside since.
        let mut is_next = after.is_none();
        for found in &stored.analysis.matches[..shown] {
            let is_wanted = is_shown(&list.filter, found) && !is_aside(found);
            total += u32::from(is_wanted);
            if is_wanted && is_next {
                matches.push(found);
            }
            is_next |= after.as_deref() == Some(found.occupation.onet_soc);
        }
    }
    let id = found.as_ref().map(|stored| stored.id);
    matches.truncate(usize::try_from(list.fetch()).unwrap_or_default());
    let page: Page<&Match> =
        list.page(matches, |found| Key { diagnostic: id.unwrap_or_default(), onet_soc: found.occupation.onet_soc.to_owned() });
    Ok(Reply::new(Matches {
        items: page.items.into_iter().map(|found| CareerMatch::of(found, language)).collect(),
        next_cursor: page.next_cursor,
        total,
        analysis_version: ANALYSIS_VERSION.to_owned(),
        diagnostic: id,
        ranking: found.map(|stored| Ranking::of(&stored.analysis.profile, language)),
        data: Data::all(),
        purpose: words::PURPOSE.text(language).to_owned(),
    }))
}

async fn list_careers_set_aside(ctx: Context, _: Person, _: List<All, ()>) -> Result<Reply<SetAside>> {
    let mut items: Vec<Aside> = ctx.sql(ASIDE.bind(ALL)).await?.all()?;
    for one in &mut items {
        one.title = Occupation::of(&one.onet_soc).map_or(String::new(), |known| known.title(ctx.language()).to_owned());
    }
    let purpose = words::PURPOSE.text(ctx.language()).to_owned();
    Ok(Reply::new(SetAside { items, next_cursor: None, purpose }))
}

async fn set_career_aside(ctx: Context, _: Person, Path(which): Path<OccupationPath>) -> Result<Reply<()>> {
    // Whoever may not ask is told that first.
    let is_known = is_code(&which.occupation);
    ctx.sql(SET_ASIDE.bind(&which.occupation).bind(is_known)).await?;
    if is_known { Ok(Reply::new(())) } else { Err(refusal::NOT_FOUND.into()) }
}

async fn restore_career(ctx: Context, _: Person, Path(which): Path<OccupationPath>) -> Result<Reply<()>> {
    match ctx.sql(RESTORE.bind(&which.occupation)).await?.affected()? {
        0 => Err(refusal::NOT_FOUND.into()),
        _ => Ok(Reply::new(())),
    }
}

fn is_shown(filter: &Filter, found: &Match) -> bool {
    let occupation = found.occupation;
    filter.min_resilience.is_none_or(|least| occupation.resilience()[1] >= least)
        && filter.skill.as_deref().is_none_or(|skill| occupation.skills().any(|known| known.id == skill))
        && filter.job_zone.is_none_or(|zone| occupation.job_zone == zone)
        && filter.growth.is_none_or(|growth| edge::Word::word(growth) == occupation.growth_word())
}

/// There are 398 occupations to set aside.
const ALL: i64 = 1000;

const ASIDE: Sql = Sql::new(
    "select subject as onet_soc, created_at from career_feedback
     where user_id = edge.uid() and kind = 'occupation'
     order by created_at desc, subject
     limit $1::bigint",
);

const SET_ASIDE: Sql = Sql::new(
    "insert into career_feedback (kind, subject, verdict) select 'occupation', $1, 'not_this_one' where $2::boolean
     on conflict (user_id, kind, subject) do nothing",
);

const RESTORE: Sql = Sql::new("delete from career_feedback where user_id = edge.uid() and kind = 'occupation' and subject = $1");

#[cfg(test)]
mod tests;
