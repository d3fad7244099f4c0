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

use accounts::{Member, MemberRole};
use edge::{All, At, Context, Id, Json, List, Page, Path, Person, Reply, Result, Sql, input, refusal, refusals};
use uuid::Uuid;

refusals! {
    LAST_MANAGER: 409 "last_manager", fr: "L'organisation n'aurait plus de responsable : nommez d'abord quelqu'un d'autre.", en: "Nobody would manage the organisation any more: make somebody else a manager first.";
}

#[input]
struct MemberPath {
    /// The organisation.
    id: Uuid,
    /// The member.
    user_id: Uuid,
}

/// The role that a member is to have.
#[input(name = "MemberChange")]
struct Change {
    role: MemberRole,
}

async fn list_members(
    ctx: Context,
    _: Person,
    Path(which): Path<Id<Uuid>>,
    list: List<All, (At, Uuid), 50, 200>,
) -> Result<Reply<Page<Member>>> {
    let select = LIST.bind(which.id).bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let rows = ctx.sql(select).await?.values::<Member>()?;
    Ok(Reply::new(list.page(rows, |member| (At(member.joined_at), member.user_id))))
}

async fn change_member(
    ctx: Context,
    _: Person,
    Path(whose): Path<MemberPath>,
    Json(change): Json<Change>,
) -> Result<Reply<Member>> {
    Ok(Reply::new(ctx.sql(CHANGE.bind(whose.id).bind(whose.user_id).bind(change.role)).await?.value()?))
}

async fn remove_member(ctx: Context, _: Person, Path(whose): Path<MemberPath>) -> Result<Reply<()>> {
    ctx.sql(REMOVE.bind(whose.id).bind(whose.user_id)).await?;
    Ok(Reply::new(()))
}

const LIST: Sql = Sql::new(
    "select edge.list_members(
       organisation => $1::uuid, after_joined_at => $2::timestamptz, after_id => $3::uuid, max => $4::integer)",
);

const CHANGE: Sql = Sql::new("select edge.change_member(organisation => $1::uuid, person => $2::uuid, role => $3)");

const REMOVE: Sql = Sql::new("select edge.remove_member(organisation => $1::uuid, person => $2::uuid)");

#[cfg(test)]
mod tests;
