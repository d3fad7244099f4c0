edge::function! {
    //! Hands on what comes piece by piece.

    root: Functions;

    /// What the address in the query answers, as events: one per piece.
    GET "/relaying" => relay, auth: Public, limit: 300 or 503, reads, sql: 0;
}

use std::time::Duration;

use edge::{Context, Error, Event, Events, Http, HttpFailure, Patience, Public, Query, Reply, Result, input, output};
use futures::StreamExt;

const PATIENCE: Patience =
    Patience { first: Duration::from_secs(2), silence: Duration::from_secs(1), whole: Duration::from_secs(4) };

#[input]
struct Source {
    /// Where to read.
    port: u16,
    /// What to ask for there.
    path: String,
}

#[output(name = "RelayedPiece")]
struct Piece {
    text: String,
}

async fn relay(ctx: Context, _: Public, Query(source): Query<Source>) -> Result<Reply<Events<Piece>>> {
    let url = ["http://127.0.0.1:", &source.port.to_string(), "/", &source.path].concat();
    let upstream = ctx.stream("source", Http::get(url).wants(&["x-model"]), PATIENCE).await.map_err(|failure| match failure {
        HttpFailure::Timeout => Error::unavailable("timeout"),
        HttpFailure::Connection(why) => Error::unavailable(why),
    })?;
    let model = upstream.headers.get("x-model").unwrap_or_default().to_owned();
    let first = futures::stream::iter([Event::new(Piece { text: model }).name("model").id("1")]);
    let rest = upstream.body.map(|piece| match piece {
        Ok(bytes) => Event::new(Piece { text: String::from_utf8_lossy(&bytes).into_owned() }),
        Err(HttpFailure::Timeout) => Event::text("timeout").name("error"),
        Err(HttpFailure::Connection(_)) => Event::text("cut").name("error"),
    });
    let last = futures::stream::iter([Event::text("[DONE]")]);
    Ok(Reply::new(Events::new(&ctx, Duration::from_millis(300), first.chain(rest).chain(last))))
}
