edge::function! {
    //! Organisations, and what they may know of their members: aggregates of groups, never anybody's own values or words.

    /// Founds an organisation, which the caller then manages. Needs a verified address; the setting `organisation_founders` says
    /// who may. One of the same name that the caller founded is given back with status 200. 402 `subscription_required` or 409
    /// `limit_reached` where the caller would manage more than their tier allows.
    POST "/organisations"                 => create_organisation,         auth: Person, limit: 10,  writes, reply: 201 or 200,
        headers: [ETag, Location],
        refuses: [VERIFY_ADDRESS, refusal::FORBIDDEN, refusal::LIMIT_REACHED, refusal::SUBSCRIPTION_REQUIRED];
    /// The organisations that the caller belongs to, by name.
    GET  "/organisations"                 => list_organisations,          auth: Person, limit: 300, reads;
    /// One of them, with what its managers can see of the caller. To everybody else it is as missing as one that never was.
    GET  "/organisations/{id}"            => get_organisation,            auth: Person, limit: 300, writes, headers: [ETag],
        refuses: [refusal::NOT_FOUND];
    /// Names it anew. For its managers; with `If-Match`, only the version that it names.
    PUT  "/organisations/{id}"            => rename_organisation,         auth: Person, limit: 60,  writes,
        headers: [ETag, IfMatch],
        refuses: [refusal::FORBIDDEN, refusal::NOT_FOUND];
    /// Figures of its members for the last twelve weeks that ended two days ago or earlier. For its managers. A week is computed
    /// once and stays as it is; who was not a member for all of it is not in it, nor are managers. A figure that fewer than
    /// `smallest_group` people gave is null.
    GET  "/organisations/{id}/aggregates" => get_organisation_aggregates, auth: Person, limit: 60,  writes,
        refuses: [refusal::FORBIDDEN, refusal::NOT_FOUND];
}

use accounts::Organisation;
use chrono::NaiveDate;
use edge::{
    Context, FieldError, Id, Json, Message, OnConstraint, Page, Path, Person, Place, Reply, Result, Sql, Versioned, input, msg,
    output, refusal, refusals,
};
use serde::Deserialize;
use uuid::Uuid;

refusals! {
    VERIFY_ADDRESS: 403 "email_not_verified", fr: "Vérifiez d'abord votre adresse e-mail.", en: "Verify your e-mail address first.";
}

/// How an organisation is called.
#[input(name = "OrganisationName")]
struct OrganisationName {
    /// Nothing that a mail program makes a link of (a dot as in a domain, `scheme:`), nothing invisible and nothing that turns
    /// the direction of writing: it is written to people who are invited.
    #[validate(length(min = 2, max = 80), custom(function = "edge::validation::one_line"))]
    name: String,
}

/// Closed weeks of an organisation, and what its managers can see.
#[output(name = "OrganisationAggregates")]
struct Aggregates {
    smallest_group: i32,
    /// How many members there are now, managers aside.
    members: i64,
    /// Latest first; those from the organisation's first Monday on.
    weeks: Vec<Week>,
}

/// One ISO week of an organisation; null where too few people would be seen.
#[output(name = "OrganisationWeek")]
struct Week {
    /// Its Monday.
    week: NaiveDate,
    /// False where the group was too small to say anything.
    is_shown: bool,
    /// Members with a kaizen or a session, rounded down to a quarter: 0, 0.25, 0.5, or 0.75 for three quarters and more.
    active_share: Option<f64>,
    /// Kaizens completed, averaged over the people who had one, to a twentieth.
    kaizen_completion: Option<f64>,
    /// Minutes of zazen, averaged over the people who sat, to five; ten hours of a person at most.
    zazen_minutes: Option<f64>,
}

/// An organisation that was founded, now or before.
#[derive(Deserialize)]
struct Founded {
    organisation: Organisation,
    is_new: bool,
}

async fn create_organisation(ctx: Context, _: Person, Json(new): Json<OrganisationName>) -> Result<Reply<Organisation>> {
    let Founded { organisation, is_new } = plain(ctx.sql(CREATE.bind(new.name.trim())).await)?.value()?;
    if !is_new {
        return Ok(Reply::versioned(organisation).status(200));
    }
    let place = ["/api/v1/organisations/", &organisation.id.to_string()].concat();
    Ok(Reply::versioned(organisation).location(&place))
}

async fn list_organisations(ctx: Context, _: Person) -> Result<Reply<Page<Organisation>>> {
    Ok(Reply::new(Page { items: ctx.sql(LIST).await?.values()?, next_cursor: None }))
}

async fn get_organisation(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<Organisation>> {
    match ctx.sql(READ.bind(which.id)).await?.one::<Option<Organisation>>()? {
        Some(organisation) => Ok(Reply::new(organisation).etag_of_all(Organisation::version)),
        None => Err(refusal::NOT_FOUND.into()),
    }
}

async fn rename_organisation(
    ctx: Context,
    _: Person,
    Path(which): Path<Id<Uuid>>,
    Json(named): Json<OrganisationName>,
) -> Result<Reply<Organisation>> {
    let rename = RENAME.bind(which.id).bind(named.name.trim()).bind(ctx.if_match());
    Ok(Reply::versioned(plain(ctx.sql(rename).await)?.value::<Organisation>()?))
}

async fn get_organisation_aggregates(ctx: Context, _: Person, Path(which): Path<Id<Uuid>>) -> Result<Reply<Aggregates>> {
    Ok(Reply::new(ctx.sql(AGGREGATES.bind(which.id)).await?.value()?))
}

const NOT_PLAIN: Message = msg!("not_plain",
    fr: "Ni lien ni caractère invisible ou de direction : ce texte est écrit à d'autres.",
    en: "Neither a link nor invisible or directional characters: this text is written to others.");

fn plain<T>(outcome: Result<T>) -> Result<T> {
    outcome.on_constraint("organisations_name_plain", || FieldError::says(Place::Body, "name", NOT_PLAIN).into())
}

const CREATE: Sql = Sql::new("select edge.create_organisation($1)");

const LIST: Sql = Sql::new("select edge.list_organisations()");

const READ: Sql = Sql::new("select edge.read_organisation($1::uuid)");

const RENAME: Sql = Sql::new("select edge.rename_organisation(organisation => $1::uuid, name => $2, if_version => $3::text)");

const AGGREGATES: Sql = Sql::new("select edge.organisation_aggregates($1::uuid)");

#[cfg(test)]
mod tests;
