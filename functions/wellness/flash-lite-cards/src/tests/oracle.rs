//! When cards come again, of random answers, by SM-2 as it was published.

use testing::Dice;

#[tokio::test]
async fn when_a_card_comes_again_is_what_sm_2_says() {
    let client = testing::database_at("2026-06-10T12:00:00Z").await;
    let ask = client.prepare("select repetitions, ease, stability from edge.review_card($1, $2, $3, $4, $5)").await.unwrap();
    for seed in 0..testing::histories() {
        let mut dice = Dice(seed ^ 0xca4d_0000_0000);
        let mut told: (Option<i32>, Option<f64>, Option<f64>) = (None, None, None);
        let (mut known_in_a_row, mut ease, mut days) = (0, 2.5_f64, 0.0_f64);
        for _ in 0..1 + dice.below(9) {
            let is_correct = dice.below(4) > 0;
            let ms = dice.maybe(|dice| i32::try_from(dice.below(20_000)).unwrap());
            let row = client.query_one(&ask, &[&told.0, &told.1, &told.2, &is_correct, &ms]).await.unwrap();
            let quality = if !is_correct {
                2.0
            } else if ms.is_some_and(|ms| ms > 10_000) {
                4.0
            } else {
                5.0
            };
            ease = (ease + 0.1 - (5.0 - quality) * (0.08 + (5.0 - quality) * 0.02)).max(1.3);
            known_in_a_row = if is_correct { known_in_a_row + 1 } else { 0 };
            days = match known_in_a_row {
                0 | 1 => 1.0,
                2 => 6.0,
                _ => (days * ease).min(365.0),
            };
            told = (row.get(0), row.get(1), row.get(2));
            let context = format!("{seed}: {told:?}, but {known_in_a_row} {ease} {days}");
            assert_eq!(told.0, Some(known_in_a_row), "{context}");
            assert!((told.1.unwrap() - ease).abs() < 1e-9, "{context}");
            // Whole days.
            assert!(told.2.is_some_and(|told| told.fract() == 0.0 && (told - days).abs() < 0.500_001), "{context}");
            days = told.2.unwrap();
        }
    }
}
