//! What a diagnostic never says: that an occupation is made for somebody, that a type predicts, what AI will do.

/// What no text says of an occupation, of a type or of AI.
const NEVER: &[&str] = &[
    "made for you",
    "fait pour vous",
    "faite pour vous",
    "faits pour vous",
    "meant for you",
    "ideal",
    "idéal",
    "perfect for",
    "perfect match",
    "parfait pour",
    "métier parfait",
    "dream job",
    "métier de rêve",
    "destiny",
    "destin",
    "predict",
    "prédi",
    "prévoi",
    "success",
    "succès",
    "réussi",
    "aptitude",
    "your talent",
    "votre talent",
    "will replace",
    "will be replaced",
    "va remplacer",
    "sera remplacé",
    "remplacera",
    "will disappear",
    "disparaîtra",
    "va disparaître",
    "will not replace",
    "safe from ai",
    "à l'abri de l'ia",
    "future-proof",
    "scientifically proven",
    "scientifiquement prouvé",
    "prouvé",
    "guarante",
    "garanti",
    "by 2030",
    "d'ici 2030",
    "d'ici 20",
    "mbti",
    "myers",
];

/// What a text promises that nobody can: of every text that people read there is a test that it is nothing.
pub fn promises(text: &str) -> Vec<&'static str> {
    let text = text.to_lowercase();
    NEVER.iter().copied().filter(|never| text.contains(never)).collect()
}
