use edge::{Error, Message, msg};
use serde::Deserialize;

const WRONG_PASSWORD: Message = msg!("wrong_password", fr: "Ce n'est pas votre mot de passe.", en: "This is not your password.");
/// Too many failed sign-ins.
pub const LOCKED: Message = msg!("locked", fr: "Trop d'essais infructueux : patientez.", en: "Too many failed attempts: wait.");

/// A person's own password, asked for again, was not right; as `edge.refuse_password` tells.
#[derive(Debug, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Refused {
    WrongPassword,
    Locked { retry_after_s: i64 },
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Error {
        match refused {
            Refused::WrongPassword => Error::forbidden(WRONG_PASSWORD),
            Refused::Locked { retry_after_s } => Error::too_many(LOCKED, retry_after_s),
        }
    }
}
