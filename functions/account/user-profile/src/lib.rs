edge::function! {
    //! The person's own page in the Grimoire.

    /// Who is signed in, when they last signed in and how much they have made. Reading it is written to the audit log,
    /// with what was shown.
    GET "/user/profile" => get_user_profile, auth: Person, limit: 60, writes;
}

use chrono::{DateTime, Utc};
use edge::auth::Role;
use edge::{Context, Person, Reply, Result, Sql, output};
use uuid::Uuid;

/// A person and what their tier gives.
#[output(name = "UserProfile")]
struct Profile {
    id: Uuid,
    email: String,
    name: Option<String>,
    role: Role,
    tier: Tier,
    /// `fr` or `en`.
    locale: String,
    /// A name of the IANA list.
    time_zone: String,
    registration_date: DateTime<Utc>,
    last_login_at: Option<DateTime<Utc>>,
    login_count: i32,
    creations: Creations,
}

/// A tier as front ends write it.
#[output(name = "UserProfileTier")]
enum Tier {
    #[serde(rename = "FREE")]
    Free,
    #[serde(rename = "PREMIUM")]
    Premium,
}

/// How many were made; what failed or was cancelled does not count.
#[output(name = "CreationCounts")]
struct Creations {
    scenes: i64,
    poses: i64,
    sounds: i64,
    total: i64,
}

async fn get_user_profile(ctx: Context, _: Person) -> Result<Reply<Profile>> {
    Ok(Reply::new(ctx.sql(PROFILE).await?.value()?))
}

const PROFILE: Sql = Sql::new("select edge.grimoire_profile()");

#[cfg(test)]
mod tests;
