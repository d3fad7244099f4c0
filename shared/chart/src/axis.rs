use edge::Language;

use crate::words::decimal;

/// A scale with round ticks: each step is 1, 2 or 5 times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    step: f64,
    /// In steps.
    first: i64,
    last: i64,
    places: u32,
}

/// Numbers farther from 0 than this are no measurements.
const FARTHEST: f64 = 1e12;

impl Axis {
    /// From a tick at or below `low` to one at or above `high`, with at most `most` steps and two more for the ends. What is no
    /// number counts as 0; where there is nothing between the two, one step is shown.
    pub fn new(low: f64, high: f64, most: u32) -> Axis {
        let tame = |number: f64| if number.is_finite() { number.clamp(-FARTHEST, FARTHEST) } else { 0.0 };
        let (low, high) = (tame(low).min(tame(high)), tame(low).max(tame(high)));
        let wanted = (high - low) / f64::from(most.max(1));
        // Three places at most: finer than any axis is read.
        let (mut power, mut places) = (0.001, 3);
        while power * 10.0 <= wanted {
            (power, places) = (power * 10.0, u32::saturating_sub(places, 1));
        }
        let times = [1.0, 2.0, 5.0].into_iter().find(|times| times * power >= wanted).unwrap_or(10.0);
        let step = times * power;
        let places = if times > 9.0 { places.saturating_sub(1) } else { places };
        let first = (low / step).floor() as i64;
        let last = ((high / step).ceil() as i64).max(first + 1);
        Axis { step, first, last, places }
    }

    /// Where a value lies, 0 at the first tick and 1 at the last.
    pub fn place(&self, value: f64) -> f64 {
        let value = if value.is_nan() { 0.0 } else { value / self.step };
        ((value - self.first as f64) / (self.last - self.first) as f64).clamp(0.0, 1.0)
    }

    /// Each tick: where it lies, as [`Axis::place`] has it, and its number as the language writes it.
    pub fn ticks(&self, language: Language) -> impl Iterator<Item = (f64, String)> {
        let axis = *self;
        (axis.first..=axis.last).map(move |tick| {
            let value = tick as f64 * axis.step;
            (axis.place(value), decimal(value, axis.places, language))
        })
    }
}
