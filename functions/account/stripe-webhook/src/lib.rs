edge::function! {
    //! Where Stripe tells what people have paid for.

    /// Takes an event of Stripe, signed in `Stripe-Signature`. Subscriptions and completed checkouts count; every other event, a
    /// repeated one and one that a later one has overtaken are answered with 200 and change nothing. 403 `wrong_mode` for an event
    /// of the test mode in production, or of the live mode elsewhere; 422 `unreadable_event` for one that cannot be stored.
    POST "/webhooks/stripe" => receive_stripe_event, auth: Signed<Stripe>, limit: 1200, writes, body: 1_048_576,
        refuses: [WRONG_MODE, refusal::BAD_SIGNATURE, refusal::UNREADABLE_EVENT, stripe::NOT_CONFIGURED];
    uses: [stripe::SETTINGS]
}

use edge::{Context, Raw, Reply, Result, Signed, Sql, SqlJson, output, refusal, refusals};
use stripe::{Read, Stripe};

refusals! {
    WRONG_MODE: 403 "wrong_mode", fr: "Le mode de cet évènement (test ou réel) n'est pas celui d'ici.", en: "The mode of this event (test or live) is not the one of this place.";
}

/// What became of an event.
#[output(name = "StripeEventReceived")]
struct Received {
    outcome: Outcome,
}

/// What an event has changed.
#[output(name = "StripeEventOutcome")]
enum Outcome {
    /// It is what we know now.
    Applied,
    /// A later event was here already.
    Outdated,
    /// This event was here already.
    Duplicate,
    /// It is about nothing that we keep.
    Ignored,
}

async fn receive_stripe_event(ctx: Context, _: Signed<Stripe>, Raw { body, .. }: Raw) -> Result<Reply<Received>> {
    let Read::Event(event) = Read::new(&body)? else { return Ok(Reply::new(Received { outcome: Outcome::Ignored })) };
    if event.is_live != (ctx.setting("STAGE") == "production") {
        return Err(WRONG_MODE.into());
    }
    Ok(Reply::new(ctx.sql(EVENT.bind(SqlJson(&*event))).await?.one()?))
}

const EVENT: Sql = Sql::new("select edge.stripe_event($1::jsonb) ->> 'outcome' as outcome");

#[cfg(test)]
mod tests;
