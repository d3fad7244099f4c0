//! The questionnaire: 32 items of ours on four preferences and 18 on interests, in French and in English.
//!
//! An item is a statement of one idea, in the present, of at most twelve words, without negation, frequency or gendered form, and
//! pleasant to agree with; each preference has four items for either of its poles, so that a habit of agreeing moves none. They
//! are served in the order of the table, in which neighbours are never of one category. A change of any item is a new [`VERSION`].

use edge::Language;

/// Of the items and their order.
pub const VERSION: &str = "aube-items-1";

/// The four preferences, first pole first.
pub const DIMENSIONS: [&str; 4] = ["EI", "NS", "TF", "JP"];
/// Holland's six interests.
pub const INTERESTS: [&str; 6] = ["R", "I", "A", "S", "E", "C"];
/// Items of one preference, of all four, of one interest, and of all six.
pub const OF_DIMENSION: usize = 8;
pub const OF_TYPE: usize = 32;
pub const OF_INTEREST: usize = 3;
pub const OF_INTERESTS: usize = 18;

/// Which pole of a preference agreement points to: the first one (E, N, T, J) or the second (I, S, F, P).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    First,
    Second,
}

/// What an item asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// A preference, by its place in [`DIMENSIONS`].
    Type(usize, Side),
    /// An interest, by its place in [`INTERESTS`].
    Interest(usize),
}

/// One statement to agree with, from 1 (not at all) to 5 (wholly).
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub id: &'static str,
    pub asks: Asks,
    fr: &'static str,
    en: &'static str,
}

impl Item {
    pub fn text(&self, language: Language) -> &'static str {
        if language == Language::Fr { self.fr } else { self.en }
    }

    /// `EI`, `NS`, `TF`, `JP`, or the letter of an interest.
    pub fn category(&self) -> &'static str {
        match self.asks {
            Asks::Type(dimension, _) => DIMENSIONS[dimension],
            Asks::Interest(interest) => INTERESTS[interest],
        }
    }

    /// The letter that agreement speaks for.
    pub fn pole(&self) -> &'static str {
        match self.asks {
            Asks::Type(dimension, Side::First) => &DIMENSIONS[dimension][..1],
            Asks::Type(dimension, Side::Second) => &DIMENSIONS[dimension][1..],
            Asks::Interest(interest) => INTERESTS[interest],
        }
    }

    /// 1 where agreement speaks for the first pole or for the interest, -1 where it speaks for the second pole: the one place in
    /// which an item is reversed.
    pub fn key(&self) -> i8 {
        if matches!(self.asks, Asks::Type(_, Side::Second)) { -1 } else { 1 }
    }
}

/// The place of an item in [`ITEMS`].
pub fn place(id: &str) -> Option<usize> {
    ITEMS.iter().position(|item| item.id == id)
}

/// The five answers, from 1 to 5.
pub fn steps(language: Language) -> [&'static str; 5] {
    match language {
        Language::Fr => {
            ["pas du tout d'accord", "plutôt pas d'accord", "entre les deux", "plutôt d'accord", "tout à fait d'accord"]
        }
        Language::En => ["strongly disagree", "rather disagree", "in between", "rather agree", "strongly agree"],
    }
}

const fn of_type(id: &'static str, dimension: usize, side: Side, fr: &'static str, en: &'static str) -> Item {
    Item { id, asks: Asks::Type(dimension, side), fr, en }
}

const fn of_interest(id: &'static str, interest: usize, fr: &'static str, en: &'static str) -> Item {
    Item { id, asks: Asks::Interest(interest), fr, en }
}

