//! How a plain async function becomes an endpoint: authenticate, limit, read, parse, run.

use std::future::Future;
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use futures::future::LocalBoxFuture;

use crate::call::Call;
use crate::caller::{Caller, Credentials, Identity, SqlRole};
use crate::input::{Described, Input, both};
use crate::reply::{Answer, Body, Reply};
use crate::request::Parts;
use crate::{Context, Error, Result, idempotency};

/// An async function `(context, caller, inputs…) -> Result<Reply<T>>`.
pub trait Handler<C, A> {
    type Output: Body + Described;
    const BODY: bool;
    const JSON: bool;

    /// The answer has `status` where the reply names none.
    ///
    /// # Errors
    /// What the inputs refuse; nothing has run then.
    fn start(
        self,
        context: Context,
        caller: C,
        parts: &Parts,
        body: &[u8],
        status: u16,
    ) -> Result<LocalBoxFuture<'static, Result<Answer>>>;

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator);
}

macro_rules! handler {
    ($($input:ident $value:ident),*; $read:expr, $pattern:pat) => {
        impl<F, R, T, C, $($input),*> Handler<C, ($($input,)*)> for F
        where
            F: FnOnce(Context, C, $($input),*) -> R,
            R: Future<Output = Result<Reply<T>>> + 'static,
            T: Body + Described + 'static,
            $($input: Input),*
        {
            type Output = T;
            const BODY: bool = false $(|| $input::BODY)*;
            const JSON: bool = false $(|| $input::JSON)*;

            fn start(
                self,
                context: Context,
                caller: C,
                parts: &Parts,
                body: &[u8],
                status: u16,
            ) -> Result<LocalBoxFuture<'static, Result<Answer>>> {
                let read: fn(&Parts, &[u8]) -> _ = $read;
                let $pattern = read(parts, body)?;
                let running = self(context, caller, $($value),*);
                Ok(Box::pin(async move { Ok(running.await?.answer(status)) }))
            }

            #[cfg(not(target_arch = "wasm32"))]
            fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
                $($input::describe(shape, generator);)*
                shape.reply = Some(generator.subschema_for::<T>());
                shape.reply_type = T::CONTENT_TYPE;
            }
        }
    };
}

handler!(; |_, _| Ok::<_, Error>(()), ());
handler!(I1 a; |parts, body| I1::read(parts, body), a);
handler!(I1 a, I2 b; |parts, body| both(I1::read(parts, body), I2::read(parts, body)), (a, b));
handler!(
    I1 a, I2 b, I3 c;
    |parts, body| both(both(I1::read(parts, body), I2::read(parts, body)), I3::read(parts, body)),
    ((a, b), c)
);

/// Runs one call of an endpoint by this handler.
pub fn run<C, A, H>(call: Call, handler: H) -> LocalBoxFuture<'static, Result<Answer>>
where
    C: Caller + 'static,
    A: 'static,
    H: Handler<C, A> + 'static,
{
    let (after_body, has_body, is_json) = (C::AFTER_BODY, H::BODY, H::JSON);
    let own = Own { handler, caller: None::<C>, inputs: PhantomData };
    Box::pin(way(call, Box::new(own), Needs { role: C::ROLE, after_body, has_body, is_json }))
}

/// What the way of a call depends on.
struct Needs {
    role: SqlRole,
    after_body: bool,
    has_body: bool,
    is_json: bool,
}

/// What each handler has for itself. The way around is one for all, since a copy for each would be most of a module.
trait Steps {
    /// Who calls, and the time that the call is about.
    fn authenticate(&mut self, call: &Call, raw: &[u8]) -> Result<(Identity, Option<DateTime<Utc>>)>;

    /// After [`authenticate`](Steps::authenticate).
    fn start(self: Box<Self>, context: Context, call: &Call, body: &[u8]) -> Result<LocalBoxFuture<'static, Result<Answer>>>;
}

struct Own<C, A, H> {
    handler: H,
    caller: Option<C>,
    inputs: PhantomData<A>,
}

impl<C: Caller, A, H: Handler<C, A>> Steps for Own<C, A, H> {
    fn authenticate(&mut self, call: &Call, raw: &[u8]) -> Result<(Identity, Option<DateTime<Utc>>)> {
        let Call { parts, config, package, now, .. } = call;
        let caller = C::authenticate(&Credentials { parts, raw, config, package, now: *now })?;
        let caller = self.caller.insert(caller);
        Ok((caller.identity(), caller.time()))
    }

    fn start(self: Box<Self>, context: Context, call: &Call, body: &[u8]) -> Result<LocalBoxFuture<'static, Result<Answer>>> {
        let caller = self.caller.ok_or_else(|| Error::internal("nobody was authenticated"))?;
        self.handler.start(context, caller, &call.parts, body, call.endpoint.reply)
    }
}

/// The order is the security: nothing is read before the caller is known, nothing parsed before it is counted.
///
/// # Errors
/// Whatever a step refuses.
async fn way(call: Call, mut steps: Box<dyn Steps>, needs: Needs) -> Result<Answer> {
    let mut body = Vec::new();
    let known = if needs.after_body {
        call.limit(None).await?;
        body = call.read_body(needs.is_json).await?;
        steps.authenticate(&call, &body)?
    } else {
        match steps.authenticate(&call, &[]) {
            Ok(known) => {
                call.limit(known.0.person).await?;
                known
            }
            Err(refusal) => {
                // Guessing is counted too, against the address it comes from.
                call.limit(None).await?;
                return Err(refusal);
            }
        }
    };
    if needs.has_body && !needs.after_body {
        body = call.read_body(needs.is_json).await?;
    }
    let (identity, time) = known;
    let context = call.context(needs.role, identity, time, call.key(&body)?);
    let outcome = steps.start(context.clone(), &call, &body)?.await;
    let outcome = idempotency::conclude(&context, outcome).await;
    if let Err(error) = &outcome
        && error.is_fault()
        && call.endpoint.sql > 0
    {
        context.report(error);
    }
    let if_none_match = call.parts.headers.get("if-none-match").filter(|_| call.endpoint.method == "GET");
    Ok(outcome?.unless_known(if_none_match))
}
