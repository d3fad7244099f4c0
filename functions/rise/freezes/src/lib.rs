edge::function! {
    //! Days on which a streak asks for nothing: freezes, of which every month brings a few, and skips, which are planned.

    /// Places a freeze on days, past (as far back as an entry may be dated) or to come, or plans to skip days from today on.
    /// What is there already is answered with status 200. 409 `no_freezes_left` once the month's are used up, and
    /// `freeze_overlaps` where some of the days are taken.
    POST   "/rise/freezes"      => create_freeze, auth: Person, limit: 60,  writes, reply: 201 or 200,
        refuses: [FREEZE_OVERLAPS, NO_FREEZES_LEFT];
    /// The person's freezes and skips, latest day first.
    GET    "/rise/freezes"      => list_freezes,  auth: Person, limit: 300, reads;
    /// Takes a freeze back, or ends a skip: its days that have been stay skipped, and the answer shows them (200). 409
    /// `skip_is_over` where nothing is left of it.
    DELETE "/rise/freezes/{id}" => delete_freeze, auth: Person, limit: 60,  writes, reply: 200 or 204,
        refuses: [refusal::NOT_FOUND, SKIP_IS_OVER];
}

use chrono::{DateTime, NaiveDate, Utc};
use edge::{
    All, Context, Date, Id, Json, List, Page, Path, Person, Place, Reply, Result, Sql, in_order, input, output, refusal, refusals,
};
use serde::Deserialize;

refusals! {
    NO_FREEZES_LEFT: 409 "no_freezes_left", fr: "Il ne reste plus assez de gels pour ce mois.", en: "Not enough freezes are left for that month.";
    FREEZE_OVERLAPS: 409 "freeze_overlaps", fr: "Certains de ces jours sont déjà gelés ou en pause.", en: "Some of these days are frozen or skipped already.";
    SKIP_IS_OVER: 409 "skip_is_over", fr: "Cette pause est terminée.", en: "This skip is over.";
}

/// Days that shall not break the streak.
#[input(name = "NewStreakFreeze")]
struct NewFreeze {
    kind: Kind,
    from: Date,
    /// Last day, inclusive; the same day where absent.
    to: Option<Date>,
}

/// Why days are frozen.
#[output(name = "StreakFreezeKind")]
enum Kind {
    /// Forgives a day that was or will be missed.
    Freeze,
    /// A pause that is planned ahead: holidays, an operation.
    Skip,
}

/// Frozen days: they neither break the streak nor count.
#[output(name = "StreakFreeze")]
struct Freeze {
    id: i64,
    kind: Kind,
    #[serde(alias = "from_day")]
    from: NaiveDate,
    #[serde(alias = "to_day")]
    to: NaiveDate,
    created_at: DateTime<Utc>,
}

/// A freeze that was placed, or was there.
#[derive(Deserialize)]
struct Placed {
    freeze: Freeze,
    is_new: bool,
}

async fn create_freeze(ctx: Context, _: Person, Json(new): Json<NewFreeze>) -> Result<Reply<Freeze>> {
    let to = new.to.unwrap_or(new.from);
    in_order(Place::Body, Some(new.from), Some(to))?;
    let Placed { freeze, is_new } = ctx.sql(PLACE.bind(new.kind).bind(new.from).bind(to)).await?.value()?;
    Ok(Reply::new(freeze).status(if is_new { 201 } else { 200 }))
}

async fn list_freezes(ctx: Context, _: Person, list: List<All, NaiveDate>) -> Result<Reply<Page<Freeze>>> {
    let select = SELECT.bind(list.after(|day| day)).bind(list.fetch());
    Ok(Reply::new(list.page(ctx.sql(select).await?.all()?, |freeze: &Freeze| freeze.from)))
}

async fn delete_freeze(ctx: Context, _: Person, Path(freeze): Path<Id<i64>>) -> Result<Reply<Option<Freeze>>> {
    Ok(Reply::new(ctx.sql(REMOVE.bind(freeze.id)).await?.value()?))
}

const PLACE: Sql = Sql::new("select edge.freeze_days(kind => $1, from_day => $2::date, to_day => $3::date)");

const REMOVE: Sql = Sql::new("select edge.unfreeze_days(id => $1::bigint)");

/// No two begin on the same day.
const SELECT: Sql = Sql::new(
    "select id, kind, from_day, to_day, created_at
     from streak_freezes
     where user_id = edge.uid() and ($1::date is null or from_day < $1)
     order by from_day desc
     limit $2::bigint",
);

#[cfg(test)]
mod tests;
