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
    Context, Cursor, Date, Error, FieldError, Json, Page, Path, Person, Place, Query, Reply, Result, Sql, input, output, refusal,
    refusals,
};
use serde::Deserialize;

const PAGE: u32 = 20;

refusals! {
    NO_FREEZES_LEFT: 409 "no_freezes_left", fr: "Il ne reste plus assez de gels pour ce mois.", en: "Not enough freezes are left for that month.";
    FREEZE_OVERLAPS: 409 "freeze_overlaps", fr: "Certains de ces jours sont déjà gelés ou en pause.", en: "Some of these days are frozen or skipped already.";
    SKIP_IS_OVER: 409 "skip_is_over", fr: "Cette pause est terminée.", en: "This skip is over.";
}

#[input(name = "NewStreakFreeze")]
struct NewFreeze {
    kind: Kind,
    from: Date,
    /// Last day, inclusive; the same day where absent.
    to: Option<Date>,
}

#[input]
struct FreezeId {
    /// The freeze.
    id: i64,
}

#[input]
struct Paging {
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[output(name = "StreakFreezeKind")]
enum Kind {
    /// Forgives a day that was or will be missed.
    Freeze,
    /// A pause that is planned ahead: holidays, an operation.
    Skip,
}

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

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Placed {
    Created { freeze: Freeze },
    Unchanged { freeze: Freeze },
    Overlaps { freeze: Freeze },
    TooEarly { oldest: NaiveDate },
    TooLate { latest: NaiveDate },
    NoneLeft { month: NaiveDate, left: i32 },
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Ending {
    Removed,
    Shortened { freeze: Freeze },
    Over,
    NotFound,
}

async fn create_freeze(ctx: Context, _: Person, Json(new): Json<NewFreeze>) -> Result<Reply<Freeze>> {
    let to = new.to.unwrap_or(new.from);
    if to < new.from {
        return Err(FieldError::new(Place::Body, "from", "from_after_to").into());
    }
    let place = PLACE.bind(new.kind.word()).bind(new.from.day()).bind(to.day());
    match ctx.sql(place).await?.one()? {
        Placed::Created { freeze } => Ok(Reply::new(freeze)),
        Placed::Unchanged { freeze } => Ok(Reply::new(freeze).status(200)),
        Placed::Overlaps { freeze } => Err(Error::from(FREEZE_OVERLAPS).with("freeze_id", freeze.id)),
        Placed::NoneLeft { month, left } => {
            Err(Error::from(NO_FREEZES_LEFT).with("month", month.format("%Y-%m").to_string()).with("left", left))
        }
        Placed::TooEarly { oldest } => {
            Err(Error::from(FieldError::new(Place::Body, "from", "date_too_old")).with("oldest", oldest.to_string()))
        }
        Placed::TooLate { latest } => {
            Err(Error::from(FieldError::new(Place::Body, "to", "date_too_far")).with("latest", latest.to_string()))
        }
    }
}

async fn list_freezes(ctx: Context, _: Person, Query(paging): Query<Paging>) -> Result<Reply<Page<Freeze>>> {
    let before: Option<NaiveDate> = paging.cursor.map(|cursor| cursor.open(&())).transpose()?;
    let limit = paging.limit.unwrap_or(PAGE);
    let rows = ctx.sql(SELECT.bind(before).bind(i64::from(limit) + 1)).await?.all::<Freeze>()?;
    Ok(Reply::new(Page::new(rows, limit, &(), |freeze| freeze.from)))
}

async fn delete_freeze(ctx: Context, _: Person, Path(freeze): Path<FreezeId>) -> Result<Reply<Option<Freeze>>> {
    match ctx.sql(REMOVE.bind(freeze.id)).await?.one()? {
        Ending::Removed => Ok(Reply::new(None)),
        Ending::Shortened { freeze } => Ok(Reply::new(Some(freeze))),
        Ending::Over => Err(SKIP_IS_OVER.into()),
        Ending::NotFound => Err(refusal::NOT_FOUND.into()),
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Freeze => "freeze",
            Kind::Skip => "skip",
        }
    }
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
