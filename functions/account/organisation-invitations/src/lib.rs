edge::function! {
    //! How people come into an organisation: by a letter to an address.

    /// Invites an address by a letter with a link, good for seven days and once. For managers. Writing again to an address that
    /// is invited (status 200) replaces the link. 409 `already_member`; 429 after three letters a day to one address or a hundred by
    /// one person, from all organisations together and also from those that are gone; 402
    /// `subscription_required` or 409 `limit_reached` where the organisation would have more members than the caller's tier allows.
    POST   "/organisation-invitations"        => invite_member,     auth: Person, limit: 10, writes, reply: 201 or 200, sql: 2,
        refuses: [ALREADY_MEMBER, ENOUGH_INVITATIONS, refusal::FORBIDDEN, refusal::LIMIT_REACHED, refusal::NOT_FOUND,
            refusal::SUBSCRIPTION_REQUIRED];
    /// The invitations of an organisation, latest first. For its managers.
    GET    "/organisation-invitations"        => list_invitations,  auth: Person, limit: 60, writes,
        refuses: [refusal::FORBIDDEN, refusal::NOT_FOUND];
    /// Takes an invitation back: its link opens nothing any more. For managers. 409 `invitation_accepted` once it is used.
    DELETE "/organisation-invitations/{id}"   => revoke_invitation, auth: Person, limit: 60, writes, reply: 204,
        refuses: [ACCEPTED, refusal::FORBIDDEN, refusal::NOT_FOUND];
    /// Joins by the token of the link. The account must have the invited address, which the token verifies. Repeating it does
    /// no harm. 410 `link_invalid`, also where nobody manages the organisation any more; 403 `invited_elsewhere` for an account of
    /// another address; 402 `subscription_required` or 409 `limit_reached` for a manager's invitation where the caller would manage
    /// more than their tier allows.
    POST   "/organisation-invitations/accept" => accept_invitation, auth: Person, limit: 10, writes,
        refuses: [OTHER_ADDRESS, accounts::ELSEWHERE, accounts::LINK_INVALID, refusal::LIMIT_REACHED,
            refusal::SUBSCRIPTION_REQUIRED];
    uses: [accounts::LETTERS]
}

use accounts::{ELSEWHERE, LINK_INVALID, Link, MemberRole, Organisation};
use chrono::{DateTime, Utc};
use edge::auth::sha256_hex;
use edge::{
    Context, Cursor, Email, Error, Json, Page, Path, Person, Query, Reply, Result, Sql, input, output, refusal, refusals,
};
use outbox::Entry;
use serde::Deserialize;
use uuid::Uuid;

const PAGE: u32 = 50;

refusals! {
    ALREADY_MEMBER: 409 "already_member", fr: "Cette personne est déjà membre.", en: "This person is a member already.";
    ENOUGH_INVITATIONS: 429 "enough_invitations", fr: "Assez de messages pour aujourd'hui : réessayez demain.", en: "Enough letters for today: try again tomorrow.";
    ACCEPTED: 409 "invitation_accepted", fr: "Cette invitation est déjà acceptée : retirez le membre.", en: "This invitation is accepted already: remove the member.";
    OTHER_ADDRESS: 403 "invited_elsewhere", fr: "Cette invitation a été envoyée à une autre adresse que celle de votre compte.", en: "This invitation was sent to another address than that of your account.";
}

#[input(name = "NewInvitation")]
struct NewInvitation {
    organisation_id: Uuid,
    email: Email,
    /// `member` where absent.
    role: Option<MemberRole>,
}