/// Every item, in the order in which they are served.
pub const ITEMS: [Item; OF_TYPE + OF_INTERESTS] = [
    of_type(
        "ei-1",
        0,
        Side::First,
        "Après une journée de réunions, j'ai encore envie de parler.",
        "After a day of meetings I feel like talking on.",
    ),
    of_type(
        "ns-1",
        1,
        Side::Second,
        "Je fais confiance à une méthode qui a déjà marché.",
        "I trust a method that has worked before.",
    ),
    of_type(
        "tf-1",
        2,
        Side::First,
        "Dans un désaccord, j'examine d'abord l'argument.",
        "In a disagreement I first test the argument.",
    ),
    of_type("jp-1", 3, Side::Second, "J'aime laisser de la place à l'imprévu.", "I like to leave room for what comes up."),
    of_type(
        "ns-2",
        1,
        Side::First,
        "J'aime me demander ce qu'une chose pourrait devenir.",
        "I like asking what a thing could become.",
    ),
    of_type("ei-2", 0, Side::Second, "Je réfléchis mieux sans personne autour de moi.", "I think best with nobody around."),
    of_type(
        "jp-2",
        3,
        Side::First,
        "J'aime qu'une journée soit prévue avant de commencer.",
        "I like a day planned before it starts.",
    ),
    of_type(
        "tf-2",
        2,
        Side::Second,
        "Dans un désaccord, je pense d'abord aux personnes.",
        "In a disagreement I first think of the people.",
    ),
    of_type(
        "ei-3",
        0,
        Side::Second,
        "Je prépare mes idées en silence avant de les partager.",
        "I prepare my ideas in silence before sharing them.",
    ),
    of_type(
        "tf-3",
        2,
        Side::Second,
        "Je décide selon ce que cela change pour les personnes concernées.",
        "I decide by what it changes for the people concerned.",
    ),
    of_type(
        "ns-3",
        1,
        Side::First,
        "Je cherche l'idée qui relie plusieurs faits.",
        "I look for the idea that links several facts.",
    ),
    of_type(
        "jp-3",
        3,
        Side::First,
        "Je termine une tâche avant d'en commencer une autre.",
        "I finish one task before I begin another.",
    ),
    of_type(
        "tf-4",
        2,
        Side::First,
        "Je décide plus facilement avec des critères et des chiffres.",
        "I decide more easily with criteria and figures.",
    ),
    of_type(
        "ei-4",
        0,
        Side::First,
        "Je mets mes idées en ordre en les disant à voix haute.",
        "I sort out my ideas by saying them aloud.",
    ),
    of_type(
        "jp-4",
        3,
        Side::Second,
        "Je passe d'une tâche à l'autre selon l'envie du moment.",
        "I move between several tasks as I feel like it.",
    ),
    of_type(
        "ns-4",
        1,
        Side::Second,
        "J'aime une consigne accompagnée d'exemples précis.",
        "I like instructions with precise examples.",
    ),
    of_type("jp-5", 3, Side::First, "Je commence tôt ce qui est à rendre plus tard.", "I start early on what is due later."),
    of_type("ns-5", 1, Side::First, "Une méthode nouvelle me tente, même inachevée.", "A new method tempts me, even unfinished."),
    of_type(
        "ei-5",
        0,
        Side::Second,
        "Après une journée chargée, un moment en solo me ressource.",
        "After a busy day I recharge on my own.",
    ),
    of_type(
        "tf-5",
        2,
        Side::Second,
        "J'aime une remarque qui commence par un encouragement.",
        "I like a remark that begins with an encouragement.",
    ),
    of_type(
        "ns-6",
        1,
        Side::Second,
        "Je remarque d'abord les détails concrets d'un lieu.",
        "I first notice the concrete details of a place.",
    ),
    of_type("tf-6", 2, Side::First, "J'aime une remarque franche sur mon travail.", "I like a frank remark about my work."),
    of_type("jp-6", 3, Side::Second, "Une échéance proche me donne de l'énergie.", "A near deadline gives me energy."),
    of_type(
        "ei-6",
        0,
        Side::First,
        "Dans un lieu nouveau, j'engage la conversation avec des inconnus.",
        "In a new place I start conversations with strangers.",
    ),
    of_type(
        "tf-7",
        2,
        Side::First,
        "Pour moi, une règle juste est la même pour tout le monde.",
        "For me a fair rule is the same for everybody.",
    ),
    of_type("jp-7", 3, Side::Second, "J'aime garder un choix ouvert quelque temps.", "I like keeping a choice open for a while."),
    of_type(
        "ei-7",
        0,
        Side::First,
        "J'aime travailler dans une pièce pleine de monde.",
        "I like working in a room full of people.",
    ),
    of_type(
        "ns-7",
        1,
        Side::Second,
        "J'aime perfectionner un geste que je connais déjà.",
        "I enjoy perfecting a gesture that I already know.",
    ),
    of_type(
        "jp-8",
        3,
        Side::First,
        "Une décision prise me laisse l'esprit tranquille.",
        "A decision taken gives me peace of mind.",
    ),
    of_type("ei-8", 0, Side::Second, "J'aime une longue tâche menée en solo.", "I enjoy a long task carried out alone."),
    of_type(
        "tf-8",
        2,
        Side::Second,
        "Pour moi, une règle juste s'adapte à chaque personne.",
        "For me a fair rule adapts to each person.",
    ),
    of_type("ns-8", 1, Side::First, "J'aime imaginer le travail dans vingt ans.", "I enjoy imagining work in twenty years."),
    of_interest("r-1", 0, "J'aimerais réparer un vélo.", "I would like to repair a bicycle."),
    of_interest(
        "i-1",
        1,
        "J'aimerais comprendre pourquoi une expérience donne un résultat étrange.",
        "I would like to understand why an experiment gives strange results.",
    ),
    of_interest("s-1", 3, "J'aimerais apprendre à lire à quelqu'un.", "I would like to teach somebody to read."),
    of_interest("a-1", 2, "J'aimerais écrire une histoire courte.", "I would like to write a short story."),
    of_interest("e-1", 4, "J'aimerais créer une entreprise.", "I would like to start a business."),
    of_interest(
        "c-1",
        5,
        "J'aimerais tenir les comptes d'une association.",
        "I would like to keep the accounts of an association.",
    ),
    of_interest("a-2", 2, "J'aimerais dessiner une affiche.", "I would like to design a poster."),
    of_interest(
        "s-2",
        3,
        "J'aimerais écouter une personne qui traverse un moment difficile.",
        "I would like to listen to somebody in a hard time.",
    ),
    of_interest("r-2", 0, "J'aimerais construire une étagère en bois.", "I would like to build a wooden shelf."),
    of_interest("c-2", 5, "J'aimerais mettre des archives en ordre.", "I would like to put archives in order."),
    of_interest("i-2", 1, "J'aimerais étudier comment une maladie se propage.", "I would like to study how a disease spreads."),
    of_interest(
        "e-2",
        4,
        "J'aimerais négocier le prix d'une grosse commande.",
        "I would like to negotiate the price of a large order.",
    ),
    of_interest(
        "c-3",
        5,
        "J'aimerais vérifier une longue liste pour y repérer les erreurs.",
        "I would like to check a long list for mistakes.",
    ),
    of_interest("r-3", 0, "J'aimerais conduire un engin de chantier.", "I would like to drive a machine on a building site."),
    of_interest("e-3", 4, "J'aimerais diriger une équipe de vente.", "I would like to lead a sales team."),
    of_interest(
        "i-3",
        1,
        "J'aimerais résoudre un problème de logique difficile.",
        "I would like to solve a hard puzzle of logic.",
    ),
    of_interest(
        "s-3",
        3,
        "J'aimerais animer des activités pour des personnes âgées.",
        "I would like to organise activities for older people.",
    ),
    of_interest("a-3", 2, "J'aimerais composer la musique d'un film.", "I would like to compose the music of a film."),
];

