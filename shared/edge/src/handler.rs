//! How a plain async function becomes an endpoint: authenticate, limit, read, parse, run.

use std::future::Future;

use crate::call::Call;
use crate::caller::{Caller, Credentials};
use crate::input::{Described, Input, both};
use crate::reply::{Answer, Body, Reply};
use crate::request::Parts;
use crate::{Context, Error, Result, idempotency};

/// An async function `(context, caller, inputs…) -> Result<Reply<T>>`.
pub trait Handler<C, A> {
    type Output: Body + Described;
    const BODY: bool;
    const JSON: bool;

    /// # Errors
    /// What the inputs refuse; nothing has run then.
    fn start(
        self,
        context: Context,
        caller: C,
        parts: &Parts,
        body: &[u8],
    ) -> Result<impl Future<Output = Result<Reply<Self::Output>>>>;

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(shape: &mut crate::describe::Shape, generator: &mut schemars::SchemaGenerator);
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
            const BODY: bool = false $(|| $input::BODY)*;
            const JSON: bool = false $(|| $input::JSON)*;

            fn start(self, context: Context, caller: C, parts: &Parts, body: &[u8]) -> Result<impl Future<Output = Result<Reply<T>>>> {
                let read: fn(&Parts, &[u8]) -> _ = $read;
                let $pattern = read(parts, body)?;
                Ok(self(context, caller, $($value),*))
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

/// Runs one call of an endpoint. The order is the security: nothing is read before the caller is known, nothing parsed
/// before it is counted.
///
/// # Errors
/// Whatever a step refuses.
pub async fn run<C: Caller, A, H: Handler<C, A>>(call: Call, handler: H) -> Result<Answer> {
    let mut body = Vec::new();
    let caller = if C::AFTER_BODY {
        call.limit(None).await?;
        body = call.read_body(H::JSON).await?;
        authenticate::<C>(&call, &body)?
    } else {
        match authenticate::<C>(&call, &[]) {
            Ok(caller) => {
                call.limit(caller.identity().person).await?;
                caller
            }
            Err(refusal) => {
                // Guessing is counted too, against the address it comes from.
                call.limit(None).await?;
                return Err(refusal);
            }
        }
    };
    if H::BODY && !C::AFTER_BODY {
        body = call.read_body(H::JSON).await?;
    }
    let context = call.context(C::ROLE, caller.identity(), caller.time(), call.key(&body)?);
    let status = call.endpoint.reply;
    let outcome = handler.start(context.clone(), caller, &call.parts, &body)?.await.map(|reply| reply.answer(status));
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

fn authenticate<C: Caller>(call: &Call, raw: &[u8]) -> Result<C> {
    C::authenticate(&Credentials { parts: &call.parts, raw, config: &call.config, package: call.package, now: call.now })
}
