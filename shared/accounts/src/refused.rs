use edge::refusals;

refusals! {
    /// An account has this address.
    pub EMAIL_TAKEN: 409 "email_taken", fr: "Un compte existe déjà avec cette adresse : connectez-vous, ou demandez un nouveau mot de passe.", en: "An account with this address exists already: sign in, or ask for a new password.";
    /// The link in a letter opens nothing any more.
    pub LINK_INVALID: 410 "link_invalid", fr: "Ce lien n'est plus valable : demandez-en un autre.", en: "This link is no longer good: ask for another.";
    pub WRONG_PASSWORD: 403 "wrong_password", fr: "Ce n'est pas votre mot de passe.", en: "This is not your password.";
    /// Too many failed sign-ins.
    pub LOCKED: 429 "locked", fr: "Trop d'essais infructueux : patientez.", en: "Too many failed attempts: wait.";
}