/// The answer to each item of [`ITEMS`], in that order; 0 where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answers([u8; OF_TYPE + OF_INTERESTS]);

impl Default for Answers {
    fn default() -> Answers {
        Answers([0; OF_TYPE + OF_INTERESTS])
    }
}

impl Answers {
    /// Every item answered as the function says, from 1 to 5, or not at all where it says 0.
    pub fn each(mut answer: impl FnMut(&Item) -> u8) -> Answers {
        let mut answers = Answers::default();
        for (place, item) in ITEMS.iter().enumerate() {
            answers.put(place, answer(item));
        }
        answers
    }

    /// Answers the item at `place`; whatever is no answer from 1 to 5 is none.
    pub fn put(&mut self, place: usize, answer: u8) {
        if let Some(kept) = self.0.get_mut(place) {
            *kept = if answer <= 5 { answer } else { 0 };
        }
    }

    /// What is answered: each item with its answer from 1 to 5.
    pub fn given(&self) -> impl Iterator<Item = (&'static Item, u8)> {
        ITEMS.iter().zip(self.0).filter(|(_, answer)| *answer > 0)
    }

    /// How many items about preferences, and how many about interests, are answered.
    pub fn counts(&self) -> (usize, usize) {
        let of_type = self.given().filter(|(item, _)| matches!(item.asks, Asks::Type(..))).count();
        (of_type, self.given().count() - of_type)
    }

    /// As they are stored: one digit an item, in the order of [`ITEMS`].
    pub fn digits(&self) -> String {
        self.0.iter().map(|answer| char::from(b'0' + answer)).collect()
    }

    /// What [`Answers::digits`] wrote; `None` where something else did.
    pub fn of_digits(digits: &str) -> Option<Answers> {
        let bytes: [u8; OF_TYPE + OF_INTERESTS] = digits.as_bytes().try_into().ok()?;
        bytes.iter().all(|byte| (b'0'..=b'5').contains(byte)).then(|| Answers(bytes.map(|byte| byte - b'0')))
    }
}
