//! The contract of a module: the same ten endpoints for each, with its own fields.

/// Declares the function: a line for each module with its file in `modules`, its path, the name of one of its sessions, and what
/// those are of; then what is said and refused beside where one is begun.
macro_rules! modules {
    (
        $(#![doc = $about:literal])*
        $($module:ident $path:literal $one:ident, $of:literal $(, $beside:literal [$($more:path),+])?;)+
    ) => {
        edge::function!(
            @function [$($about)*] edge::Trigger::Http, edge::Root::Api, None,
            [$(
                endpoint!($module "POST" [$path] ["create_" $one] 60 Writes 201 or 200, Begin begin [ETag]
                    [refusal::CLIENT_ID_MISMATCH $($(, $more)+)?]
                    "Begins a session " $of ". A repeated `client_id` with equal content gives the session with status 200, as it is now. " $($beside)?),
                endpoint!($module "GET" [$path] ["list_" $one "s"] 300 Reads 200, List list [] []
                    "The person's sessions " $of ", latest first."),
                endpoint!($module "DELETE" [$path] ["forget_" $one "s"] 10 Writes 200, Forget forget [] []
                    "Deletes the whole history " $of ", with the activities that tell of it. Nothing of it is kept."),
                endpoint!($module "GET" [$path "/stats"] ["sum_" $one "s"] 300 Reads 200, Stats stats [] []
                    "What the person's sessions " $of " add up to."),
                endpoint!($module "GET" [$path "/{id}"] ["get_" $one] 300 Reads 200, Show show [ETag] [refusal::NOT_FOUND]
                    "A session " $of "."),
                endpoint!($module "PUT" [$path "/{id}"] ["change_" $one] 300 Writes 200, Change change [ETag, IfMatch]
                    [refusal::NOT_FOUND, wellness::SESSION_ENDED]
                    "Changes a session " $of " while it goes on, which counts as a beat. After its end only `notes` and `mood_after` change, for 24 hours."),
                endpoint!($module "DELETE" [$path "/{id}"] ["remove_" $one] 60 Writes 204, Remove remove [IfMatch] [refusal::NOT_FOUND]
                    "Deletes a session " $of " for good."),
                endpoint!($module "POST" [$path "/{id}/beat"] ["beat_" $one] 300 Writes 200, Beat beat [ETag, IfMatch]
                    [refusal::NOT_FOUND, wellness::SESSION_ENDED]
                    "Says that a session " $of " goes on, is paused or goes on after a pause. What was not heard for 24 hours expires, with the time until its last beat."),
                endpoint!($module "POST" [$path "/{id}/complete"] ["complete_" $one] 60 Writes 200, Complete complete [ETag, IfMatch]
                    [refusal::NOT_FOUND, wellness::SESSION_ENDED, $crate::module::COMPLETED_OTHERWISE]
                    "Completes a session " $of ". Once more with equal content, notes aside, gives the first result. A device that was offline may complete what has expired since, at a time before that."),
                endpoint!($module "POST" [$path "/{id}/abandon"] ["abandon_" $one] 60 Writes 200, Abandon abandon [ETag, IfMatch]
                    [refusal::NOT_FOUND, wellness::SESSION_ENDED]
                    "Gives up a session " $of "; its time is kept.")
            ),+],
            [&edge::SEALING],
            Some(&edge::expansion::SECRETS)
        );
        edge::function!(@fetch);

        /// Every module, by the paths above.
        pub(crate) static MODULES: &[&$crate::module::Module] = &[$(&modules::$module::MODULE),+];
    };
}

macro_rules! endpoint {
    (
        $module:ident $method:literal [$($path:expr)+] [$($name:tt)+] $limit:literal $access:ident $reply:literal $(or $also:literal)?,
        $act:ident $handler:ident [$($header:ident),*] [$($refusal:path),*] $($about:tt)+
    ) => {
        edge::Endpoint {
            method: $method,
            path: concat!($($path),+),
            operation: concat!($(word!($name)),+),
            #[cfg(not(target_arch = "wasm32"))]
            about: concat!($(word!($about)),+),
            caller: "Person",
            role: edge::SqlRole::Authenticated,
            limit: edge::Limit::per_minute($limit),
            access: edge::Access::$access,
            reply: $reply,
            also: &[$($also)?],
            sql: 1,
            body: 65_536,
            idempotent: false,
            is_gated: false,
            invoke: $crate::engine::invoke::$handler,
            #[cfg(not(target_arch = "wasm32"))]
            headers: &[$(edge::describe::Header::$header),*],
            refuses: &[$($refusal),*],
            #[cfg(not(target_arch = "wasm32"))]
            describe: |generator| modules::$module::MODULE.shape(generator, $crate::module::Act::$act),
        }
    };
}

macro_rules! word {
    ($word:literal) => {
        $word
    };
    ($word:ident) => {
        stringify!($word)
    };
}
