edge::function! {
    //! Badges and points: what a person's days and sessions have earned, and by which rule.

    /// Points, what they are made of, and every badge with how far the person has come. A badge that has newly been earned
    /// is recorded for good, once: nothing that is taken back later takes it away. This week's days of rest, which a higher
    /// target could still undo, carry none before the week is over.
    GET "/rise/progress/{user_id}" => get_progress, auth: OwnerOrAdmin, limit: 300, writes;
}

use chrono::NaiveDate;
use edge::{Context, OwnerOrAdmin, Path, Reply, Result, Sql, output};
use rise::Owner;

/// What a person has reached, and what comes next.
#[output(name = "RiseProgress")]
struct Progress {
    /// Those of the rewards and of the badges earned.
    points: i64,
    rewards: Vec<Reward>,
    badges: Vec<Badge>,
}

/// Points for each unit of a metric.
#[output(name = "ProgressReward")]
struct Reward {
    code: String,
    name: String,
    /// The rule, in a sentence.
    about: String,
    metric: Metric,
    /// Units that count.
    count: i64,
    points: i64,
}

/// A threshold that was reached, or is next.
#[output(name = "Badge")]
struct Badge {
    code: String,
    name: String,
    /// The rule, in a sentence.
    about: String,
    metric: Metric,
    /// The value of the metric that earns it.
    threshold: i64,
    /// The highest that it comes to by what there is now.
    value: i64,
    points: i64,
    /// The person's own day on which the threshold was reached; null until then.
    earned_on: Option<NaiveDate>,
}

/// What is counted.
#[output(name = "ProgressMetric")]
enum Metric {
    /// Days with a kaizen done.
    KaizenDays,
    /// Days done in one streak.
    Streak,
    ZazenSessions,
    ZazenMinutes,
}

async fn get_progress(ctx: Context, _: OwnerOrAdmin, Path(_): Path<Owner>) -> Result<Reply<Progress>> {
    Ok(Reply::new(ctx.sql(PROGRESS.bind(ctx.language().code())).await?.one()?))
}

const PROGRESS: Sql = Sql::new(
    "select points, rewards, badges
     from jsonb_to_record(edge.progress(language => $1)) as p (points bigint, rewards jsonb, badges jsonb)",
);

#[cfg(test)]
mod tests;
