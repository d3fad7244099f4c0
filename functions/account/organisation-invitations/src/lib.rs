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

use accounts::{Link, MemberRole, Organisation};
use chrono::{DateTime, Utc};
use edge::auth::sha256_hex;
use edge::{At, Context, Email, Id, Json, List, Page, Path, Person, Reply, Result, Sql, input, output, refusal, refusals};
use outbox::Entry;
use serde::Deserialize;
use uuid::Uuid;

refusals! {
    ALREADY_MEMBER: 409 "already_member", fr: "Cette personne est déjà membre.", en: "This person is a member already.";
    ENOUGH_INVITATIONS: 429 "enough_invitations", fr: "Assez de messages pour aujourd'hui : réessayez demain.", en: "Enough letters for today: try again tomorrow.";
    ACCEPTED: 409 "invitation_accepted", fr: "Cette invitation est déjà acceptée : retirez le membre.", en: "This invitation is accepted already: remove the member.";
    OTHER_ADDRESS: 403 "invited_elsewhere", fr: "Cette invitation a été envoyée à une autre adresse que celle de votre compte.", en: "This invitation was sent to another address than that of your account.";
}

/// Who is invited, and to what.
#[input(name = "NewInvitation")]
struct NewInvitation {
    organisation_id: Uuid,
    email: Email,
    /// `member` where absent.
    role: Option<MemberRole>,
}

#[input]
struct Filter {
    /// The organisation that invites.
    organisation_id: Uuid,
}

/// The token of the link in an invitation.
#[input(name = "InvitationProof")]
struct Proof {
    #[validate(length(min = 1, max = 128))]
    token: String,
}

/// An invitation by letter.
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

/// What has become of an invitation.
#[output(name = "InvitationState")]
enum State {
    Open,
    Accepted,
    Revoked,
    Expired,
}

/// An invitation that was made or sent again, and its letter.
#[derive(Deserialize)]
struct Invited {
    invitation: Invitation,
    is_new: bool,
    outbox: Vec<Entry>,
}

async fn invite_member(ctx: Context, _: Person, Json(new): Json<NewInvitation>) -> Result<Reply<Invitation>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/join-organisation")?;
    let role = new.role.unwrap_or(MemberRole::Member);
    let invite = INVITE.bind(new.organisation_id).bind(&new.email).bind(role).bind(&link.hash).bind(&link.url);
    let Invited { invitation, is_new, outbox } = ctx.sql(invite).await?.value()?;
    accounts::post_later(&ctx, outbox);
    Ok(Reply::new(invitation).status(if is_new { 201 } else { 200 }))
}

async fn list_invitations(ctx: Context, _: Person, list: List<Filter, (At, Uuid), 50, 200>) -> Result<Reply<Page<Invitation>>> {
    let select = LIST.bind(list.filter.organisation_id);
    let select = select.bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let rows = ctx.sql(select).await?.values::<Invitation>()?;
    Ok(Reply::new(list.page(rows, |invitation| (At(invitation.created_at), invitation.id))))
}

async fn revoke_invitation(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<()>> {
    ctx.sql(REVOKE.bind(which.id)).await?;
    Ok(Reply::new(()))
}

async fn accept_invitation(ctx: Context, _: Person, Json(proof): Json<Proof>) -> Result<Reply<Organisation>> {
    Ok(Reply::new(ctx.sql(ACCEPT.bind(sha256_hex(proof.token.as_bytes()))).await?.value()?))
}

const INVITE: Sql =
    Sql::new("select edge.invite_member(organisation => $1::uuid, email => $2, role => $3, token_hash => $4, link => $5)");

const LIST: Sql = Sql::new(
    "select edge.list_invitations(
       organisation => $1::uuid, after_created_at => $2::timestamptz, after_id => $3::uuid, max => $4::integer)",
);

const REVOKE: Sql = Sql::new("select edge.revoke_invitation($1::uuid)");

const ACCEPT: Sql = Sql::new("select edge.accept_invitation($1)");

#[cfg(test)]
mod tests;
