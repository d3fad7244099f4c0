edge::function! {
    //! Who belongs to an organisation.

    /// The members, first who joined first; erased ones without name and address until their data are gone. For managers.
    GET    "/organisation-members/{id}"           => list_members,  auth: Person, limit: 60, writes,
        refuses: [refusal::FORBIDDEN, refusal::NOT_FOUND];
    /// Makes a member a manager or a manager a member. For managers. 409 `last_manager` where nobody who can sign in would manage
    /// any more; 402 `subscription_required` or 409 `limit_reached` where that person would manage more than their tier allows.
    PUT    "/organisation-members/{id}/{user_id}" => change_member, auth: Person, limit: 60, writes,
        refuses: [LAST_MANAGER, accounts::ELSEWHERE, refusal::FORBIDDEN, refusal::LIMIT_REACHED, refusal::NOT_FOUND,
            refusal::SUBSCRIPTION_REQUIRED];
    /// Leaves the organisation, or as its manager takes somebody else out of it. 409 `last_manager` where others who can sign in
    /// would remain without one; where there are none, the organisation is gone.
    DELETE "/organisation-members/{id}/{user_id}" => remove_member, auth: Person, limit: 60, writes, reply: 204,
        refuses: [LAST_MANAGER, refusal::FORBIDDEN, refusal::NOT_FOUND];
}

use accounts::{ELSEWHERE, Member, MemberRole};
use chrono::{DateTime, Utc};
use edge::{Context, Cursor, Error, Json, Page, Path, Person, Query, Reply, Result, Sql, input, refusal, refusals};
use serde::Deserialize;
use uuid::Uuid;

const PAGE: u32 = 50;

refusals! {
    LAST_MANAGER: 409 "last_manager", fr: "L'organisation n'aurait plus de responsable : nommez d'abord quelqu'un d'autre.", en: "Nobody would manage the organisation any more: make somebody else a manager first.";
}

#[input]
struct OrganisationPath {
    /// The organisation.
    id: Uuid,
}

#[input]
struct MemberPath {
    /// The organisation.
    id: Uuid,
    /// The member.
    user_id: Uuid,
}

#[input]
struct Range {
    /// 50 where absent.
    #[validate(range(min = 1, max = 200))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[input(name = "MemberChange")]
struct Change {
    role: MemberRole,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Ok { member: Option<Member> },
    NotFound,
    LastManager,
    Elsewhere,
}

#[derive(Deserialize)]
struct Row {
    member: Member,
}

async fn list_members(
    ctx: Context,
    _: Person,
    Path(which): Path<OrganisationPath>,
    Query(range): Query<Range>,
) -> Result<Reply<Page<Member>>> {
    let after: Option<(DateTime<Utc>, Uuid)> = range.cursor.map(|cursor| cursor.open(&which.id)).transpose()?;
    let limit = range.limit.unwrap_or(PAGE);
    let list = LIST.bind(which.id).bind(after.map(|(at, _)| at)).bind(after.map(|(_, id)| id)).bind(i64::from(limit) + 1);
    let rows = ctx.sql(list).await?.all::<Row>()?.into_iter().map(|row| row.member).collect();
    Ok(Reply::new(Page::new(rows, limit, &which.id, |member| (member.joined_at, member.user_id))))
}

async fn change_member(
    ctx: Context,
    _: Person,
    Path(whose): Path<MemberPath>,
    Json(change): Json<Change>,
) -> Result<Reply<Member>> {
    match ctx.sql(CHANGE.bind(whose.id).bind(whose.user_id).bind(change.role.name())).await?.one()? {
        Outcome::Ok { member: Some(member) } => Ok(Reply::new(member)),
        other => Err(refusal(&other)),
    }
}

async fn remove_member(ctx: Context, _: Person, Path(whose): Path<MemberPath>) -> Result<Reply<()>> {
    match ctx.sql(REMOVE.bind(whose.id).bind(whose.user_id)).await?.one()? {
        Outcome::Ok { .. } => Ok(Reply::new(())),
        other => Err(refusal(&other)),
    }
}

fn refusal(outcome: &Outcome) -> Error {
    match outcome {
        Outcome::LastManager => Error::from(LAST_MANAGER),
        Outcome::Elsewhere => Error::from(ELSEWHERE),
        _ => Error::from(refusal::NOT_FOUND),
    }
}

const LIST: Sql = Sql::new(
    "select edge.list_members(
       organisation => $1::uuid, after_joined_at => $2::timestamptz, after_id => $3::uuid, max => $4::integer) as member",
);

const CHANGE: Sql = Sql::new("select edge.change_member(organisation => $1::uuid, person => $2::uuid, role => $3)");

const REMOVE: Sql = Sql::new("select edge.remove_member(organisation => $1::uuid, person => $2::uuid)");

#[cfg(test)]
mod tests;
