//! The letters of accounts. The database decides that one is due and which; the words are here.

use edge::{Context, Result, Statement};
use mail::Words;
use outbox::{Entry, Sender};
use serde::Deserialize;

/// The messages of accounts.
pub struct Messages;

impl Sender for Messages {
    fn letter(&self, template: &str) -> Option<&'static Words> {
        LETTERS.iter().find(|words| words.template == template)
    }
}

/// Sends the letters that a request has caused, after its answer. Should that fail, they are due again in a minute.
pub fn post_later(ctx: &Context, letters: Vec<Entry>) {
    outbox::deliver_later(ctx, &Messages, letters);
}

/// What is due to be sent.
#[derive(Deserialize)]
struct Written {
    outbox: Vec<Entry>,
}

/// Runs a statement whose outcome has letters in its `outbox`, and sends them after the answer.
///
/// # Errors
/// As [`Context::outcome`].
pub async fn write_and_post(ctx: &Context, statement: Statement) -> Result<()> {
    let Written { outbox } = ctx.outcome(statement).await?;
    post_later(ctx, outbox);
    Ok(())
}

/// In the place of `{about}` stands a name or a day.
static LETTERS: [Words; 14] = [
    Words {
        template: "email_verification",
        fr: (
            "Vérifiez votre adresse e-mail",
            "Pour confirmer que cette adresse est la vôtre, ouvrez ce lien dans les 24 heures :\n\n{link}\n\n\
            Si vous n'avez pas créé de compte, ignorez ce message.",
        ),
        en: (
            "Verify your e-mail address",
            "To confirm that this address is yours, open this link within 24 hours:\n\n{link}\n\n\
            If you did not open an account, ignore this message.",
        ),
    },
    Words {
        template: "address_known",
        fr: (
            "Vous avez déjà un compte",
            "Quelqu'un a voulu créer un compte avec cette adresse, qui en a déjà un. Si c'était vous, connectez-vous, ou \
            demandez un nouveau mot de passe. Sinon, ignorez ce message : rien n'a changé.",
        ),
        en: (
            "You already have an account",
            "Somebody tried to open an account with this address, which has one already. If that was you, sign in, or ask \
            for a new password. If not, ignore this message: nothing has changed.",
        ),
    },
    Words {
        template: "password_reset",
        fr: (
            "Choisissez un nouveau mot de passe",
            "Pour choisir un nouveau mot de passe, ouvrez ce lien dans l'heure. Il ne sert qu'une fois :\n\n{link}\n\n\
            Si vous n'avez rien demandé, ignorez ce message : votre mot de passe reste le même.",
        ),
        en: (
            "Choose a new password",
            "To choose a new password, open this link within the hour. It works once:\n\n{link}\n\n\
            If you did not ask for it, ignore this message: your password stays as it is.",
        ),
    },
    Words {
        template: "password_changed",
        fr: (
            "Votre mot de passe a changé",
            "Le mot de passe de votre compte vient d'être changé, et vos autres appareils ont été déconnectés. Si ce \
            n'était pas vous, demandez tout de suite un nouveau mot de passe.",
        ),
        en: (
            "Your password was changed",
            "The password of your account has just been changed, and your other devices were signed out. If that was not \
            you, ask for a new password at once.",
        ),
    },
    Words {
        template: "email_change",
        fr: (
            "Confirmez votre nouvelle adresse",
            "Pour que cette adresse devienne celle de votre compte, ouvrez ce lien dans les 24 heures :\n\n{link}\n\n\
            Si vous n'avez rien demandé, ignorez ce message.",
        ),
        en: (
            "Confirm your new address",
            "To make this address that of your account, open this link within 24 hours:\n\n{link}\n\n\
            If you did not ask for it, ignore this message.",
        ),
    },
    Words {
        template: "email_changing",
        fr: (
            "Changement d'adresse demandé",
            "Quelqu'un qui connaît votre mot de passe a demandé que votre compte passe à une autre adresse e-mail. Si ce \
            n'était pas vous, changez tout de suite de mot de passe : la demande tombera.",
        ),
        en: (
            "Change of address asked for",
            "Somebody who knows your password asked to move your account to another e-mail address. If that was not you, \
            change your password at once: that ends the request.",
        ),
    },
    Words {
        template: "email_changed",
        fr: ("Votre adresse a changé", "Cette adresse est désormais celle de votre compte."),
        en: ("Your address was changed", "This address is now that of your account."),
    },
    Words {
        template: "invitation",
        fr: (
            "Votre compte vous attend",
            "Un compte a été ouvert pour vous. Choisissez votre mot de passe avec ce lien, dans les 7 jours :\n\n{link}",
        ),
        en: (
            "Your account is waiting",
            "An account was opened for you. Choose your password by this link, within 7 days:\n\n{link}",
        ),
    },
    Words {
        template: "erasure",
        fr: (
            "Votre compte est fermé",
            "Votre compte est fermé et vos données seront effacées le {about}. Si ce n'était pas vous, ou si vous changez \
            d'avis, connectez-vous avant ce jour : il vous sera proposé de rouvrir le compte.",
        ),
        en: (
            "Your account is closed",
            "Your account is closed and your data will be deleted on {about}. If that was not you, or if you change your \
            mind, sign in before that day: you will be asked whether to open it again.",
        ),
    },
    Words {
        template: "erasure_paying",
        fr: (
            "Votre compte est fermé, votre abonnement continue",
            "Votre compte est fermé et vos données seront effacées le {about}. Si ce n'était pas vous, ou si vous changez \
            d'avis, connectez-vous avant ce jour : il vous sera proposé de rouvrir le compte.\n\n\
            Fermer le compte ne met pas fin à l'abonnement : les paiements continuent jusqu'à ce que vous l'arrêtiez \
            ici :\n\n{link}",
        ),
        en: (
            "Your account is closed, your subscription goes on",
            "Your account is closed and your data will be deleted on {about}. If that was not you, or if you change your \
            mind, sign in before that day: you will be asked whether to open it again.\n\n\
            Closing the account does not end the subscription: payments go on until you end it here:\n\n{link}",
        ),
    },
    Words {
        template: "account_closed",
        fr: (
            "Votre compte est fermé, pas encore effacé",
            "Quelqu'un a voulu créer un compte avec cette adresse. Elle en a un, qui est fermé et sera effacé le {about}. Si \
            c'était vous, connectez-vous avant ce jour pour le rouvrir, ou demandez d'abord un nouveau mot de passe. Sinon, \
            ignorez ce message : rien n'a changé.",
        ),
        en: (
            "Your account is closed, and not deleted yet",
            "Somebody tried to open an account with this address. It has one, which is closed and will be deleted on \
            {about}. If that was you, sign in before that day to open it again, or ask for a new password first. If not, \
            ignore this message: nothing has changed.",
        ),
    },
    Words {
        template: "password_reset_closed",
        fr: (
            "Choisissez un nouveau mot de passe",
            "Votre compte est fermé et sera effacé le {about}. Pour le garder, choisissez un nouveau mot de passe avec ce lien \
            dans l'heure, puis connectez-vous : il vous sera proposé de le rouvrir. Le lien ne sert qu'une fois :\n\n\
            {link}\n\nSi vous n'avez rien demandé, ignorez ce message : rien ne change.",
        ),
        en: (
            "Choose a new password",
            "Your account is closed and will be deleted on {about}. To keep it, choose a new password by this link within the \
            hour, then sign in: you will be asked whether to open it again. The link works once:\n\n{link}\n\n\
            If you did not ask for it, ignore this message: nothing changes.",
        ),
    },
    Words {
        template: "organisation_invitation",
        fr: (
            "Une organisation vous invite",
            "L'organisation « {about} » vous invite à la rejoindre. Pour accepter, ouvrez ce lien dans les 7 jours, avec un \
            compte à cette adresse :\n\n{link}\n\n\
            Elle verra votre nom et votre adresse, et des chiffres qui réunissent au moins cinq personnes ; jamais ce que \
            vous écrivez ni vos valeurs à vous. Si vous ne la connaissez pas, ignorez ce message.",
        ),
        en: (
            "An organisation invites you",
            "The organisation \"{about}\" invites you to join it. To accept, open this link within 7 days, with an account \
            of this address:\n\n{link}\n\n\
            It will see your name and address, and figures over at least five people; never what you write nor your own \
            values. If you do not know it, ignore this message.",
        ),
    },
    Words {
        template: "subscription_ending",
        fr: (
            "Votre abonnement va prendre fin",
            "Vos avantages PREMIUM prennent fin le {about}. Pour les garder, renouvelez l'abonnement ou vérifiez le moyen de \
            paiement dans votre compte. Sans cela, vous gardez tout ce que vous avez fait, dans les limites de FREE.",
        ),
        en: (
            "Your subscription is about to end",
            "Your PREMIUM benefits end on {about}. To keep them, renew the subscription or check the means of payment in your \
            account. Without that you keep everything you have made, within the limits of FREE.",
        ),
    },
];

