//! How a plain async function becomes an endpoint: authenticate, limit, read, parse, run.

use std::future::Future;

use chrono::{DateTime, Utc};
use futures::future::LocalBoxFuture;

use crate::call::Call;
use crate::caller::{Caller, Credentials, Identity, SqlRole};
use crate::input::{Described, Input, both};
use crate::media::Media;
use crate::reply::{Answer, Body, Reply};
use crate::request::Parts;
use crate::{Context, Error, Result, idempotency};

/// An async function `(context, caller, inputs…) -> Result<Reply<T>>`.
pub trait Handler<C, A> {
    type Output: Body + Described;
    const MEDIA: Media;

    /// Reads the inputs.
    ///
    /// # Errors
    /// What they refuse; nothing has run then.
    fn read(parts: &Parts, body: &[u8]) -> Result<A>;

    /// The answer has `status` where the reply names none.
    fn call(self, context: Context, caller: C, inputs: A, status: u16) -> LocalBoxFuture<'static, Result<Answer>>;

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator);
}

/// A function `(&context, &inputs…) -> Option<Reply<T>>` that hears what was sent before limit, quota and database: what it
/// answers is the answer, and the handler hears nothing of it.
pub trait Gate<A, T> {
    fn answer(&self, context: &Context, inputs: &A) -> Option<Reply<T>>;
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
            const MEDIA: Media = Media::NONE$(.or($input::MEDIA))*;

            fn read(parts: &Parts, body: &[u8]) -> Result<($($input,)*)> {
                let read: fn(&Parts, &[u8]) -> _ = $read;
                let $pattern = read(parts, body)?;
                Ok(($($value,)*))
            }

            fn call(
                self,
                context: Context,
                caller: C,
                ($($value,)*): ($($input,)*),
                status: u16,
            ) -> LocalBoxFuture<'static, Result<Answer>> {
                let running = self(context, caller, $($value),*);
                Box::pin(async move { Ok(running.await?.answer(status)) })
            }

            #[cfg(not(target_arch = "wasm32"))]
            fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator) {
                $($input::describe(shape, generator);)*
                shape.reply = Some(generator.subschema_for::<T>());
                shape.reply_type = T::CONTENT_TYPE;
            }
        }

        impl<F, T, $($input),*> Gate<($($input,)*), T> for F
        where
            F: Fn(&Context, $(&$input),*) -> Option<Reply<T>>,
        {
            fn answer(&self, context: &Context, ($($value,)*): &($($input,)*)) -> Option<Reply<T>> {
                self(context, $($value),*)
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
    begin(call, handler, None::<Open>)
}

/// As [`run`], with a gate: what was sent is read under a limit of its own, which no quota of the endpoint narrows, and whom the
/// gate answers is not counted further.
pub fn run_gated<C, A, H>(
    call: Call,
    handler: H,
    gate: impl Gate<A, H::Output> + 'static,
) -> LocalBoxFuture<'static, Result<Answer>>
where
    C: Caller + 'static,
    A: 'static,
    H: Handler<C, A> + 'static,
{
    const { assert!(!C::AFTER_BODY, "a gate hears callers who are known before the body is read") };
    begin(call, handler, Some(gate))
}

fn begin<C, A, H, G>(call: Call, handler: H, gate: Option<G>) -> LocalBoxFuture<'static, Result<Answer>>
where
    C: Caller + 'static,
    A: 'static,
    H: Handler<C, A> + 'static,
    G: Gate<A, H::Output> + 'static,
{
    let needs = Needs { role: C::ROLE, after_body: C::AFTER_BODY, is_gated: gate.is_some(), media: H::MEDIA };
    Box::pin(way(call, Box::new(Own { handler, gate, caller: None::<C>, inputs: None::<A> }), needs))
}

/// No gate.
struct Open;

impl<A, T> Gate<A, T> for Open {
    fn answer(&self, _: &Context, _: &A) -> Option<Reply<T>> {
        None
    }
}

/// What the way of a call depends on.
struct Needs {
    role: SqlRole,
    after_body: bool,
    is_gated: bool,
    media: Media,
}

/// What each handler has for itself, in this order. The way around is one for all: a copy for each would be most of a module.
trait Steps {
    /// Who calls, and the time that the call is about.
    fn authenticate(&mut self, call: &Call, raw: &[u8]) -> Result<(Identity, Option<DateTime<Utc>>)>;

    /// Reads the inputs.
    fn read(&mut self, call: &Call, body: &[u8]) -> Result<()>;

    /// What the gate answers.
    fn at_gate(&self, context: &Context, status: u16) -> Option<Answer>;

    fn start(self: Box<Self>, context: Context, status: u16) -> Result<LocalBoxFuture<'static, Result<Answer>>>;
}

struct Own<C, A, H, G> {
    handler: H,
    gate: Option<G>,
    caller: Option<C>,
    inputs: Option<A>,
}

impl<C: Caller, A, H: Handler<C, A>, G: Gate<A, H::Output>> Steps for Own<C, A, H, G> {
    fn authenticate(&mut self, call: &Call, raw: &[u8]) -> Result<(Identity, Option<DateTime<Utc>>)> {
        let Call { parts, config, package, now, .. } = call;
        let caller = C::authenticate(&Credentials { parts, raw, config, package, now: *now })?;
        let caller = self.caller.insert(caller);
        Ok((caller.identity(), caller.time()))
    }

    fn read(&mut self, call: &Call, body: &[u8]) -> Result<()> {
        self.inputs = Some(H::read(&call.parts, body)?);
        Ok(())
    }

    fn at_gate(&self, context: &Context, status: u16) -> Option<Answer> {
        let (gate, inputs) = self.gate.as_ref().zip(self.inputs.as_ref())?;
        Some(gate.answer(context, inputs)?.answer(status))
    }

    fn start(self: Box<Self>, context: Context, status: u16) -> Result<LocalBoxFuture<'static, Result<Answer>>> {
        let (Some(caller), Some(inputs)) = (self.caller, self.inputs) else {
            return Err(Error::internal("a handler was begun out of order"));
        };
        Ok(self.handler.call(context, caller, inputs, status))
    }
}

/// The order is the security: nothing is read before the caller is known, nothing parsed before it is counted.
///
/// # Errors
/// Whatever a step refuses.
async fn way(call: Call, mut steps: Box<dyn Steps>, needs: Needs) -> Result<Answer> {
    let mut body = Vec::new();
    let (identity, time) = if needs.after_body {
        call.limit(None).await?;
        body = call.read_body(needs.media).await?;
        steps.authenticate(&call, &body)?
    } else {
        let known = match steps.authenticate(&call, &[]) {
            Ok(known) => known,
            Err(refusal) => {
                // Guessing is counted too, against the address it comes from.
                call.limit(None).await?;
                return Err(refusal);
            }
        };
        if needs.is_gated {
            call.limit_of_gate(known.0.person).await?;
        } else {
            call.limit(known.0.person).await?;
        }
        if needs.is_gated || !needs.media.is_none() {
            body = call.read_body(needs.media).await?;
        }
        known
    };
    steps.read(&call, &body)?;
    let status = call.endpoint.reply;
    let context = call.context(needs.role, identity, time, call.key(&body)?);
    if needs.is_gated {
        if let Some(answer) = steps.at_gate(&context, status) {
            return Ok(answer);
        }
        call.limit(identity.person).await?;
    }
    let outcome = steps.start(context.clone(), status)?.await;
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