#[input]
struct Range {
    /// The organisation that invites.
    organisation_id: Uuid,
    /// 50 where absent.
    #[validate(range(min = 1, max = 200))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[input]
struct InvitationPath {
    /// The invitation.
    id: Uuid,
}

#[input(name = "InvitationProof")]
struct Proof {
    #[validate(length(min = 1, max = 128))]
    token: String,
}

#[output(name = "Invitation")]
struct Invitation {
    id: Uuid,
    organisation_id: Uuid,
    email: String,
    role: MemberRole,
    state: State,
    /// When the last letter went out.
    sent_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

#[output(name = "InvitationState")]
enum State {
    Open,
    Accepted,
    Revoked,
    Expired,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Invited {
    Created { invitation: Box<Invitation>, outbox: Vec<Entry> },
    Resent { invitation: Box<Invitation>, outbox: Vec<Entry> },
    Member,
    Limited,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Answered {
    Ok { organisation: Option<Box<Organisation>> },
    Accepted,
    NotFound,
    Invalid,
    OtherAddress,
    Elsewhere,
}

#[derive(Deserialize)]
struct Row {
    invitation: Invitation,
}

async fn invite_member(ctx: Context, _: Person, Json(new): Json<NewInvitation>) -> Result<Reply<Invitation>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/join-organisation")?;
    let role = new.role.unwrap_or(MemberRole::Member);
    let invite = INVITE.bind(new.organisation_id).bind(new.email.as_str()).bind(role.name()).bind(&link.hash).bind(&link.url);
    let (status, invitation, outbox) = match ctx.sql(invite).await?.one()? {
        Invited::Created { invitation, outbox } => (201, invitation, outbox),
        Invited::Resent { invitation, outbox } => (200, invitation, outbox),
        Invited::Member => return Err(ALREADY_MEMBER.into()),
        Invited::Limited => return Err(Error::from(ENOUGH_INVITATIONS).retry_after(86_400)),
    };
    accounts::post_later(&ctx, outbox);
    Ok(Reply::new(*invitation).status(status))
}

async fn list_invitations(ctx: Context, _: Person, Query(range): Query<Range>) -> Result<Reply<Page<Invitation>>> {
    let after: Option<(DateTime<Utc>, Uuid)> = range.cursor.map(|cursor| cursor.open(&range.organisation_id)).transpose()?;
    let limit = range.limit.unwrap_or(PAGE);
    let list =
        LIST.bind(range.organisation_id).bind(after.map(|(at, _)| at)).bind(after.map(|(_, id)| id)).bind(i64::from(limit) + 1);
    let rows = ctx.sql(list).await?.all::<Row>()?.into_iter().map(|row| row.invitation).collect();
    Ok(Reply::new(Page::new(rows, limit, &range.organisation_id, |invitation| (invitation.created_at, invitation.id))))
}

async fn revoke_invitation(ctx: Context, _: Person, Path(which): Path<InvitationPath>) -> Result<Reply<()>> {
    match ctx.sql(REVOKE.bind(which.id)).await?.one()? {
        Answered::Ok { .. } => Ok(Reply::new(())),
        other => Err(refusal(&other)),
    }
}

async fn accept_invitation(ctx: Context, _: Person, Json(proof): Json<Proof>) -> Result<Reply<Organisation>> {
    match ctx.sql(ACCEPT.bind(sha256_hex(proof.token.as_bytes()))).await?.one()? {
        Answered::Ok { organisation: Some(organisation) } => Ok(Reply::new(*organisation)),
        other => Err(refusal(&other)),
    }
}

fn refusal(answered: &Answered) -> Error {
    match answered {
        Answered::Accepted => Error::from(ACCEPTED),
        Answered::Invalid => Error::from(LINK_INVALID),
        Answered::OtherAddress => Error::from(OTHER_ADDRESS),
        Answered::Elsewhere => Error::from(ELSEWHERE),
        Answered::NotFound | Answered::Ok { .. } => Error::from(refusal::NOT_FOUND),
    }
}

const INVITE: Sql =
    Sql::new("select edge.invite_member(organisation => $1::uuid, email => $2, role => $3, token_hash => $4, link => $5)");

const LIST: Sql = Sql::new(
    "select edge.list_invitations(
       organisation => $1::uuid, after_created_at => $2::timestamptz, after_id => $3::uuid, max => $4::integer)
       as invitation",
);

const REVOKE: Sql = Sql::new("select edge.revoke_invitation($1::uuid)");

const ACCEPT: Sql = Sql::new("select edge.accept_invitation($1)");

#[cfg(test)]
mod tests;
