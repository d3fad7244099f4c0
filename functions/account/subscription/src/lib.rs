edge::function! {
    //! The person's tier, why they have it, and what it entitles them to.

    /// The tier of this moment. A subscription that is not renewed in time entitles until `entitled_until`: the end of what was
    /// paid, and the grace period (setting `subscription_grace_days`) while Stripe tries to be paid again.
    GET "/account/subscription" => get_subscription, auth: Person, limit: 300, reads;
}

use accounts::Tier;
use chrono::{DateTime, Utc};
use edge::{Context, Person, Reply, Result, Sql, output};

/// A person's tier, what it gives, and what pays for it.
#[output(name = "SubscriptionStanding")]
struct Standing {
    tier: Tier,
    /// An administrator has given PREMIUM, subscription or not.
    is_granted: bool,
    /// The one that lasts longest; null where there never was one.
    subscription: Option<Subscription>,
    entitlements: Vec<Entitlement>,
}

/// What is paid for, and until when.
#[output(name = "Subscription")]
struct Subscription {
    /// Stripe's word: `active`, `trialing`, `past_due`, `canceled`, …
    status: String,
    period_end: Option<DateTime<Utc>>,
    /// It is not renewed when its period ends.
    is_ending: bool,
    /// Null where it entitles to nothing.
    entitled_until: Option<DateTime<Utc>>,
}

/// How much of something a tier allows.
#[output(name = "Entitlement")]
struct Entitlement {
    /// The setting that says so.
    name: String,
    allowed: i32,
    /// What PREMIUM allows.
    premium: i32,
}

async fn get_subscription(ctx: Context, _: Person) -> Result<Reply<Standing>> {
    Ok(Reply::new(ctx.sql(READ).await?.value()?))
}

const READ: Sql = Sql::new("select edge.my_subscription()");

#[cfg(test)]
mod tests;
