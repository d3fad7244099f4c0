edge::function! {
    //! Where Stripe tells what people have paid for.

    /// Takes an event of Stripe, signed in `Stripe-Signature`. Subscriptions and completed checkouts count; every other event, a
    /// repeated one and one that a later one has overtaken are answered with 200 and change nothing. 403 `wrong_mode` for an event
    /// of the test mode in production, or of the live mode elsewhere; 422 `unreadable_event` for one that cannot be stored.
    POST "/webhooks/stripe" => receive, auth: Signed<Stripe>, limit: 1200, writes, body: 1_048_576;
    uses: [Stripe]
}

use edge::{Context, Error, Message, Raw, Reply, Result, Signed, Sql, SqlJson, msg, output};
use stripe::{Read, Stripe};

const WRONG_MODE: Message = msg!("wrong_mode", fr: "Le mode de cet évènement (test ou réel) n'est pas celui d'ici.", en: "The mode of this event (test or live) is not the one of this place.");

#[output]
struct Received {
    outcome: Outcome,
}

#[output]
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

async fn receive(ctx: Context, _: Signed<Stripe>, Raw(body): Raw) -> Result<Reply<Received>> {
    let Read::Event(event) = Read::new(&body)? else { return Ok(Reply::new(Received { outcome: Outcome::Ignored })) };
    if event.is_live != (ctx.setting("STAGE") == "production") {
        return Err(Error::forbidden(WRONG_MODE));
    }
    Ok(Reply::new(ctx.sql(EVENT.bind(SqlJson(&*event))).await?.one()?))
}

const EVENT: Sql = Sql::new("select edge.stripe_event($1::jsonb) ->> 'outcome' as outcome");

#[cfg(test)]
mod tests;
