use chrono::{DateTime, Utc};
use edge::{output, refusals};
use uuid::Uuid;

refusals! {
    /// The person is a member of another organisation.
    pub ELSEWHERE: 409 "in_another_organisation", fr: "On n'est membre que d'une organisation à la fois : quittez d'abord l'autre.", en: "Nobody is a member of two organisations at once: leave the other one first.";
}

/// An organisation, as one of its members or an administrator sees it.
#[output(name = "Organisation")]
pub struct Organisation {
    pub id: Uuid,
    pub name: String,
    /// The caller's; null for an administrator who is no member.
    pub role: Option<MemberRole>,
    pub joined_at: Option<DateTime<Utc>>,
    pub visibility: Visibility,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip_serializing)]
    pub version: i32,
}

/// What a member of an organisation may do.
#[output(name = "MemberRole")]
pub enum MemberRole {
    Member,
    Manager,
}

/// What managers and administrators can see of the organisation's members. There is nothing else.
#[output(name = "OrganisationVisibility")]
pub struct Visibility {
    /// Of each member.
    pub of_each_member: Vec<String>,
    /// Of all members together, per week, coarsely.
    pub of_all_members: Vec<String>,
    /// A figure that fewer people gave is not shown.
    pub smallest_group: i32,
    /// The caller's values are in the figures. Those of managers are not.
    pub counts_you: bool,
}

/// An organisation that a person belongs to.
#[output(name = "Membership")]
pub struct Membership {
    pub id: Uuid,
    pub name: String,
    pub role: MemberRole,
    pub joined_at: DateTime<Utc>,
}

/// A member, as managers see them.
#[output(name = "Member")]
pub struct Member {
    pub user_id: Uuid,
    /// Null for somebody whose account is erased.
    pub name: Option<String>,
    /// Null for somebody whose account is erased.
    pub email: Option<String>,
    pub role: MemberRole,
    pub joined_at: DateTime<Utc>,
}
