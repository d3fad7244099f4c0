//! How a plain async function becomes an endpoint: authenticate, limit, read, parse, run.

use std::future::Future;

use crate::call::Call;
use crate::caller::{Caller, Credentials};
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

    fn call(self, context: Context, caller: C, inputs: A) -> impl Future<Output = Result<Reply<Self::Output>>>;

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
            R: Future<Output = Result<Reply<T>>>,
            T: Body + Described,
            $($input: Input),*
        {
            type Output = T;
            const MEDIA: Media = Media::NONE$(.or($input::MEDIA))*;

            fn read(parts: &Parts, body: &[u8]) -> Result<($($input,)*)> {
                let read: fn(&Parts, &[u8]) -> _ = $read;
                let $pattern = read(parts, body)?;
                Ok(($($value,)*))
            }

            fn call(self, context: Context, caller: C, ($($value,)*): ($($input,)*)) -> impl Future<Output = Result<Reply<T>>> {
                self(context, caller, $($value),*)
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

/// Runs one call of an endpoint. The order is the security: nothing is read before the caller is known, nothing parsed
/// before it is counted.
///
/// # Errors
/// Whatever a step refuses.
pub async fn run<C: Caller, A, H: Handler<C, A>>(call: Call, handler: H) -> Result<Answer> {
    let (caller, body) = if C::AFTER_BODY {
        call.limit(None).await?;
        let body = call.read_body(H::MEDIA).await?;
        (authenticate::<C>(&call, &body)?, body)
    } else {
        let caller = known::<C>(&call).await?;
        call.limit(caller.identity().person).await?;
        let body = if H::MEDIA.is_none() { Vec::new() } else { call.read_body(H::MEDIA).await? };
        (caller, body)
    };
    let inputs = H::read(&call.parts, &body)?;
    let context = call.context(C::ROLE, caller.identity(), caller.time(), call.key(&body)?);
    conclude(&call, &context, handler.call(context.clone(), caller, inputs)).await
}

/// As [`run`], with a gate: what was sent is read under a limit of its own, which no quota of the endpoint narrows, and whom the
/// gate answers is not counted further.
///
/// # Errors
/// Whatever a step refuses.
pub async fn run_gated<C: Caller, A, H: Handler<C, A>>(call: Call, handler: H, gate: impl Gate<A, H::Output>) -> Result<Answer> {
    const { assert!(!C::AFTER_BODY, "a gate hears callers who are known before the body is read") };
    let caller = known::<C>(&call).await?;
    call.limit_of_gate(caller.identity().person).await?;
    let body = call.read_body(H::MEDIA).await?;
    let inputs = H::read(&call.parts, &body)?;
    let context = call.context(C::ROLE, caller.identity(), caller.time(), call.key(&body)?);
    if let Some(reply) = gate.answer(&context, &inputs) {
        return Ok(reply.answer(call.endpoint.reply));
    }
    call.limit(caller.identity().person).await?;
    conclude(&call, &context, handler.call(context.clone(), caller, inputs)).await
}

async fn conclude<T: Body>(call: &Call, context: &Context, work: impl Future<Output = Result<Reply<T>>>) -> Result<Answer> {
    let outcome = work.await.map(|reply| reply.answer(call.endpoint.reply));
    let outcome = idempotency::conclude(context, outcome).await;
    if let Err(error) = &outcome
        && error.is_fault()
        && call.endpoint.sql > 0
    {
        context.report(error);
    }
    let if_none_match = call.parts.headers.get("if-none-match").filter(|_| call.endpoint.method == "GET");
    Ok(outcome?.unless_known(if_none_match))
}

/// The caller; guessing is counted too, against the address it comes from.
async fn known<C: Caller>(call: &Call) -> Result<C> {
    match authenticate::<C>(call, &[]) {
        Ok(caller) => Ok(caller),
        Err(refusal) => {
            call.limit(None).await?;
            Err(refusal)
        }
    }
}

fn authenticate<C: Caller>(call: &Call, raw: &[u8]) -> Result<C> {
    C::authenticate(&Credentials { parts: &call.parts, raw, config: &call.config, package: call.package, now: call.now })
}