#[cfg(test)]
mod tests {
    use mail::Letter;
    use serde_json::json;

    use super::*;

    fn written(words: &Words, locale: &str) -> (&'static str, String) {
        let payload = json!({"template": words.template, "to": "a@example.org", "locale": locale,
            "link": "https://x.example/#token=t"});
        Letter::read(&payload.to_string()).unwrap().written(words)
    }

    #[test]
    fn every_letter_is_written_in_both_languages() {
        for words in &LETTERS {
            let template = words.template;
            let (french, english) = (written(words, "fr"), written(words, "en"));
            assert!(french.1.starts_with("Bonjour") && english.1.starts_with("Hello"), "{template}");
            assert_ne!(french.0, english.0, "{template}");
            assert!(!french.1.contains('{') && !english.1.contains('{'), "{template}");
            let has_link = |text: &str| text.contains("\n\nhttps://x.example/#token=t");
            assert_eq!(has_link(&french.1), has_link(&english.1), "{template}");
        }
    }

    #[test]
    fn only_letters_that_ask_for_something_have_a_link() {
        let with_link: Vec<_> =
            LETTERS.iter().filter(|words| written(words, "en").1.contains("https://")).map(|words| words.template).collect();
        assert_eq!(
            with_link,
            [
                "email_verification",
                "password_reset",
                "email_change",
                "invitation",
                "erasure_paying",
                "password_reset_closed",
                "organisation_invitation"
            ]
        );
    }
}
