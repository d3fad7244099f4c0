edge::function! {
    //! Does what no function may do.

    /// Panics before it has waited for anything.
    GET "/panicking/at-once" => at_once, auth: Public, limit: none, reads, sql: 0;
    /// Panics after it has waited for the database.
    GET "/panicking/late"    => late,    auth: Public, limit: none, reads;
    /// Panics after its answer.
    GET "/panicking/after"   => after,   auth: Public, limit: none, reads;
    /// Waits ten seconds.
    GET "/panicking/slow"    => slow,    auth: Public, limit: none, reads;
    /// Does nothing wrong.
    GET "/panicking/calm"    => calm,    auth: Public, limit: none, reads;
}

use edge::{Context, Public, Reply, Result, Sql, output};

#[output(name = "Waited")]
struct Waited {
    seconds: i32,
}

async fn at_once(_: Context, _: Public) -> Result<Reply<Waited>> {
    panic!("as it was asked to")
}

async fn late(ctx: Context, _: Public) -> Result<Reply<Waited>> {
    ctx.sql(WAIT.bind(0)).await?;
    panic!("as it was asked to")
}

async fn after(ctx: Context, _: Public) -> Result<Reply<Waited>> {
    let later = ctx.clone();
    ctx.later(async move {
        let _ = later.sql(WAIT.bind(0)).await;
        panic!("as it was asked to")
    });
    Ok(Reply::new(Waited { seconds: 0 }))
}

async fn slow(ctx: Context, _: Public) -> Result<Reply<Waited>> {
    Ok(Reply::new(ctx.sql(WAIT.bind(10)).await?.one()?))
}

async fn calm(ctx: Context, _: Public) -> Result<Reply<Waited>> {
    Ok(Reply::new(ctx.sql(WAIT.bind(0)).await?.one()?))
}

const WAIT: Sql = Sql::new("select $1::int as seconds, pg_sleep($1::int) is not null as waited");
