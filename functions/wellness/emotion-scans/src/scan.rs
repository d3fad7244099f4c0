//! Scans as they are sent and told.

use chrono::{DateTime, NaiveDate, Utc};
use edge::{JsonObject, input, output};
use serde_json::Value;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::wheel::english;

/// What somebody feels.
#[input(name = "NewEmotionScan")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"emotions": [{"name": "joie", "intensity": 0.7}], "mood": 70}])))]
pub struct NewScan {
    /// Emotions with their strengths; the strongest is the primary one where `primary_emotion` is absent.
    #[validate(length(min = 1, max = 24), nested)]
    pub emotions: Vec<Emotion>,
    #[validate(length(min = 1, max = 40), custom(function = "edge::validation::one_line"))]
    pub primary_emotion: Option<String>,
    /// From 0 (bad) to 100 (good).
    #[validate(range(min = 0, max = 100))]
    pub mood: Option<i32>,
    /// 10 or 100: the scale of `mood`; 100 where absent.
    #[validate(custom(function = "is_scale"))]
    pub mood_scale: Option<i32>,
    /// From -1 (unpleasant) to 1 (pleasant).
    #[validate(range(min = -1.0, max = 1.0))]
    pub valence: Option<f64>,
    /// From 0 (calm) to 1 (excited).
    #[validate(range(min = 0.0, max = 1.0))]
    pub arousal: Option<f64>,
    /// When; now where absent. At most 30 days back.
    pub scanned_at: Option<DateTime<Utc>>,
    /// The identity that a device gave the scan while offline.
    pub client_id: Option<Uuid>,
}

/// An emotion, by a word of the wheel or any other.
#[input(name = "Emotion")]
pub struct Emotion {
    #[validate(length(min = 1, max = 40), custom(function = "edge::validation::one_line"))]
    pub name: String,
    /// From 0 to 1.
    #[validate(range(min = 0.0, max = 1.0))]
    pub intensity: f64,
}

fn is_scale(scale: i32) -> Result<(), ValidationError> {
    if matches!(scale, 10 | 100) { Ok(()) } else { Err(ValidationError::new("not_allowed")) }
}

/// What the person felt indeed.
#[input(name = "EmotionCorrection")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"emotions": [{"name": "tristesse", "intensity": 0.4}]}])))]
pub struct Correction {
    #[validate(length(min = 1, max = 24), nested)]
    pub emotions: Vec<Emotion>,
}

#[input]
pub struct Window {
    /// How many days back; 30 where absent.
    #[validate(range(min = 1, max = 366))]
    pub days: Option<i32>,
}

/// How a scan was made.
#[output(name = "EmotionScanType")]
pub enum ScanType {
    Text,
    Voice,
    Facial,
    Manual,
}

/// An emotion that was felt.
#[output(name = "FeltEmotion")]
pub struct Felt {
    /// A French word of the wheel, or any other.
    pub name: String,
    /// The English word of what is on the wheel.
    #[serde(default)]
    pub label_en: Option<String>,
    pub intensity: f64,
}

/// What somebody felt, as they said it or as a machine read it.
#[output(name = "EmotionScan")]
pub struct Scan {
    pub id: Uuid,
    pub client_id: Option<Uuid>,
    pub scan_type: ScanType,
    pub scanned_at: DateTime<Utc>,
    /// The person's own day.
    pub date: NaiveDate,
    pub emotions: Vec<Felt>,
    /// As `emotions`.
    #[serde(default)]
    pub emotions_detected: Vec<Felt>,
    pub primary_emotion: Option<String>,
    /// From 0 to 100.
    pub mood: Option<i32>,
    pub valence: Option<f64>,
    pub arousal: Option<f64>,
    /// How sure the machine is, 0 to 1; null of what a person said.
    pub confidence: Option<f64>,
    /// As `confidence`.
    #[serde(default)]
    pub confidence_score: Option<f64>,
    /// What is kept of what was analysed: of a text its length and its language, nothing of its words.
    pub input_data: JsonObject,
    /// What the person felt indeed.
    pub correction: Option<Vec<Felt>>,
    pub corrected_at: Option<DateTime<Utc>>,
    /// Which analysis it was, and in which version.
    pub model: Option<String>,
    pub language: Option<String>,
    pub recommendations: Vec<Value>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// What scans add up to.
#[output(name = "EmotionStats")]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    pub total_scans: i64,
    /// Each emotion, the most frequent first.
    pub emotion_distribution: Vec<Share>,
    /// Mean confidence of what a machine said; null where there is nothing.
    pub average_confidence: Option<f64>,
    /// Mean mood, 0 to 100, of `moods` scans.
    pub average_mood: Option<f64>,
    pub moods: i64,
    /// Share of what a machine said that was not corrected, of `analysed` scans.
    pub uncorrected_share: Option<f64>,
    pub analysed: i64,
}

/// How often an emotion was felt.
#[output(name = "EmotionShare")]
#[serde(rename_all = "camelCase")]
pub struct Share {
    pub name: String,
    #[serde(default)]
    pub label_en: Option<String>,
    /// How many scans have it.
    pub scans: i64,
    /// Of all scans, 0 to 1.
    pub share: f64,
    pub average_intensity: f64,
}

/// How many there were.
#[output(name = "EmotionScansRemoved")]
pub struct Removed {
    pub removed: i64,
}

impl Scan {
    /// With what follows from the row: English words, and the names that the application's service has for its columns.
    pub fn told(mut self) -> Scan {
        for felt in self.emotions.iter_mut().chain(self.correction.iter_mut().flatten()) {
            felt.label_en = english(&felt.name);
        }
        self.emotions_detected.clone_from(&self.emotions);
        self.confidence_score = self.confidence;
        self
    }
}
