//! Whether something goes up or down.

use edge::output;

/// Where values go: the mean of the second half beside that of the first.
#[output(name = "WeekTrend")]
pub enum Trend {
    Rising,
    Falling,
    /// Within a tenth of the first half's mean.
    Stable,
    /// Fewer than four weeks have a value.
    Insufficient,
}

/// The mean; none of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "a hundred weeks")]
    let count = values.len() as f64;
    (!values.is_empty()).then(|| (values.iter().sum::<f64>() / count * 1e4).round() / 1e4)
}

impl Trend {
    /// Of weeks in their order; an odd one belongs to the second half.
    pub fn of(values: &[f64]) -> Trend {
        let (first, second) = values.split_at(values.len() / 2);
        match (mean(first), mean(second)) {
            (Some(first), Some(second)) if values.len() >= 4 => match second - first {
                change if change.abs() <= first.abs() / 10.0 => Trend::Stable,
                change if change > 0.0 => Trend::Rising,
                _ => Trend::Falling,
            },
            _ => Trend::Insufficient,
        }
    }
}
