//! The sentences that more than one function says, and those for the codes that the database raises.

use validation::Message;

/// A sentence in French and English under its code: `msg!("scene_not_found", fr: "…", en: "…")`.
#[macro_export]
macro_rules! msg {
    ($code:literal, fr: $fr:literal, en: $en:literal) => {
        $crate::Message { code: $code, fr: $fr, en: $en }
    };
}

pub const MALFORMED_JSON: Message =
    msg!("malformed_json", fr: "Le corps n'est pas du JSON valide.", en: "The body is not valid JSON.");
pub const MALFORMED_URL: Message =
    msg!("malformed_url", fr: "L'adresse n'est pas de l'UTF-8 valide.", en: "The address is not valid UTF-8.");
pub const UNKNOWN_HOST: Message = msg!("unknown_host", fr: "Hôte inconnu.", en: "Unknown host.");
pub const UNAUTHENTICATED: Message = msg!("unauthenticated", fr: "Authentification requise : un jeton d'accès dans l'en-tête Authorization.", en: "Authentication required: an access token in the Authorization header.");
pub const TOKEN_EXPIRED: Message =
    msg!("token_expired", fr: "Le jeton d'accès a expiré : rafraîchissez-le.", en: "The access token has expired: refresh it.");
pub const FORBIDDEN: Message = msg!("forbidden", fr: "Accès non autorisé", en: "Access not allowed");
pub const NOT_FOUND: Message = msg!("not_found", fr: "Introuvable.", en: "Not found.");
pub const METHOD_NOT_ALLOWED: Message =
    msg!("method_not_allowed", fr: "Méthode non prévue pour cette adresse.", en: "This address does not take this method.");
pub const CONFLICT: Message = msg!("conflict", fr: "Conflit avec l'état actuel.", en: "This conflicts with the present state.");
pub const PRECONDITION_FAILED: Message = msg!("precondition_failed", fr: "La ressource a changé entre-temps : relisez-la.", en: "The resource has changed in the meantime: read it again.");
pub const BODY_TOO_LARGE: Message = msg!("body_too_large", fr: "Le corps est trop grand.", en: "The body is too large.");
pub const BODY_INCOMPLETE: Message =
    msg!("body_incomplete", fr: "Le corps n'est pas arrivé en entier.", en: "The body did not arrive whole.");
pub const UNSUPPORTED_MEDIA_TYPE: Message = msg!("unsupported_media_type", fr: "Le corps doit être du JSON (Content-Type: application/json).", en: "The body must be JSON (Content-Type: application/json).");
pub const INVALID: Message = msg!("invalid", fr: "Certains champs sont incorrects.", en: "Some fields are not right.");
pub const RATE_LIMITED: Message =
    msg!("rate_limited", fr: "Trop de requêtes : réessayez plus tard.", en: "Too many requests: try again later.");
pub const UNAVAILABLE: Message =
    msg!("unavailable", fr: "Service momentanément indisponible : réessayez.", en: "Temporarily unavailable: try again.");
pub const MISCONFIGURED: Message =
    msg!("misconfigured", fr: "Ce service n'est pas configuré.", en: "This service is not configured.");
pub const INTERNAL: Message = msg!("internal", fr: "Erreur interne. Indiquez l'identifiant de requête au support.", en: "Internal error. Give the request id to support.");
pub const IDEMPOTENCY_MISMATCH: Message = msg!("idempotency_mismatch", fr: "Cette clé d'idempotence a déjà servi avec un autre contenu.", en: "This idempotency key was already used with other content.");
pub const CLIENT_ID_MISMATCH: Message = msg!("client_id_mismatch", fr: "Ce client_id existe déjà avec un autre contenu.", en: "This client_id already exists with other content.");
pub const SESSION_REVOKED: Message = msg!("session_revoked", fr: "Cette session a été fermée : connectez-vous à nouveau.", en: "This session was closed: sign in again.");
pub const BANNED: Message = msg!("banned", fr: "Ce compte est suspendu.", en: "This account is suspended.");
pub const SUBSCRIPTION_REQUIRED: Message = msg!("subscription_required", fr: "Votre formule ne le permet pas : passez à PREMIUM (GET /account/subscription).", en: "Your tier does not allow this: move to PREMIUM (GET /account/subscription).");
pub const LIMIT_REACHED: Message = msg!("limit_reached", fr: "La limite est atteinte.", en: "The limit is reached.");

/// The codes that SQL functions raise with an SQLSTATE of class `OR`; the database itself speaks no language.
const RAISED: &[Message] = &[
    SESSION_REVOKED,
    BANNED,
    msg!("bad_time_zone", fr: "Fuseau horaire inconnu, par exemple Europe/Paris.", en: "Unknown time zone; an example is Europe/Paris."),
    FORBIDDEN,
    NOT_FOUND,
    CONFLICT,
    IDEMPOTENCY_MISMATCH,
    CLIENT_ID_MISMATCH,
    SUBSCRIPTION_REQUIRED,
    LIMIT_REACHED,
];

/// The sentence for a code raised by the database.
pub fn raised(code: &str) -> Option<Message> {
    RAISED.iter().copied().find(|message| message.code == code)
}
