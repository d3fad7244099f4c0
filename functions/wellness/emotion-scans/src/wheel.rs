//! The wheel of emotions.

use edge::output;

/// Plutchik's eight, each weak, plain and strong; with their English words. The first of each is what strengths are of.
const WHEEL: [[(&str, &str); 3]; 8] = [
    [("joie", "joy"), ("sérénité", "serenity"), ("extase", "ecstasy")],
    [("confiance", "trust"), ("acceptation", "acceptance"), ("admiration", "admiration")],
    [("peur", "fear"), ("appréhension", "apprehension"), ("terreur", "terror")],
    [("surprise", "surprise"), ("distraction", "distraction"), ("stupéfaction", "amazement")],
    [("tristesse", "sadness"), ("songerie", "pensiveness"), ("chagrin", "grief")],
    [("dégoût", "disgust"), ("ennui", "boredom"), ("aversion", "loathing")],
    [("colère", "anger"), ("contrariété", "annoyance"), ("rage", "rage")],
    [("anticipation", "anticipation"), ("intérêt", "interest"), ("vigilance", "vigilance")],
];

/// The wheel.
#[output(name = "EmotionWheel")]
pub struct Wheel {
    pub emotions: Vec<Petal>,
}

/// One emotion of the wheel.
#[output(name = "EmotionPetal")]
pub struct Petal {
    pub name: String,
    pub label_en: String,
    pub weak: String,
    pub weak_en: String,
    pub strong: String,
    pub strong_en: String,
}

impl Wheel {
    pub fn whole() -> Wheel {
        let petal = |[plain, weak, strong]: &[(&str, &str); 3]| Petal {
            name: plain.0.to_owned(),
            label_en: plain.1.to_owned(),
            weak: weak.0.to_owned(),
            weak_en: weak.1.to_owned(),
            strong: strong.0.to_owned(),
            strong_en: strong.1.to_owned(),
        };
        Wheel { emotions: WHEEL.iter().map(petal).collect() }
    }
}

/// The English word of what is on the wheel.
pub fn english(name: &str) -> Option<String> {
    WHEEL.iter().flatten().find(|(french, _)| *french == name).map(|(_, english)| (*english).to_owned())
}
