//! What people read of a connection that does not stand as it should.

use edge::{Message, msg, output, refusals};

refusals! {
    pub CONNECTION_BUSY: 503 "connection_busy", fr: "Cette connexion est en train d'être renouvelée : réessayez dans quelques secondes.", en: "This connection is being renewed: try again in a few seconds.";
    pub PROVIDER_UNAVAILABLE: 503 "provider_unavailable", fr: "Le fournisseur ne répond pas : réessayez plus tard.", en: "The provider does not answer: try again later.";
}

/// What the person can do about it.
#[output(name = "ConnectionNextAction")]
pub enum NextAction {
    /// Connect again.
    Reconnect,
    /// Connect the provider that has taken this one's place.
    ConnectSuccessor,
    /// Accept what the provider itself asks for, in its own pages.
    AcceptAtProvider,
    /// Take the grant back in the provider's own pages.
    RevokeAtProvider,
    /// Nothing: it is tried again.
    Wait,
}

const CAUSES: [(NextAction, Message); 9] = [
    (
        NextAction::Reconnect,
        msg!("invalid_grant", fr: "Le fournisseur n'accepte plus cette connexion : connectez-le à nouveau.", en: "The provider no longer takes this connection: connect it again."),
    ),
    (
        NextAction::Reconnect,
        msg!("revoked", fr: "L'accès a été retiré chez le fournisseur : connectez-le à nouveau si vous le souhaitez.", en: "Access was taken back at the provider: connect it again if you like."),
    ),
    (
        NextAction::Reconnect,
        msg!("expires_soon", fr: "Cette connexion se termine bientôt, et le fournisseur ne la renouvelle pas : connectez-le à nouveau.", en: "This connection ends soon, and the provider does not renew it: connect it again."),
    ),
    (
        NextAction::ConnectSuccessor,
        msg!("provider_gone", fr: "Ce fournisseur a fermé : connectez Google Health à sa place.", en: "This provider has closed: connect Google Health in its place."),
    ),
    (
        NextAction::ConnectSuccessor,
        msg!("provider_ends", fr: "Ce fournisseur ferme bientôt : connectez celui qui le remplace.", en: "This provider closes soon: connect the one that takes its place."),
    ),
    (
        NextAction::AcceptAtProvider,
        msg!("consents_missing", fr: "Le fournisseur attend que vous acceptiez ses propres conditions, dans votre compte chez lui.", en: "The provider waits for you to accept its own terms, in your account there."),
    ),
    (
        NextAction::RevokeAtProvider,
        msg!("not_revoked", fr: "Le fournisseur n'a pas pris note de votre départ : retirez l'accès dans votre compte chez lui.", en: "The provider has not taken note that you left: take the access back in your account there."),
    ),
    (
        NextAction::Wait,
        msg!("provider_unavailable", fr: "Le fournisseur ne répond pas : nous réessayons.", en: "The provider does not answer: we try again."),
    ),
    (
        NextAction::Wait,
        msg!("rejected", fr: "Le fournisseur a refusé un accès : nous le renouvelons.", en: "The provider has turned an access away: we renew it."),
    ),
];

/// What is said of a cause, and what can be done.
pub fn cause(word: &str) -> Option<(NextAction, Message)> {
    CAUSES.into_iter().find(|(_, message)| message.code == word)
}
