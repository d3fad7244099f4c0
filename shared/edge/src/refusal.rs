//! Refusals: what callers are told, and the ones that more than one function says.

use validation::Message;

/// A refusal that callers may meet: its status, its stable code, and its sentence in French and English. [`refusals!`] makes
/// them; a contract lists those that its endpoint says itself (`refuses: […]`).
///
/// [`refusals!`]: crate::refusals
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    pub status: u16,
    pub message: Message,
}

impl Refusal {
    pub const fn code(&self) -> &'static str {
        self.message.code
    }
}

/// Refusals as constants, each with status, code and sentences in one place:
/// `refusals! { LAST_MANAGER: 409 "last_manager", fr: "…", en: "…"; }`.
#[macro_export]
macro_rules! refusals {
    ($($(#[$about:meta])* $visible:vis $name:ident: $status:literal $code:literal, fr: $fr:literal, en: $en:literal;)+) => {$(
        $(#[$about])*
        $visible const $name: $crate::Refusal =
            $crate::Refusal { status: $status, message: $crate::Message { code: $code, fr: $fr, en: $en } };
    )+};
}

/// A sentence in French and English under a code: `msg!("stress", fr: "…", en: "…")`.
#[macro_export]
macro_rules! msg {
    ($code:literal, fr: $fr:literal, en: $en:literal) => {
        $crate::Message { code: $code, fr: $fr, en: $en }
    };
}

refusals! {
    pub MALFORMED_JSON: 400 "malformed_json", fr: "Le corps n'est pas du JSON valide.", en: "The body is not valid JSON.";
    pub MALFORMED_TEXT: 400 "malformed_text", fr: "Le corps n'est pas du texte UTF-8 valide.", en: "The body is not valid UTF-8 text.";
    pub MALFORMED_FORM: 400 "malformed_form", fr: "Le corps n'est pas un formulaire valide.", en: "The body is not a valid form.";
    pub MALFORMED_URL: 400 "malformed_url", fr: "L'adresse n'est pas de l'UTF-8 valide.", en: "The address is not valid UTF-8.";
    pub UNKNOWN_HOST: 400 "unknown_host", fr: "Hôte inconnu.", en: "Unknown host.";
    pub UNAUTHENTICATED: 401 "unauthenticated", fr: "Authentification requise : un jeton d'accès dans l'en-tête Authorization.", en: "Authentication required: an access token in the Authorization header.";
    pub TOKEN_EXPIRED: 401 "token_expired", fr: "Le jeton d'accès a expiré : rafraîchissez-le.", en: "The access token has expired: refresh it.";
    pub FORBIDDEN: 403 "forbidden", fr: "Accès non autorisé", en: "Access not allowed";
    pub NOT_FOUND: 404 "not_found", fr: "Introuvable.", en: "Not found.";
    pub METHOD_NOT_ALLOWED: 405 "method_not_allowed", fr: "Méthode non prévue pour cette adresse.", en: "This address does not take this method.";
    pub CONFLICT: 409 "conflict", fr: "Conflit avec l'état actuel.", en: "This conflicts with the present state.";
    pub PRECONDITION_FAILED: 412 "precondition_failed", fr: "La ressource a changé entre-temps : relisez-la.", en: "The resource has changed in the meantime: read it again.";
    pub BODY_TOO_LARGE: 413 "body_too_large", fr: "Le corps est trop grand.", en: "The body is too large.";
    pub BODY_INCOMPLETE: 400 "body_incomplete", fr: "Le corps n'est pas arrivé en entier.", en: "The body did not arrive whole.";
    pub UNSUPPORTED_MEDIA_TYPE: 415 "unsupported_media_type", fr: "Le corps n'est pas d'un type accepté ici : « accepts » les nomme (Content-Type).", en: "The body is of a type that is not taken here: “accepts” names those that are (Content-Type).";
    pub INVALID: 422 "invalid", fr: "Certains champs sont incorrects.", en: "Some fields are not right.";
    pub RATE_LIMITED: 429 "rate_limited", fr: "Trop de requêtes : réessayez plus tard.", en: "Too many requests: try again later.";
    pub OVER_LIMIT: 503 "over_limit", fr: "Trop de requêtes : réessayez plus tard.", en: "Too many requests: try again later.";
    pub UNAVAILABLE: 503 "unavailable", fr: "Service momentanément indisponible : réessayez.", en: "Temporarily unavailable: try again.";
    pub MISCONFIGURED: 503 "misconfigured", fr: "Ce service n'est pas configuré.", en: "This service is not configured.";
    pub INTERNAL: 500 "internal", fr: "Erreur interne. Indiquez l'identifiant de requête au support.", en: "Internal error. Give the request id to support.";
    pub IDEMPOTENCY_MISMATCH: 409 "idempotency_mismatch", fr: "Cette clé d'idempotence a déjà servi avec un autre contenu.", en: "This idempotency key was already used with other content.";
    pub IDEMPOTENCY_IN_PROGRESS: 409 "idempotency_in_progress", fr: "La première requête sous cette clé d'idempotence est en cours : répétez celle-ci un peu plus tard.", en: "The first request under this idempotency key is in progress: repeat this one a little later.";
    pub CLIENT_ID_MISMATCH: 409 "client_id_mismatch", fr: "Ce client_id existe déjà avec un autre contenu.", en: "This client_id already exists with other content.";
    pub REMOVED: 410 "removed", fr: "Cet élément a été supprimé.", en: "This has been removed.";
    pub SESSION_REVOKED: 401 "session_revoked", fr: "Cette session a été fermée : connectez-vous à nouveau.", en: "This session was closed: sign in again.";
    pub BANNED: 403 "banned", fr: "Ce compte est suspendu.", en: "This account is suspended.";
    pub SUBSCRIPTION_REQUIRED: 402 "subscription_required", fr: "Votre formule ne le permet pas : passez à PREMIUM (GET /account/subscription).", en: "Your tier does not allow this: move to PREMIUM (GET /account/subscription).";
    pub LIMIT_REACHED: 409 "limit_reached", fr: "La limite est atteinte.", en: "The limit is reached.";
    pub CONSENT_REQUIRED: 403 "consent_required", fr: "Votre accord est nécessaire : donnez-le d'abord (PUT /consents/…).", en: "Your consent is needed: give it first (PUT /consents/…).";
    pub BAD_TIME_ZONE: 422 "bad_time_zone", fr: "Fuseau horaire inconnu, par exemple Europe/Paris.", en: "Unknown time zone; an example is Europe/Paris.";
    pub BAD_SIGNATURE: 401 "bad_signature", fr: "Cette signature n'est pas valable.", en: "This signature is not good.";
    pub UNREADABLE_EVENT: 422 "unreadable_event", fr: "Cet évènement n'a pas la forme attendue.", en: "This event is not of the expected shape.";
}

/// Ends a batch whose request was answered before; never answered itself.
pub(crate) const IDEMPOTENCY_REPLAYED: Refusal =
    Refusal { status: 200, message: Message { code: "idempotency_replayed", fr: "", en: "" } };

/// What SQL raises for any endpoint; what an endpoint's contract names it may raise there too. The database itself speaks no
/// language.
const RAISED: &[Refusal] = &[
    SESSION_REVOKED,
    BANNED,
    BAD_TIME_ZONE,
    FORBIDDEN,
    NOT_FOUND,
    CONFLICT,
    PRECONDITION_FAILED,
    IDEMPOTENCY_MISMATCH,
    IDEMPOTENCY_IN_PROGRESS,
    IDEMPOTENCY_REPLAYED,
    CLIENT_ID_MISMATCH,
    SUBSCRIPTION_REQUIRED,
    LIMIT_REACHED,
    CONSENT_REQUIRED,
];

/// The refusal of a code raised by the database, where the endpoint's contract names `refuses`.
pub fn raised(code: &str, refuses: &[Refusal]) -> Option<Refusal> {
    RAISED.iter().chain(refuses).copied().find(|refusal| refusal.code() == code)
}

/// A status in the words of its standard.
pub fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

/// The kind of an error, in the words of OpenAI's API.
pub(crate) fn family(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        429 => "rate_limit_error",
        402 | 403 => "permission_error",
        404 => "not_found_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}
