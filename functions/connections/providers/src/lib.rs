edge::function! {
    //! Fitness providers that an account can be connected to.

    /// Every provider that we know, always in this order. One that is not configured has no application of ours here, and nobody
    /// can be connected to it.
    GET "/connections/providers" => list_providers, auth: Person, limit: 300, reads;
    uses: [providers::ALL]
}

use edge::{Context, Page, Person, Reply, Result, Sql, output};

/// Each with its name, which in capitals begins its variables.
const PROVIDERS: [(Word, &str); 6] = [
    (Word::Strava, "Strava"),
    (Word::Garmin, "Garmin"),
    (Word::Polar, "Polar"),
    (Word::Coros, "COROS"),
    (Word::Wahoo, "Wahoo"),
    (Word::Fitbit, "Fitbit"),
];

/// A fitness provider that can be connected.
#[output(name = "FitnessProvider")]
struct Provider {
    provider: Word,
    /// What to show.
    name: String,
    /// There is an application of ours with an id and a secret.
    configured: bool,
}

/// Whether a provider can be connected.
#[output(name = "ProviderState")]
enum Word {
    Strava,
    Garmin,
    Polar,
    Coros,
    Wahoo,
    Fitbit,
}

async fn list_providers(ctx: Context, _: Person) -> Result<Reply<Page<Provider>>> {
    ctx.sql(NOTHING).await?;
    let items = PROVIDERS.map(|(provider, name)| {
        // Where one of the two is missing, nothing here answers: `Config::load`.
        let id = [&name.to_ascii_uppercase(), "_CLIENT_ID"].concat();
        Provider { provider, name: name.to_owned(), configured: !ctx.setting(&id).is_empty() }
    });
    Ok(Reply::new(Page { items: items.into(), next_cursor: None }))
}

/// What stands before every statement refuses a session that has ended and somebody who is banned.
const NOTHING: Sql = Sql::new("select true as is_welcome");

#[cfg(test)]
mod tests;
