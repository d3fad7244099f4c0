//! Statistics of random scans, counted again by hand.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use testing::Dice;
use uuid::Uuid;

use crate::STATS;

struct Scan {
    back: i64,
    is_analysed: bool,
    emotions: Vec<(&'static str, i64)>,
    correction: Option<Vec<(&'static str, i64)>>,
    confidence: Option<i64>,
    mood: Option<i64>,
}

fn felt(dice: &mut Dice) -> Vec<(&'static str, i64)> {
    (0..dice.below(3) + 1).map(|_| (dice.pick(&["joie", "peur", "colère", "vague"]), dice.below(11))).collect()
}

fn written(emotions: &[(&str, i64)]) -> Value {
    emotions.iter().map(|(name, tenths)| json!({"name": name, "intensity": *tenths as f64 / 10.0})).collect()
}

/// Within the rounding of four places.
fn near(told: &Value, known: Option<f64>) -> bool {
    match (told.as_f64(), known) {
        (Some(told), Some(known)) => (told - known).abs() < 0.000_050_1,
        (told, known) => told.is_none() && known.is_none(),
    }
}

fn mean(values: &[i64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<i64>() as f64 / values.len() as f64)
}

#[tokio::test]
async fn statistics_of_scans_are_those_of_an_independent_count() {
    let client = testing::database_at("2026-06-10T12:00:00Z").await;
    client.batch_execute("begin; set local session_replication_role = replica").await.unwrap();
    let insert = client.prepare("insert into emotion_scans (user_id, scan_type, date, scanned_at, emotions, correction, corrected_at, confidence, mood)
        select $1, case when r.is_analysed then 'text' else 'manual' end, date '2026-06-10' - r.back, edge.now(), r.emotions, r.correction,
          case when r.correction is not null then edge.now() end, r.confidence, r.mood
        from jsonb_to_recordset($2) as r (back int, is_analysed bool, emotions jsonb, correction jsonb, confidence float8, mood smallint)").await.unwrap();
    let ask = client.prepare(&format!("select to_jsonb(q) from ({}) as q", STATS.text().replace("$1::int", "30"))).await.unwrap();
    for seed in 0..testing::histories() {
        let mut dice = Dice(seed ^ 0x5ca0_0000_0000);
        let scans: Vec<Scan> = (0..dice.below(9))
            .map(|_| {
                let is_analysed = dice.below(2) == 0;
                Scan {
                    back: dice.below(40),
                    is_analysed,
                    emotions: felt(&mut dice),
                    correction: (dice.below(3) == 0).then(|| felt(&mut dice)),
                    confidence: (is_analysed && dice.below(4) > 0).then(|| dice.below(101)),
                    mood: dice.maybe(|dice| dice.below(101)),
                }
            })
            .collect();
        let rows: Value = scans
            .iter()
            .map(|scan| {
                json!({"back": scan.back, "is_analysed": scan.is_analysed, "emotions": written(&scan.emotions),
                    "correction": scan.correction.as_deref().map(written), "confidence": scan.confidence.map(|hundredths| hundredths as f64 / 100.0), "mood": scan.mood})
            })
            .collect();
        let person = Uuid::from_u64_pair(0x5ca0, seed + 1);
        client.execute(&insert, &[&person, &rows]).await.unwrap();
        client.execute("select set_config('oree.uid', $1, true)", &[&person.to_string()]).await.unwrap();
        let told: Value = client.query_one(&ask, &[]).await.unwrap().get(0);

        let seen: Vec<&Scan> = scans.iter().filter(|scan| scan.back < 30).collect();
        let mut emotions: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
        for scan in &seen {
            let mut strongest: BTreeMap<&str, i64> = BTreeMap::new();
            for (name, tenths) in scan.correction.as_ref().unwrap_or(&scan.emotions) {
                let known = strongest.entry(name).or_insert(0);
                *known = (*known).max(*tenths);
            }
            for (name, tenths) in strongest {
                emotions.entry(name).or_default().push(tenths);
            }
        }
        let distribution = told["emotionDistribution"].as_array().unwrap();
        let mut order: Vec<(&str, &Vec<i64>)> = emotions.iter().map(|(name, tenths)| (*name, tenths)).collect();
        order.sort_by_key(|(_, tenths)| std::cmp::Reverse(tenths.len()));
        assert_eq!(distribution.len(), order.len(), "{seed}: {told}");
        let same_count = |share: &Value| emotions[share["name"].as_str().unwrap()].len();
        assert!(distribution.windows(2).all(|pair| same_count(&pair[0]) >= same_count(&pair[1])), "{seed}: {told}");
        for share in distribution {
            let tenths = &emotions[share["name"].as_str().unwrap()];
            assert_eq!(share["scans"], json!(tenths.len()), "{seed}: {told}");
            assert!(near(&share["share"], Some(tenths.len() as f64 / seen.len() as f64)), "{seed}: {told}");
            assert!(near(&share["averageIntensity"], mean(tenths).map(|mean| mean / 10.0)), "{seed}: {told}");
        }
        let analysed: Vec<&&Scan> = seen.iter().filter(|scan| scan.is_analysed).collect();
        let uncorrected: Vec<i64> = analysed.iter().map(|scan| i64::from(scan.correction.is_none())).collect();
        let moods: Vec<i64> = seen.iter().filter_map(|scan| scan.mood).collect();
        let sure: Vec<i64> = seen.iter().filter_map(|scan| scan.confidence).collect();
        assert_eq!(
            (&told["totalScans"], &told["moods"], &told["analysed"]),
            (&json!(seen.len()), &json!(moods.len()), &json!(analysed.len())),
            "{seed}"
        );
        assert!(near(&told["averageConfidence"], mean(&sure).map(|mean| mean / 100.0)), "{seed}: {told}");
        assert!(near(&told["uncorrectedShare"], mean(&uncorrected)), "{seed}: {told}");
        // To two places.
        let mood = mean(&moods).map(|mean| mean / 100.0);
        assert!(near(&json!(told["averageMood"].as_f64().map(|mood| mood / 100.0)), mood), "{seed}: {told}");
    }
    client.batch_execute("rollback").await.unwrap();
}
